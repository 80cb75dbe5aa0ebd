"""Measures what the pipeline adds to ffmpeg: CPU seconds of a whole job over those of the same ladder in one bare call.

    python -m tests.bench.bench_encode [--rounds 3] [--seconds 60] [--height 1080] [--ffmpeg PATH]

The whole job is probing, measuring loudness, encoding with speech filters, poster and storyboard stills, remuxing, our
own Python and the copy into a store. The bare call has the same encoder arguments and one decode, and nothing else: no
stills, no sound filters. Rounds alternate, since a shared machine is never quiet; only the ratio is meant to be quoted.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from media_pipeline import LadderPolicy, Plan, Tools, find_tools, make_plan, parse_policy, probe, run
from media_pipeline.command.picture import video_argv, video_folders
from media_pipeline.command.shared import SourceFile
from media_pipeline.folder import FolderStorage
from media_pipeline.steps import AUDIO_FOLDER, MediaRange
from tests.factories.clips import ClipShelf

GOAL = 1.10
POLICY = Path(__file__).resolve().parents[2] / "config" / "ladder.toml"


class Quiet:
    """Progress nobody watches, work nobody cancels."""

    def report(self, step: str, fraction: float) -> None:
        """Forget it."""

    def is_cancelled(self) -> bool:
        """Go on."""
        return False


@dataclass(frozen=True)
class Cost:
    """CPU seconds of this process and all its children, and seconds on the wall."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--ffmpeg")
    options = parser.parse_args()
    print_overhead(options.rounds, options.seconds, options.height, options.ffmpeg)


def test_whole_job_against_one_bare_call() -> None:
    """Let `make bench` find it; a ratio is printed, and judged loosely because machines are shared."""
    assert print_overhead(rounds=3, seconds=20, height_px=1080, ffmpeg=None) < 1.5


def print_overhead(rounds: int, seconds: int, height_px: int, ffmpeg: str | None) -> float:
    """Alternate whole job and bare call; print and return the ratio of their median CPU seconds."""
    tools = find_tools(ffmpeg)
    policy = parse_policy(tomllib.loads(POLICY.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory(prefix="bench-encode-") as name:
        folder = Path(name)
        clip = ClipShelf(folder).lecture(seconds, height_px * 16 // 9 // 2 * 2, height_px)
        print(f"\nencode: {seconds} s of slides at {height_px}p, ffmpeg {tools.version}, {rounds} alternating rounds")
        plan = make_plan(probe(clip), policy, "known to the bare call without asking")
        jobs, bares = [], []
        for number in range(rounds):
            bares.append(measured(lambda: bare_call(clip, plan, tools, folder / "bare")))
            jobs.append(measured(lambda number=number: whole_job(clip, policy, tools, folder / f"job-{number}")))
            ratio = jobs[-1].cpu_s / bares[-1].cpu_s
            print(
                f"  round {number + 1}: bare {bares[-1].cpu_s:6.2f} CPU s, {bares[-1].wall_s:5.1f} s wall · "
                f"job {jobs[-1].cpu_s:6.2f} CPU s, {jobs[-1].wall_s:5.1f} s wall · CPU ratio {ratio:.3f}"
            )
    cpu = statistics.median(job.cpu_s for job in jobs) / statistics.median(bare.cpu_s for bare in bares)
    wall = statistics.median(job.wall_s for job in jobs) / statistics.median(bare.wall_s for bare in bares)
    print(f"  median: CPU ratio {cpu:.3f} (goal {GOAL:.2f}), wall ratio {wall:.3f}")
    return cpu


def measured(work: Callable[[], object]) -> Cost:
    """Run something and return what it cost."""
    before, started = cpu_s(), time.monotonic()
    work()
    return Cost(cpu_s() - before, time.monotonic() - started)


def cpu_s() -> float:
    """Return user and system seconds of this process and of all children it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def whole_job(clip: Path, policy: LadderPolicy, tools: Tools, folder: Path) -> None:
    """Do everything a worker does with an uploaded file."""
    with clip.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    plan = make_plan(probe(clip), policy, sha256)
    storage = FolderStorage(folder / "store")
    quiet = Quiet()
    run(
        plan,
        clip,
        work_dir=folder / "attempt",
        storage=storage,
        prefix=plan.digest,
        tools=tools,
        progress=quiet,
        cancel=quiet,
    )
    shutil.rmtree(folder)


def bare_call(clip: Path, plan: Plan, tools: Tools, folder: Path) -> None:
    """Make the same ladder with one plain ffmpeg call."""
    step = replace(
        plan.videos[-1], range=MediaRange(), rungs=plan.ladder.rungs, encoder_threads=2, poster=None, storyboard=None
    )
    argv = video_argv(tools, SourceFile(clip, plan.container), step)
    hls = "-f hls -hls_time 4 -hls_list_size 0 -hls_playlist_type vod -hls_segment_type fmp4"
    argv += ["-map", "0:a:0", "-c:a", "aac", "-b:a", str(plan.audios[0].audio.bitrate_bps), *hls.split()]
    argv += ["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", "audio/%05d.m4s", "audio/ffmpeg.m3u8"]
    for name in (*video_folders(step), AUDIO_FOLDER):
        (folder / name).mkdir(parents=True, exist_ok=True)
    subprocess.run(argv, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
