"""The pages as people use them: what was typed stays, who was overtaken sees both, residents read plain words."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.green_channel import services
from app.kernel.db import reading, unit_of_work
from app.library.green_grants import GreenGrant
from app.media.models import MediaSet
from app.media.queries import media_prefix
from config.settings import Settings, load
from tests.fixtures.app import make_environ
from tests.integration.green_channel.openings import deliver, grant_fields, open_for, put_files, today
from tests.integration.review.school import Desk, School, draft


@pytest.fixture
def settings(tmp_path: Path, shelf_database: tuple[Path, str]) -> Settings:
    shutil.copy(shelf_database[0], tmp_path / "app.db")
    return load(make_environ(tmp_path))


class Person:
    """A signed-in browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        page = client.get("/preferences").get_data(as_text=True)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, "the page carries a token"
        self.token = found[1]

    def get(self, path: str, *, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, path: str, *, status: int = 303, **fields: object) -> str:
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[-800:])
        return answer.headers.get("Location", "") or answer.get_data(as_text=True)


@pytest.fixture
def admin(sign_in: Callable[[str], FlaskClient]) -> Person:
    return Person(sign_in("admin"))


def typed(**changes: object) -> dict[str, object]:
    fields = grant_fields()
    values = {name: getattr(fields, name) for name in fields.__slots__}
    return {**values, "key": "form-key", **changes}


def test_a_wrong_form_keeps_what_was_typed_and_a_right_one_opens_once(
    app: Flask, shelf: Desk, school: School, admin: Person
) -> None:
    address = f"/green-channel/desk/institutions/{school.public_ids[school.here]}/new"
    page = admin.get(address)
    assert 'value="024-0000-0000"' in page, "the institution's own phone is offered"
    page = admin.post(address, status=422, **typed(title="秋季课堂", contact_phone="问我", lectures=[]))
    assert 'value="秋季课堂"' in page
    assert 'value="问我"' in page
    assert "请写电话号码，例如 024-0000 0000。" in page
    assert "请至少选一门课程或一讲。" in page
    page = admin.post(address, status=200, look="1", find="没有这样的", **typed(lectures=[shelf.public_id]))
    assert re.search(rf'value="{shelf.public_id}" checked', page), "what was ticked stays ticked"
    for _ in range(2):
        where = admin.post(address, **typed(lectures=[shelf.public_id]))
    page = admin.get(where)
    assert "8 项都做到了" in page
    with app.app_context(), reading() as db:
        assert len(db.scalars(select(GreenGrant)).all()) == 1


def test_who_was_overtaken_sees_what_is_kept_and_keeps_the_typed(
    app: Flask, shelf: Desk, school: School, admin: Person
) -> None:
    grant = open_for(shelf)
    address = f"/green-channel/desk/openings/{grant}/edit"
    version = re.search(r'name="version"[^>]*value="(\d+)"', admin.get(address))
    assert version
    with app.app_context(), unit_of_work() as db:
        fields = grant_fields(lectures=[shelf.public_id], title="别人改的名称")
        services.change_channel(db, school["admin"], grant, fields, expected_version=1)
    mine = typed(lectures=[shelf.public_id], title="我改的名称", version=version[1])
    page = admin.post(address, status=412, **mine)
    assert "别人改的名称" in page
    assert 'value="我改的名称"' in page
    again = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert again
    admin.post(address, **{**mine, "version": again[1]})
    page = admin.get(f"/green-channel/desk/openings/{grant}")
    assert "我改的名称" in page
    assert "修改：名称" in page


def test_ending_asks_for_a_reason_and_the_register_tells_it(shelf: Desk, admin: Person, client: FlaskClient) -> None:
    grant = open_for(shelf)
    address = f"/green-channel/desk/openings/{grant}/end"
    assert "不能恢复" in admin.get(address)
    assert "请写明结束的原因" in admin.post(address, status=422, reason="")
    admin.post(address, reason="课程要重录")
    assert admin.client.get(f"/green-channel/desk/openings/{grant}/edit").status_code == 200
    assert "不能再改" in admin.post(f"/green-channel/desk/openings/{grant}/edit", status=409, **typed(version="2"))
    assert "没有符合的开放" in client.get("/green-channel/register").get_data(as_text=True)
    past = client.get("/green-channel/register?when=past").get_data(as_text=True)
    assert "课程要重录" in past
    assert client.get("/green-channel/register?after=nothing").status_code == 404
    assert client.get(f"/green-channel/openings/{grant}").status_code == 200
    assert client.get("/green-channel/openings/nothing").status_code == 404


def test_advice_names_what_is_wrong_and_where(app: Flask, shelf: Desk, school: School, admin: Person) -> None:
    with app.app_context(), unit_of_work() as db:
        waiting = draft(db, school["teacher"], school.here, "还没审的一讲").public_id
    grant = open_for(shelf, lectures=[waiting, shelf.public_id])
    page = admin.get(f"/green-channel/desk/openings/{grant}")
    assert page.index("还没审的一讲") < page.index("八段锦第一讲"), "what is to be mended comes first"
    assert "没有经过审核。" in page
    assert f'href="/studio/lectures/{waiting}"' in page
    studio = admin.get(f"/studio/lectures/{waiting}")
    assert 'data-testid="green-standing"' in studio
    assert "没有经过审核。" in studio
    location = admin.post(f"/green-channel/desk/lectures/{waiting}/check", opening=grant)
    assert location.endswith(f"/green-channel/desk/openings/{grant}")
    overview = admin.client.get("/green-channel/overview")
    assert overview.status_code == 403, "an admin oversees no region"


def test_residents_see_badge_contact_and_downloads(app: Flask, shelf: Desk, client: FlaskClient) -> None:
    put_files(app)
    grant = open_for(shelf)
    deliver(app)
    page = client.get(f"/lectures/{shelf.public_id}").get_data(as_text=True)
    assert 'data-testid="green-badge"' in page
    assert "only=sound" in page
    elder = client.get(f"/lectures/{shelf.public_id}?elder=1", follow_redirects=True).get_data(as_text=True)
    assert "下载到手机" in elder, "what is promised can be found in the elder version too"
    opening = client.get(f"/green-channel/openings/{grant}").get_data(as_text=True)
    assert "tel:02400000000" in opening
    assert "1 讲可以看" in opening
    with app.app_context(), reading() as db:
        digest = db.scalars(select(MediaSet.digest).where(MediaSet.lecture_id == shelf.lecture().id)).one()
    storage = app.extensions["platform"].storage
    storage.put_bytes(f"{media_prefix(digest)}/lecture.m4a", b"sound", "audio/mp4")
    storage.put_bytes(f"{media_prefix(digest)}/lecture.mp4", b"picture", "video/mp4")
    assert client.get(f"/lectures/{shelf.public_id}/download", buffered=True).data == b"picture"
    assert client.get(f"/lectures/{shelf.public_id}/download?only=sound", buffered=True).data == b"sound"
    api = client.get(f"/api/v1/lectures/{shelf.public_id}").get_json()
    assert api["is_green_channel"] is True


def test_dates_of_the_address_may_be_anything(client: FlaskClient) -> None:
    day = today().isoformat()
    for query in (f"from={day}&to={day}", "from=x&to=y&when=z&region=%00&topic=1", "institution=' OR 1=1 --"):
        assert client.get(f"/green-channel/register?{query}").status_code == 200
