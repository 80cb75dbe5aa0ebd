"""A teacher at the HTTP front door, with or without a network between: signs in, writes, sends files, reads pages."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient

from tests.fixtures.app import PASSWORD

TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
CHUNK_TYPE = "application/offset+octet-stream"
FULL = {
    "title": "八段锦第一讲", "teacher": "周老师", "description": "跟着做，一遍十二分钟。", "tags": "养生",
    "audience": "elder", "topic": "public_health", "education_category": "elder",
    "resource_type": "micro_course", "licence": "cc_by",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[[str, str, bytes, Mapping[str, str]], Answer]


class Wire:
    """Requests over a real connection, with a cookie jar."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: SimpleCookie = SimpleCookie()

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())

    def __call__(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body or None, {**headers, "Cookie": self.cookie})
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies.load(line)
            return Answer(response.status, dict(response.headers), response.read())

    def half_patch(self, path: str, headers: Mapping[str, str], sent: bytes, promised_bytes: int) -> socket.socket:
        """Send the head of a request and a part of its body, then leave the line open."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        whole = {**headers, "Host": "localhost", "Cookie": self.cookie, "Content-Length": str(promised_bytes)}
        head = f"PATCH {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in whole.items()) + "\r\n"
        line.sendall(head.encode("latin-1") + sent)
        return line


def in_process(client: FlaskClient) -> Ask:
    """Requests without a network."""

    def ask(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        with client.open(path, method=method, data=body, headers=dict(headers)) as response:
            return Answer(response.status_code, dict(response.headers), response.data)

    return ask


class Teacher:
    """Somebody who has signed in through the form."""

    def __init__(self, ask: Ask, login: str) -> None:
        self.ask = ask
        form = {"login": login, "password": PASSWORD, "csrf_token": self._token("/sign-in")}
        answer = self._post("/sign-in", form)
        assert answer.status == 303, answer.text
        self.token = self._token("/studio/lectures/new")

    def _token(self, path: str) -> str:
        page = self.get(path)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found, f"{path} carries no CSRF token: {page.text[:300]}"
        return found[1]

    def _post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        body = urlencode(form).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def get(self, path: str) -> Answer:
        """Read a page."""
        return self.ask("GET", path, b"", {"Accept": "text/html"})

    def post(self, path: str, **form: str) -> Answer:
        """Send a form."""
        return self._post(path, {"csrf_token": self.token, **form}, Accept="text/html")

    def new_lecture(self, **changes: str) -> str:
        """Save the words of a lecture and return its id."""
        answer = self.try_new_lecture(**changes)
        assert answer.status == 303, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def try_new_lecture(self, **changes: str) -> Answer:
        """Send the form for a new lecture."""
        page = self.get("/studio/lectures/new").text
        found = re.search(r'name="institution" value="([^"]+)"', page)
        assert found, "the form names the teacher's institution"
        return self.post("/studio/lectures/new", **{"institution": found[1], **FULL, **changes})

    def begin(self, lecture: str, size_bytes: int, filename: str = "第一讲.mp4") -> Answer:
        """Open an upload."""
        pairs = {"filename": filename, "lecture": lecture, "fingerprint": "f1"}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        return self.ask(
            "POST", "/studio/uploads", b"", self.tus(**{"Upload-Length": str(size_bytes), "Upload-Metadata": metadata})
        )

    def tus(self, **headers: str) -> dict[str, str]:
        """Return the headers of a request of the upload protocol."""
        return {**TUS, "X-CSRFToken": self.token, **headers}

    def piece(self, offset_bytes: int) -> dict[str, str]:
        """Return the headers of a piece."""
        return self.tus(**{"Upload-Offset": str(offset_bytes), "Content-Type": CHUNK_TYPE})

    def patch(self, url: str, offset_bytes: int, data: bytes) -> Answer:
        """Send a piece."""
        return self.ask("PATCH", url, data, self.piece(offset_bytes))

    def offset(self, url: str) -> int:
        """Ask how far an upload has come."""
        return int(self.ask("HEAD", url, b"", self.tus()).headers["Upload-Offset"])

    def upload(self, lecture: str, data: bytes, filename: str = "第一讲.mp4") -> str:
        """Send a whole file; return the upload's address."""
        url = self.begin(lecture, len(data), filename).headers["Location"]
        answer = self.patch(url, 0, data)
        assert answer.status == 204, answer.text
        return url

    def phase(self, lecture: str) -> str:
        """Read from the lecture's page where its media stand."""
        found = re.search(r'data-phase="(\w+)"', self.get(f"/studio/lectures/{lecture}/status").text)
        assert found, "the page tells where the media stand"
        return found[1]

    def page(self, lecture: str) -> str:
        """Read the lecture's page in the studio."""
        answer = self.get(f"/studio/lectures/{lecture}")
        assert answer.status == 200, answer.text
        return answer.text

    def version(self, lecture: str) -> str:
        """Read which version of the lecture the page shows."""
        found = re.search(r'name="version" value="(\d+)"', self.page(lecture))
        assert found, "the page carries the version"
        return found[1]

    def publish(self, lecture: str) -> Answer:
        """Press the button."""
        return self.post(f"/studio/lectures/{lecture}/publish", version=self.version(lecture))
