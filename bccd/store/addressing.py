"""What commands change of addresses, trust and preferences, and the mail that goes out for it: as SQL."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update

from bccd.model.command import Rule
from bccd.model.delivery import DeliveryState
from bccd.model.events import EventKind
from bccd.model.people import (
    AddAddress,
    Ask,
    ClaimPurpose,
    Confirm,
    CountTry,
    RemoveAddress,
    ReplaceLogin,
    SetPreferences,
    Trust,
    Untrust,
    UseUp,
)
from bccd.model.plan import Change, NewNotice
from bccd.model.ruling import Ruling
from bccd.rules.codes import code_of, digest_of
from bccd.rules.commands.addresses import CLAIM_HOURS
from bccd.store import outbox
from bccd.store import tables as t
from bccd.store.confirmed import release
from bccd.store.editing import Editing
from bccd.store.ruling import rule

_REASONS = {
    ClaimPurpose.ALTERNATIVE: "confirm_address",
    ClaimPurpose.LOGIN: "confirm_login",
    ClaimPurpose.HELD: "confirm_held",
}


def _add(at: Editing, one: AddAddress) -> None:
    """Write the address down; whoever asked for it before has let his time go by."""
    a = t.user_address.c
    lapsed = select(a.user_id).where(a.company_id == at.company_id, a.address == one.address)
    for other in at.connection.execute(lapsed).scalars().all():
        _remove(at, RemoveAddress(one.address, other))
    row = {"company_id": at.company_id, "address": one.address, "user_id": one.user_id}
    at.connection.execute(insert(t.user_address), row | {"kind": "alternative", "origin": "user"})
    _changed(at, one.user_id)


def _ask(at: Editing, one: Ask) -> None:
    """Keep a new claim, and have its link and code mailed."""
    assert at.signer is not None  # noqa: S101 - commands are given by whoever has it
    id_ = at.work.take_id()
    code = code_of(at.signer, at.company_id, id_)
    row = {
        "company_id": at.company_id,
        "id": id_,
        "user_id": one.user_id,
        "purpose": one.purpose.value,
        "address": one.address,
        "delivery_id": one.delivery_id,
        "code_digest": digest_of(at.signer, at.company_id, id_, code),
        "created_at": at.now,
        "expires_at": at.now + timedelta(hours=CLAIM_HOURS),
        "actor_id": at.actor_id,
    }
    at.connection.execute(insert(t.confirmation), row)
    args: dict[str, object] = {"address": one.address, "confirmation": id_, "name": _name(at, one.user_id)}
    if one.delivery_id is None:
        post(at, _REASONS[one.purpose], args | {"link": [id_]}, address=one.address)
    else:
        d = t.delivery.c
        wanted = select(d.from_address, d.subject).where(
            d.company_id == at.company_id, d.id == one.delivery_id
        )
        author, subject = at.connection.execute(wanted).one()
        args |= {"link": [one.delivery_id, one.user_id], "author": author, "about": subject}
        post(at, _REASONS[one.purpose], args, delivery_id=one.delivery_id)
    if one.purpose is ClaimPurpose.LOGIN:
        post(at, "login_asked", {"address": one.address})


def _confirm(at: Editing, one: Confirm) -> None:
    """Confirm the address; held mail that waited for it goes back into the queue with this command."""
    a, c = t.user_address.c, t.confirmation.c
    of = (a.company_id == at.company_id, a.address == one.address, a.user_id == one.user_id)
    at.connection.execute(update(t.user_address).where(*of).values(confirmed_at=at.now))
    about = (c.company_id == at.company_id, c.user_id == one.user_id, c.address == one.address)
    at.connection.execute(
        update(t.confirmation)
        .where(*about, c.used_at.is_(None), c.purpose != ClaimPurpose.HELD.value)
        .values(used_at=at.now)
    )
    at.released += release(at.work, {one.address}, at.now)
    _changed(at, one.user_id)


def _replace_login(at: Editing, one: ReplaceLogin) -> None:
    """Make the address the login; what was the login is nobody's any more, and is told."""
    a = t.user_address.c
    mine = (a.company_id == at.company_id, a.user_id == one.user_id)
    wanted = select(a.address).where(*mine, a.kind == "login")
    for old in at.connection.execute(wanted).scalars().all():
        _remove(at, RemoveAddress(old, one.user_id))
        args = {"address": old, "new": one.address, "name": _name(at, one.user_id)}
        post(at, "login_changed", args, user_id=one.user_id, address=old)
    new = {"kind": "login", "confirmed_at": None}
    at.connection.execute(update(t.user_address).where(*mine, a.address == one.address).values(new))
    _changed(at, one.user_id)


def _remove(at: Editing, one: RemoveAddress) -> None:
    """Take the address away with what was let in of it; what was mailed is void, and counted still."""
    for table in (t.user_address, t.trusted_sender):
        c = table.c
        of = (c.company_id == at.company_id, c.address == one.address, c.user_id == one.user_id)
        at.connection.execute(delete(table).where(*of))
    k = t.confirmation.c
    sent = (k.company_id == at.company_id, k.address == one.address, k.user_id == one.user_id)
    at.connection.execute(update(t.confirmation).where(*sent, k.used_at.is_(None)).values(used_at=at.now))
    o = t.outbox.c
    asked = (o.address == one.address, o.reason.in_(_REASONS.values()))
    at.connection.execute(
        update(t.outbox)
        .where(o.company_id == at.company_id, o.state == "pending", *asked)
        .values(state="dropped")
    )
    _changed(at, one.user_id)


def _use_up(at: Editing, one: UseUp) -> None:
    c = t.confirmation.c
    of = (c.company_id == at.company_id, c.id == one.claim_id)
    at.connection.execute(update(t.confirmation).where(*of).values(used_at=at.now))


def _count_try(at: Editing, one: CountTry) -> None:
    c = t.confirmation.c
    of = (c.company_id == at.company_id, c.id == one.claim_id)
    at.connection.execute(update(t.confirmation).where(*of).values(tries=c.tries + 1))


def _trust(at: Editing, one: Trust) -> None:
    """Keep what a mail showed, and let in what waits already and shows the same."""
    d, s = t.delivery.c, t.trusted_sender.c
    wanted = select(d.user_id, d.from_address).where(d.company_id == at.company_id, d.id == one.delivery_id)
    user_id, address = at.connection.execute(wanted).one()
    row = {"address": address, "evidence": one.evidence, "user_id": user_id, "company_id": at.company_id}
    there = select(s.address).where(*(s[name] == value for name, value in row.items()))
    if at.connection.execute(there).first() is None:
        at.connection.execute(insert(t.trusted_sender), row | {"created_at": at.now})
        at.work.directory_version += 1
    alike = select(d.id).where(
        d.company_id == at.company_id,
        d.user_id == user_id,
        d.state == DeliveryState.HELD.value,
        d.state != DeliveryState.FILED.value,
        d.reason != "expired",  # its octets are on their way out
        d.from_address == address,
        d.always == one.evidence,
        d.id != one.delivery_id,
    )
    for id_ in at.connection.execute(alike.order_by(d.id)).scalars().all():
        rule(at, Rule(id_, Ruling(at.actor_id, release=True)))


def _untrust(at: Editing, one: Untrust) -> None:
    s, m = t.trusted_sender.c, t.team_member.c
    teams = select(m.team_id).where(m.company_id == at.company_id, m.user_id == at.actor_id)
    his = or_(s.user_id == at.actor_id, s.user_id.in_(teams))
    of = and_(s.company_id == at.company_id, s.address == one.address)
    at.connection.execute(delete(t.trusted_sender).where(of, his))
    at.work.directory_version += 1


def _set_preferences(at: Editing, one: SetPreferences) -> None:
    u = t.app_user.c
    wanted = {"language": one.language, "notices": one.notices and one.notices.value}
    new = {name: value for name, value in wanted.items() if value is not None}
    of = (u.company_id == at.company_id, u.id == at.actor_id)
    at.connection.execute(update(t.app_user).where(*of).values(new))
    row = at.connection.execute(select(u.language, u.notices).where(*of)).one()
    at.answered |= {"language": row.language, "notices": row.notices}
    _changed(at, at.actor_id)


def post(
    at: Editing,
    reason: str,
    args: Mapping[str, object],
    *,
    user_id: int | None = None,
    address: str = "",
    delivery_id: int | None = None,
) -> None:
    """Write a mail into the outbox, in the name of the actor; it goes out once this is committed."""
    notice = NewNotice(user_id or at.actor_id, reason, at.now, delivery_id, args=args)
    outbox.put(at.work, notice, address=address)


def _name(at: Editing, user_id: int) -> str:
    u = t.app_user.c
    wanted = select(u.name).where(u.company_id == at.company_id, u.id == user_id)
    return str(at.connection.execute(wanted).scalar_one())


def _changed(at: Editing, user_id: int) -> None:
    """Have the directory read again, and tell front ends."""
    at.work.directory_version += 1
    told = Change(EventKind.USER_CHANGED, 0, entity_id=user_id)
    if told not in at.watched.changes:
        at.watched.changes.append(told)


DO: Mapping[type, Callable[[Editing, Any], None]] = {
    AddAddress: _add,
    Ask: _ask,
    Confirm: _confirm,
    ReplaceLogin: _replace_login,
    RemoveAddress: _remove,
    UseUp: _use_up,
    CountTry: _count_try,
    Trust: _trust,
    Untrust: _untrust,
    SetPreferences: _set_preferences,
}
