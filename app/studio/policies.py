"""Who may touch an upload; lectures are the library's policies."""

from __future__ import annotations

from app.kernel.actor import Actor
from app.studio.models import Upload


def can_send_upload(actor: Actor, upload: Upload, institution_id: int | None) -> bool:
    """Only whoever began it, while still of the institution, or an admin of the institution.

    A piece that no file has taken in yet has no institution: it is its sender's alone.
    """
    if actor.is_operator:
        return True
    if institution_id is None:
        return upload.user_id == actor.user_id and actor.can_contribute
    if institution_id in actor.institution_ids("institution_admin"):
        return True
    return upload.user_id == actor.user_id and institution_id in actor.institution_ids("contributor")
