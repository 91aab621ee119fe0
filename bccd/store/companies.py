"""Companies and their addresses, which are global: no two companies share one."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from bccd.model.errors import MistakeError
from bccd.model.events import EventKind
from bccd.model.policy import Policy
from bccd.store import tables as t
from bccd.store.rows import to_json
from bccd.store.uow import clock


def find_company(connection: Connection, slug: str, loaded: Sequence[str]) -> int:
    """Return the company meant: the one named, the one just loaded, or the only one; raises MistakeError."""
    wanted = slug or (loaded[0] if len(loaded) == 1 else "")
    query = select(t.company.c.id).limit(2)
    found = connection.execute(query.where(t.company.c.slug == wanted) if wanted else query).scalars().all()
    if len(found) == 1:
        return int(found[0])
    if wanted:
        raise MistakeError(f"there is no company {wanted}")
    raise MistakeError("there are several companies: say which" if found else "there is no company yet")


def lock_companies(connection: Connection) -> None:
    """Let nobody else make or change companies in this transaction's time; on SQLite nobody can."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE company IN SHARE ROW EXCLUSIVE MODE")


def put_company(
    connection: Connection, row: str, values: Mapping[str, Any], now: datetime, mistakes: list[str]
) -> bool:
    """Create a company or bring it to these values; tell whether anything was new or different."""
    lock_companies(connection)
    wanted = select(t.company).where(t.company.c.slug == values["slug"])
    standing = connection.execute(wanted).one_or_none()
    if standing is None:
        company_id = _create(connection, values, now)
        changed = True
    else:
        company_id = standing.id
        before = msgspec.json.decode(standing.settings, type=Policy)
        policy = _with(before, values)
        changed = (standing.name, before) != (values["name"], policy)
        if changed:
            company = update(t.company).where(t.company.c.id == company_id)
            connection.execute(company.values(name=values["name"], settings=to_json(policy)))
    changed |= _put_addresses(connection, row, company_id, set(values["addresses"]), mistakes)
    if changed:
        work = clock(connection, company_id)
        work.announce(EventKind.COMPANY_CHANGED, now, [company_id])
        work.directory_version += 1  # also where the load is about another company
        work.save()
    return changed


def _with(policy: Policy, values: Mapping[str, Any]) -> Policy:
    """Return the settings with those that are named; numbers may be given as text."""
    named = {field.name: values[field.name] for field in fields(Policy) if field.name in values}
    return msgspec.convert(msgspec.to_builtins(policy) | named, Policy, strict=False)


def _create(connection: Connection, values: Mapping[str, Any], now: datetime) -> int:
    highest = connection.execute(select(func.coalesce(func.max(t.company.c.id), 0))).scalar_one()
    company_id = int(highest) + 1
    company = {"id": company_id, "slug": values["slug"], "name": values["name"], "created_at": now}
    settings = {"settings": to_json(_with(Policy(), values))}
    connection.execute(insert(t.company), company | settings)
    start = {"company_id": company_id, "change_seq": 0, "next_id": 1, "directory_version": 0}
    connection.execute(insert(t.company_clock), start)
    return company_id


def _put_addresses(
    connection: Connection, row: str, company_id: int, wanted: set[str], mistakes: list[str]
) -> bool:
    """Bring a company's addresses to what is listed; what `bccd address rotate` did is left to it."""
    table = t.company_address
    rows = connection.execute(select(table)).all()
    owners = {row.address: row.company_id for row in rows}
    standing = {address for address, owner in owners.items() if owner == company_id}
    mine = [row for row in rows if row.company_id == company_id and row.replaced_by is not None]
    by_hand = {address for row in mine for address in (row.address, row.replaced_by)}
    taken = sorted(address for address in wanted - standing if address in owners)
    mistakes += [f"{row}: addresses: {address} belongs to another company already" for address in taken]
    gone, come = standing - wanted - by_hand, wanted - standing - set(taken)
    if gone:
        connection.execute(delete(table).where(table.c.address.in_(gone)))
    if come:
        connection.execute(insert(table), [{"address": a, "company_id": company_id} for a in sorted(come)])
    return bool(gone or come)
