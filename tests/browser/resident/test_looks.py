"""What 适老化 asks for, measured: axe in every look, sizes in elder mode, nothing wider than a phone, few bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.journey.visitor import Visitor
from tests.browser.resident.conftest import Library

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
Visit = Callable[..., Visitor]

LOOKS = {
    "normal": "normal.light.standard.zh",
    "elder": "elder.light.standard.zh",
    "dark": "normal.dark.standard.zh",
    "contrast": "elder.contrast.largest.zh",
}
BUDGET_BYTES, BUDGET_REQUESTS = 60 * 1024, 10

SMALL_TEXT = """
() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !parent.getClientRects().length) continue;
    const style = getComputedStyle(parent);
    if (style.visibility === 'hidden' || ['SCRIPT', 'STYLE', 'OPTION'].includes(parent.tagName)) continue;
    const size = parseFloat(style.fontSize);
    if (size < 18) found.push(`${size}px ${parent.tagName}.${parent.className}: ${words.slice(0, 20)}`);
  }
  return found;
}
"""
#: Main components: what a resident presses. Links inside sentences are not.
PRESSED = (
    ".button, .chip, .choice-box, .elder-switch, .main-nav a, .search-box input, .search-box button, .facet > summary,"
    " .facet-more > summary, .need-choice,"
    " .player__button, .player__tile, .player__mute, .player__cover, .player__option, .player__help a"
)
SMALL_TARGETS = f"""
() => [...document.querySelectorAll("{PRESSED}")].map(element => [element, element.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 59.5 || box.height < 59.5))
  .map(([element, box]) => `${{box.width}}x${{box.height}} ${{element.className}}: ${{element.innerText}}`)
"""
TOO_WIDE = """
() => [...document.querySelectorAll('body *')]
  .filter(element => !element.closest('.visually-hidden, .player__unseen, svg'))
  .filter(element => element.getBoundingClientRect().right > 361)
  .map(element => `${element.tagName}.${element.className}`).slice(0, 5)
"""


def pages(library: Library) -> dict[str, str]:
    return {
        "home": "/",
        "results": "/search?q=养生",
        "nothing": "/search?q=量子色动力学",
        "filters": "/lectures?audience=elder#filters",
        "all subjects": "/browse",
        "one subject": "/browse/topic/public-health",
        "three taps": "/find",
        "lecture": library.lecture,
        "preferences": "/preferences",
    }


@cache
def axe_script() -> str:
    if not AXE.exists():
        pytest.skip("node_modules is missing: npm ci")
    return AXE.read_text(encoding="utf-8")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(visit: Visit, library: Library, look: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - reads a large file of its own

    axe = Axe(axe_script())
    visitor = visit(ui=LOOKS[look])
    findings = []
    for name, address in pages(library).items():
        visitor.open(address)
        results = axe.run(visitor.page)
        findings += [
            f"{name}: {rule['id']}: {node['html'][:120]} {node['failureSummary'][-160:]}"
            for rule in results.response["violations"]
            for node in rule["nodes"]
        ]
    assert findings == []
    visitor.leave()


@pytest.mark.parametrize("text_size", ["standard", "largest"])
def test_elder_mode_is_large_enough_to_read_and_to_press(visit: Visit, library: Library, text_size: str) -> None:
    """E1: no text below 18 px; E2: the largest setting reaches 30 px; E10: what is pressed is at least 60 px."""
    visitor = visit(ui=f"elder.light.{text_size}.zh")
    for name, address in pages(library).items():
        visitor.open(address)
        for button in visitor.page.locator("[data-player-panel-button]").all():
            button.tap()
        assert visitor.page.evaluate(SMALL_TEXT) == [], name
        assert visitor.page.evaluate(SMALL_TARGETS) == [], name
        body_px = float(visitor.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)"))
        assert body_px >= (30 if text_size == "largest" else 18)
    visitor.leave()


def test_the_measures_would_notice(visit: Visit) -> None:
    """The usual mode has small print and small targets; a measure that finds none there finds none anywhere."""
    visitor = visit(ui=LOOKS["normal"])
    visitor.open("/")
    assert visitor.page.evaluate(SMALL_TEXT) != []
    assert visitor.page.evaluate(SMALL_TARGETS) != []
    assert visitor.page.evaluate(TOO_WIDE) == []
    visitor.page.evaluate("document.querySelector('.card').style.width = '500px'")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") > 360
    assert visitor.page.evaluate(TOO_WIDE) != []
    visitor.leave()


@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_the_largest_text_fits_a_phone(visit: Visit, library: Library, mode: str) -> None:
    visitor = visit(ui=f"{mode}.light.largest.zh")
    for name, address in {
        **pages(library),
        "sign-in": "/sign-in",
        "playlist": f"/playlists/{library.playlist}",
    }.items():
        visitor.open(address)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360, (
            name,
            visitor.page.evaluate(TOO_WIDE),
        )
    visitor.leave()


@pytest.mark.parametrize("name", ["home", "results", "lecture"])
def test_a_page_costs_little_before_media(visit: Visit, library: Library, name: str) -> None:
    visitor = visit()
    sizes: list[tuple[str, int]] = []
    with visitor.page.expect_event("load"):
        visitor.page.on("requestfinished", lambda request: sizes.append((request.url, request)))  # type: ignore[arg-type]
        visitor.open(pages(library)[name])
    visitor.page.wait_for_timeout(300)
    before_media = [(url, request) for url, request in sizes if not urlsplit(url).path.startswith("/media/")]
    weights = {urlsplit(url).path: request.sizes()["responseBodySize"] for url, request in before_media}  # type: ignore[attr-defined]
    assert len(before_media) <= BUDGET_REQUESTS, weights
    assert sum(weights.values()) <= BUDGET_BYTES, weights
    visitor.leave()


def test_elder_mode_holds_over_pages_until_it_is_left(visit: Visit, library: Library) -> None:
    visitor = visit()
    page = visitor.page

    def mode() -> str | None:
        return page.locator("html").get_attribute("data-mode")

    visitor.open("/search?q=养生")
    page.get_by_role("link", name="长辈版").tap()
    expect(page.locator("html")).to_have_attribute("data-mode", "elder")
    assert page.locator(".card-title a").count() == 2, "the switch keeps the page"
    for address in pages(library).values():
        visitor.open(address)
        assert mode() == "elder", address
    page.get_by_role("link", name="回标准版").tap()
    expect(page.locator("html")).to_have_attribute("data-mode", "normal")
    visitor.open("/")
    assert mode() == "normal"
    visitor.leave()


def test_english_holds_too(visit: Visit, library: Library) -> None:
    visitor = visit()
    visitor.open("/")
    visitor.page.get_by_role("link", name="English").tap()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    visitor.open(library.lecture)
    assert visitor.page.locator("html").get_attribute("lang") == "en"
    visitor.page.get_by_role("link", name="中文").tap()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    visitor.leave()
