"""The rules of RFC 8216 that can be checked, for any set: `complaints(multivariant manifest)` is empty for a good one.

Manifests are parsed by the m3u8 package, in its strict mode; media are measured (`reading.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import m3u8

from tests.conformance.hls.reading import Listed, kinds, read_listed

# Six decimals are written.
_WRITTEN_S = Fraction(1, 1_000_000)
# Times at the seams of chunks are given to the encoder in microseconds and kept in ticks of at least this rate.
_SEAM_S = Fraction(1, 8000)
# hls.js asks for a segment a quarter of a second ahead; a shorter last one it never gets to, and playing never ends.
_SHORTEST_END_S = Fraction(1, 4)
_ONE_EACH = ("#EXTM3U", "#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS")


def complaints(master: Path, *, has_ended: bool = True) -> list[str]:
    """Return all that is wrong with a set, each with the manifest it is in; rates are exact once it has ended."""
    text = master.read_text(encoding="utf-8")
    offers = m3u8.loads(text)
    found = [f"{master.name}: {line}" for line in (*_of_any(text), *_of_offers(offers))]
    uris = [*(variant.uri for variant in offers.playlists), *(media.uri for media in offers.media if media.uri)]
    listed = {uri: read_listed(master.parent / uri) for uri in dict.fromkeys(uris)}
    for uri, one in listed.items():
        found += [f"{uri}: {line}" for line in (*_of_any(one.text), *_of_media(one), *_of_pieces(one))]
    found += [f"{master.name}: {line}" for line in _of_variants(offers, listed, has_ended=has_ended)]
    found += [f"{master.name}: {line}" for line in _of_together(list(listed.values()))]
    return found


def _of_any(text: str) -> Iterator[str]:
    """Sections 4.1 and 4.3.1, and what the parser says in its strict mode."""
    lines = text.splitlines()
    if lines[0] != "#EXTM3U":
        yield "does not begin with #EXTM3U"
    for tag in _ONE_EACH:
        if sum(line.split(":")[0] == tag for line in lines) != 1:
            yield f"{tag} is not there exactly once"
    if not text.endswith("\n") or text.startswith("\ufeff") or "\r" in text:
        yield "lines do not end as they should"
    try:
        m3u8.parser.parse(text, strict=True)
    except (m3u8.ParseError, ValueError) as error:
        yield f"the strict parser refuses it: {error}"


def _of_offers(offers: m3u8.M3U8) -> Iterator[str]:
    """Section 4.3.4."""
    if not offers.is_variant or not offers.playlists:
        yield "offers nothing"
    for media in offers.media:
        if not (media.type and media.group_id and media.name):
            yield "EXT-X-MEDIA lacks TYPE, GROUP-ID or NAME"
        if media.default == "YES" and media.autoselect != "YES":
            yield "DEFAULT without AUTOSELECT"
    groups = {media.group_id for media in offers.media}
    for variant in offers.playlists:
        info = variant.stream_info
        if not info.bandwidth or not info.codecs:
            yield f"{variant.uri} lacks BANDWIDTH or CODECS"
        if info.audio is not None and info.audio not in groups:
            yield f"{variant.uri} names a group that is not there"
        if info.average_bandwidth and info.average_bandwidth > info.bandwidth:
            yield f"{variant.uri} is more on average than at its peak"


def _of_media(one: Listed) -> Iterator[str]:
    """Section 4.3.3, and 4.3.2.5 on init segments."""
    manifest, text = one.manifest, one.text
    if int(manifest.version) < 6:
        yield "EXT-X-MAP needs version 6"
    if manifest.media_sequence != 0 or manifest.discontinuity_sequence:
        yield "does not begin with segment 0"
    if (manifest.playlist_type, one.is_whole) not in {("vod", True), ("event", True), ("event", False)}:
        yield f"type {manifest.playlist_type} does not fit its end"
    if manifest.playlist_type == "event" and "#EXT-X-START:TIME-OFFSET=0" not in text:
        yield "players would join it at its end"
    if one.is_whole and text.splitlines()[-1] != "#EXT-X-ENDLIST":
        yield "something follows its end"
    if text.find("#EXT-X-MAP") > text.find("#EXTINF"):
        yield "the first segment has no init segment"
    for segment in manifest.segments:
        if int(Fraction(str(segment.duration)) + Fraction(1, 2)) > manifest.target_duration:
            yield f"{segment.uri} is longer than the target duration"
    if re.search(r"EXT-X-(DISCONTINUITY|KEY|BYTERANGE)", text):
        yield "has a tag that nothing here asks for"


def _of_pieces(one: Listed) -> Iterator[str]:
    """Sections 3.3 and 4.3.2.1: what the segments are, and that each follows its predecessor and may be played."""
    if len({(each.kind, each.codecs, each.channels, each.timescale) for each in one.described}) != 1:
        yield "the coding changes within it"
    for uri in {segment.init_section.uri for segment in one.manifest.segments}:
        if kinds((one.path.parent / uri).read_bytes()) != [b"ftyp", b"moov"]:
            yield f"{uri} is no init segment"
    for segment, piece in zip(one.manifest.segments, one.pieces, strict=True):
        if abs(Fraction(str(segment.duration)) - piece.duration_s) > _WRITTEN_S:
            yield f"{segment.uri} lasts {float(piece.duration_s)} s, not {segment.duration}"
        boxes = kinds(piece.path.read_bytes())
        if b"moov" in boxes or boxes.count(b"moof") != boxes.count(b"mdat") or b"moof" not in boxes:
            yield f"{segment.uri} is made of {boxes}"
        if not piece.begins_with_idr:
            yield f"{segment.uri} cannot be begun with"
    yield from _of_their_end(one)
    due_s = accumulate((piece.duration_s for piece in one.pieces), initial=one.pieces[0].clock_s)
    for piece, clock_s in zip(one.pieces, due_s, strict=False):
        if abs(piece.clock_s - clock_s) > _SEAM_S:
            yield f"{piece.path.name} begins at {float(piece.clock_s)}, due at {float(clock_s)}"


def _of_their_end(one: Listed) -> Iterator[str]:
    last = one.pieces[-1]
    if one.is_whole and len(one.pieces) > 1 and last.duration_s < _SHORTEST_END_S:
        yield f"{last.path.name} lasts {float(last.duration_s)} s: some players wait for it for ever"


def _of_variants(offers: m3u8.M3U8, listed: dict[str, Listed], *, has_ended: bool) -> Iterator[str]:
    """What a variant says of itself is what it is; bit rates are exact as soon as nothing more will come."""
    sounds = {media.group_id: listed[media.uri] for media in offers.media if media.uri}
    for media in offers.media:
        channels = {str(each.channels) for each in listed[media.uri].described}
        if {media.channels} != channels:
            yield f"{media.uri} has {channels} channels"
    is_whole = has_ended and all(part.is_whole for part in listed.values())
    for variant in offers.playlists:
        info = variant.stream_info
        parts = [listed[variant.uri], *([sounds[info.audio]] if info.audio in sounds else [])]
        first = parts[0].described[0]
        if info.codecs != ",".join(part.described[0].codecs for part in parts):
            yield f"{variant.uri}: CODECS {info.codecs}"
        if first.kind == "video" and info.resolution != (first.width_px, first.height_px):
            yield f"{variant.uri}: RESOLUTION {info.resolution}"
        rate = Fraction(sum(piece.frames for piece in parts[0].pieces)) / parts[0].duration_s
        if first.kind == "video" and abs(rate - Fraction(str(info.frame_rate))) > Fraction(1, 1000):
            yield f"{variant.uri}: FRAME-RATE {info.frame_rate}, it is {float(rate)}"
        yield from _of_rates(variant.uri, info, parts, is_whole=is_whole)


def _of_rates(uri: str, info: m3u8.model.StreamInfo, parts: Sequence[Listed], *, is_whole: bool) -> Iterator[str]:
    peak_bps, average_bps = sum(part.peak_bps() for part in parts), sum(part.average_bps for part in parts)
    if info.bandwidth < peak_bps:
        yield f"{uri}: BANDWIDTH {info.bandwidth} is below {float(peak_bps)}"
    if not is_whole:
        return
    if info.bandwidth > peak_bps + len(parts):
        yield f"{uri}: BANDWIDTH {info.bandwidth} is above {float(peak_bps)}"
    # A frame more or less at a seam between early and final sound is a thousandth of a short clip.
    if abs(info.average_bandwidth - average_bps) > max(len(parts), average_bps / 500):
        yield f"{uri}: AVERAGE-BANDWIDTH {info.average_bandwidth}, it is {average_bps}"


def _of_together(listed: Sequence[Listed]) -> Iterator[str]:
    """Section 6.2.4: one timeline for all; players change rungs at any segment."""
    if len({one.manifest.target_duration for one in listed}) != 1:
        yield "target durations differ"
    videos = [one for one in listed if one.described[0].kind == "video"]
    for one, other in pairwise(videos):
        shared = min(len(one.pieces), len(other.pieces))
        if one.starts_s[:shared] != other.starts_s[:shared]:
            yield f"{one.path.name} and {other.path.name} are cut at other places"
        if one.is_whole and other.is_whole and len(one.pieces) != len(other.pieces):
            yield f"{one.path.name} and {other.path.name} differ in length"
        if misaligned := misaligned_keyframes([one, other]):
            yield f"{misaligned} key frames of {one.path.name} and {other.path.name} are not the same"


def misaligned_keyframes(videos: Sequence[Listed]) -> int:
    """Count key frames that not all rungs have, among the segments all rungs have."""
    shared = min(len(one.pieces) for one in videos)
    times = [{time_s for piece in one.pieces[:shared] for time_s in piece.keyframes_s} for one in videos]
    return len(set.union(*times) - set.intersection(*times))
