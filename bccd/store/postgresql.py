"""PostgreSQL: how it is reached, what it must promise before mail is trusted to it, what its errors mean."""

import sys
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from bccd.model.errors import ConfigError, StorageFullError, StoreUnavailableError

OLDEST = 15
_WAYS = ("postgresql", "postgres", "postgresql+psycopg")

# A host that vanished must not hold a process for longer than a peer waits; the url may say otherwise.
_REACH = {
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    # A standby answers every question and keeps no mail. Where the url names several hosts the next is tried.
    "target_session_attrs": "primary",
    "fallback_application_name": "bccd",
}

# One statement a new connection. A commit is confirmed when it is durable, whatever the server's default; a
# transaction that stands still, such as that of a stopped process, gives its locks back. Where the server has
# lz4, storing a mail takes it half the time (0.13 instead of 0.28 ms). The default cost of a random page,
# made for disks that turn, has small tables read through where an index would do: a tenth of filing.
_SETTLE = """
    SELECT set_config('TimeZone', 'UTC', false), set_config('lock_timeout', '30s', false),
        set_config('idle_in_transaction_session_timeout', '60s', false),
        (SELECT set_config(name, 'lz4', false) FROM pg_settings
            WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)),
        CASE current_setting('random_page_cost') WHEN '4'
            THEN set_config('random_page_cost', '1.1', false) END,
        CASE current_setting('synchronous_commit') WHEN 'off'
            THEN set_config('synchronous_commit', 'on', false) ELSE current_setting('synchronous_commit') END,
        current_setting('server_version_num')::int, current_setting('server_encoding'),
        current_setting('fsync'), current_setting('full_page_writes')
"""

# What no second try can mend, by the class of SQLSTATE: the statement or its values are at fault.
_PROGRAM_MISTAKES = {"0A", "21", "22", "23", "42", "54"}
_DENIED = "42501"  # of the same class, and the administrator's to mend
_FULL = {"53100"}


def normal_url(text: str) -> str:
    """Return the url of a PostgreSQL database with its driver named; raises ConfigError."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigError(["database.url: cannot be read: it must begin with postgresql://"]) from error
    if url.drivername not in _WAYS:
        raise ConfigError([f"database.url: {url.drivername} is not supported: use postgresql://"])
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def is_postgresql(engine: Engine) -> bool:
    """Tell which of the two kinds of database this is."""
    return engine.dialect.name == "postgresql"


def open_postgresql(url: URL) -> Engine:
    """Make an engine whose transactions are READ COMMITTED; raises ConfigError where psycopg is missing."""
    reach = {name: value for name, value in _REACH.items() if name not in url.query}
    try:
        engine = create_engine(
            url,
            connect_args=reach,
            hide_parameters=True,  # they are people's mail
            isolation_level="READ COMMITTED",  # what waited for a clock must see what its holder committed
            pool_pre_ping=True,  # a server that was restarted costs no mail an error
            pool_use_lifo=True,  # the connection that knows the statements already
            max_overflow=-1,  # threads are few, and the server knows best how many it takes
        )
    except ImportError as error:
        raise ConfigError(
            ["database.url: PostgreSQL needs psycopg, which is not installed: see docs/howto/postgresql.md"]
        ) from error
    except ArgumentError as error:
        raise ConfigError(
            ["database.url: with several hosts give each its port: ?host=A:5432&host=B:5432"]
        ) from error
    event.listen(engine, "connect", _on_connect)
    return engine


def failure_kind(error: BaseException | None) -> type[StoreUnavailableError] | None:
    """Tell which failure a driver's error is; None for a mistake of the program and for other errors."""
    driver: Any = sys.modules.get("psycopg")
    if driver is None or not isinstance(error, driver.Error):
        return None
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:  # the connection broke or was never made; or a value cannot be written at all
        lost = isinstance(error, driver.OperationalError | driver.InterfaceError)
        return StoreUnavailableError if lost else None
    if state[:2] in _PROGRAM_MISTAKES and state != _DENIED:
        return None
    return StorageFullError if state in _FULL else StoreUnavailableError


def _on_connect(connection: Any, _record: object) -> None:
    try:
        connection.autocommit = True  # what is set within a transaction goes with it
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE)
            *_, synchronous, version, encoding, fsync, full_pages = cursor.fetchone()
        connection.autocommit = False
        _refuse(synchronous, version, encoding, fsync, full_pages)
    except BaseException:
        connection.close()
        raise


def _refuse(synchronous: str, version: int, encoding: str, fsync: str, full_pages: str) -> None:
    """Raise StoreUnavailableError where the server might forget or change what it confirmed."""
    if version < OLDEST * 10_000:
        raise StoreUnavailableError(f"this is PostgreSQL {version // 10_000}; bccd needs {OLDEST} or newer")
    if encoding != "UTF8":
        raise StoreUnavailableError(f"the database's encoding is {encoding}; bccd needs UTF8")
    for name, value in (
        ("fsync", fsync),
        ("full_page_writes", full_pages),
        ("synchronous_commit", synchronous),
    ):
        if value == "off":
            raise StoreUnavailableError(f"PostgreSQL runs with {name} = off and may forget what it confirmed")
