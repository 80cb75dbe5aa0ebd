"""A folder becomes lectures that residents watch: sent, looked through, filled in as a workbook, signed for once,
passed by three on their pages, one lecture returned and mended in between.

Everybody has a browser of their own; the jobs are done in this process. The table in detail: test_desk.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from app.web import assets
from tests.browser.desk.folders import TEACHER_COLUMN, TITLE, Desk, fill_folder, film
from tests.browser.journey.visitor import DESK, PHONE, Player, Visitor, visitors
from tests.browser.review.people import ask_for_three_levels, pass_what, return_with_a_remark, sign
from tests.fixtures.app import run_jobs
from tests.fixtures.stack import TEACHER, Stack, make_stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

#: The two films; what the other eight hold is no film at all.
FIRST, SECOND = "第01讲_认识八段锦_张老师.mp4", "第２讲＿预备式＿王教授.MP4"
NAMES = [
    FIRST, SECOND, "03-两手托天(上)-张老师.mp4", "第四讲 左右开弓.mp4", "5、调理脾胃.mp4",
    "【第6课】摇头摆尾（终版2）.mp4", "第7讲 - 攒拳怒目 - 副本.mp4", "第八讲 收势 1080p.mp4",
    "VID_20261123_101500.mp4", "MVI_0012.MOV",
]  # fmt: skip
TITLES = ("认识八段锦", "预备式")
MENDED = "认识八段锦：从起势开始"
#: Columns of the workbook, counted from one.
ABOUT_CELL, AUDIENCE_CELL, TOPIC_CELL, TEACHER_CELL = 7, 9, 10, 6


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    made = make_stack(tmp_path_factory.mktemp("folder"))
    try:
        ask_for_three_levels(made)
        made.start_web()
        yield made
    finally:
        made.stop()


@pytest.fixture
def visit(chromium: Any, stack: Stack) -> Iterator[Callable[..., Visitor]]:
    def agrees(visitor: Visitor) -> None:
        visitor.page.on("dialog", lambda dialog: dialog.accept())

    with visitors(chromium, stack.url, agrees) as begin:
        yield begin


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = fill_folder(tmp_path_factory.mktemp("files") / "八段锦全集", NAMES)
    film(place / FIRST, 12, black="between(t,2,7.9)")
    film(place / SECOND, 2)
    return place


def test_a_folder_becomes_lectures_that_residents_watch(
    stack: Stack, visit: Callable[..., Visitor], folder: Path, tmp_path: Path
) -> None:
    teacher = visit(TEACHER, **DESK)
    desk = Desk(teacher)
    batch = send_the_folder(desk, folder)
    run_jobs(stack.app)
    read_what_the_check_found(desk)
    fill_in_as_a_workbook(desk, tmp_path)
    lectures = send_in_what_is_ready(desk)
    reviewer, dean, officer = (visit(login, **DESK) for login in ("reviewer", "dean", "officer"))
    for title in TITLES:
        pass_what(reviewer, "全部内容", title)
    return_with_a_remark(dean, TITLES[0])
    pass_what(dean, "全部内容", TITLES[1])
    mend_and_send_in_again(teacher, lectures[0])
    pass_what(reviewer, "只看改动的：介绍", MENDED)
    pass_what(dean, "全部内容", MENDED)
    resident = visit(**PHONE)
    assert resident.context.request.get(f"/lectures/{lectures[0]}").status == 404
    for title in (MENDED, TITLES[1]):
        pass_what(officer, "全部内容", title)
    watch(resident, lectures)
    take_what_is_here(desk, folder)
    teacher.open(batch)
    assert "已经公开 2 讲" in teacher.page.get_by_test_id("send-in-words").inner_text()
    assert teacher.page.evaluate("window.violations") == []
    assert teacher.foreign == []
    for person in (reviewer, dean, officer, resident):
        person.leave()


def choose(desk: Desk, field: str, files: Path, *, course: str = "") -> None:
    desk.visitor.open("/studio/")
    desk.page.get_by_test_id("open-desk").click()
    desk.page.locator("[data-part=zone]").wait_for()  # the script is there
    desk.page.get_by_test_id(field).set_input_files(str(files))
    if course:
        desk.page.fill("[name=new_course]", course)
    desk.page.get_by_test_id("create-batch").click()
    desk.page.get_by_test_id("grid").wait_for()


def send_the_folder(desk: Desk, folder: Path) -> str:
    """Choose the folder; one draft a file with what its name says, all sent. Return the address of the batch."""
    choose(desk, "choose-folder", folder)
    overall = desk.page.get_by_test_id("overall")
    desk.visitor.wait_until(lambda: "已传完 10" in overall.inner_text(), "all ten are to be sent", 60)
    told = [(desk.text(row, TITLE), desk.text(row, TEACHER_COLUMN)) for row in map(desk.row_of, (FIRST, SECOND))]
    assert told == [(TITLES[0], "张老师"), (TITLES[1], "王教授")]
    assert "还是文件名" in desk.cell(desk.row_of("MVI_0012.MOV"), TITLE).inner_text()
    return desk.page.url.removeprefix(desk.visitor.address)


def read_what_the_check_found(desk: Desk) -> None:
    """The film without a picture is told with its second, what is no film as failed; nothing may be sent in yet."""
    page = desk.page
    page.reload()
    moment = desk.state(desk.row_of(FIRST)).locator(".state-at").first
    moment.wait_for()
    assert "2 秒" in moment.inner_text()
    assert page.locator(".row-state[data-phase=failed]").count() == 8
    assert "可以送审 0 讲，还不能送审 10 讲" in page.get_by_test_id("send-in-words").inner_text()


def fill_in_as_a_workbook(desk: Desk, tmp_path: Path) -> None:
    """Download the sheet, fill it in with one wrong word, be told where, mend it, import it."""
    page = desk.page
    with page.expect_download() as begun:
        page.get_by_test_id("download-sheet").click()
    assert begun.value.suggested_filename == "八段锦全集.xlsx"
    book: Workbook = load_workbook(io.BytesIO(Path(begun.value.path()).read_bytes()))
    sheet, path = book.worksheets[0], tmp_path / "表格.xlsx"
    words = {TEACHER_CELL: "周老师", ABOUT_CELL: "跟着做。", AUDIENCE_CELL: "老年人群", TOPIC_CELL: "全民健康"}
    for line in range(2, 2 + len(NAMES)):
        for column, text in words.items():
            sheet.cell(line, column).value = text
    sheet.cell(7, AUDIENCE_CELL).value = "老人"
    book.save(path)
    page.locator("#sheet input[type=file]").set_input_files(path)
    page.get_by_test_id("import-sheet").click()
    problems = page.get_by_test_id("sheet-problems")
    assert problems.inner_text() == "第 7 行 · 适合人群：没有这个词“老人”；是不是“老年人群”？"
    sheet.cell(7, AUDIENCE_CELL).value = "老年人群"
    book.save(path)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="再导入一次").click()
    page.get_by_test_id("grid").wait_for()
    assert {desk.text(row, TEACHER_COLUMN) for row in range(len(NAMES))} == {"周老师"}
    assert "改了 10 讲" in page.locator(".notices").inner_text()


def send_in_what_is_ready(desk: Desk) -> list[str]:
    """Send in what may go of the batch, under one signature; return the lectures in the order of the table."""
    page = desk.page
    lectures = [
        str(page.locator("#desk-grid tbody tr").nth(desk.row_of(name)).get_attribute("data-id"))
        for name in (FIRST, SECOND)
    ]
    assert "可以送审 2 讲，还不能送审 8 讲" in page.get_by_test_id("send-in-words").inner_text()
    page.get_by_test_id("send-in-missing").locator("summary").click()
    missing = page.get_by_test_id("send-in-missing").locator("li")
    assert missing.count() == 8
    assert "视频还没有上传，或者还没有处理好。" in missing.first.inner_text()
    page.get_by_test_id("send-in").click()
    assert page.get_by_role("heading", level=1).inner_text() == "送审 2 讲"
    sign(desk.visitor, 2)
    return lectures


def mend_and_send_in_again(teacher: Visitor, lecture: str) -> None:
    """Read why it came back, change it, choose it in the list of what may be sent in."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    refusal = page.get_by_test_id("standing").inner_text()
    assert "第三秒的字请改好" in refusal
    assert "0:03" in refusal
    teacher.open(f"/studio/lectures/{lecture}/edit")
    page.fill("[name=title]", MENDED)
    page.get_by_role("button", name="保存").click()
    page.get_by_text("修改已保存").wait_for()
    teacher.open("/studio/")
    page.get_by_test_id("send-many").click()
    page.get_by_label(MENDED).check()
    page.get_by_test_id("choose-next").click()
    sign(teacher, 1)


def watch(resident: Visitor, lectures: list[str]) -> None:
    for lecture, title in zip(lectures, (MENDED, TITLES[1]), strict=True):
        assert resident.open(f"/lectures/{lecture}") == 200
        assert resident.page.locator("h1").inner_text() == title
    resident.open(f"/lectures/{lectures[0]}")
    player = Player(resident)
    player.play()
    player.plays_on()


def take_what_is_here(desk: Desk, folder: Path) -> None:
    """Choose a film again for another batch: it is here already and not sent a second time."""
    page = desk.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PATCH" else None)
    choose(desk, "choose-files", folder / FIRST, course="补录")
    state = desk.state(0)
    state.locator("[data-answer=use]").click()
    desk.visitor.wait_until(lambda: state.get_attribute("data-phase") == "waiting", "it is taken")
    assert sent == []
