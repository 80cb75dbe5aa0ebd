"""A certificate: its figures frozen, its code verified by anybody, void when it was revoked, on paper in Chinese."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import ImageFile
from sqlalchemy import select, update

from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture, LectureState
from app.watching import pdf
from app.watching.certificates import spaced
from app.watching.models import Certificate, WatchDay
from tests.fixtures.app import csrf_token
from tests.integration.watching.conftest import School

SignIn = Callable[[str], FlaskClient]


def give_plays(app: Flask, title: str, plays: int, day: date = date(2026, 11, 20)) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.title == title)).one()
        db.add(WatchDay(lecture_id=lecture.id, day=day, plays=plays, listens=0, completions=3, watched_s=plays * 300))


def issue(client: FlaskClient, school: School, *, year: str = "2026", key: str = "") -> str:
    """Issue one through the form; return its code."""
    page = client.get("/watching/certificates").get_data(as_text=True)
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    form = {"csrf_token": csrf_token(client, "/watching/certificates"), "key": key or found[1]}
    answer = client.post("/watching/certificates", data={**form, "contribution": f"{school.institution}:{year}"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"].rpartition("/")[2]


def revoke(client: FlaskClient, code: str, reason: str) -> int:
    form = {"csrf_token": csrf_token(client, f"/watching/certificates/{code}/revoke"), "reason": reason}
    return client.post(f"/watching/certificates/{code}/revoke", data=form).status_code


def read(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def test_issued_verified_and_frozen(app: Flask, school: School, sign_in: SignIn, client: FlaskClient) -> None:
    give_plays(app, "八段锦", 40)
    give_plays(app, "=手机课", 9, date(2025, 12, 31))
    teacher = sign_in("teacher")
    code = issue(teacher, school)
    held = read(teacher, f"/watching/certificates/{code}")
    for words in ("2 讲，其中当年新公开 2 讲", "<dd>40</dd>", "<dd>200</dd>", "1 个，来自 1 个中心", spaced(code)):
        assert words in held

    give_plays(app, "八段锦", 100, date(2026, 11, 21))
    for typed in (code, spaced(code), code.upper().replace("", "-")):
        verified = client.get(f"/certificates/{typed}")
        assert verified.status_code == 200
        page = verified.get_data(as_text=True)
        assert "这张证书是真的" in page
        assert "测试contributor" in page
        assert "<dd>40</dd>" in page, "what was printed stays as it was"
        assert "noindex" in page
    assert client.get("/certificates", query_string={"code": spaced(code)}).status_code == 303


def test_the_same_wish_twice_is_one_and_a_newer_one_is_told(
    app: Flask, school: School, sign_in: SignIn, client: FlaskClient
) -> None:
    teacher = sign_in("teacher")
    first = issue(teacher, school, key="wish")
    assert issue(teacher, school, key="wish") == first
    second = issue(teacher, school)
    assert second != first
    assert "后来又开了一张新的证书" in read(client, f"/certificates/{first}")
    assert "后来又开了" not in read(client, f"/certificates/{second}")


def test_a_revoked_one_says_so(app: Flask, school: School, sign_in: SignIn, client: FlaskClient) -> None:
    teacher, admin = sign_in("teacher"), sign_in("admin")
    code = issue(teacher, school)
    assert revoke(teacher, code, "我不要了") == 403
    assert revoke(admin, code, "  ") == 422
    assert revoke(admin, code, "姓名写错") == 303
    assert revoke(admin, code, "再来一次") == 303
    page = read(client, f"/certificates/{code}")
    assert "这张证书已经作废" in page
    assert "姓名写错" in page
    assert "再来一次" not in page
    assert "这张证书是真的" not in page
    assert "已作废" in read(teacher, "/watching/certificates")


def test_there_is_no_such_certificate(school: School, client: FlaskClient, sign_in: SignIn) -> None:
    for code in ("zzzzzzzzzzzz", "x", "a" * 200, "%E4%BD%A0%E5%A5%BD"):
        assert client.get(f"/certificates/{code}").status_code == 404
    assert "这张证书是真的" not in read(client, "/certificates")
    code = issue(sign_in("teacher"), school)
    assert sign_in("stranger").get(f"/watching/certificates/{code}").status_code == 404


def test_nothing_to_certify(app: Flask, school: School, sign_in: SignIn) -> None:
    assert "还没有可以开的证书" in read(sign_in("stranger"), "/watching/certificates")
    teacher = sign_in("teacher")
    token = csrf_token(teacher, "/watching/certificates")
    for chosen, status in ((f"{school.institution}:1990", 409), ("nowhere:2026", 404), ("", 404), (":::", 404)):
        form = {"csrf_token": token, "key": f"k{chosen}", "contribution": chosen}
        assert teacher.post("/watching/certificates", data=form).status_code == status, chosen
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Lecture).values(state=LectureState.WITHDRAWN))
    form = {"csrf_token": token, "key": "k", "contribution": f"{school.institution}:2026"}
    assert teacher.post("/watching/certificates", data=form).status_code == 409
    with app.app_context(), reading() as db:
        assert db.scalars(select(Certificate)).all() == []


def test_on_paper(app: Flask, school: School, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("weasyprint", reason="WeasyPrint or its system libraries are missing", exc_type=OSError)
    if not pdf.has_chinese_font():
        pytest.skip("no Chinese font: apt-get install fonts-wqy-microhei")
    teacher = sign_in("teacher")
    code = issue(teacher, school)
    answer = teacher.get(f"/watching/certificates/{code}/certificate.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    parts = streams_of(answer.data)
    assert sum(len(re.findall(rb"/Type */Page\b(?!s)", each)) for each in parts) == 1
    assert any(b"pdfuaid" in each for each in [answer.data, *parts]), "read aloud by screen readers"
    assert any("贡" in letters_of(each) for each in parts), "drawn with a font that has the characters"
    assert not ImageFile.LOAD_TRUNCATED_IMAGES, "cut pictures among uploads are refused after this, too"

    monkeypatch.setattr(pdf, "has_chinese_font", lambda: False)
    missing = teacher.get(f"/watching/certificates/{code}/certificate.pdf")
    assert missing.status_code == 503
    assert "还不能生成 PDF" in missing.get_data(as_text=True)


def streams_of(document: bytes) -> list[bytes]:
    found = []
    for stream in re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return found


def letters_of(stream: bytes) -> str:
    """Characters a PDF's maps from glyphs to text name; the way screen readers take."""
    return "".join(
        bytes.fromhex(code.decode()).decode("utf-16-be", "ignore")
        for code in re.findall(rb"<[0-9a-fA-F]+> <([0-9a-fA-F]{4,})>", stream)
    )

