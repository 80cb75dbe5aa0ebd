"""Who may curate where."""

from __future__ import annotations

import pytest

from app.catalogue.playlists import Playlist, PlaylistState
from app.curation.policies import can_curate_for, can_edit_playlist, can_view_playlist
from app.kernel.actor import NOBODY, Actor, Grant

CURATOR = Actor(1, "u1", "", (Grant("curator", unit_id=7),))
NEIGHBOUR = Actor(2, "u2", "", (Grant("curator", unit_id=8),))
OFFICER = Actor(3, "u3", "", (Grant("officer", unit_id=7),))
TEACHER = Actor(4, "u4", "", (Grant("institution_admin", institution_id=7),))
OPERATOR = Actor(5, "u5", "", (Grant("operator"),))


@pytest.mark.parametrize(
    ("actor", "may"),
    [(CURATOR, True), (OPERATOR, True), (NEIGHBOUR, False), (OFFICER, False), (TEACHER, False), (NOBODY, False)],
)
def test_only_curators_of_the_unit_and_the_operator_edit(actor: Actor, may: bool):
    playlist = Playlist(unit_id=7, state=PlaylistState.PUBLISHED)
    assert can_curate_for(actor, 7) is may
    assert can_edit_playlist(actor, playlist) is may


@pytest.mark.parametrize(
    ("state", "everybody_may"),
    [(PlaylistState.DRAFT, False), (PlaylistState.PUBLISHED, True), (PlaylistState.WITHDRAWN, False)],
)
def test_only_published_playlists_are_for_everybody(state: PlaylistState, everybody_may: bool):
    playlist = Playlist(unit_id=7, state=state)
    assert can_view_playlist(CURATOR, playlist)
    assert can_view_playlist(NOBODY, playlist) is everybody_may
    assert can_view_playlist(NEIGHBOUR, playlist) is everybody_may
