"""What the factory built and views and commands may need: settings, store, events, jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.kernel.jobs.engine import JobRunner
from app.kernel.outbox import Subscriptions
from app.kernel.storage import ManagedStorage
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Platform:
    """One per app; everything in it is safe to share between threads."""

    settings: Settings
    storage: ManagedStorage
    subscriptions: Subscriptions
    runner: JobRunner
    #: Tells workers on other machines to look for work; does nothing in embedded mode, where they look by themselves.
    wake: Callable[[], None]
