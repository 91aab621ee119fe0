"""Databases opened by the hundred: their engines share what SQLAlchemy has compiled, as one daemon's do."""

from typing import Any

from sqlalchemy import Engine, create_engine

_FIRST: dict[str, Engine] = {}  # by the driver


def open_sharing(url: Any, **options: Any) -> Engine:
    """Make an engine like create_engine, whose statements are compiled once in this process.

    A compiled statement is found by its dialect, so that is shared as well, once a connection has told it
    of its server.
    """
    engine = create_engine(url, **options)
    first = _FIRST.setdefault(engine.dialect.driver, engine)
    if first is not engine and first.dialect.server_version_info is not None:
        engine.dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    return engine
