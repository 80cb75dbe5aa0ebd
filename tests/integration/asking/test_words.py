"""The operator's words: tried, saved, at work with the next search of every process, undone, and not overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from app.asking.models import SearchWord
from app.asking.words import put_to_work, thesaurus_of
from app.kernel.db import unit_of_work
from config.settings import Settings
from search_index import SearchIndex, SearchRequest, open_index
from tests.fixtures.app import csrf_token
from tests.integration.catalogue.reading import fetch, titles

PAGE = "/admin/search-words"
CHOIR = "合唱：怎样用气"


@pytest.fixture
def operator(people: Callable[[str], FlaskClient]) -> FlaskClient:
    return people("operator")


@pytest.fixture(autouse=True)
def own_words_afterwards(settings: Settings) -> Iterator[None]:
    """The open index is shared by everything in this process."""
    yield
    open_index(settings.search.index_path).use_thesaurus(thesaurus_of([]))


def send(client: FlaskClient, lines: str, address: str = PAGE, *, status: int = 303, **fields: str) -> str:
    page = client.get(address).get_data(as_text=True)
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = client.post(address, data={**form, "lines": lines, **fields})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


def rows(app: Flask) -> list[SearchWord]:
    with app.app_context(), unit_of_work() as db:
        return list(db.scalars(select(SearchWord).order_by(SearchWord.id)))


def test_a_saying_is_tried_before_it_works_and_works_everywhere_once_saved(
    app: Flask, client: FlaskClient, operator: FlaskClient, settings: Settings
) -> None:
    assert CHOIR not in titles(fetch(client, "/search?q=嗓子喊哑"))
    other = SearchIndex(settings.search.index_path)  # as another process has it
    tried = send(operator, "嗓子喊哑 → 合唱", status=200, look="1")
    now, _, then = tried.partition("保存以后找到")
    assert CHOIR in then
    assert CHOIR not in now
    assert rows(app) == []
    assert CHOIR not in titles(fetch(client, "/search?q=嗓子喊哑"))
    with capture_logs() as lines:
        send(operator, "嗓子喊哑 → 合唱\n云颈椎 = 颈椎")
    assert [each["event"] for each in lines if "actor_id" in each and each["event"].startswith("search_")] == [
        "search_words_added"
    ]
    assert titles(fetch(client, "/search?q=嗓子喊哑")) == [CHOIR]
    with app.app_context(), unit_of_work() as db:
        put_to_work(db, other)
    assert other.search(SearchRequest("嗓子喊哑")).exact_total == 1


def test_the_same_form_twice_adds_once(app: Flask, operator: FlaskClient) -> None:
    form = {"lines": "云颈椎 = 颈椎", "key": "once", "csrf_token": csrf_token(operator, PAGE)}
    assert [operator.post(PAGE, data=form).status_code for _ in range(2)] == [303, 303]
    assert len(rows(app)) == 1


def test_a_bad_line_is_named_and_nothing_is_saved(app: Flask, operator: FlaskClient) -> None:
    page = send(operator, "云颈椎 = 颈椎\n字 → 字体\n没有箭头", status=422)
    assert "第 2 行：“字”只有一个字" in page
    assert "第 3 行：请用“=”" in page
    assert "云颈椎 = 颈椎" in page  # what was typed stays
    assert rows(app) == []


def test_a_line_that_is_there_already_is_refused(app: Flask, operator: FlaskClient) -> None:
    send(operator, "云颈椎 = 颈椎")
    assert "“云颈椎 = 颈椎”已经有了" in send(operator, "云颈椎 ＝ 颈椎", status=422)
    assert "已经有了" in send(operator, "甲乙 = 丙丁\n甲乙 = 丙丁", status=422)
    assert len(rows(app)) == 1


def test_deleting_is_undone_and_changing_sees_others(app: Flask, client: FlaskClient, operator: FlaskClient) -> None:
    send(operator, "嗓子喊哑 → 合唱")
    (row,) = rows(app)
    token = {"csrf_token": csrf_token(operator, PAGE)}
    for action, found in (("delete", []), ("delete", []), ("restore", [CHOIR]), ("restore", [CHOIR])):
        assert operator.post(f"{PAGE}/{row.id}/{action}", data=token).status_code == 303
        assert titles(fetch(client, "/search?q=嗓子喊哑")) == found, action
    page = send(operator, "嗓子疼 → 合唱", f"{PAGE}/{row.id}", status=412, version="1")
    assert "别人刚刚改过" in page
    assert "嗓子喊哑 → 合唱" in page
    send(operator, "嗓子疼 → 合唱", f"{PAGE}/{row.id}")
    assert titles(fetch(client, "/search?q=嗓子疼")) == [CHOIR]


def test_only_operators_teach(people: Callable[[str], FlaskClient]) -> None:
    teacher = people("teacher")
    assert teacher.get(PAGE).status_code == 403
