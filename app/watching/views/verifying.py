"""Verifying a certificate: for whoever holds the paper, without an account."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from app.watching.certificates import find_certificate
from app.watching.views.certificates import certificate_words
from app.web import access, edge

#: Codes cannot be guessed; this keeps programs from trying.
_LIMIT = "60/minute"


def register(blueprint: Blueprint, limiter: Limiter) -> None:
    """Add the routes."""

    @blueprint.get("/certificates", endpoint="verify_form")
    @access.public
    def form() -> ResponseReturnValue:
        typed = request.args.get("code", "").strip()
        if typed:
            return redirect(url_for("watching.verify", code=typed[:40].replace("/", "")), 303)
        return render_template("watching/verify.html", certificate=None, typed="")

    @blueprint.get("/certificates/<code>", endpoint="verify")
    @limiter.limit(_LIMIT)
    @access.public
    def verify(code: str) -> ResponseReturnValue:
        found = find_certificate(edge.session(), code)
        if found is None:
            return render_template("watching/verify.html", certificate=None, typed=code[:40]), 404
        words = certificate_words(found)
        return render_template("watching/verify.html", certificate=found, typed=code, **words)
