"""What can go wrong with an index, and what the caller should do about it.

Bad query text is not among it: every text is a valid query.
"""


class SearchIndexError(Exception):
    """Base of every error this package raises on purpose."""


class IndexUnusable(SearchIndexError):
    """The index on disk cannot be read: another schema, torn files, nothing there. Call ``rebuild``."""


class IndexMissing(IndexUnusable):
    """No index was ever built in this folder. Call ``rebuild``."""


class IndexBusy(SearchIndexError):
    """Another writer holds the index. Nothing was changed; try again later, from one job lane only."""
