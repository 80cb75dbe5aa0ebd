"""Making an invitation from a form: the link to copy, and the same by mail where mail is configured."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from app.joining import invitations
from app.joining.models import Invitation
from app.joining.places import Place, load_place
from app.joining.views import letters
from app.web import edge


@dataclass(frozen=True, slots=True)
class TypedInvitation:
    """What the form holds."""

    key: str
    person_name: str
    email: str
    token: str


def typed_invitation(*, key: str = "") -> TypedInvitation:
    """Return what was typed; `key` where the form does not ask for it."""
    form = request.form
    return TypedInvitation(
        key or form.get("key", ""), form.get("person_name", ""), form.get("email", ""), form.get("token", "")
    )


def invite_and_tell(place_id: str, typed: TypedInvitation) -> str:
    """Make the invitation and return its link, which is shown this once."""
    db = edge.session()
    invitation = invitations.invite(
        db, edge.current_actor(), place_id, key=typed.key, person_name=typed.person_name, email=typed.email,
        token=typed.token,
    )  # fmt: skip
    return tell(invitation, load_place(db, place_id), typed.token)


def tell(invitation: Invitation, place: Place, token: str) -> str:
    """Mail the link where that is possible, and return it."""
    settings = edge.platform().settings
    link = settings.app.base_url + url_for("join.invitation", token=token)
    if settings.mail.is_configured:
        letters.send_invitation(edge.session(), invitation, place, link=link, site_name=settings.site.name)
    return link
