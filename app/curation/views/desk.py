"""The desk: the staff's playlists, making one, wording, publishing and withdrawing it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.cards import present_card
from app.catalogue.searching import SearchPage, search_lectures
from app.curation import services
from app.curation.queries import FullPlaylist, get_for_desk, list_playlists, list_units_of
from app.curation.services import PlaylistFields
from app.curation.views.residents import lecture_cards, page_address, page_number
from app.kernel.errors import Conflict, InvalidInput, NotFound, StaleVersion, Unavailable
from app.web import access, edge
from app.web.speech import speak, speak_all
from app.web.trouble import Trouble

FOUND_PER_PAGE = 8
#: What the desk explains beside the thing it concerns, instead of on an error page.
EXPLAINED = (InvalidInput, NotFound, Conflict, StaleVersion)


def register(blueprint: Blueprint, index_path: Path) -> None:
    """Add the routes."""
    _register_list(blueprint)
    _register_desk(blueprint, index_path)
    _register_publishing(blueprint, index_path)


def _register_list(blueprint: Blueprint) -> None:
    @blueprint.get("/desk/playlists")
    @access.curators
    def desk() -> ResponseReturnValue:
        page = list_playlists(edge.session(), edge.current_actor(), page=page_number())
        return render_template("curation/desk.html", page=page, page_url=page_address("curation.desk"))

    @blueprint.get("/desk/playlists/new")
    @access.curators
    def new_playlist() -> ResponseReturnValue:
        return _new_form({}, {})

    @blueprint.post("/desk/playlists")
    @access.curators
    def create_playlist() -> ResponseReturnValue:
        units = {unit.public_id: unit.id for unit in list_units_of(edge.session(), edge.current_actor())}
        unit_id = units.get(request.form.get("unit", ""))
        if unit_id is None:
            return _new_form(request.form, {"unit": _("请选择播单由哪个中心发布。")}), 422
        try:
            playlist = services.create_playlist(edge.session(), edge.current_actor(), unit_id, _fields())
        except InvalidInput as error:
            return _new_form(request.form, speak_all(error.fields)), 422
        flash(_("播单建好了。在左边找课，点“加入”就放进来。"), "success")
        return redirect(url_for("curation.arrange", public_id=playlist.public_id), 303)


def _new_form(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    units = list_units_of(edge.session(), edge.current_actor())
    return render_template("curation/new.html", units=units, typed=typed, errors=errors)


def _register_desk(blueprint: Blueprint, index_path: Path) -> None:
    @blueprint.get("/desk/playlists/<public_id>")
    @access.curators
    def arrange(public_id: str) -> ResponseReturnValue:
        return render_desk(public_id, index_path)

    @blueprint.post("/desk/playlists/<public_id>")
    @access.curators
    def save_details(public_id: str) -> ResponseReturnValue:
        fields = _fields()
        try:
            services.edit_playlist(
                edge.session(), edge.current_actor(), public_id, fields, expected_version=version_of_form()
            )
        except EXPLAINED as error:
            typed = {"title": fields.title, "intro": fields.intro}
            return render_desk(public_id, index_path, Trouble(error, "details", typed))
        flash(_("已经保存。"), "success")
        return redirect(desk_address(public_id), 303)

    @blueprint.get("/desk/playlists/<public_id>/preview")
    @access.curators
    def preview(public_id: str) -> ResponseReturnValue:
        full = get_for_desk(edge.session(), edge.current_actor(), public_id)
        cards = lecture_cards(full, in_playlist=False)
        return render_template("curation/playlist.html", playlist=full, lectures=cards, is_preview=True)


def _register_publishing(blueprint: Blueprint, index_path: Path) -> None:
    @blueprint.post("/desk/playlists/<public_id>/publish")
    @access.curators
    def publish(public_id: str) -> ResponseReturnValue:
        try:
            services.publish_playlist(
                edge.session(), edge.current_actor(), public_id, expected_version=version_of_form()
            )
        except EXPLAINED as error:
            return render_desk(public_id, index_path, Trouble(error))
        flash(_("已经发布。现在可以打印海报，或者把网址发到群里。"), "success")
        return redirect(desk_address(public_id), 303)

    @blueprint.get("/desk/playlists/<public_id>/withdraw")
    @access.curators
    def confirm_withdraw(public_id: str) -> ResponseReturnValue:
        playlist = get_for_desk(edge.session(), edge.current_actor(), public_id)
        return render_template(
            "web/confirm.html", action=url_for("curation.withdraw", public_id=public_id),
            back=desk_address(public_id), fields={"version": playlist.version}, **withdraw_words(playlist),
        )

    @blueprint.post("/desk/playlists/<public_id>/withdraw")
    @access.curators
    def withdraw(public_id: str) -> ResponseReturnValue:
        try:
            services.withdraw_playlist(
                edge.session(), edge.current_actor(), public_id, expected_version=version_of_form()
            )
        except EXPLAINED as error:
            return render_desk(public_id, index_path, Trouble(error))
        flash(_("已经撤回。改好以后可以再发布，海报上的码不变。"), "success")
        return redirect(desk_address(public_id), 303)


def withdraw_words(playlist: FullPlaylist) -> dict[str, str]:
    """Return title, text and button of the question before withdrawing; dialog and plain page ask the same."""
    return {
        "title": _("撤回“%(title)s”？", title=playlist.title),
        "text": _("撤回以后居民就看不到了，扫海报会看到“已经撤回”。以后可以再发布，码不变。"),
        "confirm": _("是的，撤回"),
    }


def render_desk(public_id: str, index_path: Path, trouble: Trouble | None = None) -> ResponseReturnValue:
    """Show the desk of one playlist; with a trouble, say what went wrong and keep what was typed."""
    playlist = get_for_desk(edge.session(), edge.current_actor(), public_id)
    text, page = " ".join(request.args.get("q", "").split()), page_number()
    found, notice = _search(index_path, text, page)
    chosen = {item.lecture_public_id for item in playlist.items}
    results = [
        {**present_card(card), "public_id": card.public_id, "is_chosen": card.public_id in chosen}
        for card in (found.lectures if found else ())
    ]
    html = render_template(
        "curation/arrange.html",
        playlist=playlist, search_words=text, found=found, results=results, search_trouble=notice, trouble=trouble,
        kept={name: value for name, value in (("q", text), ("page", page)) if value not in {"", 1}},
        page_url=lambda number: url_for(
            "curation.arrange", public_id=public_id, q=text or None, page=number, _anchor="find"
        ),
        withdraw_words=withdraw_words(playlist),
    )
    return html, trouble.error.status if trouble else 200


def _search(index_path: Path, text: str, page: int) -> tuple[SearchPage | None, str]:
    """Search, or say why not: a desk without an index still arranges what is there."""
    try:
        return search_lectures(edge.session(), index_path, text, page=page, per_page=FOUND_PER_PAGE), ""
    except Unavailable as error:
        return None, speak(error.message)


def desk_address(public_id: str, anchor: str | None = None) -> str:
    """Return the address of the desk with the search still in place."""
    kept: dict[str, Any] = {name: request.args[name] for name in ("q", "page") if request.args.get(name)}
    return url_for("curation.arrange", public_id=public_id, _anchor=anchor, **kept)


def version_of_form() -> int:
    """Return the version the person saw.

    Raises:
        InvalidInput: when the form carries none; our own forms always do.
    """
    version = request.form.get("version", type=int)
    if version is None:
        raise InvalidInput(_("页面不完整，请刷新后再试。"), code="no_version")
    return version


def _fields() -> PlaylistFields:
    return PlaylistFields(title=request.form.get("title", ""), intro=request.form.get("intro", ""))


