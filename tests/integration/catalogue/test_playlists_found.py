"""Playlists among the results of a search: labelled, narrowed by their kind, gone when there is nothing to play."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, selectinload

from app.catalogue.comparing import find_drift
from app.catalogue.playlists import Playlist
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist, edit_playlist, publish_playlist, withdraw_playlist
from app.kernel import outbox
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.library.events import LectureChanged, LectureWithdrawn
from app.library.models import Lecture, LectureState
from app.library.places import Institution, Unit
from config.settings import Settings
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_unit, run_jobs
from tests.integration.catalogue.conftest import Catalogue
from tests.integration.catalogue.reading import facet, fetch, links, titles, words_of

Count = Callable[[], AbstractContextManager[list[str]]]
CURATOR_OF = "沈阳示范社区教育指导中心"


@contextmanager
def working(app: Flask) -> Iterator[tuple[Session, Actor]]:
    """Give a session and a curator; afterwards the worker has done its work."""
    with app.app_context(), unit_of_work() as db:
        unit = db.query(Unit).filter_by(name=CURATOR_OF).first() or make_unit(db, name=CURATOR_OF)
        yield db, Actor(None, "curator", "馆员", (Grant("curator", None, unit.id),))
    run_jobs(app)


def publish(app: Flask, title: str, *lectures: str, intro: str = "") -> str:
    with working(app) as (db, actor):
        playlist = create_playlist(db, actor, actor.grants[0].unit_id, PlaylistFields(title, intro))
        for public_id in lectures:
            items.add_item(db, actor, playlist.public_id, public_id, expected_version=playlist.version)
        publish_playlist(db, actor, playlist.public_id, expected_version=playlist.version)
        return playlist.public_id


@pytest.fixture
def shown(app: Flask, stocked: Catalogue) -> str:
    """A playlist of one lecture about phones."""
    return publish(app, "学会用手机", stocked.lectures["老年人智能手机入门"], intro="从开机讲起，带您逛菜市场小程序。")


def test_a_playlist_is_found_labelled_and_can_be_asked_for_alone(client: FlaskClient, shown: str) -> None:
    page = fetch(client, "/search?q=手机")
    assert f'href="/playlists/{shown}"' in page
    assert "学会用<mark>手机</mark>" in page
    assert "找到 3 讲、1 个播单" in words_of(page)
    assert facet(page, "课还是播单") == {"课": 3, "播单": 1}
    only = fetch(client, links(page, "播单")[0])
    assert titles(only) == []
    assert "找到 1 个播单" in words_of(only)
    assert f'href="/playlists/{shown}"' in only
    assert "去掉条件： 播单" in words_of(only)
    assert f'href="/playlists/{shown}"' in fetch(client, "/search?q=菜市场"), "by its introduction too"
    for filed_under in ("网络生活", "沈河区"):
        assert f'href="/playlists/{shown}"' in fetch(client, f"/search?q={filed_under}"), "what it plays, where it is"
    assert f'href="/playlists/{shown}"' in fetch(client, "/lectures?kind=playlist")


def test_lists_of_lectures_and_the_interface_hold_lectures_alone(client: FlaskClient, shown: str) -> None:
    for address in ("/lectures", "/browse/city/shenyang", "/lectures?kind=lecture"):
        page = fetch(client, address)
        assert shown not in page, address
        assert facet(page, "课还是播单") == {} or "kind" in address
    assert "一共 6 讲" in words_of(fetch(client, "/browse"))
    found = client.get("/api/v1/lectures?q=手机").get_json()
    assert (found["total"], len(found["items"])) == (3, 3)


def test_it_follows_what_becomes_of_it_and_of_its_lectures(
    app: Flask, client: FlaskClient, shown: str, stocked: Catalogue, settings: Settings
) -> None:
    def is_found() -> bool:
        with app.app_context():
            assert find_drift(Path(settings.search.index_path)).every == []
        return f'href="/playlists/{shown}"' in fetch(client, "/search?q=手机")

    def renamed(title: str) -> None:
        with working(app) as (db, actor):
            row = db.query(Playlist).filter_by(public_id=shown).one()
            edit_playlist(db, actor, shown, PlaylistFields(title), expected_version=row.version)

    assert is_found()
    renamed("从头学拍照")
    assert not is_found()
    assert f'href="/playlists/{shown}"' in fetch(client, "/search?q=拍照")
    renamed("手机拍照")
    assert is_found()
    with working(app) as (db, actor):
        row = db.query(Playlist).filter_by(public_id=shown).one()
        withdraw_playlist(db, actor, shown, expected_version=row.version)
    assert not is_found()
    with working(app) as (db, actor):
        row = db.query(Playlist).filter_by(public_id=shown).one()
        publish_playlist(db, actor, shown, expected_version=row.version)
    assert is_found()
    with working(app) as (db, _actor):
        lecture = db.query(Lecture).filter_by(public_id=stocked.lectures["老年人智能手机入门"]).one()
        lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, utc_now()
        outbox.emit(db, LectureWithdrawn(lecture.id))
    assert not is_found(), "there is nothing left to play"


def test_it_is_about_what_most_of_its_lectures_are_about(
    app: Flask, client: FlaskClient, stocked: Catalogue, settings: Settings
) -> None:
    lectures = [public_id for title, public_id in stocked.lectures.items() if "手机" in title]
    with working(app) as (db, _actor):
        row = db.query(Lecture).options(selectinload(Lecture.terms)).filter_by(public_id=lectures[0]).one()
        topics = {term.key for term in row.terms if term.scheme == "topic"}
        assert topics, "the catalogue gives it one"
    topic = topics.pop()
    shown = publish(app, "手机常用三招", lectures[0], stocked.lectures["合唱：怎样用气"])
    address, card = f"/search?q=手机&topic={topic}", f'href="/playlists/{shown}"'
    assert card in fetch(client, address)
    other = publish(app, "手机与别的", *(each for each in stocked.lectures.values() if each not in lectures))
    assert f'href="/playlists/{other}"' not in fetch(client, address), "few of its lectures are about that"
    with working(app) as (db, _actor):
        row = db.query(Lecture).options(selectinload(Lecture.terms)).filter_by(public_id=lectures[0]).one()
        row.terms = [term for term in row.terms if term.scheme != "topic"]
        outbox.emit(db, LectureChanged(row.id))
    assert card not in fetch(client, address), "it follows its lectures"
    with app.app_context():
        assert find_drift(Path(settings.search.index_path)).every == []


def test_its_title_is_suggested_while_it_is_public(app: Flask, client: FlaskClient, shown: str) -> None:
    def suggested() -> list[str]:
        return [each["text"] for each in client.get("/suggest?q=学会用").get_json()]

    assert "学会用手机" in suggested()
    with working(app) as (db, actor):
        row = db.query(Playlist).filter_by(public_id=shown).one()
        withdraw_playlist(db, actor, shown, expected_version=row.version)
    assert "学会用手机" not in suggested()


def test_pages_follow_one_another_beside_a_playlist(
    app: Flask, client: FlaskClient, stocked: Catalogue, count_queries: Count
) -> None:
    with working(app) as (db, _actor):
        college = db.query(Lecture).filter_by(title="合唱：怎样用气").one().institution_id
        for number in range(40):
            make_lecture(db, db.get_one(Institution, college), f"手工第{number}课")
    lists = [publish(app, f"手工播单{number}", stocked.lectures["合唱：怎样用气"]) for number in range(3)]
    for order in ("newest", "popular"):
        with count_queries() as costs:
            page = fetch(client, f"/search?q=手工&sort={order}")
        assert all(each in page for each in lists), "the newest of all"
        assert len(costs) <= 11, "\n".join(costs)
        seen = [*titles(page), *titles(fetch(client, links(page, "下一页")[0]))]
        assert sorted(seen) == sorted(f"手工第{number}课" for number in range(40))
        last = max(lists, key=page.index)
        back = fetch(client, f"/search?q=手工&sort={order}&page=2&after={last}")
        assert len(titles(back)) == 24
        assert all(each not in back for each in lists), "a page may follow on a playlist as well"
