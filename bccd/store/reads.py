"""Who and what a company is, as the listener and the command line read it: snapshots, never a lock."""

from collections import defaultdict

import msgspec
from sqlalchemy import Connection, Engine, and_, func, select

from bccd.model.crm import DealStatus
from bccd.model.directory import (
    Company,
    Directory,
    Notices,
    SecretAddress,
    SecretKind,
    Sharing,
    TrustedSender,
    User,
    UserAddress,
)
from bccd.model.policy import Policy
from bccd.store import tables as t
from bccd.store.engine import reading

_MEMBERS = (
    select(t.team_member.c.company_id, t.team_member.c.team_id, t.team_member.c.user_id)
    .join_from(
        t.team_member,
        t.app_user,
        and_(
            t.app_user.c.company_id == t.team_member.c.company_id,
            t.app_user.c.id == t.team_member.c.user_id,
        ),
    )
    .where(t.app_user.c.active)
    .order_by(t.team_member.c.user_id)
)


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
        members: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for company, team, user in connection.execute(_MEMBERS):
            members[company, team].append(user)
        users = {
            key: User(
                row.id,
                row.name,
                Sharing(row.default_sharing),
                row.active,
                row.is_team,
                tuple(members[key]),
                row.language,
                Notices(row.notices),
            )
            for row in connection.execute(select(t.app_user))
            for key in [(row.company_id, row.id)]
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
        drops = connection.execute(select(t.company_address)).all()
        secrets = {
            (row.company_id, row.token): SecretAddress(row.user_id, SecretKind(row.kind), row.retires_at)
            for row in connection.execute(select(t.secret_address))
        }
        return Directory(
            _version(connection),
            companies,
            {row.address: row.company_id for row in drops},
            addresses,
            secrets,
            {row.address: row.retires_at for row in drops if row.retires_at is not None},
            _trusted(connection),
        )


def _trusted(connection: Connection) -> dict[tuple[int, str], tuple[TrustedSender, ...]]:
    """Return what users have let in for good, by company and address."""
    found: defaultdict[tuple[int, str], set[TrustedSender]] = defaultdict(set)
    for row in connection.execute(select(t.trusted_sender)):
        found[row.company_id, row.address].add(TrustedSender(row.evidence, row.user_id))
    return {key: tuple(sorted(rows)) for key, rows in found.items()}


def deal_exists(engine: Engine, company_id: int, external_id: str) -> bool:
    """Tell whether the company has that deal, in whatever state but deleted; an address has no case."""
    wanted = select(t.deal.c.id).where(
        t.deal.c.company_id == company_id,
        func.lower(t.deal.c.external_id) == external_id.lower(),  # index ix_deal_tag
        t.deal.c.status != DealStatus.DELETED.value,
    )
    with reading(engine) as connection:
        return connection.execute(wanted).first() is not None


def deal_numbered(engine: Engine, company_id: int, number: int) -> str | None:
    """Return the external id of the deal with this number in lower case, unless it is deleted."""
    wanted = select(func.lower(t.deal.c.external_id)).where(
        t.deal.c.company_id == company_id,
        t.deal.c.id == number,
        t.deal.c.status != DealStatus.DELETED.value,
    )
    with reading(engine) as connection:
        return connection.execute(wanted).scalar_one_or_none()


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
    """Return the user behind a login or confirmed alternative address; a team is nobody who looks at mail."""
    its_user = and_(
        t.app_user.c.company_id == t.user_address.c.company_id, t.app_user.c.id == t.user_address.c.user_id
    )
    wanted = (
        select(t.user_address.c.user_id)
        .join_from(t.user_address, t.app_user, its_user)
        .where(
            t.user_address.c.company_id == company,
            ~t.app_user.c.is_team,
            t.user_address.c.address == address,
            (t.user_address.c.kind == "login") | t.user_address.c.confirmed_at.is_not(None),
        )
    )
    with reading(engine) as connection:
        return connection.execute(wanted).scalar_one_or_none()
