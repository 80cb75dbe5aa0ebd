"""Facts about joining that others react to (notices)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationArrived:
    """An application, or an answer to a question, waits for an officer."""

    application_id: int


@dataclass(frozen=True, slots=True)
class ApplicationMoved:
    """An officer asked or decided something; the applicant should look."""

    application_id: int


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Somebody opened an invitation and is a member now."""

    user_id: int
    invitation_id: int


@dataclass(frozen=True, slots=True)
class WorkHandedOver:
    """A colleague has got the work of a member who left."""

    handover_id: int
