"""What may be told of small numbers: few are told as few, and cannot be worked out from the rest; pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class Precision(StrEnum):
    """How exactly a number is told."""

    EXACT = "exact"
    FEW = "few"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Told:
    """A number as it may be told; of FEW and AT_LEAST it is the limit."""

    number: int
    precision: Precision = Precision.EXACT


def withhold(counts: Mapping[KeyT, int], below: int, *, first: KeyT | None = None) -> dict[KeyT, Told]:
    """Return how each number may be told beside an exact total of them all.

    One number alone that is withheld is the total without the others: then another is not told exactly either, `first`
    where there is one (it stands for the rest in every table, so no table gives away what another withholds), else the
    smallest.
    """
    told = {
        key: Told(below, Precision.FEW) if 0 < count < below else Told(count) for key, count in counts.items()
    }
    few = [key for key, each in told.items() if each.precision is Precision.FEW]
    exact = [key for key, each in told.items() if each.precision is Precision.EXACT and each.number]
    if len(few) == 1 and exact:
        told[min(exact, key=lambda key: (key != first, counts[key]))] = Told(below, Precision.AT_LEAST)
    return told
