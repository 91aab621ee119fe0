"""Whether what stands beside the messages is what follows from them, conversation by conversation."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from random import Random
from typing import Any

from sqlalchemy import Connection, Select, select

from bccd.store import tables as t
from bccd.store.plain import key_of
from bccd.testing.tables import Key, Row, Tables, hand_on, work_out_audiences

_OF_CONVERSATION = (t.message, t.link, t.conversation_audience, t.conversation_deal)
_OF_MESSAGE = (t.message_copy, t.participant, t.message_user_state)


def differences(connection: Connection, sample: int, seed: int = 1) -> list[str]:
    """Return a line for each thing that is wrong with some conversations of each company, taken by chance."""
    found: list[str] = []
    for company_id in connection.execute(select(t.company.c.id)).scalars().all():
        living = select(t.conversation.c.id).where(
            t.conversation.c.company_id == company_id, t.conversation.c.merged_into.is_(None)
        )
        ids = connection.execute(living.order_by(t.conversation.c.id)).scalars().all()
        chosen = Random(seed).sample(ids, min(sample, len(ids)))
        tables = _read(connection, company_id, chosen)
        found += _wrong_flags(tables)
        found += _wrong_audiences(tables, company_id, chosen)
        found += _wrong_deals(tables, company_id, chosen)
    return found


def _read(connection: Connection, company_id: int, conversations: Collection[int]) -> Tables:
    """Read all rows that concern these conversations."""
    tables: Tables = defaultdict(dict)

    def keep(table: Any, column: str, ids: Collection[int]) -> None:
        wanted: Select[Any] = select(table).where(table.c.company_id == company_id, table.c[column].in_(ids))
        for row in connection.execute(wanted).mappings():
            tables[table.name][tuple(row[name] for name in key_of(table))] = dict(row)

    keep(t.conversation, "id", conversations)
    for table in _OF_CONVERSATION:
        keep(table, "conversation_id", conversations)
    messages = [row["id"] for row in tables["message"].values()]
    for table in _OF_MESSAGE:
        keep(table, "message_id", messages)
    deals = {row["deal_id"] for row in tables["link"].values() if row["deal_id"] is not None}
    keep(t.deal, "id", deals)
    keep(t.deal_contact, "deal_id", deals)
    keep(t.contact_address, "contact_id", {row["contact_id"] for row in tables["deal_contact"].values()})
    return tables


def _wrong_flags(tables: Tables) -> Iterator[str]:
    """A message is shared if some copy is, and linked by an active link to a contact or deal."""
    shared = {row["message_id"] for row in tables["message_copy"].values() if row["sharing"] == "shared"}
    linked = {
        row["message_id"]
        for row in tables["link"].values()
        if row["state"] == "active" and row["organisation_id"] is None
    }
    for key, row in tables["message"].items():
        said, true = (row["shared"], row["linked"]), (row["id"] in shared, row["id"] in linked)
        if said != true:
            yield f"message {key}: shared and linked are {said}, but should be {true}"


def _wrong_audiences(tables: Tables, company_id: int, conversations: Collection[int]) -> list[str]:
    stored = dict(tables["conversation_audience"])
    work_out_audiences(tables, company_id, conversations, ())
    return _compared("conversation_audience", stored, tables["conversation_audience"])


def _wrong_deals(tables: Tables, company_id: int, conversations: Collection[int]) -> list[str]:
    stored = dict(tables["conversation_deal"])
    hand_on(tables, company_id, conversations, ())
    return _compared("conversation_deal", stored, tables["conversation_deal"])


def _compared(name: str, stored: dict[Key, Row], right: dict[Key, Row]) -> list[str]:
    return [
        f"{name} {key}: {stored.get(key)}, but should be {right.get(key)}"
        for key in sorted(stored.keys() | right.keys())
        if stored.get(key) != right.get(key)
    ]
