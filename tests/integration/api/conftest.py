"""The stocked app that the JSON interface is asked over."""

from __future__ import annotations

from tests.integration.curation.stocked import count_queries, settings, shelf, stocked, work

__all__ = ["count_queries", "settings", "shelf", "stocked", "work"]
