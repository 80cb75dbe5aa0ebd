"""What the batch table puts on the clipboard: texts that no spreadsheet program runs, read back as they were."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.kernel.sheet_cells import looks_like_formula

SCRIPT = Path(__file__).resolve().parents[3] / "app/studio/static/studio/js/desk/tsv.js"
FORMULAS = [
    "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "  =1+1", "＝1", " ＋1", "－1", "＠a", "=第一行\n第二行", '="a"',
]  # fmt: skip
TEXTS = ["", "八段锦", "3-5 岁", "a=b", "'引号", "说\"好\"\t的"]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


def run(call: str, value: object) -> object:
    script = f"import {{ {call} }} from '{SCRIPT}'; console.log(JSON.stringify({call}({json.dumps(value)})));"
    argv = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_copied_cell_is_a_formula_elsewhere_and_all_come_back_as_they_were() -> None:
    rows = [[each, "旁边"] for each in [*FORMULAS, *TEXTS]]
    block = str(run("writeBlock", rows))
    assert all(looks_like_formula(each) for each in FORMULAS), "the files would guard them too"
    for each in FORMULAS:
        kept = each.replace('"', '""')
        assert f"'{kept}" in block, each
    lines = block.split("\r\n")
    assert not any(looks_like_formula(line.lstrip('"')) for line in lines[: len(FORMULAS)])
    assert lines[len(FORMULAS) + 1] == "八段锦\t旁边", "what is no formula is left as it is"
    assert run("readBlock", block) == rows


def test_a_mark_somebody_else_put_there_comes_off_as_well() -> None:
    """Programs that copy a guarded cell of our files with its mark."""
    assert run("readBlock", "'=1+1\t'八段锦") == [["=1+1", "'八段锦"]]
