"""The command of one chunk of picture: one decode, every rung of it, and the stills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ffmpeg

from .mending import SDR_TAGS, marked, on_grid, steady, to_sdr
from .shared import (
    SourceFile,
    Stream,
    bounded_decoder,
    clean_metadata,
    compile_argv,
    decimal,
    fraction,
    global_options,
    hls_options,
    open_input,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media_pipeline.steps import VideoStep
    from media_pipeline.types import Rung, Tools

POSTER_FOLDER = "poster"
STORYBOARD_FOLDER = "storyboard"


def video_argv(tools: Tools, source: SourceFile, step: VideoStep) -> list[str]:
    """Return one command with one decode that writes every rung of a step and its stills."""
    # Not cut off exactly at the start: what is shown there may be a frame from before. `fps` keeps the last such one.
    seek = {} if step.range.start_s == 0 else {"noaccurate_seek": None, "ss": decimal(step.range.start_s)}
    own_turn = {} if step.turned_deg is None else {"noautorotate": None}
    reader = open_input(source, **seek, **own_turn, **bounded_decoder(step.stored_px), **{"reinit_filter:v": "0"})
    outputs = _video_outputs(reader[str(step.stream_index)], step, source.tags, has_zscale=tools.has_zscale)
    return [*global_options(tools, "error"), *compile_argv(ffmpeg.merge_outputs(*outputs))]


def video_folders(step: VideoStep) -> list[str]:
    """Return the folders `video_argv` writes into; ffmpeg makes none."""
    stills = ((POSTER_FOLDER, step.poster), (STORYBOARD_FOLDER, step.storyboard))
    return [*(rung.name for rung in step.rungs), *(folder for folder, target in stills if target is not None)]


def _video_outputs(
    stream: Stream, step: VideoStep, tags: Sequence[tuple[str, str]], *, has_zscale: bool
) -> list[Stream]:
    """Build the cascade: the largest rung is scaled from the source, each smaller one from the next larger."""
    stream = on_grid(steady(stream, step), step)
    outputs: list[Stream] = []
    still_sources = _still_sources(step)
    if takers := still_sources.get(None, []):
        stream, *branches = _split(stream, 1 + len(takers))
        outputs += [_still_output(branch, step, folder) for branch, folder in zip(branches, takers, strict=True)]
    for rung in reversed(step.rungs):
        stream = _scaled(stream, rung.width_px, rung.height_px, rung.scaler, has_source=rung is step.rungs[-1])
        if rung is step.rungs[-1]:
            stream = marked(to_sdr(stream, step.transfer, has_zscale=has_zscale), step)
        stream = stream.filter("format", "yuv420p")
        takers = still_sources.get(rung.name, [])
        has_next = rung is not step.rungs[0]
        branches = _split(stream, 1 + has_next + len(takers))
        outputs.append(_rung_output(branches.pop(0), rung, step, tags))
        outputs += [_still_output(branches.pop(0), step, folder) for folder in takers]
        if has_next:
            stream = branches.pop(0)
    return outputs


def _still_sources(step: VideoStep) -> dict[str | None, list[str]]:
    """Return for each rung the stills that are taken from its picture: the smallest that is large enough.

    None is the source itself, where the rung that would be large enough is a copy.
    """
    found: dict[str | None, list[str]] = {}
    for folder, target in ((POSTER_FOLDER, step.poster), (STORYBOARD_FOLDER, step.storyboard)):
        if target is not None:
            side = min(target.width_px, target.height_px)
            name = next((rung.name for rung in step.rungs if rung.short_side_px >= side), None)
            found.setdefault(name, []).append(folder)
    return found


def _split(stream: Stream, count: int) -> list[Stream]:
    if count == 1:
        return [stream]
    node = stream.filter_multi_output("split", count)
    return [node[index] for index in range(count)]


def _scaled(stream: Stream, width_px: int, height_px: int, scaler: str, *, has_source: bool = False) -> Stream:
    # Old players show the full range of a recorded screen too dark and too bright.
    levels = {"out_range": "tv"} if has_source else {}
    return stream.filter("scale", width_px, height_px, flags=scaler, **levels).filter("setsar", 1)


def _rung_output(stream: Stream, rung: Rung, step: VideoStep, tags: Sequence[tuple[str, str]]) -> Stream:
    ladder = step.ladder
    # What a policy leaves open stays with the preset.
    choices = {"bf": rung.bframes, "b_strategy": rung.b_strategy, "tune": rung.tune, "aq-mode": rung.aq_mode}
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": rung.preset,
        "profile:v": "high",
        "crf": f"{rung.crf:g}",
        "maxrate": rung.max_bitrate_bps,
        "bufsize": rung.buffer_bits,
        **{name: value for name, value in choices.items() if value is not None},
        "threads": step.encoder_threads,
        "fps_mode": "passthrough",
        # Key frames exactly on the segment grid in every rung. The encoder's own scene cuts stay cheap intra
        # frames: a key frame closer than keyint_min to the last one is refused, and x264 wants keyint_min at
        # most half of g.
        "force_key_frames": f"expr:not(mod(n,{ladder.frames_per_segment}))",
        "keyint_min": ladder.frames_per_segment,
        "g": 2 * ladder.frames_per_segment,
        # Decode times may be negative at the very start instead of shifting all times: pieces made apart then
        # join without a gap.
        "avoid_negative_ts": "disabled",
        **hls_options(rung.name, ladder.segment_s, step.range.first_segment),
        **clean_metadata(tags),
    }
    if step.transfer != "sdr":
        options |= SDR_TAGS
    if step.range.start_s:
        options["output_ts_offset"] = decimal(step.range.start_s)
    return ffmpeg.output(stream, f"{rung.name}/ffmpeg.m3u8", **options)


def _still_output(stream: Stream, step: VideoStep, folder: str) -> Stream:
    if folder == POSTER_FOLDER and step.poster is not None:
        poster = step.poster
        stream = stream.filter("fps", fps=fraction(poster.rate))
        stream = _scaled(stream, poster.width_px, poster.height_px, "bicubic").filter("thumbnail", 3)
    elif step.storyboard is not None:
        story = step.storyboard
        stream = stream.filter("fps", fps=f"1/{story.policy.interval_s}", start_time=0)
        stream = _scaled(stream, story.width_px, story.height_px, "area")
    stream = stream.filter("scale", out_range="pc").filter("format", "yuvj420p")
    options: dict[str, Any] = {"c:v": "mjpeg", "q:v": 2, "fps_mode": "passthrough", "format": "image2"}
    # One thread: frame threads would cost the start of another few encoders for a handful of pictures.
    return ffmpeg.output(stream, f"{folder}/%05d.jpg", threads=1, map_metadata=-1, **options)
