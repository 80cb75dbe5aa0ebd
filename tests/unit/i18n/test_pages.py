"""Pages speak the language the reader chose, and only that one, apart from what people and schools are called."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from app.accounts.models import Role
from app.kernel.db import unit_of_work
from app.library.models import LectureState
from dev import i18n
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, make_unit, make_user, run_jobs
from tests.fixtures.pages import stand_in_assets

__all__ = ["stand_in_assets"]

CHINESE = re.compile("[\u4e00-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{2,}")
#: Names the reader meets in Chinese everywhere.
CONTENT = ("云端学习资源库", "网课送到家 微课到手机", "社区教育指导服务中心", "周老师", "沈阳市", "沈河区", "中文")
#: Names that Chinese readers know in Latin letters, besides abbreviations in capitals (SRT, WCAG).
LATIN_NAMES = frozenset({"English", "JavaScript", "Whoosh", "Tantivy"})

PUBLIC = ["/", "/preferences", "/sign-in", "/lectures", "/search?q=TITLE", "/about", "/accessibility", "/playlists"]
PUBLIC += ["/browse", "/browse/city/shenyang", "/browse/topic/reading", "/find", "/find/any", "/find/any/any"]
PUBLIC += ["/wish", "/search?q=NOTHING"]
MISSING = ["/nowhere", "/lectures/nothere", "/q/1234567"]
STAFF = [
    (Role.CONTRIBUTOR, "/studio/"),
    (Role.CONTRIBUTOR, "/studio/lectures/new"),
    (Role.CURATOR, "/desk/playlists"),
    (Role.CURATOR, "/desk/playlists/new"),
    (Role.OPERATOR, "/admin/"),
    (Role.OPERATOR, "/admin/search-words"),
    (Role.CONTRIBUTOR, "/wishes"),
]


@pytest.fixture(autouse=True, scope="session")
def compiled() -> None:
    """Compile as set-up does: these tests must not depend on when that was."""
    for locale in i18n.LOCALES:
        i18n.compile_catalogue(i18n.catalogue_path(locale), locale)


@pytest.fixture
def people(app: Flask) -> None:
    """One of each kind, whose names are in Latin letters or stand in CONTENT, and a public lecture they made."""
    with app.app_context(), unit_of_work() as db:
        institution, unit = make_institution(db, name="SCHOOL"), make_unit(db, name="CENTRE")
        places = {Role.CONTRIBUTOR: {"institution_id": institution.id}, Role.CURATOR: {"unit_id": unit.id}}
        for role in (Role.CONTRIBUTOR, Role.CURATOR, Role.OPERATOR):
            make_user(db, role, login=role.value, **places.get(role, {})).display_name = "PERSON"
        make_lecture(db, institution, "TITLE", description="WORDS", terms=[("topic", term_key(db))])
        make_lecture(db, institution, "DRAFT", state=LectureState.DRAFT, description="WORDS")
    run_jobs(app)


def term_key(db: Session) -> str:
    """Return some topic of this year."""
    from app.library.queries import list_current_terms  # noqa: PLC0415 - beside its one use

    return next(term.key for term in list_current_terms(db) if term.scheme == "topic")


def chinese_in(page: str) -> set[str]:
    """Chinese in texts, attributes and the words handed to scripts."""
    page = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), unescape(page))
    for name in CONTENT:
        page = page.replace(name, "")
    return set(CHINESE.findall(page))


def latin_in(page: str) -> set[str]:
    """Latin words a reader sees or hears: texts, and the attributes that are read out."""
    shown = re.sub(r"(?s)<(script|style|svg|noscript|code)\b.*?</\1>", " ", page)
    heard = re.findall(r'\s(?:alt|title|placeholder|aria-label)="([^"]*)"', shown)
    text = " ".join([re.sub(r"<[^>]*>", " ", shown), *heard])
    text = re.sub(r"(?s)id=\"request-id\".*?<|\b[a-z0-9]{16}\b", " ", unescape(text))
    return {word for word in LATIN.findall(text) if word not in LATIN_NAMES and not word.isupper()}


def in_english(client: FlaskClient) -> FlaskClient:
    assert client.get("/?lang=en").status_code == 302
    return client


@pytest.mark.usefixtures("people")
def test_public_pages_are_in_english(client: FlaskClient):
    in_english(client)
    pages = {path: client.get(path) for path in PUBLIC}
    assert {path: answer.status_code for path, answer in pages.items()} == dict.fromkeys(PUBLIC, 200)
    assert {path: found for path, answer in pages.items() if (found := chinese_in(answer.text))} == {}
    assert "What shall we learn today?" in pages["/"].text
    assert "1 lecture found" in pages["/search?q=TITLE"].text
    assert 'lang="en"' in pages["/"].text


@pytest.mark.usefixtures("people")
def test_a_lecture_is_in_english(client: FlaskClient):
    in_english(client)
    address = re.search(r'href="(/lectures/[^"?/]+)"', client.get("/").text)
    assert address
    answer = client.get(address[1])
    assert answer.status_code == 200
    assert "Listen only" in answer.text
    assert chinese_in(answer.text) == set()


def test_errors_are_in_english(client: FlaskClient):
    in_english(client)
    pages = {path: client.get(path) for path in MISSING}
    assert {answer.status_code for answer in pages.values()} == {404}
    assert {path: found for path, answer in pages.items() if (found := chinese_in(answer.text))} == {}


def test_problems_told_to_programs_are_in_the_reader_s_language(client: FlaskClient):
    asked = {"Accept": "application/json"}
    chinese = client.get("/lectures/nothere", headers=asked).get_json()
    english = in_english(client).get("/lectures/nothere", headers=asked).get_json()
    assert (chinese["code"], chinese["detail"]) == ("not_found", "没有找到您要的内容。")
    assert (english["code"], english["detail"]) == ("not_found", "We could not find what you asked for.")


@pytest.mark.usefixtures("people")
def test_staff_pages_are_in_english(sign_in: Callable[[str], FlaskClient]):
    answers = {path: in_english(sign_in(role.value)).get(path) for role, path in STAFF}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {path: found for path, answer in answers.items() if (found := chinese_in(answer.text))} == {}


@pytest.mark.usefixtures("people")
def test_public_pages_have_no_english_left_in_chinese(client: FlaskClient):
    pages = {path: client.get(path) for path in [*PUBLIC, *MISSING]}
    assert {path: found for path, answer in pages.items() if (found := latin_in(answer.text))} == {}


@pytest.mark.usefixtures("people")
def test_staff_pages_have_no_english_left_in_chinese(sign_in: Callable[[str], FlaskClient]):
    answers = {path: sign_in(role.value).get(path) for role, path in STAFF}
    assert {path: found for path, answer in answers.items() if (found := latin_in(answer.text))} == {}


def test_plural_forms_follow_the_number(app: Flask):
    from flask_babel import force_locale, ngettext  # noqa: PLC0415 - beside its one use

    with app.test_request_context("/"), force_locale("en"):
        assert ngettext("找到 %(num)s 讲", "找到 %(num)s 讲", 1) == "1 lecture found"
        assert ngettext("找到 %(num)s 讲", "找到 %(num)s 讲", 2) == "2 lectures found"


@pytest.mark.parametrize(("lang", "is_chinese"), [("zh", True), ("en", False)])
def test_the_form_library_speaks_the_reader_s_language(app: Flask, lang: str, is_chinese: bool):
    class Form(FlaskForm):
        title = StringField(validators=[DataRequired()])
        words = StringField(validators=[Length(max=3)])

    app.config["WTF_CSRF_ENABLED"] = False
    headers = {"Cookie": f"ui=normal.auto.standard.{lang}"}
    with app.test_request_context("/", method="POST", data={"words": "four!"}, headers=headers):
        form = Form()
        assert not form.validate()
        sentences = [str(error) for field in form for error in field.errors]
    assert len(sentences) == 2
    assert [bool(CHINESE.search(sentence)) for sentence in sentences] == [is_chinese, is_chinese]
