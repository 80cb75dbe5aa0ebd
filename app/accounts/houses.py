"""The protocols of other houses' sign-ins: OpenID Connect (Authlib) and CAS 3 (python-cas), as they are configured.

Each sends a browser away and reads what it brings back; both end in a `Proven`, or say in plain words that it failed.
"""

from __future__ import annotations

import hmac
from typing import Any, Final, Protocol, cast
from urllib.parse import urlencode

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from cas import CASClient
from flask import Flask, redirect, request, session
from joserfc.errors import JoseError
from werkzeug import Response

from app.accounts.identities import Proven
from app.kernel.errors import NotAuthenticated, Unavailable
from app.kernel.ids import new_token
from config.sections import SigninSection

log = structlog.get_logger(__name__)

OIDC: Final = "oidc"
CAS: Final = "cas"
_CAS_STATE: Final = "cas_state"


class SignInHouse(Protocol):
    """One other house."""

    def send_away(self, back: str) -> Response:
        """Return the redirect to its sign-in; `back` is our absolute address."""

    def read(self, back: str) -> Proven:
        """Return who came back.

        Raises:
            NotAuthenticated: refused, forged, or not begun in this browser.
            Unavailable: the house does not answer.
        """


class OidcHouse:
    """OpenID Connect: authorization code with PKCE and nonce; the ID token's signature, issuer, audience and time."""

    def __init__(self, app: Flask, settings: SigninSection) -> None:
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client = OAuth(app).register(
            OIDC,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={
                # No "email": an address says nothing about who somebody is.
                "scope": "openid", "code_challenge_method": "S256", "default_timeout": settings.timeout_s,
            },
        )  # fmt: skip

    def send_away(self, back: str) -> Response:
        try:
            return cast("Response", self._client.authorize_redirect(back))
        except (requests.RequestException, AuthlibBaseError, ValueError) as error:
            raise _away(OIDC, error) from error

    def read(self, back: str) -> Proven:  # noqa: ARG002 - Authlib keeps it with the state
        try:
            token: dict[str, Any] = self._client.authorize_access_token()
            claims = token.get("userinfo") or {}
            metadata = self._client.load_server_metadata()
        except requests.RequestException as error:
            raise _away(OIDC, error) from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
            raise _refused(OIDC, error) from error
        subject = claims.get("sub")
        is_theirs = str(claims.get("iss", "")).rstrip("/") == self._issuer == str(metadata["issuer"]).rstrip("/")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not is_theirs:
            raise _refused(OIDC, ValueError("no subject, or of another issuer"))
        return Proven(OIDC, self._issuer, subject)


class _Hurried(requests.Session):
    """Requests with a time limit: python-cas sets none."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs.setdefault("timeout", self._timeout_s)
        kwargs["allow_redirects"] = False
        answer = super().request(method, url, *args, **kwargs)
        answer.raise_for_status()
        return answer


class CasHouse:
    """CAS 3: a ticket for this browser's address of return, checked with the server behind its back."""

    def __init__(self, settings: SigninSection) -> None:
        self._url, self._timeout_s = settings.cas_url.rstrip("/"), settings.timeout_s

    def send_away(self, back: str) -> Response:
        # A ticket must come back to the browser that went for it, or strangers could sign others in as themselves.
        session[_CAS_STATE] = new_token()
        return redirect(f"{self._url}/login?{urlencode({'service': self._service(back)})}")

    def _service(self, back: str) -> str:
        return f"{back}?{urlencode({'state': session.get(_CAS_STATE, '')})}"

    def read(self, back: str) -> Proven:
        state, ticket = session.get(_CAS_STATE, ""), request.args.get("ticket", "")
        service = self._service(back)
        session.pop(_CAS_STATE, None)
        if not state or not ticket or not hmac.compare_digest(state.encode(), request.args.get("state", "").encode()):
            raise _refused(CAS, ValueError("no ticket, or not begun in this browser"))
        with _Hurried(self._timeout_s) as http:
            client = CASClient(version=3, server_url=f"{self._url}/", service_url=service, session=http)
            try:
                user, _attributes, _pgtiou = client.verify_ticket(ticket)
            except requests.RequestException as error:
                raise _away(CAS, error) from error
            except (SyntaxError, ValueError, LookupError) as error:  # no XML (its error is a SyntaxError), or another
                raise _refused(CAS, error) from error
        if not user or len(user) > 255:
            raise _refused(CAS, ValueError("ticket refused"))
        return Proven(CAS, self._url, str(user))


def open_houses(app: Flask, settings: SigninSection) -> dict[str, SignInHouse]:
    """Return the houses that are configured."""
    houses: dict[str, SignInHouse] = {}
    if settings.oidc_issuer:
        houses[OIDC] = OidcHouse(app, settings)
    if settings.cas_url:
        houses[CAS] = CasHouse(settings)
    return houses


def _away(provider: str, error: Exception) -> Unavailable:
    log.warning("sign_in_house_away", provider=provider, error=str(error))
    return Unavailable("统一登录的服务器没有回应，请稍后再试，或用本站的账号登录。", code="sign_in_house_away")


def _refused(provider: str, error: Exception) -> NotAuthenticated:
    log.warning("sign_in_house_refused", provider=provider, error=str(error))
    return NotAuthenticated("统一登录没有成功，请再试一次。", code="sign_in_house_refused")
