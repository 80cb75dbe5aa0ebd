"""Joining on PostgreSQL: locks, JSON, counting and forgetting in its own dialect, and the way back of the migration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.joining import applications, handover, invitations, members, quotas
from app.joining.belongings import count_belongings
from app.joining.jobs import forget_rows
from app.joining.places import load_place
from app.joining.queries import Tray, list_applications
from app.joining.quotas import QuotaFields, list_institutions
from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import unit_of_work
from app.kernel.ids import new_token
from app.studio.allowance import QuotaReached, check_allowance
from tests.integration.joining.acting import CENTRE, Acting
from tests.integration.review.school import draft, found_school

pytestmark = pytest.mark.services


def test_from_an_application_to_a_hand_over_and_back(postgres_app: Flask) -> None:
    app = postgres_app
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
    acting = Acting(app, school)
    acting.send_in()
    assert len(acting.do(list_applications, "officer", tray=Tray.WAITING).rows) == 1
    acting.accept()
    token = new_token()
    acting.apply(invitations.claim, token=token)
    account = {"login": "head", "display_name": "负责人", "password": "a long pass 99"}
    acting.apply(lambda db, _receipt: invitations.accept_as_new(db, token, **account))

    place_id = school.public_ids[school.here]
    acting.do(quotas.set_quota, "officer", place_id, QuotaFields("1", "1"), expected_id=0)
    acting.do(draft, "teacher", school.here)
    rows = {row.public_id: row.allowance for row in acting.do(list_institutions, "officer").rows}
    assert rows[place_id].usage.stored_bytes == 2
    with pytest.raises(QuotaReached):
        acting.apply(lambda db, _receipt: check_allowance(db, school.here, 1024**3))

    place = acting.read(load_place, place_id)
    teacher, colleague = acting.user("teacher"), acting.user("colleague")
    had = acting.read(count_belongings, place, teacher.id)
    step = {"to_person_id": colleague.public_id, "gives_roles": True}
    made = acting.do(handover.hand_over, "admin", place_id, teacher.public_id, **step)
    assert acting.read(count_belongings, place, teacher.id).is_empty
    acting.do(handover.undo, "admin", place_id, made.public_id)
    assert acting.read(count_belongings, place, teacher.id) == had
    acting.do(members.suspend, "admin", place_id, teacher.public_id)
    assert not acting.read(lambda db: acting.actor("teacher", db)).grants

    acting.receipt = applications.new_receipt()
    acting.apply(applications.begin, CENTRE)
    with app.app_context(), unit_of_work() as db:
        assert forget_rows(db, utc_now() + timedelta(days=8)) == 1
    with app.app_context():
        downgrade(revision="0011")
        upgrade()
        database.engine.dispose()
