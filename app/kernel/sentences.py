"""Sentences with values inside: Chinese where they are made, translatable where they are shown.

A service cannot know its reader's language. It raises a sentence that reads as Chinese everywhere (logs, rows, tests)
and remembers its template and values; web/speech.py fills the translated template instead.
"""

from __future__ import annotations

from typing import Self


class Sentence(str):
    """A filled Chinese sentence that remembers what it was filled from."""

    __slots__ = ("template", "values")

    template: str
    values: dict[str, str | int]

    def __new__(cls, template: str, **values: str | int) -> Self:
        """Fill `%(name)s` and `%(name)d` of a template.

        Raises:
            KeyError: when a value is missing.
        """
        filled = super().__new__(cls, template % values)
        filled.template, filled.values = template, values
        return filled


def too_long(label: str, limit: int, text: str) -> Sentence:
    """Say how long a named text may be, and how long it is."""
    template = "%(label)s最多 %(limit)d 个字，现在有 %(length)d 个字。"
    return Sentence(template, label=label, limit=limit, length=len(text))
