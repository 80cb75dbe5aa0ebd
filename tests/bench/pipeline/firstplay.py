"""When a viewer could have begun: watches a store folder for manifests whose segments are really there.

Any manifest of a rendition counts, whatever its name and folder, growing or final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

# What a manifest may lack at its end and still hold the whole recording: less than a segment of any length.
_WHOLE_WITHIN_S = 0.5


@dataclass(frozen=True)
class MediaManifest:
    """What one media manifest lists: the init segment, then (seconds, address) of each media segment."""

    init: str | None
    segments: tuple[tuple[float, str], ...]
    is_ended: bool


def read_manifest(text: str) -> MediaManifest:
    """Read the lines this bench needs; a multivariant manifest has no segments."""
    init, segments, length_s = None, [], None
    for line in text.splitlines():
        if line.startswith("#EXT-X-MAP:"):
            init = line.split('URI="', 1)[1].split('"', 1)[0]
        elif line.startswith("#EXTINF:"):
            length_s = float(line.removeprefix("#EXTINF:").split(",")[0])
        elif line and not line.startswith("#") and length_s is not None:
            segments.append((length_s, line))
            length_s = None
    return MediaManifest(init, tuple(segments), "#EXT-X-ENDLIST" in text)


def rendition_of(path: PurePosixPath, names: Sequence[str]) -> str | None:
    """Return which rendition a manifest belongs to, by a folder's or its own name."""
    parts = {*path.parts[:-1], path.stem}
    return next((name for name in names if name in parts), None)


@dataclass
class FirstPlay:
    """The moments, in seconds since the start: one and two segments of any rung, lowest rung whole, all rungs whole.

    What serves only until the rungs are there, named by `early`, counts for the first two. Where there are no rungs,
    the sound is what is played.
    """

    root: Path
    rungs: Sequence[str]
    audio: str | None
    duration_s: float
    early: Sequence[str] = ()
    one_s: float | None = None
    two_s: float | None = None
    lowest_whole_s: float | None = None
    all_whole_s: float | None = None
    _present: dict[str, tuple[int, float]] = field(default_factory=dict)

    def look(self, at_s: float) -> None:
        """Look into the folder and note what is new."""
        if self.all_whole_s is not None:
            return
        self._present = {}
        for path in sorted(self.root.rglob("*.m3u8")):
            self._note(path)
        shown = [self._present.get(rung, (0, 0.0))[0] for rung in (*self.rungs, *self.early)]
        heard = [self._present.get(self.audio, (0, 0.0))[0]] if self.audio is not None else []
        listed = min([*([max(shown)] if shown else []), *heard], default=0)
        are_whole = [self._is_whole(rung) for rung in self.rungs]
        is_heard = self._is_whole(self.audio)
        self.one_s = self._first(self.one_s, at_s, is_reached=listed >= 1)
        self.two_s = self._first(self.two_s, at_s, is_reached=listed >= 2)
        self.lowest_whole_s = self._first(self.lowest_whole_s, at_s, is_reached=is_heard and all(are_whole[:1]))
        self.all_whole_s = self._first(self.all_whole_s, at_s, is_reached=is_heard and all(are_whole))

    def _note(self, path: Path) -> None:
        wanted = (*self.rungs, *self.early, *([self.audio] if self.audio is not None else []))
        name = rendition_of(PurePosixPath(path.relative_to(self.root).as_posix()), wanted)
        if name is None:
            return
        manifest = read_manifest(path.read_text(encoding="utf-8"))
        there = []
        for length_s, address in manifest.segments:
            if not (path.parent / address).is_file():
                break
            there.append(length_s)
        if manifest.init is None or (path.parent / manifest.init).is_file():
            self._present[name] = max(self._present.get(name, (0, 0.0)), (len(there), sum(there)))

    def _is_whole(self, name: str | None) -> bool:
        return name is None or self._present.get(name, (0, 0.0))[1] >= self.duration_s - _WHOLE_WITHIN_S

    @staticmethod
    def _first(known_s: float | None, at_s: float, *, is_reached: bool) -> float | None:
        return at_s if known_s is None and is_reached else known_s
