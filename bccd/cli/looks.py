"""What the commands read from the stores, in the form they print it."""

import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from bccd.cli.base import NotFoundError
from bccd.cli.evidence import evidence, of_import
from bccd.cli.who import find_user
from bccd.config import Config
from bccd.model.auth import AuthMethod
from bccd.model.delivery import DeliveryState, show_id
from bccd.model.directory import Company, Directory
from bccd.model.errors import MistakeError, StoreUnavailableError
from bccd.store import entries, listing, migrate, outbox, outcomes
from bccd.store.engine import Stores, open_engines
from bccd.store.octets import read_raw
from bccd.store.outcomes import Summary
from bccd.store.reads import directory_snapshot

_POLL_SECONDS = 0.1


@contextmanager
def open_stores(config: Config) -> Iterator[Stores]:
    """Open the stores for reading; raises SchemaError where there are none of this version."""
    migrate.check(config)
    stores = open_engines(config)
    try:
        yield stores
    finally:
        stores.close()


def company(directory: Directory, slug: str) -> Company:
    """Find the company that is meant; without a name, the only one."""
    known = {one.slug: one for one in directory.companies.values()}
    if slug:
        if slug not in known:
            raise NotFoundError(f"there is no company {slug}")
        return known[slug]
    if not known:
        raise NotFoundError("there is no company yet: `bccd directory add company` makes one")
    if len(known) > 1:
        raise MistakeError(f"say which company with --company (there are: {', '.join(sorted(known))})")
    return next(iter(known.values()))


# ---- one delivery ----------------------------------------------------------------------------------------


def explain(stores: Stores, number: int, viewer: str = "") -> dict[str, Any]:
    """Say where a delivery stands, and by which steps it came there; raises NotFoundError.

    With a viewer, a user's address, number or external id, only what he handed in himself exists.
    """
    decided = outcomes.explain(stores.database, number)
    if viewer and not (decided and _is_his(stores, decided.delivery, viewer)):
        raise NotFoundError(f"there is no delivery {show_id(number)} of {viewer}")
    if decided is None:
        return _waiting(stores, number)
    it = decided.delivery
    summary = outcomes.summary(stores.database, number) or Summary(number, it.state, it.reason)
    look = Look.of(summary, _users(stores, it.company_id))
    submitter = it.evidence.sender or it.evidence.held
    return {
        **look.as_dict(),
        "from": submitter.address if submitter else "",
        "method": str(it.evidence.sender.method) if it.evidence.sender else "",
        "mail_from": it.mail_from,
        "to": list(it.recipients),
        "peer": it.peer_ip,
        "evidence": _evidence(stores, it),
        "size": it.size,
        "attempts": it.attempts,
        "received_at": it.received_at,
        "decided_at": decided.decided_at,
        "message": it.message_id,
        "steps": [structs.asdict(step) for step in decided.steps],
    }


def _evidence(stores: Stores, it: outcomes.Recorded) -> Mapping[str, Any]:
    if it.evidence.sender is not None and it.evidence.sender.method is AuthMethod.IMPORT:
        return of_import()
    return evidence(it.evidence.auth, it.peer_ip, _raw(stores, it.company_id, it.raw_sha256))


def facts(found: Mapping[str, Any], without: Collection[str]) -> list[tuple[str, object]]:
    """Lay out for people what explain() told: a line for each thing that has a value."""
    rows: list[tuple[str, object]] = []
    for name, value in found.items():
        if name in without or value is None or value in ("", [], (), {}):
            continue
        if isinstance(value, Mapping):
            rows += value.items()
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            rows.append((name.replace("_", " "), shown))
    return rows


def _is_his(stores: Stores, delivery: outcomes.Recorded, viewer: str) -> bool:
    known = directory_snapshot(stores.database)
    entry = find_user(known, delivery.company_id, viewer, external_ids(stores, delivery.company_id))
    return delivery.user_id == entry.user.id


def external_ids(stores: Stores, company_id: int) -> dict[str, str]:
    """Return the login of each user by the id that the CRM gave him."""
    return {row["external_id"]: row["login"] for row in listing.records(stores.database, company_id, "user")}


def _waiting(stores: Stores, number: int) -> dict[str, Any]:
    entry = entries.entry(stores.spool, number)
    if entry is None:
        raise NotFoundError(f"there is no delivery {show_id(number)}")
    it = entry.delivery
    auth = evidence(it.auth, it.peer.ip, _raw(stores, it.company_id, it.raw_sha256))
    return {**_entry(entry), "evidence": auth, "steps": []}


def _raw(stores: Stores, company_id: int, sha256: bytes) -> bytes | None:
    try:
        return read_raw(stores.spool, stores.folder, company_id, sha256)
    except StoreUnavailableError:
        return None


def _entry(entry: entries.Entry) -> dict[str, Any]:
    it = entry.delivery
    submitter = it.sender or it.held
    kept = entry.outcome is not DeliveryState.RECEIVED
    return {
        "delivery": show_id(it.id),
        "state": str(entry.outcome),
        "reason": entry.error.partition(": ")[2] if kept else entry.error,
        "from": submitter.address if submitter else "",
        "mail_from": it.mail_from,
        "to": [target.address for target in it.targets],
        "peer": it.peer.ip,
        "size": it.size,
        "attempts": it.attempts,
        "received_at": it.received_at,
        "due_at": entry.due_at,
    }


def waiting(stores: Stores, states: Collection[str], limit: int) -> list[dict[str, Any]]:
    """List mail that is not filed, oldest first."""
    wanted = [DeliveryState(state) for state in states]
    return [_entry(entry) for entry in entries.entries(stores.spool, states=wanted, limit=limit)]


def older(stores: Stores, state: str, than: datetime) -> list[int]:
    """Return the ids of all mail in a state that came in before a moment."""
    wanted = entries.entries(stores.spool, states=[DeliveryState(state)], limit=sys.maxsize)
    return [entry.delivery.id for entry in wanted if entry.delivery.received_at < than]


def raw(stores: Stores, number: int) -> bytes:
    """Return the octets of a mail, filed or not; raises NotFoundError."""
    entry = entries.entry(stores.spool, number)
    if entry is not None:
        return entries.raw_of(stores, entry.delivery)
    decided = outcomes.explain(stores.database, number)
    it = decided.delivery if decided else None
    octets = _raw(stores, it.company_id, it.raw_sha256) if it else None
    if octets is None:
        raise NotFoundError(f"there is no mail {show_id(number)}, or it was deleted")
    return octets


# ---- many at a glance ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What a delivery became, in words."""

    delivery: str
    state: str
    reason: str
    direction: str
    subject: str
    contacts: tuple[str, ...]
    deals: tuple[str, ...]
    offered: tuple[str, ...]  # while a choice is pending
    conversation: int | None
    visible_to: tuple[str, ...]
    everyone: bool  # whether those are all users

    @classmethod
    def of(cls, found: Summary, users: int) -> "Look":
        """Take it from what the store tells; `users` is how many there are."""
        return cls(
            show_id(found.delivery_id),
            str(found.state),
            found.reason,
            found.direction,
            found.subject,
            found.contacts,
            tuple(link.name for link in found.deals if link.state == "active"),
            tuple(link.name for link in found.deals if link.state != "active"),
            found.conversation_id,
            found.visible_to,
            len(found.visible_to) == users,
        )

    def as_dict(self) -> dict[str, Any]:
        """Say it as JSON."""
        return asdict(self)

    @property
    def became(self) -> str:
        """Say where it stands, with the reason where there is one."""
        return f"{self.state}: {self.reason}" if self.reason else self.state

    @property
    def seen_by(self) -> str:
        """Say who may see it."""
        return "everyone" if self.everyone else ", ".join(self.visible_to)

    @property
    def deal(self) -> str:
        """Say the deal, or that there is a choice."""
        return ", ".join(self.deals) or (f"choice of {len(self.offered)}" if self.offered else "")


def _users(stores: Stores, company_id: int) -> int:
    known = directory_snapshot(stores.database).user_addresses
    return len({entry.user.id for (of, _), entry in known.items() if of == company_id and entry.user.active})


def _ended(stores: Stores, number: int) -> bool:
    found = outcomes.recorded(stores.database, number)
    return found is not None and found.state is not DeliveryState.RECEIVED


def wait_until_filed(config: Config, numbers: Collection[int], seconds: float) -> dict[int, Look]:
    """Wait until each delivery has an outcome, at most so long, and tell of those that have one."""
    until = time.monotonic() + seconds
    with open_stores(config) as stores:
        waiting = set(numbers)
        while waiting and time.monotonic() < until:
            waiting = {number for number in waiting if not _ended(stores, number)}
            time.sleep(_POLL_SECONDS if waiting else 0)
        # Read when all is filed: a parent that comes late may have merged conversations.
        found = {number: outcomes.summary(stores.database, number) for number in numbers}
        known = [outcomes.recorded(stores.database, number) for number in numbers]
        users = {one.id: _users(stores, one.company_id) for one in known if one}
        return {number: Look.of(one, users[number]) for number, one in found.items() if one}


def wait_until_sent(config: Config, seconds: float) -> None:
    """Wait until no notice to a user is due any more, at most so long."""
    until = time.monotonic() + seconds
    with open_stores(config) as stores:
        while time.monotonic() < until and any(
            notice["due_at"] <= datetime.now(UTC)
            for notice in outbox.listed(stores.database, ["pending"], 100)
        ):
            time.sleep(_POLL_SECONDS)
