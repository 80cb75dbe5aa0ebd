"""Cover and handouts are a part of what is reviewed: on the shelf a changed one waits, and reviewers are shown it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.kernel.db import reading, unit_of_work
from app.library.beside import BESIDE, Beside, beside_of
from app.library.models import Lecture
from app.library.pending import list_pending
from app.media import files_beside
from app.media.files_beside import CheckedFile, attachment_key, cover_key
from app.media.sweeping import find_orphans
from app.review.models import Review
from app.review.queries import get_case
from app.review.snapshots import keys_under_review
from tests.integration.review.person import Person
from tests.integration.review.school import Desk

COVER, NOTES, SLIDES = "c" * 64, "a" * 64, "b" * 64


def handout(name: str, sha256: str) -> CheckedFile:
    return CheckedFile(name, "pdf", 8, sha256)


@pytest.fixture
def shelved(desk: Desk) -> Desk:
    """A lecture on the shelf with one handout, passed by three people."""
    storage = desk.app.extensions["platform"].storage
    storage.put_bytes(cover_key(COVER), b"picture", "image/webp")
    for digest in (NOTES, SLIDES):
        storage.put_bytes(attachment_key(digest), b"%PDF-1.7", "application/pdf")
    desk.do(files_beside.add_attachment, "teacher", desk.public_id, handout("讲稿.pdf", NOTES))
    desk.submit()
    desk.pass_all()
    return desk


def shown(desk: Desk) -> Beside:
    with desk.app.app_context(), reading() as db:
        return beside_of(db, desk.lecture())


def fetched(person: Person, address: str) -> TestResponse:
    """Read a file to its end, so that it is closed."""
    with person.client.get(address) as answer:
        answer.get_data()
        return answer


def names(beside: Beside) -> list[str]:
    return [each.filename for each in beside.handouts]


def change(desk: Desk) -> None:
    desk.do(files_beside.set_cover, "teacher", desk.public_id, COVER)
    desk.do(files_beside.add_attachment, "teacher", desk.public_id, handout("课件.pdf", SLIDES))


def test_a_changed_cover_and_a_new_handout_wait_for_three_people(shelved: Desk) -> None:
    before = shown(shelved)
    change(shelved)
    assert shown(shelved) == before
    shelved.submit()
    with shelved.app.app_context(), reading() as db:
        case = get_case(db, shelved.school["reviewer"], shelved.review().public_id)
        assert (case.to_review, case.review.changed) == ([BESIDE], [BESIDE])
        assert {(each.name, str(each.after)) for each in case.differences} == {
            ("cover", COVER), ("handouts", "['讲稿.pdf', '课件.pdf']"),
        }  # fmt: skip
    shelved.pass_all()
    assert (shown(shelved).cover_sha256, names(shown(shelved))) == (COVER, ["讲稿.pdf", "课件.pdf"])
    assert shown(shelved).handouts[0] == before.handouts[0], "what stayed keeps its address"
    with shelved.app.app_context(), reading() as db:
        assert list_pending(db, shelved.lecture().id) == {}


def test_taking_back_the_change_leaves_nothing_to_review(shelved: Desk) -> None:
    change(shelved)
    shelved.do(files_beside.set_cover, "teacher", shelved.public_id, "")
    with shelved.app.app_context(), reading() as db:
        (waiting,) = list_pending(db, shelved.lecture().id).values()
        added = waiting.value["handouts"][-1]["public_id"]
    shelved.do(files_beside.remove_attachment, "teacher", shelved.public_id, added)
    with shelved.app.app_context(), reading() as db:
        assert list_pending(db, shelved.lecture().id) == {}


def test_only_the_house_and_its_reviewers_get_what_waits(
    shelved: Desk, person: Callable[[str], Person], client: FlaskClient
) -> None:
    change(shelved)
    shelved.submit()
    teacher, reviewer = person("teacher"), person("reviewer")
    extras = teacher.get(f"/studio/lectures/{shelved.public_id}/extras")
    assert "要等审核通过" in extras
    assert f"/covers/{COVER}.webp" in extras
    with shelved.app.app_context(), reading() as db:
        public_id = list_pending(db, shelved.lecture().id)[BESIDE].value["handouts"][-1]["public_id"]
    address = f"/lectures/{shelved.public_id}/attachments/{public_id}"
    assert address in extras
    assert fetched(teacher, address).data == b"%PDF-1.7"
    assert client.get(address).status_code == 404
    assert fetched(teacher, f"/covers/{COVER}.webp").status_code == 200
    assert client.get(f"/covers/{COVER}.webp").status_code == 404
    case = f"/review/cases/{shelved.review().public_id}"
    page = reviewer.get(case)
    assert "课件.pdf" in page
    assert "封面和讲义" in page
    answer = fetched(reviewer, f"{case}/handouts/{public_id}")
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert fetched(reviewer, f"{case}/cover").data == b"picture"
    assert client.get(f"{case}/cover").status_code in {302, 303, 401}
    assert reviewer.client.get(f"{case}/handouts/nothing-here").status_code == 404


def test_the_sweep_leaves_what_waits_and_what_is_under_review(shelved: Desk) -> None:
    change(shelved)
    shelved.submit()
    with shelved.app.app_context(), reading() as db:
        added = list_pending(db, shelved.lecture().id)[BESIDE].value["handouts"][-1]["public_id"]
    # The teacher has second thoughts; the reviewers still have it before them.
    shelved.do(files_beside.remove_attachment, "teacher", shelved.public_id, added)
    storage = shelved.app.extensions["platform"].storage
    objects = [*storage.list_keys("covers/"), *storage.list_keys("attachments/")]
    with shelved.app.app_context(), reading() as db:
        orphans = find_orphans(db, objects, older_than=timedelta(seconds=-5))
        assert orphans == {attachment_key(SLIDES)}
        assert orphans <= keys_under_review(db)
    shelved.pass_all()
    assert "课件.pdf" in names(shown(shelved)), "what was passed is what was sent in"


def test_a_review_from_before_says_nothing_of_covers_and_handouts(shelved: Desk) -> None:
    """Rows of the former release have no such part: passing one leaves what is on the shelf."""
    shelved.do(files_beside.set_cover, "teacher", shelved.public_id, COVER)
    shelved.submit()
    with shelved.app.app_context(), unit_of_work() as db:
        review = db.get_one(Review, shelved.review().id)
        snapshot = {part: value for part, value in review.snapshot.items() if part != BESIDE}
        db.execute(update(Review).where(Review.id == review.id).values(snapshot=snapshot))
    before = shown(shelved)
    shelved.pass_all()
    assert shown(shelved) == before


def test_a_lecture_nobody_holds_changes_at_once(desk: Desk) -> None:
    desk.do(files_beside.set_cover, "teacher", desk.public_id, COVER)
    with desk.app.app_context(), reading() as db:
        assert db.get_one(Lecture, desk.lecture().id).cover_sha256 == COVER
