"""Turning pages while lectures are published and withdrawn: nobody sees one twice, nobody misses one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.catalogue.documents import document_id
from app.catalogue.paging import Beside, turn_to
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.events import LectureWithdrawn
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from search_index import Hit, SearchResult
from tests.factories.lectures import make_lecture
from tests.fixtures.app import run_jobs
from tests.integration.catalogue.reading import fetch, links, titles

PER_PAGE = 24


def add(app: Flask, prefix: str, count: int, *, is_new: bool = False) -> None:
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).first()
        for number in range(count):
            lecture = make_lecture(db, college, f"{prefix}第{number}课", terms=(("topic", "reading"),))
            if is_new:
                lecture.published_at = utc_now()
    run_jobs(app)


def withdraw(app: Flask, gone: tuple[str, ...]) -> None:
    with app.app_context(), unit_of_work() as db:
        for lecture in db.query(Lecture).filter(Lecture.title.in_(gone)):
            lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, lecture.published_at
            outbox.emit(db, LectureWithdrawn(lecture.id))
    run_jobs(app)


def onward(client: FlaskClient, page: str, words: str = "下一页") -> str:
    return fetch(client, links(page, words)[-1])


@pytest.mark.parametrize("start", ["/lectures", "/search?q=手工&sort=newest", "/browse/topic/reading"])
def test_the_newest_hold_still_while_lectures_come_and_go(app: Flask, client: FlaskClient, start: str) -> None:
    add(app, "手工", 60)
    first = fetch(client, start)
    seen = titles(first)
    add(app, "手工新课", 13, is_new=True)
    second = onward(client, first)
    seen += titles(second)
    gone = (seen[3], seen[-1])  # the last one is what the next page follows on
    withdraw(app, gone)
    third = onward(client, second)
    seen += titles(third)
    assert len(seen) == len(set(seen)), "seen twice"
    assert [title for title in seen if title.startswith("手工第")] == [f"手工第{number}课" for number in range(60)]
    left = [title for title in seen[: 2 * PER_PAGE] if title not in gone]
    assert titles(onward(client, third, "上一页")) == left[-PER_PAGE:]


def test_relevance_holds_still_when_something_better_comes(app: Flask, client: FlaskClient) -> None:
    add(app, "剪纸与窗花", 30)
    first = fetch(client, "/search?q=剪纸")
    add(app, "剪纸", 3, is_new=True)
    assert titles(fetch(client, "/search?q=剪纸"))[0].startswith("剪纸第"), "they really come before the others"
    seen = titles(first) + titles(onward(client, first))
    assert len(seen) == len(set(seen)) == 30


def test_a_page_beside_a_lecture_nobody_knows_is_counted_from_the_front(app: Flask, client: FlaskClient) -> None:
    add(app, "手工", 30)
    expected = titles(fetch(client, "/lectures?page=2"))
    for wrong in ("after=nothing-here", "before=%00", "after=" + "9" * 400, "after="):
        assert titles(fetch(client, f"/lectures?page=2&{wrong}")) == expected, wrong


class Shelf:
    """An index of numbered lectures, the newest first, that counts how often it was asked."""

    def __init__(self, ids: list[int]) -> None:
        self.ids, self.asked = ids, 0

    def ask(self, offset: int, limit: int) -> SearchResult:
        self.asked += 1
        hits = [Hit(document_id(number), "lecture", 0.0, {}) for number in self.ids[offset : offset + limit]]
        return SearchResult(tuple(hits), len(self.ids), {}, 0.0)


def test_however_many_came_the_page_begins_behind_the_lecture(app: Flask) -> None:
    """The window moves and doubles; also exactly between two windows nothing is lost."""
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).first()
        made = [make_lecture(db, college, f"第{number}课") for number in range(360)]
        start = datetime(2026, 1, 1, tzinfo=UTC)
        for number, lecture in enumerate(made):
            lecture.published_at = start - timedelta(minutes=number)
        ids, names = [lecture.id for lecture in made], [lecture.public_id for lecture in made]
    with app.app_context(), reading() as db:
        for page, added, is_gone in itertools.product((2, 12), (0, 5, 8, 9, 33, 90), (False, True)):
            anchor = added + (page - 1) * PER_PAGE - 1  # the last of the page before, as it was until `added` came
            shelf = Shelf([each for each in ids if each != ids[anchor]] if is_gone else ids)
            behind, before = ids[anchor + 1 : anchor + 25], ids[max(0, anchor - 24) : anchor]
            for is_after, expected in ((True, behind), (False, before)):
                shelf.asked = 0
                beside = Beside(names[anchor], is_after=is_after)
                turned = turn_to(
                    db, shelf.ask, page if is_after else page - 1, PER_PAGE, beside=beside, sort="newest"
                )
                found = [hit.id for hit in turned.hits]
                what = (page, added, is_gone, is_after)
                assert found[: len(expected)] == [document_id(each) for each in expected], what
                assert shelf.asked <= (1 if added <= 5 else 4), (what, shelf.asked)
