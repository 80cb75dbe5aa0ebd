"""Hostile questions over a catalogue whose own texts hold markup: always a page, nothing of theirs becomes markup."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.db import unit_of_work
from app.library.services import set_caption
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.integration.search_index.hostile import hostile_queries

#: `make soak-search` asks a hundred thousand of the index itself.
PAGES, SUGGESTIONS = 100, 250
MARKUP = '<script>steal()</script><b onclick=steal()>&amp;養生'
#: Pages of every kind that are tried below, of a catalogue without markup.
CLEAN = ("/search?q=手机", "/search?q=养身", "/search?q=量子色动力学", "/search?q=上手机一键直达")
TITLES = (f"手机{MARKUP}", f"{MARKUP}太极拳", "24式<mark>自带</mark>养生", "'\"><svg onload=steal()>手机")


class Reading(HTMLParser):
    """What a browser would make of a page: elements and their attributes, scripts, the titles of cards."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts = ""
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if "script" in self._open:
            self.scripts += data

    @property
    def shown_titles(self) -> set[str | None]:
        return {attrs["title"] for tag, attrs in self.elements if tag == "a" and "title" in attrs}


def check(page: str, *, but: frozenset[str]) -> Reading:
    """Nothing in the page is an element, a handler or a script of anybody but ours."""
    read = Reading(page)
    assert "steal" not in read.scripts
    assert "alert(1)" not in read.scripts
    assert {tag for tag, _ in read.elements} <= but
    assert not [name for _, attrs in read.elements for name in attrs if name.startswith("on")]
    return read


@pytest.fixture
def ours(app: Flask, client: FlaskClient) -> frozenset[str]:
    """Stock markup everywhere a contributor may write; return the elements of pages that show none of it."""
    pages = [client.get(address).get_data(as_text=True) for address in CLEAN]
    elements = {tag for page in pages for tag, _ in Reading(page).elements}
    with app.app_context(), unit_of_work() as db:
        school = make_institution(db, name=f"学校{MARKUP}")
        for title in TITLES:
            tags = ("手机", MARKUP[:20], "<i>养生</i>")
            lecture = make_lecture(db, school, title, description=f"手机 {MARKUP}", tags=tags)
            lecture.teacher = "<u>李</u>&amp;老师"
            said = "手机&lt;script&gt;steal()&lt;/script&gt; 養生&amp;amp;"
            set_caption(db, lecture, language="zh-CN", label="中文",
                        webvtt=f"WEBVTT\n\n00:05.000 --> 00:09.000\n{said}\n")  # fmt: skip
    run_jobs(app)
    return frozenset(elements)


def test_markup_of_the_catalogue_is_shown_as_text(client: FlaskClient, ours: frozenset[str]) -> None:
    page = client.get("/search?q=手机").get_data(as_text=True)
    read = check(page, but=ours)
    assert read.shown_titles >= {title for title in TITLES if "手机" in title}
    assert "<mark>手机</mark>&lt;script&gt;steal()" in page, "marked, and text all the same"
    assert "<mark>手机</mark>&lt;script" in page[page.index("讲起") :], "what was said, too"


def test_hostile_questions_give_a_page_and_no_markup(client: FlaskClient, ours: frozenset[str]) -> None:
    for text in hostile_queries(PAGES, seed=11):
        asked = quote(text.encode("utf-8", "surrogatepass"))
        answer = client.get(f"/search?q={asked[:6000]}")
        assert answer.status_code in {200, 302}, text[:80]
        if answer.status_code == 200:
            check(answer.get_data(as_text=True), but=ours)


def test_hostile_typing_gives_suggestions_as_data(client: FlaskClient, ours: frozenset[str]) -> None:
    found = set()
    for text in [*hostile_queries(SUGGESTIONS, seed=12), "手机", "<", "24", "shouji"]:
        answer = client.get(f"/suggest?q={quote(text.encode('utf-8', 'surrogatepass'))[:6000]}")
        assert (answer.status_code, answer.mimetype) == (200, "application/json"), text[:80]
        found.update(each["text"] for each in json.loads(answer.data))
    assert {title for title in TITLES if title.startswith("手机")} <= found
