"""The player in a real Chromium of phone size: engines, choices, memory, slow networks, keyboard, paper."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = pytest.mark.browser

DESKTOP = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False, "has_touch": False, "device_scale_factor": 1}


def connection(**facts) -> str:
    return f"Object.defineProperty(navigator, 'connection', {{value: {json.dumps(facts)}}});"


def choose(page, choice: str) -> None:
    page.locator("[data-player-panel-button=choice]").tap()
    page.locator(f"button[data-player-choice='{choice}']").tap()
    page.locator("[data-player-panel-button=choice]").tap()


def test_page_asks_for_no_media_and_no_engine_before_play(visit):
    one = visit()
    one.page.wait_for_timeout(500)
    assert one.asked("chunk/") == []
    assert [path for path in one.asked("/media/") if not path.endswith("poster.webp")] == []
    assert one.root.get_attribute("data-player-state") == "idle"
    assert one.is_clean()


def test_plays_through_hls_under_a_strict_policy(visit):
    one = visit()
    one.play()
    one.wait_until_past(1)
    assert one.root.get_attribute("data-player-engine") == "hls"
    assert one.asked("engine_hls")
    assert one.asked("audio/00000.m4s")
    assert one.page.locator("[data-player-toggle-word]").inner_text() == "暂停"
    assert one.is_clean()


def test_choosing_720p_really_loads_720p(visit):
    one = visit(script=connection(saveData=True))
    one.play()
    one.wait_for("level", "240p")
    assert one.asked("720p/0") == []
    choose(one.page, "720p")
    one.wait_for("level", "720p")
    assert one.asked("720p/0")
    before_s = one.time_s()
    one.wait_until_past(before_s + 0.5)
    assert one.page.evaluate("document.querySelector('video').videoHeight") == 720
    assert one.is_clean()


@pytest.mark.parametrize("facts", [{"saveData": True}, {"type": "cellular"}, {"effectiveType": "3g"}])
def test_costly_connections_begin_with_the_lowest_rung(visit, facts):
    one = visit(script=connection(**facts))
    assert one.page.locator("[data-player-value=choice]").inner_text() == "省流 240p"
    one.play()
    one.wait_until_past(1)
    assert one.root.get_attribute("data-player-level") == "240p"
    assert one.asked("720p/0") + one.asked("480p/0") == []


def test_cost_is_shown_in_words_before_play(visit):
    one = visit()
    shown = " ".join(one.page.locator(".player__cost").inner_text().split())
    assert shown == "只听 11 MB 省流 78 MB 清晰 219 MB"
    one.page.locator("[data-player-panel-button=choice]").tap()
    options = [" ".join(text.split()) for text in one.page.locator("[data-player-panel=choice] li").all_inner_texts()]
    assert options == [
        "自动 随网速",
        "清晰 720p 约 219 MB",
        "标准 480p 约 132 MB",
        "省流 240p 约 78 MB",
        "听课（只听声音） 约 11 MB",
    ]


def test_listening_loads_no_picture_and_keeps_the_place_both_ways(visit):
    one = visit()
    one.play()
    one.page.evaluate("document.querySelector('video').currentTime = 9")
    one.wait_until_past(9.3)
    left_s = one.time_s()
    one.site.requests.clear()
    one.page.locator("[data-player-listen]").tap()
    one.wait_for("level", "audio")
    one.wait_until_past(left_s)
    assert one.time_s() < left_s + 3
    assert one.root.get_attribute("data-player-mode") == "audio"
    assert one.asked("p/0") == []
    assert one.page.evaluate("document.querySelector('video').videoWidth") == 0
    left_s = one.time_s()
    one.page.locator("[data-player-listen]").tap()
    one.wait_for("mode", "video")
    one.wait_until_past(left_s)
    assert one.time_s() < left_s + 3
    assert one.is_clean()


def test_listening_chosen_before_play_never_loads_pictures(visit):
    one = visit()
    one.page.locator("[data-player-listen]").tap()
    one.play()
    one.wait_until_past(1)
    assert one.asked("p/index.m3u8") + one.asked("p/0") == []


def test_a_pause_survives_the_change_to_listening(visit):
    one = visit()
    one.play()
    one.wait_until_past(1)
    one.page.locator("[data-player-toggle]").tap()
    one.wait_for("state", "paused")
    stopped_s = one.time_s()
    one.page.locator("[data-player-listen]").tap()
    one.wait_for("state", "paused")
    one.wait_until(lambda: abs(one.time_s() - stopped_s) < 0.3)
    assert one.page.evaluate("document.querySelector('video').paused")


def test_mp4_can_be_forced(visit):
    one = visit("player=mp4")
    one.play()
    one.wait_until_past(1)
    assert one.root.get_attribute("data-player-engine") == "mp4"
    assert one.asked("lecture.mp4")
    assert one.asked("engine_hls") + one.asked(".m3u8") == []
    one.page.locator("[data-player-listen]").tap()
    one.wait_for("level", "audio")
    one.wait_until(lambda: bool(one.asked("lecture.m4a")))
    assert one.is_clean()


def test_a_broken_stream_falls_back_to_mp4_at_the_same_place(visit, site):
    one = visit()
    one.page.locator("[data-player-seek]").fill("8")
    with site.breaking("master.m3u8"):
        one.page.locator("[data-player-toggle]").tap()
        one.wait_for("engine", "mp4", timeout_s=30)
        one.wait_until_past(8)
    assert one.asked("lecture.mp4")
    assert one.root.get_attribute("data-player-state") == "playing"


def test_when_nothing_plays_the_person_may_try_again(visit, site):
    one = visit("player=mp4")
    with site.breaking("lecture.mp4"):
        one.page.locator("[data-player-toggle]").tap()
        one.wait_for("card", "error")
    assert one.page.locator("[data-player-announce]").inner_text() == "放不出来，请检查网络"
    one.page.get_by_role("button", name="再试一次").tap()
    one.wait_for("state", "playing")
    assert one.page.locator("div[data-player-card]").is_hidden()


def test_the_place_is_remembered_after_reload(visit):
    one = visit()
    one.play()
    one.page.evaluate("document.querySelector('video').currentTime = 7")
    one.wait_until_past(7.5)
    one.page.reload()
    one.wait_for("card", "resume")
    assert re.match(r"上次听到第[78]秒", one.page.locator("div[data-player-card]").inner_text())
    one.page.get_by_role("button", name="接着听").tap()
    one.wait_for("state", "playing")
    assert 7 <= one.time_s() < 11
    assert one.is_clean()


def test_the_remembered_place_can_be_left_for_the_beginning(visit):
    places = json.dumps({"demo-lecture": {"timeS": 8, "at": 1}})
    one = visit(script=f"localStorage.setItem('player.places', {places!r});")
    one.page.get_by_role("button", name="从头听").tap()
    one.wait_for("state", "playing")
    assert one.time_s() < 4


def test_a_long_stall_offers_sound_then_falls_to_it_by_itself(visit, site):
    one = visit()
    with site.holding("p/0"):
        one.page.locator("[data-player-toggle]").tap()
        one.wait_for("card", "slow")
        assert one.page.locator("[data-player-announce]").inner_text() == "网络慢，先听声音"
        one.wait_for("card", "fallen")
        one.wait_for("mode", "audio")
        one.wait_until_past(1)
    assert one.page.locator("[data-player-announce]").inner_text() == "网络太慢，已经先放声音"
    left_s = one.time_s()
    one.page.get_by_role("button", name="换回画面").tap()
    one.wait_for("mode", "video")
    one.wait_until_past(left_s)


def test_who_would_rather_wait_is_not_switched(visit, site):
    one = visit()
    with site.holding("p/0"):
        one.page.locator("[data-player-toggle]").tap()
        one.page.get_by_role("button", name="再等等").tap()
        one.page.wait_for_timeout(4500)
        assert one.root.get_attribute("data-player-mode") == "video"
    one.wait_for("state", "playing")


def test_hasty_fingers_do_not_confuse_it(visit):
    one = visit()
    for _ in range(5):
        one.page.locator("[data-player-toggle]").tap()
    for _ in range(5):
        one.page.locator("[data-player-listen]").tap()
    one.page.locator("[data-player-skip='15']").tap()
    one.page.locator("[data-player-skip='-15']").tap()
    one.wait_for("level", "audio")
    one.wait_for("state", "playing")
    one.wait_until_past(1)
    assert one.page.locator("video").count() == 1
    assert one.asked("master.m3u8").count("/media/master.m3u8") <= 3
    assert one.is_clean()


def test_the_end_offers_the_next_lecture_and_goes_nowhere_by_itself(visit):
    one = visit("next=1")
    one.play()
    one.page.evaluate("document.querySelector('video').currentTime = 15")
    one.wait_for("card", "ended")
    link = one.page.get_by_role("link", name="下一讲")
    assert link.get_attribute("href") == "/lecture?next=1"
    assert "demo-lecture" not in (one.page.evaluate("localStorage.getItem('player.places')") or "")
    one.page.get_by_role("button", name="再听一遍").first.tap()
    one.wait_for("state", "playing")
    assert one.time_s() < 5


def test_captions_appear_and_grow(visit):
    one = visit()
    one.page.locator("[data-player-panel-button=captions]").tap()
    one.page.locator("button[data-player-caption='0']").tap()
    one.play()
    caption = one.page.locator(".plyr__caption")
    caption.wait_for()
    assert caption.inner_text() == "大家好，今天我们来学八段锦。"
    sizes_px = []
    for size in ("medium", "large", "huge"):
        one.page.locator(f"button[data-player-caption-size='{size}']").tap()
        sizes_px.append(caption.evaluate("element => parseFloat(getComputedStyle(element).fontSize)"))
    assert sizes_px == sorted(set(sizes_px))
    one.page.locator("[data-player-listen]").tap()
    one.wait_for("level", "audio")
    caption.wait_for()
    assert one.is_clean()


def test_speed_and_habits_are_remembered(visit):
    one = visit()
    one.page.locator("[data-player-panel-button=rate]").tap()
    one.page.locator("button[data-player-rate='0.8']").tap()
    one.play()
    assert one.page.evaluate("document.querySelector('video').playbackRate") == 0.8
    one.page.locator("[data-player-listen]").tap()
    one.wait_for("level", "audio")
    assert one.page.evaluate("document.querySelector('video').playbackRate") == 0.8
    one.page.reload()
    assert one.page.locator("[data-player-value=rate]").inner_text() == "0.8"


def test_the_screen_stays_awake_only_while_it_plays(visit):
    fake = """
    window.locks = [];
    Object.defineProperty(navigator, 'wakeLock', {value: {request: async () => {
      const lock = {released: false, release: async () => { lock.released = true; }};
      window.locks.push(lock);
      return lock;
    }}});
    """
    one = visit(script=fake)
    assert one.page.evaluate("window.locks.length") == 0
    one.play()
    one.wait_until(lambda: one.page.evaluate("window.locks.filter(lock => !lock.released).length") == 1)
    one.page.locator("[data-player-toggle]").tap()
    one.wait_until(lambda: one.page.evaluate("window.locks.every(lock => lock.released)"))


def test_an_audio_lecture_plays_in_the_same_player(visit):
    one = visit("audio_only=1&no_poster=1")
    one.play()
    one.wait_until_past(1)
    assert one.root.get_attribute("data-player-level") == "audio"
    assert one.page.locator("[data-player-listen]").count() == 0
    assert one.is_clean()


def test_native_hls_holds_the_saver_manifest(visit):
    one = visit("player=native", script=connection(saveData=True))
    one.page.locator("[data-player-toggle]").tap()
    one.wait_until(lambda: bool(one.asked("saver.m3u8")))
    assert one.asked("engine_hls") + one.asked("master.m3u8") == []
    names = one.page.locator("[data-player-panel=choice] li:not([hidden]) button").evaluate_all(
        "buttons => buttons.map(button => button.dataset.playerChoice)"
    )
    assert names == ["auto", "240p", "audio"]


def test_the_keyboard_reaches_everything(visit):
    one = visit(**DESKTOP)
    page = one.page
    page.locator("[data-player-toggle]").focus()
    page.keyboard.press("Enter")
    one.wait_for("state", "playing")
    page.locator("[data-player-seek]").focus()
    page.keyboard.press("ArrowRight")
    one.wait_until_past(5)
    assert re.match(r"\d+分\d+秒，共0分16秒", page.locator("[data-player-seek]").get_attribute("aria-valuetext"))
    page.locator("[data-player-panel-button=rate]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.playerRate") == "1"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.playerRate") == "1.25"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.playerPanelButton") == "rate"
    page.keyboard.press("k")
    one.wait_for("state", "paused")
    assert one.is_clean()


def test_full_screen_keeps_the_controls(visit):
    one = visit(**DESKTOP)
    one.page.locator("[data-player-toggle]").click()
    one.wait_for("state", "playing")
    one.page.locator("button[data-player-full]").click()
    one.wait_for("full", "true")
    assert one.page.locator("[data-player-toggle]").is_visible()
    assert one.page.evaluate("document.fullscreenElement.matches('[data-player]')")
    one.page.locator("button[data-player-full]").click()
    one.wait_for("full", "false")
    assert one.is_clean()


def test_nothing_jumps_when_the_player_takes_over(visit):
    watch = """
    window.shift = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift += one.value; })
      .observe({type: 'layout-shift', buffered: true});
    """
    one = visit(script=watch)
    one.play()
    one.wait_until_past(1)
    assert one.page.evaluate("window.shift") < 0.01
