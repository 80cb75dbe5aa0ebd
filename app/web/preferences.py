"""How a reader wants pages to look: mode, colours, size of text, language. Kept in the cookie `ui`, known to no server.

Lives here: reading and writing the cookie, the `ui` value of every template, `?elder=1` and `?lang=en` links that work
without JavaScript. Not here: the page that offers the choices (views.py) and what the choices look like (static/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast
from urllib.parse import urlencode

from flask import Flask, current_app, g, has_request_context, redirect, request
from flask_babel import refresh
from werkzeug import Response
from werkzeug.local import LocalProxy

COOKIE_NAME: Final = "ui"
COOKIE_MAX_AGE_S: Final = 400 * 24 * 3600  # browsers keep no cookie longer

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "mode": ("normal", "elder"),
    "theme": ("auto", "light", "dark", "contrast"),
    "text_size": ("standard", "large", "larger", "largest"),
    "lang": ("zh", "en"),
}

#: Addresses read by programs, where `lang` or `elder` may mean something else.
_NOT_PAGES: Final = ("/api/", "/static/", "/media/", "/oai")

#: What people call the large-type mode; searching for any of these must lead to it (E14).
ELDER_MODE_NAMES: Final = (
    *("长辈版", "长辈模式", "亲情版", "关爱版", "关怀版", "关怀模式"),
    *("老年版", "老年模式", "大字版", "适老版"),
)


@dataclass(frozen=True)
class Preferences:
    """One reader's choices; every value is one of CHOICES."""

    mode: str = "normal"
    theme: str = "auto"
    text_size: str = "standard"
    lang: str = "zh"

    @property
    def is_elder(self) -> bool:
        """Tell templates to leave out what is secondary."""
        return self.mode == "elder"

    def changed(self, choices: Mapping[str, str]) -> Preferences:
        """Return a copy with the known values among `choices` taken over; anything else is ignored."""
        known = {key: value for key, value in choices.items() if value in CHOICES.get(key, ())}
        return replace(self, **known)

    def to_cookie(self) -> str:
        """Write the choices in the cookie's form."""
        return f"{self.mode}.{self.theme}.{self.text_size}.{self.lang}"

    @classmethod
    def from_cookie(cls, text: str) -> Preferences:
        """Read the cookie; missing or unknown parts fall back to the default."""
        return cls().changed(dict(zip(CHOICES, text.split("."), strict=False)))


def current() -> Preferences:
    """Return the preferences of the request being answered (the defaults outside of one)."""
    if not has_request_context():
        return Preferences()
    if "ui_preferences" not in g:
        g.ui_preferences = Preferences.from_cookie(request.cookies.get(COOKIE_NAME, ""))
    return cast("Preferences", g.ui_preferences)


def is_english() -> bool:
    """Say whether the page is in English; vocabularies and policies carry texts in both languages."""
    return current().lang == "en"


def remember(response: Response, preferences: Preferences) -> None:
    """Put the preferences into the cookie of `response`, and use them for the rest of this request."""
    g.ui_preferences = preferences
    refresh()  # flask-babel keeps the language it chose at first
    response.set_cookie(
        COOKIE_NAME,
        preferences.to_cookie(),
        max_age=COOKIE_MAX_AGE_S,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def locale() -> str:
    """Choose the interface language for flask-babel: Chinese unless the reader asked for English.

    The browser's Accept-Language is not asked: phones of our readers often stand on English by accident, and a page
    that depends on it cannot be shared.
    """
    return "en" if current().lang == "en" else "zh_CN"


def is_elder_mode_query(text: str) -> bool:
    """Tell whether somebody types the name of the large-type mode into a search box."""
    compact = "".join(text.split())
    return any(name in compact for name in ELDER_MODE_NAMES)


def link_with(**choices: str) -> str:
    """Return this page's address with a change of preferences in it, such as elder='1' or lang='en'."""
    args = [(key, value) for key, value in request.args.items(multi=True) if key not in choices]
    path = request.path if request.method in {"GET", "HEAD"} else "/"
    return f"{path}?{urlencode([*args, *choices.items()])}"


def _take_from_address() -> Response | None:
    """Keep `?elder=1|0` and `?lang=zh|en` in the cookie and go to the same address without them."""
    if request.method != "GET" or request.path.startswith(_NOT_PAGES):
        return None
    wanted = {}
    if "elder" in request.args:
        wanted["mode"] = "elder" if request.args["elder"] == "1" else "normal"
    if "lang" in request.args:
        wanted["lang"] = request.args["lang"]
    if not wanted:
        return None
    rest = [(key, value) for key, value in request.args.items(multi=True) if key not in {"elder", "lang"}]
    # A path such as //elsewhere would leave the site when used as a redirect.
    target = "/" + request.path.lstrip("/\\") + ("?" + urlencode(rest) if rest else "")
    response = redirect(target)
    remember(response, current().changed(wanted))
    return response


def init_app(app: Flask) -> None:
    """Give every template `ui` and `link_with`, and answer preference links on every address.

    `ui` is a global, not a context value, so that imported macros see it too.
    """
    app.jinja_env.globals.update(ui=LocalProxy(current), link_with=link_with)
    app.before_request(_take_from_address)
