"""The page of one lecture, its captions, its media, its download."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.cards import is_english, present_cards
from app.catalogue.playlists import PlaylistContext, playlist_context
from app.catalogue.queries import list_similar
from app.kernel.errors import NotFound, Withdrawn
from app.library.models import LectureState
from app.library.queries import get_lecture, list_terms
from app.media.queries import current_set, may_fetch_media, media_prefix
from app.player.presenters import present_media
from app.player.serving import IMMUTABLE, PRIVATE, serve_object
from app.web import access, edge

SIMILAR_CARDS = 6


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("player", __name__, template_folder="templates")
    blueprint.get("/lectures/<public_id>", endpoint="lecture")(lecture_page)
    blueprint.get("/lectures/<public_id>/captions/<language>.vtt", endpoint="caption")(caption)
    blueprint.get("/lectures/<public_id>/download", endpoint="download")(download)
    blueprint.get("/media/<digest>/<path:name>", endpoint="media")(media_object)
    return blueprint


@access.public
def lecture_page(public_id: str) -> ResponseReturnValue:
    """Show a lecture with its player; inside a playlist also what comes before and after."""
    db, actor = edge.session(), edge.current_actor()
    try:
        lecture = get_lecture(db, actor, public_id)
    except Withdrawn as error:
        return render_template("player/withdrawn.html", title=error.context.get("title", ""), reason=error.context.get("reason", "")), 410
    media = current_set(db, lecture.id)
    settings = edge.platform().settings
    playlist = _where_in_playlist()
    terms = {(term.scheme, term.key): term for term in list_terms(db)}
    licence = terms.get(("licence", lecture.licence))
    page_url = settings.app.base_url + url_for("player.lecture", public_id=public_id)
    return render_template(
        "player/lecture.html",
        lecture=lecture,
        media=present_media(
            lecture, media, page_url=page_url, following=_following(playlist),
            help_phone=lecture.institution.contact_phone or settings.site.contact_phone,
        ) if media is not None else None,
        is_draft=lecture.state is not LectureState.PUBLISHED,
        playlist=playlist,
        licence=(licence.label_en if is_english() else licence.label_zh) if licence is not None else "",
        download_size_bytes=_download_size(media) if media is not None else 0,
        similar=present_cards(list_similar(db, lecture, limit=SIMILAR_CARDS)),
    )


def _download_size(media: object) -> int:
    """Return the size of the plain file, as the store knows it."""
    name = getattr(media, "mp4_name", None) or getattr(media, "m4a_name", None)
    stat = edge.platform().storage.stat(f"{media_prefix(media.digest)}/{name}") if name else None  # type: ignore[attr-defined]
    return stat.size_bytes if stat is not None else 0


def _where_in_playlist() -> PlaylistContext | None:
    """Read `list` and `at` of the address: where in which playlist the reader is."""
    public_id, position = request.args.get("list", ""), request.args.get("at", 0, type=int)
    return playlist_context(edge.session(), public_id, position) if public_id and position > 0 else None


def _following(playlist: PlaylistContext | None) -> dict[str, str] | None:
    if playlist is None or playlist.next_position is None:
        return None
    url = url_for("curation.play", public_id=playlist.public_id, position=playlist.next_position)
    return {"title": playlist.next_title or _("下一讲"), "url": url}


@access.public
def caption(public_id: str, language: str) -> ResponseReturnValue:
    """Serve a caption as WebVTT; its address carries a version, so published ones may be kept."""
    lecture = get_lecture(edge.session(), edge.current_actor(), public_id)
    found = next((item for item in lecture.captions if item.language == language), None)
    if found is None:
        raise NotFound(public_id=public_id, language=language)
    response = Response(found.webvtt, mimetype="text/vtt")
    is_public = lecture.state is LectureState.PUBLISHED and request.args.get("v") == found.sha256[:12]
    response.headers["Cache-Control"] = IMMUTABLE if is_public else PRIVATE
    return response


@access.public
def download(public_id: str) -> ResponseReturnValue:
    """Offer the plain file under the lecture's title, for phones and halls without a line."""
    db = edge.session()
    lecture = get_lecture(db, edge.current_actor(), public_id)
    media = current_set(db, lecture.id)
    name = (media.mp4_name or media.m4a_name) if media is not None else None
    if media is None or name is None:
        raise NotFound(public_id=public_id)
    filename = f"{lecture.title}.{name.rpartition('.')[2]}"
    return serve_object(
        edge.platform().storage, f"{media_prefix(media.digest)}/{name}",
        is_public=lecture.state is LectureState.PUBLISHED, download_name=filename,
    )


@access.public
def media_object(digest: str, name: str) -> ResponseReturnValue:
    """Serve one object of a media set to whoever may see a lecture that has it; to all others it does not exist."""
    may_fetch, is_public = may_fetch_media(edge.session(), edge.current_actor(), digest)
    if not may_fetch or ".." in name.split("/"):
        raise NotFound(digest=digest)
    return serve_object(edge.platform().storage, f"{media_prefix(digest)}/{name}", is_public=is_public)
