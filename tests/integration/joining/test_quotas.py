"""What an institution may use: counted, shown, and asked where uploads begin."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.joining import quotas
from app.joining.quotas import QuotaFields, get_allowance, list_institutions
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.library.models import Lecture
from app.library.quotas import InstitutionQuota, find_quota
from app.media.models import MediaSet, Source
from app.studio.allowance import Usage, month_began, usage_of
from app.studio.models import Upload
from tests.fixtures.app import csrf_token
from tests.integration.joining.acting import Acting
from tests.integration.review.school import draft, give_file

GB = 1024**3
TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}


def set_quota(acting: Acting, storage_gb: str, hours: str = "0", *, login: str = "officer", expected: int = 0) -> int:
    place = acting.school.public_ids[acting.school.here]
    made = acting.do(quotas.set_quota, login, place, QuotaFields(storage_gb, hours, "试用"), expected_id=expected)
    return made.id if made is not None else 0


def keep(
    acting: Acting, gb: float, *, hours: float = 0.0, sha256: str = "", created_at: datetime | None = None
) -> Lecture:
    """A draft of "teacher" with a file of a size and a length."""
    with acting.app.app_context(), unit_of_work() as db:
        lecture = draft(db, acting.actor("teacher", db), acting.school.here)
        for model in (Source, MediaSet):
            db.query(model).filter_by(lecture_id=lecture.id).delete()
        source, media = give_file(db, lecture, sha256 or f"{lecture.id:064}", is_current=True)
        source.size_bytes, source.media_info = int(gb * GB) - 1, {"duration_s": hours * 3600}
        source.created_at = created_at or utc_now()
        media.size_bytes, media.digest = 1, f"{lecture.id:064}"
        return lecture


@pytest.fixture
def teacher(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in("teacher")


def begin(client: FlaskClient, lecture: str, size_bytes: int, *, concat: str = ""):
    named = {"filename": "a.mp4", "lecture": lecture}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in named.items())
    headers = {**TUS, "X-CSRFToken": csrf_token(client, "/studio/lectures/new"), "Upload-Metadata": metadata}
    headers |= {"Upload-Concat": concat} if concat else {}
    headers |= {} if concat.startswith("final") else {"Upload-Length": str(size_bytes)}
    return client.post("/studio/uploads", headers=headers)


def test_an_upload_that_does_not_fit_is_refused_in_words_and_nothing_is_lost(acting: Acting, teacher: FlaskClient):
    lecture = keep(acting, 1.5)
    set_quota(acting, "2")
    refused = begin(teacher, lecture.public_id, GB)
    assert (refused.status_code, refused.json["code"]) == (413, "quota_storage")
    for part in ("额度是 2 GB", "已用 1.5 GB", "要 1 GB", "介绍已经存好"):
        assert part in refused.json["detail"]
    assert acting.read(lambda db: db.scalars(select(Upload)).all()) == []
    assert teacher.get(f"/studio/lectures/{lecture.public_id}").status_code == 200
    page = teacher.get("/studio/").get_data(as_text=True)
    assert "存储已用 1.5 GB，共 2 GB" in page
    assert begin(teacher, lecture.public_id, GB // 4).status_code == 201
    other = keep(acting, 0.1)
    assert begin(teacher, other.public_id, GB // 4).status_code == 413, "what is on its way counts"
    assert begin(teacher, lecture.public_id, GB // 4).status_code == 201, "one that replaces it does not count twice"


def test_pieces_are_asked_as_well(acting: Acting, teacher: FlaskClient):
    lecture = keep(acting, 1.5)
    set_quota(acting, "2")
    assert begin(teacher, "", GB, concat="partial").status_code == 413
    pieces = [begin(teacher, "", GB // 3, concat="partial").headers["Location"] for _ in range(2)]
    whole = begin(teacher, lecture.public_id, 0, concat="final;" + " ".join(pieces))
    assert (whole.status_code, whole.json["code"]) == (413, "quota_storage")


def test_the_months_hours_are_those_of_files_that_came_this_month(acting: Acting, teacher: FlaskClient):
    lecture = keep(acting, 0.1, hours=4)
    keep(acting, 0.1, hours=50, created_at=datetime(2026, 1, 31, tzinfo=UTC))
    keep(acting, 0.1, hours=4, sha256=f"{lecture.id:064}")
    set_quota(acting, "0", "5")
    assert begin(teacher, lecture.public_id, 9).status_code == 201
    keep(acting, 0.1, hours=1)
    refused = begin(teacher, lecture.public_id, 9)
    assert (refused.status_code, refused.json["code"]) == (413, "quota_hours")
    assert "每月可以上传 5 小时" in refused.json["detail"]


def test_equal_files_are_counted_once_and_each_institution_for_itself(acting: Acting):
    keep(acting, 1, sha256="b" * 64)
    keep(acting, 1, sha256="b" * 64)
    used = acting.read(usage_of, [acting.school.here, acting.school.sibling])
    assert used[acting.school.sibling] == Usage()
    assert used[acting.school.here].stored_bytes == GB - 1 + 2
    assert month_began(datetime(2026, 11, 30, 17, tzinfo=UTC)).isoformat() == "2026-12-01T00:00:00+08:00"


def test_officers_set_quotas_of_their_regions_and_not_over_each_other(acting: Acting):
    place = acting.school.public_ids[acting.school.here]
    first = set_quota(acting, "10")
    assert set_quota(acting, "10") == first, "the same again changes nothing"
    with pytest.raises(StaleVersion):
        set_quota(acting, "20", login="provincial")
    second = set_quota(acting, "20", login="provincial", expected=first)
    for login in ("foreign-officer", "admin"):
        with pytest.raises(NotFound):
            set_quota(acting, "99", login=login, expected=second)
    for wrong in ("-1", "1.5", "无限", "9" * 30):
        with pytest.raises(InvalidInput) as caught:
            set_quota(acting, wrong, expected=second)
        assert "整数" in caught.value.fields["storage_gb"]
    rows = acting.read(lambda db: db.scalars(select(InstitutionQuota).order_by(InstitutionQuota.id)).all())
    assert [(each.storage_bytes, each.valid_to is None) for each in rows] == [(10 * GB, False), (20 * GB, True)]
    assert set_quota(acting, "0", "", expected=second) == 0
    assert set_quota(acting, "0", "", expected=second) == 0
    assert acting.read(find_quota, acting.school.here) is None
    assert acting.read(get_allowance, acting.school.here).storage_percent is None
    seen = acting.do(list_institutions, "foreign-officer").rows
    assert place not in {row.public_id for row in seen}


def test_the_lists_do_not_ask_for_each_row(app: Flask, acting: Acting, sign_in, count_queries):
    client = sign_in("officer")
    address = "/joining/institutions"
    client.get(address)
    with count_queries() as few:
        client.get(address)
    set_quota(acting, "10")
    keep(acting, 1)
    acting.send_in()
    with count_queries() as more:
        client.get(address)
    assert len(more) == len(few) <= 14
    with count_queries() as desk:
        assert "沈阳新民示范老年大学" in client.get("/joining/").get_data(as_text=True)
    assert len(desk) <= 9
