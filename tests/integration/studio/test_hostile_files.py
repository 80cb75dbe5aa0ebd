"""Files that are made to do harm: bombs as handouts and manifests, huge cells, formulas, names that lead elsewhere."""

from __future__ import annotations

import csv
import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import Workbook

from app.kernel.errors import InvalidInput
from app.library.models import Lecture
from app.media import files_beside
from app.media.models import Source
from app.studio.manifest import ROWS_MAX, read_manifest
from tests.integration.studio.college import Browser, College
from tests.integration.studio.test_desk_sheet import BOMB, lying_about_sizes, package_of
from tests.integration.studio.test_extras import attach
from tests.integration.studio.test_ingest import run
from tests.integration.studio.test_upload_door import rows

TYPES = {"[Content_Types].xml": b"<Types/>"}
MIB = 1024 * 1024
UNPACKED_MAX_BYTES = 64 * MIB


def many_parts(count: int) -> bytes:
    """A zip whose list names one and the same empty part over and over, next to nothing for each."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("[Content_Types].xml", b"")
    data = out.getvalue()
    end = data.rindex(b"PK\x05\x06")
    begin = data.index(b"PK\x01\x02")
    listed = data[begin:end] * count
    sizes = struct.pack("<HHII", count & 0xFFFF, count & 0xFFFF, len(listed), begin)
    return data[:begin] + listed + b"PK\x05\x06\0\0\0\0" + sizes + b"\0\0"


def big_document() -> bytes:
    """A document of some hundred kilobytes that unpacks to more than `UNPACKED_MAX_BYTES`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("[Content_Types].xml", b"<Types/>")
        with package.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(1 + UNPACKED_MAX_BYTES // MIB):
                part.write(bytes(MIB))
    return out.getvalue()


@pytest.fixture
def bomb(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The real limit, a gibibyte, takes seconds to pack; what is asked is the same with a small one."""
    assert files_beside._UNPACKED_MAX_BYTES == 20 * files_beside.ATTACHMENT_MAX_BYTES
    monkeypatch.setattr(files_beside, "_UNPACKED_MAX_BYTES", UNPACKED_MAX_BYTES)
    return big_document()


def test_a_document_that_unpacks_to_too_much_is_no_handout(
    app: Flask, teacher: Browser, lecture_id: str, bomb: bytes
) -> None:
    assert len(bomb) < MIB
    for name in ("讲义.docx", "讲义.zip", "讲义.pptx"):
        assert attach(teacher, lecture_id, bomb, name).status_code == 413
    assert not list(app.extensions["platform"].storage.list_keys("attachments/"))


@pytest.mark.parametrize("count", [6000, 600_000])
def test_a_zip_of_more_parts_than_memory_has_room_for_is_not_even_listed(count: int) -> None:
    data = many_parts(count)
    assert len(data) < files_beside.ATTACHMENT_MAX_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput):
            files_beside.read_attachment(io.BytesIO(data), "a.docx")
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_a_zip_within_a_zip_stays_packed(teacher: Browser, lecture_id: str, bomb: bytes) -> None:
    """Nothing here unpacks a handout, so what lies in it costs nobody anything."""
    inner = package_of(**TYPES, **{"word/document.xml": b"<w/>", "word/embeddings/a.zip": bomb})
    assert attach(teacher, lecture_id, inner, "a.docx").status_code == 303


def workbook(cells: dict[str, object]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for place, value in cells.items():
        book.active[place] = value
    book.save(out)
    return out.getvalue()


HOSTILE_MANIFESTS = {
    "zip bomb.xlsx": package_of(**TYPES, **{"xl/a.xml": bytes(60_000_000)}),
    "sizes that lie.xlsx": lying_about_sizes(),
    "entities.xlsx": package_of(**TYPES, **{"xl/workbook.xml": BOMB}),
    "many parts.xlsx": many_parts(20_000),
    "no workbook.xlsx": package_of(**TYPES, **{"xl/workbook.xml": b"<a/>"}),
    "huge cell.csv": b"file,title\na.mp4," + b"x" * 200_000 + b"\n",
    "huge.csv": b"file\n" + b"a.mp4\n" * (3 * MIB),
    "too many rows.csv": b"file\n" + b"a.mp4\n" * (ROWS_MAX + 1),
    "zeros.csv": bytes(MIB),
}


@pytest.mark.parametrize("name", HOSTILE_MANIFESTS)
def test_hostile_manifests_are_refused_in_bounded_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE_MANIFESTS[name])
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput):
            read_manifest(path)
        assert tracemalloc.get_traced_memory()[1] < 96 * MIB
    finally:
        tracemalloc.stop()


def test_huge_cells_of_a_manifest_are_told_and_far_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    cells = {"A1": "文件", "B1": "标题", "A2": "a.mp4", "B2": "长" * 30_000, "XFD1048576": "远"}
    path.write_bytes(workbook(cells))
    (row,) = read_manifest(path)
    assert row.cells.keys() == {"file", "title"}
    assert row.problems == {"title": "这一格太长。"}
    (tmp_path / "list.csv").write_text('文件,标题\na.mp4,"两行\n标题"\n', encoding="utf-8")
    assert [row.cells["title"] for row in read_manifest(tmp_path / "list.csv")] == ["两行\n标题"]


def test_formulas_of_a_manifest_are_texts_and_their_report_too(app: Flask, college: College, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    for name in ("a.mp4", "=cmd.mp4"):
        (disk / name).write_bytes(name.encode())
    book = workbook({"A1": "文件", "B1": "标题", "A2": "a.mp4", "B2": "=1+1", "A3": "'=cmd.mp4", "A4": "=A2"})
    (disk / "list.xlsx").write_bytes(book)
    code, report = run(app, college, disk, disk / "list.xlsx")
    assert (code, [line[2] for line in report]) == (1, ["refused"] * 3)
    assert rows(app, Lecture) == [], "what Excel computes is not taken for what somebody wrote"
    text = io.StringIO()
    csv.writer(text).writerows([["文件", "标题"], ["=cmd.mp4", "=1+1"], ["@no.mp4", ""]])
    (disk / "list.csv").write_text(text.getvalue(), encoding="utf-8")
    code, report = run(app, college, disk, disk / "list.csv")
    assert [line[1:3] for line in report] == [["'=cmd.mp4", "created"], ["'@no.mp4", "refused"]]
    assert [lecture.title for lecture in rows(app, Lecture)] == ["=1+1"]


NAMES = {
    "../../../etc/passwd": "passwd", "....//....//a.mp4": "a.mp4", "/absolute/b.mp4": "b.mp4",
    "C:\\Windows\\c.mp4": "c.mp4", "\\\\host\\share\\d.mp4": "d.mp4", "..": "..", "/": "video",
    "%2e%2e%2fa.mp4": "%2e%2e%2fa.mp4", "a\0e.mp4": "ae.mp4", "\u202e4pm.exe": "4pm.exe", "=1+1.mp4": "=1+1.mp4",
    "<img src=x onerror=alert(1)>.mp4": "<img src=x onerror=alert(1)>.mp4",
}  # fmt: skip


def test_names_that_lead_elsewhere_name_nothing_on_any_disk(
    app: Flask, teacher: Browser, lecture_id: str, tmp_path: Path
) -> None:
    for number, (told, shown) in enumerate(NAMES.items()):
        before = {path for path in tmp_path.rglob("*") if path.is_file()}
        url = teacher.begin(lecture_id, 5, told).headers["Location"]
        assert teacher.patch(url, 0, b"%05d" % number).status_code == 204
        while app.extensions["platform"].runner.work_once("default"):
            pass
        made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
        assert {path.parent.parent.name for path in made if not path.name.startswith("app.db")} == {"sources"}, told
        assert rows(app, Source)[-1].filename == shown
        assert "<img src=x" not in teacher.get(f"/studio/lectures/{lecture_id}")
