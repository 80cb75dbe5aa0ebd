"""Signing in by way of another house, and linking one's account with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, cast

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import entering, identities
from app.accounts.houses import CAS, OIDC, SignInHouse, open_houses
from app.accounts.identities import Proven
from app.accounts.password_views import redirect_home
from app.kernel.db import db, unit_of_work
from app.kernel.errors import AppError, NotAuthenticated, NotFound, Unavailable
from app.web import access, edge
from app.web.redirects import local_target
from app.web.speech import speak
from config.sections import SigninSection
from config.settings import Settings

_HOUSES: Final = "sign_in_houses"
_LINKING: Final = "linking_account"
_NEXT: Final = "sign_in_next"


def offered(settings: SigninSection) -> Sequence[tuple[str, str]]:
    """Return the configured houses: endpoint and what their button says."""
    known = ((OIDC, settings.oidc_issuer, settings.oidc_name), (CAS, settings.cas_url, settings.cas_name))
    return [(provider, name) for provider, address, name in known if address]


def register(blueprint: Blueprint, settings: Settings) -> None:
    """Add the routes of every house; those that are not configured answer 404."""

    def attach(state: BlueprintSetupState) -> None:
        app = cast("Flask", state.app)
        app.extensions[_HOUSES] = open_houses(app, settings.signin)

    blueprint.record(attach)
    for provider in (OIDC, CAS):
        blueprint.get(f"/sign-in/{provider}", endpoint=provider)(_view(begin, provider))
        blueprint.get(f"/sign-in/{provider}/back", endpoint=f"{provider}_back")(_view(come_back, provider))
    blueprint.post("/account/houses/<provider>", endpoint="link_house")(link_house)
    blueprint.post("/account/houses/<provider>/off", endpoint="unlink_house")(unlink_house)


def _view(function: Callable[[str], ResponseReturnValue], provider: str) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        return function(provider)

    return access.public(access.manages_transactions(view))


def _house(provider: str) -> SignInHouse:
    houses: dict[str, SignInHouse] = current_app.extensions[_HOUSES]
    if provider not in houses:
        raise NotFound(provider=provider)
    return houses[provider]


def _back(provider: str) -> str:
    """Return our address as the house knows it; never the Host that a browser names."""
    return edge.platform().settings.app.base_url + url_for(f"accounts.{provider}_back")


def begin(provider: str) -> ResponseReturnValue:
    """Send a browser to the house."""
    house = _house(provider)
    if request.args.get("for") != "link":
        session.pop(_LINKING, None)
    session[_NEXT] = local_target(request.args.get("next"), default="")
    return house.send_away(_back(provider))


def come_back(provider: str) -> ResponseReturnValue:
    """Take who came back: link where that was asked for, else sign in whose identity it is."""
    house = _house(provider)
    linking, next_address = session.pop(_LINKING, None), session.pop(_NEXT, "")
    actor = edge.current_actor()
    db.session.rollback()  # the house is asked without a transaction
    try:
        proven = house.read(_back(provider))
    except (NotAuthenticated, Unavailable) as error:
        flash(speak(error.message), "error")
        return redirect(url_for("accounts.security" if actor.is_authenticated else "accounts.sign_in"), 303)
    if linking is not None and linking == actor.public_id and actor.user_id is not None:
        return _link(actor.user_id, proven)
    with unit_of_work() as session_:
        user = identities.find_user(session_, proven)
        if user is not None:
            return entering.go_on(user, next_address)
    return render_template("accounts/unlinked.html"), 403


def _link(user_id: int, proven: Proven) -> ResponseReturnValue:
    try:
        with unit_of_work() as session_:
            identities.link(session_, user_id, proven)
    except AppError as error:
        flash(speak(error.message), "error")
    else:
        flash(_("已经关联，以后可以用统一登录进来。"), "success")
    return redirect_home()


@access.signed_in
def link_house(provider: str) -> ResponseReturnValue:
    """Remember that this person, in this browser, wants to link, and offer the way there.

    By a link on a page, not a redirect: our Content-Security-Policy lets no form lead to another house. And begun by a
    form of ours alone: else a foreign page could link its own identity with the account of whoever visits it.
    """
    _house(provider)
    session[_LINKING] = edge.current_actor().public_id
    name = dict(offered(edge.platform().settings.signin))[provider]
    address = url_for(f"accounts.{provider}") + "?for=link"
    return render_template("accounts/link_house.html", name=name, address=address)


@access.signed_in
def unlink_house(provider: str) -> ResponseReturnValue:
    """Take the link away; the password signs in as before."""
    _house(provider)
    identities.unlink(edge.session(), edge.current_actor().user_id or 0, provider)
    flash(_("已经解除关联。"), "success")
    return redirect_home()


