"""From cards to what the card macro shows: addresses, words in the reader's language, marked matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.catalogue.facets import SIGNS, FacetValue
from app.catalogue.playlists import PlaylistCard
from app.catalogue.queries import LectureCard
from app.web.preferences import is_english
from app.web.speech import speak
from search_index import Fragment, HitPassage

#: Letters of a description shown around the first match.
SUMMARY_LETTERS = 90
#: Values of a facet that are shown at once; the others wait behind 更多.
SHOWN_VALUES = 8


def facet_label(value: FacetValue) -> str:
    """Words of a facet value in the reader's language."""
    if not value.label_en:
        return speak(value.label_zh)
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
        "badges": [green_badge()] if card.is_green_channel else [],
        **extra,
    }


def said_in(card: LectureCard, passage: HitPassage | None) -> dict[str, Any]:
    """Return `said` of a card: the place in the lecture where the words are spoken; nothing where they are not."""
    words = _summary(passage.fragments) if passage is not None else None
    if passage is None or words is None:
        return {}
    start_s = int(passage.start_s)
    url = url_for("player.lecture", public_id=card.public_id, t=start_s or None)
    return {"said": {"url": url, "start_s": start_s, "words": words}}


def green_badge() -> dict[str, str]:
    """Return the badge of the green channel as the macro `badge` reads it."""
    return {"label": _("绿色通道"), "kind": "good", "sign": "badge-check"}


def present_cards(cards: Iterable[LectureCard]) -> list[dict[str, Any]]:
    """Present a list."""
    return [present_card(card) for card in cards]


def present_playlist(playlist: PlaylistCard, **extra: Any) -> dict[str, Any]:
    """Return the values `playlist_card` of web/macros/cards.html reads; `extra` adds badges."""
    return {
        "url": url_for("curation.playlist", public_id=playlist.public_id),
        "is_playlist": True,
        "title": playlist.title,
        "title_html": _marked(playlist.highlights.get("title")),
        "owner": playlist.unit_name,
        "note": playlist.intro,
        "lecture_count": playlist.lecture_count,
        "poster_url": f"/{playlist.cover.poster_path}" if playlist.cover.poster_path else None,
        **extra,
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


def facet_words() -> dict[str, str]:
    """Return what each facet is called; those that only say "has it" share one name and stand together."""
    return {
        "audience": _("适合谁"),
        "topic": _("主题"),
        "level": _("难度"),
        "length": _("时长"),
        "category": _("教育类别"),
        "city": _("城市"),
        "county": _("区县"),
        "institution_type": _("哪类学校"),
        "institution": _("学校"),
        "type": _("形式"),
        "language": _("语言"),
        **dict.fromkeys(SIGNS, _("还要")),
        "kind": _("课还是播单"),
    }


def facet_groups(
    facets: Mapping[str, Sequence[FacetValue]], total: int, page_url: Callable[[str, str], str]
) -> list[dict[str, Any]]:
    """Return the groups `facets` of web/macros/lists.html reads; `page_url(facet, value)` toggles one value.

    A choice that would change nothing is not offered: where every one of the `total` lectures has the only value.
    Districts are offered once a city is chosen: a hundred of them at once help nobody.
    """
    words, groups = facet_words(), dict[str, dict[str, Any]]()
    for name, values in facets.items():
        is_chosen = any(value.is_selected for value in values)
        if len(values) == 1 and not is_chosen and values[0].count == total:
            continue
        if name == "county" and not is_chosen and not any(value.is_selected for value in facets["city"]):
            continue
        for place, value in enumerate(values):
            group = groups.setdefault(words[name], {"label": words[name], "options": [], "more": []})
            group["more" if place >= SHOWN_VALUES and not value.is_selected else "options"].append({
                "label": facet_label(value),
                "url": page_url(name, value.value),
                "is_selected": value.is_selected,
                "count": value.count,
            })
    return list(groups.values())
