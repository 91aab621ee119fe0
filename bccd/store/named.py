"""Links with the names of what they point at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from bccd.store import tables as t

_KINDS = {
    "contact": (t.contact, t.contact.c.name),
    "organisation": (t.organisation, t.organisation.c.name),
    "deal": (t.deal, t.deal.c.title),
}


@dataclass(frozen=True, slots=True)
class SeenLink:
    """A link of a message with its target's name and, where it has one, the CRM's id."""

    kind: str  # "contact", "organisation", "deal"
    id: int
    external_id: str | None
    name: str
    state: str
    origin: str
    rule: str
    score: float | None


def name_links(connection: Connection, company: int, rows: Iterable[Any]) -> Mapping[int, list[SeenLink]]:
    """Return links by message, from rows of table `link` or of its view."""
    listed = list(rows)
    named: defaultdict[int, list[SeenLink]] = defaultdict(list)
    targets = {kind: _targets(connection, company, kind, listed) for kind in _KINDS}
    for row in listed:
        kind = next(kind for kind in _KINDS if getattr(row, f"{kind}_id") is not None)
        id_ = getattr(row, f"{kind}_id")
        external_id, name = targets[kind][id_]
        named[row.message_id].append(
            SeenLink(kind, id_, external_id, name, row.state, row.origin, row.rule, row.score)
        )
    return named


def _targets(
    connection: Connection, company: int, kind: str, rows: list[Any]
) -> dict[int, tuple[str | None, str]]:
    ids = {id_ for row in rows if (id_ := getattr(row, f"{kind}_id")) is not None}
    if not ids:
        return {}
    table, name = _KINDS[kind]
    wanted = select(table.c.id, table.c.external_id, name).where(
        table.c.company_id == company, table.c.id.in_(ids)
    )
    return {id_: (external_id, said) for id_, external_id, said in connection.execute(wanted)}
