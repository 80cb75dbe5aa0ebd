"""tus-js-client in Chromium, as a page of somebody else's would use it, against a running server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.studio.jobs import request_upload_sweep
from app.studio.models import Upload
from tests.conformance.tus.conftest import SIZE, Door
from tests.conformance.tus.cutting_line import cutting_line
from tests.conformance.tus.options import MIB, WAYS
from tests.fixtures.stack import OTHER_TEACHER
from tests.integration.resilience.inventory import platform_of
from tests.integration.resilience.teacher import Teacher, Wire

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
LIBRARY = Path(__file__).resolve().parents[3] / "node_modules/tus-js-client/dist/tus.js"
SERVED = {"page.html": HERE / "page.html", "sending.mjs": HERE / "sending.mjs", "tus.js": LIBRARY}
TYPES = {".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript"}


class Computer:
    """A browser with the teacher's session and a page that sends the file it is given."""

    def __init__(self, chromium: Any, door: Door, clip: Path, lecture: str) -> None:
        self.door, self.clip, self.lecture = door, clip, lecture
        self.origin = door.stack.url
        self._context = chromium.new_context()
        cookies = door.teacher.ask.cookies.items()  # type: ignore[attr-defined]
        self._context.add_cookies(
            [{"name": name, "value": morsel.value, "domain": "127.0.0.1", "path": "/"} for name, morsel in cookies]
        )
        self._context.route("**/tus-client/*", self._serve)
        self.page = self._context.new_page()

    def _serve(self, route: Any) -> None:
        path = SERVED[route.request.url.rpartition("/")[2]]
        route.fulfill(body=path.read_text(), content_type=TYPES[path.suffix])

    def open(self, origin: str = "") -> None:
        """Open the page, or open it anew, and choose the file in it."""
        self.origin = origin or self.origin
        self.page.goto(f"{self.origin}/tus-client/page.html")
        self.page.set_input_files("input", str(self.clip))
        self.page.wait_for_function("() => typeof window.run === 'function'")

    def send(self, options: dict[str, Any], **more: object) -> dict[str, Any]:
        """Send the file and return how that went."""
        job = {
            "endpoint": f"{self.origin}/studio/uploads", "headers": {"X-CSRFToken": self.door.teacher.token},
            "filename": self.clip.name, "lecture": self.lecture, "options": options, **more,
        }  # fmt: skip
        answer: dict[str, Any] = self.page.evaluate(f"window.run({json.dumps(job)})")
        return answer

    def close(self) -> None:
        """Put it away."""
        self._context.close()


@pytest.fixture
def computer(chromium: Any, door: Door, clip: Path, lecture: str) -> Iterator[Computer]:
    if not LIBRARY.exists():
        pytest.skip("tus-js-client is missing: make assets")
    made = Computer(chromium, door, clip, lecture)
    made.open()
    yield made
    made.close()


def check_nothing_acknowledged_went_again(trace: list[dict[str, Any]]) -> None:
    """Each piece begins where the server had said it was."""
    told = 0
    for step in trace:
        if step["method"] == "PATCH":
            assert int(step["offset"]) == told, trace
        if step.get("told"):
            assert int(step["told"]) >= told, trace
            told = int(step["told"])


@pytest.mark.parametrize(("options", "requests_made"), WAYS)
def test_every_way_of_sending(
    computer: Computer, arrived: Callable[[], None], options: dict[str, Any], requests_made: list[str] | None
) -> None:
    answer = computer.send(options)
    assert "error" not in answer, answer
    arrived()
    if requests_made is not None:
        assert answer["requests"] == requests_made


def test_an_aborted_upload_goes_on(computer: Computer, arrived: Callable[[], None]) -> None:
    answer = computer.send({"chunkSize": 2 * MIB}, stopAt=4 * MIB, goesOn=True)
    assert answer["stopped"]
    assert "error" not in answer, answer
    assert "HEAD" in answer["requests"]
    check_nothing_acknowledged_went_again(answer["trace"])
    arrived()


def test_a_page_that_was_loaded_anew_finds_its_upload(computer: Computer, arrived: Callable[[], None]) -> None:
    stopped = computer.send({"chunkSize": 2 * MIB}, stopAt=4 * MIB)
    assert stopped["accepted"] == 4 * MIB
    computer.open()
    answer = computer.send({"chunkSize": 8 * MIB}, previous=True)
    assert (answer["previous"], answer["url"]) == (1, stopped["url"])
    assert answer["requests"] == ["HEAD", "PATCH"]
    assert int(answer["trace"][1]["offset"]) >= 4 * MIB
    check_nothing_acknowledged_went_again(answer["trace"])
    arrived()


def test_parallel_pieces_go_on_after_the_page_was_loaded_anew(
    computer: Computer, arrived: Callable[[], None]
) -> None:  # fmt: skip
    stopped = computer.send({"parallelUploads": 3, "chunkSize": MIB}, stopAt=2 * MIB)
    assert stopped["stopped"]
    computer.open()
    answer = computer.send({"parallelUploads": 3, "chunkSize": MIB}, previous=True)
    assert "error" not in answer, answer
    assert answer["previous"] == 1
    assert answer["requests"].count("HEAD") == 3
    assert answer["requests"].count("POST") == 1, "only the file itself is made, of the pieces that were there"
    arrived()


def test_pieces_with_checksums(computer: Computer, arrived: Callable[[], None]) -> None:
    answer = computer.send({"chunkSize": 4 * MIB}, checksums=["right"] * 3)
    assert [step.get("status") for step in answer["trace"]] == [201, 204, 204, 204]
    arrived()


def test_a_damaged_piece_is_told_and_sent_again(computer: Computer, arrived: Callable[[], None]) -> None:
    answer = computer.send({"chunkSize": 4 * MIB}, checksums=["right", "wrong"])
    assert answer["status"] == 460
    computer.open()
    answer = computer.send({"chunkSize": 4 * MIB}, checksums=["right", "right"], previous=True)
    assert [step["told"] for step in answer["trace"]] == [str(4 * MIB), str(8 * MIB), str(SIZE)]
    arrived()


def test_giving_up(computer: Computer, door: Door) -> None:
    answer = computer.send({"chunkSize": MIB}, stopAt=MIB, terminate=True)
    assert answer["requests"][-1] == "DELETE"
    assert door.teacher.ask("HEAD", answer["url"][len(door.stack.url) :], b"", door.teacher.tus()).status == 410


def test_another_page_was_faster(computer: Computer, door: Door, clip: Path, arrived: Callable[[], None]) -> None:
    """The piece is refused with 409; the client asks where the server is and goes on from there."""
    stopped = computer.send({"chunkSize": 2 * MIB}, stopAt=2 * MIB)
    url, data = stopped["url"][len(door.stack.url) :], clip.read_bytes()
    asked: list[str] = []

    def overtaken(route: Any) -> None:
        if route.request.method == "PATCH" and not asked:
            asked.append(route.request.method)
            at = door.teacher.offset(url)
            assert door.teacher.patch(url, at, data[at : at + MIB]).status == 204
        route.continue_()

    computer.page.route("**/studio/uploads/*", overtaken)
    answer = computer.send({"chunkSize": 8 * MIB, "uploadUrl": stopped["url"]})
    assert "error" not in answer, answer
    assert [step["status"] for step in answer["trace"]] == [200, 409, 200, 204]
    arrived()


@pytest.mark.parametrize("way", ["expired", "another's"])
def test_an_upload_that_is_gone_is_begun_anew(
    computer: Computer, door: Door, arrived: Callable[[], None], way: str
) -> None:
    if way == "expired":
        url = computer.send({"chunkSize": 2 * MIB}, stopAt=4 * MIB)["url"]
        long_ago = utc_now() - timedelta(days=14, hours=1)
        with door.stack.app.app_context(), unit_of_work() as db:
            db.execute(update(Upload).where(Upload.public_id == url.rpartition("/")[2]).values(updated_at=long_ago))
            request_upload_sweep(db)
        while platform_of(door.stack.app).runner.work_once("default"):
            pass
    else:
        other = Teacher(Wire(door.stack.port), OTHER_TEACHER)
        url = door.stack.url + other.begin(other.new_lecture(), SIZE).headers["Location"]
    answer = computer.send({"uploadUrl": url})
    assert [step["status"] for step in answer["trace"]] == [410 if way == "expired" else 404, 201, 204]
    assert answer["url"] != url
    arrived()


def test_a_line_that_is_cut_again_and_again(computer: Computer, door: Door, arrived: Callable[[], None]) -> None:
    with cutting_line(door.stack.port, [2 * MIB, 4 * MIB, 5 * MIB, 8 * MIB]) as line:
        computer.open(f"http://127.0.0.1:{line.port}")
        answer = computer.send({})
        assert line.breaks_at == []
    assert "error" not in answer, answer
    # Some cuts the browser answers itself, by the same request on a new connection, which is then told 409.
    assert answer["requests"].count("HEAD") >= 2
    check_nothing_acknowledged_went_again(answer["trace"])
    arrived()


def test_the_server_is_killed_and_comes_back(computer: Computer, door: Door, arrived: Callable[[], None]) -> None:
    """kill -9 while the page sends; the page does nothing but try again."""
    killed: list[str] = []

    def kill(route: Any) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] == str(4 * MIB) and not killed:
            killed.append("web")
            door.stack.kill("web")
            route.abort("connectionreset")
            door.stack.start_web()
        else:
            route.continue_()

    computer.page.route("**/studio/uploads/*", kill)
    answer = computer.send({"chunkSize": 2 * MIB})
    assert killed
    assert "error" not in answer, answer
    check_nothing_acknowledged_went_again(answer["trace"])
    arrived()
