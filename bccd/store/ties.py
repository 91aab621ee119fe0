"""What ties stored messages to others, read for whole conversations that are to be put together anew."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from bccd.model.policy import Policy
from bccd.model.strand import Override, Strand
from bccd.rules.thread import names
from bccd.store import mailqueries
from bccd.store import tables as t
from bccd.store.standing import read_strands


def with_kin(connection: Connection, company_id: int, conversations: Collection[int]) -> set[int]:
    """Add the conversations that share an id with these, whatever else keeps them apart, and so on.

    What is found hangs together with nothing else, however a user split it.
    """
    found, fresh = set(conversations), set(conversations)
    while fresh:
        strands, _ = strands_of(connection, company_id, fresh)
        named = {name for strand in strands for name in names(strand)}
        fresh = set(token_homes(connection, company_id, named).values()) - found
        found |= fresh
    return found


def token_homes(connection: Connection, company_id: int, wanted: Collection[bytes]) -> dict[Any, int]:
    """Return all tokens of these names with the living conversations to which they lead."""
    rows = mailqueries.TOKENS.rows(connection, {"company": company_id, "tokens": set(wanted)})
    return {(name, scope): home for name, scope, home, _ in rows}


def strands_of(
    connection: Connection, company_id: int, conversations: Collection[int]
) -> tuple[list[Strand], list[Override]]:
    """Return what ties the messages of these conversations, and what users said about them."""
    given = {"company": company_id, "conversations": conversations}
    by_home, overrides = read_strands(mailqueries.STRANDS.rows(connection, given))
    return [strand for mine in by_home.values() for strand in mine], list(overrides)


def marks_of(connection: Connection, company_id: int, strands: Collection[Strand]) -> set[bytes]:
    """Return the names in these strands that are mails which went to many."""
    named = {name for strand in strands for name in names(strand)}
    return {name for (name,) in mailqueries.MARKS.rows(connection, {"company": company_id, "names": named})}


def splits_on_subject(connection: Connection, company_id: int) -> bool:
    """Return the company's setting as it stands now."""
    wanted = select(t.company.c.settings).where(t.company.c.id == company_id)
    settings = connection.execute(wanted).scalar_one()
    return msgspec.json.decode(settings, type=Policy).split_on_subject
