"""The list of my institution's lectures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.review.candidates import count_submittable
from app.review.stages import UNDER_WAY, Stage
from app.review.views.words import stage_badge
from app.studio.allowance import list_allowances
from app.studio.deletion import count_deleted
from app.studio.known_files import count_unfinished
from app.studio.listing import StudioList, StudioState, list_lectures
from app.studio.views.words import progress_words, state_words
from app.web import access, edge


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/", endpoint="lectures")
    @access.contributors
    def lectures() -> ResponseReturnValue:
        text = " ".join(request.args.get("q", "")[:100].split())
        state, stage = _wanted_state(), _wanted_stage()
        page = request.args.get("page", 1, type=int)
        found = list_lectures(edge.session(), edge.current_actor(), text=text, state=state, stage=stage, page=page)
        shows_institution = edge.current_actor().is_operator or len({row.institution_name for row in found.rows}) > 1
        return render_template(
            "studio/lectures.html",
            found=found,
            text=text,
            state=state,
            stage=stage,
            tabs=_tabs(found.counts, state, stage, text),
            stages=_stages(found, state, stage, text),
            stage_badge=stage_badge,
            under_way=UNDER_WAY,
            state_words=state_words,
            progress_words=progress_words,
            shows_institution=shows_institution,
            submittable_count=count_submittable(edge.session(), edge.current_actor()),
            unfinished_count=count_unfinished(edge.session(), edge.current_actor()),
            deleted_count=count_deleted(edge.session(), edge.current_actor()),
            allowances=list_allowances(edge.session(), edge.current_actor()),
            page_url=partial(_address, state, stage, text),
        )


def _wanted_state() -> StudioState | None:
    value = request.args.get("state", "")
    return StudioState(value) if value in set(StudioState) else None


def _wanted_stage() -> Stage | None:
    value = request.args.get("review", "")
    return Stage(value) if value in set(Stage) else None


def _address(state: StudioState | None, stage: Stage | None, text: str, page: int = 1) -> str:
    return url_for(
        "studio.lectures", state=state.value if state else None, review=stage.value if stage else None, q=text or None,
        page=page if page > 1 else None,
    )  # fmt: skip


def _tabs(
    counts: Mapping[StudioState, int], state: StudioState | None, stage: Stage | None, text: str
) -> list[tuple[str, str, bool, int]]:
    """Offer the states there are; the chosen one stays even when it is empty."""
    tabs = [(_address(None, stage, text), state_words(None).label, state is None, sum(counts.values()))]
    tabs += [
        (_address(each, stage, text), state_words(each).label, each is state, counts[each])
        for each in StudioState
        if counts[each] or each is state
    ]
    return tabs


def _stages(
    found: StudioList, state: StudioState | None, stage: Stage | None, text: str
) -> list[tuple[str, str, bool, int]]:
    """Offer the stages of the review there are; none where nothing was ever reviewed."""
    if stage is None and not any(found.stages[each] for each in UNDER_WAY):
        return []
    offered = [each for each in Stage if found.stages[each] or each is stage]
    everything = (_address(state, None, text), state_words(None).label, stage is None, sum(found.stages.values()))
    return [everything] + [
        (_address(state, each, text), stage_badge(each).label, each is stage, found.stages[each]) for each in offered
    ]
