"""Names of built front-end files: asset('base.css') and icon('play') for templates.

The files themselves are made by `npm run build` (vite.config.js) and served at /static/ from DIST_FOLDER by whoever
wires the app. Nothing here builds, serves or compresses.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import Flask
from markupsafe import Markup, escape

STATIC_FOLDER = Path(__file__).parent / "static"
DIST_FOLDER = STATIC_FOLDER / "dist"
STATIC_URL_PATH = "/static"

#: Built by our own plugin, not from an entry (static/build/sprite.js).
_LOOSE_FILES = frozenset({"icons.svg", "favicon.svg"})


class AssetsNotBuilt(RuntimeError):
    """The front end has not been built on this machine."""


class UnknownAsset(LookupError):
    """A template asks for a file that is no entry of the build."""


@lru_cache(maxsize=4)
def load_manifest(dist_folder: Path) -> dict[str, str]:
    """Map each entry's file name to the URL of its hashed file.

    Raises: AssetsNotBuilt when there is no build to read.
    """
    path = dist_folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AssetsNotBuilt(f"{path} is missing: run `npm ci && npm run build` (or `make assets`) once.") from error
    return {
        source.rsplit("/", 1)[-1]: f"{STATIC_URL_PATH}/{item['file']}"
        for source, item in manifest.items()
        if item.get("isEntry") or source in _LOOSE_FILES
    }


def asset(name: str) -> str:
    """Return the URL of a built entry, such as 'base.css'.

    Raises: AssetsNotBuilt, UnknownAsset.
    """
    urls = load_manifest(DIST_FOLDER)
    try:
        return urls[name]
    except KeyError as error:
        known = ", ".join(sorted(urls))
        raise UnknownAsset(f"No entry is called {name!r}. Known: {known}. Add it and rebuild.") from error


def icon(name: str, label: str = "", *, css_class: str = "") -> Markup:
    """Return an icon of the sprite; without a label it is decoration that screen readers skip.

    Args: name as in static/web/icons/icons.json; label read aloud when no words stand beside the icon.
    """
    css = escape(f"icon {css_class}".strip())
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true" focusable="false"'
    link = f"{asset('icons.svg')}#{escape(name)}"
    return Markup(f'<svg class="{css}" {spoken}><use href="{link}"></use></svg>')  # noqa: S704 - every part is escaped


def init_app(app: Flask) -> None:
    """Give every template asset() and icon()."""
    app.jinja_env.globals.update(asset=asset, icon=icon)
