"""Who and what a company is, as the listener and the command line read it: snapshots, never a lock."""

import msgspec
from sqlalchemy import Connection, Engine, func, select

from bccd.model.crm import DealStatus
from bccd.model.directory import Company, Directory, Sharing, User, UserAddress
from bccd.model.policy import Policy
from bccd.store import tables as t
from bccd.store.engine import reading


def directory_version(engine: Engine) -> int:
    """Return a number that grows with every change of any company's directory."""
    with reading(engine) as connection:
        return _version(connection)


def directory_snapshot(engine: Engine) -> Directory:
    """Return companies, their addresses and their users' addresses, all as of one moment."""
    with reading(engine) as connection:
        companies = {
            row.id: Company(row.id, row.slug, row.name, msgspec.json.decode(row.settings, type=Policy))
            for row in connection.execute(select(t.company))
        }
        users = {
            (row.company_id, row.id): User(row.id, row.name, Sharing(row.default_sharing), row.active)
            for row in connection.execute(select(t.app_user))
        }
        addresses = {
            (row.company_id, row.address): UserAddress(
                row.address,
                users[row.company_id, row.user_id],
                row.kind,
                row.kind == "login" or row.confirmed_at is not None,
            )
            for row in connection.execute(select(t.user_address))
        }
        drops = connection.execute(select(t.company_address.c.address, t.company_address.c.company_id))
        return Directory(_version(connection), companies, dict(drops.all()), addresses)


def deal_exists(engine: Engine, company_id: int, external_id: str) -> bool:
    """Tell whether the company has that deal, in whatever state but deleted; an address has no case."""
    wanted = select(t.deal.c.id).where(
        t.deal.c.company_id == company_id,
        func.lower(t.deal.c.external_id) == external_id.lower(),  # index ix_deal_tag
        t.deal.c.status != DealStatus.DELETED.value,
    )
    with reading(engine) as connection:
        return connection.execute(wanted).first() is not None


def _version(connection: Connection) -> int:
    total = select(func.coalesce(func.sum(t.company_clock.c.directory_version), 0))
    return int(connection.execute(total).scalar_one())


def company_id(engine: Engine, slug: str = "") -> int | None:
    """Return the company of that short name, or the only one there is; None where that is nobody."""
    wanted = select(t.company.c.id).limit(2)
    with reading(engine) as connection:
        found = connection.execute(wanted.where(t.company.c.slug == slug) if slug else wanted).scalars().all()
    return found[0] if len(found) == 1 else None


def user_id(engine: Engine, company: int, address: str) -> int | None:
    """Return the user behind a login or confirmed alternative address."""
    wanted = select(t.user_address.c.user_id).where(
        t.user_address.c.company_id == company,
        t.user_address.c.address == address,
        (t.user_address.c.kind == "login") | t.user_address.c.confirmed_at.is_not(None),
    )
    with reading(engine) as connection:
        return connection.execute(wanted).scalar_one_or_none()
