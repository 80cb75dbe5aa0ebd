"""Measures what the pipeline makes of spoilt recordings of a voice, and what that costs.

    python -m tests.bench.bench_sound [--seconds 60] [VARIANT ...]

For each variant: loudness and true peak of the decoded rendition, what was treated, and CPU seconds of measuring and
encoding for one minute of sound. The machine is never quiet: take the lowest of several rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

from media_pipeline import Plan, RunLimits, Tools, find_tools, make_plan, probe
from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from tests.bench.pipeline.cost import measured
from tests.bench.pipeline.ours import current_policy
from tests.factories.clips import ClipShelf
from tests.factories.voices import SPEECH_VARIANTS
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder

GOAL_CPU_S = 2.2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("variants", nargs="*", default=list(SPEECH_VARIANTS))
    given = parser.parse_args()
    tools = find_tools()
    print(f"{'variant':22}  LUFS  dBTP  measure  encode  sum, CPU s/min (goal {GOAL_CPU_S})  treatment")
    with tempfile.TemporaryDirectory() as folder:
        shelf = ClipShelf(Path(folder))
        for name in given.variants:
            work = Path(folder) / f"work-{name}"
            print(
                f"{name:22} {_row(shelf.speech_variant(name, given.seconds), tools, work, given.seconds)}", flush=True
            )


def _row(path: Path, tools: Tools, work: Path, seconds: int) -> str:
    plan: Plan = make_plan(probe(path), current_policy(), hashlib.sha256(path.read_bytes()).hexdigest())
    encoder = Encoder(plan, path, FolderStorage(work / "store"), "p", tools, RunLimits(), Recorder())
    assert plan.loudness is not None
    loudness = plan.loudness
    measuring_cost = measured(lambda: encoder.do(loudness, work / "measuring", lambda _: None))
    encoding = measured(lambda: [encoder.do(step, work / "encoding", lambda _: None) for step in plan.audios])
    gain = encoder.do(loudness, work / "measuring", lambda _: None).gain
    assert gain is not None
    lufs, peak_dbtp = measuring.loudness(tools.ffmpeg, measuring.joined(work / "store" / "p" / "audio"))
    per_minute = [cost.cpu_s * 60 / seconds for cost in (measuring_cost, encoding)]
    costs = f"{per_minute[0]:7.2f} {per_minute[1]:7.2f} {sum(per_minute):5.2f}"
    return f"{lufs:6.1f} {peak_dbtp:5.1f} {costs}  {gain.treatment}"


if __name__ == "__main__":
    main()
