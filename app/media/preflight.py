"""The preflight report of a source: asking for its analysis, and reading what became of it.

A source keeps the measured facts; they are judged when somebody looks, since captions, the kind of resource and the
policy may have changed since. Not here: the analysis itself (`analysing`), the words (the studio's pages).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy.orm import Session

from app.kernel.jobs import queue
from app.kernel.jobs.model import Priority
from app.library.models import Lecture
from app.media.models import Source
from app.media.queries import on_lecture
from config.policies import read_preflight
from media_pipeline import Analysis, PreflightPolicy, Report, judge, parse_preflight
from media_pipeline.analysis import analysis_from_json, analysis_to_json, media_info_from_json

ANALYSE_KIND: Final = "analyse_source"
#: The problem of sources that were there before there was an analysis; the migration writes it.
UPLOADED_BEFORE: Final = "uploaded_before"
#: The file is no media we can open; its encode says so in full.
UNREADABLE: Final = "unreadable"
#: It is a stretch of a lecture that was looked through as a whole.
CUT_OUT: Final = "cut_out"
#: It was looked through by rules that are no longer in force.
OUTDATED: Final = "outdated"


class PreflightState(StrEnum):
    """How far the check of a source is."""

    WAITING = "waiting"
    READY = "ready"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the page of a lecture says of its source."""

    state: PreflightState
    report: Report = field(default_factory=Report)
    #: Why the file could not be looked through; the report then rests on its headers alone.
    problem: str = ""


@cache
def preflight_policy() -> PreflightPolicy:
    """Return the policy that is shipped with this release."""
    return parse_preflight(read_preflight())


def request_analysis(db: Session, lecture: Lecture, source: Source) -> None:
    """Queue the analysis of a source beside its encode."""
    if source.preflight is not None and not is_settled(source):
        source.preflight = None  # the page waits again
    key, payload = f"{ANALYSE_KIND}:{source.id}", {"source_id": source.id}
    job = queue.NewJob(ANALYSE_KIND, lane=queue.LANE_ANALYSIS, key=key, payload=payload, priority=Priority.BACKGROUND)
    queue.enqueue(db, on_lecture(lecture, job))


def is_settled(source: Source) -> bool:
    """Return whether the source was looked through by the rules in force."""
    return _kept_analysis(source) is not None


def keep_analysis(source: Source, analysis: Analysis) -> None:
    """Write what was found."""
    source.preflight = {"version": preflight_policy().version, "analysis": analysis_to_json(analysis)}


def keep_problem(source: Source, code: str) -> None:
    """Write why nothing was found."""
    source.preflight = {"version": preflight_policy().version, "problem": code}


def read_preflight_of(source: Source, resource_type: str, day: date, *, has_captions: bool) -> Preflight:
    """Judge what is known of a source by the rules of a day."""
    kept = source.preflight
    if kept is None:
        return Preflight(PreflightState.WAITING)
    analysis = _kept_analysis(source)
    problem = "" if analysis is not None else str(kept.get("problem") or OUTDATED)
    if source.media_info is None:
        return Preflight(PreflightState.NOT_POSSIBLE, problem=problem)
    rules = preflight_policy().rules_for(resource_type, day)
    report = judge(media_info_from_json(source.media_info), analysis, rules, has_captions=has_captions)
    state = PreflightState.READY if analysis is not None else PreflightState.NOT_POSSIBLE
    return Preflight(state, report, problem)


def _kept_analysis(source: Source) -> Analysis | None:
    """Return the kept analysis; None where there is none or it was measured by other rules."""
    kept: dict[str, Any] = source.preflight or {}
    if kept.get("version") != preflight_policy().version or "analysis" not in kept:
        return None
    return analysis_from_json(kept["analysis"])
