"""A store in miniature: serves one file by HTTP ranges, counts what it gave, and fails when it is told to."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class RangeServer:
    """What the server serves and how it behaves; may be changed while it runs."""

    path: Path
    address: str = ""
    requests: int = 0
    served_bytes: int = 0
    #: From this request on it hangs up instead of answering.
    dies_at: int | None = None
    #: From this request on its answers break off in the middle.
    tears_at: int | None = None
    #: This request it answers with an error of its own.
    fails_at: int | None = None
    #: Requests it answers with an error of its own before it works.
    stumbles: int = 0
    knows_ranges: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> str:
        """Count a request; return what goes wrong with it."""
        with self.lock:
            self.requests += 1
            if self.dies_at is not None and self.requests >= self.dies_at:
                return "dies"
            if self.stumbles or self.requests == self.fails_at:
                self.stumbles = max(0, self.stumbles - 1)
                return "fails"
            return "tears" if self.tears_at is not None and self.requests >= self.tears_at else ""


@contextmanager
def serving(path: Path) -> Iterator[RangeServer]:
    """Serve `path` on a loopback port until the block ends."""
    state = RangeServer(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}/sources/ab/abc?X-Amz-Signature=0123%2B"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(state: RangeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            fault = state.take()
            if fault == "dies":
                self.close_connection = True
                return
            if fault == "fails":
                self._answer(503, b"")
                return
            size = state.path.stat().st_size
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if wanted is None or not state.knows_ranges:
                self._answer(200, state.path.read_bytes())
                return
            if int(wanted[1]) >= size:
                self._answer(416, b"", f"bytes */{size}")
                return
            first, last = int(wanted[1]), min(int(wanted[2] or size), size - 1)
            with state.path.open("rb") as file:
                file.seek(first)
                data = file.read(last + 1 - first)
            self._answer(206, data, f"bytes {first}-{last}/{size}", is_torn=fault == "tears")

        def _answer(self, status: int, data: bytes, content_range: str = "", *, is_torn: bool = False) -> None:
            state.served_bytes += len(data)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if content_range:
                self.send_header("Content-Range", content_range)
            self.end_headers()
            with suppress(ConnectionError):  # a reader who knows enough hangs up
                self.wfile.write(data[: len(data) // 2] if is_torn else data)
            self.close_connection |= is_torn

        log_message = staticmethod(lambda *_: None)

    return Handler
