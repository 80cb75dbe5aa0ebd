"""Stopping mail by the signed link in it: for people a page with a button, for mail programs one POST (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.notices import services
from app.notices.kinds import SPECS, NoticeKind
from app.notices.letters import DIGEST, Letterhead
from app.web import access, edge
from app.web.speech import speak


def register(blueprint: Blueprint, head: Letterhead) -> None:
    """Add the routes; a GET changes nothing, since mail scanners follow every link."""

    @blueprint.get("/stop/<token>", endpoint="confirm_stop")
    @access.public
    def confirm_stop(token: str) -> ResponseReturnValue:
        return _page(head, token, "ask")

    @blueprint.post("/stop/<token>", endpoint="stop")
    @access.public
    @access.without_form_token
    def stop(token: str) -> ResponseReturnValue:
        if request.form.get("again") == "y":
            services.resume_mail(edge.session(), head, token)
            return _page(head, token, "resumed")
        services.stop_mail(edge.session(), head, token)
        return _page(head, token, "stopped")


def _page(head: Letterhead, token: str, state: str) -> str:
    _public_id, what = head.read_stop_token(token)
    name = "" if what == DIGEST else speak(SPECS[NoticeKind(what)].name)
    return render_template("notices/stop.html", token=token, state=state, name=name)
