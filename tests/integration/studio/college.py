"""What the studio's tests speak of: a college's people, a complete lecture, a browser that speaks tus."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from werkzeug.test import TestResponse

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.library.services import LectureFields
from app.media.models import MediaSet, Source
from tests.fixtures.app import PASSWORD, csrf_token

FULL = LectureFields(
    title="八段锦第一讲",
    teacher="周老师",
    description="跟着做，一遍十二分钟。",
    tags=("养生",),
    terms=(("audience", "elder"), ("topic", "public_health"), ("education_category", "elder")),
)
SRT = "1\n00:00:01,000 --> 00:00:03,000\n大家好\n\n2\n00:00:04,000 --> 00:00:06,000\n今天学八段锦\n".encode("gb18030")


@dataclass(frozen=True)
class College:
    """Ids of the people and the place."""

    id: int
    public_id: str
    teacher: Actor
    admin: Actor
    stranger: Actor


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Browser:
    """A signed-in browser that knows its CSRF token and speaks tus."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        page = client.get("/studio/lectures/new").get_data(as_text=True)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page[:500]
        self.token = found[1]
        self.headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": self.token, "Accept": "application/json"}

    def get(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return response.get_data(as_text=True)

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **fields})

    def save_chapters(self, lecture: str, text: str) -> TestResponse:
        """Send the form of chapters as it is now, with these lines."""
        path = f"/studio/lectures/{lecture}"
        return self.post(f"{path}/chapters", **hidden_fields(self.get(path), "/chapters#chapters"), chapters=text)

    def post_file(self, path: str, field: str, data: bytes, name: str) -> TestResponse:
        """Send one file of a form, put together here: the client's own way leaves a scratch file of large ones open."""
        parts = [
            f'--limit\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self.token}\r\n'.encode(),
            f'--limit\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode(),
            data, b"\r\n--limit--\r\n",
        ]
        return self.client.post(path, data=b"".join(parts), content_type="multipart/form-data; boundary=limit")

    def begin(
        self, lecture: str, size_bytes: int, filename: str = "第一讲.mp4", *, data: bytes = b"", **headers: str
    ) -> TestResponse:
        metadata = f"filename {b64(filename)},lecture {b64(lecture)},fingerprint {b64('f1')}"
        return self.client.post(
            "/studio/uploads",
            data=data,
            headers={**self.headers, "Upload-Length": str(size_bytes), "Upload-Metadata": metadata, **headers},
        )

    def head(self, url: str) -> TestResponse:
        return self.client.head(url, headers=self.headers)

    def patch(self, url: str, offset: int, data: bytes, **headers: str) -> TestResponse:
        return self.client.patch(
            url,
            data=data,
            headers={
                **self.headers,
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                **headers,
            },
        )

    def upload(self, lecture: str, data: bytes, *, chunk: int = 1 << 20) -> str:
        url = self.begin(lecture, len(data)).headers["Location"]
        for offset in range(0, len(data), chunk):
            assert self.patch(url, offset, data[offset : offset + chunk]).status_code == 204
        return url


def hidden_fields(page: str, address: str) -> dict[str, str]:
    """Return what a form of a page sends back unseen, but for the CSRF token; by the end of the form's address."""
    form = re.search(rf'<form[^>]* action="[^"]*{re.escape(address)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form, address
    fields = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">', form[1])
    return {name: html.unescape(value) for name, value in fields if name != "csrf_token"}


def in_work(app: Flask, do: Callable[[Session], object]) -> object:
    with app.app_context(), unit_of_work() as db:
        return do(db)


def signed_in(app: Flask, login: str) -> FlaskClient:
    """Return a browser of `app` in which somebody of the college is signed in."""
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": csrf_token(client)})
    return client


def find_lecture(app: Flask, public_id: str) -> Lecture:
    """Load a lecture with its terms and captions."""
    with app.app_context(), reading() as db:
        return db.scalars(
            select(Lecture)
            .where(Lecture.public_id == public_id)
            .options(selectinload(Lecture.terms), selectinload(Lecture.captions))
        ).one()


def give_media(app: Flask, public_id: str) -> None:
    """Give a lecture a current media set as if it had been encoded; nothing is in the store."""

    def do(db: Session) -> None:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one()
        source = Source(
            lecture_id=lecture.id,
            filename="a.mp4",
            sha256="0" * 64,
            size_bytes=1,
            storage_key="sources/00/x",
            created_at=utc_now(),
        )
        db.add(source)
        db.flush()
        db.add(
            MediaSet(
                lecture_id=lecture.id,
                source_id=source.id,
                digest=f"{lecture.id:064}",
                recipe="test",
                is_current=True,
                duration_s=12.0,
                size_bytes=1,
                master_name="master.m3u8",
                saver_name="saver.m3u8",
                audio_name="audio.m3u8",
                mp4_name="lecture.mp4",
                m4a_name="lecture.m4a",
                created_at=utc_now(),
                renditions=[],
            )
        )

    in_work(app, do)
