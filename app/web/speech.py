"""Sentences of services in the reader's language. Not here: the texts themselves (app/translations)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from flask_babel import gettext

from app.kernel.sentences import Sentence


def speak(text: str) -> str:
    """Return a service's sentence in the language of this request; values that are texts of ours are translated too."""
    if not text:
        return text  # gettext answers the empty text with the catalogue's header
    if not isinstance(text, Sentence):
        return gettext(text)
    values = {name: speak(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return gettext(text.template) % values


def speak_all(problems: Mapping[str, str]) -> dict[str, str]:
    """Return the sentences of a form's fields in the language of this request."""
    return {name: speak(text) for name, text in problems.items()}


def init_app(app: Flask) -> None:
    """Register the filter `speak`: sentences that rows keep in Chinese, such as a failed job's."""
    app.jinja_env.filters["speak"] = speak
