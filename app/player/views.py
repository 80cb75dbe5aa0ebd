"""The page of one lecture, its captions, its media, its download."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.browse_views import subjects_of
from app.catalogue.cards import present_cards
from app.catalogue.onward import SeriesContext, list_similar, series_context
from app.catalogue.playlists import PlaylistContext, playlist_context
from app.kernel.errors import NotFound, Withdrawn
from app.library.beside import beside_of
from app.library.green_grants import badges_among
from app.library.models import Lecture, LectureState
from app.library.policies import can_view_work_on
from app.library.queries import get_lecture, list_terms, origin_of
from app.library.sharing import list_co_owners
from app.media import files_beside
from app.media.queries import (
    current_set,
    growing_set,
    growth_state,
    may_fetch_cover,
    may_fetch_media,
    media_prefix,
)
from app.player.chapters import chapter_file, present_chapters
from app.player.presenters import (
    Surroundings,
    download_sizes,
    growth_words,
    present_growing,
    present_media,
)
from app.player.serving import GROWING, IMMUTABLE, PRIVATE, serve_handout, serve_object
from app.web import access, edge, preferences
from app.web.navigation import link_if
from app.web.preferences import is_english
from app.web.qr_code import CODE_KINDS, code_response
from config.policies import read_watching
from media_pipeline.publish import LIVE_FOLDER

SIMILAR_CARDS, SIMILAR_CARDS_ELDER = 6, 3


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("player", __name__, template_folder="templates")
    blueprint.get("/lectures/<public_id>", endpoint="lecture")(lecture_page)
    blueprint.get("/lectures/<public_id>/captions/<language>.vtt", endpoint="caption")(caption)
    blueprint.get("/lectures/<public_id>/chapters.vtt", endpoint="chapters")(chapter_file)
    blueprint.get("/lectures/<public_id>/download", endpoint="download")(download)
    blueprint.get("/lectures/<public_id>/growth", endpoint="growth")(growth)
    blueprint.get("/media/<digest>/<path:name>", endpoint="media")(media_object)
    blueprint.get("/covers/<sha256>.webp", endpoint="cover")(cover)
    blueprint.get("/lectures/<public_id>/attachments/<attachment_id>", endpoint="attachment")(attachment)
    blueprint.get("/lectures/<public_id>/qr.<kind>", endpoint="qr_code")(qr_code)
    return blueprint


@access.public
def lecture_page(public_id: str) -> ResponseReturnValue:
    """Show a lecture with its player; inside a playlist also what comes before and after."""
    db, actor = edge.session(), edge.current_actor()
    try:
        lecture = get_lecture(db, actor, public_id)
    except Withdrawn as error:
        return render_template(
            "player/withdrawn.html", title=error.context.get("title", ""), reason=error.context.get("reason", "")
        ), 410
    media = current_set(db, lecture.id)
    growing = growing_set(db, lecture.id) if media is None else None
    settings = edge.platform().settings
    playlist = _where_in_playlist(public_id)
    series = series_context(db, lecture) if playlist is None else None
    ask = _whom_to_ask(lecture, playlist, settings.site.contact_phone)
    page_url = settings.app.base_url + url_for("player.lecture", public_id=public_id)
    around = Surroundings(page_url, _following(playlist, series), ask[0][1] if ask else "")
    shown = present_media(lecture, media, around) if media is not None else None
    if growing is not None:
        shown = present_growing(lecture, growing, around)
    return render_template(
        "player/lecture.html",
        lecture=lecture,
        media=shown and shown | _watch(lecture, playlist),
        growth=growth_state(db, lecture.id) if growing is not None else None,
        growth_words=growth_words(),
        origin=_origin(lecture),
        chapters=present_chapters(lecture, shown["duration_s"]) if shown is not None else [],
        state_words=_state_words(lecture.state),
        playlist=playlist,
        series=series,
        subjects=subjects_of(lecture),
        ask=ask,
        licence=_licence(lecture),
        sizes=download_sizes(media),
        is_green=lecture.state is LectureState.PUBLISHED and bool(badges_among(db, [lecture.id])),
        co_owners=[each.name for each in list_co_owners(db, lecture)],
        attachments=beside_of(db, lecture).handouts,
        similar=_similar(lecture),
    )


def _similar(lecture: Lecture) -> list[dict[str, Any]]:
    limit = SIMILAR_CARDS_ELDER if preferences.current().is_elder else SIMILAR_CARDS
    index_path = edge.platform().settings.search.index_path
    return present_cards(list_similar(edge.session(), index_path, lecture, limit=limit))


@cache
def _beacon_rules() -> dict[str, Any]:
    rules: dict[str, Any] = read_watching()["beacon"]
    return rules


def _watch(lecture: Lecture, playlist: PlaylistContext | None) -> dict[str, object]:
    """Say where the player tells that it is watched; nothing to a lecture's own people, who are not counted."""
    url = link_if("watching.take_beacons")
    is_own = can_view_work_on(edge.current_actor(), lecture)
    if url is None or is_own or lecture.state is not LectureState.PUBLISHED:
        return {}
    beacon = _beacon_rules()
    watch = {
        "url": url, "lecture": lecture.public_id, "playlist": playlist.public_id if playlist is not None else "",
        "every_s": beacon["every_s"], "thin_every_s": beacon["thin_every_s"],
    }
    return {"watch": watch}


def _licence(lecture: Lecture) -> str:
    term = {(each.scheme, each.key): each for each in list_terms(edge.session())}.get(("licence", lecture.licence))
    return "" if term is None else term.label_en if is_english() else term.label_zh


def _state_words(state: LectureState) -> str:
    """Say to the people of the institution why the public does not see this page; nothing when it does."""
    if state is LectureState.DRAFT:
        return _("这一讲还没有公开，只有本校人员能看到。")
    return _("这一讲已经下架，只有本校人员能看到。") if state is LectureState.WITHDRAWN else ""


def _origin(lecture: Lecture) -> dict[str, str] | None:
    """Name the lecture this one was taken out of, where the reader may open it, at the place it begins there."""
    excerpt = origin_of(edge.current_actor(), lecture)
    if excerpt is None or excerpt.original is None:
        return None
    original, start_s = excerpt.original, int(excerpt.start_s)
    return {"title": original.title, "url": url_for("player.lecture", public_id=original.public_id, t=start_s or None)}


def _whom_to_ask(lecture: Lecture, playlist: PlaylistContext | None, site_phone: str) -> list[tuple[str, str]]:
    """Return (words, phone) of the people nearest to the reader first: centre, school, operator."""
    phones = []
    if playlist is not None and playlist.unit_phone:
        phones.append((_("看不明白，打电话问%(unit)s：", unit=playlist.unit_name), playlist.unit_phone))
    if lecture.institution.contact_phone:
        phones.append((_("课里的问题，打电话问学校："), lecture.institution.contact_phone))
    return phones or ([(_("看不明白，打电话问："), site_phone)] if site_phone else [])


def _where_in_playlist(lecture_public_id: str) -> PlaylistContext | None:
    """Read `list` and `at` of the address: where in which playlist the reader is. Only `list` is needed."""
    public_id, position = request.args.get("list", ""), request.args.get("at", 1, type=int)
    if not public_id:
        return None
    return playlist_context(edge.session(), public_id, position, lecture_public_id=lecture_public_id)


def _following(playlist: PlaylistContext | None, series: SeriesContext | None) -> dict[str, str] | None:
    """Name what the player offers when it has ended: the next of the playlist, else of the course."""
    if playlist is not None and playlist.next_position is not None:
        url = url_for("curation.play", public_id=playlist.public_id, position=playlist.next_position)
        return {"title": playlist.next_title or _("下一讲"), "url": url}
    if series is not None and series.next_public_id is not None:
        return {"title": series.next_title, "url": url_for("player.lecture", public_id=series.next_public_id)}
    return None


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
    """Offer the plain file under the lecture's title, for phones and halls without a line; `?only=sound` is smaller."""
    db = edge.session()
    lecture = get_lecture(db, edge.current_actor(), public_id)
    media = current_set(db, lecture.id)
    wanted = (None if request.args.get("only") == "sound" else media.mp4_name) if media is not None else None
    name = (wanted or media.m4a_name) if media is not None else None
    if media is None or name is None:
        raise NotFound(public_id=public_id)
    filename = f"{lecture.title}.{name.rpartition('.')[2]}"
    return serve_object(
        edge.platform().storage,
        f"{media_prefix(media.digest)}/{name}",
        is_public=lecture.state is LectureState.PUBLISHED,
        download_name=filename,
    )


@access.public
def growth(public_id: str) -> ResponseReturnValue:
    """Tell an open page whether the lecture it shows is still being made."""
    db = edge.session()
    lecture = get_lecture(db, edge.current_actor(), public_id)
    response = jsonify(state=growth_state(db, lecture.id))
    response.headers["Cache-Control"] = PRIVATE
    return response


@access.public
def media_object(digest: str, name: str) -> ResponseReturnValue:
    """Serve one object of a media set to whoever may see a lecture that has it; to all others it does not exist."""
    may_fetch, is_public = may_fetch_media(edge.session(), edge.current_actor(), digest)
    if not may_fetch or ".." in name.split("/"):
        raise NotFound(digest=digest)
    response = serve_object(edge.platform().storage, f"{media_prefix(digest)}/{name}", is_public=is_public)
    if is_public and name.startswith(f"{LIVE_FOLDER}/") and name.endswith(".m3u8"):
        response.headers["Cache-Control"] = GROWING
    return response


@access.public
def cover(sha256: str) -> ResponseReturnValue:
    """Serve a cover somebody chose, as posters are served."""
    may_fetch, is_public = may_fetch_cover(edge.session(), edge.current_actor(), sha256)
    if not may_fetch:
        raise NotFound(cover=sha256)
    return serve_object(edge.platform().storage, files_beside.cover_key(sha256), is_public=is_public)


@access.public
def attachment(public_id: str, attachment_id: str) -> ResponseReturnValue:
    """Offer a handout for saving; browsers never open one as a page of ours."""
    db = edge.session()
    lecture = get_lecture(db, edge.current_actor(), public_id)
    found = files_beside.get_attachment(db, edge.current_actor(), lecture, attachment_id)
    return serve_handout(edge.platform().storage, found)


@access.public
def qr_code(public_id: str, kind: str) -> ResponseReturnValue:
    """Draw the code of a lecture's address, which stays whatever becomes of its file and its words."""
    lecture = get_lecture(edge.session(), edge.current_actor(), public_id)
    if kind not in CODE_KINDS:
        raise NotFound(kind=kind)
    address = edge.platform().settings.app.base_url + url_for("player.lecture", public_id=public_id)
    return code_response(address, kind, is_public=lecture.state is LectureState.PUBLISHED)
