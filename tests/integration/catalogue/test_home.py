"""The home page: everything offered leads somewhere, playlists of the centres, a bounded number of queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.curation import items, services
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture, LectureState
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, make_unit, make_user
from tests.integration.catalogue.conftest import Catalogue
from tests.integration.catalogue.reading import fetch, links, titles, words_of

Count = Callable[[], AbstractContextManager[list[str]]]


def add_playlist(app: Flask, title: str, lectures: list[str]) -> None:
    with app.app_context(), unit_of_work() as db:
        centre = make_unit(db, name=f"{title}的社区教育中心")
        user = make_user(db, Role.CURATOR, unit_id=centre.id)
        curator = Actor(user.id, user.public_id, user.display_name, (Grant("curator", unit_id=centre.id),))
        made = services.create_playlist(db, curator, centre.id, services.PlaylistFields(title, "一周两讲。"))
        for lecture in lectures:
            items.add_item(db, curator, made.public_id, lecture, expected_version=made.version)
        services.publish_playlist(db, curator, made.public_id, expected_version=made.version)


def test_every_word_and_topic_offered_finds_something(client: FlaskClient) -> None:
    page = fetch(client, "/")
    offered = [unescape(address) for address in re.findall(r'<a class="chip" href="([^"]+)"', page)]
    assert len([address for address in offered if address.startswith("/search?q=")]) >= 4
    assert len([address for address in offered if address.startswith("/browse/topic/")]) == 3
    for address in offered:
        if not address.startswith("/find/"):
            assert titles(fetch(client, address)), address


def test_words_of_the_elder_mode_lead_to_it(client: FlaskClient) -> None:
    for words in ("长辈版", "关怀版", "字大一点的长辈版"):
        got = client.get(f"/search?q={words}")
        assert (got.status_code, got.headers["Location"]) == (302, "/preferences"), words


def test_elder_mode_leaves_out_what_is_secondary(client: FlaskClient) -> None:
    client.set_cookie("ui", "elder.auto.standard.zh")
    page = fetch(client, "/")
    assert len(titles(page)) == 3
    assert links(page, "点三下找课") == ["/find"]
    assert "养生" in words_of(page)


def test_playlists_appear_with_what_they_play(app: Flask, client: FlaskClient, stocked: Catalogue) -> None:
    assert "社区老师挑好的" not in fetch(client, "/")
    two = ["老年人智能手机入门", "合唱：怎样用气"]
    add_playlist(app, "手机第一课", [stocked.lectures[title] for title in two])
    page = fetch(client, "/")
    assert "社区老师挑好的" in page
    assert "手机第一课" in page
    assert "手机第一课的社区教育中心" in page
    assert re.search(r'poster-count"><span class="figures">2</span>', page)
    with app.app_context(), unit_of_work() as db:
        for lecture in db.query(Lecture).filter(Lecture.title.in_(two)):
            lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, lecture.published_at
    assert "手机第一课" not in fetch(client, "/"), "a playlist with nothing to play is no offer"


def test_an_empty_library_says_so(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        for lecture in db.query(Lecture).filter_by(state=LectureState.PUBLISHED):
            lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, lecture.published_at
    page = fetch(client, "/")
    assert "还没有公开的课程" in page
    assert "帮我找课" not in page


def test_home_costs_the_same_however_much_there_is(
    app: Flask, client: FlaskClient, count_queries: Count, stocked: Catalogue
) -> None:
    add_playlist(app, "第一张", [stocked.lectures["合唱：怎样用气"]])
    with count_queries() as before:
        fetch(client, "/")
    with app.app_context(), unit_of_work() as db:
        for number in range(12):
            make_lecture(db, make_institution(db), f"第{number}校的课", terms=(("topic", "reading"),))
    add_playlist(app, "第二张", list(stocked.lectures.values()))
    with count_queries() as after:
        fetch(client, "/")
    assert len(after) == len(before) <= 10, "\n".join(after)
