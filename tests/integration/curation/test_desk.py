"""The desk: whole flows a curator goes through, and everything they can do wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.catalogue.playlists import Playlist, PlaylistItem
from app.kernel.outbox import OutboxEvent
from app.library.models import Lecture, LectureState
from tests.fixtures.app import csrf_token, make_unit, make_user
from tests.integration.curation.browser import Desk
from tests.integration.curation.shelf import Shelf, make_playlist

Work = Callable[[], AbstractContextManager[Session]]


def test_a_curator_makes_fills_and_publishes_a_playlist(curator: FlaskClient, shelf: Shelf, work: Work):
    assert "还没有播单" in curator.get("/desk/playlists").get_data(as_text=True)
    token = csrf_token(curator, "/desk/playlists/new")
    form = {"title": "手机一周", "unit": shelf.unit_public_id, "csrf_token": token}
    answer = curator.post("/desk/playlists", data=form)
    assert answer.status_code == 303
    desk = Desk(curator, answer.location.rsplit("/", 1)[1], query="?q=手机")
    assert "还是空的" in desk.page()
    assert desk.press("/items", lecture=shelf.lectures[1]).status_code == 303
    assert desk.order() == [shelf.lectures[1]]
    assert "已加入" in desk.page()
    assert desk.press("/publish").status_code == 303
    assert "已发布" in curator.get("/desk/playlists").get_data(as_text=True)
    with work() as db:
        names = [name for name in db.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id)) if "Playlist" in name]
    assert names == ["PlaylistChanged", "PlaylistPublished"]
    public = curator.application.test_client().get(f"/playlists/{desk.public_id}")
    assert public.status_code == 200
    assert shelf.unit_name in public.get_data(as_text=True)


def test_search_finds_by_a_two_letter_word_and_keeps_it_after_adding(desk: Desk, shelf: Shelf):
    desk.query = "?q=书法"
    answer = desk.press("/items", lecture=shelf.lectures[5])
    assert answer.location.startswith(f"{desk.address}?q=")
    assert desk.order()[-1] == shelf.lectures[5]


def test_lectures_move_by_buttons_and_to_a_position(desk: Desk, shelf: Shelf):
    first, second, third = shelf.lectures[:3]
    desk.press(f"/items/{first}/move", to="down")
    assert desk.order() == [second, first, third]
    desk.press(f"/items/{third}/move", to="up")
    assert desk.order() == [second, third, first]
    desk.press(f"/items/{first}/move", to="1")
    assert desk.order() == [first, second, third]
    desk.press(f"/items/{first}/move", to="99")
    assert desk.order() == [second, third, first]


def test_moving_beyond_an_end_changes_nothing(desk: Desk, shelf: Shelf, work: Work):
    before = desk.page()
    assert desk.press(f"/items/{shelf.lectures[0]}/move", to="up").status_code == 303
    with work() as db:
        version = db.scalar(select(Playlist.version).where(Playlist.public_id == desk.public_id))
    assert f'name="version" value="{version}"' in before


@pytest.mark.parametrize("to", ["", "sideways", "-1", "1.5", "一"])
def test_a_nonsense_move_is_refused(desk: Desk, shelf: Shelf, to: str):
    assert desk.press(f"/items/{shelf.lectures[0]}/move", to=to).status_code == 422
    assert desk.order() == list(shelf.lectures[:3])


def test_removing_can_be_undone_to_the_old_place_with_the_note(desk: Desk, shelf: Shelf):
    middle = shelf.lectures[1]
    desk.press(f"/items/{middle}/note", note="带上水杯")
    desk.press(f"/items/{middle}/remove")
    assert desk.order() == [shelf.lectures[0], shelf.lectures[2]]
    assert "撤销" in desk.page()
    assert desk.press(f"/items/{middle}/restore").status_code == 303
    assert desk.order() == list(shelf.lectures[:3])
    assert "带上水杯" in desk.page()


def test_adding_a_removed_lecture_again_puts_it_last(desk: Desk, shelf: Shelf, work: Work):
    first = shelf.lectures[0]
    desk.press(f"/items/{first}/remove")
    desk.press("/items", lecture=first)
    assert desk.order() == [shelf.lectures[1], shelf.lectures[2], first]
    with work() as db:
        positions = db.scalars(select(PlaylistItem.position).order_by(PlaylistItem.position)).all()
    assert list(positions) == [1, 2, 3]


def test_a_lecture_is_in_a_playlist_once(desk: Desk, shelf: Shelf):
    stale = desk.page()
    page = stale.replace(shelf.lectures[4], shelf.lectures[0])
    answer = desk.press("/items", page, lecture=shelf.lectures[0])
    assert answer.status_code == 409
    assert "已经在播单里" in answer.get_data(as_text=True)


def test_an_unknown_lecture_is_not_added(desk: Desk, shelf: Shelf):
    page = desk.page().replace(shelf.lectures[4], "nosuchlecture")
    answer = desk.press("/items", page, lecture="nosuchlecture")
    assert answer.status_code == 404
    assert "没有找到这一讲" in answer.get_data(as_text=True)
    assert len(desk.order()) == 3


def test_a_draft_lecture_is_not_added(desk: Desk, shelf: Shelf, work: Work):
    page = desk.page()
    with work() as db:
        db.scalars(select(Lecture).where(Lecture.public_id == shelf.lectures[4])).one().state = LectureState.DRAFT
    assert desk.press("/items", page, lecture=shelf.lectures[4]).status_code == 404


def test_two_people_do_not_overwrite_each_other(desk: Desk, shelf: Shelf):
    stale = desk.page()
    desk.press(f"/items/{shelf.lectures[0]}/move", to="down")
    answer = desk.press(f"/items/{shelf.lectures[2]}/note", stale, note="我写了很久的一句话")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 412
    assert "同事改过" in text
    assert "我写了很久的一句话" in text, "what was typed is still there"
    assert "我写了很久的一句话" not in desk.page()
    assert desk.press(f"/items/{shelf.lectures[2]}/note", text, note="我写了很久的一句话").status_code == 303


def test_a_form_without_version_is_refused(desk: Desk, shelf: Shelf):
    answer = desk.press(f"/items/{shelf.lectures[0]}/remove", version="")
    assert answer.status_code == 422
    assert len(desk.order()) == 3


def test_a_note_has_an_end(desk: Desk, shelf: Shelf):
    answer = desk.press(f"/items/{shelf.lectures[0]}/note", note="长" * 501)
    assert answer.status_code == 422
    assert "最多 500 个字" in answer.get_data(as_text=True)
    assert "长" * 501 in answer.get_data(as_text=True)
    assert desk.press(f"/items/{shelf.lectures[0]}/note", note="长" * 500).status_code == 303


@pytest.mark.parametrize("title", ["", "   ", "\u3000", "长" * 121, "长" * 500])
def test_bad_titles_are_refused_and_kept(curator: FlaskClient, shelf: Shelf, desk: Desk, title: str):
    token = csrf_token(curator, "/desk/playlists/new")
    form = {"title": title, "intro": "介绍还在", "unit": shelf.unit_public_id, "csrf_token": token}
    answer = curator.post("/desk/playlists", data=form)
    assert answer.status_code == 422
    assert "介绍还在" in answer.get_data(as_text=True)
    answer = desk.press(desk.address, title=title, intro="介绍还在")
    assert answer.status_code == 422
    assert "介绍还在" in answer.get_data(as_text=True)
    assert "冬季养生一周" in desk.page()


def test_title_and_introduction_can_be_changed(desk: Desk):
    assert desk.press(desk.address, title="春季养生", intro="两周\n看完").status_code == 303
    assert "春季养生" in desk.page()


def test_markup_in_titles_is_text(desk: Desk):
    desk.press(desk.address, title="<script>alert(1)</script>", intro="<b>")
    assert "<script>alert" not in desk.page()


def test_an_empty_playlist_is_not_published(desk: Desk, shelf: Shelf):
    for lecture in shelf.lectures[:3]:
        desk.press(f"/items/{lecture}/remove")
    answer = desk.press("/publish")
    assert answer.status_code == 409
    assert "还没有能看的课" in answer.get_data(as_text=True)


def test_publishing_twice_changes_nothing(desk: Desk, work: Work):
    page = desk.page()
    assert desk.press("/publish", page).status_code == 303
    assert desk.press("/publish", page).status_code == 303
    with work() as db:
        assert list(db.scalars(select(OutboxEvent.name))).count("PlaylistPublished") == 1


def test_withdrawing_asks_first_then_leaves_a_sign(desk: Desk, client: FlaskClient, work: Work):
    desk.press("/publish")
    question = desk.client.get(f"{desk.address}/withdraw").get_data(as_text=True)
    assert "是的，撤回" in question
    assert client.get(f"/playlists/{desk.public_id}").status_code == 200
    assert desk.press("/withdraw", question).status_code == 303
    assert client.get(f"/playlists/{desk.public_id}").status_code == 410
    assert desk.press("/publish").status_code == 303
    assert client.get(f"/playlists/{desk.public_id}").status_code == 200


def test_withdrawing_a_draft_is_a_conflict(desk: Desk):
    question = desk.client.get(f"{desk.address}/withdraw").get_data(as_text=True)
    assert desk.press("/withdraw", question).status_code == 409


def test_another_centres_playlist_does_not_exist_for_us(
    sign_in: Callable[[str], FlaskClient], desk: Desk, shelf: Shelf, work: Work
):
    with work() as db:
        login = make_user(db, Role.CURATOR, unit_id=make_unit(db).id).login
    stranger = Desk(sign_in(login), desk.public_id)
    page = desk.page()
    for path in ("", "/preview", "/poster", "/withdraw"):
        assert stranger.client.get(desk.address + path).status_code == 404, path
    token = csrf_token(stranger.client, "/desk/playlists/new")
    for action in ("/publish", f"/items/{shelf.lectures[0]}/remove", f"/items/{shelf.lectures[0]}/note"):
        assert stranger.press(action, page, csrf_token=token).status_code == 404, action
    assert stranger.client.get(f"/playlists/{desk.public_id}/qr.svg").status_code == 404
    assert desk.public_id not in stranger.client.get("/desk/playlists").get_data(as_text=True)


def test_making_a_playlist_for_another_centre_is_refused(curator: FlaskClient, work: Work):
    with work() as db:
        other = make_unit(db).public_id
    form = {"title": "冒名", "unit": other, "csrf_token": csrf_token(curator, "/desk/playlists/new")}
    assert curator.post("/desk/playlists", data=form).status_code == 422


def test_the_operator_sees_every_playlist(sign_in: Callable[[str], FlaskClient], shelf: Shelf, playlist: str):
    operator = sign_in(shelf.operator_login)
    assert playlist in operator.get("/desk/playlists").get_data(as_text=True)
    assert operator.get(f"/desk/playlists/{playlist}").status_code == 200


def test_the_desk_is_for_curators(
    client: FlaskClient, playlist: str, sign_in: Callable[[str], FlaskClient], work: Work
):
    assert client.get("/desk/playlists").location.startswith("/sign-in?next=/desk/playlists")
    assert client.get(f"/desk/playlists/{playlist}").status_code == 303
    with work() as db:
        officer = make_user(db, Role.OFFICER, unit_id=make_unit(db).id).login
    assert sign_in(officer).get("/desk/playlists").status_code == 403


def test_a_withdrawn_lecture_is_marked_on_the_desk(desk: Desk, shelf: Shelf, work: Work):
    with work() as db:
        db.scalars(select(Lecture).where(Lecture.public_id == shelf.lectures[0])).one().state = LectureState.WITHDRAWN
    page = desk.page()
    assert "这一讲已经下架，居民看不到它" in page
    assert "1 讲已下架" in page
    assert desk.press(f"/items/{shelf.lectures[0]}/remove").status_code == 303


def test_the_desk_works_while_there_is_no_index(desk: Desk, app: Flask, shelf: Shelf):
    folder = app.extensions["platform"].settings.search.index_path
    folder.rename(folder.with_name("gone"))
    try:
        assert "目录正在整理" in desk.page()
        assert desk.press(f"/items/{shelf.lectures[0]}/move", to="down").status_code == 303
    finally:
        folder.with_name("gone").rename(folder)


def test_the_number_of_queries_does_not_grow_with_the_playlist(
    curator: FlaskClient, shelf: Shelf, work: Work, count_queries: Callable[[], AbstractContextManager[list[str]]]
):
    with work() as db:
        short = make_playlist(db, shelf, count=1).public_id
        long = make_playlist(db, shelf, count=6).public_id
    counts = {}
    for name, public_id in (("short", short), ("long", long)):
        curator.get(f"/desk/playlists/{public_id}?q=养生")
        with count_queries() as statements:
            assert curator.get(f"/desk/playlists/{public_id}?q=养生").status_code == 200
        counts[name] = len(statements)
    assert counts["short"] == counts["long"] <= 13, counts
    with count_queries() as statements:
        curator.get("/desk/playlists")
    assert len(statements) <= 5, statements
