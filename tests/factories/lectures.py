"""Rows of lectures with media sets, and small stand-ins for the objects behind them.

For tests that are about pages, rights and bytes over HTTP; what ffmpeg really makes is tested with real clips.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.library.events import LecturePublished
from app.library.models import Lecture, LectureState, Term
from app.library.places import Institution
from app.media.models import MediaSet, Rendition, Source
from app.media.queries import media_prefix
from media_pipeline.ports import Storage

_numbers = itertools.count(1)

#: Content type and bytes of every object of a stand-in set, by name.
OBJECTS: Mapping[str, tuple[str, bytes]] = {
    "master.m3u8": ("application/vnd.apple.mpegurl", b"#EXTM3U\n#EXT-X-VERSION:7\n"),
    "audio/index.m3u8": ("application/vnd.apple.mpegurl", b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n"),
    "240p/init.mp4": ("video/mp4", bytes(range(256)) * 3),
    "240p/00000.m4s": ("video/mp4", bytes(range(256)) * 40),
    "480p.mp4": ("video/mp4", bytes(number % 251 for number in range(200_000))),
    "audio.m4a": ("audio/mp4", bytes(number % 241 for number in range(50_000))),
    "poster.webp": ("image/webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
    "storyboard.vtt": ("text/vtt", b"WEBVTT\n"),
}


def make_lecture(
    db: Session,
    institution: Institution,
    title: str,
    *,
    state: LectureState = LectureState.PUBLISHED,
    description: str = "",
    tags: Sequence[str] = (),
    terms: Sequence[tuple[str, str]] = (),
    created_by_id: int | None = None,
    digest: str = "",
) -> Lecture:
    """Add a lecture with a current media set; later ones count as published earlier. `terms` are (scheme, key)."""
    now = utc_now()
    lecture = Lecture(
        public_id=new_public_id(),
        institution_id=institution.id,
        title=title,
        teacher="周老师",
        description=description or f"{title}，慢慢讲。",
        tags=list(tags),
        state=state,
        created_by_id=created_by_id,
        created_at=now,
        updated_at=now,
        published_at=None if state is LectureState.DRAFT else now - timedelta(minutes=next(_numbers)),
        terms=_find_terms(db, terms),
        captions=[],
    )
    db.add(lecture)
    db.flush()
    _add_media_set(db, lecture, digest or digest_of(lecture))
    if state is LectureState.PUBLISHED:
        outbox.emit(db, LecturePublished(lecture.id))
    return lecture


def _find_terms(db: Session, terms: Sequence[tuple[str, str]]) -> list[Term]:
    if not terms:
        return []
    wanted = or_(*(and_(Term.scheme == scheme, Term.key == key) for scheme, key in terms))
    found = list(db.scalars(select(Term).where(wanted)))
    assert len(found) == len(set(terms)), f"unknown among {terms}"
    return found


def digest_of(lecture: Lecture) -> str:
    """Name of the media set `make_lecture` gives a lecture by itself."""
    return hashlib.sha256(lecture.public_id.encode()).hexdigest()


def _add_media_set(db: Session, lecture: Lecture, digest: str) -> None:
    source = Source(
        lecture_id=lecture.id,
        filename="master.mp4",
        sha256=digest,
        size_bytes=1000,
        storage_key=f"sources/{digest[:2]}/{digest}",
        created_at=utc_now(),
    )
    db.add(source)
    db.flush()
    media = MediaSet(
        lecture_id=lecture.id,
        source_id=source.id,
        digest=digest,
        recipe="stand-in",
        is_current=True,
        duration_s=600.0,
        size_bytes=sum(len(data) for _, data in OBJECTS.values()),
        master_name="master.m3u8",
        saver_name="master.m3u8",
        audio_name="audio/index.m3u8",
        mp4_name="480p.mp4",
        m4a_name="audio.m4a",
        poster_name="poster.webp",
        storyboard_name="storyboard.vtt",
        created_at=utc_now(),
        renditions=[_rendition("audio", None), _rendition("240p", 240), _rendition("480p", 480)],
    )
    db.add(media)
    db.flush()


def _rendition(name: str, height_px: int | None) -> Rendition:
    return Rendition(
        kind="audio" if height_px is None else "video",
        name=name,
        manifest_name=f"{name}/index.m3u8",
        width_px=None if height_px is None else height_px * 16 // 9,
        height_px=height_px,
        bandwidth_bps=64_000 + (height_px or 0) * 1000,
        average_bandwidth_bps=48_000 + (height_px or 0) * 800,
        codecs="mp4a.40.2" if height_px is None else "avc1.42c01e",
        size_bytes=4_000_000 + (height_px or 0) * 100_000,
    )


def put_objects(storage: Storage, digest: str) -> None:
    """Put the objects of a stand-in set into a store."""
    for name, (content_type, data) in OBJECTS.items():
        storage.put_bytes(f"{media_prefix(digest)}/{name}", data, content_type)
