"""How a batch sends its files: pause, night, a capped line, files that are here already. The page's own scripts and the
tus client, run by Node against a small door (sending_line.mjs) on a clock moved by hand.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).with_name("sending_line.mjs")
CLIENT = Path(__file__).resolve().parents[3] / "node_modules/tus-js-client"

pytestmark = pytest.mark.skipif(shutil.which("node") is None or not CLIENT.exists(), reason="needs Node.js and npm ci")


def play(scenario: str) -> dict[str, Any]:
    done = subprocess.run(["node", str(DRIVER), scenario], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_paused_before_it_began_it_goes_on_with_what_is_there() -> None:
    """A new upload would make the server drop the bytes it has."""
    told = play("paused_at_once")
    assert told["before"] == 0
    assert told["asked"] == [["HEAD", "there", ""], ["PATCH", "there", "5000"]]


def test_a_piece_that_waits_for_the_line_does_not_go_out_after_a_pause() -> None:
    assert play("paused_while_waiting_for_the_cap") == {"whilePaused": 1, "atLast": 2}


def test_at_night_only_nothing_goes_by_day() -> None:
    assert play("at_night_only") == {"byDay": 0, "atNight": 1}


def test_who_takes_the_night_back_need_not_wait() -> None:
    assert play("no_longer_at_night_only") == {"patches": 1}


def test_a_capped_line_carries_no_more_than_the_cap_for_all_files_together() -> None:
    assert play("capped") == {"times": [0, 0.5, 1, 1.5, 2, 2.5]}


def test_files_that_are_here_are_asked_about_and_hold_up_nobody() -> None:
    assert play("known_files") == {"found": "八段锦", "unasked": 1, "taken": 1, "patches": 2}
