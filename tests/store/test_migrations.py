"""The schema comes from migrations, and is what the tables say."""

import re
import runpy
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.command
import alembic.config
import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, inspect

from bccd.config import Config
from bccd.model.errors import ConfigError, SchemaError
from bccd.store import migrate, tables
from bccd.store.engine import Stores, open_engine, reading
from bccd.store.postgresql import normal_url
from bccd.store.reference import VIEWS, page
from tests.server import Server
from tests.store.conftest import POSTGRESQL, config_of


def schema(path: Path) -> dict[str, list[str]]:
    """Return each table and index with its parts sorted, for constraints may stand in any order."""
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'view'"
        " AND name NOT LIKE '%_revision' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    connection.close()
    return {name: sorted(re.split(r",\s+(?=CONSTRAINT)|\s\)", " ".join(sql.split()))) for name, sql in found}


@pytest.mark.parametrize(
    ("metadata", "name"),
    [(tables.database, "bccd.db"), (tables.spool, "spool.db")],
    ids=["database", "spool"],
)
def test_migrations_make_what_the_tables_say(
    template: Path, tmp_path: Path, metadata: MetaData, name: str
) -> None:
    """A migrated file has the columns, keys, checks and indexes of the metadata, and nothing else."""
    engine = open_engine(f"sqlite:///{tmp_path / name}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema(template / name) == schema(tmp_path / name)


CATALOGUE = """
    SELECT table_name::text,
        column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT IN (SELECT viewname FROM pg_views)
    UNION ALL
    SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


def catalogue(engine: Engine) -> list[tuple[str, str]]:
    """Return all columns, constraints and indexes but those that tell the revision."""
    with reading(engine) as connection:
        found = [(table, part) for table, part in connection.exec_driver_sql(CATALOGUE)]
    return sorted(row for row in found if not row[0].endswith("_revision"))


@pytest.mark.db
def test_migrations_make_on_postgresql_what_the_tables_say(postgresql: Stores, server: Server) -> None:
    """Columns, keys, checks and indexes are the same, whichever way they were made."""
    with server.database() as name:
        engine = open_engine(normal_url(server.url(name)))
        tables.database.create_all(engine)
        tables.spool.create_all(engine)
        assert catalogue(postgresql.database) == catalogue(engine)
        engine.dispose()


@pytest.mark.db
def test_two_nodes_may_migrate_at_once(server: Server, tmp_path: Path) -> None:
    """One waits for the other and then finds nothing left to do; a schema may be named in the url."""
    with server.database() as name:
        server.execute("CREATE SCHEMA bccd", name)
        url = f"{server.url(name)}&options=-csearch_path%3Dbccd"
        configs = [config_of(tmp_path / str(node), url) for node in range(3)]
        with ThreadPoolExecutor() as pool:
            list(pool.map(migrate.upgrade, configs))
        for config in configs:
            migrate.check(config)
        with psycopg.connect(server.url(name)) as connection:
            found = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'spool'")
            assert found.fetchall() == [("bccd",)]


@pytest.mark.db
def test_views_are_the_same_on_every_database(postgresql: Stores, sqlite: Stores) -> None:
    """Each view has the same columns in the same order on both."""

    def columns(stores: Stores, view: str) -> list[str]:
        return [column["name"] for column in inspect(stores.database).get_columns(view)]

    assert [columns(postgresql, view) for view in VIEWS] == [columns(sqlite, view) for view in VIEWS]


@pytest.mark.db
def test_an_empty_database_is_told_without_its_password(server: Server, tmp_path: Path) -> None:
    """What the operator reads names the database, and no secret."""
    with server.database() as name:
        url = server.url(name).replace("bccd@", "bccd:secret@")
        with pytest.raises(SchemaError, match=rf"the database at .*{name}.* has no tables yet") as caught:
            migrate.check(config_of(tmp_path, url))
    assert "secret" not in str(caught.value)


def test_check_accepts_what_upgrade_made(tmp_path: Path) -> None:
    """After an upgrade, which may be repeated, the schema is in order."""
    config = config_of(tmp_path / "new")
    migrate.upgrade(config)
    migrate.upgrade(config)
    migrate.check(config)


def test_a_missing_file_is_named_and_not_made(tmp_path: Path) -> None:
    """Checking an empty folder says what to run and leaves the folder empty."""
    with pytest.raises(SchemaError, match=r"there is no database at .*bccd.db: run `bccd migrate` first"):
        migrate.check(config_of(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_tables_is_named(tmp_path: Path) -> None:
    """An empty database file is told from one that is too old."""
    (tmp_path / "bccd.db").touch()
    with pytest.raises(SchemaError, match="has no tables yet"):
        migrate.check(config_of(tmp_path))


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [("0001_pre_companies_and_crm", "too old"), ("9999_pre_future", "made by a newer bccd")],
)
def test_another_revision_is_named(tmp_path: Path, revision: str, sentence: str) -> None:
    """A schema of another version is refused in one sentence, not worked on."""
    config = config_of(tmp_path)
    migrate.upgrade(config)
    with sqlite3.connect(tmp_path / "bccd.db") as connection:
        connection.execute("UPDATE database_revision SET version_num = ?", (revision,))
    connection.close()
    with pytest.raises(SchemaError, match=sentence) as caught:
        migrate.check(config)
    assert "\n" not in str(caught.value)


def test_upgrade_leaves_a_newer_schema_alone(tmp_path: Path) -> None:
    """Migrating with an old program does not touch a newer database."""
    config = config_of(tmp_path)
    migrate.upgrade(config)
    with sqlite3.connect(tmp_path / "spool.db") as connection:
        connection.execute("UPDATE spool_revision SET version_num = '9999_pre_future'")
    connection.close()
    with pytest.raises(SchemaError, match="install that version or a later one"):
        migrate.upgrade(config)


def test_files_are_for_their_owner_only(template: Path) -> None:
    """Nobody else can read mail."""
    assert {(template / name).stat().st_mode & 0o777 for name in ("bccd.db", "spool.db")} == {0o600}


def test_migrations_of_an_installed_package_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel carries the migrations inside the package; a checkout has them beside it."""
    assert migrate.folder() == Path(migrate.__file__).parents[2] / "migrations"
    (tmp_path / "bccd" / "_migrations").mkdir(parents=True)
    monkeypatch.setattr(migrate, "__file__", str(tmp_path / "bccd" / "store" / "migrate.py"))
    assert migrate.folder() == tmp_path / "bccd" / "_migrations"


@pytest.mark.parametrize("url", ["mysql://localhost/bccd", "postgresql+asyncpg://localhost/bccd", "bccd"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    """Any other database, or way to reach this one, is a mistake in the configuration."""
    with pytest.raises(ConfigError, match=r"database\.url") as caught:
        migrate.check(config_of(tmp_path, url))
    assert "\n" not in str(caught.value)


def together(engine: Engine) -> list[tuple[str, str]]:
    """Return what messages name after revision 0006 has looked at a table of its time."""
    place = migrate.folder() / "database" / "versions" / "0006_pre_rules.py"
    columns = "company_id, id, conversation_id, msgid, in_reply_to"
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE message (company_id INTEGER, id INTEGER, conversation_id INTEGER,"
            " msgid TEXT, in_reply_to TEXT, refs TEXT DEFAULT '')"
        )
        connection.exec_driver_sql(
            f"INSERT INTO message ({columns}) VALUES (1, 1, 7, '', ''), (1, 2, 7, 'a@x', ''),"  # noqa: S608
            " (1, 3, 7, 'b@x', 'a@x'), (1, 4, 7, 'c@x', 'lost@y'), (1, 5, 8, '', ''), (2, 6, 7, 'd@x', '')"
        )
        runpy.run_path(str(place))["keep_together"](connection)
        found = connection.exec_driver_sql("SELECT in_reply_to, refs FROM message ORDER BY id").all()
    engine.dispose()
    return [(parent, refs) for parent, refs in found]


def test_what_stood_together_before_0006_names_each_other(server: Server, tmp_path: Path) -> None:
    """A parent that was never captured ties nothing: each message also names the oldest id it stands with."""
    wanted = [("", "a@x"), ("", ""), ("a@x", ""), ("lost@y", "lost@y\na@x"), ("", ""), ("", "")]
    assert together(open_engine(f"sqlite:///{tmp_path / 'old.db'}")) == wanted
    with server.database() as name:
        assert together(open_engine(normal_url(server.url(name)))) == wanted


@pytest.mark.parametrize("kind", ["sqlite", POSTGRESQL])
def test_0012_can_be_taken_back(request: pytest.FixtureRequest, kind: str) -> None:
    """Downgraded and upgraded again, the database has the indexes of before, and in between those of 0011."""
    stores: Stores = request.getfixturevalue(kind)
    made = indexes(stores.database)
    alembic_runs(stores.database, "downgrade", "0011_pre_submitters")
    before = indexes(stores.database)
    alembic_runs(stores.database, "upgrade", "head")
    assert indexes(stores.database) == made
    gone = {"ix_message_copy_owner_id_message_id", "ix_participant_contact_id_message_id"}
    assert before.keys() - made.keys() == gone | {"ix_conversation_deal_deal_id"}
    everyone, few = (each["ix_participant_address_message_id"] for each in (before, made))
    assert everyone == (("company_id", "address", "message_id"), False)
    assert few == (("company_id", "address", "message_id"), True)


@pytest.mark.parametrize("kind", ["sqlite", POSTGRESQL])
def test_0013_can_be_taken_back(request: pytest.FixtureRequest, kind: str) -> None:
    """Downgraded and upgraded again, it tells what files are by their octets, and in between not."""
    stores: Stores = request.getfixturevalue(kind)

    def told() -> list[str]:
        asked = inspect(stores.database)
        return [
            name
            for name in ("attachment", "v1_attachment")
            if "sniffed" in {column["name"] for column in asked.get_columns(name)}
        ]

    alembic_runs(stores.database, "downgrade", "0012_pre_fewer_pages")
    before = told()
    alembic_runs(stores.database, "upgrade", "head")
    assert (before, told()) == ([], ["attachment", "v1_attachment"])


def indexes(engine: Engine) -> dict[str, tuple[tuple[str | None, ...], bool]]:
    """Return each index that 0012 may touch: its columns, and whether it holds some of the rows alone."""
    asked = inspect(engine)
    return {
        str(index["name"]): (
            tuple(index["column_names"]),
            f"{engine.dialect.name}_where" in index.get("dialect_options", {}),
        )
        for table in ("conversation_deal", "message_copy", "participant")
        for index in asked.get_indexes(table)
        if str(index["name"]).startswith("ix_")
    }


def alembic_runs(engine: Engine, command: str, revision: str) -> None:
    """Move the database's schema to a revision."""
    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(migrate.folder() / "database"))
    settings.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        getattr(alembic.command, command)(settings, revision)


def test_every_key_leads_with_the_company() -> None:
    """No row can stand for, or point at, another company's; three tables are global by nature."""
    for table in (*tables.database.sorted_tables, tables.raw_mail, tables.delivery_key):
        if table.name in ("company", "company_address", "login"):
            continue
        assert next(iter(table.primary_key)).name == "company_id", table.name
        for constraint in table.constraints:
            columns = [column.name for column in getattr(constraint, "columns", ())]
            if type(constraint).__name__ in ("UniqueConstraint", "ForeignKeyConstraint"):
                assert columns[0] == "company_id", (table.name, columns)
        for index in table.indexes:
            if table in tables.database.sorted_tables:
                assert next(iter(index.columns)).name == "company_id", index.name


def test_the_page_of_the_schema_is_up_to_date(stores: Stores) -> None:
    """docs/reference/schema.md is what the schema says; every column of a view has its meaning."""
    written = Path(__file__).resolve().parents[2] / "docs/reference/schema.md"
    assert written.read_text(encoding="utf-8") == page(stores.database)


@pytest.mark.parametrize("name", ["database", "spool"])
def test_a_revision_bears_the_name_of_its_file(name: str) -> None:
    """What the daemon takes for the newest revision, by the names of files, is what alembic takes for it."""
    schema = next(each for each in migrate._schemas(Config()) if each.name == name)
    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(schema.scripts))
    scripts = ScriptDirectory.from_config(settings)
    assert schema.revisions == [script.revision for script in scripts.walk_revisions()][::-1]
