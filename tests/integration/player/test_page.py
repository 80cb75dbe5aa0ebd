"""The lecture's page: what it says, where it stands in a playlist, whom to ask, how many queries it costs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.curation import items, services
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.library.services import set_chapters
from app.media.models import GrowingSet, MediaSet, Source
from config.settings import Settings, load
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_environ, make_institution, make_unit, make_user

TITLES = ("冬天血压为什么高", "怎样走路不滑倒", "手机字太小怎么办")


@pytest.fixture
def settings(tmp_path: Path, migrated_database: Path) -> Settings:
    """These tests read no bytes, so one kind of store is enough."""
    shutil.copy(migrated_database, tmp_path / "app.db")
    return load(make_environ(tmp_path))


@dataclass(frozen=True)
class Week:
    """Three lectures in a published playlist."""

    lectures: tuple[str, ...]
    playlist: str
    curator: Actor

    def address(self, number: int, at: object = "") -> str:
        return f"/lectures/{self.lectures[number - 1]}?list={self.playlist}&at={at or number}"


@pytest.fixture
def week(app: Flask) -> Week:
    with app.app_context(), unit_of_work() as db:
        college, centre = make_institution(db, name="滨海市老年大学"), make_unit(db, name="沈河社区教育中心")
        user = make_user(db, Role.CURATOR, unit_id=centre.id)
        topic = (("topic", "public_health"),)
        lectures = tuple(make_lecture(db, college, title, terms=topic).public_id for title in TITLES)
        curator = Actor(user.id, user.public_id, user.display_name, (Grant("curator", unit_id=centre.id),))
        playlist = services.create_playlist(db, curator, centre.id, services.PlaylistFields("冬季平安一周", ""))
        for lecture in lectures:
            items.add_item(db, curator, playlist.public_id, lecture, expected_version=playlist.version)
        services.publish_playlist(db, curator, playlist.public_id, expected_version=playlist.version)
        return Week(lectures, playlist.public_id, curator)


def words_of(client: FlaskClient, address: str) -> str:
    got = client.get(address)
    assert got.status_code == 200, address
    return " ".join(re.sub(r"<[^>]+>", " ", got.get_data(as_text=True)).split())


def test_in_a_playlist_the_way_on_and_back_is_shown(week: Week, client: FlaskClient) -> None:
    words = words_of(client, week.address(2))
    assert "冬季平安一周" in words
    assert "第 2 讲，共 3 讲" in words
    assert f"下一讲 {TITLES[2]}" in words
    assert f"上一讲 {TITLES[0]}" in words
    page = client.get(week.address(2)).get_data(as_text=True)
    assert f'href="/playlists/{week.playlist}/play/3"' in page


def test_the_centre_is_asked_first_then_the_school(week: Week, client: FlaskClient) -> None:
    inside = words_of(client, week.address(1))
    assert inside.index("024-0000-0001") < inside.index("024-0000-0000")
    assert "沈河社区教育中心" in inside
    assert "024-0000-0001" not in words_of(client, f"/lectures/{week.lectures[0]}")


def test_a_wrong_place_in_the_address_finds_the_right_one(week: Week, client: FlaskClient) -> None:
    """Links live in histories while curators rearrange: the lecture's place counts, not the number."""
    for at in ("", "2", "0", "-1", "abc", "999999", "9" * 30):
        words = words_of(client, f"/lectures/{week.lectures[0]}?list={week.playlist}&at={at}")
        assert "第 1 讲，共 3 讲" in words, at


def test_an_unknown_playlist_is_no_obstacle(week: Week, client: FlaskClient) -> None:
    for playlist in ("nothing", "", "%00", "x" * 3000):
        words = words_of(client, f"/lectures/{week.lectures[0]}?list={playlist}&at=1")
        assert "共 3 讲" not in words, playlist


def test_similar_lectures_share_a_topic_or_the_school(week: Week, app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        make_lecture(db, make_institution(db), "别校的同题课", terms=(("topic", "public_health"),))
        make_lecture(db, make_institution(db), "别校的别题课", terms=(("topic", "leisure"),))
    words = words_of(client, f"/lectures/{week.lectures[0]}")
    similar = words[words.index("看看类似的课") :]
    assert "别校的同题课" in similar
    assert TITLES[1] in similar
    assert "别校的别题课" not in similar
    assert TITLES[0] not in similar


def test_the_page_costs_the_same_however_much_there_is(
    week: Week, app: Flask, client: FlaskClient, count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with count_queries() as before:
        client.get(week.address(1))
    with app.app_context(), unit_of_work() as db:
        college = make_institution(db)
        for number in range(12):
            make_lecture(db, college, f"同题第 {number} 讲", terms=(("topic", "public_health"),))
    with count_queries() as after:
        client.get(week.address(1))
    assert len(after) == len(before) <= 14, "\n".join(after)


def test_text_of_the_school_is_shown_as_text(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = make_lecture(
            db, make_institution(db), '<b>粗</b>"课"', description="第一段\n\n<script>x()</script>第二段"
        )
        public_id = lecture.public_id
    page = client.get(f"/lectures/{public_id}").get_data(as_text=True)
    assert "<b>粗" not in page
    assert "<script>x()" not in page
    assert "&lt;script&gt;x()" in page


@pytest.mark.parametrize("label", ['{"Label":"1","ContentProducer":"演示"}', None])
def test_the_sources_label_of_ai_content_is_shown(app: Flask, client: FlaskClient, label: str | None) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = make_lecture(db, make_institution(db), "合成语音讲节气")
        db.query(Source).filter_by(lecture_id=lecture.id).one().media_info = {"aigc": label}
        public_id = lecture.public_id
    assert ("含人工智能生成内容" in words_of(client, f"/lectures/{public_id}")) == (label is not None)


def test_a_lecture_still_being_made_has_its_chapters(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = make_lecture(db, make_institution(db), "正在处理的一讲")
        set_chapters(db, lecture, [(0.0, "开场"), (200.0, "准备"), (700.0, "不在里面")])
        source = db.query(Source).filter_by(lecture_id=lecture.id).one()
        db.query(MediaSet).filter_by(lecture_id=lecture.id).update({"is_current": False})
        db.add(
            GrowingSet(
                lecture_id=lecture.id, source_id=source.id, digest="a" * 64, is_audio_only=False,
                heights_px={"240p": 240}, duration_s=600.0, available_s=48.0, updated_at=utc_now(),
            )
        )  # fmt: skip
        public_id = lecture.public_id
    page = client.get(f"/lectures/{public_id}?t=200").get_data(as_text=True)
    assert re.findall(r'data-player-chapter="([^"]*)"', page) == ["0.0", "200.0"]
    assert f'<track kind="chapters" src="/lectures/{public_id}/chapters.vtt"' in page
    vtt = client.get(f"/lectures/{public_id}/chapters.vtt").get_data(as_text=True)
    assert "00:03:20.000 --> 00:10:00.000\n准备\n" in vtt
    assert "不在里面" not in vtt
