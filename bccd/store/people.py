"""Whose an address is: a user's, a team's or a contact's, and never two of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table, or_, select

from bccd.store import tables as t
from bccd.store.uow import Clocked


class Listed(Protocol):
    """A record of a user, a team or a contact."""

    @property
    def kind(self) -> str: ...

    @property
    def row(self) -> str: ...

    @property
    def values(self) -> Mapping[str, Any]: ...


def own_addresses(record: Listed) -> tuple[str, ...]:
    """Return all addresses of a user or a team."""
    values = record.values
    if record.kind == "team":
        return tuple(values["addresses"])
    return (values["login"], *values["alternatives"], *values["unconfirmed"])


def both_user_and_contact(work: Clocked, users: Sequence[Listed], contacts: Sequence[Listed]) -> list[str]:
    """Find addresses of a loaded user that a contact of the CRM has, or the reverse.

    A contact made from mail is not meant: so a colleague looks before he is loaded.
    """
    mine: dict[str, str] = {}
    for record in users:
        mine |= dict.fromkeys(own_addresses(record), record.row)
    found = [
        f"{record.row}: addresses: {address} is a user's address ({mine[address]})"
        for record in contacts
        for address in record.values["addresses"]
        if address in mine
    ]
    loaded = {record.values["external_id"] for record in contacts}
    counts = or_(
        t.user_address.c.origin == "directory",
        t.user_address.c.kind == "login",
        t.user_address.c.confirmed_at.is_not(None),
    )
    of_users, of_contacts = (
        _whose(work, t.user_address, t.app_user, "user_id", counts),
        _whose(work, t.contact_address, t.contact, "contact_id"),
    )
    found += [
        f"{row}: {address} is an address of contact {of_contacts[address]}"
        for address, row in mine.items()
        if of_contacts.get(address, "") not in {"", *loaded}
    ]
    found += [
        f"{record.row}: addresses: {address} is an address of user {of_users[address]}"
        for record in contacts
        for address in record.values["addresses"]
        if address in of_users and address not in mine
    ]
    return found


def _whose(
    work: Clocked, addresses: Table, people: Table, person: str, *conditions: ColumnElement[bool]
) -> dict[str, str]:
    """Return what stands: each address with the external id of whose it is, empty where it has none."""
    there = select(addresses.c.address, people.c.external_id).where(
        addresses.c.company_id == work.company_id,
        people.c.company_id == addresses.c.company_id,
        people.c.id == addresses.c[person],
        *conditions,
    )
    return {address: external_id or "" for address, external_id in work.connection.execute(there)}
