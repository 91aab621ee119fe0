"""The addresses that a company gives out: its own, replaced with a time of grace, and its users' secrets."""

import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from bccd.mail.addresses import normalise
from bccd.model.directory import SecretKind
from bccd.model.errors import MistakeError
from bccd.model.events import EventKind
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.uow import Clocked, clocked

_TOKEN = 16  # octets: 128 bits
_SUFFIX = 8  # octets: 64 bits, behind a company's name
LONGEST_GRACE = 366  # days
TAGS: Mapping[SecretKind, str] = {SecretKind.USER: "u", SecretKind.FORWARD: "fw"}


@dataclass(frozen=True, slots=True)
class CompanyAddress:
    """One address of a company, and until when it works if it was replaced."""

    address: str
    retires_at: datetime | None = None
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret address of a user, spelt out."""

    user_id: int
    kind: SecretKind
    address: str
    created_at: datetime
    retires_at: datetime | None = None


def token() -> str:
    """Draw what nobody can guess: 26 letters and digits."""
    return b32encode(secrets.token_bytes(_TOKEN)).decode("ascii").rstrip("=").lower()


def tagged(address: str, tag: str) -> str:
    """Write a company's address with something behind its plus sign."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}"


# ---- the company's own -------------------------------------------------------------------------------------


def company_addresses(engine: Engine, company_id: int) -> list[CompanyAddress]:
    """Return a company's addresses, those first that are given out now."""
    with reading(engine) as connection:
        return _addresses(connection, company_id)


def _addresses(connection: Connection, company_id: int) -> list[CompanyAddress]:
    table = t.company_address.c
    wanted = select(table.address, table.retires_at, table.replaced_by).where(table.company_id == company_id)
    found = [CompanyAddress(*row) for row in connection.execute(wanted.order_by(table.address))]
    return sorted(found, key=lambda one: one.retires_at is not None)


def given_out(standing: Sequence[CompanyAddress], address: str = "") -> str:
    """Return the address that is meant: the one named, or the first that was not replaced.

    Raises MistakeError where there is none.
    """
    current = [one.address for one in standing if one.retires_at is None]
    if address and normalise(address) not in current:
        raise MistakeError(f"{address}: no address of this company, or it was replaced already")
    if not current:
        raise MistakeError("this company has no address")
    return normalise(address) if address else current[0]


@dataclass(frozen=True, slots=True)
class Rotation:
    """How an address is to be replaced."""

    address: str = ""  # which one; empty: the first that is given out
    new: str = ""  # what stands for it, at the same domain unless it says another; empty: nobody can guess it
    days: int = 30  # how long the old one works


def rotate(engine: Engine, company_id: int, wish: Rotation, now: datetime) -> CompanyAddress:
    """Replace an address of a company; returns the old one. Raises MistakeError.

    While it still works, whoever uses it is told of the new one.
    """
    _check_grace(wish.days)
    with clocked(engine, company_id) as work:
        old = given_out(_addresses(work.connection, company_id), wish.address)
        made = _new_address(work.connection, old, wish.new)
        table = t.company_address
        work.connection.execute(insert(table), {"address": made, "company_id": company_id})
        ended = CompanyAddress(old, now + timedelta(days=wish.days), made)
        values = {"retires_at": ended.retires_at, "replaced_by": made}
        work.connection.execute(update(table).where(table.c.address == old).values(values))
        work.announce(EventKind.COMPANY_CHANGED, now, [company_id])
        work.directory_version += 1
    return ended


def _new_address(connection: Connection, old: str, new: str) -> str:
    """Check the address that is to stand for another, or draw one; no two companies share one."""
    local, _, domain = old.rpartition("@")
    if not new:
        suffix = b32encode(secrets.token_bytes(_SUFFIX)).decode("ascii").rstrip("=").lower()
        return f"{local.partition('-')[0][:40]}-{suffix}@{domain}"
    made = normalise(new if "@" in new else f"{new}@{domain}")
    try:
        validate_email(made, check_deliverability=False)
    except EmailNotValidError as error:
        raise MistakeError(f"{new}: {error}") from error
    if "+" in made.rpartition("@")[0]:
        raise MistakeError(f"{new}: what stands behind a plus sign is a wish, and no part of an address")
    table = t.company_address.c
    if connection.execute(select(table.address).where(table.address == made)).first() is not None:
        raise MistakeError(f"{made}: is in use, or was")
    return made


def _check_grace(days: int) -> None:
    if not 0 <= days <= LONGEST_GRACE:
        raise MistakeError(f"the time of grace must be 0 to {LONGEST_GRACE} days")


# ---- a user's own ------------------------------------------------------------------------------------------


def secret_addresses(engine: Engine, company_id: int, user_id: int | None = None) -> list[Secret]:
    """Return the secret addresses of a company's users, or of one; who asks must be allowed to see them."""
    with reading(engine) as connection:
        return secrets_of(connection, company_id, user_id)


def secrets_of(connection: Connection, company_id: int, user_id: int | None = None) -> list[Secret]:
    """Do what secret_addresses does, over a connection."""
    table = t.secret_address.c
    wanted = select(t.secret_address).where(table.company_id == company_id)
    if user_id is not None:
        wanted = wanted.where(table.user_id == user_id)
    rows = connection.execute(wanted.order_by(table.user_id, table.kind, table.created_at)).all()
    standing = _addresses(connection, company_id) if rows else []
    return [_secret(standing, row) for row in rows]


def _secret(standing: Sequence[CompanyAddress], row: Any) -> Secret:
    kind = SecretKind(row.kind)
    address = tagged(given_out(standing), TAGS[kind] + row.token)
    return Secret(row.user_id, kind, address, row.created_at, row.retires_at)


def put_secret(work: Clocked, user_id: int, kind: SecretKind, days: int, now: datetime) -> str:
    """Give a user a new secret address, within a transaction that holds the clock; returns it spelt out.

    One of the kind that he has works for some days more. Raises MistakeError.
    """
    _check_grace(days)
    user = t.app_user.c
    of = (user.company_id == work.company_id, user.id == user_id, user.active, ~user.is_team)
    if work.connection.execute(select(user.id).where(*of)).first() is None:
        raise MistakeError("only an active user, no team, has secret addresses")
    base = given_out(_addresses(work.connection, work.company_id))
    table = t.secret_address
    ends = now + timedelta(days=days)
    sooner = or_(table.c.retires_at.is_(None), table.c.retires_at > ends)
    work.connection.execute(
        update(table).where(*_of(work.company_id, user_id, kind), sooner).values(retires_at=ends)
    )
    made = token()
    row = {"company_id": work.company_id, "token": made, "user_id": user_id, "kind": kind.value}
    work.connection.execute(insert(table), row | {"created_at": now})
    work.directory_version += 1
    return tagged(base, TAGS[kind] + made)


def drop_secrets(work: Clocked, user_id: int, kind: SecretKind) -> int:
    """Take a user's secret addresses of a kind from him at once; returns how many there were."""
    gone = work.connection.execute(delete(t.secret_address).where(*_of(work.company_id, user_id, kind)))
    work.directory_version += bool(gone.rowcount)
    return gone.rowcount


def _of(company_id: int, user_id: int, kind: SecretKind) -> tuple[Any, ...]:
    table = t.secret_address.c
    return table.company_id == company_id, table.user_id == user_id, table.kind == kind.value


# ---- a deal's ----------------------------------------------------------------------------------------------


def deal_number(engine: Engine, company_id: int, external_id: str) -> tuple[int, str] | None:
    """Return the number and the title of the deal that the CRM calls so; None where there is none."""
    table = t.deal.c
    wanted = select(table.id, table.title).where(
        table.company_id == company_id, table.external_id == external_id, table.status != "deleted"
    )
    with reading(engine) as connection:
        row = connection.execute(wanted).one_or_none()
    return (row.id, row.title) if row else None


def company_address_of(engine: Engine, company_id: int) -> str:
    """Return the address that a company gives out now; raises MistakeError."""
    return given_out(company_addresses(engine, company_id))


# ---- what may be asked of the running bccd -----------------------------------------------------------------


def operations(
    engine: Engine, now: Callable[[], datetime]
) -> dict[str, Callable[[Mapping[str, Any]], object]]:
    """List what may be done about addresses, in JSON's types."""

    def replace_one(arguments: Mapping[str, Any]) -> object:
        wish = Rotation(arguments["address"], arguments["new"], arguments["days"])
        ended = rotate(engine, arguments["company"], wish, now())
        until = ended.retires_at.isoformat() if ended.retires_at else ""
        return {"address": ended.replaced_by, "old": ended.address, "until": until}

    def make(arguments: Mapping[str, Any]) -> object:
        kind, days = SecretKind(arguments["kind"]), arguments["days"]
        with clocked(engine, arguments["company"]) as work:
            return {"address": put_secret(work, arguments["user"], kind, days, now())}

    def revoke(arguments: Mapping[str, Any]) -> object:
        with clocked(engine, arguments["company"]) as work:
            return {"revoked": drop_secrets(work, arguments["user"], SecretKind(arguments["kind"]))}

    return {"address.rotate": replace_one, "address.secret": make, "address.revoke": revoke}
