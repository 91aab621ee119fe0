"""Addresses that users have added themselves, beside those that the directory's records list."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from bccd.store import tables as t
from bccd.store.people import Listed, own_addresses
from bccd.store.uow import Clocked

Child = tuple[Any, ...]  # address, kind, when it was confirmed


class Claims:
    """What a load leaves alone: it takes no address from a user who has proven that it is his."""

    def __init__(self, work: Clocked) -> None:
        self._work = work
        a = t.user_address.c
        wanted = select(a.address, a.user_id).where(a.company_id == work.company_id, a.origin == "user")
        self._added = {address: user_id for address, user_id in work.connection.execute(wanted)}  # noqa: C416

    def kept(self, standing: Iterable[Child], listed: Collection[str], now: datetime) -> set[Child]:
        """Return the addresses that a user keeps though his record does not list them.

        One that had become his login is an alternative again where the record names another login.
        """
        return {
            (address, "alternative", at or (now if kind == "login" else None))
            for address, kind, at in standing
            if address in self._added and address not in listed
        }

    def give_way(
        self, records: Sequence[Listed], rows: Mapping[int, Any], children: MutableMapping[int, set[Child]]
    ) -> None:
        """Drop what users have asked for and not confirmed, where a record says whose it is."""
        ids = {row["external_id"]: id_ for id_, row in rows.items()}
        for record in records:
            for address in own_addresses(record):
                owner = self._added.get(address)
                if owner is None or owner == ids.get(str(record.values["external_id"])):
                    continue
                pending = {child for child in children[owner] if child == (address, "alternative", None)}
                if pending:
                    children[owner] -= pending
                    self._drop(address, owner)

    def _drop(self, address: str, user_id: int) -> None:
        c = t.user_address.c
        of = (c.company_id == self._work.company_id, c.address == address, c.user_id == user_id)
        self._work.connection.execute(delete(t.user_address).where(*of))
        del self._added[address]
