"""Chunks noted in a store as if they had been made; their media are left out."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from pydantic import TypeAdapter

from media_pipeline.chunks import Chunk, note_key
from media_pipeline.command.sound import Gain
from media_pipeline.steps import LoudnessStep, VideoStep
from media_pipeline.types import Segment, Track

_NOTES = TypeAdapter(Chunk)


def note(storage, plan, step):
    """Note under "p" that a step was done."""
    gain = Gain() if isinstance(step, LoudnessStep) else None
    chunk = Chunk(step.digest, 0.0, () if gain is not None else tracks_of(plan, step), gain)
    storage.put_bytes(note_key("p", step.digest), _NOTES.dump_json(chunk), "application/json")


def tracks_of(plan, step):
    """Return what a step would have made."""
    is_picture = isinstance(step, VideoStep)
    segment_s = step.ladder.segment_s if is_picture else step.segment_s
    length_s = step.range.length_s or Fraction(plan.duration_s) - step.range.start_s
    first, count = step.range.first_segment, ceil(length_s / segment_s)
    segments = tuple(
        Segment(f"{number:05d}.m4s", segment_s, 100_000, number * segment_s, True)
        for number in range(first, first + count)
    )
    names = [rung.name for rung in step.rungs] if is_picture else [step.folder]
    shared = {"init_name": "init.mp4", "init_bytes": 900, "codecs": "x", "segments": segments}
    kind = "video" if is_picture else "audio"
    sizes = {"width_px": 640, "height_px": 360, "frame_rate": Fraction(25)} if is_picture else {"channels": 1}
    return tuple(Track(kind=kind, name=name, init_sha256=name, **shared, **sizes) for name in names)
