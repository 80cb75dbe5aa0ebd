"""Rows of the demo: institutions, units in both reporting lines, accounts, lectures through the real pipeline.

Safe to repeat and to kill: every step looks for what is already there. Accounts get a random password once, kept in a
file only its owner can read, so no installation ever shares one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Role, User
from app.demo import spec
from app.demo.media import DemoMedia, Tools, find_tools, make_lecture
from app.demo.spec import DemoSpec, LectureSpec
from app.kernel import outbox
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.ids import new_public_id
from app.kernel.jobs import queue
from app.kernel.jobs.model import JobState
from app.kernel.platform import Platform
from app.library.models import Lecture, LectureState
from app.library.places import Institution, Line, RegionDuty, Unit, UnitKind, UnitRegion, UnitSuperior
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.queries import MediaState, media_statuses
from app.media.services import StoredSource, attach_source, source_key
from app.studio.services import publish_lecture

log = structlog.get_logger(__name__)

#: Seeding acts as the operator; no such user exists.
SEEDER = Actor(public_id="demo", display_name="演示", grants=(Grant("operator"),))
PROVINCE, CITY, COUNTY = "210000", "210100", "210103"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account as it is printed."""

    login: str
    password: str
    who: str


def seed_demo(platform: Platform, ffmpeg: Path, say: Say) -> list[DemoAccount]:
    """Make the whole demo; returns its accounts."""
    demo = spec.load()
    tools = find_tools(ffmpeg)
    with unit_of_work() as db:
        institutions = _institutions(db, demo)
        centre = _units(db)
        passwords = _accounts(db, platform.settings.media.work_path.parent, institutions, centre)
    say("正在制作演示讲座的画面和声音 …")
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(_make, platform, tools, item) for item in demo.lectures]
        for number, future in enumerate(futures, 1):
            _add_lecture(platform, demo.lectures[number - 1], institutions, future.result())
    _encode(platform, say)
    _publish(platform)
    _index(platform)
    return passwords


def _institutions(db: Session, demo: DemoSpec) -> dict[str, int]:
    ids = {}
    for item in demo.institutions:
        institution = db.scalars(select(Institution).where(Institution.name == item.name)).first()
        if institution is None:
            institution = Institution(
                public_id=new_public_id(),
                name=item.name,
                type_key=item.type,
                region_code=item.region,
                contact_phone="",
                created_at=utc_now(),
            )
            db.add(institution)
            db.flush()
        ids[item.key] = institution.id
    return ids


def _units(db: Session) -> int:
    """Add a province's and a city's bureau and centre and one community centre; return the last one's id."""
    rows = [
        ("province_bureau", UnitKind.BUREAU, "省教育厅职成处（演示）", PROVINCE, RegionDuty.ADMINISTERS),
        ("province_centre", UnitKind.CENTRE, "省社区教育指导服务中心（演示）", PROVINCE, RegionDuty.GUIDES),
        ("city_bureau", UnitKind.BUREAU, "沈阳市教育局（演示）", CITY, RegionDuty.ADMINISTERS),
        ("city_centre", UnitKind.CENTRE, "沈阳市社区教育指导服务中心（演示）", CITY, RegionDuty.GUIDES),
        ("community", UnitKind.COMMUNITY, "沈河区万柳社区中心（演示）", COUNTY, RegionDuty.SERVES),
    ]
    units: dict[str, Unit] = {}
    for key, kind, name, region, duty in rows:
        unit = db.scalars(select(Unit).where(Unit.name == name)).first()
        if unit is None:
            unit = Unit(public_id=new_public_id(), kind=kind, name=name, region_code=region, aliases=[])
            db.add(unit)
            db.flush()
            db.add(UnitRegion(unit_id=unit.id, region_code=region, duty=duty))
        units[key] = unit
    lines = [
        ("city_bureau", "province_bureau", Line.ADMINISTRATIVE),
        ("city_centre", "province_centre", Line.PROFESSIONAL),
        # The community centre answers to the city in both lines: this is why units are no tree.
        ("community", "city_bureau", Line.ADMINISTRATIVE),
        ("community", "city_centre", Line.PROFESSIONAL),
    ]
    for below, above, line in lines:
        pair = {"unit_id": units[below].id, "superior_id": units[above].id, "line": line}
        if db.scalars(select(UnitSuperior).filter_by(**pair)).first() is None:
            db.add(UnitSuperior(**pair))
    return units["community"].id


def _accounts(db: Session, folder: Path, institutions: dict[str, int], centre_id: int) -> list[DemoAccount]:
    wanted: list[tuple[str, str, Role, dict[str, int]]] = [
        (
            "teacher",
            "学校老师：上传、发布讲座",
            Role.INSTITUTION_ADMIN,
            {"institution_id": next(iter(institutions.values()))},
        ),
        ("centre", "社区中心：编排播单、打印二维码", Role.CURATOR, {"unit_id": centre_id}),
        ("operator", "平台管理员：看运行情况", Role.OPERATOR, {}),
    ]
    path = folder / "demo-accounts.json"
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    result = []
    for login, who, role, place in wanted:
        user = db.scalars(select(User).where(User.login == login)).first()
        if user is None:
            known[login] = new_public_id(12)
            user = accounts.create_user(
                db, login=login, display_name=f"演示{who.partition('：')[0]}", password=known[login]
            )
        accounts.grant(db, user, role, **place)
        result.append(DemoAccount(login, known.get(login, "（首次启动时已显示）"), who))
    folder.mkdir(parents=True, exist_ok=True)
    # Written inside the transaction: if it fails nobody gets an account whose password is lost.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(known, file)
    return result


def _make(platform: Platform, tools: Tools, item: LectureSpec) -> DemoMedia:
    return make_lecture(item, platform.settings.media.work_path / "demo", tools)


def _add_lecture(platform: Platform, item: LectureSpec, institutions: dict[str, int], made: DemoMedia) -> None:
    """Put one lecture on the shelf with source and captions; its encode is queued."""
    with reading() as db:
        if _find(db, item, institutions) is not None:
            return
    with made.master.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = source_key(sha256)
    platform.storage.put_file(key, made.master, "video/mp4")
    stored = StoredSource(f"{item.key}.mp4", sha256, made.master.stat().st_size, key)
    with unit_of_work() as db:
        lecture = create_lecture(
            db,
            SEEDER,
            institutions[item.institution.key],
            LectureFields(
                title=item.title,
                description=item.description,
                teacher=item.teacher,
                tags=item.tags,
                terms=[
                    *(("audience", value) for value in item.audiences),
                    *(("topic", value) for value in item.topics),
                    ("education_category", item.category),
                ],
            ),
        )
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt=made.webvtt.read_text(encoding="utf-8"))
        attach_source(db, SEEDER, lecture, stored)


def _find(db: Session, item: LectureSpec, institutions: dict[str, int]) -> Lecture | None:
    return db.scalars(
        select(Lecture).where(Lecture.title == item.title, Lecture.institution_id == institutions[item.institution.key])
    ).first()


def _encode(platform: Platform, say: Say) -> None:
    """Do the waiting encodes here and now, with the worker's own code."""
    with reading() as db:
        waiting = queue.count_by_state(db).get((queue.LANE_MEDIA, JobState.QUEUED), 0)
    done = 0
    while platform.runner.work_once(queue.LANE_MEDIA):
        done += 1
        say(f"正在转码演示讲座 {done}/{waiting} …")


def _publish(platform: Platform) -> None:
    with reading() as db:
        drafts = db.scalars(
            select(Lecture).where(Lecture.state == LectureState.DRAFT, Lecture.created_by_id.is_(None))
        ).all()
        statuses = media_statuses(db, [lecture.id for lecture in drafts])
    for lecture in drafts:
        if statuses[lecture.id].state is MediaState.READY:
            with unit_of_work() as db:
                publish_lecture(db, SEEDER, lecture.public_id, expected_version=lecture.version)
        else:
            log.warning("demo_lecture_not_ready", lecture_id=lecture.id, error=statuses[lecture.id].error_message)
    shutil.rmtree(platform.settings.media.work_path / "demo", ignore_errors=True)


def _index(platform: Platform) -> None:
    with unit_of_work() as db:
        while outbox.relay(db, platform.subscriptions):
            pass
    while platform.runner.work_once(queue.LANE_INDEX):
        pass
