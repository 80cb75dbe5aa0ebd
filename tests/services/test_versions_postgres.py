"""Old versions, the studio's list and the bounds of uploads on PostgreSQL: windows, grouping, JSON, row locks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.media.models import MediaSet, Source
from app.media.retention import Retention, drop_old_masters
from app.media.versions import VersionState, list_versions
from app.review.snapshots import sources_under_review
from app.review.stages import Stage
from app.studio.allowance import usage_of
from app.studio.listing import StudioState, list_lectures
from app.studio.upload_limits import TooManyUploads, UploadLimits, check_count, forget_given_up
from app.studio.uploads import NewFile, add_upload
from app.studio.versions import restore_version
from tests.integration.review.school import Desk, found_school, give_file

pytestmark = pytest.mark.services


def test_versions_lists_and_bounds(postgres_app: Flask) -> None:
    app = postgres_app
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
    desk = Desk(app, school)
    desk.submit()
    with app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture)).one()
        for letter in "bcd":
            give_file(db, lecture, letter * 64)
        db.execute(update(MediaSet).where(~MediaSet.is_current).values(replaced_at=utc_now()))
        found = list_lectures(db, school["teacher"], state=StudioState.READY, stage=Stage.LEVEL_1)
        assert (found.total, found.counts[StudioState.READY], found.stages[Stage.LEVEL_1]) == (1, 1, 1)
        assert len(sources_under_review(db)) == 1
    with app.app_context(), unit_of_work() as db:
        restore_version(db, school["teacher"], desk.public_id, 2)
    with app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture)).one()
        listed = list_versions(db, lecture).versions
        assert [(each.number, each.same_as) for each in listed[:2]] == [(5, 2), (4, None)]
        assert listed[0].state is VersionState.IN_THE_MAKING
        assert usage_of(db, [school.here])[school.here].stored_bytes > 0
        assert drop_old_masters(db, Retention(0, timedelta(0)), in_use=sources_under_review(db)) == 0, "an encode waits"
    with app.app_context(), unit_of_work() as db:
        db.execute(MediaSet.__table__.delete().where(~MediaSet.is_current))
        db.execute(update(database.metadata.tables["job"]).values(state="succeeded"))
        assert drop_old_masters(db, Retention(1, timedelta(0)), in_use=sources_under_review(db)) == 2
        kept = db.scalars(select(Source.sha256).where(Source.master_dropped_at.is_(None)).order_by(Source.id))
        assert [each[0] for each in kept] == list("adb")
    with app.app_context(), unit_of_work() as db:
        teacher = school["teacher"]
        add_upload(db, teacher, NewFile("a.mp4", 1), public_id="one", lecture_id=lecture.id)
        with pytest.raises(TooManyUploads):
            check_count(db, UploadLimits(1, 9, 9), user_id=teacher.user_id or 0)
        with pytest.raises(TooManyUploads):
            check_count(db, UploadLimits(9, 1, 9), user_id=teacher.user_id or 0, institution_id=school.here)
        assert forget_given_up(db, {}, expires_after=timedelta(0)) == 0
    with app.app_context():
        database.engine.dispose()
