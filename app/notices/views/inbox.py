"""The list of one's notices, opening one, and marking them read."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.db import db, unit_of_work
from app.notices import services
from app.notices.kinds import SPECS
from app.notices.queries import list_notices
from app.notices.views import words
from app.web import access, edge
from app.web.redirects import local_target


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.get("/", endpoint="inbox")(show_inbox)
    blueprint.get("/<int:notice_id>", endpoint="open")(open_notice)
    blueprint.post("/<int:notice_id>/read", endpoint="mark")(mark)
    blueprint.post("/read", endpoint="mark_all")(mark_all)


@access.signed_in
def show_inbox() -> ResponseReturnValue:
    """Show one's notices, all or those not read."""
    is_unread_only, page = request.args.get("show") == "unread", request.args.get("page", 1, type=int)
    found = list_notices(edge.session(), edge.current_actor(), is_unread_only=is_unread_only, page=page)
    tabs = [
        (url_for("notices.inbox"), _("全部"), not is_unread_only),
        (url_for("notices.inbox", show="unread"), _("没看过的"), is_unread_only, found.unread),
    ]
    return render_template(
        "notices/inbox.html", found=found, tabs=tabs, specs=SPECS, sentence=words.sentence, reason=words.reason,
        is_unread_only=is_unread_only, page_url=partial(_address, is_unread_only), here=request.full_path.rstrip("?"),
    )  # fmt: skip


def _address(is_unread_only: bool, page: int) -> str:  # noqa: FBT001 - bound by name above
    return url_for("notices.inbox", show="unread" if is_unread_only else None, page=page if page > 1 else None)


@access.signed_in
@access.manages_transactions
def open_notice(notice_id: int) -> ResponseReturnValue:
    """Go where a notice leads, and mark it as read: by a link, so that it opens from mails and in new tabs."""
    actor = edge.current_actor()
    db.session.rollback()  # looking up the actor may have begun a reading transaction
    with unit_of_work() as session:
        notice = services.mark_read(session, actor, notice_id)
        target = words.target_of(notice)
    return redirect(target)


@access.signed_in
def mark(notice_id: int) -> ResponseReturnValue:
    """Mark one as read or unread, and stay on the list."""
    is_read = request.form.get("read") != "0"
    services.mark_read(edge.session(), edge.current_actor(), notice_id, is_read=is_read)
    return redirect(local_target(request.form.get("next"), default=url_for("notices.inbox")), 303)


@access.signed_in
def mark_all() -> ResponseReturnValue:
    """Mark all that the page's reader could know of as read."""
    up_to_id = request.form.get("up_to", 0, type=int)
    count = services.mark_all_read(edge.session(), edge.current_actor(), up_to_id=up_to_id)
    if count:
        flash(_("%(count)s 条通知都标为看过了。", count=count), "success")
    return redirect(url_for("notices.inbox"), 303)
