"""From a lecture and its media set to the ready value the player template reads (its contract is in _player.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.library.models import Lecture
from app.media.models import MediaSet, Rendition
from app.player.chapters import asked_start_s
from app.web.speech import speak


def present_media(
    lecture: Lecture, media: MediaSet, *, page_url: str, following: Mapping[str, str] | None, help_phone: str
) -> dict[str, Any]:
    """Return `media` for the player; every address is a path of this site."""

    def address(name: str | None) -> str | None:
        return url_for("player.media", digest=media.digest, name=name) if name else None

    return {
        "title": lecture.title,
        "duration_s": media.duration_s,
        "start_s": asked_start_s(),
        "is_audio_only": media.is_audio_only,
        "aigc": media.has_ai_label,
        "poster_url": address(media.poster_name),
        "storyboard_url": address(media.storyboard_name),
        "master_url": address(media.master_name),
        "saver_url": address(media.saver_name),
        "audio_url": address(media.audio_name),
        "mp4_url": address(media.mp4_name),
        "m4a_url": address(media.m4a_name),
        "captions": [
            {
                "url": url_for(
                    "player.caption", public_id=lecture.public_id, language=item.language, v=item.sha256[:12]
                ),
                "lang": item.language,
                "label": speak(item.label),
                "is_machine": item.is_machine,
            }
            for item in lecture.captions
        ],
        "chapters_url": url_for("player.chapters", public_id=lecture.public_id) if lecture.chapters else None,
        "renditions": [_rendition(item, media.renditions) for item in media.renditions],
        "position_key": lecture.public_id,
        "page_url": page_url,
        "next": following,
        "help_phone": help_phone,
    }


def download_size(media: MediaSet) -> int:
    """Return about how big the plain file is: it repeats one rendition, `480p.mp4` the 480p one with the sound."""
    stem = (media.mp4_name or media.m4a_name or "").partition(".")[0]
    return sum(item.size_bytes for item in media.renditions if item.kind == "audio" or item.name == stem)


def _rendition(item: Rendition, renditions: Sequence[Rendition]) -> dict[str, Any]:
    return {
        "name": item.name if item.kind == "video" else "audio",
        "label": _label(item, renditions),
        "height_px": item.height_px or 0,
        "bandwidth_bps": item.bandwidth_bps,
        "size_bytes": item.size_bytes,
    }


def _label(item: Rendition, renditions: Sequence[Rendition]) -> str:
    """Name a rung in words people know: the lowest saves data, the highest is clear, between them is standard."""
    if item.kind == "audio":
        return _("听课")
    heights = sorted(other.height_px or 0 for other in renditions if other.kind == "video")
    if len(heights) > 1 and item.height_px == heights[0]:
        return _("省流")
    if item.height_px == heights[-1]:
        return _("清晰")
    return _("标准")
