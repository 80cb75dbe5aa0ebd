"""The main job from end to end, in a real browser on real processes: from a teacher's file to a resident's phone.

One journey on both combinations of services; what each room does in detail is tested in its own folder.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.journey.visitor import DESK, PHONE, Player, Visitor
from tests.fixtures.stack import CURATOR, TEACHER, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

TITLE = "冬季老年人养生保健第一讲"
WORD = "养生"  # in the middle of the title
PLAYLIST = "冬季养生一周"
NOTE = "周三上午九点活动室一起看，带上水杯。"
REASON = "正在重新录制，下周再来看。"
Visit = Callable[..., Visitor]


def test_from_a_teachers_file_to_a_residents_phone(stack: Stack, visit: Visit, lecture_clip: Path) -> None:
    teacher = visit(**DESK)
    lecture = create_and_upload(teacher, lecture_clip)
    publish(teacher, lecture)
    media_url = find_and_play(visit(**PHONE), lecture)
    playlist = make_playlist(visit(**DESK), lecture)
    open_by_code(visit, playlist, lecture)
    withdraw(teacher, lecture)
    is_gone(visit(**PHONE), lecture, media_url, playlist)
    teacher.leave()


def create_and_upload(teacher: Visitor, clip: Path) -> str:
    """Sign in, describe the lecture, send the file and watch it become ready; return the lecture's id."""
    page = teacher.page
    teacher.sign_in(TEACHER)
    teacher.open("/studio/")
    page.get_by_role("link", name="新建讲座").first.click()
    page.wait_for_url("**/studio/lectures/new")
    page.get_by_test_id("file").set_input_files(clip)
    page.fill("#lecture-form [name=title]", TITLE)
    page.fill("#lecture-form [name=teacher]", "周老师")
    page.fill("#lecture-form [name=description]", "天冷了怎样吃、怎样动、怎样穿，一讲说清楚。")
    page.fill("#lecture-form [name=tags]", "保健、冬季")
    page.check("[name=audience][value=elder]")
    page.check("[name=topic] >> nth=0")
    page.check("[name=resource_type] >> nth=0")
    page.select_option("[name=licence]", index=1)
    page.get_by_test_id("save-lecture").click()
    page.wait_for_url(re.compile(r"/studio/lectures/(?!new)\w+$"))
    lecture = page.url.rpartition("/")[2]
    phases = watch_progress(teacher)
    assert phases[-1] == "ready"
    assert {"finishing", "waiting", "working"} & set(phases), "progress was shown while it was worked on"
    return lecture


def watch_progress(teacher: Visitor) -> list[str]:
    """Look at the page, which renews itself, until the media are ready; return what it showed on the way."""
    status = teacher.page.get_by_test_id("media-status")
    phases: list[str] = []

    def is_over() -> bool:
        phase = status.get_attribute("data-phase") or ""  # waits while the page goes from the form to the lecture
        if phase and phase not in phases[-1:]:
            phases.append(phase)
        return phase in {"ready", "failed", "cancelled"}

    teacher.wait_until(is_over, f"the lecture is to be ready, it was {phases}", timeout_s=240)
    return phases


def publish(teacher: Visitor, lecture: str) -> None:
    """Publish what is ready."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    page.get_by_test_id("publish").click()
    page.get_by_text("已经发布，居民现在就能看到。").wait_for()


def find_and_play(resident: Visitor, lecture: str) -> str:
    """Find the lecture by a word of its title, play it at two rungs and as sound alone; return one media address."""
    page = resident.page
    began_at = time.monotonic()
    resident.wait_until(lambda: is_found(resident, lecture), f"{WORD} is to find the lecture", timeout_s=10)
    assert time.monotonic() - began_at < 10
    page.locator("main mark", has_text=WORD).first.wait_for()
    page.locator(f"main a[href*='/lectures/{lecture}']").first.tap()
    page.wait_for_url(f"**/lectures/{lecture}*")
    player = Player(resident)
    player.play()
    assert player.state("engine") == "hls"
    for rung, height_px in (("360p", 360), ("720p", 720)):
        player.back()
        player.choose(rung)
        player.reaches("level", rung)
        player.plays_on()
        resident.wait_until(
            lambda height_px=height_px: page.evaluate("document.querySelector('video').videoHeight") == height_px,
            f"the picture is to be {height_px} lines high",
        )
        assert any(f"/{rung}/" in url for url in resident.asked)
    player.back()
    player.root.locator("[data-player-listen]").tap()
    player.reaches("mode", "audio")
    player.plays_on()
    assert any("/audio/" in url for url in resident.asked)
    media_url = next(url for url in resident.asked if url.endswith(".m3u8"))
    resident.leave()
    return media_url


def is_found(resident: Visitor, lecture: str) -> bool:
    """Search as a resident does, once."""
    page = resident.page
    resident.open("/")
    box = page.get_by_role("search").locator("input[name=q]").first
    box.fill(WORD)
    box.press("Enter")
    page.wait_for_url("**/search?*")
    return page.locator(f"main a[href*='/lectures/{lecture}']").count() > 0


def make_playlist(curator: Visitor, lecture: str) -> str:
    """Make a playlist with the lecture and a note, publish it; return its id."""
    page = curator.page
    curator.sign_in(CURATOR)
    curator.open("/desk/playlists")
    page.locator("main a[href$='/desk/playlists/new']").first.click()
    page.fill("main [name=title]", PLAYLIST)
    page.fill("main [name=intro]", "每天一讲，十分钟。")
    page.get_by_role("button", name="建好，去找课").click()
    page.wait_for_url(re.compile(r"/desk/playlists/(?!new)\w+$"))
    playlist = page.url.rpartition("/")[2]
    page.fill("#desk-search", WORD)
    page.press("#desk-search", "Enter")
    page.locator(f"#found-{lecture} button[type=submit]").click()
    item = page.locator(f"#item-{lecture}")
    item.locator("summary").click()
    item.locator("textarea[name=note]").fill(NOTE)
    with page.expect_response(lambda response: response.url.split("?")[0].endswith("/note")):
        item.get_by_role("button", name="保存这句话").click()
    page.locator(f"#item-{lecture} .desk-note-text", has_text=NOTE).wait_for()
    page.locator("#publish").click()
    page.get_by_role("link", name="打印海报").first.wait_for()
    curator.leave()
    return playlist


def open_by_code(visit: Visit, playlist: str, lecture: str) -> None:
    """See the playlist on a large screen, scan its code, and be in elder mode on the phone."""
    neighbour = visit(**DESK)
    neighbour.open(f"/playlists/{playlist}")
    body = neighbour.page.locator("main")
    for text in (PLAYLIST, TITLE, NOTE):
        assert text in body.inner_text()
    seen = neighbour.read_code(neighbour.page.locator("img[src$='/qr.svg']"))
    neighbour.leave()
    assert re.fullmatch(rf"{re.escape(neighbour.address)}/q/\d+", seen)
    resident = visit(**PHONE)
    resident.open(urlsplit(seen).path)
    assert resident.page.url == f"{resident.address}/playlists/{playlist}"
    assert resident.page.locator("html").get_attribute("data-mode") == "elder"
    assert resident.page.evaluate("parseFloat(getComputedStyle(document.querySelector('main')).fontSize)") >= 18
    resident.page.locator("#play-all").tap()
    resident.page.wait_for_url(f"**/lectures/{lecture}?*")
    player = Player(resident)
    player.play()
    player.plays_on()
    resident.leave()


def withdraw(teacher: Visitor, lecture: str) -> None:
    """Take the lecture out of the library."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    page.get_by_test_id("withdraw").click()
    page.fill("main [name=reason]", REASON)
    page.get_by_role("button", name="是的，下架").click()
    page.get_by_text("已经下架，居民看不到了。").wait_for()


def is_gone(resident: Visitor, lecture: str, media_url: str, playlist: str) -> None:
    """The page tells why, the media are not there, search does not know it, the playlist goes on without it."""
    resident.wait_until(lambda: not is_found(resident, lecture), f"{WORD} must not find it any more", timeout_s=10)
    assert resident.open(f"/playlists/{playlist}") == 200
    assert lecture not in resident.page.content()
    # Asked beside the page: an answer of 404 or 410 on a page is a complaint in its console, rightly.
    gone = resident.context.request.get(f"/lectures/{lecture}")
    assert (gone.status, REASON in gone.text()) == (410, True)
    assert resident.context.request.get(media_url).status == 404
    resident.leave()
