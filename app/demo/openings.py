"""The demo's green channel: openings that hold, end soon, were ended, are to come; badges carried and badges lost.

Safe to repeat: what is there already stays as people left it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.acting import actor_of, add_sentence, decide_as, send_in
from app.demo.reviews import WITHOUT_LEVELS, list_shown
from app.green_channel.fields import GrantFields
from app.green_channel.periods import first_day
from app.green_channel.services import end_channel, open_channel
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput
from app.library.green_grants import GreenGrant
from app.library.models import Lecture
from app.library.places import Institution
from app.review import rules, services, shelving
from app.review.rulebook import rulebook
from app.review.services import Verdict
from app.review.states import Action

KEY = "demo-opening"
TITLE = "老年朋友冬季课堂（演示）"
#: Who decides at the three levels.
REVIEWERS = ("reviewer", "dean", "province")
_ENDED_WHY: Final = "换成冬季课堂，一起开放。"
_CHANGED: Final = "本课 2026 年冬季更新。"


def add_opening(db: Session, institution_id: int, author_login: str, phone: str) -> bool:
    """Pass what nobody has reviewed, and open everything the institution shows; tell whether it was done now."""
    lectures = list_shown(db, institution_id)
    if _is_there(db, KEY) or not lectures:
        return False
    author = actor_of(db, author_login)
    for lecture in lectures:
        if shelving.find_open(db, lecture.id) is None:
            with suppress(InvalidInput):  # a word of the operator's list: then it stays without the badge
                decide_as(db, REVIEWERS, send_in(db, author, lecture))
    place, today = db.get_one(Institution, institution_id), first_day(utc_now())
    autumn = _fields("秋季重阳专场（演示）", lectures[1:2], phone, today, today + timedelta(days=60))
    ended = open_channel(db, author, place.public_id, autumn, key=f"{KEY}-ended")
    end_channel(db, author, ended.public_id, reason=_ENDED_WHY)
    fields = _fields(TITLE, lectures, phone, today, today + timedelta(days=180))
    open_channel(db, author, place.public_id, fields, key=KEY)
    return True


def add_other_openings(db: Session, seeder: Actor, institution_id: int, author_login: str, phone: str) -> None:
    """Open lectures of an institution after one review: an opening ends soon, one has lost a badge, one is to come."""
    lectures = list_shown(db, institution_id)
    if _is_there(db, f"{KEY}-soon") or len(lectures) < 3:
        return
    author, place = actor_of(db, author_login), db.get_one(Institution, institution_id)
    rules.put_rule(db, seeder, institution_id, levels=1, reason="绿色通道的课先审一次（演示）")
    for lecture in lectures[:2]:
        _pass_once(db, author, lecture)
    rules.put_rule(db, seeder, institution_id, levels=0, reason=WITHOUT_LEVELS)
    today = first_day(utc_now())
    for key, title, opened, begin, end in (
        ("soon", "手机课堂（演示）", lectures[:1], 0, 6),
        ("lost", "平安冬季（演示）", lectures[1:3], 0, 120),
        ("next", "春季开学（演示）", lectures[:1], 90, 200),
    ):
        fields = _fields(title, opened, phone, today + timedelta(days=begin), today + timedelta(days=end))
        open_channel(db, author, place.public_id, fields, key=f"{KEY}-{key}")
    # Nobody has passed this sentence: the badge goes, and its page says why.
    add_sentence(db, author, lectures[1], _CHANGED)


def _is_there(db: Session, key: str) -> bool:
    return db.scalar(select(GreenGrant.id).where(GreenGrant.key == key)) is not None


def _fields(title: str, lectures: Sequence[Lecture], phone: str, begin: date, end: date) -> GrantFields:
    return GrantFields(
        title=title, courses=(), lectures=[lecture.public_id for lecture in lectures], regions=["210100"],
        audiences=["elder", "resident"], licence="platform_public_good", starts_on=begin.isoformat(),
        ends_on=end.isoformat(), contact_name="社区教育部（演示）", contact_phone=phone,
        note="欢迎社区中心排进课表，在活动室一起看。",
    )  # fmt: skip


def _pass_once(db: Session, author: Actor, lecture: Lecture) -> None:
    """Let the demo's reviewer pass a lecture of an institution where nobody reviews usually."""
    review, reviewer = send_in(db, author, lecture), actor_of(db, REVIEWERS[0])
    here = Actor(
        reviewer.user_id, reviewer.public_id, reviewer.display_name, (Grant("reviewer", lecture.institution_id),)
    )
    verdict = Verdict(Action.PASS, scores={aspect.key: 5 for aspect in rulebook().aspects})
    services.decide(db, here, review.public_id, verdict, at_level=1)
