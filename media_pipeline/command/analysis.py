"""The one command that looks through a whole source: every sample of the sound, the key frames of the picture.

Pure. Facts go to two files of the working folder, one line each, because both filters writing into one pipe could mix
their lines. The sound branch stands alone, so that it can move into a pass that decodes the sound anyway. Not here:
running it (`analysis.py`), reading what it wrote (`analysis_log.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ffmpeg

from .shared import Stream, compile_argv, global_options, open_input

if TYPE_CHECKING:
    from media_pipeline.types import AudioInfo, MediaInfo, Tools, VideoInfo

    from .shared import SourceFile

SOUND_FILE = "sound.txt"
PICTURE_FILE = "picture.txt"
WINDOWS_PER_S = 2
MIN_STEP_S = 0.95
_LOOKED_AT_WIDTH_PX = 960


def analyse_argv(tools: Tools, source: SourceFile, info: MediaInfo) -> list[str]:
    """Return the command; it writes SOUND_FILE and PICTURE_FILE, each only if the source has such a stream."""
    # `-skip_frame` reaches every decoder of the input; each frame of sound is a key frame and stays.
    reader = open_input(source, skip_frame="nokey", threads="1", **{"reinit_filter:v": "0"})
    streams: list[Stream] = []
    if info.audio is not None:
        streams.append(_sound(reader[str(info.audio.stream_index)], info.audio))
    if info.video is not None:
        streams.append(_picture(reader[str(info.video.stream_index)], info.video))
    outputs = [ffmpeg.output(stream, "-", format="null") for stream in streams]
    return [*global_options(tools, "error"), *compile_argv(ffmpeg.merge_outputs(*outputs))]


def looked_at_px(video: VideoInfo) -> tuple[int, int]:
    """Return the size at which the picture is looked at: rotation applied, pixels as stored, never enlarged."""
    width_px, height_px = video.width_px, video.height_px
    if video.rotation_deg % 180 == 90:
        width_px, height_px = height_px, width_px
    shown_px = min(_LOOKED_AT_WIDTH_PX, width_px)
    return shown_px // 2 * 2, max(2, round(height_px * shown_px / width_px / 2) * 2)


def _sound(stream: Stream, audio: AudioInfo) -> Stream:
    # Sixteen bits: what a lossy codec brings back above full scale counts as the clipped sample it was.
    layout = {"channel_layouts": "stereo"} if audio.channels > 2 else {}
    stream = stream.filter("aformat", sample_fmts="s16p", **layout)
    stream = stream.filter("asetnsamples", n=max(1, audio.sample_rate_hz // WINDOWS_PER_S), p=0)
    kept = "Peak_level+RMS_level+Peak_count"
    stream = stream.filter("astats", metadata=1, reset=1, measure_overall="none", measure_perchannel=kept)
    return stream.filter("ametadata", mode="print", file=SOUND_FILE)


def _picture(stream: Stream, video: VideoInfo) -> Stream:
    width_px, height_px = looked_at_px(video)
    stream = stream.filter("select", expr=f"isnan(prev_selected_t)+gte(t-prev_selected_t,{MIN_STEP_S})")
    stream = stream.filter("scale", width_px, height_px, flags="area").filter("format", "yuv420p")
    stream = stream.filter("blackframe", amount=0, threshold=32)
    # The sharpest fifth of the picture decides: a soft background behind a teacher is no fault.
    stream = stream.filter("blurdetect", block_width=64, block_height=64, block_pct=20)
    stream = stream.filter("cropdetect", limit=0.1, round=2, reset=1, skip=0)
    return stream.filter("metadata", mode="print", file=PICTURE_FILE)
