"""Chapters beside the player: a tap moves it, the one being played is marked, the address may name a second."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PLACES = "JSON.stringify({'demo-lecture': {timeS: 6, at: Date.now()}})"


def chapter(one, title: str):
    return one.page.locator("a[data-player-chapter]", has_text=title)


def marked(one) -> list[str]:
    return one.page.locator("a[data-player-chapter][aria-current] > :last-child").all_inner_texts()


@pytest.mark.parametrize("engine", ["hls", "mp4"])
def test_a_chapter_moves_the_player_without_loading_the_page(visit, engine: str):
    one = visit(f"chapters=1&player={engine}")
    assert marked(one) == []
    chapter(one, "小结").tap()
    one.wait_for("state", "playing")
    one.wait_until_past(9)
    assert one.time_s() < 12
    assert marked(one) == ["小结"]
    chapter(one, "准备").tap()
    one.wait_until(lambda: 0.3 < one.time_s() < 3)
    assert marked(one) == ["准备"]
    one.wait_until(lambda: marked(one) == ["要领"])
    assert one.time_s() > 3.5
    assert one.asked("/lecture").count("/lecture") == 1
    assert one.page.locator("[data-player-announce]").inner_text() == "跳到：准备"
    assert one.is_clean()


def test_the_keyboard_reaches_chapters_and_the_focus_stays(visit):
    one = visit("chapters=1")
    chapter(one, "要领").focus()
    one.page.keyboard.press("Enter")
    one.wait_for("state", "playing")
    one.wait_until_past(4.2)
    assert one.page.evaluate("document.activeElement.dataset.playerChapter") == "4"
    assert one.is_clean()


def test_the_address_may_name_a_second_before_a_remembered_place(visit):
    one = visit("chapters=1&t=4", script=f"localStorage.setItem('player.places', {PLACES});")
    assert one.root.get_attribute("data-player-card") in {None, ""}
    assert one.page.locator("[data-player-elapsed]").inner_text() == "0:04"
    one.play()
    one.wait_until_past(4.2)
    assert one.time_s() < 8
    assert marked(one) == ["要领"]
    assert one.is_clean()


@pytest.mark.parametrize("asked", ["abc", "-3", "16", "1e9", ""])
def test_a_wrong_second_is_as_good_as_none(visit, asked: str):
    one = visit(f"chapters=1&t={asked}", script=f"localStorage.setItem('player.places', {PLACES});")
    assert one.root.get_attribute("data-player-card") == "resume"
    assert one.is_clean()


def test_the_seek_bar_shows_where_chapters_begin(visit):
    one = visit("chapters=1")
    bar = one.page.locator("[data-player-seek]").bounding_box()
    ticks = [tick.bounding_box() for tick in one.page.locator(".player__tick").all()]
    parts = [(tick["x"] + tick["width"] / 2 - bar["x"] - 12) / (bar["width"] - 24) for tick in ticks]
    assert parts == pytest.approx([4 / 16.04, 9 / 16.04], abs=0.01)
    x, y = ticks[0]["x"] + 1, ticks[0]["y"] + 5
    assert one.page.evaluate("([x, y]) => document.elementFromPoint(x, y).type", [x, y]) == "range"


def test_without_javascript_the_links_open_the_page_there(visit):
    one = visit("chapters=1", java_script_enabled=False)
    assert chapter(one, "要领").get_attribute("href") == "/lecture?chapters=1&t=4"
    chapter(one, "要领").tap()
    one.page.wait_for_url("**t=4")
