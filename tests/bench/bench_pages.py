"""Pages under load: bytes and requests of what a resident opens first, requests a second of the catalogue.

`python -m tests.bench.bench_pages [--lectures N] [--seconds S]`. Ratios are against the plainest page of the same
process (/about), so that they mean the same on any machine.
"""

from __future__ import annotations

import argparse
import http.client
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

from app.catalogue.following import rebuild_index
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_public_id
from app.library.models import Lecture, LectureState, LectureTerm, Term
from app.library.places import Institution
from tests.factories.catalogue_texts import lecture_texts
from tests.fixtures.stack import Stack, make_stack

CLIENTS = 4
PAGES = ("/", "/lectures", "/search?q=养生", "/search?q=手机&audience=elder")


def fill(stack: Stack, count: int) -> None:
    """Put `count` published lectures on the shelf, without media."""
    with stack.app.app_context(), unit_of_work() as db:
        institutions = [row.id for row in db.query(Institution).all()]
        terms = [row.id for row in db.query(Term).filter(Term.scheme.in_(("audience", "topic"))).all()]
        now = utc_now()
        for number, document in enumerate(lecture_texts(count)):
            lecture = Lecture(
                public_id=new_public_id(), institution_id=institutions[number % len(institutions)],
                title=document.title, description=document.description, teacher=document.teacher or "张老师",
                tags=list(document.tags), state=LectureState.PUBLISHED,
                published_at=now, created_at=now, updated_at=now,
            )  # fmt: skip
            db.add(lecture)
            db.flush()
            db.add(LectureTerm(lecture_id=lecture.id, term_id=terms[number % len(terms)]))
    with stack.app.app_context():
        rebuild_index(stack.app.extensions["platform"].settings.search.index_path)


def fetch(port: int, path: str, connection: http.client.HTTPConnection | None = None) -> bytes:
    """Fetch one page compressed, as a phone does."""
    line = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", quote(path), headers={"Accept-Encoding": "gzip, br", "Accept": "text/html,*/*"})
    answer = line.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return body


def quote(path: str) -> str:
    """Encode the Chinese letters of a path."""
    return re.sub(r"[^\x00-\x7f]+", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), path)


def weigh(port: int, path: str) -> tuple[int, int]:
    """Return (compressed bytes, requests) of a page with its styles, scripts and icons, before pictures and media."""
    total, count = len(fetch(port, path)), 1
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", quote(path), headers={"Accept": "text/html"})
    html = line.getresponse().read().decode()
    assets = (match.partition("#")[0] for match in re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    for asset in dict.fromkeys(assets):
        total += len(fetch(port, asset))
        count += 1
    return total, count


def rate(port: int, path: str, seconds: float) -> tuple[float, float]:
    """Return (requests a second, p95 milliseconds) with CLIENTS kept-alive connections."""
    took: list[float] = []
    deadline = time.monotonic() + seconds

    def client() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < deadline:
            began = time.perf_counter()
            fetch(port, path, line)
            took.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    return len(took) / (time.monotonic() - began), took[int(len(took) * 0.95) - 1]


def main(arguments: list[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lectures", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stack = make_stack(Path(folder))
        try:
            fill(stack, options.lectures)
            stack.start_web()
            plain, _ = rate(stack.port, "/about", options.seconds)
            print(f"pages over {options.lectures} lectures, {CLIENTS} clients, one gunicorn process")
            print(f"{'page':34} {'KB':>6} {'requests':>8} {'per s':>8} {'p95 ms':>8} {'÷ /about':>9}")
            print(f"{'/about':34} {'':6} {'':8} {plain:8.0f}")
            for path in PAGES:
                size, count = weigh(stack.port, path)
                per_s, p95 = rate(stack.port, path, options.seconds)
                print(f"{path:34} {size / 1024:6.1f} {count:8} {per_s:8.0f} {p95:8.1f} {per_s / plain:9.2f}")
        finally:
            stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
