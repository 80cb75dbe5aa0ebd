"""The list of my institution's lectures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.studio.known_files import count_unfinished
from app.studio.queries import StudioState, list_lectures
from app.studio.views.words import progress_words, state_words
from app.web import access, edge


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/", endpoint="lectures")
    @access.contributors
    def lectures() -> ResponseReturnValue:
        text = " ".join(request.args.get("q", "")[:100].split())
        state = _wanted_state()
        page = request.args.get("page", 1, type=int)
        found = list_lectures(edge.session(), edge.current_actor(), text=text, state=state, page=page)
        shows_institution = edge.current_actor().is_operator or len({row.institution_name for row in found.rows}) > 1
        return render_template(
            "studio/lectures.html",
            found=found,
            text=text,
            state=state,
            tabs=_tabs(found.counts, state, text),
            state_words=state_words,
            progress_words=progress_words,
            shows_institution=shows_institution,
            unfinished_count=count_unfinished(edge.session(), edge.current_actor()),
            page_url=partial(_address, state, text),
        )


def _wanted_state() -> StudioState | None:
    value = request.args.get("state", "")
    return StudioState(value) if value in set(StudioState) else None


def _address(state: StudioState | None, text: str, page: int = 1) -> str:
    shown_page = page if page > 1 else None
    return url_for("studio.lectures", state=state.value if state else None, q=text or None, page=shown_page)


def _tabs(
    counts: Mapping[StudioState, int], state: StudioState | None, text: str
) -> list[tuple[str, str, bool, int]]:
    """Offer the states there are; the chosen one stays even when it is empty."""
    tabs = [(_address(None, text), state_words(None).label, state is None, sum(counts.values()))]
    tabs += [
        (_address(each, text), state_words(each).label, each is state, counts[each])
        for each in StudioState
        if counts[each] or each is state
    ]
    return tabs
