"""Public JSON reads under /api/v1, described by /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import ValidationError
from spectree import Response, SpecTree
from spectree.plugins.flask_plugin import FlaskPlugin

from app.api.models import (
    CaptionInfo,
    ChapterInfo,
    LectureDetail,
    LecturePage,
    LectureQuery,
    LectureSummary,
    Media,
    OriginInfo,
    Problem,
)
from app.catalogue.queries import LectureCard, list_cards
from app.catalogue.searching import search_lectures
from app.kernel.actor import NOBODY
from app.kernel.errors import InvalidInput
from app.library.models import Lecture
from app.library.queries import get_lecture, origin_of
from app.media.models import MediaSet
from app.media.queries import current_set
from app.web import access, edge

PER_PAGE = 24
CACHE_S = 60


class _Plugin(FlaskPlugin):
    """Leaves routing to us: the library's own documentation pages load scripts from a third party."""

    def register_route(self, _app: object) -> None:
        """Add nothing."""


def _refuse(_request: object, _response: object, error: Exception | None, *_rest: object) -> None:
    """Turn what pydantic found into our own error, so that every refusal looks alike."""
    if not isinstance(error, ValidationError):
        return
    fields: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        fields.setdefault(str(item["loc"][0]), item["msg"])
    raise InvalidInput(_("请求的参数有误。"), code="invalid_parameters", fields=fields)


def _described() -> SpecTree:
    return SpecTree(
        backend=_Plugin, mode="strict", annotations=False, before=_refuse, validation_error_model=Problem,
        title="Open learning resources", version="1", naming_strategy=lambda model: model.__name__,
        nested_naming_strategy=lambda _parent, child: child,
    )


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    tree = _described()

    @blueprint.get("/lectures")
    @tree.validate(query=LectureQuery, resp=Response(HTTP_200=LecturePage, HTTP_503=Problem), tags=["lectures"])
    @access.public
    def lectures() -> ResponseReturnValue:
        """Search the public lectures, or list the newest."""
        return _search(cast("LectureQuery", request.context.query)).model_dump(mode="json"), _cached()  # type: ignore[attr-defined]

    @blueprint.get("/lectures/<public_id>")
    @tree.validate(
        resp=Response(HTTP_200=LectureDetail, HTTP_404=Problem, HTTP_410=Problem), tags=["lectures"],
        path_parameter_descriptions={"public_id": "The id of a lecture"},
    )
    @access.public
    def lecture(public_id: str) -> ResponseReturnValue:
        """Describe one public lecture; 410 when it has left the library."""
        return _describe(public_id).model_dump(mode="json"), _cached()

    @blueprint.get("/openapi.json")
    @access.public
    def openapi() -> ResponseReturnValue:
        tree.app = current_app
        return jsonify(tree.spec), _cached()

    return blueprint


def _search(query: LectureQuery) -> LecturePage:
    names = ("city", "audience", "topic", "level", "language", "type")
    filters = {name: frozenset(getattr(query, name)) for name in names}
    found = search_lectures(
        edge.session(), edge.platform().settings.search.index_path, query.q, filters=filters, page=query.page,
        per_page=PER_PAGE, sort="relevance" if query.q.strip() else "newest",
    )
    items = [LectureSummary(**_summary(card)) for card in found.lectures]
    return LecturePage(total=found.total, page=found.page, pages=found.pages, items=items)


def _describe(public_id: str) -> LectureDetail:
    db = edge.session()
    # As nobody in particular: what the interface tells never depends on who is signed in.
    row = get_lecture(db, NOBODY, public_id)
    card = list_cards(db, [row.id])[0]
    by_scheme: dict[str, list[str]] = {}
    for term in row.terms:
        by_scheme.setdefault(term.scheme, []).append(term.key)
    return LectureDetail(
        **_summary(card),
        description=row.description, language=row.language, licence=row.licence, tags=row.tags,
        audience=by_scheme.get("audience", []), topic=by_scheme.get("topic", []),
        level=next(iter(by_scheme.get("difficulty", [])), None), speech=by_scheme.get("speech", []),
        captions=_captions(row), chapters=_chapters(row), origin=_origin(row), media=_media(current_set(db, row.id)),
    )


def _summary(card: LectureCard) -> dict[str, Any]:
    return {
        "id": card.public_id, "url": _absolute(url_for("player.lecture", public_id=card.public_id)),
        "title": card.title, "teacher": card.teacher, "institution": card.institution_name,
        "region_code": card.region_code, "type": card.resource_type, "published_at": card.published_at,
        "duration_s": card.duration_s, "is_audio_only": card.is_audio_only,
        "is_green_channel": card.is_green_channel,
        "poster_url": _absolute(f"/{card.poster_path}") if card.poster_path else None,
    }


def _captions(lecture: Lecture) -> list[CaptionInfo]:
    return [
        CaptionInfo(language=caption.language, label=caption.label, is_machine=caption.is_machine)
        for caption in lecture.captions
    ]


def _chapters(lecture: Lecture) -> list[ChapterInfo]:
    return [ChapterInfo(start_s=chapter.start_s, title=chapter.title) for chapter in lecture.chapters]


def _origin(lecture: Lecture) -> OriginInfo | None:
    excerpt = origin_of(NOBODY, lecture)
    if excerpt is None or excerpt.original is None:
        return None
    address = _absolute(url_for("player.lecture", public_id=excerpt.original.public_id))
    return OriginInfo(
        id=excerpt.original.public_id, url=address, title=excerpt.original.title, start_s=excerpt.start_s,
        end_s=excerpt.end_s,
    )  # fmt: skip


def _media(media: MediaSet | None) -> Media | None:
    if media is None:
        return None

    def address(name: str | None) -> str | None:
        return _absolute(url_for("player.media", digest=media.digest, name=name)) if name else None

    return Media(
        duration_s=media.duration_s, manifest_url=address(media.master_name) or "",
        saver_manifest_url=address(media.saver_name) or "", mp4_url=address(media.mp4_name),
        m4a_url=address(media.m4a_name),
    )


def _absolute(path: str) -> str:
    return edge.platform().settings.app.base_url + path


def _cached() -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={CACHE_S}"}
