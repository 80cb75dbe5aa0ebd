"""What there is of every kind in each of three worlds: one's own place, a sibling's, one of a foreign region."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.curation import items
from app.curation.services import PlaylistFields, create_playlist
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.library.beside import Beside, Handout, put_beside
from app.library.holdings import Attachment
from app.library.models import Course, LectureState
from app.library.services import set_chapters
from app.media.models import CaptionDraft, MediaSet, Source
from app.studio.desk.models import Batch, BatchRow
from app.studio.models import Upload
from app.watching.models import Certificate
from tests.fixtures.app import make_unit, make_user
from tests.integration.access.joining_parts import joining_parts
from tests.integration.green_channel.openings import open_something
from tests.integration.review.school import School, draft, send_in


@dataclass(frozen=True)
class Things:
    """What there is of every kind in one world; values of address parts by name."""

    draft: dict[str, object]
    shelved: dict[str, object]
    review: str
    handout: str
    playlist: str
    upload: str
    batch: str
    course: str
    institution: str
    #: Of joining and members, by the names of address parts.
    joining: dict[str, object]
    grant: str
    certificate: str


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
    put_beside(db, sent, Beside("0" * 64, (handout,)))
    review = send_in(db, maker, sent.public_id)[0]
    upload = Upload(
        public_id=new_public_id(), lecture_id=lecture.id, user_id=maker.user_id or 0, filename="a.mp4", size_bytes=9,
        created_at=utc_now(), updated_at=utc_now(),
    )  # fmt: skip
    batch = Batch(
        public_id=new_public_id(), key=new_public_id(), user_id=maker.user_id or 0, institution_id=place, title="一批",
        created_at=utc_now(),
    )  # fmt: skip
    certificate = Certificate(
        code=new_public_id(), key=new_public_id(), user_id=maker.user_id or 0, institution_id=place, year=2026,
        holder_name="老师", institution_name="学校", issued_at=utc_now(),
        figures={"until": "2026-11-28", "lectures": 1, "titles": ["在架"], "playlists": 0},
    )  # fmt: skip
    course = Course(public_id=new_public_id(), institution_id=place, title="一门课", created_at=utc_now())
    db.add_all([upload, batch, certificate, course])
    db.flush()
    lecture.course_id, lecture.position = course.id, 1
    db.add(BatchRow(batch_id=batch.id, lecture_id=lecture.id, path="a.mp4", size_bytes=9, position=0))
    playlist = create_playlist(db, curator, next(iter(curator.unit_ids())), PlaylistFields("播单", ""))
    db.flush()
    items.add_item(db, curator, playlist.public_id, shown.public_id, expected_version=playlist.version)
    return Things(
        _parts(db, lecture.id, lecture.public_id), _parts(db, shown.id, shown.public_id), review.public_id,
        handout.public_id,
        playlist.public_id, upload.public_id, batch.public_id, course.public_id, school.public_ids[place],
        joining_parts(db, place, maker, school["operator"]),
        open_something(db, school["operator"], school.public_ids[place], lectures=[shown.public_id]).public_id,
        certificate.code,
    )  # fmt: skip


def _parts(db: Session, lecture_id: int, public_id: str) -> dict[str, object]:
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
    return {"public_id": public_id, "draft_id": found.id, "digest": digest, "attachment_id": handout.public_id}
