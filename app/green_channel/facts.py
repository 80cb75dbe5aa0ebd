"""Gathering the facts the promises are judged by, from rows as residents get them now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.green_channel.promises import ChannelPolicy, Facts
from app.kernel.actor import NOBODY
from app.library import policies as library_policies
from app.library.models import Lecture
from app.media.models import MediaSet
from app.media.queries import current_set, may_fetch_media
from app.review import shelving
from app.review.models import Review
from app.review.rules import words_in_force
from app.review.screening import Passage, Word, find_words
from app.review.snapshots import freeze, passages
from app.review.states import ReviewState
from media_pipeline import transcript_text

#: An address of another place: with a scheme, with www, or as people write the usual ends.
_LINK: Final = re.compile(
    r"(?:https?://|www\.)[^\s，。；、）)》\"']+|(?<![\w.@/-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|cn|net|top|shop|vip)\b",
    re.IGNORECASE,
)
_LINK_LETTERS: Final = 60


def gather(db: Session, lecture: Lecture, granted_licence: str, policy: ChannelPolicy, missing: Sequence[str]) -> Facts:
    """Return the facts of a lecture (its terms and captions must be loaded).

    Args:
        db: session.
        lecture: the lecture as it is now.
        granted_licence: what its grant lets residents do.
        policy: what counts as advertising.
        missing: objects of its present set that the store did not have.
    """
    media = current_set(db, lecture.id)
    passed = shelving.last_passed(db, lecture.id)
    is_as_reviewed, snapshot = _shown(db, lecture, passed)
    said = passages(snapshot)
    return Facts(
        state=lecture.state,
        withdrawn_reason=lecture.withdrawn_reason,
        licence=lecture.licence,
        granted_licence=granted_licence,
        is_open=_is_open(db, lecture, media),
        has_media=media is not None,
        phone_rate_bps=_phone_rate_bps(media),
        has_sound=media is not None and bool(media.audio_name),
        has_words=any(transcript_text(caption.webvtt).strip() for caption in lecture.captions),
        has_file=media is not None and bool(media.mp4_name or media.m4a_name),
        missing_files=missing,
        adverts=_adverts(said, _advert_words(db, policy), passed),
        links=[match[0][:_LINK_LETTERS] for passage in said for match in _LINK.finditer(passage.text)],
        is_signed=_is_signed(db, lecture.id),
        review_levels=passed.levels if passed is not None else 0,
        is_as_reviewed=is_as_reviewed,
    )


def _shown(db: Session, lecture: Lecture, passed: Review | None) -> tuple[bool, Mapping[str, Any]]:
    """Return whether residents get exactly what was passed, and what they get."""
    if lecture.is_held and passed is not None:
        return True, passed.snapshot  # changes of a held lecture wait
    frozen = freeze(db, lecture)
    return passed is not None and passed.digests == frozen.digests, frozen.snapshot


def _is_open(db: Session, lecture: Lecture, media: MediaSet | None) -> bool:
    if not library_policies.can_view_lecture(NOBODY, lecture):
        return False
    return media is None or may_fetch_media(db, NOBODY, media.digest)[1]


def _phone_rate_bps(media: MediaSet | None) -> int | None:
    """Return the rate of the lowest rung there is: of the pictures, or of the sound where there is none."""
    renditions = media.renditions if media is not None else []
    pictures = [each.average_bandwidth_bps for each in renditions if each.kind == "video"]
    sounds = [each.average_bandwidth_bps for each in renditions if each.kind == "audio"]
    return min(pictures or sounds, default=None)


def _advert_words(db: Session, policy: ChannelPolicy) -> list[Word]:
    return [word for word in words_in_force(db) if word.category in policy.advert_categories]


def _adverts(said: Sequence[Passage], words: Sequence[Word], passed: Review | None) -> list[str]:
    """Return advertising words nobody explained: what reviewers passed with its explanation is none."""
    answered = set()
    if passed is not None and passed.levels:
        answered = {f"{hit['place']}:{hit['word']}" for hit in passed.hits if hit.get("answer")}
    return [hit.word for hit in find_words(said, words) if hit.key not in answered]


def _is_signed(db: Session, lecture_id: int) -> bool:
    """Tell whether a review that was passed carries the commitment: no advertising, everything may be used."""
    signed = select(Review.id).where(
        Review.lecture_id == lecture_id,
        Review.state == ReviewState.PASSED,
        Review.levels > 0,
        Review.commitment_id.is_not(None),
    )
    return db.scalar(signed.limit(1)) is not None
