"""Mail for a full database: from its users, to its contacts, in answer to what stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from bccd.store.engine import Stores, reading
from benchmarks.company import Company, Person, make_strangers
from benchmarks.corpus import Sample, Writer, kinds
from benchmarks.render import Draft, as_html
from benchmarks.words import ENGLISH

_CONTACTS, _STRANGERS, _ANSWERS = 1_000, 200, 450
_TARGET = text("SELECT max(address) FROM company_address WHERE company_id = 1")
_USERS = text(
    "SELECT u.id, u.name, a.address FROM app_user u JOIN user_address a ON a.company_id = u.company_id"
    " AND a.user_id = u.id AND a.kind = 'login' WHERE u.company_id = 1 AND u.active ORDER BY u.id"
)
_PEOPLE = text(
    "SELECT c.id, c.name, a.address FROM contact c JOIN contact_address a ON a.company_id = c.company_id"
    " AND a.contact_id = c.id AND a.is_primary WHERE c.company_id = 1 AND c.id % :step = 0"
    " ORDER BY c.id LIMIT :count"
)
_STORED = text(
    "SELECT m.id, m.msgid, m.refs, m.subject, m.parties, u.id AS user_id, u.name, a.address"
    " FROM message m"
    " JOIN message_copy c ON c.company_id = m.company_id AND c.message_id = m.id"
    " JOIN app_user u ON u.company_id = c.company_id AND u.id = c.owner_id"
    " JOIN user_address a ON a.company_id = u.company_id AND a.user_id = u.id AND a.kind = 'login'"
    " WHERE m.company_id = 1 AND m.id % :step = 0 ORDER BY m.identity_key LIMIT :count"
)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The people of company 1, some of its messages, and where its users send their mail."""

    target: str
    company: Company
    stored: tuple[Any, ...]  # rows of messages, spread over the whole table

    def mails(self, count: int, seed: int) -> list[Sample]:
        """Write mails in the shares of the corpus; most of the replies answer what is stored."""
        chance = Random(seed)
        alive = [_draft(chance, row) for row in self.stored]
        writer = Writer(chance, self.company, self.target, alive, datetime.now(UTC))
        return [writer.write(kind) for kind in kinds(chance, count)]


def neighbourhood(stores: Stores) -> Neighbourhood:
    """Read who there is."""
    with reading(stores.database) as connection:
        users = tuple(Person(f"u{row.id}", row.name, (row.address,)) for row in connection.execute(_USERS))
        contacts = tuple(
            Person(f"c{row.id}", row.name, (row.address,))
            for row in _spread(connection, _PEOPLE, "contact", _CONTACTS)
        )
        stored = tuple(_spread(connection, _STORED, "message", _ANSWERS))
        target = connection.execute(_TARGET).scalar_one()
    outside = make_strangers(Random(1), _STRANGERS)
    return Neighbourhood(target, Company(users, contacts, outside, (), ()), stored)


def _spread(connection: Connection, rows: Any, table: str, count: int) -> Sequence[Any]:
    """Take rows from all over a table."""
    held = connection.execute(text(f"SELECT count(*) FROM {table} WHERE company_id = 1")).scalar_one()  # noqa: S608
    return connection.execute(rows, {"step": max(1, held // count // 4), "count": count}).all()


def _draft(chance: Random, row: Any) -> Draft:
    """Return a stored message as its author's client has it, so that it can be answered."""
    lines = [" ".join(chance.choices(ENGLISH.words, k=12)) for _ in range(4)]
    refs = tuple(f"<{ref}>" for ref in reversed(row.refs.split("\n"))) if row.refs else ()
    customer = Person("", row.parties.partition("\n")[0] or "Somebody", (row.parties.partition("\n")[0],))
    return Draft(
        client="gmail",
        tongue=ENGLISH,
        sender=Person(f"u{row.user_id}", row.name, (row.address,)),
        to=(customer,),
        cc=(),
        subject=row.subject,
        date=datetime.now(UTC),
        message_id=f"<{row.msgid}>",
        in_reply_to="",
        references=refs,
        thread=chance.randbytes(16),
        text="\n\n".join(lines) + "\n",
        html=as_html("gmail", lines, ENGLISH),
    )
