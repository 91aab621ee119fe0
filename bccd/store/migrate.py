"""Brings both schemas to the revision that this program was written for, or tells what is wrong with them."""

from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, MetaData, Text, column, inspect, make_url, select, table

from bccd.model.errors import SchemaError
from bccd.store.engine import StoreConfig, open_engine, reading, urls

# By the schema whose file is gone: a table of the other that shows that it was there, and what stood in it.
_LOST = {
    "database": ("raw_mail", "the spool has mail", "the directory and all that was filed"),
    "spool": (
        "delivery",
        "the database has deliveries",
        "mail that was not filed yet, and the octets of all mail up to 1 MiB",
    ),
}
_ADVICE = "restore a backup (docs/howto/backup.md), or run `bccd migrate --anew` to go on without"
_MIGRATING = 2_003_985_732  # any number that other programs do not lock


class _Schema(NamedTuple):
    name: str  # the folder of its migrations
    url: str
    file: Path | None  # where it is, if it is a file

    @property
    def version_table(self) -> str:
        return f"{self.name}_revision"

    @property
    def scripts(self) -> Path:
        return folder() / self.name

    @property
    def revisions(self) -> list[str]:
        """The revisions that this program knows, in order: each bears the name of its file."""
        return sorted(script.stem for script in self.scripts.glob("versions/[0-9]*.py"))

    @property
    def title(self) -> str:
        place = self.file or make_url(self.url).render_as_string(hide_password=True)
        return f"{self.name} at {place}"


def upgrade(config: StoreConfig, *, anew: bool = False) -> None:
    """Create or migrate both schemas; raises SchemaError if one is newer than this program.

    A file that was lost is made `anew` only where that is said: else its loss might never be noticed.
    """
    # The daemon only checks, and is spared 9 MiB and half a second.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not anew:
        _refuse_lost(config)
    for schema in _schemas(config):
        engine = open_engine(schema.url)
        try:
            with engine.connect() as connection:
                _be_alone(connection)
                _refuse_newer(schema, _revision(engine, schema))
                settings = Config()
                settings.set_main_option("script_location", str(schema.scripts).replace("%", "%%"))
                settings.set_main_option("path_separator", "os")
                settings.attributes["connection"] = connection
                command.upgrade(settings, "head")
        finally:
            engine.dispose()
        if schema.file is not None:
            schema.file.chmod(0o600)  # mail is nobody else's business


def check(config: StoreConfig) -> None:
    """Raise SchemaError, in one sentence, unless both schemas are there and as new as this program."""
    for schema in _schemas(config):
        if schema.file is not None and not schema.file.exists():
            _refuse_lost(config)
            raise SchemaError(f"there is no {schema.title}: run `bccd migrate` first")
        engine = open_engine(schema.url)
        try:
            revision = _revision(engine, schema)
        finally:
            engine.dispose()
        if revision is None:
            _refuse_lost(config)
            raise SchemaError(f"the {schema.title} has no tables yet: run `bccd migrate` first")
        _refuse_newer(schema, revision)
        if revision != schema.revisions[-1]:
            raise SchemaError(
                f"the {schema.title} stands at {revision}, which is too old: run `bccd migrate`"
            )


def lost(config: StoreConfig) -> str:
    """Say in a sentence which of SQLite's two files is gone while the other has mail; empty where none is."""
    one, other = _schemas(config)
    for gone, left in ((one, other), (other, one)):
        table_name, found, stood = _LOST[gone.name]
        if gone.file is not None and not _has(gone, gone.version_table) and _has(left, table_name):
            return f"there is no {gone.title}, but {found}: {stood} stood there"
    return ""


def configure(context: Any, metadata: MetaData, version_table: str) -> None:
    """Run the migrations that alembic has chosen, all in one transaction; called by each env.py."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=version_table,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def folder() -> Path:
    """Return where the migrations are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def _schemas(config: StoreConfig) -> tuple[_Schema, _Schema]:
    database, spool = urls(config)
    files = (
        (None, None) if config.database.url else (config.data_dir / "bccd.db", config.data_dir / "spool.db")
    )
    return _Schema("database", database, files[0]), _Schema("spool", spool, files[1])


def _refuse_lost(config: StoreConfig) -> None:
    if told := lost(config):
        raise SchemaError(f"{told}; {_ADVICE}")


def _has(schema: _Schema, name: str) -> bool:
    """Tell whether the file of a schema is there and has rows in a table."""
    if schema.file is None or not schema.file.exists():
        return False
    engine = open_engine(schema.url)
    try:
        with reading(engine) as connection:
            if not inspect(connection).has_table(name):
                return False
            return connection.execute(select(1).select_from(table(name)).limit(1)).first() is not None
    finally:
        engine.dispose()


def _be_alone(connection: Connection) -> None:
    """Wait until no other node migrates the same database; the lock goes with the connection."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_MIGRATING})")
        connection.commit()


def _revision(engine: Engine, schema: _Schema) -> str | None:
    with reading(engine) as connection:
        if not inspect(connection).has_table(schema.version_table):
            return None
        standing = select(column("version_num", Text())).select_from(table(schema.version_table))
        return connection.execute(standing).scalar_one_or_none()


def _refuse_newer(schema: _Schema, revision: str | None) -> None:
    if revision is not None and revision not in schema.revisions:
        raise SchemaError(
            f"the {schema.title} was made by a newer bccd ({revision}): install that version or a later one"
        )
