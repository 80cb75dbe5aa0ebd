"""The sheet of a batch: out, filled in, in again; what is wrong in it, row by row; what must never be opened."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from werkzeug.test import TestResponse

from app.studio.desk import sheet_in
from tests.integration.studio.college import Browser, College, find_lecture
from tests.integration.studio.test_desk import made, save

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://a.test","b")', "=cmd|' /C calc'!A0"]


@pytest.fixture
def batch(teacher: Browser, college: College) -> tuple[str, dict[str, Any]]:
    return made(teacher, college)


def download(browser: Browser, address: str) -> bytes:
    answer = browser.client.get(f"{address}/sheet.xlsx")
    assert answer.status_code == 200
    return answer.data


def filled(data: bytes, fill: Callable[[Any], None]) -> bytes:
    book = load_workbook(io.BytesIO(data))
    fill(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(browser: Browser, address: str, data: bytes) -> TestResponse:
    return browser.post_file(f"{address}/sheet", "sheet", data, "sheet.xlsx")


def problems(answer: TestResponse) -> list[str]:
    page = answer.get_data(as_text=True)
    found = page.split('data-testid="sheet-problems">')[1].split("</ul>")[0]
    return [re.sub(r"<[^>]+>", "", item).strip() for item in re.findall(r"<li>(.*?)</li>", found, re.DOTALL)]


# Columns of the sheet, as a person sees them.
NUMBER, TITLE, TEACHER, ABOUT, TAGS, AUDIENCE, LEVEL, SPEECH = 4, 5, 6, 7, 8, 9, 12, 13


def test_out_filled_in_and_in_again(app: Flask, teacher: Browser, batch: tuple[str, dict[str, Any]]):
    address, desk = batch

    def fill(sheet: Any) -> None:
        for line in (2, 3, 4):
            sheet.cell(line, TITLE).value = f"第{line}行的标题"
            sheet.cell(line, TEACHER).value = "周老师"
            sheet.cell(line, AUDIENCE).value = "老年人群、社区居民"
        sheet.cell(2, NUMBER).value = 7  # Excel turns what looks like a number into one
        sheet.cell(2, LEVEL).value, sheet.cell(2, SPEECH).value = "零基础", "普通话、东北话"
        sheet.cell(3, ABOUT).value = "第一句。\n第二句。"

    answer = send(teacher, address, filled(download(teacher, address), fill))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    first, second = (find_lecture(app, desk["rows"][place]["id"]) for place in (0, 1))
    assert (first.title, first.teacher, first.position, first.version) == ("第2行的标题", "周老师", 7, 2)
    assert {term.key for term in first.terms} == {"elder", "resident", "zero", "mandarin", "northeastern"}
    assert second.description == "第一句。\n第二句。"


def test_what_was_not_touched_is_not_written(app: Flask, teacher: Browser, batch: tuple[str, dict[str, Any]]):
    address, desk = batch
    assert send(teacher, address, download(teacher, address)).status_code == 303
    assert "没有改动" in teacher.get(address)
    assert [find_lecture(app, row["id"]).version for row in desk["rows"]] == [1, 1, 1]


def test_lists_and_explanations_are_in_the_workbook(teacher: Browser, batch: tuple[str, dict[str, Any]]):
    book = load_workbook(io.BytesIO(download(teacher, batch[0])))
    assert book.sheetnames == ["讲座", "词表", "说明"]
    rules = {str(rule.sqref).split(":")[0]: rule for rule in book["讲座"].data_validations.dataValidation}
    assert rules["I2"].formula1.startswith("'词表'!")
    assert not rules["I2"].showErrorMessage, "several words may stand in one cell"
    assert rules["L2"].showErrorMessage
    assert "老年人群" in [cell.value for cell in book["词表"]["A"]]


def test_wrong_rows_are_told_and_nothing_changes(app: Flask, teacher: Browser, batch: tuple[str, dict[str, Any]]):
    address, desk = batch

    def fill(sheet: Any) -> None:
        sheet.cell(2, TITLE).value = "好的标题"
        sheet.cell(3, AUDIENCE).value = "老人"
        sheet.cell(4, TITLE).value = "长" * 121
        sheet.cell(5, TITLE).value = "自己加的一行"

    answer = send(teacher, address, filled(download(teacher, address), fill))
    assert answer.status_code == 422
    assert problems(answer) == [
        "第 3 行 · 适合人群：没有这个词“老人”；是不是“老年人群”？",
        "第 4 行 · 标题：标题最多 120 个字，现在有 121 个字。",
        "第 5 行：这一行没有编号。请不要自己加行，也不要改编号。",
    ]
    assert find_lecture(app, desk["rows"][0]["id"]).title == "两手托天"
    kept = re.search(r'name="rows" value="([^"]*)"', answer.get_data(as_text=True))
    assert kept
    rows = kept[1].replace("&#34;", '"')
    assert teacher.post(f"{address}/sheet/rows", rows=rows).status_code == 303
    lectures = [find_lecture(app, row["id"]) for row in desk["rows"]]
    assert [(lecture.title, lecture.version) for lecture in lectures] == [("好的标题", 2), ("收势", 1), ("MVI_0012", 1)]


def test_rows_changed_meanwhile_are_not_overwritten(app: Flask, teacher: Browser, batch: tuple[str, dict[str, Any]]):
    address, desk = batch
    sheet = download(teacher, address)
    assert save(teacher, desk, 1, 1, title="网页上改的").status_code == 200

    def fill(rows: Any) -> None:
        rows.cell(3, TITLE).value = "表格里改的"
        rows.cell(4, 1).value = rows.cell(2, 1).value

    answer = send(teacher, address, filled(sheet, fill))
    assert [line.split("：")[0] for line in problems(answer)] == ["第 3 行", "第 4 行"]
    assert "下载表格以后有人改过" in problems(answer)[0]
    assert find_lecture(app, desk["rows"][1]["id"]).title == "网页上改的"


def test_formulas_are_neither_written_nor_taken(app: Flask, teacher: Browser, batch: tuple[str, dict[str, Any]]):
    address, desk = batch
    for place, text in enumerate(FORMULAS[:3]):
        answer = save(teacher, desk, place, 1, title=text, tags="@a", description=FORMULAS[4 + place % 3])
        assert answer.status_code == 200
    data = download(teacher, address)
    package = zipfile.ZipFile(io.BytesIO(data))
    for name in package.namelist():
        if name.startswith("xl/worksheets/"):
            assert b"<f>" not in package.read(name)
            assert b"<f " not in package.read(name)
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    assert [sheet.cell(line, TITLE).data_type for line in (2, 3, 4)] == ["s", "s", "s"]
    assert all(sheet.cell(line, TITLE).quotePrefix for line in (2, 3, 4))
    assert send(teacher, address, data).status_code == 303  # its own texts come back as texts

    answer = send(teacher, address, filled(data, lambda rows: setattr(rows.cell(2, TITLE), "value", "=A1&B1")))
    assert problems(answer) == ["第 2 行 · 标题：这一格是公式。请改成文字，或者用“选择性粘贴”里的“数值”。"]
    assert find_lecture(app, desk["rows"][0]["id"]).title == "=1+1"


def package_of(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


def lying_about_sizes() -> bytes:
    """A part that says it unpacks to ten bytes and unpacks to thirty million."""
    data = package_of(**{"[Content_Types].xml": b"x", "xl/a.xml": b"a" * 30_000_000})
    size = (30_000_000).to_bytes(4, "little")
    return data.replace(size, (10).to_bytes(4, "little"))


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>'
HOSTILE = {
    "empty": (b"", 422),
    "no zip": (b"PK\x03\x04 not really", 422),
    "html": (b"<table><tr><td>1</td></tr></table>", 422),
    "old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, 422),
    "zip of something": (package_of(a=b"1"), 422),
    "zip bomb": (package_of(**{"[Content_Types].xml": b"x", "xl/a.xml": b"\0" * 60_000_000}), 413),
    "many parts": (package_of(**{"[Content_Types].xml": b"x", **{f"xl/{n}.xml": b"" for n in range(300)}}), 413),
    "sizes that lie": (lying_about_sizes(), 422),
    "entities": (package_of(**{"[Content_Types].xml": b"x", "xl/workbook.xml": BOMB}), 422),
    "entities in utf-16": (package_of(**{"[Content_Types].xml": b"x", "a.xml": BOMB.decode().encode("utf-16")}), 422),
    "no workbook inside": (package_of(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<a/>"}), 422),
    "too large": (b"PK" + bytes(sheet_in.FILE_MAX_BYTES + 10), 413),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_before_they_are_parsed(
    app: Flask, teacher: Browser, batch: tuple[str, dict[str, Any]], name: str
):
    data, status = HOSTILE[name]
    answer = send(teacher, batch[0], data)
    assert answer.status_code == status, answer.get_data(as_text=True)[-500:]
    assert 'data-testid="sheet-problem"' in answer.get_data(as_text=True)


def huge(cells: dict[str, Any]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for place, value in cells.items():
        book.active[place] = value
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"A1": "编号", "B1": "版本", "C1": "标题", "A2": "x", "B2": 1, "C2": "长" * 30000}, "这一格太长"),
        ({"A1": "编号", "B1": "版本", "A900": "x"}, "表格的行太多"),
        ({"A1": "标题"}, "没有“编号”这一列"),
        ({"A1": "编号", "B1": "版本", "XFD1048576": "远"}, "没有改动"),
    ],
)
def test_huge_cells_and_far_away_ones(
    teacher: Browser, batch: tuple[str, dict[str, Any]], cells: dict[str, Any], words: str
):
    answer = send(teacher, batch[0], huge(cells))
    page = teacher.get(batch[0]) if answer.status_code == 303 else answer.get_data(as_text=True)
    assert words in page


@pytest.mark.parametrize("rows", ["", "[", "3", '[["a"]]', '[[1, 2, 3, 4]]', "[" * 10000])
def test_kept_rows_that_were_tampered_with(teacher: Browser, batch: tuple[str, dict[str, Any]], rows: str):
    assert teacher.post(f"{batch[0]}/sheet/rows", rows=rows).status_code == 422
