"""Measures how soon a lecture can be watched after its upload's last byte, for several lengths, in the whole product.

    python -m tests.bench.bench_start [--minutes 1 10 60] [--sources slides camera ready] [--workers]

Web and worker run as an operator runs them; the clock starts when the last piece is answered and stops when the growing
(or final) manifests list two segments of a picture and of the sound. With `--workers`, one and two workers of one slot
and one core each make the same lecture instead. A source of any length is a minute's source behind itself, joined
without encoding.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.media.queries import media_prefix
from media_pipeline import find_tools, make_plan, probe
from tests.bench.pipeline.firstplay import FirstPlay
from tests.bench.pipeline.ours import current_policy, first_play
from tests.bench.pipeline.sources import source
from tests.fixtures.stack import TEACHER, Stack, make_stack, wait_for
from tests.integration.resilience.inventory import platform_of
from tests.integration.resilience.teacher import Teacher, Wire

_PIECE_BYTES = 8 * 1024**2
_LOOK_EVERY_S = 0.05
_MINUTE_S = 60
#: A worker that has just started sweeps and counts first, and looks for its programs with the first lecture; an
#: operator's runs all day.
_CHORES_S = 5
_FIRST_LECTURE_S = 30


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10, 60])
    parser.add_argument("--sources", nargs="+", default=["slides", "camera", "ready"])
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--log", action="store_true", help="print the worker's log as well, to see where time goes")
    given = parser.parse_args()
    for name in given.sources:
        for minutes in given.minutes:
            with tempfile.TemporaryDirectory() as folder:
                # Behind itself it would have holes, and would no longer be ready.
                if name == "ready":
                    clip = source(name, minutes * _MINUTE_S)
                else:
                    clip = lengthened(source(name, _MINUTE_S), minutes, Path(folder))
                if given.workers:
                    _compare_workers(f"{name} {minutes} min", clip, Path(folder))
                else:
                    two_s = _first_play(clip, Path(folder) / "stack", with_log=given.log)
                    size_mb = clip.stat().st_size / 1e6
                    print(f"{name:8} {minutes:3} min {size_mb:7.1f} MB  two segments after {two_s:5.2f} s", flush=True)


def lengthened(minute: Path, minutes: int, folder: Path) -> Path:
    """Write a minute's clip `minutes` times behind itself."""
    target = folder / f"{minute.stem}-{minutes}.mp4"
    argv = [str(find_tools().ffmpeg), "-v", "error", "-y", "-stream_loop", str(minutes - 1), "-i", str(minute)]
    subprocess.run([*argv, "-c", "copy", "-movflags", "+faststart", str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


def _first_play(
    clip: Path, folder: Path, *, workers: int = 1, cores: Sequence[int] = (), until_whole: bool = False,
    with_log: bool = False, **settings: str,
) -> float:
    folder.mkdir(parents=True)
    stack = make_stack(folder, **settings)
    try:
        stack.start_web()
        teacher = Teacher(Wire(stack.port), TEACHER)
        lecture = teacher.new_lecture()
        for number in range(workers):
            stack.start_worker(f"worker-{number}")
            if cores:
                # One worker alone would use both cores, and two could not be any faster.
                os.sched_setaffinity(stack.processes[f"worker-{number}"].pid, {cores[number]})
        for name in (f"worker-{number}" for number in range(workers)):
            wait_for(lambda name=name: "worker_started" in stack.log_tail(name, 200), timeout_s=60, what=name)
        time.sleep(_CHORES_S)
        _warm_up(stack, teacher)
        play = _watch(stack, clip)
        _upload(teacher, lecture, clip)
        started = time.monotonic()

        def is_there() -> bool:
            play.look(time.monotonic() - started)
            return (play.all_whole_s if until_whole else play.two_s) is not None

        wait_for(is_there, timeout_s=3600, what=lambda: stack.log_tail("worker-0"), every_s=_LOOK_EVERY_S)
        found_s = play.all_whole_s if until_whole else play.two_s
        assert found_s is not None
        if with_log:
            print("last byte", datetime.fromtimestamp(time.time() - (time.monotonic() - started), UTC))
            print(stack.log_tail("worker-0", 100))
        return found_s
    finally:
        stack.stop()


def _warm_up(stack: Stack, teacher: Teacher) -> None:
    clip = source("ready", _FIRST_LECTURE_S)
    play = _watch(stack, clip)
    _upload(teacher, teacher.new_lecture(), clip)

    def is_whole() -> bool:
        play.look(0.0)
        return play.all_whole_s is not None

    wait_for(is_whole, timeout_s=120, what="the worker's first lecture")
    # What follows the last segment is over as well.
    time.sleep(_CHORES_S)


def _watch(stack: Stack, clip: Path) -> FirstPlay:
    with clip.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    plan = make_plan(probe(clip), current_policy(), digest)
    return first_play(plan, platform_of(stack.app).settings.store.path / media_prefix(plan.digest))


def _upload(teacher: Teacher, lecture: str, clip: Path) -> None:
    url = teacher.begin(lecture, clip.stat().st_size).headers["Location"]
    offset_bytes = 0
    with clip.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            answer = teacher.patch(url, offset_bytes, piece)
            assert answer.status == 204, answer.text
            offset_bytes += len(piece)


def _compare_workers(label: str, clip: Path, folder: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    seconds = [
        _first_play(clip, folder / f"by-{number}", workers=number, cores=cores, until_whole=True, JOBS_MEDIA_SLOTS="1")
        for number in (1, 2)
    ]
    ratio = seconds[0] / seconds[1]
    print(f"{label}: one worker {seconds[0]:.1f} s, two {seconds[1]:.1f} s: {ratio:.2f} x", flush=True)


if __name__ == "__main__":
    main()
