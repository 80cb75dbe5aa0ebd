"""Why the last change of a page was not made: shown beside what it concerns, with what the person had typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kernel.errors import AppError, InvalidInput, StaleVersion
from app.web.speech import speak, speak_all


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error a page explains instead of an error page."""

    error: AppError
    #: Which part of the page it concerns, as the page names them: "details", or the public id of one of its lectures.
    about: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_stale(self) -> bool:
        """Somebody else changed the thing meanwhile."""
        return isinstance(self.error, StaleVersion)

    @property
    def message(self) -> str:
        """What went wrong, for this reader."""
        return speak(self.error.message)

    @property
    def fields(self) -> Mapping[str, str]:
        """Sentences by field, for this reader."""
        return speak_all(self.error.fields) if isinstance(self.error, InvalidInput) else {}
