"""Serves one player page with the built assets and the clip, as strictly as production: CSP, Range, right types.

Also the tests' hands: it notes every request, and holds back or refuses those the test names.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jinja2

from tests.browser.player_page.clip import DURATION_S, Clip

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[2] / "app/player/templates"
# Everything the player needs, and nothing else: no 'unsafe-*', no data:, no blob: workers.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'self'"
)
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".m4s": "video/iso.segment",
    ".m4a": "audio/mp4",
    ".vtt": "text/vtt; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
}
# What a 40 minute lecture weighs, so that the page shows honest-looking numbers in pictures.
SHOWN_BYTES = {"audio": 11_300_000, "240p": 66_700_000, "480p": 121_000_000, "720p": 207_700_000}


class Site:
    """The page, the files, and what the test asked for."""

    def __init__(self, clip: Clip, assets: Path) -> None:
        self.clip = clip
        self.assets = assets
        self.manifest = json.loads((assets / "manifest.json").read_text())
        self.requests: list[str] = []
        self.held = ""
        self.broken = ""
        self.gate = threading.Event()
        self.gate.set()
        loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(TEMPLATES), jinja2.FileSystemLoader(HERE)])
        self.templates = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, autoescape=True)
        self.templates.globals.update(asset=self.asset, mark=lambda chinese: chinese)

    def asset(self, name: str) -> str:
        entry = next(one for key, one in self.manifest.items() if key.endswith(f"/entry/{name}"))
        return f"/static/{entry['file']}"

    def page(self, query: dict[str, str]) -> str:
        self.templates.globals["_"] = (lambda text: f"«{text}»") if "marked" in query else (lambda text: text)
        return self.templates.get_template("page.html").render(media=self.media(query), query=query)

    def media(self, query: dict[str, str]) -> dict[str, object]:
        """Build the contract's `media`, changed by the query."""
        base = "/media/"
        shown = {str(one["name"]): one["size_bytes"] for one in self.clip.renditions} | SHOWN_BYTES
        renditions = [{**one, "size_bytes": shown[str(one["name"])]} for one in self.clip.renditions]
        is_audio_only = "audio_only" in query
        has_poster = "no_poster" not in query
        return {
            "title": "八段锦第三讲：调理脾胃须单举",
            "poster_url": f"{base}poster.webp" if has_poster else None,
            "master_url": f"{base}master.m3u8",
            "saver_url": f"{base}saver.m3u8",
            "audio_url": f"{base}audio/index.m3u8",
            "mp4_url": None if is_audio_only or "no_mp4" in query else f"{base}lecture.mp4",
            "m4a_url": f"{base}lecture.m4a",
            "captions": [
                {"url": f"{base}zh.vtt", "lang": "zh", "label": "中文", "is_machine": True},
                {"url": f"{base}en.vtt", "lang": "en", "label": "English", "is_machine": False},
            ],
            "storyboard_url": f"{base}storyboard.vtt",
            "duration_s": DURATION_S + 0.04,
            "renditions": [one for one in renditions if one["name"] == "audio" or not is_audio_only],
            "is_audio_only": is_audio_only,
            "aigc": "aigc" in query,
            "position_key": "demo-lecture",
            "page_url": "https://example.org/lectures/demo-lecture",
            "next": {"title": "八段锦第四讲：五劳七伤往后瞧", "url": "/lecture?next=1"} if "next" in query else None,
            "help_phone": "000-0000" if "help" in query else None,
        }

    def find(self, path: str) -> Path | None:
        """Return the file behind a path of this site."""
        for prefix, folder in (("/static/", self.assets), ("/media/", self.clip.folder)):
            file = folder / path.removeprefix(prefix)
            if path.startswith(prefix) and file.is_file():
                return file
        return None

    @contextmanager
    def holding(self, part: str) -> Iterator[None]:
        """Keep requests whose path contains `part` waiting."""
        self.held = part
        self.gate.clear()
        try:
            yield
        finally:
            self.held = ""
            self.gate.set()

    @contextmanager
    def breaking(self, part: str) -> Iterator[None]:
        """Answer 503 to requests whose path contains `part`."""
        self.broken = part
        try:
            yield
        finally:
            self.broken = ""


class Handler(BaseHTTPRequestHandler):
    """Answers for the site that its server carries."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        """Keep the terminal quiet."""

    def do_GET(self) -> None:
        site = self.server.site
        address = urlsplit(self.path)
        site.requests.append(address.path)
        if site.held and site.held in address.path:
            site.gate.wait(60)
        if site.broken and site.broken in address.path:
            self.answer(503, b"", "text/plain")
        elif address.path == "/lecture":
            query = {key: values[0] for key, values in parse_qs(address.query, keep_blank_values=True).items()}
            self.answer(200, site.page(query).encode(), "text/html; charset=utf-8")
        else:
            self.send_file(site.find(address.path))

    def send_file(self, file: Path | None) -> None:
        if file is None:
            self.answer(404, b"", "text/plain")
            return
        data, kind = file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream")
        asked = self.headers.get("Range", "")
        if not asked.startswith("bytes="):
            self.answer(200, data, kind)
            return
        begin, _, end = asked.removeprefix("bytes=").partition("-")
        first, last = int(begin or 0), min(int(end or len(data) - 1), len(data) - 1)
        self.answer(206, data[first : last + 1], kind, f"bytes {first}-{last}/{len(data)}")

    def answer(self, status: int, data: bytes, kind: str, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        if content_range:
            self.send_header("Content-Range", content_range)
        try:
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:
            self.close_connection = True  # the browser had enough of this range


class Server(ThreadingHTTPServer):
    """A threaded server that knows its site."""

    daemon_threads = True

    def __init__(self, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = site


@contextmanager
def serve(site: Site) -> Iterator[str]:
    """Serve a site on a free loopback port and yield its address."""
    server = Server(site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        site.gate.set()
        server.shutdown()
        server.server_close()
