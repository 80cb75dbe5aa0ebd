"""What of each kind is shown in the bell and sent by mail."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput
from app.notices import services
from app.notices.kinds import SPECS, MailMode, NoticeKind
from app.notices.queries import Choices, get_choices
from app.notices.services import Wanted
from app.notices.views import words
from app.web import access, edge


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.get("/settings", endpoint="settings")(show_settings)
    blueprint.post("/settings", endpoint="save_settings")(save_settings)


@access.signed_in
def show_settings() -> ResponseReturnValue:
    """Show the choices."""
    return _page(get_choices(edge.session(), edge.current_actor()))


@access.signed_in
def save_settings() -> ResponseReturnValue:
    """Keep the choices; without mail in this house only the bell's are asked."""
    db, actor = edge.session(), edge.current_actor()
    known, can_mail = get_choices(db, actor), edge.platform().settings.mail.is_configured
    wishes = {kind: _read(kind, wanted, can_mail=can_mail) for kind, wanted in known.wanted.items()}
    is_digest_on = request.form.get("digest") == "y" if can_mail else known.is_digest_on
    services.choose(db, actor, wishes, is_digest_on=is_digest_on)
    flash(_("通知设置已保存。"), "success")
    return redirect(url_for("notices.settings"), 303)


def _read(kind: NoticeKind, known: Wanted, *, can_mail: bool) -> Wanted:
    mode = request.form.get(f"mail-{kind}", known.mail.value) if can_mail else known.mail.value
    if mode not in set(MailMode):
        raise InvalidInput("请在列表里选择邮件的发送方式。", code="bad_mail_mode", kind=kind)
    return Wanted(is_shown=request.form.get(f"bell-{kind}") == "y", mail=MailMode(mode))


def _page(choices: Choices) -> str:
    return render_template(
        "notices/settings.html", choices=choices, specs=SPECS, mail_words=words.mail_words(),
        can_mail=edge.platform().settings.mail.is_configured,
    )  # fmt: skip
