"""Facts about playlists that other rooms may react to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaylistPublished:
    """A playlist became public."""

    playlist_id: int


@dataclass(frozen=True, slots=True)
class PlaylistChanged:
    """Something shown of a playlist changed: words, order, notes."""

    playlist_id: int


@dataclass(frozen=True, slots=True)
class PlaylistWithdrawn:
    """A playlist is public no longer."""

    playlist_id: int
