"""Grants for tests: what a person would type, with today's days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.green_channel.fields import GrantFields
from app.green_channel.periods import first_day
from app.green_channel.services import open_channel
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.ids import new_public_id
from app.library.green_grants import GreenGrant, GreenStanding, has_badge
from app.library.models import Lecture
from app.media.models import MediaSet, Rendition
from app.media.queries import media_prefix
from tests.fixtures.app import run_jobs
from tests.integration.review.school import Desk


def today() -> date:
    return first_day(utc_now())


def grant_fields(*, lectures: Sequence[str] = (), courses: Sequence[str] = (), **changes: Any) -> GrantFields:
    """What an admin types who opens something for a year, for older residents of 沈阳."""
    fields = GrantFields(
        title="春季社区课堂", courses=list(courses), lectures=list(lectures), regions=["210100"], audiences=["elder"],
        licence="platform_public_good", starts_on=today().isoformat(),
        ends_on=(today() + timedelta(days=365)).isoformat(), contact_name="社区教育部", contact_phone="024-0000 0000",
    )  # fmt: skip
    return replace(fields, **changes)


def open_something(db: Session, actor: Actor, institution: str, *, key: str = "", **fields: Any) -> GreenGrant:
    """Open lectures or courses as the form does."""
    return open_channel(db, actor, institution, grant_fields(**fields), key=key or new_public_id(20))


def keep_rates(db: Session, public_id: str, *, rate_bps: int = 150_000) -> None:
    """Give the lecture's set the renditions its encode would have recorded."""
    media = db.scalars(
        select(MediaSet).join(Lecture, Lecture.id == MediaSet.lecture_id).where(Lecture.public_id == public_id)
    ).all()  # fmt: skip
    for each in media:
        for kind, name, height_px, average_bps in (("audio", "audio", None, 48_000), ("video", "240p", 240, rate_bps)):
            db.add(Rendition(media_set_id=each.id, kind=kind, name=name, manifest_name=f"{name}.m3u8",
                             height_px=height_px, bandwidth_bps=average_bps, average_bandwidth_bps=average_bps,
                             codecs="avc1", size_bytes=1))  # fmt: skip


def put_files(app: Flask) -> None:
    """Put the objects of every set of `give_file` into the store."""
    with app.app_context(), reading() as db:
        digests = db.scalars(select(MediaSet.digest)).all()
    for digest in digests:
        for name in ("master.m3u8", "saver.m3u8", "audio.m3u8", "lecture.mp4", "lecture.m4a"):
            app.extensions["platform"].storage.put_bytes(f"{media_prefix(digest)}/{name}", b"x", "video/mp4")


def reviewed(desk: Desk) -> str:
    """Send the desk's lecture in, pass it at three levels, deliver the facts; return its public id."""
    with desk.app.app_context(), unit_of_work() as db:
        keep_rates(db, desk.public_id)
    desk.submit()
    desk.pass_all()
    return desk.public_id


def open_for(desk: Desk, login: str = "admin", **fields: Any) -> str:
    """Open the desk's lecture; return the public id of the grant."""
    fields.setdefault("lectures", [desk.public_id])
    with desk.app.app_context(), unit_of_work() as db:
        return open_something(db, desk.school[login], desk.school.public_ids[desk.school.here], **fields).public_id


def has_badge_now(app: Flask, public_id: str) -> bool:
    with app.app_context(), reading() as db:
        return db.scalar(select(Lecture.id).where(Lecture.public_id == public_id, has_badge())) is not None


def broken_of(app: Flask, public_id: str) -> list[tuple[str, str]]:
    """Return (promise, cause) of what the last check found."""
    with app.app_context(), reading() as db:
        statement = select(GreenStanding.broken).join(Lecture, Lecture.id == GreenStanding.lecture_id)
        found = db.scalar(statement.where(Lecture.public_id == public_id))
    return [(each["promise"], each["cause"]) for each in found or []]


def deliver(app: Flask) -> None:
    """Relay the facts and do the jobs, as the worker would within a second."""
    run_jobs(app)
