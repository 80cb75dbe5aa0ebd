"""`make screenshots`: every page at 360 and 1280 px in both modes, of a demo installation of its own.

Pictures go to build/screenshots; `--readme` takes only the few that README.md and the guides show, for docs/images,
with few colours so that they stay small.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dev import run

OUT = run.ROOT / "build" / "screenshots"
IMAGES = run.ROOT / "docs" / "images"
VAR = run.ROOT / "build" / "screenshots-var"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WIDTHS = {360: {"width": 360, "height": 740}, 1280: {"width": 1280, "height": 860}}
#: What README.md and the guides show: (page, width, mode).
README = {("home", 360, "normal"), ("home", 360, "elder"), ("lecture", 360, "elder"), ("search", 1280, "normal"),
          ("studio", 1280, "normal"), ("poster", 1280, "normal")}  # fmt: skip
#: What docs/guides show.
GUIDES = {("batch", 1280, "normal"), ("review-submission", 1280, "normal"), ("review", 1280, "normal"),
          ("review-case", 1280, "normal"), ("review-board", 1280, "normal"),
          ("green-grant", 1280, "normal"), ("join", 360, "normal"), ("join-follow", 360, "normal"),
          ("joining", 1280, "normal"), ("joining-case", 1280, "normal"), ("members-place", 1280, "normal"),
          ("notices", 360, "normal"), ("notice-settings", 1280, "normal"), ("captions-desk", 1280, "normal"),
          ("watching", 1280, "normal"), ("certificates", 1280, "normal"), ("green-lost", 1280, "normal"),
          ("green-opening", 360, "normal")}  # fmt: skip
#: Colours of a picture in docs/images.
COLOURS = 128
#: Files of the batch that is photographed; nothing but their names is needed.
BATCH = (
    "第01讲_认识八段锦_张老师.mp4", "第02讲_两手托天_张老师.mp4", "03-左右开弓(上)-李老师.MP4",
    "第四讲 调理脾胃.mp4", "5、五劳七伤往后瞧.mp4", "MVI_0012.MOV",
)  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """One page: its name, its address, who is signed in."""

    name: str
    path: str
    login: str = ""
    #: What to click on the page first.
    follow: str = ""


def main(arguments: list[str]) -> int:
    """Install the demo, start the web process, take the pictures."""
    os.environ.update(VAR=str(VAR), APP_LOG_LEVEL="WARNING")
    os.environ.setdefault("PORT", "8765")
    host, port = run.address()
    environ = run.settings(host, port)
    run.prepare(environ)
    OUT.mkdir(parents=True, exist_ok=True)
    web = run.start("web", run.web_command(host, port), environ)
    try:
        run.wait_until_ready(environ["APP_BASE_URL"], host, port, [web], run.StopRequest())
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM_BIN", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            count = sum(1 for _ in take_all(browser, environ["APP_BASE_URL"], is_for_readme="--readme" in arguments))
            browser.close()
    finally:
        run.stop([web])
    print(f"{count} pictures in {OUT.relative_to(run.ROOT)}")
    return 0


def take_all(browser: Browser, base: str, *, is_for_readme: bool) -> Iterator[Path]:
    """Take every page in every form; yield the files."""
    passwords = json.loads((VAR / "demo-accounts.json").read_text(encoding="utf-8"))
    shots = list(pages(base))
    for width, size in WIDTHS.items():
        for mode in ("normal", "elder"):
            contexts: dict[str, BrowserContext] = {}
            wanted = [each for each in shots if not is_for_readme or (each.name, width, mode) in README | GUIDES]
            for shot in wanted:
                if shot.login not in contexts:
                    contexts[shot.login] = open_context(browser, base, size, mode, shot.login, passwords)
                page = contexts[shot.login].new_page()
                page.goto(base + shot.path, wait_until="load")
                if shot.follow:
                    page.locator(shot.follow).first.click()
                    page.wait_for_load_state("load")
                if shot.name == "batch":
                    open_batch(page, base)
                path = OUT / f"{shot.name}-{width}-{mode}.png"
                take(page, path, width)
                if is_for_readme:
                    IMAGES.mkdir(parents=True, exist_ok=True)
                    save_small(page.screenshot(), IMAGES / path.name)
                page.close()
                yield path
            for context in contexts.values():
                context.close()


def save_small(picture: bytes, path: Path) -> None:
    """Keep a picture with few colours: pages have few, and the guides load on phones."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def take(page: Page, path: Path, width: int) -> None:
    """Photograph a whole page; pictures below the fold are fetched first. A page wider than the screen is a fault."""
    page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach((image) => { image.loading = 'eager'; })")
    page.wait_for_load_state("networkidle")
    overflow = page.evaluate("document.documentElement.scrollWidth") - width
    if overflow > 0:
        print(f"{path.name}: {overflow} px wider than the screen", file=sys.stderr)
    page.screenshot(path=path, full_page=True)


def open_context(  # noqa: PLR0917 - one profile has this many properties
    browser: Browser, base: str, size: dict[str, int], mode: str, login: str, passwords: dict[str, str]
) -> BrowserContext:
    """Open a browser profile in one mode, signed in when a login is given."""
    viewport: Any = size
    context = browser.new_context(viewport=viewport, device_scale_factor=1, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.goto(f"{base}/about?elder={1 if mode == 'elder' else 0}")
    if login:
        page.goto(f"{base}/sign-in")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", passwords[login])
        page.click("form[action='/sign-in'] button[type=submit]")
        # A page closed while its answer is on the way may never close, and may lose the session's cookie.
        page.wait_for_url(lambda url: "/sign-in" not in url, wait_until="load")
    page.close()
    return context


def open_batch(page: Page, base: str) -> None:
    """Go to a batch of drafts, made from the page where files are chosen; the same key makes it once."""
    desk = json.loads(page.locator("#desk-data").text_content() or "")
    token = json.loads(page.locator("#uploader-data").text_content() or "")["csrf_token"]
    institution = page.locator("#desk-form [name=institution]").input_value()
    files = [{"path": f"八段锦/{name}", "size": 1_000_000 + place} for place, name in enumerate(BATCH)]
    new = {"key": "screenshots-batch", "institution": institution, "choice": "new", "course": "八段锦", "files": files}
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    answer = page.request.post(base + desk["create_url"], headers=headers, data=new)
    page.goto(base + answer.json()["page_url"], wait_until="load")


def read_json(url: str) -> Any:  # noqa: ANN401 - any JSON
    """Read a JSON answer of our own server."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        return json.load(answer)


def playlist(base: str) -> str:
    """Find the path of the demo's playlist on the page that lists them."""
    with urllib.request.urlopen(f"{base}/playlists", timeout=10) as answer:  # noqa: S310 - our own address
        found = re.search(r'href="(/playlists/[a-z0-9]+)"', answer.read().decode())
    if found is None:
        raise run.StartFailed("the demo has no public playlist")
    return found[1]


def pages(base: str) -> Iterator[Shot]:
    """Yield every page worth looking at."""
    lecture = read_json(f"{base}/api/v1/lectures")["items"][0]["id"]
    yield Shot("home", "/")
    yield Shot("catalogue", "/lectures")
    yield Shot("search", "/search?q=手机")
    yield Shot("filters", "/lectures?audience=elder#filters")
    yield Shot("subjects", "/browse")
    yield Shot("subject", "/browse/topic/public-health")
    yield Shot("three-taps", "/find")
    yield Shot("search-empty", "/search?q=量子色动力学")
    yield Shot("lecture", f"/lectures/{lecture}")
    yield Shot("playlists", "/playlists")
    yield Shot("playlist", playlist(base))
    yield Shot("code", "/q/")
    yield Shot("preferences", "/preferences")
    yield Shot("about", "/about")
    yield Shot("accessibility", "/accessibility")
    yield Shot("not-found", "/nothing-here")
    yield Shot("sign-in", "/sign-in")
    yield Shot("join", "/join")
    yield Shot("join-follow", "/join/application")
    yield Shot("styleguide", "/styleguide")
    yield from pages_behind_sign_in(base, lecture)


def pages_behind_sign_in(base: str, lecture: str) -> Iterator[Shot]:
    """Yield the pages of those who make, review and run the library."""
    yield Shot("studio", "/studio/", "teacher")
    yield Shot("studio-new", "/studio/lectures/new", "teacher")
    yield Shot("batch-choose", "/studio/desk", "teacher")
    yield Shot("batch", "/studio/desk", "teacher")
    yield Shot("studio-extras", f"/studio/lectures/{lecture}/extras", "operator")
    yield Shot("studio-lecture", f"/studio/lectures/{lecture}", "operator")
    yield Shot("review", "/review/", "reviewer")
    yield Shot("review-case", "/review/", "reviewer", follow=".review-title a")
    yield Shot("review-submission", f"/review/submission?lecture={lecture}", "operator")
    yield Shot("review-board", "/review/board", "province")
    yield Shot("review-rules", "/review/rules", "operator")
    yield Shot("review-words", "/review/words", "operator")
    yield Shot("joining", "/joining/", "province")
    yield Shot("joining-case", "/joining/", "province", follow="main li a[href*='/joining/applications/']")
    yield Shot("joining-institutions", "/joining/institutions", "province")
    yield Shot("joining-units", "/joining/units", "province")
    yield Shot("members-place", "/members/", "teacher")
    yield Shot("notices", "/notices/", "author")
    yield Shot("notice-settings", "/notices/settings", "teacher")
    yield Shot("captions-desk", f"/studio/lectures/{lecture}/captions/zh-CN/desk", "operator")
    yield Shot("watching", "/watching", "teacher")
    yield Shot("certificates", "/watching/certificates", "teacher")
    yield from green_pages()
    yield Shot("desk", "/desk/playlists", "centre")
    yield Shot("desk-new", "/desk/playlists/new", "centre")
    yield Shot("desk-playlist", f"/desk{playlist(base)}", "centre")
    yield Shot("poster", f"/desk{playlist(base)}/poster", "centre")
    yield Shot("admin", "/admin/", "operator")


def green_pages() -> Iterator[Shot]:
    """Yield the pages of the green channel: for residents, for the institution that opened something, for officers."""
    yield Shot("green-channel", "/green-channel/")
    yield Shot("green-register", "/green-channel/register?when=all")
    yield Shot("green-opening", "/green-channel/register", follow=".green-row h2 a")
    yield Shot("green-desk", "/green-channel/desk", "author")
    yield Shot("green-grant", "/green-channel/desk", "author", follow=".green-row h2 a")
    yield Shot("green-lost", "/green-channel/desk", "teacher", follow=".green-row h2 a:has-text('平安冬季')")
    yield Shot("green-form", "/green-channel/desk", "author", follow="[data-testid=new-grant]")
    yield Shot("green-overview", "/green-channel/overview", "province")


if __name__ == "__main__":
    started = time.monotonic()
    status = main(sys.argv[1:])
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(status)
