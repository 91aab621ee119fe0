"""What became of deliveries, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Table, literal, select

from bccd.model.delivery import DeliveryState
from bccd.model.plan import Step
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.named import SeenLink, name_links
from bccd.store.rows import Evidence

_FILED = literal(DeliveryState.FILED.value, literal_execute=True)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A delivery as the database has it."""

    id: int
    company_id: int
    state: DeliveryState
    reason: str
    user_id: int | None
    message_id: int | None
    mail_from: str
    recipients: tuple[str, ...]
    peer_ip: str
    size: int
    attempts: int
    raw_sha256: bytes
    received_at: datetime
    updated_at: datetime
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Decided:
    """A delivery with the steps that led to its outcome."""

    delivery: Recorded
    steps: tuple[Step, ...]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """What one delivery became, in a line's worth; for the operator, who sees what users may not."""

    delivery_id: int
    state: DeliveryState
    reason: str
    direction: str = ""
    subject: str = ""
    conversation_id: int | None = None
    contacts: tuple[str, ...] = ()
    deals: tuple[SeenLink, ...] = ()  # linked, or offered while a choice is pending
    visible_to: tuple[str, ...] = ()  # names of users, the owners first


def recorded(engine: Engine, delivery_id: int) -> Recorded | None:
    """Return one delivery, of whatever company."""
    with reading(engine) as connection:
        found = _recorded(connection, *_of_any_company(t.delivery, t.delivery.c.id, delivery_id))
    return found[0] if found else None


def deliveries(
    engine: Engine,
    *,
    company: int | None = None,
    states: Collection[DeliveryState] = (DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED),
    user: int | None = None,
    limit: int = 1_000,
) -> list[Recorded]:
    """Return deliveries in these states, oldest first; of one company, of one user where given."""
    wanted: list[Any] = [t.delivery.c.state.in_([state.value for state in states])]
    if DeliveryState.FILED not in states:  # said outright, for the index holds no filed mail
        wanted.append(t.delivery.c.state != _FILED)
    companies = select(t.company.c.id) if company is None else [company]
    wanted.append(t.delivery.c.company_id.in_(companies))
    if user is not None:
        wanted.append(t.delivery.c.user_id == user)
    with reading(engine) as connection:
        return _recorded(connection, *wanted, limit=limit)


def explain(engine: Engine, delivery_id: int) -> Decided | None:
    """Return why a delivery became what it is."""
    wanted = select(t.decision.c.steps, t.decision.c.decided_at).where(
        *_of_any_company(t.decision, t.decision.c.delivery_id, delivery_id)
    )
    with reading(engine) as connection:
        found = _recorded(connection, *_of_any_company(t.delivery, t.delivery.c.id, delivery_id))
        row = connection.execute(wanted).one_or_none()
    if not found or row is None:
        return None
    return Decided(found[0], msgspec.json.decode(row.steps, type=tuple[Step, ...]), row.decided_at)


def summary(engine: Engine, delivery_id: int) -> Summary | None:
    """Return what a delivery became, or None while it waits to be filed."""
    with reading(engine) as connection:
        found = _recorded(connection, *_of_any_company(t.delivery, t.delivery.c.id, delivery_id))
        if not found:
            return None
        it = found[0]
        if it.message_id is None:
            return Summary(it.id, it.state, it.reason)
        message = _message(connection, it.company_id, it.message_id)
        links = select(t.link).where(
            t.link.c.company_id == it.company_id,
            t.link.c.conversation_id == message.conversation_id,  # the index leads with it
            t.link.c.message_id == it.message_id,
            t.link.c.state.in_(["active", "suggested"]),
        )
        rows = connection.execute(links.order_by(t.link.c.id)).all()
        named = name_links(connection, it.company_id, rows).get(it.message_id, [])
        return Summary(
            it.id,
            it.state,
            it.reason,
            message.direction,
            message.subject,
            message.conversation_id,
            tuple(link.name for link in named if link.kind == "contact"),
            tuple(link for link in named if link.kind == "deal"),
            _visible_to(connection, it.company_id, message),
        )


def _of_any_company(table: Table, column: ColumnElement[int], id_: int) -> tuple[ColumnElement[bool], ...]:
    """Ask each company in turn: every key leads with it, and delivery ids are unique across all of them."""
    return table.c.company_id.in_(select(t.company.c.id)), column == id_


def _message(connection: Connection, company: int, id_: int) -> Any:
    m = t.message.c
    wanted = select(m.id, m.direction, m.subject, m.conversation_id, m.shared, m.linked)
    return connection.execute(wanted.where(m.company_id == company, m.id == id_)).one()


def _visible_to(connection: Connection, company: int, message: Any) -> tuple[str, ...]:
    users = select(t.app_user.c.id, t.app_user.c.name).where(
        t.app_user.c.company_id == company, t.app_user.c.active
    )
    owners = select(t.message_copy.c.owner_id).where(
        t.message_copy.c.company_id == company, t.message_copy.c.message_id == message.id
    )
    own = set(connection.execute(owners).scalars())
    everyone = message.shared and message.linked
    seers = [(id_ not in own, name) for id_, name in connection.execute(users) if everyone or id_ in own]
    return tuple(name for _, name in sorted(seers))


def _recorded(connection: Connection, *conditions: Any, limit: int = 1) -> list[Recorded]:
    wanted = select(t.delivery).where(*conditions).order_by(t.delivery.c.id).limit(limit)
    rows = connection.execute(wanted).all()
    return [
        Recorded(
            row.id, row.company_id, DeliveryState(row.state), row.reason, row.user_id, row.message_id,
            row.mail_from, _recipients(connection, row.company_id, row.id), row.peer_ip, row.size,
            row.attempts, row.raw_sha256, row.received_at, row.updated_at,
            msgspec.json.decode(row.evidence, type=Evidence),
        )
        for row in rows
    ]  # fmt: skip


def _recipients(connection: Connection, company: int, delivery_id: int) -> tuple[str, ...]:
    wanted = select(t.delivery_recipient.c.address).where(
        t.delivery_recipient.c.company_id == company, t.delivery_recipient.c.delivery_id == delivery_id
    )
    return tuple(connection.execute(wanted.order_by(t.delivery_recipient.c.address)).scalars())
