"""Job handlers: plan a source, make its chunks on any worker, put them together. They take ids, hold no transaction.

An encode plans and hands its steps out; the one that ends last wakes it, and it puts the chunks together. What is in
the store is never made again, so each of these may be killed and repeated at any moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Delegation, Handler, JobContext, JobKind, Outcome, Postponement, Record
from app.kernel.jobs.model import Claim, Job, JobFailed, Priority
from app.media import analysing, carried, cutting, renewal, services, sweeping
from app.media.failures import failing_plainly
from app.media.models import Source
from app.media.queries import CHUNK_KIND, ENCODE_KIND, media_prefix
from app.media.source_files import probe_source, readable_source
from app.media.turns import turn_of
from app.media.workshop import MediaWorkshop
from media_pipeline.assembly import Assembly, ChunksMissing
from media_pipeline.chunks import find_chunks, find_plan, store_plan
from media_pipeline.encoder import Encoder
from media_pipeline.growing import grow
from media_pipeline.pipeline import weight_of
from media_pipeline.ports import Storage
from media_pipeline.publish import find_published
from media_pipeline.steps import AudioStep, ChunkStep, LoudnessStep, Plan

if TYPE_CHECKING:
    from media_pipeline.types import Published

log = structlog.get_logger(__name__)
#: How long a step waits for its turn before it is looked at again.
_TURN_S = 5.0


def encode_handler(workshop: MediaWorkshop) -> Handler:
    """Return the handler that takes one source through the pipeline: first its steps are handed out, then joined."""

    def handle(context: JobContext) -> Outcome:
        source = _source(context)
        if source is None:
            return None
        with failing_plainly(context.work_dir):
            if source.cut is not None:
                return cutting.cut_out(context, source, workshop)
            plan, note_info = _plan(workshop, context, source)
            prefix = media_prefix(plan.digest)
            published = find_published(workshop.storage, prefix)
            if published is None:
                missing = _missing(workshop.storage, prefix, plan)
                if missing:
                    store_plan(workshop.storage, prefix, plan)
                    return _handed_out(context.claim, source.id, plan, missing, note_info)
                published = _assembled(workshop, context, plan)
        return _recording(source.id, plan, published, note_info)

    return handle


def chunk_handler(workshop: MediaWorkshop) -> Handler:
    """Return the handler that makes one chunk of a plan, and lets those who watch see it."""

    def handle(context: JobContext) -> Outcome:
        source = _source(context)
        if source is None:
            return None
        digest = str(context.payload["plan"])
        prefix = media_prefix(digest)
        with failing_plainly(context.work_dir):
            plan = find_plan(workshop.storage, prefix)
            if plan is None:
                # The set was finished meanwhile, or swept away: the encode itself will see which.
                return None
            step = next(step for step in plan.chunk_steps if step.digest == context.payload["step"])
            with turn_of(step, context.work_path) as is_ours:
                if not is_ours:
                    return Postponement(_TURN_S)
                _make(workshop, context, source, plan, step)
            growth = grow(plan, workshop.storage, prefix)
            missing = _missing(workshop.storage, prefix, plan) if isinstance(step, LoudnessStep) else []

        def record(db: Session) -> None:
            if growth is not None:
                services.note_growth(db, source.id, plan, growth)
            after = [each for each in _measured(missing) if step.digest in each.measurements]
            _enqueue(db, context.claim, context.claim.parent_id, source.id, plan, after)

        return record

    return handle


def _make(workshop: MediaWorkshop, context: JobContext, source: Source, plan: Plan, step: ChunkStep) -> None:
    place = readable_source(workshop.storage, source, context.work_dir)
    # What makes a lecture watchable takes a second or two and is not to share it with the hours of the rest.
    limits = replace(workshop.limits, niceness=0) if step in plan.first_steps else workshop.limits
    encoder = Encoder(plan, place, workshop.storage, media_prefix(plan.digest), workshop.tools(), limits, context)
    encoder.do(step, context.work_dir / "chunk", lambda done: context.report("encode", done))


def _source(context: JobContext) -> Source | None:
    with reading() as db:
        source = db.get(Source, context.payload["source_id"])
    if source is None:
        log.info("encode_skipped", reason="source is gone")
    return source


def _plan(workshop: MediaWorkshop, context: JobContext, source: Source) -> tuple[Plan, Record]:
    """Return the plan this encode began with, or make it; and what is to be noted of the source."""
    begun = context.payload.get("plan")
    if begun is not None:
        plan = find_plan(workshop.storage, media_prefix(str(begun)))
        if plan is not None:
            return plan, lambda _db: None
    context.report("probe", 0.0)
    info = probe_source(workshop, source, context)
    plan = media_pipeline.make_plan(info, workshop.policy, source.sha256)
    return plan, lambda db: services.note_media_info(db, source.id, info)


def _missing(storage: Storage, prefix: str, plan: Plan) -> list[ChunkStep]:
    found = find_chunks(storage, prefix, plan)
    return [step for step in plan.chunk_steps if step.digest not in found]


def _measured(missing: Sequence[ChunkStep]) -> list[AudioStep]:
    """Return the missing stretches of sound that no missing measurement holds up."""
    measuring = {step.digest for step in missing if isinstance(step, LoudnessStep)}
    return [step for step in missing if isinstance(step, AudioStep) and measuring.isdisjoint(step.measurements)]


def _handed_out(
    claim: Claim, source_id: int, plan: Plan, missing: Sequence[ChunkStep], note_info: Record
) -> Delegation:
    # What needs a measurement is handed out by the step that measures.
    ready = [step for step in missing if not isinstance(step, AudioStep)] + _measured(missing)

    def enqueue(db: Session) -> None:
        note_info(db)
        job = db.get(Job, claim.job_id)
        if job is not None:
            job.payload = {**job.payload, "plan": plan.digest}
        _enqueue(db, claim, claim.job_id, source_id, plan, ready)

    done = 1.0 - sum(_shares(plan, missing))
    return Delegation(enqueue, "encode", max(0.0, done))


def _enqueue(  # noqa: PLR0917 - a step's job is made of this much
    db: Session, claim: Claim, parent_id: int | None, source_id: int, plan: Plan, ready: Sequence[ChunkStep]
) -> None:
    # What the first minute needs goes before what is already watchable, whoever's it is.
    priority = int(claim.payload.get("priority", Priority.of_steps(claim.priority)))
    ranks = {step.digest: rank for rank, step in enumerate(plan.chunk_steps)}
    urgent = {step.digest for step in plan.first_steps}
    jobs = [
        queue.NewJob(
            CHUNK_KIND,
            lane=queue.LANE_MEDIA,
            key=f"{CHUNK_KIND}:{source_id}:{step.digest}",
            payload={"source_id": source_id, "plan": plan.digest, "step": step.digest, "priority": priority},
            subject=claim.subject,
            fair_key=claim.fair_key,
            priority=priority + (step.digest in urgent),
            parent_id=parent_id,
            weight=share,
            rank=ranks[step.digest],
        )
        for step, share in zip(ready, _shares(plan, ready), strict=True)
    ]
    queue.enqueue(db, *jobs)


def _shares(plan: Plan, steps: Sequence[ChunkStep]) -> list[float]:
    """Return which share of the whole work each of some steps is."""
    total = sum(weight_of(plan, each) for each in plan.chunk_steps)
    return [weight_of(plan, step) / total for step in steps]


def _assembled(workshop: MediaWorkshop, context: JobContext, plan: Plan) -> Published:
    folder = context.work_dir / "assembly"
    prefix = media_prefix(plan.digest)
    assembly = Assembly(plan, workshop.storage, prefix, folder, workshop.tools(), workshop.limits, context, context)
    try:
        return assembly.run()
    except ChunksMissing as error:
        # Their notes were taken back: the next attempt hands them out again.
        raise JobFailed(error.code, error.sentence, is_transient=True) from error


def _recording(source_id: int, plan: Plan, published: Published, note_info: Record) -> Record:
    def record(db: Session) -> None:
        note_info(db)
        services.record_media_set(db, source_id, plan.digest, published)

    return record


def job_kinds(workshop: MediaWorkshop, interests: sweeping.Interests | None = None) -> list[JobKind]:
    """Return what the worker must know of this capability; `interests` says what the sweep leaves alone."""
    return [
        JobKind(ENCODE_KIND, queue.LANE_MEDIA, encode_handler(workshop), on_failed=services.note_failure),
        JobKind(CHUNK_KIND, queue.LANE_MEDIA, chunk_handler(workshop)),
        JobKind(sweeping.SWEEP_KIND, queue.LANE_DEFAULT, sweeping.sweep_handler(workshop.storage, interests=interests)),
        analysing.job_kind(workshop),
        carried.job_kind(workshop.storage, workshop.tools, readable_source),
        renewal.job_kind(),
    ]
