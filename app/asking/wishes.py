"""Wishes (想学什么): made by anybody, counted together, answered by those who have lectures or look after them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.asking.models import WISH_MAX, Wish, WishPlace, WishReceipt, WishState
from app.asking.popular import Screen
from app.asking.rules import rules
from app.asking.typed import is_personal, squeeze
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.db import insert_for
from app.kernel.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, TooMany
from app.kernel.ids import ALPHABET, new_public_id
from app.kernel.sentences import too_long
from app.library.models import Lecture, LectureState
from app.library.places import Region, RegionLevel

log = structlog.get_logger(__name__)

RECEIPT_LETTERS: Final = 20
_KEEP_RECEIPTS: Final = timedelta(days=1)


def new_receipt() -> str:
    """Return what names one form, so that sending it twice counts once."""
    return new_public_id(RECEIPT_LETTERS)


def make_wish(db: Session, receipt: str, typed: str, city: str, *, screen: Screen) -> Wish:
    """Count a wish; the same words, however they are written, are one wish, and the same form counts once.

    Raises:
        InvalidInput: with a sentence for the field.
        TooMany: when more wishes are new today than people have.
    """
    if len(receipt) != RECEIPT_LETTERS or any(letter not in ALPHABET for letter in receipt):
        raise InvalidInput("页面已经过期，请重新打开再填。", code="bad_receipt")
    text = _checked_text(db, typed, screen)
    place, now = _checked_city(db, city), utc_now()
    handed_in = insert_for(db, WishReceipt).values(receipt=receipt, at=now).on_conflict_do_nothing()
    is_new = db.execute(handed_in.returning(WishReceipt.receipt)).first() is not None
    key = squeeze(text)[:WISH_MAX]
    known = db.scalars(select(Wish).where(Wish.key == key).with_for_update()).first()
    if known is not None and not is_new:
        return known
    if known is None:
        _check_room(db, now)
        fresh = {
            "public_id": new_public_id(), "text": text, "key": key, "count": 0, "first_at": now, "last_at": now,
            "state": WishState.OPEN, "version": 1,
        }
        db.execute(insert_for(db, Wish).values(fresh).on_conflict_do_nothing())
        known = db.scalars(select(Wish).where(Wish.key == key).with_for_update()).one()
    known.count, known.last_at = known.count + 1, now
    counted = insert_for(db, WishPlace).values(wish_id=known.id, region_code=place, count=1)
    db.execute(
        counted.on_conflict_do_update(
            index_elements=["wish_id", "region_code"], set_={"count": WishPlace.count + 1}
        )
    )
    log.info("wish_made", wish_id=known.id, city=place)
    return known


def _checked_text(db: Session, typed: str, screen: Screen) -> str:
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in typed).split())
    problem = ""
    if len(squeeze(text)) < 2:
        problem = "请写下想学什么，至少两个字。"
    elif len(text) > WISH_MAX:
        problem = too_long("想学什么", WISH_MAX, text)
    elif is_personal(text):
        problem = "请不要写电话、证件号、邮箱或网址，只写想学什么就可以。"
    elif screen(db, [text]):
        problem = "这句话里有不合适的词，请换个说法。"
    if problem:
        raise InvalidInput(problem, code="bad_wish", fields={"text": problem})
    return text


def _checked_city(db: Session, code: str) -> str:
    region = db.get(Region, code) if code else None
    if code and (region is None or region.level is not RegionLevel.CITY):
        sentence = "请从列表里选一个市，也可以不选。"
        raise InvalidInput(sentence, code="no_such_city", fields={"city": sentence})
    return code


def _check_room(db: Session, now: datetime) -> None:
    fresh = select(func.count()).select_from(Wish).where(Wish.first_at > now - timedelta(days=1))
    if (db.scalar(fresh) or 0) >= rules().new_wishes_per_day:
        raise TooMany("今天收到的心愿太多了，请明天再来，或者打电话告诉我们。", code="too_many_wishes")


def get_wish(db: Session, actor: Actor, public_id: str) -> Wish:
    """Return a wish for those who answer wishes.

    Raises:
        NotPermitted, NotFound.
    """
    if not can_answer(actor):
        raise NotPermitted
    wish = db.scalars(select(Wish).where(Wish.public_id == public_id)).first()
    if wish is None:
        raise NotFound(wish=public_id)
    return wish


def can_answer(actor: Actor) -> bool:
    """Those who make lectures, and those who look after them."""
    return actor.can_contribute or actor.is_officer


def can_turn_down(actor: Actor) -> bool:
    """That something is nothing for the library is not one institution's to say."""
    return actor.is_officer


def answer_wish(
    db: Session, actor: Actor, public_id: str, state: str, lecture: str, *, expected_version: int
) -> Wish:
    """Say what becomes of a wish; "open" takes an answer back.

    Args:
        db: session.
        actor: who answers.
        public_id: of the wish.
        state: a value of WishState.
        lecture: public id of a lecture, or its address.
        expected_version: of the wish as it was shown.

    Raises:
        InvalidInput, NotPermitted, NotFound, StaleVersion.
    """
    wish = get_wish(db, actor, public_id)
    if state not in set(WishState):
        raise InvalidInput(fields={"state": "请选择怎么回应。"})
    if WishState.UNSUITABLE in {state, wish.state} and not can_turn_down(actor):
        raise NotPermitted("只有教育部门的人能定“不合适”。", code="not_an_officer")
    if wish.version != expected_version:
        raise StaleVersion(wish=public_id, version=wish.version, expected=expected_version)
    wish.lecture_id = _lecture_id(db, lecture) if state == WishState.HAS_LECTURE else None
    wish.state, wish.version = WishState(state), wish.version + 1
    is_open = wish.state is WishState.OPEN
    wish.answered_at, wish.answered_by_id = (None, None) if is_open else (utc_now(), actor.user_id)
    log.info("wish_answered", wish_id=wish.id, state=wish.state.value, actor_id=actor.user_id)
    return wish


def _lecture_id(db: Session, named: str) -> int:
    public_id = named.strip().partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    is_public = Lecture.state == LectureState.PUBLISHED
    found = db.scalar(select(Lecture.id).where(Lecture.public_id == public_id, is_public))
    if found is None:
        sentence = "没有找到这一讲。请打开已经公开的那一讲，把地址复制到这里。"
        raise InvalidInput(sentence, code="no_such_lecture", fields={"lecture": sentence})
    return found


def forget_receipts(db: Session, now: datetime) -> None:
    """Forget forms that nobody sends again."""
    db.execute(delete(WishReceipt).where(WishReceipt.at < now - _KEEP_RECEIPTS))
