"""What residents get: the page, the way through, the code on paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist, playlist_context
from app.library.models import Lecture, LectureState
from tests.integration.curation.browser import Desk
from tests.integration.curation.shelf import Shelf, make_playlist

Work = Callable[[], AbstractContextManager[Session]]


def withdraw_lecture(work: Work, public_id: str) -> None:
    with work() as db:
        db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one().state = LectureState.WITHDRAWN


def code_of(work: Work, public_id: str) -> str:
    with work() as db:
        return db.scalars(select(Playlist.short_code).where(Playlist.public_id == public_id)).one()


def test_the_page_says_who_made_it_and_what_it_takes(client: FlaskClient, published: str, shelf: Shelf):
    text = client.get(f"/playlists/{published}").get_data(as_text=True)
    for words in ("冬季养生一周", shelf.unit_name, "024-0000-0001", "不收费，不要密码", "从头播放"):
        assert words in text, words
    assert "一共 3 讲，18分钟" in text
    links = re.findall(r'class="card-title"><a[^>]*href="([^"?]+)', text)
    assert links == [f"/lectures/{lecture}" for lecture in shelf.lectures[:3]]


def test_a_draft_is_not_public_but_has_a_preview(client: FlaskClient, desk: Desk):
    assert client.get(f"/playlists/{desk.public_id}").status_code == 404
    assert client.get(f"/playlists/{desk.public_id}/play/1").status_code == 404
    assert "这是预览" in desk.client.get(f"{desk.address}/preview").get_data(as_text=True)


def test_a_lecture_withdrawn_meanwhile_is_not_shown(client: FlaskClient, published: str, shelf: Shelf, work: Work):
    withdraw_lecture(work, shelf.lectures[1])
    text = client.get(f"/playlists/{published}").get_data(as_text=True)
    assert shelf.lectures[1] not in text
    assert "一共 2 讲" in text
    assert f"/lectures/{shelf.lectures[2]}?" in client.get(f"/playlists/{published}/play/2").location


def test_a_playlist_whose_lectures_all_left_still_answers(
    client: FlaskClient, published: str, shelf: Shelf, work: Work
):
    for lecture in shelf.lectures[:3]:
        withdraw_lecture(work, lecture)
    answer = client.get(f"/playlists/{published}")
    assert answer.status_code == 200
    assert "暂时看不了" in answer.get_data(as_text=True)


def test_playing_through_leads_from_lecture_to_lecture(client: FlaskClient, published: str, shelf: Shelf):
    for position, lecture in enumerate(shelf.lectures[:3], start=1):
        answer = client.get(f"/playlists/{published}/play/{position}")
        assert answer.status_code == 302
        assert answer.location == f"/lectures/{lecture}?list={published}&at={position}"
    for position in (0, 4, 99999):
        assert client.get(f"/playlists/{published}/play/{position}").status_code == 404


def test_the_context_names_what_comes_before_and_after(published: str, shelf: Shelf, work: Work):
    with work() as db:
        middle = playlist_context(db, published, 2)
        assert middle is not None
        assert (middle.title, middle.position, middle.count) == ("冬季养生一周", 2, 3)
        assert (middle.previous_position, middle.previous_title) == (1, "冬季养生：三九天怎么进补")
        assert (middle.next_position, middle.next_title) == (3, "八段锦完整教学")
        first, last = playlist_context(db, published, 1), playlist_context(db, published, 3)
        assert first is not None
        assert last is not None
        assert first.previous_position is None
        assert last.next_position is None
        assert playlist_context(db, published, 4) is None
        assert playlist_context(db, "nosuchlist", 1) is None


def test_the_context_follows_a_lecture_that_was_moved(published: str, shelf: Shelf, work: Work):
    with work() as db:
        moved = playlist_context(db, published, 1, lecture_public_id=shelf.lectures[2])
        assert moved is not None
        assert moved.position == 3
        assert playlist_context(db, published, 1, lecture_public_id=shelf.lectures[5]) is None


def test_drafts_have_no_context(playlist: str, work: Work):
    with work() as db:
        assert playlist_context(db, playlist, 1) is None


def test_the_code_opens_the_playlist_in_elder_mode(client: FlaskClient, published: str, work: Work):
    answer = client.get(f"/q/{code_of(work, published)}", follow_redirects=True)
    assert answer.request.path == f"/playlists/{published}"
    assert 'data-mode="elder"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("write", ["{0}", "{0:.3} {1}", "{0:.3}-{1}", " {0} "])
def test_the_code_can_be_typed(client: FlaskClient, published: str, work: Work, write: str):
    code = code_of(work, published)
    answer = client.get("/q/", query_string={"code": write.format(code, code[3:])})
    assert answer.location == f"/playlists/{published}?elder=1"
    full_width = code.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    assert client.get("/q/", query_string={"code": full_width}).location == f"/playlists/{published}?elder=1"


@pytest.mark.parametrize("code", ["0000000", "123", "12345678901234567890123", "不是数字", "%00", "<script>"])
def test_a_wrong_code_gets_a_helpful_page(client: FlaskClient, published: str, code: str):
    answer = client.get("/q/", query_string={"code": code})
    assert answer.status_code == 404
    text = answer.get_data(as_text=True)
    assert "可能抄错了一位" in text
    assert 'name="code"' in text
    assert "<script>" not in text.split("<main")[1].split("</main>")[0]
    assert client.get(f"/q/{code}").status_code == 404


def test_the_form_for_codes_is_there(client: FlaskClient):
    assert "输入海报上的数字" in client.get("/q/").get_data(as_text=True)


def test_the_code_of_a_draft_leads_nowhere_yet(client: FlaskClient, playlist: str, work: Work):
    assert client.get(f"/q/{code_of(work, playlist)}").status_code == 404


def read_code(svg: bytes) -> zxingcpp.Barcode:
    """Draw the SVG that segno writes (one path of horizontal runs) and read it as a phone would."""
    root = ET.fromstring(svg)  # noqa: S314 - our own output
    space = {"svg": "http://www.w3.org/2000/svg"}
    size = int(root.get("viewBox", "").split()[2])
    scale = 8
    picture = Image.new("L", (size * scale, size * scale), 255)
    draw = ImageDraw.Draw(picture)
    path = root.findall("svg:path", space)[-1].get("d", "")
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            draw.rectangle([x * scale, (y - 0.5) * scale, (x + values[0]) * scale - 1, (y + 0.5) * scale - 1], fill=0)
            x += values[0]
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return found[0]


def test_the_qr_code_reads_back_and_never_changes(
    client: FlaskClient, published: str, curator: FlaskClient, work: Work, app: Flask
):
    first = client.get(f"/playlists/{published}/qr.svg")
    assert first.content_type == "image/svg+xml"
    assert "max-age" in first.headers["Cache-Control"]
    found = read_code(first.data)
    base_url = app.extensions["platform"].settings.app.base_url
    assert found.text == f"{base_url}/q/{code_of(work, published)}"
    assert found.ec_level == "Q"
    desk = Desk(curator, published)
    desk.press(desk.address, title="改了名字", intro="")
    desk.press("/withdraw", curator.get(f"{desk.address}/withdraw").get_data(as_text=True))
    desk.press("/publish")
    again = client.get(f"/playlists/{published}/qr.svg")
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    unchanged = client.get(f"/playlists/{published}/qr.svg", headers={"If-None-Match": first.headers["ETag"]})
    assert unchanged.status_code == 304


def test_a_drafts_code_is_for_its_makers_only(client: FlaskClient, desk: Desk):
    assert client.get(f"/playlists/{desk.public_id}/qr.svg").status_code == 404
    answer = desk.client.get(f"/playlists/{desk.public_id}/qr.svg")
    assert answer.status_code == 200
    assert "private" in answer.headers["Cache-Control"]


def test_the_poster_carries_everything_a_passer_by_needs(desk: Desk, shelf: Shelf, work: Work):
    text = desk.client.get(f"{desk.address}/poster").get_data(as_text=True)
    code = code_of(work, desk.public_id)
    for words in (
        "冬季养生一周",
        f"{code[:3]} {code[3:]}",
        "127.0.0.1:8000/q",
        "本站不收费",
        "不要密码",
        shelf.unit_name,
        "024-0000-0001",
        f"/playlists/{desk.public_id}/qr.svg",
    ):
        assert words in text, words
    assert "播单还没有发布" in text


def test_published_playlists_are_listed(client: FlaskClient, published: str, playlist: str):
    text = client.get("/playlists").get_data(as_text=True)
    assert f"/playlists/{published}" in text
    assert f"/playlists/{playlist}" not in text


@pytest.mark.parametrize("query", ["page=0", "page=-3", "page=abc", "page=99999999999999999999"])
def test_strange_page_numbers_are_harmless(client: FlaskClient, published: str, query: str):
    assert client.get(f"/playlists?{query}").status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_playlist(
    client: FlaskClient, shelf: Shelf, work: Work, count_queries: Callable[[], AbstractContextManager[list[str]]]
):
    with work() as db:
        short = make_playlist(db, shelf, count=1, is_published=True).public_id
        long = make_playlist(db, shelf, count=6, is_published=True).public_id
    counts: Mapping[str, list[str]] = {}
    for public_id in (short, long):
        with count_queries() as statements:
            client.get(f"/playlists/{public_id}")
        counts = {**counts, public_id: statements}
    assert len(counts[short]) == len(counts[long]) <= 4, counts
    with count_queries() as statements:
        client.get("/playlists")
    assert len(statements) <= 5, statements
