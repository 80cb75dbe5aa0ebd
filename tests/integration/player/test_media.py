"""The bytes behind lectures over HTTP: who gets them, with which types, ranges and caching; on both kinds of store."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from app.library.models import LectureState
from config.settings import load
from tests.factories.lectures import OBJECTS
from tests.fixtures.app import make_environ
from tests.integration.player.conftest import TITLE, Shelf

FILM = OBJECTS["480p.mp4"][1]
IMMUTABLE = "public, max-age=31536000, immutable"


def every_address(shelf: Shelf) -> list[str]:
    page = f"/lectures/{shelf.lecture}"
    return [*(shelf.address(name) for name in OBJECTS), page, f"{page}/captions/zh-CN.vtt", f"{page}/download"]


def statuses(client: FlaskClient, shelf: Shelf) -> set[int]:
    return {client.get(address).status_code for address in every_address(shelf)}


def test_nothing_of_a_draft_exists_for_the_public(shelf: Shelf, client: FlaskClient) -> None:
    assert statuses(client, shelf) == {404}
    ranged = client.get(shelf.address("480p.mp4"), headers={"Range": "bytes=0-99"})
    assert (ranged.status_code, client.head(shelf.address("480p.mp4")).status_code) == (404, 404)


def test_a_draft_is_for_its_own_institution_alone(shelf: Shelf, sign_in: Callable[[str], FlaskClient]) -> None:
    assert statuses(sign_in(shelf.stranger_login), shelf) == {404}
    own = sign_in(shelf.admin_login)
    assert statuses(own, shelf) == {200}
    assert own.get(shelf.address("master.m3u8")).headers["Cache-Control"] == "private, no-store"
    assert "还没有公开" in own.get(f"/lectures/{shelf.lecture}").get_data(as_text=True)


def test_published_objects_come_whole_with_their_types_and_may_be_kept(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    for name, (content_type, data) in OBJECTS.items():
        got = client.get(shelf.address(name))
        assert (got.status_code, got.mimetype, got.data) == (200, content_type, data), name
        assert got.headers["Cache-Control"] == IMMUTABLE
        assert got.headers["Accept-Ranges"] == "bytes"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in got.headers


def test_a_range_is_served_exactly(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    for asked, first, last in (
        ("bytes=0-99", 0, 99),
        ("bytes=150000-", 150_000, 199_999),
        ("bytes=-10", 199_990, 199_999),
        ("bytes=199999-900000", 199_999, 199_999),
    ):
        got = client.get(shelf.address("480p.mp4"), headers={"Range": asked})
        assert (got.status_code, got.data) == (206, FILM[first : last + 1]), asked
        assert got.headers["Content-Range"] == f"bytes {first}-{last}/{len(FILM)}"
        assert got.content_length == last - first + 1


def test_an_impossible_range_is_refused_and_many_are_ignored(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    beyond = client.get(shelf.address("480p.mp4"), headers={"Range": "bytes=200000-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(FILM)}"
    many = client.get(shelf.address("480p.mp4"), headers={"Range": "bytes=0-9,20-29"})
    assert (many.status_code, many.data) == (200, FILM)


def test_head_tells_the_size_and_what_the_browser_has_is_not_sent_again(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    got = client.head(shelf.address("480p.mp4"))
    assert (got.status_code, got.content_length, got.data) == (200, len(FILM), b"")
    again = client.get(shelf.address("480p.mp4"), headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_no_other_file_can_be_reached(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    up = ("../../app.db", "..%2f..%2fapp.db", "240p/../../../app.db", "%2e%2e/%2e%2e/app.db")
    for name in (*up, "nothing.mp4", "240p", "240p/", "480p.mp4%00"):
        assert client.get(shelf.address(name)).status_code == 404, name


def test_withdrawing_takes_everything_away_at_once(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    assert statuses(client, shelf) == {200}
    shelf.withdraw()
    assert {client.get(shelf.address(name)).status_code for name in OBJECTS} == {404}
    page = client.get(f"/lectures/{shelf.lecture}")
    words = page.get_data(as_text=True)
    assert page.status_code == 410
    assert TITLE in words
    assert "画面有误，正在重录。" in words
    assert client.get(f"/lectures/{shelf.lecture}/captions/zh-CN.vtt").status_code == 410
    assert client.get(f"/lectures/{shelf.lecture}/download").status_code == 410


def test_media_of_two_lectures_stay_while_one_is_public(shelf: Shelf, client: FlaskClient) -> None:
    shelf.add_twin(LectureState.PUBLISHED)
    assert client.get(shelf.address("master.m3u8")).headers["Cache-Control"] == IMMUTABLE
    assert client.get(f"/lectures/{shelf.lecture}").status_code == 404


def test_captions_are_kept_only_under_their_version(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    plain = client.get(f"/lectures/{shelf.lecture}/captions/zh-CN.vtt")
    assert (plain.mimetype, plain.headers["Cache-Control"]) == ("text/vtt", "private, no-store")
    assert "大家好" in plain.get_data(as_text=True)
    page = client.get(f"/lectures/{shelf.lecture}").get_data(as_text=True)
    address = next(part for part in page.split('"') if "/captions/" in part)
    assert client.get(address).headers["Cache-Control"] == IMMUTABLE
    assert client.get(f"/lectures/{shelf.lecture}/captions/en.vtt").status_code == 404


def test_the_download_carries_the_title(shelf: Shelf, client: FlaskClient) -> None:
    shelf.publish()
    got: TestResponse = client.get(f"/lectures/{shelf.lecture}/download")
    assert got.data == FILM
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''%E8%A1%80%E5%8E%8B" in got.headers["Content-Disposition"]
    assert got.headers["Content-Disposition"].isascii()


def test_without_the_store_pages_live_and_media_say_wait(shelf: Shelf, app: Flask, tmp_path: Path) -> None:
    """The page needs nothing of the store; the bytes answer 503, soon, and with a time to come back."""
    if app.extensions["platform"].settings.store.kind == "folder":
        pytest.skip("a folder does not go away by itself")
    shelf.publish()
    away = {"STORE_KIND": "s3", "STORE_ENDPOINT": "127.0.0.1:9", "STORE_ACCESS_KEY": "a", "STORE_SECRET_KEY": "b" * 8}
    lonely = create_app(load(make_environ(tmp_path, **away, STORE_BUCKET="nowhere", STORE_SECURE="false")))
    began = time.monotonic()
    assert lonely.test_client().get(f"/lectures/{shelf.lecture}").status_code == 200
    assert time.monotonic() - began < 5
    got = lonely.test_client().get(shelf.address("480p.mp4"))
    assert got.status_code == 503
    assert int(got.headers["Retry-After"]) > 0
