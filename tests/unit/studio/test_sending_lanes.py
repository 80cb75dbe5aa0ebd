"""How many files of a batch are sent at once, on lines made up here: the page's own script, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "app/studio/static/studio/js/desk/lanes.js"
#: Ten looks a second for four minutes; `rateOf` gives all files' bytes a second, `breaks` the seconds of breaks.
DRIVE = """
import {{ makeLanes }} from '{script}';
let now = 0;
const lanes = makeLanes(() => now);
const rateOf = {rate};
const breaks = new Set({breaks});
const counts = [];
for (let tick = 1; tick <= 2400; tick += 1) {{
  now = tick * 100;
  if (breaks.has(now / 1000)) lanes.broke();
  lanes.sent(rateOf(lanes.now()) / 10, {full});
  counts.push(lanes.now());
}}
console.log(JSON.stringify(counts));
"""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


def counts(rate: str, *, breaks: tuple[int, ...] = (), is_full: bool = True) -> list[int]:
    script = DRIVE.format(script=SCRIPT, rate=rate, breaks=list(breaks), full=json.dumps(is_full))
    argv = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    found: list[int] = json.loads(done.stdout)
    return found


def usual(found: list[int]) -> int:
    """Return the number most of the second half was spent at."""
    half = found[len(found) // 2 :]
    return max(set(half), key=half.count)


def test_a_line_one_file_fills_keeps_to_two():
    assert usual(counts("() => 1e6")) == 2


def test_a_line_that_slows_every_file_is_filled_with_as_many_as_bring_more():
    """Far away, or behind a gateway that gives each connection its share: four fill this one."""
    assert usual(counts("(files) => Math.min(files, 4) * 1e6")) == 4


def test_never_more_than_six():
    assert max(counts("(files) => files * 1e6")) == 6


def test_a_line_that_breaks_carries_fewer_and_is_left_alone_for_a_while():
    found = counts("(files) => files * 1e6", breaks=(100, 101, 102, 103, 104, 105, 106))
    assert found[1065] == 1
    assert max(found[1070:1600]) == 1, "it is not tried again at once"
    assert found[-1] > 1


def test_few_files_left_say_nothing_of_the_line():
    assert set(counts("() => 1e6", is_full=False)) == {2}
