"""From cards to what the card macro shows: addresses, words in the reader's language, marked matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.catalogue.playlists import PlaylistCard
from app.catalogue.queries import FacetValue, LectureCard
from app.web import preferences
from search_index import Fragment

#: Letters of a description shown around the first match.
SUMMARY_LETTERS = 90


def is_english() -> bool:
    """Say whether the page is in English; vocabularies carry labels in both languages."""
    return preferences.current().lang == "en"


def facet_label(value: FacetValue) -> str:
    """Words of a facet value in the reader's language."""
    return value.label_en if is_english() else value.label_zh


def present_card(card: LectureCard, **extra: Any) -> dict[str, Any]:
    """Return the values `lecture_card` of web/macros/cards.html reads; `extra` adds note, cue, badges."""
    return {
        "url": url_for("player.lecture", public_id=card.public_id),
        "title": card.title,
        "title_html": _marked(card.highlights.get("title")),
        "summary_html": _summary(card.highlights.get("description")) or _matched_tags(card.highlights.get("tags")),
        "teacher": _marked(card.highlights.get("teacher")) or card.teacher,
        "institution": _marked(card.highlights.get("institution")) or card.institution_name,
        "city": card.region_name_en if is_english() else card.region_name_zh,
        "poster_url": f"/{card.poster_path}" if card.poster_path else None,
        "duration_s": card.duration_s,
        "kind": "audio" if card.is_audio_only else "video",
        **extra,
    }


def present_cards(cards: Iterable[LectureCard]) -> list[dict[str, Any]]:
    """Present a list."""
    return [present_card(card) for card in cards]


def present_playlist(playlist: PlaylistCard) -> dict[str, Any]:
    """Return the values `playlist_card` of web/macros/cards.html reads."""
    return {
        "url": url_for("curation.playlist", public_id=playlist.public_id),
        "title": playlist.title,
        "owner": playlist.unit_name,
        "note": playlist.intro,
        "lecture_count": playlist.lecture_count,
        "poster_url": f"/{playlist.cover.poster_path}" if playlist.cover.poster_path else None,
    }


def _marked(fragments: Sequence[Fragment] | None) -> Markup | None:
    if not fragments or not any(fragment.is_match for fragment in fragments):
        return None
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part.text) if part.is_match else escape(part.text) for part in fragments
    )


def _summary(fragments: Sequence[Fragment] | None) -> Markup | None:
    """Cut a long text to a window that begins shortly before its first match."""
    if not fragments or not any(fragment.is_match for fragment in fragments):
        return None
    text_before = ""
    for fragment in fragments:
        if fragment.is_match:
            break
        text_before += fragment.text
    skipped = max(0, len(text_before) - SUMMARY_LETTERS // 3)
    left, kept = SUMMARY_LETTERS, []
    position = 0
    for fragment in fragments:
        begin = max(0, skipped - position)
        position += len(fragment.text)
        piece = fragment.text[begin : begin + left]
        left -= len(piece)
        if piece:
            kept.append(Fragment(piece, fragment.is_match))
    shown = _marked(kept) or Markup("")
    return Markup("{}{}{}").format("…" if skipped else "", shown, "…" if left <= 0 else "")


def _matched_tags(fragments: Sequence[Fragment] | None) -> Markup | None:
    """Say why a lecture was found whose title and description do not speak of it."""
    shown = _marked(fragments)
    return None if shown is None else Markup("{}{}").format(_("标签："), shown)


def facet_groups(
    facets: Mapping[str, Sequence[FacetValue]], labels: Mapping[str, str], page_url: Callable[[str, str], str]
) -> list[dict[str, Any]]:
    """Return the groups `facets` of web/macros/lists.html reads; `page_url(facet, value)` toggles one value."""
    return [
        {
            "label": labels[name],
            "options": [
                {
                    "label": facet_label(value),
                    "url": page_url(name, value.value),
                    "is_selected": value.is_selected,
                    "count": value.count,
                }
                for value in values
            ],
        }
        for name, values in facets.items()
        if values
    ]
