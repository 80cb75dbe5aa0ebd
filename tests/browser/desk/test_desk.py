"""Thirty files with awkward names: drafts, reload, waiting for the night, sending, the table by keyboard, a clash.

What becomes of a batch, from its folder to the residents, is test_folder_to_residents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.kernel.db import unit_of_work
from app.library.models import Lecture
from tests.browser.desk.conftest import NAMES
from tests.browser.desk.folders import ABOUT, AUDIENCE, TEACHER_COLUMN, TITLE, Desk
from tests.browser.journey.visitor import DESK, PHONE, Visitor, visitors
from tests.fixtures.stack import TEACHER, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[3]
BLOCK = '起势，慢\t吴老师\t"第一句。\n第二句""慢""。"\t养生\t老年人群\r\n预备式\t吴老师\t站稳。\t\t社区居民\r\n'
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  const options = {clipboardData: data, bubbles: true, cancelable: true};
  document.activeElement.dispatchEvent(new ClipboardEvent('paste', options));
}"""

#: What an input method does first: its key must open the cell before the first letter comes.
INPUT_METHOD = """() => {
  const options = {key: 'Process', keyCode: 229, bubbles: true, cancelable: true};
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', options));
}"""


#: Ten thousand tiny files, chosen at once.
DROP_MANY = """() => {
  const all = new DataTransfer();
  for (let number = 0; number < 10000; number += 1) all.items.add(new File(['x'], `第${number}讲.mp4`));
  const input = document.querySelector('[data-testid=choose-files]');
  input.files = all.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}"""


@pytest.fixture
def visit(chromium: Any, desk_stack: Stack) -> Iterator[Callable[..., Visitor]]:
    def agrees(visitor: Visitor) -> None:
        visitor.page.on("dialog", lambda dialog: dialog.accept())

    with visitors(chromium, desk_stack.url, agrees) as begin:
        yield begin


def test_thirty_files_with_awkward_names(
    desk_stack: Stack, visit: Callable[..., Visitor], folder: Path
) -> None:
    visitor = visit(**DESK)
    desk = Desk(visitor)
    visitor.sign_in(TEACHER)
    make_drafts(desk, folder)
    continue_after_reload(desk, folder)
    fill_by_keyboard(desk)
    fill_down_and_mend(desk)
    settle_a_clash(desk, desk_stack)
    assert visitor.page.evaluate("window.violations") == []
    assert visitor.foreign == []
    look_at_it_on_a_phone(desk, visit)
    look_at_it_in_large_type(desk, visit)


def make_drafts(desk: Desk, folder: Path) -> None:
    """Choose the folder while no upload gets through; the drafts and what their names say are there all the same."""
    page = desk.page
    page.route("**/studio/uploads**", lambda route: route.abort())
    desk.visitor.open("/studio/")
    page.get_by_test_id("open-desk").click()
    page.locator("[data-part=zone]").wait_for()  # the script is there
    page.evaluate(DROP_MANY)
    problem = page.get_by_test_id("desk-problem")
    problem.wait_for()
    assert problem.inner_text() == "一次最多 300 个文件，现在有 10000 个。请分几次选。"
    assert page.get_by_test_id("create-batch").is_hidden()
    page.get_by_test_id("choose-folder").set_input_files(str(folder))
    chosen = page.get_by_test_id("chosen")
    desk.visitor.wait_until(lambda: "30" in chosen.inner_text(), "thirty files are chosen")
    assert "说明.docx" in chosen.inner_text()
    page.get_by_test_id("create-batch").click()
    page.get_by_test_id("grid").wait_for()
    desk.visitor.wait_until(lambda: "/studio/desk/" in page.url, "the batch has an address of its own")
    assert page.get_by_test_id("batch-title").inner_text() == folder.name
    for name, (title, teacher) in NAMES.items():
        row = desk.row_of(name)
        assert (desk.text(row, TITLE), desk.text(row, TEACHER_COLUMN)) == (title, teacher), name
    assert "还是文件名" in desk.cell(desk.row_of("MVI_0012.MOV"), TITLE).inner_text()


def continue_after_reload(desk: Desk, folder: Path) -> None:
    """Nothing was sent: after a reload each file waits, and choosing the folder again sends them."""
    page = desk.page
    page.unroute("**/studio/uploads**")
    page.reload()
    page.get_by_test_id("again").wait_for()
    assert desk.state(0).inner_text() == "等待文件"
    running = {"now": 0, "most": 0}

    def begins(request: Any) -> None:
        if request.method == "PATCH":
            running["now"] += 1
            running["most"] = max(running["most"], running["now"])

    def ends(request: Any) -> None:
        running["now"] -= request.method == "PATCH"

    page.on("request", begins)
    page.on("requestfinished", ends)
    page.on("requestfailed", ends)
    waits_for_the_night(desk, folder)
    assert running["most"] == 0
    page.get_by_test_id("upload-night").uncheck()
    overall = page.get_by_test_id("overall")
    desk.visitor.wait_until(lambda: "已传完 30" in overall.inner_text(), "all thirty are to be sent", 90)
    assert 1 <= running["most"] <= 6, "two to begin with, more where the line gains by it, never more than six"
    assert page.get_by_test_id("again").is_hidden()


def waits_for_the_night(desk: Desk, folder: Path) -> None:
    """At noon, with the files left for the night: each says what it waits for, and the way out is at hand."""
    page = desk.page
    page.clock.set_fixed_time("2026-11-23T12:00:00")
    page.locator(".upload-habits summary").click()
    page.get_by_test_id("upload-night").check()
    page.get_by_test_id("again-folder").set_input_files(str(folder))
    page.get_by_test_id("night-words").wait_for()
    assert "等到晚上十点" in page.locator("[data-phase=night]").first.inner_text()
    assert page.get_by_test_id("upload-night").is_visible()


def fill_by_keyboard(desk: Desk) -> None:
    """Type, move, undo, redo, paste a block with quotes; no mouse but for the first cell."""
    page, keys = desk.page, desk.page.keyboard
    desk.cell(0, TITLE).click()
    before = desk.text(0, TITLE)
    page.evaluate(INPUT_METHOD)
    keys.type("新的标题")
    keys.press("Enter")
    assert desk.text(0, TITLE) == "新的标题"
    assert desk.cell(1, TITLE).evaluate("cell => cell === document.activeElement")
    keys.press("Control+z")
    assert desk.text(0, TITLE) == before
    keys.press("Control+y")
    assert desk.text(0, TITLE) == "新的标题"
    keys.press("Control+Home")
    keys.press("ArrowRight")
    page.evaluate(PASTE, BLOCK)
    assert [desk.text(0, column) for column in (TITLE, ABOUT, AUDIENCE)] == [
        "起势，慢", '第一句。\n第二句"慢"。', "老年人群",
    ]  # fmt: skip
    desk.is_saved()


def fill_down_and_mend(desk: Desk) -> None:
    """Fill one word down, meet a wrong one, tick the right one instead."""
    page, keys = desk.page, desk.page.keyboard
    desk.cell(1, AUDIENCE).click()
    for _ in range(5):
        keys.press("Shift+ArrowDown")
    keys.press("Control+d")
    assert [desk.text(row, AUDIENCE) for row in range(1, 7)] == ["社区居民"] * 6
    page.evaluate(PASTE, "老人")
    keys.press("Escape")
    error = desk.cell(6, AUDIENCE).locator(".cell-error")
    error.wait_for()
    assert error.inner_text() == "没有这个词“老人”；是不是“老年人群”？"
    assert desk.cell(6, AUDIENCE).get_attribute("aria-invalid") == "true"
    keys.press("Enter")  # boxes to tick instead of a word to know
    page.get_by_role("checkbox", name="老年人群").check()
    keys.press("Enter")
    page.get_by_test_id("undo").click()
    page.get_by_test_id("redo").click()
    for row in range(1, 6):
        desk.cell(row, AUDIENCE).click()
        page.evaluate(PASTE, "老年人群")
    desk.is_saved()
    page.reload()
    assert desk.text(6, AUDIENCE) == "老年人群"


def settle_a_clash(desk: Desk, stack: Stack) -> None:
    """Somebody else saves in between: both texts are shown, and one's own may be kept."""
    row = desk.row_of("MVI_0012.MOV")
    public_id = desk.page.locator("#desk-grid tbody tr").nth(row).get_attribute("data-id")
    with stack.app.app_context(), unit_of_work() as db:
        values = {"title": "别人写的", "version": Lecture.version + 1}
        db.execute(update(Lecture).where(Lecture.public_id == public_id).values(values))
    desk.cell(row, TITLE).dblclick()
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.type("我写的")
    desk.page.keyboard.press("Tab")
    clash = desk.page.locator(".clash")
    clash.wait_for()
    assert "我写的" in clash.inner_text()
    assert "别人写的" in clash.inner_text()
    desk.page.locator("[data-keeps=mine]").click()
    desk.is_saved()
    desk.page.reload()
    assert desk.text(row, TITLE) == "我写的"


def look_at_it_on_a_phone(desk: Desk, visit: Callable[..., Visitor]) -> None:
    """One card a row, nothing wider than the screen, a tap opens a cell; axe finds nothing on either screen."""
    axe = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    phone = visit(**PHONE)
    phone.sign_in(TEACHER)
    phone.open(desk.page.url.removeprefix(phone.address).split("#")[0])
    card = Desk(phone)
    card.cell(0, TITLE).tap()
    phone.page.keyboard.press("Escape")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    for page in (desk.page, phone.page):
        page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
        page.reload()
        page.evaluate(axe)
        found = page.evaluate("window.axe.run(document.querySelector('main'), {resultTypes: ['violations']})")
        told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
        assert told == []


def look_at_it_in_large_type(desk: Desk, visit: Callable[..., Visitor]) -> None:
    """No page of the desk is wider than a small phone in elder mode, with an open cell or without."""
    phone = visit(ui="elder.auto.standard.zh", **PHONE)
    phone.sign_in(TEACHER)
    batch = desk.page.url.removeprefix(phone.address).split("#")[0]
    for path in ("/studio/", "/studio/desk", "/studio/uploads", batch):
        phone.open(path)
        assert phone.page.locator("html").get_attribute("data-mode") == "elder"
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360, path
    card = Desk(phone)
    for column in (TITLE, ABOUT, AUDIENCE):
        card.cell(0, column).tap()
        phone.page.keyboard.press("Enter")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360, column
        phone.page.keyboard.press("Escape")
