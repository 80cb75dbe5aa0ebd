"""The job that looks through a source for the preflight report. Its failure is a line on the page, never the lecture's.

Not here: what is measured (media_pipeline.analysis), reading and judging the result (`preflight`).
"""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind, Record
from app.kernel.jobs.model import Job
from app.media import preflight, services
from app.media.failures import failing_plainly
from app.media.models import Source
from app.media.source_files import probe_source, readable_source
from app.media.workshop import MediaWorkshop
from media_pipeline.errors import MediaRefused
from media_pipeline.types import MediaInfo

log = structlog.get_logger(__name__)

# Of all work on a source this is the last anybody waits for: residents' first minute is made at the same time.
_NICENESS = 19


def job_kind(workshop: MediaWorkshop) -> JobKind:
    """Return what the worker must know of the analysis."""
    return JobKind(preflight.ANALYSE_KIND, queue.LANE_ANALYSIS, _handler(workshop), on_failed=_note_failure)


def _handler(workshop: MediaWorkshop) -> Handler:
    def handle(context: JobContext) -> Record | None:
        with reading() as db:
            source = db.get(Source, context.payload["source_id"])
        if source is None or preflight.is_settled(source):
            log.info("analysis_skipped", reason="source is gone or was looked through before")
            return None
        with failing_plainly(context.work_dir):
            try:
                return _analyse(workshop, context, source)
            except MediaRefused as error:
                log.info("analysis_refused", code=error.code)
                return _record_unreadable(source.id)

    return handle


def _analyse(workshop: MediaWorkshop, context: JobContext, source: Source) -> Record:
    info = probe_source(workshop, source, context, niceness=_NICENESS)
    folder = context.work_dir / "analysis"
    folder.mkdir()
    analysis = media_pipeline.analyse(
        readable_source(workshop.storage, source, context.work_dir),
        info,
        preflight.preflight_policy().measure,
        work_dir=folder,
        tools=workshop.tools(),
        progress=context,
        cancel=context,
        limits=replace(workshop.limits, niceness=_NICENESS),
    )
    return lambda db: _record(db, source.id, info, analysis)


def _record(db: Session, source_id: int, info: MediaInfo, analysis: media_pipeline.Analysis) -> None:
    source = db.get(Source, source_id)
    if source is None:
        return
    # The encode may have been faster, and have found that the end cannot be read.
    if source.media_info is None:
        services.note_media_info(db, source_id, info)
    preflight.keep_analysis(source, analysis)
    log.info("source_analysed", source_id=source_id)


def _record_unreadable(source_id: int) -> Record:

    def record(db: Session) -> None:
        source = db.get(Source, source_id)
        if source is not None:
            preflight.keep_problem(source, preflight.UNREADABLE)

    return record


def _note_failure(db: Session, job: Job) -> None:
    source = db.get(Source, job.payload["source_id"])
    if source is not None:
        preflight.keep_problem(source, job.error_code or "unexpected")
