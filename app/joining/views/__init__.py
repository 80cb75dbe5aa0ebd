"""Pages of joining: `apply`, `follow`, `invited` for the public, `desk`, `case` for officers, `people` for admins."""

from __future__ import annotations

from flask import Blueprint
from flask_limiter import Limiter

from app.joining.views import apply, case, desk, follow, invited, leaving, people, units


def create_blueprints(limiter: Limiter, *, begin_limit: str, guess_limit: str) -> list[Blueprint]:
    """Build one blueprint for each kind of reader: the public, officers, administrators.

    Args:
        limiter: counts by address.
        begin_limit: how many applications may be begun from one.
        guess_limit: how many wrong receipts and invitations it may try.
    """
    public = Blueprint("join", __name__, template_folder="../templates")
    apply.register(public, limiter.limit(begin_limit))
    guesses = limiter.limit(guess_limit, deduct_when=lambda answer: answer.status_code == 404)
    follow.register(public, guesses)
    invited.register(public, guesses)
    officers = Blueprint("joining", __name__, url_prefix="/joining")
    desk.register(officers)
    units.register(officers)
    case.register(officers)
    members = Blueprint("members", __name__, url_prefix="/members")
    people.register(members)
    leaving.register(members)
    return [public, officers, members]
