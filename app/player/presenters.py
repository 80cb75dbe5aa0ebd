"""From a lecture and its media set to the ready value the player template reads (its contract is in _player.html)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.library.models import Lecture
from app.media.models import GrowingSet, MediaSet, Rendition
from app.media.queries import GrowthState, poster_path
from app.player.chapters import asked_start_s
from app.web.speech import speak
from media_pipeline.publish import LIVE_FOLDER


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the player tells of the page it is on."""

    page_url: str
    following: Mapping[str, str] | None
    help_phone: str


def present_media(
    lecture: Lecture, media: MediaSet, around: Surroundings, *, address_of: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """Return `media` for the player; every address is a path of this site, by default the one residents fetch from."""

    def address(name: str | None) -> str | None:
        if not name:
            return None
        return address_of(name) if address_of else url_for("player.media", digest=media.digest, name=name)

    heights = [item.height_px or 0 for item in media.renditions if item.kind == "video"]
    return {
        "is_growing": False,
        "duration_s": media.duration_s,
        "is_audio_only": media.is_audio_only,
        "aigc": media.has_ai_label,
        "poster_url": _cover(lecture) or address(media.poster_name),
        "storyboard_url": address(media.storyboard_name),
        "master_url": address(media.master_name),
        "saver_url": address(media.saver_name),
        "audio_url": address(media.audio_name),
        "mp4_url": address(media.mp4_name),
        "m4a_url": address(media.m4a_name),
        "renditions": [_rendition(item, heights) for item in media.renditions],
        **_page_parts(lecture, around),
    }


def present_growing(lecture: Lecture, media: GrowingSet, around: Surroundings) -> dict[str, Any]:
    """Return `media` of a lecture still being made: manifests that grow, no plain files, sizes not known yet."""

    def address(name: str) -> str:
        return url_for("player.media", digest=media.digest, name=f"{LIVE_FOLDER}/{name}")

    heights = list(media.heights_px.values())
    renditions = [
        {"name": name, "label": _label(height_px, heights), "height_px": height_px, "bandwidth_bps": 0, "size_bytes": 0}
        for name, height_px in media.heights_px.items()
    ]
    return {
        "is_growing": True,
        "duration_s": media.duration_s,
        "is_audio_only": media.is_audio_only,
        "aigc": media.has_ai_label,
        "poster_url": _cover(lecture),
        "storyboard_url": None,
        "master_url": address("master.m3u8"),
        "saver_url": address("saver.m3u8"),
        "audio_url": address("audio.m3u8"),
        "mp4_url": None,
        "m4a_url": None,
        "renditions": renditions,
        **_page_parts(lecture, around),
    }


def _cover(lecture: Lecture) -> str | None:
    path = poster_path(lecture, None)
    return f"/{path}" if path else None


def growth_words() -> dict[GrowthState, str]:
    """Return what the page says of a lecture that was not whole when it was opened."""
    return {
        GrowthState.GROWING: _("正在处理，可先观看。后面的部分做好后会自动接上。"),
        GrowthState.STOPPED: _("只做好了前面的部分，可先观看。后面的部分没有做成，请过些时候再来。"),
        GrowthState.READY: _("已经全部处理好了。"),
    }


def _page_parts(lecture: Lecture, around: Surroundings) -> dict[str, Any]:
    return {
        "title": lecture.title,
        "start_s": asked_start_s(),
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
        "position_key": lecture.public_id,
        "page_url": around.page_url,
        "next": around.following,
        "help_phone": around.help_phone,
    }


def download_size(media: MediaSet) -> int:
    """Return about how big the plain file is: it repeats one rendition, `480p.mp4` the 480p one with the sound."""
    stem = (media.mp4_name or media.m4a_name or "").partition(".")[0]
    return sum(item.size_bytes for item in media.renditions if item.kind == "audio" or item.name == stem)


def download_sizes(media: MediaSet | None) -> dict[str, int]:
    """Return about how big the plain file is, and its sound alone (0 where that is all there is, or there is none)."""
    if media is None:
        return {"whole": 0, "sound": 0}
    has_both = media.mp4_name is not None and media.m4a_name is not None
    sound = sum(item.size_bytes for item in media.renditions if item.kind == "audio") if has_both else 0
    return {"whole": download_size(media), "sound": sound}


def _rendition(item: Rendition, heights_px: Sequence[int]) -> dict[str, Any]:
    is_video = item.kind == "video"
    return {
        "name": item.name if is_video else "audio",
        "label": _label(item.height_px or 0, heights_px) if is_video else _("听课"),
        "height_px": item.height_px or 0,
        "bandwidth_bps": item.bandwidth_bps,
        "size_bytes": item.size_bytes,
    }


def _label(height_px: int, heights_px: Sequence[int]) -> str:
    """Name a rung in words people know: the lowest saves data, the highest is clear, between them is standard."""
    if len(heights_px) > 1 and height_px == min(heights_px):
        return _("省流")
    return _("清晰") if height_px == max(heights_px) else _("标准")
