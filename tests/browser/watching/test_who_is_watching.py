"""A resident watches a lecture on a phone; its teacher sees it and has a certificate, which a stranger verifies."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Request

from app.kernel.db import unit_of_work
from app.watching.jobs import request_count
from tests.browser.journey.visitor import DESK, PHONE, Player, Visitor
from tests.browser.watching.conftest import CLIP_S, Shelf
from tests.fixtures.app import run_jobs
from tests.fixtures.stack import TEACHER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def beacons_of(visitor: Visitor) -> list[dict[str, object]]:
    """Collect what the page's player tells."""
    told: list[dict[str, object]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/plays"):
            told.extend(json.loads(request.post_data or "[]"))

    visitor.page.on("request", note)
    return told


def watch_to_the_end(resident: Visitor, shelf: Shelf) -> list[dict[str, object]]:
    told = beacons_of(resident)
    resident.open(f"/playlists/{shelf.playlist}/play/1")
    player = Player(resident)
    player.play()
    resident.wait_until(lambda: player.state("state") == "ended", "the lecture ends", timeout_s=90)
    resident.wait_until(lambda: len(told) >= 2, "what was played is told at the end")
    return told


def test_a_watched_lecture_is_counted_certified_and_verified(shelf: Shelf, visit: Callable[..., Visitor]) -> None:
    phone = "Mozilla/5.0 (Linux; Android 9; MI 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
    resident, stranger = (visit(user_agent=phone, **PHONE) for _ in range(2))
    teacher = visit(TEACHER, user_agent=phone.replace("Mobile ", ""), **DESK)
    told = watch_to_the_end(resident, shelf)
    assert {each["l"] for each in told} == {shelf.lecture}
    assert {each["q"] for each in told} == {shelf.playlist}
    assert len({each["p"] for each in told}) == 1, "one play has one name"
    assert CLIP_S - 3 <= int(str(told[-1]["s"])) <= CLIP_S + 3
    assert resident.context.cookies() == [], "nothing is kept on the phone"

    preview = beacons_of(teacher)
    teacher.open(f"/lectures/{shelf.lecture}")
    Player(teacher).root.locator("[data-player-toggle]").click()
    Player(teacher).reaches("state", "playing")
    assert preview == []

    with shelf.stack.app.app_context(), unit_of_work() as db:
        request_count(db)
    run_jobs(shelf.stack.app)
    teacher.open("/watching")
    assert teacher.page.get_by_test_id("plays").inner_text() == "1"
    assert "少于5" in teacher.page.get_by_test_id("places").inner_text()
    assert "早晨练一练" in teacher.page.get_by_test_id("playlists").inner_text()

    teacher.open("/watching/certificates")
    teacher.page.get_by_test_id("issue").click()
    teacher.page.get_by_text("证书已开好").wait_for()
    code = teacher.page.get_by_test_id("code").inner_text()
    with teacher.page.expect_download() as download:
        teacher.page.get_by_test_id("pdf").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    stranger.open("/certificates")
    stranger.page.fill("#code", code.lower())
    stranger.page.get_by_role("button", name="查验").click()
    stranger.page.get_by_text("这张证书是真的").wait_for()
    assert "测试institution_admin" in stranger.page.get_by_test_id("verdict").inner_text()
    for person in (resident, teacher, stranger):
        person.leave()
