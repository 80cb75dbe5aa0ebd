"""What the search page calls: counting a query after its answer has gone out, and ways on when nothing was found."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Flask, Response, after_this_request, current_app, request
from sqlalchemy.orm import Session

from app.asking.popular import PopularList
from app.asking.suggesting import Contact, OtherTitles, find_contact, nearest
from app.asking.tally import Tally
from app.kernel.db import unit_of_work
from app.web import edge

_EXTENSION = "asking"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one process holds of asking."""

    tally: Tally
    popular: PopularList
    #: Given by the factory: rooms above this one have titles to suggest, too.
    other_titles: OtherTitles


@dataclass(frozen=True, slots=True)
class Recovery:
    """Ways on from a search that found nothing."""

    nearest: list[str]
    contact: Contact | None


def init_app(app: Flask, secret: str, other_titles: OtherTitles) -> None:
    """Give an app its tally, and the way to confirm titles that are not of lectures."""

    @contextmanager
    def work() -> Iterator[Session]:
        with app.app_context(), unit_of_work() as db:  # the request is over
            yield db

    app.extensions[_EXTENSION] = Asked(Tally(secret, work), PopularList(), other_titles)


def asked() -> Asked:
    """Return what this process holds."""
    return cast("Asked", current_app.extensions[_EXTENSION])


def count_search(text: str) -> None:
    """Count a query that found something; it is written, if at all, when the reader has the answer already."""
    tally = asked().tally
    tally.note(text, f"{request.remote_addr}|{request.user_agent.string}")

    @after_this_request
    def _write_later(response: Response) -> Response:
        response.call_on_close(tally.flush_if_due)
        return response


def recover(index_path: Path, text: str, cities: Collection[str]) -> Recovery:
    """Return ways on for what was asked, in the cities chosen."""
    db, city = edge.session(), next(iter(cities)) if len(cities) == 1 else ""
    near = nearest(db, index_path, text, asked().popular.texts(db), asked().other_titles) if text else []
    return Recovery(near, find_contact(db, city, edge.platform().settings.site.contact_phone))
