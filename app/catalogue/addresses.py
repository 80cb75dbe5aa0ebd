"""What a list of lectures is asked for in its address, and the one address of every question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args
from urllib.parse import urlencode

from flask import request, url_for

from app.catalogue.facets import FACETS, NAME, FacetValue
from app.catalogue.paging import Beside
from app.catalogue.queries import MAX_QUERY_LETTERS
from app.catalogue.searching import SearchPage
from search_index import Sort

SORTS = get_args(Sort)
MAX_PAGE = 400
#: So many values that are none of ours are told, and so many letters of each.
UNKNOWN_TOLD, UNKNOWN_LETTERS = 4, 20


def asked_page() -> int:
    """Return the page the address asks for, in bounds."""
    return min(max(1, request.args.get("page", 1, type=int)), MAX_PAGE)


def asked_beside() -> Beside | None:
    """Return the lecture the page is to follow on or to come before."""
    for name in ("after", "before"):
        public_id = request.args.get(name, "")
        if NAME.fullmatch(public_id):
            return Beside(public_id, is_after=name == "after")
    return None


def steps(page: SearchPage) -> dict[str, dict[str, Any]]:
    """Return the parts of an address that lead to the pages beside this one: `previous`, `next`."""
    found: dict[str, dict[str, Any]] = {}
    if page.page > 1 and page.cards:
        # Page 1 is read from the front again: it shows what came meanwhile.
        is_first = page.page == 2
        found["previous"] = {"page": page.page - 1, "before": "" if is_first else page.cards[0].public_id}
    if page.page < page.pages and page.cards:
        found["next"] = {"page": page.page + 1, "after": page.cards[-1].public_id}
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; everything in it can be bookmarked and shared."""

    text: str
    filters: Mapping[str, frozenset[str]]
    sort: Sort
    page: int
    beside: Beside | None = None
    #: Values the address asks for that no facet has, as they are told; the page is not narrowed by them.
    unknown: tuple[str, ...] = ()

    @classmethod
    def from_request(cls) -> Wanted:
        """Read the address; anything unknown is ignored, pages are kept in bounds."""
        asked = {name: request.args.getlist(name) for name in FACETS}
        filters = {name: frozenset(filter(NAME.fullmatch, values)) for name, values in asked.items()}
        odd = [value for values in asked.values() for value in values if value.strip() and not NAME.fullmatch(value)]
        text = " ".join(request.args.get("q", "").split())[:MAX_QUERY_LETTERS]
        sort = request.args.get("sort", "")
        # Without a text nothing is relevant: the newest come first, and that needs no saying.
        is_said = sort in SORTS and (text or sort != "newest")
        return cls(
            text=text,
            filters={name: values for name, values in filters.items() if values},
            sort=cast("Sort", sort) if is_said else "relevance",
            page=asked_page(),
            beside=asked_beside(),
            unknown=_told(odd),
        )

    def without_unknown(self, facets: Mapping[str, Sequence[FacetValue]]) -> Wanted:
        """Return the question without the values that turned out to have no name; itself where all have one."""
        known = {name: self.filters[name] & {value.value for value in facets[name]} for name in self.filters}
        gone = [value for name in self.filters for value in sorted(self.filters[name] - known[name])]
        if not gone:
            return self
        return replace(
            self, filters={name: values for name, values in known.items() if values},
            unknown=_told([*self.unknown, *gone]),
        )  # fmt: skip

    def address(self, endpoint: str, **changes: Any) -> str:
        """Return the address of the same question with some parts changed.

        Parts come in one order, without those that mean nothing; page goes back to 1 unless given.
        """
        filters = changes.get("filters", self.filters)
        pairs: list[tuple[str, object]] = []
        text = changes.get("text", self.text)
        if text:
            pairs.append(("q", text))
        for name in FACETS:
            pairs.extend((name, value) for value in sorted(filters.get(name, ())))
        sort = changes.get("sort", self.sort)
        if sort != "relevance" and (text or sort != "newest"):
            pairs.append(("sort", sort))
        if changes.get("page", 1) != 1:
            pairs.append(("page", changes["page"]))
        pairs.extend((name, changes[name]) for name in ("after", "before") if changes.get(name))
        query = urlencode(pairs)
        return url_for(endpoint) + (f"?{query}" if query else "")

    def toggled(self, name: str, value: str) -> dict[str, frozenset[str]]:
        """Return the filters with one value switched; districts go with the cities they were chosen in."""
        values = self.filters.get(name, frozenset()) ^ {value}
        filters = {**self.filters, name: values}
        if name == "city":
            filters.pop("county", None)
        return filters


def _told(values: Sequence[str]) -> tuple[str, ...]:
    shown = (value.strip() for value in dict.fromkeys(values))
    return tuple(
        f"{value[:UNKNOWN_LETTERS]}…" if len(value) > UNKNOWN_LETTERS else value
        for value in list(shown)[:UNKNOWN_TOLD]
    )
