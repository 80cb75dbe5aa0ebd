"""Links from the shell to rooms above it, which it must not depend on. Not here: redirect targets (redirects.py)."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for


def link_if(endpoint: str, **values: Any) -> str | None:
    """Return url_for(endpoint), or None when this app was built without that room."""
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, **values)
