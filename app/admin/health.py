"""Is everything behind this process there? For load balancers and monitors: small, quick, without secrets."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.kernel.platform import Platform
from media_pipeline.ports import StorageUnavailable
from search_index import IndexUnusable, open_index

log = structlog.get_logger(__name__)

#: Asked for, never written: a store that answers "no such object" is well.
PROBE_KEY = "health/probe"


@dataclass(frozen=True, slots=True)
class Health:
    """What answered."""

    database: bool
    store: bool
    index: bool

    @property
    def is_well(self) -> bool:
        """Fit to serve residents."""
        return self.database and self.store and self.index


def check_health(db: Session, platform: Platform) -> Health:
    """Ask the database, the store and the index one small question each."""
    return Health(_check_database(db), _check_store(platform), _check_index(platform))


def _check_database(db: Session) -> bool:
    try:
        db.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.warning("health_database_failed", error=str(error))
        return False
    return True


def _check_store(platform: Platform) -> bool:
    try:
        platform.storage.stat(PROBE_KEY)
    except StorageUnavailable as error:
        log.warning("health_store_failed", error=str(error))
        return False
    return True


def _check_index(platform: Platform) -> bool:
    try:
        open_index(platform.settings.search.index_path).checkpoint()
    except IndexUnusable as error:
        log.warning("health_index_failed", error=str(error))
        return False
    return True
