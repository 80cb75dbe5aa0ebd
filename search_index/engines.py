"""Which engines there are. The one place that names them; an engine is imported when it is first used."""

from functools import lru_cache
from importlib import import_module

from search_index.errors import IndexUnusable
from search_index.ports import Engine

DEFAULT_ENGINE = "whoosh"
_ENGINES = {
    "whoosh": ("search_index.whoosh_engine.engine", "WhooshEngine"),
    "tantivy": ("search_index.tantivy_engine.engine", "TantivyEngine"),
}
ENGINE_NAMES = tuple(_ENGINES)


@lru_cache
def engine_named(name: str) -> Engine:
    """Return an engine.

    Raises:
        IndexUnusable: this program does not have the engine, or the package it needs is not installed.
    """
    try:
        module, attribute = _ENGINES[name]
    except KeyError:
        raise IndexUnusable(f"There is no engine {name!r}; there are {', '.join(ENGINE_NAMES)}.") from None
    try:
        engine: Engine = getattr(import_module(module), attribute)()
    except ImportError as error:
        raise IndexUnusable(f"The engine {name!r} is not installed: {error}") from error
    return engine
