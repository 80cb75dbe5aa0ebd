"""The demo's people review, open, apply, join and watch; starting again changes nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Membership
from app.demo import spec
from app.demo.people import add_accounts, add_institutions, add_units
from app.demo.reviews import skip_levels
from app.demo.seed import SEEDER, _add_life
from app.green_channel.promises import Cause
from app.joining.models import Application, Invitation
from app.kernel.db import reading, unit_of_work
from app.kernel.platform import Platform
from app.library.green_grants import GreenGrant, GreenStanding
from app.library.models import Lecture
from app.library.services import LectureFields, create_lecture, set_caption
from app.notices.kinds import NoticeKind
from app.notices.models import Notice
from app.review.models import Review
from app.studio.services import publish_lecture
from app.watching.models import WatchDay
from tests.fixtures.app import run_jobs
from tests.integration.green_channel.openings import keep_rates, put_files
from tests.integration.review.school import VTT, give_file


@pytest.fixture
def institutions(app: Flask, tmp_path: Path) -> dict[str, int]:
    """The demo's lectures as their encodes would have left them."""
    demo = spec.load()
    with app.app_context(), unit_of_work() as db:
        places = add_institutions(db, demo)
        add_accounts(db, tmp_path, places, add_units(db))
        skip_levels(db, SEEDER, list(places.values()))
        for number, item in enumerate(demo.lectures):
            terms = [
                *(("audience", each) for each in item.audiences), *(("topic", each) for each in item.topics),
                ("education_category", item.category),
            ]  # fmt: skip
            fields = LectureFields(item.title, item.description, item.teacher, item.tags, terms=terms)
            lecture = create_lecture(db, SEEDER, places[item.institution.key], fields)
            set_caption(db, lecture, language="zh-CN", label="中文", webvtt=VTT)
            give_file(db, lecture, f"{number:064x}", is_current=True)
            keep_rates(db, lecture.public_id)
            publish_lecture(db, SEEDER, lecture.public_id, expected_version=lecture.version)
    put_files(app)
    return places


def look(app: Flask) -> dict[str, Any]:
    """Return what there is of everything."""
    with app.app_context(), reading() as db:
        tables = (Review, GreenGrant, Application, Invitation, Membership, WatchDay, Lecture, Notice)
        return {
            "applications": Counter(str(each) for each in db.scalars(select(Application.state))),
            "reviews": Counter(map(str, db.scalars(select(Review.state).where(Review.closed_at.is_(None))))),
            "badges": db.scalar(select(func.count()).where(GreenStanding.is_shown)),
            "causes": {each["cause"] for row in db.scalars(select(GreenStanding.broken)) for each in row},
            "notices": set(db.scalars(select(Notice.kind))),
            "counts": {each.__tablename__: db.scalar(select(func.count()).select_from(each)) for each in tables},
        }


def test_every_page_has_something_to_show_and_a_second_start_changes_nothing(
    app: Flask, platform: Platform, institutions: dict[str, int]
) -> None:
    with app.app_context():
        _add_life(platform, institutions)
    run_jobs(app)
    found = look(app)
    assert found["applications"] == {"submitted": 2, "questioned": 1, "accepted": 1, "refused": 1}
    assert found["reviews"] == {"level_1": 1, "level_2": 1}
    assert found["badges"] == 3, "two of the reviewed institution, one of the opening that ends soon"
    assert found["causes"] >= {Cause.CHANGED_SINCE, Cause.NOT_REVIEWED}
    assert found["counts"]["green_grant"] == 5
    assert found["notices"] >= {
        NoticeKind.APPLICATION, NoticeKind.RETURNED, NoticeKind.CASE, NoticeKind.GREEN_BACK, NoticeKind.GREEN_LOST,
    }  # fmt: skip
    with app.app_context():
        _add_life(platform, institutions)
    run_jobs(app)
    assert look(app) == found
