"""The player's page without playing: no JavaScript, both modes, target sizes, axe, paper, languages, weight."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "app/player/static/player"
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SMALL_TARGETS = """
    (least) => Array.from(document.querySelectorAll('[data-player] button, [data-player] a, [data-player] input'))
      .filter((one) => one.offsetParent)
      .map((one) => [one.outerHTML.slice(0, 90), one.offsetWidth, one.offsetHeight])
      .filter(([, width, height]) => width < least || height < least)
"""
SMALL_TEXT = """
    () => Array.from(document.querySelectorAll('[data-player] *'))
      .filter((one) => one.offsetParent && Array.from(one.childNodes)
        .some((node) => node.nodeType === 3 && node.data.trim()))
      .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 18 && !one.matches('.player__unseen'))
      .map((one) => one.outerHTML.slice(0, 90))
"""


def test_without_javascript_the_browser_plays_the_mp4(visit):
    one = visit(java_script_enabled=False)
    html = one.page.content()
    video = re.search(r"<video[^>]*>", html)[0]
    for attribute in ("controls", 'preload="none"', 'poster="/media/poster.webp"', "playsinline", "x5-video-player"):
        assert attribute in video
    assert "autoplay" not in html
    assert re.search(r'<source src="/media/lecture.mp4" type="video/mp4">', html)
    assert re.findall(r'<track kind="captions" src="/media/(\w+).vtt" srclang="\w+" label="([^"]+)"', html) == [
        ("zh", "中文（机器生成）"),
        ("en", "English"),
    ]
    assert one.page.locator("[data-player-deck]").is_hidden()
    assert one.page.locator("[data-player-cover]").is_hidden()
    assert "省流" in one.page.locator(".player__cost").inner_text()
    assert one.asked("lecture.mp4") == []


def test_without_javascript_an_audio_lecture_is_audio(visit):
    one = visit("audio_only=1", java_script_enabled=False)
    assert one.page.locator("audio[controls]").is_visible()
    assert one.page.locator("audio source").first.get_attribute("src") == "/media/lecture.m4a"


@pytest.mark.parametrize("size", ["normal", "large", "larger", "largest"])
@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_no_text_size_pushes_the_page_sideways(visit, mode, size):
    one = visit(f"mode={mode}&size={size}&help=1&aigc=1")
    for name in ("choice", "captions", "rate"):
        one.page.locator(f"[data-player-panel-button={name}]").tap()
        assert one.page.evaluate("document.documentElement.scrollWidth") == 360
        assert one.page.locator(f"[data-player-panel={name}]").evaluate("box => box.scrollWidth <= box.clientWidth")
    clipped = "() => Array.from(document.querySelectorAll('.player__button, .player__option')).filter((one) => "
    clipped += "one.offsetParent && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"
    assert one.page.evaluate(clipped) == []


@pytest.mark.parametrize(("mode", "least_px"), [("normal", 44), ("elder", 60)])
def test_targets_are_large_enough(visit, mode, least_px):
    one = visit(f"mode={mode}&help=1")
    one.page.locator("[data-player-panel-button=captions]").tap()
    assert one.page.evaluate(SMALL_TARGETS, least_px) == []


def test_elder_text_is_at_least_18_px(visit):
    one = visit("mode=elder&help=1&aigc=1")
    one.page.locator("[data-player-panel-button=choice]").tap()
    assert one.page.evaluate(SMALL_TEXT) == []


def test_elder_mode_shows_captions_at_once(visit):
    one = visit("mode=elder")
    one.play()
    one.page.locator(".plyr__caption").wait_for()


PAGES = ["", "mode=elder&help=1", "theme=dark&aigc=1", "theme=contrast", "audio_only=1&no_poster=1"]


@pytest.mark.parametrize("query", PAGES)
def test_axe_finds_nothing(visit, query):
    one = visit(query)
    one.page.locator("[data-player-panel-button=rate]").tap()
    one.play()
    one.page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = one.page.evaluate("(options) => window.axe.run(document, options)", options)
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == []


def test_on_paper_there_is_a_picture_a_title_and_an_address(visit):
    one = visit()
    one.page.emulate_media(media="print")
    assert one.page.locator(".player__still img").is_visible()
    assert "https://example.org/lectures/demo-lecture" in one.page.locator(".player__paper").inner_text()
    assert one.page.locator("video").is_hidden()
    assert one.page.locator("[data-player-deck]").is_hidden()


def test_every_word_comes_from_the_template(visit):
    one = visit("marked=1&next=1")
    one.play()
    one.page.evaluate("document.querySelector('video').currentTime = 15.6")
    one.wait_for("card", "ended")
    shown = "".join(one.page.locator(f"div[data-player-{part}]").inner_text() for part in ("deck", "card"))
    assert "«下一讲" in shown
    data = "清晰|标准|省流|中文|八段锦第四讲：五劳七伤往后瞧"
    assert re.findall(r"[一-鿿]+", re.sub(rf"«.*?»|{data}", "", re.sub(data, "", shown))) == []


def test_no_words_are_written_in_the_scripts():
    for script in SCRIPTS.glob("**/*.js"):
        code = re.sub(r"/\*\*.*?\*/|//[^\n]*", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert re.findall(r"[一-鿿]+", code) == [], script.name


def test_the_player_is_light_until_it_plays(player_assets):
    def weigh(pattern: str) -> int:
        return sum(len(gzip.compress(path.read_bytes(), 9)) for path in player_assets.glob(pattern))

    assert weigh("player-*.js") <= 12_000
    assert weigh("player-*.css") <= 6_000
    assert weigh("player-*.js") + weigh("chunk/surface-*.js") <= 45_000
    assert "cdn." not in next(player_assets.glob("player-*.js")).read_text(encoding="utf-8")
