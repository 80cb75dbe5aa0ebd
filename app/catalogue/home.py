"""What the home page offers besides the newest lectures: words to begin with, and the needs that have lectures.

Everything offered here finds something: a resident's first tap must not end on an empty page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.library.models import Lecture, LectureState, LectureTerm, Term

#: What people of seventy come for, in this order; shown only while lectures speak of it.
FAVOURITE_WORDS = (
    *("养生", "手机", "防诈骗", "八段锦", "血压", "微信", "书法", "面点", "用药", "防跌倒"),
    *("广场舞", "合唱", "剪纸", "养花", "太极拳"),
)
#: How many of the newest lectures are looked through for words.
LOOKED_THROUGH = 300


def list_first_words(db: Session, *, limit: int) -> list[str]:
    """Return short words to tap instead of typing: the favourites that occur, then the most used tags. One query."""
    rows = db.execute(
        select(Lecture.title, Lecture.tags)
        .where(Lecture.state == LectureState.PUBLISHED)
        .order_by(Lecture.published_at.desc(), Lecture.id.desc())
        .limit(LOOKED_THROUGH)
    ).all()
    spoken_of = "\n".join(f"{title}\n{' '.join(tags)}" for title, tags in rows)
    words = [word for word in FAVOURITE_WORDS if word in spoken_of]
    tags_by_use = Counter(tag for _, tags in rows for tag in tags)
    words.extend(tag for tag, _ in tags_by_use.most_common() if not any(word in tag or tag in word for word in words))
    return words[:limit]


def list_used_terms(db: Session, scheme: str) -> Sequence[Term]:
    """Return this year's terms of a vocabulary that public lectures carry, in display order. One query."""
    year = utc_now().year
    carried = exists().where(
        LectureTerm.term_id == Term.id,
        LectureTerm.lecture_id == Lecture.id,
        Lecture.state == LectureState.PUBLISHED,
    )
    current = (Term.valid_from <= year, or_(Term.valid_to.is_(None), Term.valid_to >= year))
    statement = select(Term).where(Term.scheme == scheme, *current, carried)
    return db.scalars(statement.order_by(Term.position)).all()
