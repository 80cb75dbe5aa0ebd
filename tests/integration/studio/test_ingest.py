"""`flask studio ingest`: a disk and a table become drafts, twice the same, one bad row holding nobody up."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.kernel.db import reading
from app.library.models import Course, Lecture
from app.media.models import Source
from tests.integration.studio.college import College
from tests.integration.studio.test_upload_door import rows

ROWS = [
    ["文件", "标题", "主讲人", "标签"],
    ["第03讲_八段锦_张老师.mp4", "八段锦第三讲", "张老师", "养生、八段锦"],
    ["sub/b.mp4", "=1+1", "张老师", ""],
    ["../outside.mp4", "x", "", ""],
    ["link.mp4", "x", "", ""],
    ["missing.mp4", "x", "", ""],
    ["empty.mp4", "x", "", ""],
    ["long.mp4", "长" * 500, "", ""],
]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "outside.mp4").write_bytes(b"secret")
    (folder / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    for name, data in (("第03讲_八段锦_张老师.mp4", b"a" * 999), ("sub/b.mp4", b"b"), ("empty.mp4", b"")):
        (folder / name).write_bytes(data)
    (folder / "long.mp4").write_bytes(b"c")
    return folder


def run(
    app: Flask, college: College, disk: Path, manifest: Path, login: str = "teacher"
) -> tuple[int, list[list[str]]]:
    arguments = ["studio", "ingest", str(disk), "--manifest", str(manifest)]
    done = app.test_cli_runner().invoke(args=[*arguments, "--institution", college.public_id, "--as", login])
    return done.exit_code, list(csv.reader(io.StringIO(done.output)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_disk_becomes_drafts_once(app: Flask, college: College, disk: Path, encoding: str) -> None:
    manifest = disk / "list.csv"
    text = io.StringIO()
    csv.writer(text).writerows(ROWS)
    manifest.write_text(text.getvalue(), encoding=encoding)
    code, report = run(app, college, disk, manifest)
    assert code == 1, "some rows were refused"
    assert [line[2] for line in report] == ["created", "created"] + 5 * ["refused"]
    assert all(line[4] for line in report[2:]), "each with a sentence"
    code, again = run(app, college, disk, manifest)
    assert [line[2] for line in again] == ["known", "known"] + 5 * ["refused"]
    assert [line[3] for line in again[:2]] == [line[3] for line in report[:2]]
    assert [lecture.title for lecture in rows(app, Lecture)] == ["八段锦第三讲", "=1+1"]
    assert {source.size_bytes for source in rows(app, Source)} == {999, 1}
    for source in rows(app, Source):
        assert app.extensions["platform"].storage.stat(source.storage_key).size_bytes == source.size_bytes


def test_who_may_not_and_what_is_no_table(app: Flask, college: College, disk: Path) -> None:
    manifest = disk / "list.csv"
    manifest.write_text("文件,标题,主讲人\nsub/b.mp4,讲座,张老师\n", encoding="utf-8")
    code, report = run(app, college, disk, manifest, login="stranger")
    assert (code, report[0][2]) == (1, "refused")
    assert run(app, college, disk, manifest, login="nobody")[0] == 1
    manifest.write_text("标题\n讲座\n", encoding="utf-8")
    assert run(app, college, disk, manifest)[0] == 1
    (disk / "list.xlsx").write_bytes(b"no zip")
    assert run(app, college, disk, disk / "list.xlsx")[0] == 1
    assert rows(app, Lecture) == []


HEADINGS = [
    "文件", "课程", "序号", "标题", "主讲人", "内容简介", "标签", "适合人群", "话题", "教育类别", "类型", "语言",
    "使用许可",
]  # fmt: skip
GOOD = [
    "第03讲_八段锦_张老师.mp4", "八段锦", 3.0, "八段锦第三讲", "张老师", "第一段。\n第二段。", "养生、八段锦",
    "老年人群、社区居民", "全民健康", "老年教育", "直播回放", "中文", "知识共享 署名 4.0",
]  # fmt: skip


def write_xlsx(path: Path, *lines: list[object]) -> Path:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    book.create_sheet("说明").append(["这一张不读"])
    book.save(path)
    return path


def said(app: Flask) -> list[tuple[object, ...]]:
    with app.app_context(), reading() as db:
        found = db.scalars(select(Lecture).options(selectinload(Lecture.terms)).order_by(Lecture.id))
        courses = dict(db.execute(select(Course.id, Course.title)).all())
        return [
            (each.title, each.teacher, each.description, each.tags, sorted(term.key for term in each.terms),
             each.resource_type, each.language, each.licence, each.position, courses.get(each.course_id))
            for each in found
        ]  # fmt: skip


def test_a_workbook_says_everything_of_a_lecture(app: Flask, college: College, disk: Path) -> None:
    alone = ["sub/b.mp4", "八段锦"]
    manifest = write_xlsx(disk / "list.xlsx", HEADINGS, GOOD, [], alone)
    code, report = run(app, college, disk, manifest)
    assert (code, [line[:3] for line in report]) == (
        0, [["2", GOOD[0], "created"], ["4", "sub/b.mp4", "created"]],
    )  # fmt: skip
    assert said(app) == [
        ("八段锦第三讲", "张老师", "第一段。\n第二段。", ["养生", "八段锦"],
         ["elder", "elder", "public_health", "resident"], "replay", "zh-CN", "cc_by", 3, "八段锦"),
        ("b", "", "", [], [], "micro_course", "zh-CN", "platform_public_good", 0, "八段锦"),
    ]  # fmt: skip
    assert run(app, college, disk, manifest) == (0, [[*line[:2], "known", *line[3:]] for line in report])


def test_nothing_of_a_wrong_row_is_written(app: Flask, college: College, disk: Path) -> None:
    wrong = {
        7: "老人", 2: "第三讲", 10: "微电影", 11: "世界语", 12: "随便用", 1: "课" * 200, 3: "长" * 500, 5: "=1+1",
    }  # fmt: skip
    lines = [[*GOOD[:place], value, *GOOD[place + 1 :]] for place, value in wrong.items()]
    nameless = ["", *GOOD[1:]]
    manifest = write_xlsx(disk / "list.xlsx", HEADINGS, *lines, nameless, ["sub/b.mp4", "", "", "好的一行"])
    code, report = run(app, college, disk, manifest)
    assert (code, [line[2] for line in report]) == (1, [*["refused"] * 9, "created"])
    told = [line[4] for line in report]
    assert told[0] == "适合人群：没有这个词“老人”；是不是“老年人群”？"
    assert [sentence.split("：")[0] for sentence in told[:8]] == [HEADINGS[place] for place in wrong]
    assert told[7] == "内容简介：这一格是公式。请改成文字，或者用“选择性粘贴”里的“数值”。"
    assert told[8] == "这一行没有写文件。"
    assert [row[0] for row in said(app)] == ["好的一行"]
    assert rows(app, Course) == []
    kept = [item.key for item in app.extensions["platform"].storage.list_keys("sources/")]
    assert kept == [source.storage_key for source in rows(app, Source)], "no file of a refused row is in the store"


def test_two_columns_of_one_meaning_are_refused(app: Flask, college: College, disk: Path) -> None:
    manifest = write_xlsx(disk / "list.xlsx", ["文件", "简介", "内容简介"], ["sub/b.mp4", "甲", "乙"])
    assert run(app, college, disk, manifest)[0] == 1
    assert rows(app, Lecture) == []
