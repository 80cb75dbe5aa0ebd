"""A file is replaced on a lecture residents watch: address, code and plays stay."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from sqlalchemy import select

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.media.queries import current_set
from app.watching.jobs import request_count
from app.watching.models import WatchDay
from tests.fixtures.app import run_jobs
from tests.integration.curation.test_residents import read_code
from tests.integration.review.person import Person
from tests.integration.review.school import Desk, give_file
from tests.integration.watching.conftest import Clock, Resident


def watch(app: Flask, clock: Clock, lecture: str, key: str) -> None:
    """Play a lecture for a minute, and have the hour's plays counted."""
    resident = Resident(app)
    assert resident.tell(lecture, key, 0, 0) == 204
    clock.shift(60)
    assert resident.tell(lecture, key, 1, 60) == 204
    with app.app_context(), unit_of_work() as db:
        request_count(db)
    run_jobs(app)


def counted(app: Flask) -> list[tuple[int, int]]:
    with app.app_context(), reading() as db:
        return [(row.lecture_id, row.plays) for row in db.scalars(select(WatchDay))]


def test_address_code_and_plays_stay_when_the_file_is_replaced(
    desk: Desk, person: Callable[[str], Person], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(utc_now())
    for name in ("services", "jobs", "queries"):
        monkeypatch.setattr(f"app.watching.{name}.utc_now", clock.read)
    desk.submit()
    desk.pass_all()
    first, address = desk.lecture(), f"/lectures/{desk.public_id}"
    watch(app, clock, desk.public_id, "a")
    before = counted(app)
    assert [plays for _, plays in before] == [1]
    teacher, resident = person("teacher"), app.test_client()
    codes = [resident.get(f"{address}/qr.{kind}").data for kind in ("svg", "png")]

    new = desk.do(lambda db, _: give_file(db, db.get(Lecture, first.id), "b" * 64)[1].digest, "teacher")
    desk.submit()
    desk.pass_all()
    with app.app_context(), reading() as db:
        assert current_set(db, first.id).digest == new
    assert counted(app) == before
    assert '<dd data-testid="plays">1</dd>' in teacher.get(f"/watching{address}")
    watch(app, clock, desk.public_id, "b")
    assert counted(app) == [(first.id, 2)], "under the same lecture, on the same line"
    assert '<dd data-testid="plays">2</dd>' in teacher.get(f"/watching{address}")
    assert resident.get(address).status_code == 200
    assert [resident.get(f"{address}/qr.{kind}").data for kind in ("svg", "png")] == codes


def test_the_code_of_a_lecture_opens_it(desk: Desk, person: Callable[[str], Person], app: Flask) -> None:
    teacher, resident, address = person("teacher"), app.test_client(), f"/lectures/{desk.public_id}"
    draft = teacher.client.get(f"{address}/qr.svg")
    assert (draft.status_code, draft.headers["Cache-Control"]) == (200, "private, no-store")
    assert resident.get(f"{address}/qr.svg").status_code == 404
    assert 'data-testid="lecture-code"' not in teacher.get(f"/studio{address}")
    desk.submit()
    desk.pass_all()
    svg, png = (resident.get(f"{address}/qr.{kind}") for kind in ("svg", "png"))
    assert (svg.content_type, png.content_type) == ("image/svg+xml", "image/png")
    target = app.extensions["platform"].settings.app.base_url + address
    assert read_code(svg.data).text == target
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.data)))
    assert (found.text, found.ec_level) == (target, "Q")
    known = resident.get(f"{address}/qr.png", headers={"If-None-Match": png.headers["ETag"]})
    assert known.status_code == 304
    page = teacher.get(f"/studio{address}")
    assert all(f'href="{address}/qr.{kind}" download=' in page for kind in ("svg", "png"))
