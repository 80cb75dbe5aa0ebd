"""Captions edited by keyboard alone, the tab closed in between, proofread, and read by a resident."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.journey.visitor import DESK, PHONE, Visitor
from tests.browser.watching.conftest import Shelf
from tests.fixtures.stack import TEACHER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def press(visitor: Visitor, *keys: str) -> None:
    for key in keys:
        visitor.page.keyboard.press(key)


def words(visitor: Visitor) -> list[str]:
    """All lines as they stand on the page."""
    return visitor.page.locator(".captions-words").all_text_contents()


def wait_saved(visitor: Visitor) -> None:
    saved = visitor.page.get_by_test_id("saved")
    visitor.wait_until(lambda: saved.get_attribute("data-state") == "saved", "the draft is kept")


def edit_by_keyboard(teacher: Visitor) -> None:
    page = teacher.page
    text = page.get_by_test_id("line-text")
    page.locator(".captions-row").first.press("Enter")
    teacher.wait_until(lambda: text.evaluate("box => box === document.activeElement"), "the line takes the focus")
    press(teacher, "Alt+c")  # both suggestions of the first line
    assert text.input_value() == "同学们好今天我们学八段锦"
    text.evaluate("box => box.setSelectionRange(4, 4)")
    press(teacher, "Alt+s")
    assert words(teacher)[:2] == ["同学们好", "今天我们学八段锦"]
    press(teacher, "Control+z")
    assert words(teacher)[0] == "同学们好今天我们学八段锦"
    press(teacher, "Control+y", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowDown")
    assert text.input_value() == "好，收势"
    press(teacher, "Alt+ArrowUp", "Alt+m")
    assert text.input_value() == "两手慢慢往上托好，收势"
    press(teacher, "Control+z", "End")
    page.keyboard.insert_text("起来")
    press(teacher, "Alt+Enter")
    video = page.locator("video[data-part=media]")
    teacher.wait_until(lambda: video.evaluate("media => media.currentTime") >= 6.5, "the line is played")
    press(teacher, "Control+Enter")
    video.evaluate("media => { media.currentTime = 8.25; }")
    teacher.wait_until(lambda: not video.evaluate("media => media.seeking"), "the player is there")
    press(teacher, "Alt+BracketRight")
    assert page.get_by_test_id("line-end").input_value() == "0:08.250"


def type_with_an_input_method(teacher: Visitor) -> None:
    """What is composed is not taken for a command, and only its result reaches the line."""
    page = teacher.page
    client = page.context.new_cdp_session(page)
    before = words(teacher)
    client.send("Input.imeSetComposition", {"text": "nihao", "selectionStart": 5, "selectionEnd": 5})
    page.get_by_test_id("line-text").dispatch_event(
        "keydown", {"key": "Enter", "code": "Enter", "keyCode": 229, "isComposing": True, "bubbles": True}
    )
    assert words(teacher) == before, "Enter belongs to the input method"
    client.send("Input.insertText", {"text": "您好"})
    teacher.wait_until(lambda: page.get_by_test_id("line-text").input_value().endswith("您好"), "the words arrive")
    press(teacher, "Control+z")


def letter_sizes(teacher: Visitor) -> tuple[float, float, float]:
    """Pixels of ordinary text, of a line, and of the line that is edited."""
    teacher.page.locator(".captions-row").first.press("Enter")
    teacher.page.get_by_test_id("line-text").wait_for()
    measured = teacher.page.evaluate(
        "() => ['main', '.captions-words', '[data-testid=line-text]'].map("
        "(one) => parseFloat(getComputedStyle(document.querySelector(one)).fontSize))"
    )
    return measured[0], measured[1], measured[2]


def look_at_large_type(teacher: Visitor, desk: str) -> None:
    """Lines are larger than other text, the one that is edited larger still; all grow in the mode for older eyes."""
    text, line, edited = letter_sizes(teacher)
    assert text < line < edited
    assert edited >= 24
    teacher.open(f"{desk}?elder=1")
    elder_text, elder_line, elder_edited = letter_sizes(teacher)
    assert (elder_line, elder_edited) > (line, edited)
    assert elder_text < elder_line < elder_edited
    teacher.page.set_viewport_size({"width": 360, "height": 740})
    assert teacher.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_captions_are_edited_by_keyboard_and_read_by_a_resident(
    shelf: Shelf, visit: Callable[..., Visitor]
) -> None:
    teacher, resident = visit(TEACHER, **DESK), visit(**PHONE)
    desk = f"/studio/lectures/{shelf.lecture}/captions/zh-CN/desk"
    teacher.open(desk)
    assert "太快" not in teacher.page.content()
    edit_by_keyboard(teacher)
    type_with_an_input_method(teacher)
    wait_saved(teacher)

    teacher.context.set_offline(offline=True)
    teacher.page.get_by_test_id("line-text").focus()
    press(teacher, "Alt+ArrowDown", "End")
    teacher.page.keyboard.insert_text("，谢谢大家")
    teacher.page.wait_for_timeout(600)  # the browser keeps a change this soon, the server cannot
    teacher.page.close()
    teacher.context.set_offline(offline=False)
    teacher.page = teacher.context.new_page()
    teacher.open(desk)
    assert words(teacher)[-1] == "好，收势，谢谢大家"
    wait_saved(teacher)

    vtt = f"/lectures/{shelf.lecture}/captions/zh-CN.vtt"
    assert "學八断锦" in resident.context.request.get(vtt).text(), "residents see nothing of a draft"
    teacher.page.locator("#proofread").check()
    teacher.page.get_by_test_id("put-on").click()
    teacher.page.get_by_text("字幕已保存，居民现在看到的就是它。").wait_for()
    assert "校对于" in teacher.page.get_by_test_id("proof").inner_text()
    said = resident.context.request.get(vtt).text()
    assert "今天我们学八段锦" in said
    assert "00:00:06.500 --> 00:00:08.250\n两手慢慢往上托起来\n" in said
    assert "谢谢大家" in said
    assert "AIGC" not in said
    resident.open(f"/lectures/{shelf.lecture}")
    assert "字幕由机器生成" not in resident.page.content()
    look_at_large_type(teacher, desk)
    teacher.complaints = [each for each in teacher.complaints if "ERR_INTERNET_DISCONNECTED" not in each]
    teacher.leave()
    resident.leave()
