"""Which engines there are. The one place that names them."""

from search_index.errors import IndexUnusable
from search_index.ports import Engine
from search_index.whoosh_engine.engine import WhooshEngine

DEFAULT_ENGINE: Engine = WhooshEngine()
_ENGINES = {engine.name: engine for engine in (DEFAULT_ENGINE,)}


def engine_named(name: str) -> Engine:
    """Return an engine.

    Raises:
        IndexUnusable: the index was built by an engine this program does not have.
    """
    try:
        return _ENGINES[name]
    except KeyError:
        raise IndexUnusable(f"The index was built by the engine {name!r}, which is not installed.") from None
