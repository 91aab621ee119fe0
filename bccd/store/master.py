"""What the directory says of a company and its people: read anew only when its version has changed."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, bindparam, select

from bccd.model.directory import Company, Notices, Retiring, Sharing, TrustedSender, User, UserAddress
from bccd.model.policy import Policy
from bccd.store import tables as t

_company: Any = bindparam("company")


def _of_company(table: Any, *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).where(table.c.company_id == _company)


_ADDRESSES = _of_company(t.company_address, "address", "retires_at", "replaced_by")
_USERS = _of_company(t.app_user, "id", "name", "default_sharing", "active", "is_team", "language", "notices")
_USER_ADDRESSES = _of_company(t.user_address, "address", "user_id", "kind", "confirmed_at")
_MEMBERS = (
    _of_company(t.team_member, "team_id", "user_id")
    .join(
        t.app_user,
        and_(
            t.app_user.c.company_id == t.team_member.c.company_id, t.app_user.c.id == t.team_member.c.user_id
        ),
    )
    .where(t.app_user.c.active)
)
_TRUSTED = _of_company(t.trusted_sender, "address", "evidence", "user_id")
_NEVER_LOG = _of_company(t.never_log, "entry", "user_id")


@dataclass(frozen=True, slots=True)
class Master:
    """A company as of one version of its directory."""

    version: int
    company: Company
    service_addresses: frozenset[str]
    users: dict[int, User]
    addresses: dict[str, UserAddress]
    trusted: dict[str, tuple[TrustedSender, ...]]
    never_log: dict[int, frozenset[str]]  # entries by whose list they are on, 0: the company's


def load_master(connection: Connection, company_id: int, version: int) -> Master:
    """Read a company as it stands now; its version is the one that its clock shows."""

    def rows(statement: Select[Any]) -> list[Any]:
        return list(connection.execute(statement, {"company": company_id}))

    own = connection.execute(
        select(t.company.c.slug, t.company.c.name, t.company.c.settings).where(t.company.c.id == company_id)
    ).one()
    given_out = rows(_ADDRESSES)
    ending = {row.address: Retiring(row.retires_at, row.replaced_by) for row in given_out if row.retires_at}
    members: defaultdict[int, list[int]] = defaultdict(list)
    for team_id, user_id in rows(_MEMBERS):
        members[team_id].append(user_id)
    users = {
        id_: User(
            id_, name, Sharing(sharing), active, is_team, tuple(sorted(members[id_])) if is_team else (),
            language=language, notices=Notices(notices),
        )
        for id_, name, sharing, active, is_team, language, notices in rows(_USERS)
    }  # fmt: skip
    trusted: defaultdict[str, set[TrustedSender]] = defaultdict(set)
    for address, evidence, user_id in rows(_TRUSTED):
        trusted[address].add(TrustedSender(evidence, user_id))
    never_log: defaultdict[int, set[str]] = defaultdict(set)
    for entry, user_id in rows(_NEVER_LOG):
        never_log[user_id].add(entry)
    return Master(
        version,
        Company(company_id, own.slug, own.name, msgspec.json.decode(own.settings, type=Policy), ending),
        frozenset(row.address for row in given_out),
        users,
        {
            address: UserAddress(address, users[user_id], kind, kind == "login" or confirmed_at is not None)
            for address, user_id, kind, confirmed_at in rows(_USER_ADDRESSES)
        },
        {address: tuple(sorted(found)) for address, found in trusted.items()},
        {user_id: frozenset(entries) for user_id, entries in never_log.items()},
    )
