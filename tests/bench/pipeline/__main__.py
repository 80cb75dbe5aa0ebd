"""Measures the whole pipeline against the physical limit and against two public platforms, on any file.

    python -m tests.bench.pipeline [SOURCE ...] [--seconds 60] [--rounds 1] [--only slides,ours,limit,...]

Without SOURCE it generates five: slides with and without a speaker, talking head, screen recording, camera. Sound alone
is measured against one bare call. Within a round all contenders run one after the other, in turned order every second
round: a shared machine is never quiet, so only ratios and CPU seconds are meant to be quoted. Memory is the sum of
resident pages of the whole process tree, this Python included, looked at ten times a second. The job's store is watched
from its start for the first manifests with segments to play.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from media_pipeline import find_tools
from tests.bench.pipeline import sources
from tests.bench.pipeline.contest import PARTS, Bench
from tests.bench.pipeline.quality import find_judge
from tests.bench.pipeline.report import print_findings


def main(arguments: list[str] | None = None) -> int:
    """Measure every source and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", type=Path, metavar="SOURCE")
    parser.add_argument("--seconds", type=int, default=60, help="length of generated sources")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="", help=f"some of {','.join((*sources.NAMES, *PARTS))}")
    parser.add_argument("--ffmpeg", help="the ffmpeg everything is made with")
    options = parser.parse_args(arguments)
    only = set(filter(None, options.only.split(",")))
    if unknown := only - {*sources.NAMES, *PARTS}:
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}")
    parts = only & set(PARTS) or set(PARTS)
    tools, judge = find_tools(options.ffmpeg), find_judge()
    print(f"ffmpeg {tools.version}, rounds {options.rounds}, VMAF by {judge.ffmpeg if judge.has_vmaf else 'nobody'}")
    clips = {path.name: path for path in options.sources}
    if not clips:
        names = [name for name in sources.NAMES if not only & set(sources.NAMES) or name in only]
        clips = {name: sources.source(name, options.seconds) for name in names}
    for name, clip in clips.items():
        with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as folder:
            bench = Bench(clip, tools, judge, frozenset(parts), Path(folder))
            print_findings(bench.measure(name, options.rounds), has_vmaf=judge.has_vmaf)
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
