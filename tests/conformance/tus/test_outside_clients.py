"""Clients we did not write, against a running server: tus-js-client in Node, tuspy in Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conformance.tus.conftest import SIZE, Door
from tests.conformance.tus.options import MIB, WAYS

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("send.mjs")


class Client:
    """Runs a script around a client of somebody else's."""

    def __init__(self, command: list[str], door: Door, clip: Path, lecture: str) -> None:
        self.command = command
        self.job = {"endpoint": door.endpoint, "token": door.token, "path": str(clip), "filename": clip.name}
        self.job |= {"lecture": lecture, "headers": door.headers}

    def __call__(self, options: dict[str, Any], **more: object) -> dict[str, Any]:
        command = [*self.command, json.dumps({**self.job, "options": options, **more})]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def node(door: Door, clip: Path, lecture: str) -> Client:
    if shutil.which("node") is None or not (ROOT / "node_modules/tus-js-client").exists():
        pytest.skip("Node.js or tus-js-client is missing: make assets")
    return Client(["node", str(SCRIPT)], door, clip, lecture)


@pytest.fixture
def tuspy(door: Door, clip: Path, lecture: str) -> Client:
    return Client([sys.executable, str(SCRIPT.with_name("send.py"))], door, clip, lecture)


@pytest.mark.parametrize(("options", "requests_made"), WAYS)
def test_tus_js_client(node: Client, arrived: Callable[[], None], options: dict[str, Any], requests_made) -> None:
    answer = node(options)
    arrived()
    if requests_made is not None:
        assert answer["requests"] == requests_made


def test_tus_js_client_goes_on_in_another_process(node: Client, arrived: Callable[[], None]) -> None:
    stopped = node({"chunkSize": 2 * MIB}, stopAt=4 * MIB)
    assert stopped["accepted"] == 4 * MIB
    answer = node({"chunkSize": 8 * MIB, "uploadUrl": stopped["url"]})
    assert answer["requests"] == ["HEAD", "PATCH"]
    arrived()


def test_tus_js_client_gives_up(node: Client, door: Door) -> None:
    stopped = node({"chunkSize": MIB}, stopAt=MIB, terminate=True)
    assert stopped["requests"][-1] == "DELETE"
    answer = requests.head(stopped["url"], headers={**door.headers, "Tus-Resumable": "1.0.0"}, timeout=10)
    assert answer.status_code == 410


@pytest.mark.parametrize("options", [{}, {"chunk_size": 3 * MIB}, {"chunk_size": 4 * MIB, "upload_checksum": True}])
def test_tuspy(tuspy: Client, arrived: Callable[[], None], options: dict[str, Any]) -> None:
    assert tuspy(options)["offset"] == SIZE
    arrived()


def test_tuspy_goes_on_in_another_process(tuspy: Client, arrived: Callable[[], None]) -> None:
    stopped = tuspy({"chunk_size": 2 * MIB}, stopAt=4 * MIB)
    assert stopped["offset"] == 4 * MIB
    answer = tuspy({"chunk_size": 8 * MIB}, url=stopped["url"])
    assert (answer["began"], answer["offset"]) == (4 * MIB, SIZE)
    arrived()


@pytest.mark.parametrize(("changes", "status"), [({"lecture": "none"}, 404), ({"token": "wrong"}, 401)])
def test_tuspy_is_told_why(tuspy: Client, changes: dict[str, str], status: int) -> None:
    answer = tuspy({}, **changes)
    assert answer["status"] == status
