"""The buttons of the desk that change the list: add, move, note, remove, undo. Each ends on the desk again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from app.curation import items
from app.curation.views.desk import EXPLAINED, Trouble, desk_address, render_desk, version_of_form
from app.kernel.errors import InvalidInput
from app.web import access, edge


def register(blueprint: Blueprint, index_path: Path) -> None:
    """Add the routes."""

    def change(public_id: str, lecture: str, do: Callable[[int], object], *, anchor: str) -> ResponseReturnValue:
        try:
            do(version_of_form())
        except EXPLAINED as error:
            typed = {"note": request.form["note"]} if "note" in request.form else {}
            return render_desk(public_id, index_path, Trouble(error, lecture, typed))
        return redirect(desk_address(public_id, anchor), 303)

    @blueprint.post("/desk/playlists/<public_id>/items")
    @access.curators
    def add_item(public_id: str) -> ResponseReturnValue:
        lecture = request.form.get("lecture", "")
        db, actor = edge.session(), edge.current_actor()
        return change(
            public_id, lecture,
            lambda version: items.add_item(db, actor, public_id, lecture, expected_version=version),
            anchor=f"found-{lecture}",
        )

    @blueprint.post("/desk/playlists/<public_id>/items/<lecture>/move")
    @access.curators
    def move_item(public_id: str, lecture: str) -> ResponseReturnValue:
        db, actor, to = edge.session(), edge.current_actor(), _target(request.form.get("to", ""))
        return change(
            public_id, lecture,
            lambda version: items.move_item(db, actor, public_id, lecture, to=to, expected_version=version),
            anchor=f"item-{lecture}",
        )

    @blueprint.post("/desk/playlists/<public_id>/items/<lecture>/note")
    @access.curators
    def set_note(public_id: str, lecture: str) -> ResponseReturnValue:
        db, actor, note = edge.session(), edge.current_actor(), request.form.get("note", "")
        return change(
            public_id, lecture,
            lambda version: items.set_note(db, actor, public_id, lecture, note, expected_version=version),
            anchor=f"item-{lecture}",
        )

    @blueprint.post("/desk/playlists/<public_id>/items/<lecture>/remove")
    @access.curators
    def remove_item(public_id: str, lecture: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        return change(
            public_id, lecture,
            lambda version: items.remove_item(db, actor, public_id, lecture, expected_version=version),
            anchor="removed",
        )

    @blueprint.post("/desk/playlists/<public_id>/items/<lecture>/restore")
    @access.curators
    def restore_item(public_id: str, lecture: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        return change(
            public_id, lecture,
            lambda version: items.restore_item(db, actor, public_id, lecture, expected_version=version),
            anchor=f"item-{lecture}",
        )


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
