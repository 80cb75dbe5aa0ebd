"""What there is of every kind in each of three worlds: one's own place, a sibling's, one of a foreign region."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.asking.models import SearchWord, Wish, WishState
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist, publish_playlist
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.library.beside import Beside, Handout, put_beside
from app.library.holdings import Attachment
from app.library.models import Course, Lecture, LectureOwner, LectureState
from app.library.services import set_chapters
from app.media.models import CaptionDraft, MediaSet, Source
from app.media.queries import ENCODE_KIND, lecture_subject
from app.review.states import ReviewState
from app.studio.desk.models import Batch, BatchRow
from app.studio.models import Upload
from app.watching.models import Certificate
from tests.fixtures.app import make_unit, make_user
from tests.integration.access.joining_parts import joining_parts
from tests.integration.green_channel.openings import open_something
from tests.integration.review.school import School, draft, send_in

WORLDS = ("own", "sibling", "foreign")
#: Who signs in as whom.
LOGINS = {
    "maker": "teacher", "colleague": "colleague", "admin": "admin", "partner": "partner-admin", "reviewer": "reviewer",
    "curator": "curator", "officer": "officer", "operator": "operator",
}  # fmt: skip
#: What covers are called: that of a lecture under review, that of one on the shelf.
COVERS = ("0" * 64, "1" * 64)


@dataclass(frozen=True)
class Things:
    """What there is of every kind in one world; values of address parts by name."""

    draft: dict[str, object]
    shelved: dict[str, object]
    #: Under review at the first level, with the media set that was sent in.
    sent: dict[str, object]
    review: str
    #: Reviews by the level they have come to.
    reviews: dict[int, str]
    handout: str
    playlist: str
    #: Code on the poster of a playlist that is public.
    poster_code: str
    upload: str
    batch: str
    course: str
    institution: str
    #: Of joining and members, by the names of address parts.
    joining: dict[str, object]
    grant: str
    certificate: str
    wish: str
    word: int
    #: An encode that failed.
    job: int


@dataclass(frozen=True)
class House:
    """The application, the things of each world, and a notice of each person."""

    app: Flask
    worlds: dict[str, Things]
    notices: dict[str, int]


def share(db: Session, things: Things, institution_id: int) -> None:
    """Say that the lectures of a world were made together with another institution."""
    public_ids = [each["public_id"] for each in (things.draft, things.sent, things.shelved)]
    for lecture_id in db.scalars(select(Lecture.id).where(Lecture.public_id.in_(public_ids))):
        db.add(LectureOwner(lecture_id=lecture_id, institution_id=institution_id))
    db.flush()


def maker_abroad(db: Session, school: School) -> Actor:
    user = make_user(db, Role.CONTRIBUTOR, login="foreign-teacher", institution_id=school.abroad)
    return Actor(user.id, user.public_id, user.display_name, (Grant("contributor", school.abroad),))


def curator_of(db: Session, school: School, world: str) -> Actor:
    if world == "own":
        return school["curator"]
    unit = make_unit(db)
    user = make_user(db, Role.CURATOR, login=f"{world}-curator", unit_id=unit.id)
    return Actor(user.id, user.public_id, user.display_name, (Grant("curator", None, unit.id),))


def make_things(db: Session, school: School, maker: Actor, place: int, curator: Actor) -> Things:
    lecture, sent, shown = (draft(db, maker, place, title) for title in ("草稿", "在审", "在架"))
    set_chapters(db, lecture, [(0.0, "开头"), (5.0, "正文")])
    shown.state, shown.published_at, shown.is_held = LectureState.PUBLISHED, utc_now(), True
    handout = Handout(new_public_id(), "讲义.pdf", "pdf", 1, "0" * 64)
    put_beside(db, sent, Beside(COVERS[0], (handout,)))
    put_beside(db, shown, Beside(COVERS[1], ()))
    reviews = {1: send_in(db, maker, sent.public_id)[0].public_id}
    for level in (2, 3):
        review = send_in(db, maker, draft(db, maker, place, f"在审{level}").public_id)[0]
        review.state, reviews[level] = ReviewState(f"level_{level}"), review.public_id
    return Things(
        _parts(db, lecture), _parts(db, shown), _parts(db, sent), reviews[1], reviews, handout.public_id,
        *_playlists(db, curator, shown), *_work_of(db, maker, place, lecture), school.public_ids[place],
        joining_parts(db, place, maker, school["operator"]),
        open_something(db, school["operator"], school.public_ids[place], lectures=[shown.public_id]).public_id,
        _certificate(db, maker, place), *_asked(db), _failed_encode(db, lecture),
    )  # fmt: skip


def _work_of(db: Session, maker: Actor, place: int, lecture: Lecture) -> tuple[str, str, str]:
    """Return an upload on its way, a batch of one row, and a course of one lecture."""
    upload = Upload(
        public_id=new_public_id(), lecture_id=lecture.id, user_id=maker.user_id or 0, filename="a.mp4", size_bytes=9,
        created_at=utc_now(), updated_at=utc_now(),
    )  # fmt: skip
    batch = Batch(
        public_id=new_public_id(), key=new_public_id(), user_id=maker.user_id or 0, institution_id=place, title="一批",
        created_at=utc_now(),
    )  # fmt: skip
    course = Course(public_id=new_public_id(), institution_id=place, title="一门课", created_at=utc_now())
    db.add_all([upload, batch, course])
    db.flush()
    lecture.course_id, lecture.position = course.id, 1
    db.add(BatchRow(batch_id=batch.id, lecture_id=lecture.id, path="a.mp4", size_bytes=9, position=0))
    return upload.public_id, batch.public_id, course.public_id


def _certificate(db: Session, maker: Actor, place: int) -> str:
    certificate = Certificate(
        code=new_public_id(), key=new_public_id(), user_id=maker.user_id or 0, institution_id=place, year=2026,
        holder_name="老师", institution_name="学校", issued_at=utc_now(),
        figures={"until": "2026-11-28", "lectures": 1, "titles": ["在架"], "playlists": 0},
    )  # fmt: skip
    db.add(certificate)
    db.flush()
    return certificate.code


def _playlists(db: Session, curator: Actor, shown: Lecture) -> tuple[str, str]:
    """Return a draft of a playlist, and the code of one that is public."""
    made = []
    for title in ("播单", "公开的播单"):
        playlist = create_playlist(db, curator, next(iter(curator.unit_ids())), PlaylistFields(title, ""))
        db.flush()
        items.add_item(db, curator, playlist.public_id, shown.public_id, expected_version=playlist.version)
        made.append(playlist)
    publish_playlist(db, curator, made[1].public_id, expected_version=made[1].version)
    return made[0].public_id, made[1].short_code


def _asked(db: Session) -> tuple[str, int]:
    """Return a wish and a line of the operator's words for the search."""
    key = new_public_id()
    wish = Wish(public_id=key, text=key, key=key, count=1, first_at=utc_now(), last_at=utc_now(), state=WishState.OPEN)
    word = SearchWord(key=key, said=[key, "另一种说法"], means=[], changed_at=utc_now())
    db.add_all([wish, word])
    db.flush()
    return wish.public_id, word.id


def _failed_encode(db: Session, lecture: Lecture) -> int:
    subject = lecture_subject(lecture.id)
    queue.enqueue(db, queue.NewJob(ENCODE_KIND, lane=queue.LANE_DEFAULT, key=new_public_id(), subject=subject))
    job = db.scalars(select(Job).where(Job.kind == ENCODE_KIND, Job.subject == subject)).one()
    job.state = JobState.FAILED
    return job.id


def _parts(db: Session, lecture: Lecture) -> dict[str, object]:
    lecture_id = lecture.id
    source_id = db.scalars(select(Source.id).where(Source.lecture_id == lecture_id)).one()
    found = CaptionDraft(
        source_id=source_id, stream_index=0, language="en", title="", webvtt="WEBVTT\n", created_at=utc_now()
    )
    handout = Attachment(
        public_id=new_public_id(), lecture_id=lecture_id, filename="讲义.pdf", kind="pdf", size_bytes=1,
        sha256="0" * 64, created_at=utc_now(),
    )  # fmt: skip
    db.add_all([found, handout])
    db.flush()
    digest = db.scalars(select(MediaSet.digest).where(MediaSet.lecture_id == lecture_id)).one()
    return {"public_id": lecture.public_id, "draft_id": found.id, "digest": digest, "attachment_id": handout.public_id}
