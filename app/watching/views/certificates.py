"""Certificates of those who hold them: the list, issuing, the PDF and its page, revoking."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import AppError, Conflict, InvalidInput
from app.kernel.ids import new_token
from app.watching import certificates, policies
from app.watching.contributions import list_contributions
from app.watching.models import Certificate
from app.watching.pdf import write_pdf
from app.watching.views.drawing import code_as_data, printed_day
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/watching/certificates", endpoint="certificates")
    @access.contributors
    def show() -> ResponseReturnValue:
        return _show_list()

    @blueprint.post("/watching/certificates", endpoint="issue_certificate")
    @access.contributors
    def issue() -> ResponseReturnValue:
        institution, _sep, year = request.form.get("contribution", "").partition(":")
        try:
            certificate = certificates.issue(
                edge.session(), edge.current_actor(), institution, _year(year), key=request.form.get("key", "")
            )
        except (Conflict, InvalidInput) as error:
            return _show_list(error), error.status
        flash(_("证书已开好，可以下载 PDF。"), "success")
        return redirect(url_for("watching.certificate", code=certificate.code), 303)

    _register_reading(blueprint)
    _register_revoking(blueprint)


def _register_reading(blueprint: Blueprint) -> None:
    @blueprint.get("/watching/certificates/<code>", endpoint="certificate")
    @access.contributors
    def page(code: str) -> ResponseReturnValue:
        found = certificates.get_certificate(edge.session(), edge.current_actor(), code)
        may_revoke = policies.can_revoke_certificate(edge.current_actor(), found)
        return render_template(
            "watching/certificate.html", certificate=found, may_revoke=may_revoke, **certificate_words(found)
        )

    @blueprint.get("/watching/certificates/<code>/certificate.pdf", endpoint="certificate_pdf")
    @access.contributors
    def pdf(code: str) -> ResponseReturnValue:
        found = certificates.get_certificate(edge.session(), edge.current_actor(), code)
        html = render_template("watching/certificate_pdf.html", certificate=found, **certificate_words(found))
        response = Response(write_pdf(html), mimetype="application/pdf")
        name = quote(f"{found.holder_name}-{found.year}-{_('年度贡献证书')}.pdf", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename=\"certificate.pdf\"; filename*=UTF-8''{name}"
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _register_revoking(blueprint: Blueprint) -> None:
    @blueprint.get("/watching/certificates/<code>/revoke", endpoint="confirm_revoke")
    @access.contributors
    def ask(code: str) -> ResponseReturnValue:
        found = certificates.get_certificate(edge.session(), edge.current_actor(), code)
        return render_template("watching/revoke.html", certificate=found, problems={}, reason="")

    @blueprint.post("/watching/certificates/<code>/revoke", endpoint="revoke_certificate")
    @access.contributors
    def revoke(code: str) -> ResponseReturnValue:
        reason = request.form.get("reason", "")
        try:
            certificates.revoke(edge.session(), edge.current_actor(), code, reason=reason)
        except InvalidInput as error:
            found = certificates.get_certificate(edge.session(), edge.current_actor(), code)
            fields = speak_all(error.fields)
            return render_template("watching/revoke.html", certificate=found, problems=fields, reason=reason), 422
        flash(_("证书已作废，查验的人会看到。"), "success")
        return redirect(url_for("watching.certificate", code=code), 303)


def _year(text: str) -> int:
    """Return the year of a form; one in which nobody made anything for what is none."""
    return int(text) if len(text) == 4 and text.isascii() and text.isdecimal() and text > "1999" else 2000


def _show_list(problem: AppError | None = None) -> str:
    db, actor = edge.session(), edge.current_actor()
    offered = list_contributions(db, actor)
    return render_template(
        "watching/certificates.html", offered=offered, issued=certificates.list_certificates(db, actor),
        key=new_token(), problem=speak(problem.message) if problem is not None else "", spaced=certificates.spaced,
    )


def certificate_words(found: Certificate) -> dict[str, Any]:
    """Return what is printed beside the frozen figures: the code, where it is verified, days."""
    address = edge.platform().settings.app.base_url + url_for("watching.verify", code=found.code)
    return {
        "spaced_code": certificates.spaced(found.code), "address": address, "qr": code_as_data(address),
        "figures": found.figures, "until": printed_day(date.fromisoformat(found.figures["until"])),
        "issued": printed_day(found.issued_at),
    }
