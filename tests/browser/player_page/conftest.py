"""Fixtures of the player's test page: built assets, a real clip, a strict server, a phone-sized Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.player_page.clip import make_clip
from tests.browser.player_page.server import Site, serve

ROOT = Path(__file__).resolve().parents[3]
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
WATCHER = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


@pytest.fixture(scope="session")
def player_assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node, vite = shutil.which("node"), ROOT / "node_modules/vite/bin/vite.js"
    if node is None or not vite.exists() or not (ROOT / "node_modules/hls.js").exists():
        pytest.skip("node or node_modules is missing: the player cannot be built")
    folder = tmp_path_factory.mktemp("player_assets")
    environ = {**os.environ, "PLAYER_PAGE_ASSETS": str(folder)}
    config = Path(__file__).with_name("vite.config.js")
    argv = [node, str(vite), "build", "--config", str(config), "--logLevel", "error"]
    subprocess.run(argv, check=True, cwd=ROOT, env=environ)
    return folder


@pytest.fixture(scope="session")
def site(player_assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    ffmpeg = os.environ.get("FFMPEG_BIN") or shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is missing: there is nothing to play")
    return Site(make_clip(tmp_path_factory.mktemp("clip") / "media", ffmpeg), player_assets)


@pytest.fixture(scope="session")
def address(site: Site) -> Iterator[str]:
    with serve(site) as url:
        yield url


class Visit:
    """One phone-sized page and everything it complained about."""

    def __init__(self, context, address: str, site: Site) -> None:
        self.address, self.site = address, site
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page = context.new_page()
        self.page.on("console", self.note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.note_request(request.url))
        self.root = self.page.locator("[data-player]")

    def note_console(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def note_request(self, url: str) -> None:
        if not url.startswith((self.address, "blob:")):
            self.foreign.append(url)

    def open(self, query: str = "") -> None:
        self.site.requests.clear()
        self.page.goto(f"{self.address}/lecture?{query}", wait_until="load")

    def time_s(self) -> float:
        return self.page.evaluate("document.querySelector('video').currentTime")

    def wait_for(self, name: str, value: str, timeout_s: float = 15) -> None:
        self.page.wait_for_selector(f'[data-player][data-player-{name}="{value}"]', timeout=timeout_s * 1000)

    def wait_until_past(self, time_s: float, timeout_s: float = 15) -> None:
        self.wait_until(lambda: self.time_s() > time_s, timeout_s)

    def wait_until(self, is_true: Callable[[], bool], timeout_s: float = 15) -> None:
        """Poll from outside: the page's policy allows no eval, which wait_for_function needs."""
        give_up_at = time.monotonic() + timeout_s
        while not is_true():
            assert time.monotonic() < give_up_at, self.root.evaluate("element => ({...element.dataset})")
            self.page.wait_for_timeout(100)

    def play(self) -> None:
        self.page.locator("[data-player-toggle]").tap()
        self.wait_for("state", "playing")

    def asked(self, part: str) -> list[str]:
        return [path for path in self.site.requests if part in path]

    def is_clean(self) -> bool:
        violations = self.page.evaluate("window.violations || []")
        assert violations == []
        assert self.complaints == []
        assert self.foreign == []
        return True


@pytest.fixture
def visit(chromium, address: str, site: Site) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def begin(query: str = "", *, script: str = "", go: bool = True, **options) -> Visit:
        context = chromium.new_context(**{**PHONE, **options})
        context.set_default_timeout(15_000)
        if options.get("java_script_enabled", True):
            context.add_init_script(WATCHER + script)
        contexts.append(context)
        one = Visit(context, address, site)
        if go:
            one.open(query)
        return one

    yield begin
    for context in contexts:
        context.close()
