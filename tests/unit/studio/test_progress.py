"""One honest percentage out of steps and fractions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.studio.progress import STEP_SHARES, Phase, Progress, overall_fraction
from media_pipeline.ports import STEPS

MOMENTS = st.lists(st.tuples(st.integers(0, len(STEPS) - 1), st.floats(0, 1)), min_size=2, max_size=20)


def test_every_step_of_the_pipeline_has_its_share() -> None:
    assert tuple(STEP_SHARES) == STEPS
    assert sum(STEP_SHARES.values()) == pytest.approx(1)


@given(MOMENTS)
def test_it_never_goes_back(moments: list[tuple[int, float]]) -> None:
    values = [overall_fraction(STEPS[step], fraction) for step, fraction in sorted(moments)]
    assert values == sorted(values)
    assert all(0 <= value <= 1.000001 for value in values)


def test_ends() -> None:
    assert overall_fraction("", 0.7) == 0
    assert overall_fraction("probe", -3) == 0
    assert overall_fraction("publish", 7) == pytest.approx(1)


@pytest.mark.parametrize(
    ("progress", "states"),
    [
        (Progress(Phase.EMPTY), ["todo"] * 5),
        (Progress(Phase.UPLOADING, "upload"), ["current"] + ["todo"] * 4),
        (Progress(Phase.FINISHING), ["done", "current"] + ["todo"] * 3),
        (Progress(Phase.WORKING, "encode"), ["done"] * 2 + ["current", "todo", "todo"]),
        (Progress(Phase.FAILED, "probe"), ["done", "failed"] + ["todo"] * 3),
        (Progress(Phase.CANCELLED, "encode"), ["done"] * 2 + ["todo"] * 3),
        (Progress(Phase.READY), ["done"] * 5),
    ],
)
def test_step_states(progress: Progress, states: list[str]) -> None:
    assert list(progress.step_states().values()) == states


@pytest.mark.parametrize(
    ("code", "needs_other_file"), [("not_media", True), ("store_full", False), ("worker_lost", False)]
)
def test_whose_fault_a_failure_is(code: str, needs_other_file: bool) -> None:
    assert Progress(Phase.FAILED, error_code=code).needs_other_file is needs_other_file
    assert not Progress(Phase.WAITING, error_code=code).needs_other_file


def test_what_can_still_change_by_itself() -> None:
    live = {phase for phase in Phase if Progress(phase).is_live}
    assert live == {Phase.UPLOADING, Phase.FINISHING, Phase.WAITING, Phase.WORKING}
