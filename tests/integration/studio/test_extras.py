"""Beside a lecture: its own cover, handouts, co-owners; and what drafts of an institution begin with."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from app.kernel.db import reading
from app.library.beside import beside_of
from app.library.models import Lecture, LectureState
from app.media.files_beside import COVER_MAX_BYTES, attachment_key, cover_key, known_keys
from app.media.sweeping import find_missing, find_orphans
from app.studio.listing import list_lectures
from tests.fixtures.app import make_institution
from tests.integration.studio.college import FULL, Browser, College, find_lecture, give_media, in_work
from tests.integration.studio.test_desk import made

EXTRAS = "/studio/lectures/{}/extras"


def picture(size: tuple[int, int] = (800, 600), kind: str = "JPEG") -> bytes:
    image, out = Image.new("RGB", size, (200, 30, 30)), io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "somebody's garden"
    exif[0x0112] = 6  # taken with the phone upright
    image.save(out, kind, exif=exif)
    return out.getvalue()


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name in ("[Content_Types].xml", *names):
            package.writestr(name, "<x/>")
    return out.getvalue()


def give_cover(browser: Browser, lecture_id: str, data: bytes) -> TestResponse:
    return browser.post_file(f"/studio/lectures/{lecture_id}/cover", "cover", data, "a.jpg")


def attach(browser: Browser, lecture_id: str, data: bytes, name: str) -> TestResponse:
    return browser.post_file(f"/studio/lectures/{lecture_id}/attachments", "attachment", data, name)


def publish(app: Flask, lecture_id: str) -> None:
    def do(db) -> None:
        lecture = db.query(Lecture).filter_by(public_id=lecture_id).one()
        lecture.state, lecture.published_at = LectureState.PUBLISHED, lecture.created_at

    in_work(app, do)


# --- covers ---------------------------------------------------------------------------------------------------------


def test_an_own_cover_is_made_anew_and_shown_everywhere(app: Flask, teacher: Browser, lecture_id: str):
    give_media(app, lecture_id)
    assert give_cover(teacher, lecture_id, picture()).status_code == 303
    sha256 = find_lecture(app, lecture_id).cover_sha256
    address = f"/{cover_key(sha256)}"
    assert address in teacher.get("/studio/")
    assert address in teacher.get(f"/lectures/{lecture_id}")
    assert app.test_client().get(address).status_code == 404, "a draft's picture is nobody's business"
    publish(app, lecture_id)
    answer = app.test_client().get(address, buffered=True)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.data)) as made_anew:
        assert made_anew.size == (1280, 720)
        assert not made_anew.getexif()
    assert b"garden" not in answer.data
    assert teacher.post(f"/studio/lectures/{lecture_id}/cover/remove").status_code == 303
    assert find_lecture(app, lecture_id).cover_sha256 == ""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422), (b"<svg onload=alert(1)>", 422), (picture()[:300], 422), (picture((100, 100)), 422),
        (b"GIF89a" + b"\0" * 50, 422),
        (b"\xff" * (COVER_MAX_BYTES + 1), 413),
    ],
)  # fmt: skip
def test_what_is_no_picture_changes_nothing(
    app: Flask, teacher: Browser, lecture_id: str, data: bytes, status: int
):
    assert give_cover(teacher, lecture_id, data).status_code == status
    assert find_lecture(app, lecture_id).cover_sha256 == ""


def test_strangers_store_nothing(app: Flask, browser_of: Callable[[str], Browser], lecture_id: str):
    stranger = browser_of("stranger")
    assert give_cover(stranger, lecture_id, picture()).status_code == 404
    assert attach(stranger, lecture_id, b"%PDF-1.7 a", "a.pdf").status_code == 404
    assert stranger.client.get(EXTRAS.format(lecture_id)).status_code == 404
    storage = app.extensions["platform"].storage
    assert not list(storage.list_keys("covers/"))
    assert not list(storage.list_keys("attachments/"))


# --- handouts -------------------------------------------------------------------------------------------------------


def test_a_handout_is_offered_for_saving_and_never_opened(app: Flask, teacher: Browser, lecture_id: str):
    script = b"%PDF-1.7 <script>alert(1)</script>"
    assert attach(teacher, lecture_id, script, '../..\\讲义_第1讲?.html').status_code == 303
    publish(app, lecture_id)
    page = app.test_client().get(f"/lectures/{lecture_id}").get_data(as_text=True)
    address = page.split('data-testid="handouts"')[1].split('href="')[1].split('"')[0]
    answer = app.test_client().get(address, buffered=True)
    assert (answer.status_code, answer.data, answer.content_type) == (200, script, "application/pdf")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert "filename*=UTF-8''%E8%AE%B2%E4%B9%89_%E7%AC%AC1%E8%AE%B2.pdf" in disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert app.test_client().get(address.rpartition("/")[0] + "/nothing-here").status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.4\n...", "a.exe", "pdf"), (office("word/document.xml"), "a.zip", "docx"),
        (office("ppt/presentation.xml"), "a.docx", "pptx"), ("讲稿。\n第一段".encode("gb18030"), "a", "txt"),
        (office("a.txt"), "a.docx", None), (office("word/document.xml", "word/vbaProject.bin"), "a.docx", None),
        (b"PK\x03\x04broken", "a.docx", None), (b"MZ\x90\0\x03" * 40, "a.pdf", None), (b"", "a.pdf", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, "a.doc", None), (b"Rar!\x1a\x07\x00", "a.txt", None),
    ],
)  # fmt: skip
def test_what_a_file_is_tells_its_content(
    app: Flask, teacher: Browser, lecture_id: str, data: bytes, *, name: str, kind: str | None
):
    status = attach(teacher, lecture_id, data, name).status_code
    with app.app_context(), reading() as db:
        kept = beside_of(db, find_lecture(app, lecture_id)).handouts
    assert (status, [each.kind for each in kept]) == ((303, [kind]) if kind else (422, []))


def test_the_same_handout_twice_is_one_and_a_removed_one_is_gone(app: Flask, teacher: Browser, lecture_id: str):
    for _ in range(2):
        attach(teacher, lecture_id, b"%PDF-1.7 a", "a.pdf")
    with app.app_context(), reading() as db:
        (row,) = beside_of(db, find_lecture(app, lecture_id)).handouts
    teacher.post(f"/studio/lectures/{lecture_id}/attachments/{row.public_id}/remove")
    assert "还没有讲义" in teacher.get(EXTRAS.format(lecture_id))


def test_the_sweep_knows_what_rows_know(app: Flask, teacher: Browser, lecture_id: str):
    attach(teacher, lecture_id, b"%PDF-1.7 a", "a.pdf")
    give_cover(teacher, lecture_id, picture())
    storage = app.extensions["platform"].storage
    storage.put_bytes(attachment_key("0" * 64), b"left over", "application/pdf")
    storage.put_bytes(cover_key("0" * 64), b"left over", "image/webp")
    objects = [*storage.list_keys("covers/"), *storage.list_keys("attachments/")]
    assert len(objects) == 4
    with app.app_context(), reading() as db:
        known = known_keys(db)
        orphans = find_orphans(db, objects, older_than=timedelta(seconds=-5))
        missing = find_missing(db, known - {min(known)}, recorded_before=find_lecture(app, lecture_id).created_at)
    assert orphans == {attachment_key("0" * 64), cover_key("0" * 64)}
    assert missing == [min(known)]


# --- co-owners ------------------------------------------------------------------------------------------------------


def set_co_owners(browser: Browser, lecture_id: str, names: str, version: int) -> TestResponse:
    return browser.post(f"/studio/lectures/{lecture_id}/co-owners", co_owners=names, version=str(version))


def test_co_owners_are_shown_and_their_admins_may_edit(app: Flask, teacher: Browser, college: College, lecture_id: str):
    other = in_work(app, lambda db: make_institution(db, name="友好社区学院").id)
    admin, contributor = (college.admin.__class__(90 + n, "", "", (college.admin.grants[0].__class__(role, other),))
                          for n, role in enumerate(("institution_admin", "contributor")))  # fmt: skip
    with app.app_context(), reading() as db:
        assert list_lectures(db, admin).total == 0
    assert set_co_owners(teacher, lecture_id, "友好社区学院、", 1).status_code == 303
    with app.app_context(), reading() as db:
        assert list_lectures(db, admin).total == 1
        assert list_lectures(db, contributor).total == 0, "only admins of a co-owner may"
    publish(app, lecture_id)
    assert "友好社区学院" in app.test_client().get(f"/lectures/{lecture_id}").get_data(as_text=True)
    assert set_co_owners(teacher, lecture_id, "", 1).status_code == 412
    assert set_co_owners(teacher, lecture_id, "", 2).status_code == 303
    with app.app_context(), reading() as db:
        assert list_lectures(db, admin).total == 0


@pytest.mark.parametrize("names", ["没有的学院", "自己", "甲、乙、丙、丁、戊、己"])
def test_odd_co_owners_are_told_and_kept_in_the_field(
    app: Flask, teacher: Browser, college: College, lecture_id: str, names: str
):
    page = set_co_owners(teacher, lecture_id, names, 1)
    assert page.status_code == 422
    assert f'value="{names}"' in page.get_data(as_text=True)
    assert find_lecture(app, lecture_id).version == 1


# --- defaults -------------------------------------------------------------------------------------------------------

CHOSEN = {
    "teacher": "吴老师", "tags": "晨练、养生", "audience": ["elder"], "topic": ["public_health"], "language": "mn",
    "resource_type": "lecture", "licence": "cc_by", "version": "0", "difficulty": ["zero"], "speech": ["northeastern"],
}


def test_drafts_begin_with_the_institutions_defaults(
    app: Flask, browser_of: Callable[[str], Browser], teacher: Browser, college: College
):
    admin, address = browser_of("admin"), f"/studio/institutions/{college.public_id}/defaults"
    assert admin.post(address, **CHOSEN).status_code == 303
    assert 'value="吴老师"' in admin.get(address)
    _, desk = made(teacher, college)
    cells = [row["cells"] for row in desk["rows"]]
    assert [each["teacher"] for each in cells] == ["吴老师", "张老师", "吴老师"], "a name tells more than a default"
    assert {(each["audience"], each["licence"], each["language"], each["resource_type"]) for each in cells} == {
        ("老年人群", "知识共享 署名 4.0", "Монгол", "讲座")
    }
    assert {(each["difficulty"], each["speech"]) for each in cells} == {("零基础", "东北话")}
    assert 'value="吴老师"' in teacher.get("/studio/lectures/new")
    assert teacher.client.get(address).status_code == 403


def test_two_admins_do_not_overwrite_each_other(browser_of: Callable[[str], Browser], college: College):
    admin, address = browser_of("admin"), f"/studio/institutions/{college.public_id}/defaults"
    admin.post(address, **CHOSEN)
    clash = admin.post(address, **{**CHOSEN, "teacher": "郑老师"})
    page = clash.get_data(as_text=True)
    assert clash.status_code == 412
    assert "吴老师" in page.split('data-testid="theirs"')[1]
    assert 'value="郑老师"' in page
    assert admin.post(address, **{**CHOSEN, "teacher": "郑老师", "version": "1"}).status_code == 303
    assert admin.post(address, **{**CHOSEN, "licence": "odd", "version": "2"}).status_code == 422
    assert FULL.teacher not in admin.get(address)
