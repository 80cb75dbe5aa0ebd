"""One person's browser on the running product: a page, what it complained about, whom it talked to."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Error

from tests.fixtures.stack import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
WATCHER = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
TIMEOUT_S = 20.0


class Visitor:
    """A fresh browser profile with one page."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self.address = address
        self.context = browser.new_context(locale="zh-CN", base_url=address, **options)
        self.context.set_default_timeout(TIMEOUT_S * 1000)
        self.context.add_init_script(WATCHER)
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.asked: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._note_request)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text} {message.location.get('url', '')}")

    def _note_request(self, request: Request) -> None:
        self.asked.append(request.url)
        if not request.url.startswith((f"{self.address}/", "blob:", "data:")):
            self.foreign.append(request.url)

    def open(self, path: str) -> int:
        """Go to an address of the site and return the status of its answer."""
        try:
            response = self.page.goto(path, wait_until="load")
        except Error as error:
            # A page that renews itself when work is done may begin with that at the same moment.
            if "interrupted by another navigation" not in error.message:
                raise
            response = self.page.goto(path, wait_until="load")
        assert response is not None
        return response.status

    def sign_in(self, login: str) -> None:
        """Fill in the form as a person does."""
        self.open("/sign-in")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def wait_until(self, is_true: Callable[[], object], what: str, timeout_s: float = TIMEOUT_S) -> None:
        """Poll from outside: the pages' policy allows no eval, which wait_for_function needs."""
        give_up_at = time.monotonic() + timeout_s
        while not is_true():
            assert time.monotonic() < give_up_at, f"after {timeout_s:.0f} s: {what} ({self.page.url})"
            self.page.wait_for_timeout(100)

    def read_code(self, picture: Locator) -> str:
        """Point a camera at a QR code and return what it says."""
        picture.scroll_into_view_if_needed()
        self.wait_until(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 0"), "no picture")
        with Image.open(io.BytesIO(picture.screenshot())) as seen:
            found = zxingcpp.read_barcodes(seen)
        assert len(found) == 1, "exactly one code is to be seen"
        return str(found[0].text)

    def leave(self) -> None:
        """Close the browser; nothing may have been complained about, nobody else been talked to."""
        violations = self.page.evaluate("window.violations || []")
        self.context.close()
        assert violations == []
        assert self.complaints == [], self.complaints
        assert self.foreign == []


@contextmanager
def visitors(browser: Browser, address: str, prepare: Callable[[Visitor], object] | None = None) -> Iterator[Any]:
    """Give a function that gives somebody a browser of their own; all are closed at the end.

    It takes `login` to sign in as, `ui` for preferences as their page would set them, and a context's options.
    `prepare` is done to every one before anything is opened.
    """
    contexts = []

    def begin(login: str = "", *, ui: str = "", **options: Any) -> Visitor:
        visitor = Visitor(browser, address, **options)
        contexts.append(visitor.context)
        if prepare is not None:
            prepare(visitor)
        if ui:
            visitor.context.add_cookies([{"name": "ui", "value": ui, "url": address}])
        if login:
            visitor.sign_in(login)
        return visitor

    yield begin
    for context in contexts:
        context.close()


class Player:
    """The player on the page a visitor is on."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.root = visitor.page.locator("[data-player]")

    def state(self, name: str) -> str:
        """Read one of the player's data-player-… values."""
        return self.root.get_attribute(f"data-player-{name}") or ""

    def time_s(self) -> float:
        """Where the sound is."""
        return float(self.root.locator("video, audio").first.evaluate("media => media.currentTime"))

    def plays_on(self, seconds: float = 0.7) -> None:
        """Wait until it has played on."""
        before_s = self.time_s()
        self.visitor.wait_until(
            lambda: self.time_s() > before_s + seconds,
            f"playing on from {before_s}, {self.root.evaluate('element => ({...element.dataset})')}",
        )

    def back(self) -> None:
        """Go back to the beginning, so that a slow machine does not reach the end of a short clip."""
        self.root.locator("[data-player-skip='-15']").tap()

    def reaches(self, name: str, value: str) -> None:
        """Wait for one of the player's values."""
        self.visitor.wait_until(
            lambda: self.state(name) == value,
            f"player's {name} is to be {value}, {self.root.evaluate('element => ({...element.dataset})')}",
        )

    def play(self) -> None:
        """Press the large button."""
        self.root.locator("[data-player-toggle]").tap()
        self.reaches("state", "playing")

    def choose(self, choice: str) -> None:
        """Open the list of qualities, take one, close the list."""
        self.root.locator("[data-player-panel-button=choice]").tap()
        self.root.locator(f"button[data-player-choice='{choice}']").tap()
        self.root.locator("[data-player-panel-button=choice]").tap()
