"""Our side of the comparison: the whole job, the same ladder in one bare call, and the job at recipe P's arguments."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from media_pipeline import (
    LadderPolicy,
    Plan,
    Published,
    RunLimits,
    Tools,
    make_plan,
    parse_policy,
    probe,
    run,
)
from media_pipeline.command.picture import video_argv, video_folders
from media_pipeline.command.shared import SourceFile
from media_pipeline.folder import FolderStorage
from media_pipeline.ladder import ProfilePolicy, RungPolicy, choose_frame_rate
from media_pipeline.steps import AUDIO_FOLDER, MediaRange
from tests.bench.pipeline.firstplay import FirstPlay, read_manifest
from tests.bench.pipeline.recipes import Facts, peertube_cap_bps, read_video_bps

_POLICY = Path(__file__).resolve().parents[3] / "config" / "ladder.toml"
_HIGHEST_RATE = 30
_INTEGRATED = re.compile(r"^\s*I:\s+(\S+) LUFS", re.MULTILINE)
_TRUE_PEAK = re.compile(r"^\s*Peak:\s+(\S+) dBFS", re.MULTILINE)


class Quiet:
    """Progress nobody watches, work nobody cancels."""

    def report(self, step: str, fraction: float) -> None:
        """Forget it."""

    def is_cancelled(self) -> bool:
        """Go on."""
        return False


@dataclass(frozen=True)
class Sound:
    """Loudness and highest true peak of a finished rendition, decoded again."""

    lufs: float
    peak_dbtp: float


def current_policy() -> LadderPolicy:
    """Return the policy lectures are encoded with."""
    return parse_policy(tomllib.loads(_POLICY.read_text(encoding="utf-8")))


def plan_of(clip: Path, policy: LadderPolicy) -> Plan:
    """Return what would be done to a file."""
    return make_plan(probe(clip), policy, "known to the bare call without asking")


def facts_of(clip: Path, tools: Tools) -> Facts:
    """Return what the recipes ask of a file."""
    info = probe(clip)
    video = info.video
    if video is None:
        return Facts(clip.resolve(), 0, 0, Fraction(0), info.duration_s, 0.0)
    return Facts(
        path=clip.resolve(),
        width_px=video.display_width_px,
        height_px=video.display_height_px,
        rate=choose_frame_rate(video.frame_rate, _HIGHEST_RATE),
        duration_s=info.duration_s,
        video_bps=read_video_bps(str(tools.ffmpeg), clip, info.duration_s),
        has_sound=info.audio is not None,
    )


def whole_job(clip: Path, policy: LadderPolicy, tools: Tools, folder: Path) -> Published:
    """Do everything a worker does with an uploaded file; the set lies in `folder/store` afterwards."""
    with clip.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    plan = make_plan(probe(clip), policy, sha256)
    quiet = Quiet()
    published = run(
        plan,
        clip,
        work_dir=folder / "attempt",
        storage=FolderStorage(folder / "store"),
        prefix="set",
        tools=tools,
        progress=quiet,
        cancel=quiet,
        # The others' commands run at the bench's own priority: seconds on the wall would not compare.
        limits=RunLimits(niceness=0),
    )
    shutil.rmtree(folder / "attempt")
    return published


def first_play(plan: Plan, root: Path) -> FirstPlay:
    """Return somebody who looks on in a store folder while a plan is carried out."""
    rungs = [rung.name for rung in plan.ladder.rungs] if plan.ladder is not None else []
    early = [Path(step.folder).name for step in plan.early_copies[:1]]
    return FirstPlay(root, rungs, AUDIO_FOLDER if plan.audios else None, plan.duration_s, early)


def bare_call(clip: Path, plan: Plan, tools: Tools, folder: Path) -> None:
    """Make the same ladder with one plain ffmpeg call: one decode, plain sound, no stills."""
    if plan.ladder is not None:
        # However the plan cuts the picture: here it is one piece, and may use two cores like the pieces side by side.
        step = replace(
            plan.videos[-1], range=MediaRange(), rungs=plan.ladder.rungs, poster=None, storyboard=None,
            encoder_threads=2,
        )  # fmt: skip
        argv, folders = video_argv(tools, SourceFile(clip, plan.container), step), video_folders(step)
    else:
        argv, folders = [str(tools.ffmpeg), "-v", "error", "-nostdin", "-y", "-i", str(clip)], []
    if plan.audios:
        hls = "-f hls -hls_time 4 -hls_list_size 0 -hls_playlist_type vod -hls_segment_type fmp4"
        argv += ["-map", "0:a:0", "-c:a", "aac", "-b:a", str(plan.audios[0].audio.bitrate_bps), *hls.split()]
        argv += ["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", "audio/%05d.m4s", "audio/ffmpeg.m3u8"]
        folders.append(AUDIO_FOLDER)
    for name in folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
    subprocess.run(argv, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def peertube_policy(policy: LadderPolicy, plan: Plan, facts: Facts) -> LadderPolicy:
    """Return a policy for the rungs of a plan with recipe P's x264 arguments and its 2 s between key frames."""
    rungs = tuple(
        RungPolicy(
            name=rung.name,
            short_side_px=rung.short_side_px,
            crf=23,
            max_bitrate_bps=peertube_cap_bps(rung.short_side_px, facts.ratio, facts.rate, facts.video_bps),
            preset="veryfast",
            scaler="bicubic",
            bframes=16,
            b_strategy=1,
        )
        for rung in (plan.ladder.rungs if plan.ladder is not None else ())
    )
    profile = ProfilePolicy(name="recipe-p", segment_s=2, rungs=rungs)
    return replace(policy, name="recipe-p", max_frame_rate=_HIGHEST_RATE, profiles=(profile,))


def sound_only(clip: Path, tools: Tools, target: Path) -> Path:
    """Write a copy of a file's sound without its picture."""
    argv = [str(tools.ffmpeg), "-v", "error", "-y", "-i", str(clip), "-map", "0:a:0", "-c", "copy", str(target)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return target


def join(manifest: Path, target: Path) -> Path:
    """Write a published rendition as one file: its init segment and all media segments behind each other."""
    listed = read_manifest(manifest.read_text(encoding="utf-8"))
    with target.open("wb") as whole:
        for name in (listed.init, *(address for _, address in listed.segments)):
            if name is not None:
                whole.write((manifest.parent / name).read_bytes())
    return target


def measure_sound(path: Path, tools: Tools) -> Sound:
    """Decode a rendition and measure it as EBU R 128 has it."""
    argv = [
        str(tools.ffmpeg),
        "-hide_banner",
        "-nostdin",
        "-i",
        str(path),
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stderr
    return Sound(float(_INTEGRATED.findall(said)[-1]), float(_TRUE_PEAK.findall(said)[-1]))
