"""On a phone of 360 px: completing yangsheng with keys and thumb, composing Chinese, a wish where nothing is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.asking.conftest import OFFICER
from tests.browser.journey.visitor import DESK, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Callable[..., Visitor]


def asked(visitor: Visitor) -> list[str]:
    """What the page asked suggestions for."""
    return [unquote(address.partition("?q=")[2]) for address in visitor.asked if "/suggest?" in address]


def options(page: Any) -> list[str]:
    return [each.inner_text().replace("\n", " ") for each in page.get_by_role("option").all()]


def test_pinyin_is_completed_and_taken_with_keys(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.open("/")
    box = page.locator("#site-search")
    heading = page.locator("h1").bounding_box()
    box.press_sequentially("yangsheng", delay=20)
    page.get_by_role("option", name="养生").first.wait_for()
    assert options(page)[0] == "养生 大家常搜"
    assert page.locator("h1").bounding_box() == heading, "the page moved when the list opened"
    assert len(asked(visitor)) <= 3, "every letter was asked for"
    assert (box.get_attribute("role"), box.get_attribute("aria-expanded")) == ("combobox", "true")
    assert page.locator("[role=status]", has_text="条建议").count() == 1
    for option in page.get_by_role("option").all():
        size = option.bounding_box()
        assert size["height"] >= 44
        assert size["x"] >= 0
        assert size["x"] + size["width"] <= 360
    assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]}).violations_count == 0
    box.press("ArrowDown")
    assert box.input_value() == "养生"
    chosen = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("aria-selected") == "true"
    box.press("ArrowUp")
    assert box.input_value() == "yangsheng", "what was typed comes back"
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url(lambda url: "/search?q=养生" in unquote(url))
    assert page.locator(".card-title a").count() == 2
    visitor.leave()


def test_the_empty_box_shows_what_many_ask_and_escape_closes_it(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.open("/")
    box = page.locator("#site-search")
    box.tap()
    page.get_by_text("大家在搜").wait_for()
    assert options(page) == ["养生"]
    box.press("Escape")
    assert page.get_by_role("listbox").count() == 0
    assert box.get_attribute("aria-expanded") == "false"
    box.press("ArrowDown")
    page.get_by_role("option", name="养生").tap()
    page.wait_for_url(lambda url: "/search?q=养生" in unquote(url))
    visitor.leave()


def test_nothing_is_asked_while_chinese_is_composed(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.open("/lectures")
    box = page.locator("#site-search")
    box.tap()
    page.get_by_text("大家在搜").wait_for()
    before = len(asked(visitor))
    session = visitor.context.new_cdp_session(page)
    for typed in ("s", "sh", "shou", "shouji"):
        place = {"selectionStart": len(typed), "selectionEnd": len(typed)}
        session.send("Input.imeSetComposition", {"text": typed, **place})
        page.wait_for_timeout(250)
    assert len(asked(visitor)) == before
    session.send("Input.insertText", {"text": "手机"})
    page.get_by_role("option", name="老年人智能手机入门").or_(page.get_by_role("option", name="手机")).first.wait_for()
    assert asked(visitor)[before:] == ["手机"]
    visitor.leave()


def test_a_late_answer_never_replaces_a_newer_one(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.open("/")

    def slow(route: Any) -> None:
        page.wait_for_timeout(900)
        route.continue_()

    page.route("**/suggest?q=shou", slow)
    box = page.locator("#site-search")
    box.press_sequentially("shou", delay=5)
    page.wait_for_timeout(300)
    box.fill("yangsheng")
    page.get_by_role("option", name="养生").first.wait_for()
    page.wait_for_timeout(1200)
    assert "手机" not in " ".join(options(page))
    visitor.context.close()


def test_elder_mode_shows_fewer_and_larger(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.open("/?elder=1")
    box = page.locator("#site-search")
    box.press_sequentially("s", delay=5)
    page.get_by_role("option").first.wait_for()
    assert 1 <= page.get_by_role("option").count() <= 5
    size = page.get_by_role("option").first.evaluate("option => parseFloat(getComputedStyle(option).fontSize)")
    assert size >= 20
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    visitor.leave()


def test_where_nothing_is_found_a_wish_is_made_and_answered(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.open("/search?q=量子色动力学")
    assert page.get_by_role("heading", name="没有找到合适的课").is_visible()
    assert page.locator(".recovery-ways a[href^='tel:']").is_visible()
    assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]}).violations_count == 0
    page.get_by_test_id("wish").tap()
    page.wait_for_url("**/wish?*")
    assert page.locator("#text").input_value() == "量子色动力学"
    page.locator("#text").fill("教我弹吉他，电话13800000000")
    page.get_by_role("button", name="告诉学校").tap()
    page.get_by_role("alert").wait_for()
    assert "请不要写电话" in page.get_by_role("alert").inner_text()
    page.locator("#text").fill("教我弹吉他")
    page.get_by_label("您在哪个市").select_option(label="大连市")
    page.get_by_role("button", name="告诉学校").tap()
    page.get_by_text("记下了").wait_for()
    # The refusal is the one complaint a browser writes into its console by itself.
    visitor.complaints = [each for each in visitor.complaints if "422" not in each]
    visitor.leave()
    officer = visit(**DESK)
    officer.sign_in(OFFICER)
    officer.open("/wishes?city=210200")
    row = officer.page.get_by_role("row", name="教我弹吉他")
    assert "1" in row.inner_text()
    row.get_by_role("link").click()
    officer.page.get_by_label("正在制作").check()
    officer.page.get_by_role("button", name="保存").click()
    officer.page.get_by_text("已经回应").wait_for()
    officer.leave()
