"""What kind of picture a source has, judged from the samples the probing child took. Pure.

A profile of the policy says within which bounds it applies; this module knows what the numbers mean and compares. Not
here: taking samples (`scene_child.py`), what a profile then does (`ladder.py`).
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field

from .types import SceneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Two frames belong to a static picture even if a small part of it moves, as a speaker's inset does.
STATIC_MOVING_SHARE = 0.15
# A longer source that could be looked at in one place only is not known; a short one has no more to show.
FEW_SAMPLES = 3
SHORT_S = 30.0

_Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class SceneBounds:
    """Within which a profile applies; every bound must hold."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    min_static_share: _Share
    max_moving_area: _Share
    min_flat_share: _Share
    min_text_share: _Share

    def hold_for(self, scene: SceneInfo | None) -> bool:
        """Return whether a scene lies within; what could not be looked at never does."""
        return (
            scene is not None
            and scene.static_share >= self.min_static_share
            and scene.moving_area <= self.max_moving_area
            and scene.flat_share >= self.min_flat_share
            and scene.text_share >= self.min_text_share
        )


def judge_scene(samples: Sequence[Mapping[str, float]], duration_s: float) -> SceneInfo | None:
    """Sum up the samples of a source; None if there are too few to say anything.

    Medians, because the first frame at a point is a key frame, and encoders like to put those exactly where one slide
    turns into the next.
    """
    if not samples or (len(samples) < FEW_SAMPLES and duration_s > SHORT_S):
        return None
    moving, flat, text = ([sample[name] for sample in samples] for name in ("moving", "flat", "text"))
    return SceneInfo(
        static_share=_rounded(sum(share <= STATIC_MOVING_SHARE for share in moving) / len(moving)),
        moving_area=_rounded(statistics.median(moving)),
        text_share=_rounded(statistics.median(text)),
        flat_share=_rounded(statistics.median(flat)),
    )


def _rounded(share: float) -> float:
    return round(min(1.0, max(0.0, share)), 4)
