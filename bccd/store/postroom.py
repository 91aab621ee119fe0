"""The worker's side of the outbox: what goes out now is taken under a lease, and settled once it is known.

All of a company is done under its clock, so that two hosts never take one notice, nor one each of a pair that
belongs together. Whatever may have arrived is sent again as it was; what surely did not is put together anew.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import delete, func, or_, select, update

from bccd.model.directory import Notices
from bccd.model.notice import Letter
from bccd.model.plan import NewNotice
from bccd.rules.postage import DIGEST, Daily, Post, Waiting, sort_notices
from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.letters import Letters, company_of, with_reference
from bccd.store.open_matters import CHOICE, settled
from bccd.store.outbox import FORGOTTEN, REHEARSAL, put, retry
from bccd.store.rows import to_json
from bccd.store.uow import Clocked, clocked

LEASE = timedelta(minutes=10)
AT_ONCE = 50  # users looked at in one transaction: what is due for one is looked at together
GIVE_UP = timedelta(days=14)  # after which a mail that was put off again and again is not tried any more
MOST_DOUBTS = 5  # attempts, after which what may have arrived each time is sent no more
MAYBE = "it may have arrived"  # begins the error of a mail that is sent again as it was
NO_ADDRESS = "the user has no login address that mail may go to"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a letter that was taken."""

    company_id: int
    mail_id: int
    outcome: str  # "sent", "failed" for good, "later", "away": no server was reached, "unknown" if it arrived
    error: str = ""
    seconds: float = 0.0  # for "away": how long not to try


def take(stores: Stores, worker: str, now: datetime, limit: int, *, fresh: bool = False) -> list[Letter]:
    """Return letters to be sent now, under a lease of this worker; `fresh` tells that it has just started."""
    letters: list[Letter] = []
    for company_id in _companies(stores, worker, now, fresh=fresh):
        if len(letters) < limit:
            with clocked(stores.database, company_id) as work:
                if fresh:
                    _let_go(work, worker)
                found = _take_of(work, worker, now, limit - len(letters))
            letters += [with_reference(stores, letter) for letter in found]
    return letters


def settle(stores: Stores, worker: str, now: datetime, results: Sequence[Result]) -> None:
    """Write down what became of letters."""
    for result in results:
        with clocked(stores.database, result.company_id) as work:
            _settle(work, worker, now, result)


# ---- taking ------------------------------------------------------------------------------------------------


def _companies(stores: Stores, worker: str, now: datetime, *, fresh: bool) -> list[int]:
    outbox = t.outbox.c
    due = (outbox.state == "pending", outbox.due_at <= now)
    free = or_(outbox.claimed_until.is_(None), outbox.claimed_until <= now)
    wanted = select(outbox.company_id).where(*due, or_(free, outbox.claimed_by == worker) if fresh else free)
    with reading(stores.database) as connection:
        return list(connection.execute(wanted.distinct().order_by(outbox.company_id)).scalars())


def _let_go(work: Clocked, worker: str) -> None:
    """Free what this worker held when it died; nobody knows whether that was sent."""
    outbox = t.outbox.c
    mine = (outbox.company_id == work.company_id, outbox.state == "pending", outbox.claimed_by == worker)
    work.connection.execute(update(t.outbox).where(*mine).values(claimed_by=None, claimed_until=None))


def _take_of(work: Clocked, worker: str, now: datetime, limit: int) -> list[Letter]:
    rows = _due(work, now)
    if not rows:
        return []
    company = company_of(work.connection, work.company_id)
    over = settled(work.connection, work.company_id, rows)
    waiting = [_waiting(row, holds=row.id not in over) for row in rows.values()]
    users = {row.user_id for row in rows.values()}
    daily = Daily(company.policy.digest_hour, zone_of(company.policy.time_zone))
    found = sort_notices(waiting, _sent(work, users, now), _sending(work, users), daily, now)
    _mark(work, found.dropped, {"state": "dropped"})
    for moment, ids in found.later:
        _mark(work, ids, {"due_at": moment})
    claims = _Claims(work, worker, now, Letters(work.connection, company))
    taken = (claims.take(post, rows) for post in found.posts[:limit])
    return [letter for letter in taken if letter is not None]


def _due(work: Clocked, now: datetime) -> dict[int, Any]:
    """Return what is due and free, with the user of each; of a mail that may have arrived all of it."""
    outbox, user = t.outbox.c, t.app_user
    of_user = (user.c.company_id == outbox.company_id) & (user.c.id == outbox.user_id)
    wanted = select(
        t.outbox, user.c.notices, user.c.language, user.c.active, user.c.is_team, user.c.name
    ).join_from(t.outbox, user, of_user)
    due = (
        outbox.company_id == work.company_id,
        outbox.state == "pending",
        outbox.due_at <= now,
        or_(outbox.claimed_until.is_(None), outbox.claimed_until <= now),
    )
    first = select(outbox.user_id).where(*due).group_by(outbox.user_id).order_by(func.min(outbox.id))
    users = work.connection.execute(first.limit(AT_ONCE)).scalars().all()
    if not users:
        return {}
    of_users = outbox.user_id.in_(sorted(users))
    rows = {row.id: row for row in work.connection.execute(wanted.where(*due, of_users).order_by(outbox.id))}
    mails = {row.mail_id for row in rows.values() if row.mail_id is not None}
    if mails:
        whole = (
            outbox.company_id == work.company_id,
            outbox.mail_id.in_(sorted(mails)),
            outbox.state == "pending",
        )
        rows |= {row.id: row for row in work.connection.execute(wanted.where(*whole))}
    return rows


def _waiting(row: Any, *, holds: bool) -> Waiting:
    return Waiting(
        row.id,
        row.user_id,
        row.reason,
        row.created_at,
        Notices(row.notices),
        bool(row.active and not row.is_team),
        row.mail_id,
        holds,
    )


def _sent(work: Clocked, users: Collection[int], now: datetime) -> Mapping[tuple[int, str], datetime]:
    outbox = t.outbox.c
    wanted = (
        select(outbox.user_id, outbox.reason, func.max(outbox.sent_at).label("at"))
        .where(
            outbox.company_id == work.company_id,
            outbox.user_id.in_(sorted(users)),
            outbox.state == "sent",
            outbox.sent_at > now - timedelta(days=2),
        )
        .group_by(outbox.user_id, outbox.reason)
    )
    return {(row.user_id, row.reason): row.at for row in work.connection.execute(wanted)}


def _sending(work: Clocked, users: Collection[int]) -> set[tuple[int, str]]:
    """Return what is on its way, or may have arrived: more of it would be a second mail."""
    outbox = t.outbox.c
    wanted = select(outbox.user_id, outbox.reason).where(
        outbox.company_id == work.company_id,
        outbox.mail_id.is_not(None),
        outbox.mail_id == outbox.id,
        outbox.state == "pending",
        outbox.user_id.in_(sorted(users)),
    )
    return {(row.user_id, row.reason) for row in work.connection.execute(wanted)}


@dataclass(frozen=True, slots=True)
class _Claims:
    """Takes the letters of a company for a worker."""

    work: Clocked
    worker: str
    now: datetime
    letters: Letters

    def take(self, post: Post, rows: Mapping[int, Any]) -> Letter | None:
        """Put a mail together and take it; what it offers is written down before it is sent."""
        members = [rows[id_] for id_ in post.notices]
        if post.mail_id is not None:
            head = post.mail_id
        elif post.reason == DIGEST:
            head = put(self.work, NewNotice(post.user_id, DIGEST, self.now))
        else:
            head = members[0].id
        letter, offered = self.letters.write(head, post, members, self.now)
        ids = {head, *post.notices}
        if not letter.to:
            _mark(self.work, ids, {"state": "failed", "error": NO_ADDRESS})
            return None
        claimed = {"claimed_by": self.worker, "claimed_until": self.now + LEASE}
        _mark(self.work, ids, claimed | {"mail_id": head})
        values: dict[str, Any] = {"attempts": t.outbox.c.attempts + 1}
        if offered is not None:
            values["offered"] = to_json(offered)
        if post.mail_id is not None:
            values["error"] = MAYBE
        _mark(self.work, [head], values)
        return letter


def _mark(work: Clocked, ids: Collection[int], values: Mapping[str, Any]) -> None:
    outbox = t.outbox.c
    if ids:
        mine = (outbox.company_id == work.company_id, outbox.id.in_(sorted(ids)))
        work.connection.execute(update(t.outbox).where(*mine).values(values))


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


# ---- settling ----------------------------------------------------------------------------------------------


def _settle(work: Clocked, worker: str, now: datetime, result: Result) -> None:
    outbox = t.outbox.c
    of_mail = (
        outbox.company_id == work.company_id,
        outbox.mail_id == result.mail_id,
        outbox.state == "pending",
    )
    rows = work.connection.execute(select(t.outbox).where(*of_mail)).all()
    free: dict[str, Any] = {"claimed_by": None, "claimed_until": None, "error": result.error}
    head = next((row for row in rows if row.id == result.mail_id), None)
    if result.outcome == "sent":  # whoever holds it now: it needs to be sent no more
        _mark(work, [row.id for row in rows], free | {"state": "merged", "sent_at": now})
        _mark(work, [row.id for row in rows if row.reason == REHEARSAL], FORGOTTEN)
        _mark(work, [result.mail_id] if head else [], {"state": "sent"})
        return
    mine = [row for row in rows if row.claimed_by == worker]
    if head is None or len(mine) != len(rows):
        return  # its lease is over, and another sends it
    ids = [row.id for row in rows]
    doubted = result.outcome == "unknown" and head.attempts >= MOST_DOUBTS
    late = result.outcome == "later" and now - head.created_at > GIVE_UP
    if result.outcome == "failed" or doubted or late:
        _mark(work, ids, free | {"state": "failed"})
        return
    away = result.outcome == "away"
    pause = timedelta(seconds=result.seconds) if away else _pause(head.attempts)
    values = free | {"due_at": now + pause}
    if result.outcome == "unknown" or head.error == MAYBE:
        _mark(work, ids, values)
        _mark(work, [head.id], {"error": MAYBE})
    else:
        _take_apart(work, rows, values)
    if away:
        _mark(work, [head.id], {"attempts": t.outbox.c.attempts - 1})


def _take_apart(work: Clocked, rows: Sequence[Any], values: Mapping[str, Any]) -> None:
    """Let the notices of a mail that surely did not arrive go out with whatever joins them meanwhile."""
    _mark(work, [row.id for row in rows], {**values, "mail_id": None})
    _mark(work, [row.id for row in rows if row.reason == CHOICE], {"offered": ""})
    outbox = t.outbox.c
    digests = [row.id for row in rows if row.reason == DIGEST]
    mine = (outbox.company_id == work.company_id, outbox.id.in_(digests))
    work.connection.execute(delete(t.outbox).where(*mine))


def _pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 10)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)


# ---- the door ----------------------------------------------------------------------------------------------


def operations(
    stores: Stores, now: Callable[[], datetime]
) -> dict[str, Callable[[Mapping[str, Any]], object]]:
    """List what the worker and the command line ask of the filer, in JSON's types."""

    def taken(arguments: Mapping[str, Any]) -> object:
        worker, limit, fresh = arguments["worker"], arguments["limit"], arguments["fresh"]
        return msgspec.to_builtins(take(stores, worker, now(), limit, fresh=fresh))

    def ended(arguments: Mapping[str, Any]) -> object:
        results = msgspec.convert(arguments["results"], type=list[Result])
        settle(stores, arguments["worker"], now(), results)
        return None

    def again(arguments: Mapping[str, Any]) -> object:
        del arguments
        return retry(stores.database, now())

    return {"outbox.take": taken, "outbox.settle": ended, "outbox.retry": again}
