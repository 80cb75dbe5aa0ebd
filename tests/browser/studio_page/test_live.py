"""Parts of the studio's page that bring themselves up to date while work goes on; server and clock are stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "app/studio/static/studio/entry/studio.js"
ADDRESS = "http://studio.test/"


def box(name: str, words: str, *, is_live: bool, phase: str = "") -> str:
    attributes = f'data-live="{"yes" if is_live else "no"}" data-spoken="{words}"'
    return f"<div {attributes}{f' data-phase={phase}' if phase else ''}><p>{name} {words}</p><button>x</button></div>"


def page_of(media: str, captions: str) -> str:
    parts = "".join(
        f'<p role="status" data-live-spoken="{id_}-live"></p><div id="{id_}-live" data-live-url="/{id_}">{inner}</div>'
        for id_, inner in (("media", media), ("captions", captions))
    )
    return f"<!doctype html><html><body>{parts}<script type=module src=/studio.js></script></body></html>"


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., tuple[Any, list[str]]]]:
    """Return a function that opens a page whose boxes get the given answers in turn, the last again and again."""
    context = chromium.new_context()

    def do(page_html: str, **answers: list[str]) -> tuple[Any, list[str]]:
        page, asked = context.new_page(), []

        def answer(route: Any) -> None:
            name = route.request.url.removeprefix(ADDRESS)
            asked.append(name)
            if name in answers:
                left = answers[name]
                route.fulfill(body=left.pop(0) if len(left) > 1 else left[0], content_type="text/html; charset=utf-8")
            elif name == "studio.js":
                route.fulfill(body=SCRIPT.read_text(encoding="utf-8"), content_type="text/javascript; charset=utf-8")
            else:
                route.fulfill(body=page_html, content_type="text/html; charset=utf-8")

        page.clock.install()
        page.route("**/*", answer)
        page.goto(ADDRESS)
        return page, asked

    yield do
    context.close()


def turn(page: Any) -> None:
    page.clock.run_for(2100)
    page.wait_for_load_state("networkidle")


def test_captions_come_by_themselves_and_are_read_aloud(opened: Callable[..., tuple[Any, list[str]]]) -> None:
    first = page_of(box("m", "好了", is_live=False, phase="ready"), box("c", "正在听写", is_live=True))
    page, asked = opened(first, captions=[box("c", "正在听写", is_live=True), box("c", "字幕已经更新", is_live=False)])
    for _ in range(4):
        turn(page)
    page.get_by_text("c 字幕已经更新").wait_for()
    assert page.locator("[data-live-spoken=captions-live]").inner_text() == "字幕已经更新"
    assert asked == ["", "studio.js", "captions", "captions"], "what is finished is not asked for again"


def test_what_the_finger_is_on_stays(opened: Callable[..., tuple[Any, list[str]]]) -> None:
    first = page_of(box("m", "好了", is_live=False, phase="ready"), box("c", "一", is_live=True))
    page, asked = opened(first, captions=[box("c", "二", is_live=True)])
    page.locator("#captions-live button").focus()
    turn(page)
    assert page.locator("#captions-live p").inner_text() == "c 一"
    page.locator("#captions-live button").blur()
    turn(page)
    page.get_by_text("c 二").wait_for()
    assert asked.count("captions") >= 2


def test_the_end_of_the_encode_opens_the_page_anew(opened: Callable[..., tuple[Any, list[str]]]) -> None:
    first = page_of(box("m", "转码", is_live=True, phase="working"), box("c", "没有", is_live=False))
    page, asked = opened(first, media=[box("m", "好了", is_live=False, phase="ready")])
    turn(page)
    page.wait_for_function("document.readyState === 'complete'")
    assert asked[:4] == ["", "studio.js", "media", ""]
