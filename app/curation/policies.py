"""Who may do what with playlists; pure functions of actor and thing."""

from __future__ import annotations

from app.catalogue.playlists import Playlist, PlaylistState
from app.kernel.actor import Actor


def can_curate_for(actor: Actor, unit_id: int) -> bool:
    """May make playlists in the name of the unit."""
    return actor.is_operator or unit_id in actor.unit_ids("curator")


def can_edit_playlist(actor: Actor, playlist: Playlist) -> bool:
    """Colleagues of one centre share their playlists, whoever began them."""
    return can_curate_for(actor, playlist.unit_id)


def can_view_playlist(actor: Actor, playlist: Playlist) -> bool:
    """Published is for everybody; drafts for the centre's people."""
    return playlist.state is PlaylistState.PUBLISHED or can_edit_playlist(actor, playlist)
