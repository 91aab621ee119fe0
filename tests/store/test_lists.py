"""Any number of values as one parameter, on every database."""

from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select

from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.engine import Stores, reading
from bccd.store.lists import any_of
from bccd.store.uow import transaction
from bccd.testing import Seed, fill
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database

pytestmark = on_every_database

NAMES = ("plain", 'quo"te', "back\\slash", "com,ma", "{brace}", "null", "NULL", "Zażółć 漢字", " ", "")
KEYS = tuple(bytes([n]) * 15 + b"\0" for n in range(4))


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Return stores with a contact of each name and a token of each key."""
    fill(stores, Seed().company(1, "crm@drop.example"))
    same = {"company_id": 1, "archived": False, "origin": "crm", "to_check": False, "created_at": NOON}
    with transaction(stores.database) as connection:
        connection.execute(
            insert(t.contact), [same | {"id": 10 + n, "name": name} for n, name in enumerate(NAMES)]
        )
        connection.execute(insert(t.conversation), {"company_id": 1, "id": 1, "created_at": NOON})
        tokens = [{"company_id": 1, "token": k, "scope": b"", "conversation_id": 1} for k in KEYS]
        connection.execute(insert(t.conversation_token), tokens)
    return stores


def found(stores: Stores, column: Any, values: Any) -> set[Any]:
    """Return which of the values the column holds."""
    of = column.table.c.company_id == bindparam("company")
    statement = Statement(select(column).where(of, any_of(column, "values")))
    with reading(stores.database) as connection:
        return {value for (value,) in statement.rows(connection, {"company": 1, "values": values})}


def test_texts_numbers_and_keys_are_found_as_they_are(filled: Stores) -> None:
    """Whatever a text holds, it finds itself and nothing else; an empty list finds nothing."""
    for name in NAMES:
        assert found(filled, t.contact.c.name, [name]) == {name}
    assert found(filled, t.contact.c.name, {*NAMES, "nobody"}) == set(NAMES)
    assert found(filled, t.contact.c.id, frozenset({11, 12, 99, 2**40})) == {11, 12}
    assert found(filled, t.conversation_token.c.token, {KEYS[1], KEYS[3], b"x" * 16}) == {KEYS[1], KEYS[3]}
    for column in (t.contact.c.name, t.contact.c.id, t.conversation_token.c.token):
        assert found(filled, column, ()) == set()


def test_a_moment_and_a_truth_are_read_as_such(filled: Stores) -> None:
    """What the driver returns is turned into what the column holds, as SQLAlchemy does it."""
    c = t.contact.c
    statement = Statement(select(c.created_at, c.archived, c.last_activity_at).where(any_of(c.id, "ids")))
    with reading(filled.database) as connection:
        assert statement.rows(connection, {"ids": [10]}) == [(NOON, False, None)]


def test_nothing_behind_a_null_character_is_left_out(filled: Stores) -> None:
    """SQLite reads JSON text up to such a character; a text with one is nobody's name."""
    if filled.database.dialect.name == "sqlite":
        assert found(filled, t.contact.c.name, ["plain\0 and more"]) == set()
        assert found(filled, t.contact.c.name, ["x\0", "plain"]) == {"plain"}
