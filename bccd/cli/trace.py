"""bccd trace: every attempt to hand a mail in, how it was answered, and what became of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from bccd import journal
from bccd.cli import looks
from bccd.cli.advice import about, advice
from bccd.cli.base import Call, NotFoundError, common, delivery_number, safe, table, warn
from bccd.config import Config
from bccd.mail.addresses import normalise
from bccd.mail.msgid import message_id
from bccd.model.delivery import DeliveryState, show_id
from bccd.model.errors import SchemaError, StoreUnavailableError
from bccd.observe import configure
from bccd.rules.reasons import reason_of
from bccd.store import entries, outcomes, tracing
from bccd.store.engine import Stores

_ACCEPTED = re.compile(r"\A2.* accepted as ([0-9a-z]{13})")
_STEPS = {"mail": "mail", "from": "sender", "rcpt": "recipient", "login": "login"}
_ID_BITS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt, or a delivery of which no attempt is known any more."""

    at: datetime
    step: str  # mail, sender, recipient, login; delivery where only the database knows of it
    peer: str = ""
    session: str = ""
    size: int = 0
    reply: str = ""
    reason: str = ""  # of the refusal, as the log has it
    delivery: str = ""
    state: str = ""  # as it is now
    state_reason: str = ""
    advice: str = ""  # for whoever runs bccd
    user_advice: str = ""  # what the mail's user is told of it, where he is told


@click.command()
@click.argument("what", metavar="WHAT")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="How far back; refusals are known for 30 days.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most so many, the newest.",
)
@common
@click.pass_obj
def trace(call: Call, *, what: str, days: int, limit: int) -> None:
    """Tell what became of mail: every attempt to hand it in, the reply, and what to do.

    WHAT is an address (of the author, of the envelope's sender, of a recipient, or a login), a Message-ID,
    the id that a mail server gave the mail (Postfix's queue id, as in its log or in a Received field), or the
    id of a delivery or of a refusal, as it stands in the reply.

    What was refused is known for 30 days, by hashes alone: the address is hashed here as it was then. Of
    what was accepted the database tells where it stands now. Each daemon keeps its own journal: where several
    share a database, ask on each host. Exit code 5 means that nothing is known.

    \b
    Examples:
      bccd trace anna@example.com
      bccd trace '<20261122.1234@mail.example.com>'
      bccd trace 4XyZ12abcZ --json
      bccd trace 01m7wd7tg0j9s
    """
    found = follow(call.installed, what, days, limit)
    if not found:
        raise NotFoundError(f"nothing is known of {what} in the last {days} days")
    call.tell([asdict(step) for step in found], lambda out: show(out, found))


def follow(config: Config, what: str, days: int, limit: int) -> list[Step]:
    """Return the newest attempts that have to do with an address or an id, oldest first."""
    log = replace(config.log, level="error")
    if log.key_file and not Path(log.key_file).exists():
        if journal.days(config.data_dir / journal.FOLDER):
            warn(f"log.key_file {log.key_file} is missing: what was refused cannot be found without it")
        log = replace(log, key_file="")  # to make a new one would hide that
    configure(log, "trace")  # by whose key addresses are hashed
    since = datetime.now(UTC) - timedelta(days=days)
    return sorted(_steps(config, what, since, limit), key=lambda step: step.at)[-limit:]


def _steps(config: Config, what: str, since: datetime, limit: int) -> list[Step]:
    attempts = list(_attempts(config.data_dir / journal.FOLDER, what, since))[-limit:]
    found = []
    try:
        with looks.open_stores(config) as stores:
            known = set()
            for attempt in attempts:
                tried = _of_attempt(attempt)
                known.add(tried.delivery)
                found.append(_followed(stores, tried))
            found += [
                _followed(stores, step)
                for number in _deliveries(stores, what, since, limit)
                if show_id(number) not in known and (step := _of_delivery(stores, number))
            ]
    except (SchemaError, StoreUnavailableError) as error:
        if not attempts:
            raise
        warn(f"{error}; so it is not told what became of mail that was accepted")
        return [_of_attempt(attempt) for attempt in attempts]  # what was refused is known without a database
    return found


def _attempts(folder: Path, what: str, since: datetime) -> Iterator[journal.Attempt]:
    if (number := delivery_number(what)) is not None:
        needle = f" as {show_id(number)}", f"({show_id(number)})"
        yield from (one for one in journal.since(folder, since) if any(each in one.reply for each in needle))
    yield from journal.find(folder, journal.needles(what), since)


def _of_attempt(attempt: journal.Attempt) -> Step:
    accepted = _ACCEPTED.match(attempt.reply)
    return Step(
        attempt.moment,
        _STEPS.get(attempt.step, attempt.step),
        attempt.peer,
        attempt.session,
        attempt.size,
        attempt.reply,
        attempt.reason,
        accepted[1] if accepted else "",
        advice=advice(attempt.reply, attempt.reason),
    )


def _deliveries(stores: Stores, what: str, since: datetime, limit: int) -> list[int]:
    """Return what the database knows besides: what came in before the journal began, or by an import."""
    number = delivery_number(what)
    found = [number] if number is not None else []
    first = int(since.timestamp() * 1000) << _ID_BITS
    if address := normalise(what):
        found += tracing.deliveries_of_address(stores.database, address, first, limit)
    if known := message_id(what):
        found += [one for one in tracing.deliveries_of_message(stores.database, known, limit) if one >= first]
    return list(dict.fromkeys(found))


def _of_delivery(stores: Stores, number: int) -> Step | None:
    it = outcomes.recorded(stores.database, number)
    if it is None:
        entry = entries.entry(stores.spool, number)
        if entry is None:
            return None
        waits = entry.delivery
        return Step(waits.received_at, "delivery", waits.peer.ip, size=waits.size, delivery=show_id(number))
    return Step(it.received_at, "delivery", it.peer_ip, size=it.size, delivery=show_id(number))


def _followed(stores: Stores, step: Step) -> Step:
    """Add where the mail stands now."""
    number = delivery_number(step.delivery) if step.delivery else None
    if number is None:
        return step
    it = outcomes.recorded(stores.database, number)
    if it is None:
        waits = entries.entry(stores.spool, number) is not None
        state = "received" if waits else "deleted"
        return replace(step, state=state, advice=about(state, "", step.delivery))
    state = it.state.value
    told = reason_of(it.reason).advice if it.reason and it.state is not DeliveryState.FILED else ""
    return replace(
        step,
        state=state,
        state_reason=it.reason,
        advice=about(state, it.reason, step.delivery),
        user_advice=told,
    )


def show(out: Console, steps: Sequence[Step]) -> None:
    """Print what was found."""
    for place, step in enumerate(steps):
        if place:
            out.print()
        size = f" of {step.size} octets" if step.size else ""
        peer = f" from {step.peer}" if step.peer else ""
        out.print(safe(f"{step.at:%Y-%m-%d %H:%M:%S} UTC  {step.step}{size}{peer}"))
        rows = [
            ("  answered", step.reply),
            ("  because", step.reason),
            ("  delivery", step.delivery),
            ("  became", f"{step.state} {step.state_reason}".rstrip()),
            ("  session", step.session),
            ("  to do", step.advice),
            ("  its user", step.user_advice),
        ]
        out.print(table(("", ""), [row for row in rows if row[1]]))
