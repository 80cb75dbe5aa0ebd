"""What goes on paper: the code as SVG, the poster."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.curation.queries import get_for_desk, get_short_code
from app.web import access, edge
from app.web.qr_code import code_response

#: Lectures named on a poster; more would make them unreadable from two steps away.
NAMED_LECTURES = 5


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/playlists/<public_id>/qr.svg")
    @access.public
    def qr_code(public_id: str) -> ResponseReturnValue:
        short_code, is_public = get_short_code(edge.session(), edge.current_actor(), public_id)
        address = site_address() + url_for("curation.short_link", code=short_code)
        return code_response(address, "svg", is_public=is_public)

    @blueprint.get("/desk/playlists/<public_id>/poster")
    @access.curators
    def poster(public_id: str) -> ResponseReturnValue:
        playlist = get_for_desk(edge.session(), edge.current_actor(), public_id)
        code = playlist.short_code
        return render_template(
            "curation/poster.html",
            playlist=playlist,
            named=playlist.shown[:NAMED_LECTURES],
            more_count=max(0, len(playlist.shown) - NAMED_LECTURES),
            short_address=f"{urlsplit(site_address()).netloc}{url_for('curation.code_form')}".rstrip("/"),
            spaced_code=f"{code[:3]} {code[3:]}",
        )


def site_address() -> str:
    """Return scheme and host that codes on paper lead to, whatever host this request came through."""
    return edge.platform().settings.app.base_url
