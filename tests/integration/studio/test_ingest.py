"""`flask studio ingest`: a disk and a table become drafts, twice the same, one bad row holding nobody up."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from flask import Flask

from app.library.models import Lecture
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
