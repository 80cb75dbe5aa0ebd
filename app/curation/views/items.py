"""The buttons of the desk that change the list: add, move, note, remove, undo. Each ends on the desk again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from app.curation import items
from app.curation.views.desk import EXPLAINED, desk_address, render_desk, version_of_form
from app.kernel.errors import InvalidInput
from app.web import access, edge
from app.web.trouble import Trouble


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    base = "/desk/playlists/<public_id>/items"
    blueprint.post(base)(add_item)
    blueprint.post(f"{base}/<lecture>/move")(move_item)
    blueprint.post(f"{base}/<lecture>/note")(set_note)
    blueprint.post(f"{base}/<lecture>/remove")(remove_item)
    blueprint.post(f"{base}/<lecture>/restore")(restore_item)


@access.curators
def add_item(public_id: str) -> ResponseReturnValue:
    """Put a lecture at the end."""
    lecture = request.form.get("lecture", "")
    return _change(public_id, lecture, items.add_item, anchor=f"found-{lecture}")


@access.curators
def move_item(public_id: str, lecture: str) -> ResponseReturnValue:
    """Move a lecture up, down or to a position."""
    to = _target(request.form.get("to", ""))
    return _change(public_id, lecture, partial(items.move_item, to=to), anchor=f"item-{lecture}")


@access.curators
def set_note(public_id: str, lecture: str) -> ResponseReturnValue:
    """Write the note of a lecture."""
    note = request.form.get("note", "")
    return _change(public_id, lecture, partial(items.set_note, note=note), anchor=f"item-{lecture}")


@access.curators
def remove_item(public_id: str, lecture: str) -> ResponseReturnValue:
    """Take a lecture out; the desk then offers to put it back."""
    return _change(public_id, lecture, items.remove_item, anchor="removed")


@access.curators
def restore_item(public_id: str, lecture: str) -> ResponseReturnValue:
    """Put back what was taken out."""
    return _change(public_id, lecture, items.restore_item, anchor=f"item-{lecture}")


def _change(public_id: str, lecture: str, do: Callable[..., object], *, anchor: str) -> ResponseReturnValue:
    """Do one change of the list and show the desk where it happened, or the desk with what went wrong."""
    try:
        do(edge.session(), edge.current_actor(), public_id, lecture, expected_version=version_of_form())
    except EXPLAINED as error:
        typed = {"note": request.form["note"]} if "note" in request.form else {}
        return render_desk(public_id, edge.platform().settings.search.index_path, Trouble(error, lecture, typed))
    return redirect(desk_address(public_id, anchor), 303)


def _target(value: str) -> str | int:
    """Read where to move: "up", "down" or a position.

    Raises:
        InvalidInput: for anything else.
    """
    if value in {"up", "down"}:
        return value
    if not value.isascii() or not value.isdigit():
        raise InvalidInput(code="bad_move", to=value)
    return int(value[:6])
