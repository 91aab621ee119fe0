"""The directory as records, in the form in which it is loaded: what is listed can be loaded again."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, select

from bccd.model.errors import MistakeError
from bccd.model.policy import Policy
from bccd.store import tables as t
from bccd.store.engine import reading

Listed = list[dict[str, Any]]


def companies(engine: Engine) -> Listed:
    """Return all companies."""
    with reading(engine) as connection:
        addresses: defaultdict[int, list[str]] = defaultdict(list)
        for row in connection.execute(select(t.company_address).order_by(t.company_address.c.address)):
            addresses[row.company_id].append(row.address)
        return [
            {
                "slug": row.slug,
                "name": row.name,
                "addresses": addresses[row.id],
                **_settings(msgspec.json.decode(row.settings, type=Policy)),
            }
            for row in connection.execute(select(t.company).order_by(t.company.c.id))
        ]


def _settings(policy: Policy) -> dict[str, Any]:
    settings = msgspec.to_builtins(policy)
    return {
        field.name: sorted(value) if isinstance(value := settings[field.name], list) else value
        for field in fields(Policy)
    }


def records(engine: Engine, company_id: int, kind: str) -> Listed:
    """Return a company's records of one kind; raises MistakeError for a kind there is not."""
    if kind not in _LISTS:
        raise MistakeError(f"{kind}: no such kind, there are {', '.join(_LISTS)}")
    with reading(engine) as connection:
        return _LISTS[kind](connection, company_id)


def _users(connection: Connection, company_id: int) -> Listed:
    found = _children(connection, t.user_address, company_id, "user_id")

    def addresses(id_: int, kind: str, *, confirmed: bool) -> list[str]:
        return sorted(
            a.address for a in found[id_] if a.kind == kind and (a.confirmed_at is not None) is confirmed
        )

    return [
        {
            "external_id": row.external_id,
            "name": row.name,
            "login": "".join(addresses(row.id, "login", confirmed=False)),
            "alternatives": addresses(row.id, "alternative", confirmed=True),
            "unconfirmed": addresses(row.id, "alternative", confirmed=False),
            "default_sharing": row.default_sharing,
            "active": row.active,
            "language": row.language,
            "notices": row.notices,
        }
        for row in connection.execute(_all(t.app_user, company_id).where(~t.app_user.c.is_team))
    ]


def _teams(connection: Connection, company_id: int) -> Listed:
    addresses = _children(connection, t.user_address, company_id, "user_id")
    members = _children(connection, t.team_member, company_id, "team_id")
    users = _external_ids(connection, t.app_user, company_id)
    return [
        {
            "external_id": row.external_id,
            "name": row.name,
            "addresses": [
                a.address for a in sorted(addresses[row.id], key=lambda a: (a.kind != "login", a.address))
            ],
            "members": sorted(users[m.user_id] for m in members[row.id]),
            "default_sharing": row.default_sharing,
            "active": row.active,
        }
        for row in connection.execute(_all(t.app_user, company_id).where(t.app_user.c.is_team))
    ]


def _organisations(connection: Connection, company_id: int) -> Listed:
    found = _children(connection, t.organisation_domain, company_id, "organisation_id")
    return [
        {
            "external_id": row.external_id,
            "name": row.name,
            "domains": sorted(d.domain for d in found[row.id]),
        }
        for row in connection.execute(_all(t.organisation, company_id))
    ]


def _contacts(connection: Connection, company_id: int) -> Listed:
    found = _children(connection, t.contact_address, company_id, "contact_id")
    owners = _external_ids(connection, t.app_user, company_id)
    organisations = _external_ids(connection, t.organisation, company_id)
    return [
        {
            "external_id": row.external_id,  # None while the CRM does not know it
            "name": row.name,
            "addresses": [
                a.address for a in sorted(found[row.id], key=lambda a: (not a.is_primary, a.address))
            ],
            "organisation": organisations.get(row.organisation_id, ""),
            "owner": owners.get(row.owner_id, ""),
            "active": not row.archived,
        }
        for row in connection.execute(_all(t.contact, company_id))
    ]


def _deals(connection: Connection, company_id: int) -> Listed:
    found = _children(connection, t.deal_contact, company_id, "deal_id")
    owners = _external_ids(connection, t.app_user, company_id)
    organisations = _external_ids(connection, t.organisation, company_id)
    contacts = _external_ids(connection, t.contact, company_id)
    return [
        {
            "external_id": row.external_id,
            "title": row.title,
            "status": row.status,
            "contacts": sorted(contacts[c.contact_id] for c in found[row.id] if contacts[c.contact_id]),
            "organisation": organisations.get(row.organisation_id, ""),
            "owner": owners.get(row.owner_id, ""),
        }
        for row in connection.execute(_all(t.deal, company_id))
    ]


def _never_log(connection: Connection, company_id: int) -> Listed:
    users = _external_ids(connection, t.app_user, company_id)
    table = t.never_log
    wanted = select(table).where(table.c.company_id == company_id).order_by(table.c.entry, table.c.user_id)
    return [{"entry": row.entry, "user": users.get(row.user_id, "")} for row in connection.execute(wanted)]


_LISTS: dict[str, Callable[[Connection, int], Listed]] = {
    "user": _users,
    "team": _teams,
    "organisation": _organisations,
    "contact": _contacts,
    "deal": _deals,
    "never_log": _never_log,
}


def _all(table: Any, company_id: int) -> Select[Any]:
    return select(table).where(table.c.company_id == company_id).order_by(table.c.id)


def _children(
    connection: Connection, table: Any, company_id: int, parent: str
) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(select(table).where(table.c.company_id == company_id)):
        found[getattr(row, parent)].append(row)
    return found


def _external_ids(connection: Connection, table: Any, company_id: int) -> dict[Any, str]:
    wanted = select(table.c.id, table.c.external_id).where(table.c.company_id == company_id)
    return {id_: external_id for id_, external_id in connection.execute(wanted)}  # noqa: C416  (rows, not pairs)
