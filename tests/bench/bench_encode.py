"""Measures what the pipeline adds to ffmpeg: CPU seconds of a whole job over those of the same ladder in one bare call.

    python -m tests.bench.bench_encode [--rounds 3] [--seconds 60] [--height 1080] [--ffmpeg PATH]

The short form of `tests.bench.pipeline`, which knows other sources, other platforms and picture quality: the same two
measurements on a clip without a speaker. Rounds alternate, since a shared machine is never quiet; only the ratio is
meant to be quoted.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from media_pipeline import find_tools
from tests.bench.pipeline.cost import measured
from tests.bench.pipeline.ours import bare_call, current_policy, plan_of, whole_job
from tests.factories.clips import ClipShelf

GOAL = 1.10


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
    tools, policy = find_tools(ffmpeg), current_policy()
    with tempfile.TemporaryDirectory(prefix="bench-encode-") as name:
        folder = Path(name)
        clip = ClipShelf(folder).lecture(seconds, height_px * 16 // 9 // 2 * 2, height_px)
        print(f"\nencode: {seconds} s of slides at {height_px}p, ffmpeg {tools.version}, {rounds} alternating rounds")
        plan = plan_of(clip, policy)
        jobs, bares = [], []
        for number in range(rounds):
            bares.append(measured(lambda: bare_call(clip, plan, tools, folder / "bare")))
            jobs.append(measured(lambda: whole_job(clip, policy, tools, folder / "job")))
            for made in ("bare", "job"):
                shutil.rmtree(folder / made)
            ratio = jobs[-1].cpu_s / bares[-1].cpu_s
            print(
                f"  round {number + 1}: bare {bares[-1].cpu_s:6.2f} CPU s, {bares[-1].wall_s:5.1f} s wall · "
                f"job {jobs[-1].cpu_s:6.2f} CPU s, {jobs[-1].wall_s:5.1f} s wall · CPU ratio {ratio:.3f}"
            )
    cpu = statistics.median(job.cpu_s for job in jobs) / statistics.median(bare.cpu_s for bare in bares)
    wall = statistics.median(job.wall_s for job in jobs) / statistics.median(bare.wall_s for bare in bares)
    print(f"  median: CPU ratio {cpu:.3f} (goal {GOAL:.2f}), wall ratio {wall:.3f}")
    return cpu


if __name__ == "__main__":
    main()
