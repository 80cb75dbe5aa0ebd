"""What the tests of reviews speak of: two schools of 沈阳 and one of 大连, and everybody with a say or without one."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role, User
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.library.places import RegionDuty, UnitKind, UnitRegion
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.models import MediaSet, Source
from app.review import services, submission
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.services import Verdict
from app.review.states import Action
from app.review.submission import Wish
from tests.fixtures.app import make_institution, make_unit, make_user

FIELDS = LectureFields(
    title="八段锦第一讲", teacher="周老师", description="跟着做，一遍十二分钟。", tags=("养生",),
    terms=(("audience", "elder"), ("topic", "public_health"), ("education_category", "elder")),
)  # fmt: skip
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n大家好\n\n00:00:03.000 --> 00:00:06.000\n今天学八段锦\n"
CHECKS = frozenset(check.key for check in rulebook().checks)
FIVES = {aspect.key: 5 for aspect in rulebook().aspects}
PASS = Verdict(Action.PASS, scores=FIVES)
RETURN = Verdict(Action.RETURN, reason="第三秒的字写错了")
REJECT = Verdict(Action.REJECT, reason="内容不实")


@dataclass(frozen=True)
class School:
    """Ids of the places and the people by login."""

    here: int
    sibling: int
    abroad: int
    public_ids: dict[int, str]
    people: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, login: str) -> Actor:
        return self.people[login]


#: login -> (role, place); "here" is reviewed at three levels, its sibling lies in the same city, "abroad" in another.
PEOPLE: dict[str, tuple[Role, str]] = {
    "teacher": (Role.CONTRIBUTOR, "here"),
    "colleague": (Role.CONTRIBUTOR, "here"),
    "reviewer": (Role.REVIEWER, "here"),
    "reviewer2": (Role.REVIEWER, "here"),
    "admin": (Role.INSTITUTION_ADMIN, "here"),
    "officer": (Role.OFFICER, "city"),
    "provincial": (Role.OFFICER, "province"),
    "operator": (Role.OPERATOR, ""),
    "curator": (Role.CURATOR, "centre"),
    "sibling-teacher": (Role.CONTRIBUTOR, "sibling"),
    "sibling-reviewer": (Role.REVIEWER, "sibling"),
    "sibling-admin": (Role.INSTITUTION_ADMIN, "sibling"),
    "foreign-admin": (Role.INSTITUTION_ADMIN, "abroad"),
    "foreign-officer": (Role.OFFICER, "other-city"),
}


def found_school(db: Session) -> School:
    here = make_institution(db, name="沈阳审课学院", review_levels=3)
    sibling = make_institution(db, name="沈阳兄弟学院", region_code="210102", review_levels=3)
    abroad = make_institution(db, name="大连审课学院", region_code="210202", review_levels=3)
    places: dict[str, dict[str, int]] = {
        "": {}, "here": {"institution_id": here.id}, "sibling": {"institution_id": sibling.id},
        "abroad": {"institution_id": abroad.id},
    }  # fmt: skip
    for key, code, duty in (
        ("city", "210100", RegionDuty.ADMINISTERS), ("province", "210000", RegionDuty.GUIDES),
        ("other-city", "210200", RegionDuty.ADMINISTERS), ("centre", "210103", RegionDuty.SERVES),
    ):  # fmt: skip
        unit = make_unit(db, region_code=code, kind=UnitKind.BUREAU)
        db.add(UnitRegion(unit_id=unit.id, region_code=code, duty=duty))
        places[key] = {"unit_id": unit.id}
    ids = {each.id: each.public_id for each in (here, sibling, abroad)}
    school = School(here.id, sibling.id, abroad.id, ids)
    for login, (role, place) in PEOPLE.items():
        user = make_user(db, role, login=login, **places[place])
        user.display_name = login
        where = places[place]
        grant = Grant(role.value, where.get("institution_id"), where.get("unit_id"))
        school.people[login] = Actor(user.id, user.public_id, login, (grant,))
    return school


def draft(db: Session, actor: Actor, institution_id: int, title: str = FIELDS.title) -> Lecture:
    """A lecture that lacks nothing: words, captions, a finished set."""
    fields = LectureFields(title, FIELDS.description, FIELDS.teacher, FIELDS.tags, terms=FIELDS.terms)
    lecture = create_lecture(db, actor, institution_id, fields)
    set_caption(db, lecture, language="zh-CN", label="中文", webvtt=VTT)
    give_file(db, lecture, "a" * 64, uploaded_by_id=actor.user_id, is_current=True)
    return lecture


def give_file(
    db: Session, lecture: Lecture, sha256: str, *, uploaded_by_id: int | None = None, is_current: bool = False
) -> tuple[Source, MediaSet]:
    """A file with its set as the worker would have recorded it."""
    source = Source(
        lecture_id=lecture.id, filename=f"{sha256[:4]}.mp4", sha256=sha256, size_bytes=1, storage_key=f"s/{sha256}",
        uploaded_by_id=uploaded_by_id, created_at=utc_now(),
    )  # fmt: skip
    db.add(source)
    db.flush()
    media = MediaSet(
        lecture_id=lecture.id, source_id=source.id, digest=f"{lecture.id:032}{sha256[:32]}", recipe="test",
        is_current=is_current, duration_s=12.0, size_bytes=1, master_name="master.m3u8", saver_name="saver.m3u8",
        audio_name="audio.m3u8", mp4_name="lecture.mp4", m4a_name="lecture.m4a", created_at=utc_now(), renditions=[],
    )  # fmt: skip
    db.add(media)
    db.flush()
    return source, media


def send_in(db: Session, actor: Actor, *public_ids: str, **answers: str) -> list[Review]:
    lectures = db.scalars(select(Lecture).where(Lecture.public_id.in_(public_ids)))
    versions = {lecture.public_id: lecture.version for lecture in lectures}
    wishes = [Wish(each, versions[each], answers) for each in public_ids]
    return submission.submit(db, actor, wishes, checks=CHECKS, is_signed=True)


class Desk:
    """One act after another on one lecture, each in a transaction of its own, as requests are."""

    def __init__(self, app: Flask, school: School, *, maker: str = "teacher") -> None:
        self.app, self.school, self.maker = app, school, maker
        with app.app_context(), unit_of_work() as db:
            self.public_id = draft(db, school[maker], school.here).public_id

    def submit(self, login: str = "", **answers: str) -> str:
        with self.app.app_context(), unit_of_work() as db:
            return send_in(db, self.school[login or self.maker], self.public_id, **answers)[0].public_id

    def decide(self, login: str, verdict: Verdict, *, at_level: int) -> str:
        with self.app.app_context(), unit_of_work() as db:
            return services.decide(db, self.school[login], self.review().public_id, verdict, at_level=at_level).state

    def do(self, function, login: str, *arguments, **named):
        """Call a service with (db, actor, ...)."""
        with self.app.app_context(), unit_of_work() as db:
            return function(db, self.school[login], *arguments, **named)

    def pass_all(self) -> None:
        for level, login in enumerate(("reviewer", "admin", "officer"), start=1):
            self.decide(login, PASS, at_level=level)

    def review(self) -> Review:
        with self.app.app_context(), reading() as db:
            newest = select(Review).join(Review.lecture).where(Lecture.public_id == self.public_id)
            return db.scalars(newest.order_by(Review.id.desc()).limit(1)).one()

    def lecture(self) -> Lecture:
        with self.app.app_context(), reading() as db:
            return db.scalars(select(Lecture).where(Lecture.public_id == self.public_id)).one()


def user_of(db: Session, login: str) -> User:
    return db.scalars(select(User).where(User.login == login)).one()
