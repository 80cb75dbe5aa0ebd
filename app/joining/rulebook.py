"""What config/joining.toml says, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from app.library.places import UnitKind
from config.policies import read_joining

GB: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Words:
    """A text of the policy in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The whole policy of joining."""

    draft_kept: timedelta
    refused_kept: timedelta
    withdrawn_kept: timedelta
    papers_of_accepted_kept: timedelta
    second_thoughts: timedelta
    invitation_lasts: timedelta
    handover_undo: timedelta
    drafts_max: int
    papers_max: int
    paper_max_bytes: int
    not_by_oneself: frozenset[str]
    code_required: frozenset[str]
    storage_gb: int
    monthly_hours: int
    unit_kinds: Mapping[str, UnitKind]
    consent: Words
    consent_version: str
    promise: Words


@cache
def rulebook() -> Rulebook:
    """Read the policy once."""
    data = read_joining()

    def days(name: str) -> timedelta:
        return timedelta(days=data[name])

    return Rulebook(
        draft_kept=days("draft_kept_days"), refused_kept=days("refused_kept_days"),
        withdrawn_kept=days("withdrawn_kept_days"), papers_of_accepted_kept=days("papers_of_accepted_kept_days"),
        second_thoughts=timedelta(minutes=data["second_thoughts_minutes"]), invitation_lasts=days("invitation_days"),
        handover_undo=days("handover_undo_days"), drafts_max=data["drafts_max"], papers_max=data["papers_max"],
        paper_max_bytes=data["paper_max_bytes"], not_by_oneself=frozenset(data["not_by_oneself"]),
        code_required=frozenset(data["code_required"]), storage_gb=data["quota"]["storage_gb"],
        monthly_hours=data["quota"]["monthly_hours"],
        unit_kinds={key: UnitKind(kind) for key, kind in data["unit_kind"].items()},
        consent=Words(data["consent"]["zh"], data["consent"]["en"]), consent_version=data["consent"]["version"],
        promise=Words(data["promise"]["zh"], data["promise"]["en"]),
    )  # fmt: skip
