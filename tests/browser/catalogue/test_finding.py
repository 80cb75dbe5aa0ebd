"""A resident with a phone of 360 px narrows the catalogue, jumps to what was said, finds a lecture in three taps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.catalogue.conftest import PHONE_NUMBER, PLAYLIST, SAID_AT_S, SPOKEN, WATCHED, Shelves
from tests.browser.journey.visitor import Player, Visitor

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"
#: The filters work without scripts; so does finding in three taps.
NO_SCRIPTS = {"java_script_enabled": False}
ELDER = "elder.light.standard.zh"


def found(visitor: Visitor) -> int:
    """How many lectures and playlists the page says it found."""
    told = visitor.page.locator(".results-head [role=status]").inner_text()
    return sum(int(number) for number in re.findall(r"(\d+) (?:讲|个播单)", told))


def open_filters(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name="缩小范围").tap()
    expect(visitor.page.get_by_role("region", name="缩小范围")).to_be_visible()


def choose(visitor: Visitor, facet: str, value: str) -> int:
    """Open a facet where it is folded, choose a value, and return the count it promised."""
    group = visitor.page.locator("details.facet", has=visitor.page.locator("summary", has_text=facet))
    if group.get_attribute("open") is None:
        group.locator("> summary").tap()
    chip = group.get_by_role("link", name=value)
    count = int(re.findall(r"\d+", chip.locator(".count").inner_text())[0])
    with visitor.page.expect_navigation():
        chip.tap()
    return count


def chosen(visitor: Visitor) -> list[str]:
    group = visitor.page.get_by_role("group", name="已选条件")
    return [words.strip() for words in group.locator(".chip.is-on").evaluate_all("all => all.map(a => a.innerText)")]


@pytest.mark.parametrize("options", [{}, {**NO_SCRIPTS, "ui": ELDER}])
def test_two_filters_are_chosen_and_one_is_taken_away(visit: Visit, options: dict[str, object]) -> None:
    visitor = visit(**options)
    visitor.open("/lectures")
    assert found(visitor) == 30
    filters = visitor.page.locator("#filters")
    expect(filters).to_be_hidden()
    open_filters(visitor)
    promised = choose(visitor, "适合谁", "社区居民")
    assert found(visitor) == promised == 15
    expect(filters).to_be_hidden()
    open_filters(visitor)
    promised = choose(visitor, "时长", "5 到 15 分钟")
    assert found(visitor) == promised == 5
    assert len(chosen(visitor)) == 2
    assert "/lectures?audience=resident&length=15" in visitor.page.url
    visitor.page.get_by_role("group", name="已选条件").get_by_role("link", name="社区居民").tap()
    visitor.page.wait_for_url(re.compile(r"/lectures\?length=15$"))
    assert found(visitor) == 10
    assert [words.split()[-1] for words in chosen(visitor)] == ["分钟"]
    visitor.page.go_back()
    assert found(visitor) == 5
    visitor.page.get_by_role("link", name="全部清除").tap()
    visitor.page.wait_for_url(re.compile(r"/lectures$"))
    assert found(visitor) == 30
    if options.get("java_script_enabled", True):
        assert visitor.page.evaluate(TOO_WIDE) <= 0
        visitor.leave()


@pytest.mark.parametrize("ui", ["", ELDER])
def test_level_and_speech_narrow_and_the_most_watched_comes_first(visit: Visit, ui: str) -> None:
    visitor = visit(ui=ui)
    visitor.open("/search?q=手机")
    for facet, value, count in (("难度", "零基础", 10), ("语言", "东北话", 5)):
        open_filters(visitor)
        assert choose(visitor, facet, value) == found(visitor) == count
    assert len(chosen(visitor)) == 2
    visitor.page.get_by_role("navigation", name="排序").get_by_role("link", name="最多人看").tap()
    visitor.page.wait_for_url(re.compile(r"sort=popular$"))
    expect(visitor.page.locator(".card-title a").first).to_have_text(WATCHED)
    expect(visitor.page.get_by_text("按最近 90 天看过的次数排")).to_be_visible()
    assert visitor.page.evaluate(TOO_WIDE) <= 0
    visitor.leave()


@pytest.mark.parametrize("ui", ["", ELDER])
def test_a_playlist_among_the_results_says_that_it_is_one(visit: Visit, ui: str) -> None:
    visitor = visit(ui=ui)
    visitor.open("/search?q=志愿者")
    card = visitor.page.locator("article", has_text=PLAYLIST)
    expect(card.get_by_text("打开播单" if ui else "播单", exact=True)).to_be_visible()
    expect(visitor.page.locator(".results-head [role=status]")).to_have_text("找到 1 个播单")
    assert visitor.page.evaluate(TOO_WIDE) <= 0
    card.get_by_role("link", name=PLAYLIST).tap()
    visitor.page.wait_for_url("**/playlists/*")
    visitor.leave()


@pytest.mark.parametrize("options", [NO_SCRIPTS, {"ui": ELDER}])
def test_an_old_link_is_told_and_mended_by_one_tap(visit: Visit, options: dict[str, object]) -> None:
    visitor = visit(**options)
    visitor.open("/lectures?topic=old-topic&audience=resident")
    assert found(visitor) == 15
    told = visitor.page.get_by_role("group", name="没有这个分类")
    expect(told).to_be_visible()
    gone = told.get_by_role("link", name="old-topic")
    box = gone.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    gone.tap()
    visitor.page.wait_for_url(re.compile(r"/lectures\?audience=resident$"))
    expect(told).to_have_count(0)


@pytest.mark.parametrize("ui", ["", ELDER])
def test_where_nothing_is_found_ways_lead_on(visit: Visit, ui: str) -> None:
    visitor = visit(ui=ui)
    visitor.open("/search?q=量子色动力学")
    expect(visitor.page.get_by_role("link", name=re.compile(PHONE_NUMBER)).first).to_be_visible()
    words = visitor.page.locator(".tries .chip")
    assert words.count() > 3
    assert visitor.page.evaluate(TOO_WIDE) <= 0
    way = visitor.page.get_by_role("link", name="不用打字，点三下找课")
    box = way.bounding_box()
    assert box is not None
    assert box["height"] >= (60 if ui else 44)
    way.tap()
    visitor.page.wait_for_url("**/find")
    visitor.page.go_back()
    with visitor.page.expect_navigation():
        words.first.tap()
    assert found(visitor) > 0
    visitor.leave()


def test_filters_open_and_close_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    visitor.open("/lectures")
    visitor.page.get_by_role("link", name="缩小范围").focus()
    visitor.page.keyboard.press("Enter")
    filters = visitor.page.get_by_role("region", name="缩小范围")
    expect(filters).to_be_visible()
    visitor.page.keyboard.press("Tab")
    expect(filters.get_by_role("link", name="收起")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(filters).to_be_hidden()
    visitor.leave()


def test_a_tap_on_what_was_said_plays_from_that_second(visit: Visit, shelves: Shelves) -> None:
    visitor = visit()
    visitor.open("/search?q=枸杞")
    card = visitor.page.locator("article", has_text=SPOKEN)
    expect(card.locator("mark", has_text="枸杞")).to_be_visible()
    card.get_by_role("link", name=re.compile("从 0:05 讲起")).tap()
    visitor.page.wait_for_url(f"**/lectures/{shelves.lectures[SPOKEN]}?t={SAID_AT_S}")
    player = Player(visitor)
    player.play()
    player.plays_on(0.3)
    assert player.time_s() >= SAID_AT_S
    visitor.leave()


@pytest.mark.parametrize("options", [NO_SCRIPTS, {"ui": ELDER}])
def test_three_taps_from_the_question_to_lectures(visit: Visit, options: dict[str, object]) -> None:
    visitor = visit(**options)
    visitor.open("/")
    visitor.page.get_by_role("link", name="点三下找课").tap()
    visitor.page.wait_for_url("**/find")
    for words in ("老年人群", "网络生活", "15 分钟以内"):
        answer = visitor.page.locator(".need-choice", has_text=words)
        box = answer.bounding_box()
        assert box is not None
        assert box["height"] >= 60
        promised = int(re.findall(r"(\d+) 讲", answer.inner_text())[0])
        with visitor.page.expect_navigation():
            answer.tap()
    assert found(visitor) == promised == 10
    assert len(chosen(visitor)) == 4
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("有多长时间？")
    visitor.page.get_by_role("link", name="上一步").tap()
    visitor.page.wait_for_url("**/find/elder")
    assert visitor.page.locator(".need-choice", has_text="文娱休闲").count() == 0, "nothing for them about it"


def test_pages_follow_one_another_and_the_course_goes_on(visit: Visit, shelves: Shelves) -> None:
    visitor = visit()
    visitor.open("/browse/audience/resident")
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("link", name="全民健康").first.tap()
    assert found(visitor) == 3
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("link", name="八段锦第1式").tap()
    visitor.page.get_by_test_id("series").get_by_role("link", name="下一讲").tap()
    visitor.page.wait_for_url(f"**/lectures/{shelves.lectures['八段锦第2式']}")
    visitor.page.get_by_role("link", name="沈阳市沈河区").tap()
    visitor.page.wait_for_url("**/browse/city/shenyang")
    assert visitor.page.evaluate(TOO_WIDE) <= 0
    visitor.leave()
