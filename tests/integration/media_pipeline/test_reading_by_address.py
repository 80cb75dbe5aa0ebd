"""A store that breaks off at any moment is never taken for the end of the source: the step fails, to be tried again."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from config.policies import read_preflight
from media_pipeline import EncodingFailed, analyse, parse_preflight
from media_pipeline.chunks import find_chunk, note_key
from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from media_pipeline.types import RunLimits
from tests.factories import odd_clips
from tests.factories.range_server import serving
from tests.integration.media_pipeline.conftest import Recorder, plan_for

# How a store breaks off, each from (or at) the request of a number: without an answer, within one, with an error.
BREAKS = ("dies_at", "tears_at", "fails_at")
MOST_REQUESTS = 40


@pytest.fixture
def short_chunks(fast_policy):
    lowest = replace(fast_policy.fallback, rungs=fast_policy.fallback.rungs[:1])
    return replace(fast_policy, profiles=(lowest,), chunk_s=4, audio_chunk_s=8)


@pytest.fixture
def make(short_chunks, tools, tmp_path):
    """Return a function: (clip, where it is read, which step) -> what is made, or why nothing is."""
    storage, plans = FolderStorage(tmp_path / "store"), {}

    def do(path, place, choose):
        plan = plans.setdefault(path, plan_for(path, short_chunks)[1])
        step = choose(plan)
        encoder = Encoder(plan, place, storage, "p", tools, RunLimits(niceness=0), Recorder())
        if step is not plan.loudness and find_chunk(storage, "p", plan.loudness.digest) is None:
            replace(encoder, source=path).do(plan.loudness, tmp_path / "measuring", lambda _: None)
        storage.delete(note_key("p", step.digest))
        try:
            return replace(encoder.do(step, tmp_path / "work", lambda _: None), took_s=0.0)
        except EncodingFailed as failure:
            assert find_chunk(storage, "p", step.digest) is None
            shutil.rmtree(tmp_path / "work")
            return failure

    return do


def break_everywhere(path, make, wanted):
    """Make something while the store breaks off at its first request, at its second, and so on; return how often."""
    broken = 0
    for how in BREAKS:
        for number in range(1, MOST_REQUESTS):
            with serving(path) as store:
                setattr(store, how, number)
                made = make(store.address)
                if isinstance(made, EncodingFailed):
                    assert made.is_transient, (how, number, made.stderr_tail)
                    broken += 1
                else:
                    assert made == wanted, (how, number)
                if store.requests < number:
                    break
        else:
            pytest.fail(f"it never came to its end: {how}")
    return broken


@pytest.mark.parametrize(
    "choose",
    [
        pytest.param(lambda plan: plan.videos[-2], id="a picture in the middle"),
        pytest.param(lambda plan: plan.audios[-1], id="the last sound"),
        pytest.param(lambda plan: plan.loudness, id="measuring"),
    ],
)
def test_a_store_that_breaks_off_leaves_no_chunk(shelf, make, choose):
    path = shelf.moving(12, 320, 240)
    wanted = make(path, path, choose)
    assert break_everywhere(path, lambda place: make(path, place, choose), wanted) > 3


def test_what_a_cut_file_really_lacks_is_believed(shelf, make):
    path = odd_clips.cut_short(shelf, "mp4")
    for choose in (lambda plan: plan.videos[-1], lambda plan: plan.audios[-1]):
        with serving(path) as store:
            assert make(path, store.address, choose) == make(path, path, choose)


def test_where_nobody_is_the_step_is_tried_again(shelf, make):
    path = shelf.moving(12, 320, 240)
    for place in ("http://127.0.0.1:9/nobody", "http://no.such.host.invalid/x"):
        failure = make(path, place, lambda plan: plan.videos[0])
        assert isinstance(failure, EncodingFailed)
        assert failure.is_transient


def test_a_store_that_breaks_off_leaves_no_analysis(shelf, tools, fast_policy, tmp_path):
    path = shelf.moving(12, 320, 240)
    info, _ = plan_for(path, fast_policy)
    rules = parse_preflight(read_preflight()).measure

    def look(place):
        folder, recorder = tmp_path / "look", Recorder()
        folder.mkdir()
        try:
            return analyse(
                place, info, rules, work_dir=folder, tools=tools, progress=recorder, cancel=recorder,
                limits=RunLimits(niceness=0),
            )  # fmt: skip
        except EncodingFailed as failure:
            return failure
        finally:
            shutil.rmtree(folder)

    assert break_everywhere(path, look, look(path)) > 3
