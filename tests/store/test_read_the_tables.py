"""docs/howto/read-the-tables.md, run as it stands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from bccd.store.commands import Commands
from bccd.store.engine import Stores, reading
from bccd.store.reference import VIEWS
from bccd.testing import fill
from bccd.testing.build import NOON, SIGNER
from tests.feed import place_of
from tests.server import Server
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, filed, world
from tests.store.test_reading import apply

PAGE = (Path(__file__).resolve().parents[2] / "docs/howto/read-the-tables.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(SELECT.*?)```", PAGE, re.DOTALL)
(ROLE,) = re.findall(r"```sql\n(CREATE ROLE.*?)```", PAGE, re.DOTALL)
PROGRAM, OCTETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def filled(stores: Stores) -> Stores:
    """Put a conversation into the stores."""
    fill(stores, world())
    apply(stores, filed(1, 1000))
    return stores


@on_every_database
def test_the_queries_find_what_the_viewer_sees(stores: Stores) -> None:
    """The same text on both: the list, a conversation's page, where a conversation went."""
    with reading(filled(stores).database) as connection:
        found = [connection.execute(text(query)).all() for query in QUERIES]
    assert [len(rows) for rows in found] == [1, 1, 0]


def test_the_program_reads_sqlite(sqlite: Stores) -> None:
    """It opens the file for reading only, beside the daemon that writes it."""
    assert "/var/lib/bccd/bccd.db" in PROGRAM
    names: dict[str, Any] = {}
    place = place_of(filled(sqlite).database)
    exec(PROGRAM.replace("/var/lib/bccd/bccd.db", place), names)  # noqa: S102  what the page says
    assert [row["conversation_id"] for row in names["newest"]] == [1000]
    with pytest.raises(Exception, match="readonly database"):
        names["database"].execute("DELETE FROM conversation")
    names["database"].close()


@pytest.fixture
def front(postgresql: Stores, server: Server) -> Iterator[psycopg.Connection[Any]]:
    """Return a connection of the role that the page makes."""
    name = str(postgresql.database.url.database)
    filled(postgresql)
    server.execute(ROLE, name)
    with psycopg.connect(server.url(name).replace("bccd@", "bccd_front@", 1), autocommit=True) as connection:
        yield connection
    server.execute("DROP OWNED BY bccd_front", name)
    server.execute("DROP ROLE bccd_front")


@pytest.mark.db
def test_the_role_reads_every_view_and_no_table(front: psycopg.Connection[Any]) -> None:
    """Base tables are not its business, least of all the octets."""
    for view in VIEWS:
        front.execute(f"TABLE {view}".encode()).fetchall()
    assert len(front.execute(QUERIES[0].encode()).fetchall()) == 1
    for table in ("message", "message_copy", "change", "raw_mail", "spool", "conversation_audience"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            front.execute(f"TABLE {table}".encode())
    front.execute("LISTEN bccd_change")


@pytest.mark.db
def test_the_role_gives_commands(front: psycopg.Connection[Any], postgresql: Stores) -> None:
    """It inserts them, reads their answers and clears them away; what they answer it cannot forge."""
    front.execute(
        "INSERT INTO command (company_id, idempotency_key, actor_id, kind, args, created_at)"
        " VALUES (1, 'k', %s, 'message.private', %s, now())",
        (ANNA, json.dumps({"message": 1001})),
    )
    Commands(postgresql, lambda: NOON, SIGNER).work_off()
    assert front.execute("SELECT state FROM command").fetchall() == [("done",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        front.execute("UPDATE command SET state = 'pending'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        front.execute("INSERT INTO command (state) VALUES ('done')")
    front.execute("DELETE FROM command WHERE company_id = 1 AND idempotency_key = 'k'")


def test_the_octets_of_a_file_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The page's program names each file of a raw mail, and how many octets it has."""
    raw = b"Content-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF-1.4"
    exec(OCTETS, {"raw": raw})  # noqa: S102  the page is ours
    assert capsys.readouterr().out.split()[-2:] == ["plan.pdf", "8"]
