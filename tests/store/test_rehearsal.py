"""A rehearsal in every store: answered once, and gone without a trace."""

import json
from dataclasses import replace
from datetime import datetime

import pytest

from bccd.mail.parse import parse
from bccd.model.auth import AuthReport, AuthResult, HeldSender
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Tag, Target
from bccd.model.plan import Outcome
from bccd.pipeline import deliver, give_up
from bccd.ports import DeliverPorts
from bccd.testing import intake_of, raw_mail
from bccd.testing.build import NOON
from tests.store.conftest import Bench
from tests.store.plans import ANNA, DROP, world

PLAIN = Target(DROP, 1)
TEST = Target(DROP.replace("@", "+test@"), 1, Tag.TEST)
DEAL = replace(TEST, tag=Tag.DEAL, argument="7")
RAW = raw_mail("anna@seller.example", "jan@customer.example", message_id="m1@seller.example")
LEFT_ALONE = frozenset(
    [
        "company",
        "company_clock",
        "company_address",
        "app_user",
        "user_address",
        "organisation",
        "organisation_domain",
        "contact",
        "contact_address",
        "deal",
        "deal_contact",
        "never_log",
    ]
)


class Clock:
    """Stands at noon."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON


def claimed(bench: Bench) -> list[Delivery]:
    """Return what waits."""
    return bench.queue.claim(9, NOON)


def ports(bench: Bench) -> DeliverPorts:
    """Return what deliver() touches."""
    return DeliverPorts(bench.works, Clock())


def file_all(bench: Bench) -> list[Outcome]:
    """File what waits, and clear the queue."""
    mails = [Mail(delivery, parse(bench.queue.raw(delivery))) for delivery in claimed(bench)]
    outcomes = deliver(1, mails, ports(bench))
    bench.queue.finish(outcomes)
    return outcomes


def left(bench: Bench) -> dict[str, int]:
    """Count the rows that are no master data."""
    return {name: len(listed) for name, listed in bench.rows().items() if listed and name not in LEFT_ALONE}


def test_a_rehearsal_is_answered_and_gone(bench: Bench) -> None:
    """One row of the outbox is left, to him who wrote: verdicts, parties, deal, conversation, and why."""
    bench.fill(world())
    clock = bench.rows("company_clock")
    report = AuthReport(checks=(AuthResult("dkim", "pass", "seller.example", "s1"),))
    bench.put(replace(intake_of(RAW, TEST, DEAL), auth=report))
    (outcome,) = file_all(bench)
    assert (str(outcome.state), outcome.reason, outcome.vanishes) == ("set_aside", "rehearsal", True)
    assert left(bench) == {"outbox": 1}
    assert bench.rows("company_clock") == clock
    (row,) = bench.rows("outbox")["outbox"]
    assert (row["user_id"], row["address"], row["reason"], row["state"]) == (
        ANNA, "user@seller.example", "rehearsal", "pending",
    )  # fmt: skip
    told = json.loads(row["args"])
    assert told["would"] == "filed"
    steps = {(rule, verdict) for rule, _, verdict, _ in told["steps"]}
    assert {
        ("evidence", "pass"),
        ("direction", "outgoing"),
        ("deal", "linked"),
        ("conversation", "started"),
    } <= steps


def test_a_filer_that_dies_in_between_answers_once(bench: Bench) -> None:
    """The answer is committed before the queue is cleared; the second run finds it."""
    bench.fill(world())
    bench.put(intake_of(RAW, TEST))
    mails = [Mail(delivery, parse(bench.queue.raw(delivery))) for delivery in claimed(bench)]
    if not hasattr(bench.store, "tables"):  # what dies takes the memory with it
        deliver(1, mails, ports(bench))
    bench.queue.finish(deliver(1, mails, ports(bench)))
    assert left(bench) == {"outbox": 1}


@pytest.mark.parametrize("first", [PLAIN, TEST], ids=["filed first", "rehearsed first"])
def test_octets_that_filed_mail_needs_stay(bench: Bench, first: Target) -> None:
    """The same mail filed and rehearsed, in either order: the filed one keeps its octets and its key."""
    bench.fill(world())
    second = TEST if first is PLAIN else PLAIN
    for target in (first, second):
        bench.put(intake_of(RAW, target))
        file_all(bench)
    assert len(bench.rows("raw_mail")["raw_mail"]) == 1
    assert bench.column("delivery_key", "recipient") == [DROP]
    assert bench.column("delivery", "state") == ["filed"]
    assert bench.put(intake_of(RAW, PLAIN))[0].duplicate
    assert not bench.put(intake_of(RAW, TEST))[0].duplicate


def test_a_rehearsal_that_cannot_be_read_is_answered_too(bench: Bench) -> None:
    """What a parser dies of is told to him who asked, and is not kept either."""
    bench.fill(world())
    bench.put(intake_of(RAW, TEST))
    (delivery,) = claimed(bench)
    bench.queue.finish([give_up(delivery, "parser_died", ports(bench))])
    assert left(bench) == {"outbox": 1}
    (row,) = bench.rows("outbox")["outbox"]
    assert json.loads(row["args"])["would"] == "failed"


@pytest.mark.parametrize("more", [{"Auto-Submitted": "auto-replied"}, {}])
def test_no_machine_and_no_stranger_is_answered(bench: Bench, more: dict[str, str]) -> None:
    """An automatic mail could start a loop, and an unproven one would answer to whoever is named in it."""
    bench.fill(world())
    raw = raw_mail("anna@seller.example", "jan@customer.example", more=more)
    held = None if more else HeldSender("unverified_sender", "anna@seller.example", ANNA)
    bench.put(intake_of(raw, TEST, held=held))
    file_all(bench)
    assert left(bench) == {}
