"""A resident on a phone finds lectures by two characters, watches at every quality, listens; without scripts too."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.browser.journey.visitor import Player, Visitor
from tests.browser.resident.conftest import TITLES, Library

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
SAVING = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}});"


def media_paths(visitor: Visitor) -> list[str]:
    """Return the names below the media set of everything fetched since `asked` was emptied."""
    paths = (urlsplit(url).path for url in visitor.asked)
    return [path.split("/", 3)[3] for path in paths if path.startswith("/media/")]


def open_lecture(visitor: Visitor, library: Library, query: str = "") -> Player:
    visitor.open(library.lecture + query)
    return Player(visitor)


@pytest.mark.parametrize(("word", "expected"), [("养生", (TITLES[0], TITLES[2])), ("手机", (TITLES[1], TITLES[3]))])
def test_typing_two_characters_finds_titles_that_hold_them_inside(
    visit: Visit, word: str, expected: tuple[str, ...]
) -> None:
    visitor = visit()
    visitor.open("/")
    visitor.page.locator("#site-search").fill(word)
    visitor.page.get_by_role("button", name="搜索").tap()
    visitor.page.wait_for_url("**/search?q=*")
    found = visitor.page.locator(".card-title a")
    assert sorted(found.evaluate_all("links => links.map(link => link.title)")) == sorted(expected)
    assert set(found.locator("mark").all_inner_texts()) == {word}
    found.first.tap()
    visitor.page.wait_for_url("**/lectures/*")
    assert visitor.page.locator("h1").inner_text() in expected
    player = Player(visitor)
    player.play()
    player.plays_on()
    assert player.state("engine") == "hls"
    visitor.leave()


def test_nothing_but_the_poster_is_fetched_before_play(visit: Visit, library: Library) -> None:
    visitor = visit()
    open_lecture(visitor, library)
    visitor.page.wait_for_timeout(400)
    assert [name for name in media_paths(visitor) if not name.startswith("poster.")] == []
    assert [url for url in visitor.asked if "/chunk/" in url] == []
    visitor.leave()


def test_saving_begins_with_360p_and_choosing_720p_really_loads_it(visit: Visit, library: Library) -> None:
    visitor = visit()
    visitor.context.add_init_script(SAVING)
    player = open_lecture(visitor, library)
    player.play()
    player.reaches("level", "360p")
    assert any(name.startswith("360p/") for name in media_paths(visitor))
    assert not any(name.startswith("720p/0") for name in media_paths(visitor))
    player.back()
    player.choose("720p")
    player.reaches("level", "720p")
    assert any(name.startswith("720p/") and name.endswith(".m4s") for name in media_paths(visitor))
    player.back()
    visitor.wait_until(
        lambda: visitor.page.evaluate("document.querySelector('video').videoHeight") == 720, "720 lines are to be seen"
    )
    visitor.leave()


def test_a_quality_chosen_before_play_is_the_only_one_loaded(visit: Visit, library: Library) -> None:
    visitor = visit()
    player = open_lecture(visitor, library)
    player.choose("360p")
    player.play()
    player.plays_on()
    segments = {name.split("/")[0] for name in media_paths(visitor) if name.endswith(".m4s")}
    assert segments == {"360p", "audio"}
    visitor.leave()


def test_listening_loads_the_sound_alone(visit: Visit, library: Library) -> None:
    visitor = visit()
    player = open_lecture(visitor, library)
    visitor.page.locator("[data-player-listen]").tap()
    player.play()
    player.plays_on()
    assert (player.state("mode"), player.state("level")) == ("audio", "audio")
    names = media_paths(visitor)
    assert any(name.startswith("audio/") for name in names)
    assert not any(name.split("/")[0].endswith("p") for name in names if name.endswith(".m4s")), names
    visitor.leave()


def test_the_plain_file_plays_where_hls_does_not(visit: Visit, library: Library) -> None:
    visitor = visit()
    player = open_lecture(visitor, library, "?player=mp4")
    player.play()
    player.plays_on()
    assert player.state("engine") == "mp4"
    names = media_paths(visitor)
    assert any(name.endswith(".mp4") and "/" not in name for name in names)
    assert not any(name.endswith((".m4s", ".m3u8")) for name in names)
    visitor.leave()


def test_a_playlist_leads_from_lecture_to_lecture(visit: Visit, library: Library) -> None:
    visitor = visit(ui="elder.auto.standard.zh")
    visitor.open("/")
    visitor.page.locator(".card-title a", has_text="手机第一课").tap()
    visitor.page.wait_for_url("**/playlists/*")
    visitor.page.get_by_role("link", name="从头播放").tap()
    visitor.page.wait_for_url("**/lectures/*")
    assert visitor.page.locator("h1").inner_text() == TITLES[1]
    visitor.page.locator(".lecture-way a", has_text="下一讲").tap()
    visitor.page.wait_for_url(f"**/lectures/{library.lectures[TITLES[3]]}?*")
    assert "第 2 讲，共 2 讲" in visitor.page.locator(".lecture-place").inner_text()
    visitor.leave()


def test_without_javascript_everything_can_be_found_read_and_played(visit: Visit, library: Library) -> None:
    visitor = visit(java_script_enabled=False)
    page = visitor.page
    visitor.open("/")
    page.locator("#site-search").fill("养生")
    page.get_by_role("button", name="搜索").tap()
    page.wait_for_url("**/search?**")
    assert page.locator(".card-title a").count() == 2
    page.locator(".card-title a", has_text=TITLES[0]).tap()
    page.wait_for_url("**/lectures/**")
    assert page.locator("h1").inner_text() == TITLES[0]
    assert "慢慢讲，跟着做" in page.locator(".prose").inner_text()
    video = page.locator("video")
    assert video.get_attribute("controls") is not None
    source = video.locator("source").first
    assert source.get_attribute("type") == "video/mp4"
    answer = page.request.get(source.get_attribute("src") or "", headers={"Range": "bytes=0-1023"})
    assert (answer.status, answer.headers["content-type"], len(answer.body())) == (206, "video/mp4", 1024)
    assert page.locator("[data-player-deck]").is_hidden(), "buttons that need JavaScript are not offered"
    visitor.leave()


def test_what_the_pipeline_made_is_served_as_what_it_is(visit: Visit, library: Library) -> None:
    visitor = visit()
    visitor.open(library.lecture)
    media = visitor.page.locator("[data-player]")
    attributes = media.evaluate("element => element.innerHTML")
    digest = attributes.split("/media/")[1].split("/")[0]
    types = {
        "master.m3u8": "application/vnd.apple.mpegurl",
        "360p/index.m3u8": "application/vnd.apple.mpegurl",
        "360p/init.mp4": "video/mp4",
        "360p/00000.m4s": "video/mp4",
        "audio/00000.m4s": "audio/mp4",
    }
    for name, expected in types.items():
        answer = visitor.page.request.get(f"/media/{digest}/{name}")
        assert (answer.status, answer.headers["content-type"]) == (200, expected), name
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    visitor.leave()
