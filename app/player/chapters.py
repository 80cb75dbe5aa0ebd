"""Chapters on the lecture page: links that go to a second of the lecture, and the WebVTT file players read."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

import media_pipeline
from app.kernel.errors import NotFound
from app.library.models import Chapter, Lecture, LectureState
from app.library.queries import get_lecture
from app.media.queries import current_set, growing_set
from app.player.serving import PRIVATE
from app.web import access, edge

#: A changed chapter shows within this time; the file is small and read only by players that list chapters themselves.
CACHE = "public, max-age=300"
#: Parameters that say where in which playlist the reader is; a jump within the lecture stays there.
_KEPT_PARAMETERS = ("list", "at")


def present_chapters(lecture: Lecture, duration_s: float | None) -> list[dict[str, Any]]:
    """Return the chapters that begin inside the lecture, each with the address of its place."""
    kept: dict[str, Any] = {name: request.args[name] for name in _KEPT_PARAMETERS if name in request.args}
    return [
        {
            "title": chapter.title,
            "start_s": chapter.start_s,
            "url": url_for("player.lecture", public_id=lecture.public_id, **kept, t=f"{chapter.start_s:g}"),
        }
        for chapter in _within(lecture, duration_s)
    ]


def asked_start_s() -> float:
    """Return the second the address asks to begin at, `?t=200`; 0 when it asks for none."""
    start_s = request.args.get("t", 0.0, type=float)
    return start_s if 0 <= start_s < 1_000_000 else 0.0


@access.public
def chapter_file(public_id: str) -> ResponseReturnValue:
    """Serve the chapters as WebVTT."""
    db = edge.session()
    lecture = get_lecture(db, edge.current_actor(), public_id)
    media = current_set(db, lecture.id) or growing_set(db, lecture.id)
    duration_s = media.duration_s if media is not None else None
    chapters = [media_pipeline.Chapter(each.start_s, each.title) for each in _within(lecture, duration_s)]
    if not chapters:
        raise NotFound(public_id=public_id)
    response = Response(media_pipeline.to_chapter_file(chapters, duration_s), mimetype="text/vtt")
    response.headers["Cache-Control"] = CACHE if lecture.state is LectureState.PUBLISHED else PRIVATE
    return response


def _within(lecture: Lecture, duration_s: float | None) -> list[Chapter]:
    """Leave out what a shorter file, uploaded later, no longer has."""
    return [each for each in lecture.chapters if duration_s is None or each.start_s < duration_s]
