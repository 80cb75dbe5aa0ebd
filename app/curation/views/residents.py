"""Pages for everybody: published playlists, playing one through, the code on a poster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.catalogue.cards import present_card
from app.catalogue.playlists import public_lectures
from app.curation.queries import FullPlaylist, find_by_code, get_public, list_public_playlists
from app.curation.typed_text import digits_of
from app.kernel.errors import NotFound
from app.web import access, edge


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.get("/playlists")(playlists)
    blueprint.get("/playlists/<public_id>")(playlist)
    blueprint.get("/playlists/<public_id>/play/<int:position>")(play)
    blueprint.get("/q/")(code_form)
    blueprint.get("/q/<code>")(short_link)


@access.public
def playlists() -> ResponseReturnValue:
    """Show the public playlists, newest first."""
    page = list_public_playlists(edge.session(), page=page_number())
    cards = [
        {
            "url": url_for("curation.playlist", public_id=row.public_id),
            "title": row.title,
            "owner": row.unit_name,
            "lecture_count": row.lecture_count,
            "poster_url": f"/{row.cover.poster_path}" if row.cover and row.cover.poster_path else None,
        }
        for row in page.rows
    ]
    return render_template(
        "curation/playlists.html", page=page, playlists=cards, page_url=page_address("curation.playlists")
    )


@access.public
def playlist(public_id: str) -> ResponseReturnValue:
    """Show one playlist with its lectures and the centre behind it."""
    full = get_public(edge.session(), public_id)
    return render_template("curation/playlist.html", playlist=full, lectures=lecture_cards(full), is_preview=False)


@access.public
def play(public_id: str, position: int) -> ResponseReturnValue:
    """Go to the lecture at a position, with the way to its neighbours."""
    rows = public_lectures(edge.session(), public_id)
    if not 1 <= position <= len(rows):
        raise NotFound(public_id=public_id, position=position)
    return redirect(lecture_address(rows[position - 1][1], public_id, position))


@access.public
def code_form() -> ResponseReturnValue:
    """Offer a field for the number on a poster."""
    typed = request.args.get("code", "").strip()
    if not typed:
        return render_template("curation/code.html", typed="", is_wrong=False)
    return _follow(typed)


@access.public
def short_link(code: str) -> ResponseReturnValue:
    """Follow the code of a poster."""
    return _follow(code)


def _follow(typed: str) -> ResponseReturnValue:
    public_id = find_by_code(edge.session(), digits_of(typed))
    if public_id is None:
        return render_template("curation/code.html", typed=typed[:20], is_wrong=True), 404
    # Posters open in elder mode; the address keeps nothing of it, so sharing the page shares no setting.
    return redirect(url_for("curation.playlist", public_id=public_id, elder="1"))


def page_number() -> int:
    """Return the page asked for, within reason."""
    return min(max(1, request.args.get("page", 1, type=int)), 1000)


def page_address(endpoint: str) -> Callable[[int], str]:
    """Return what the pagination macro asks for: the address of a page by its number."""
    return lambda number: url_for(endpoint, page=number if number > 1 else None)


def lecture_address(lecture_public_id: str, playlist_public_id: str, position: int) -> str:
    """Return the address of a lecture as the n-th of a playlist; the lecture page shows the way on."""
    return url_for("player.lecture", public_id=lecture_public_id, list=playlist_public_id, at=position)


def lecture_cards(playlist: FullPlaylist, *, in_playlist: bool = True) -> Sequence[Mapping[str, Any]]:
    """Return what the card macro reads of each lecture residents can watch."""
    return [
        present_card(item.card, note=item.note)
        if not in_playlist
        else present_card(
            item.card,
            note=item.note,
            url=lecture_address(item.lecture_public_id, playlist.public_id, position),
        )
        for position, item in enumerate((item for item in playlist.items if item.card is not None), start=1)
        if item.card is not None
    ]
