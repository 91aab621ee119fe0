"""Whether what stands beside the messages is what follows from them, conversation by conversation."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from random import Random
from typing import Any

from sqlalchemy import Connection, Select, select

from bccd.store import tables as t
from bccd.store.plain import key_of
from bccd.testing.tables import Key, Row, Tables, work_out_audiences

_COUNTERPARTIES = ("contact", "unknown")
_OF_CONVERSATION = (t.message, t.link, t.conversation_audience, t.conversation_deal)
_OF_MESSAGE = (t.message_copy, t.participant)


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
        found += _wrong_deals(tables)
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


def _wrong_deals(tables: Tables) -> list[str]:
    """Each counterparty of a message hands its active deals on to those who may see that message."""
    viewers: defaultdict[int, set[int]] = defaultdict(set)
    for row in tables["message_copy"].values():
        viewers[row["message_id"]].add(row["owner_id"])
    for row in tables["message"].values():
        if row["shared"] and row["linked"]:
            viewers[row["id"]].add(0)
    addresses: defaultdict[int, set[str]] = defaultdict(set)
    for row in tables["participant"].values():
        if row["copy_id"] == 0 and row["verdict"] in _COUNTERPARTIES:
            addresses[row["message_id"]].add(row["address"])
    right = {
        (link["company_id"], link["conversation_id"], link["deal_id"], viewer, address): {
            "company_id": link["company_id"],
            "conversation_id": link["conversation_id"],
            "deal_id": link["deal_id"],
            "viewer_id": viewer,
            "address": address,
        }
        for link in tables["link"].values()
        if link["deal_id"] is not None and link["state"] == "active" and link["scope"] == "conversation"
        for viewer in viewers[link["message_id"]]
        for address in addresses[link["message_id"]]
    }
    return _compared("conversation_deal", tables["conversation_deal"], right)


def _compared(name: str, stored: dict[Key, Row], right: dict[Key, Row]) -> list[str]:
    return [
        f"{name} {key}: {stored.get(key)}, but should be {right.get(key)}"
        for key in sorted(stored.keys() | right.keys())
        if stored.get(key) != right.get(key)
    ]
