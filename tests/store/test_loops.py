"""The loop guard over a database: what is counted outlives the batch that wrote it."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from bccd.model.auth import AuthMethod, Sender
from bccd.model.delivery import Mail
from bccd.model.message import AutoKind, Content, Mailbox, Message
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.testing.build import NOON, FixedClock
from tests.store.conftest import Bench
from tests.store.plans import ANNA, BERT, mail, world


def machine(number: int, user: int, address: str) -> Mail:
    """Return an automatic answer in a user's name, one a minute."""
    made = mail(number)
    delivery = replace(
        made.delivery,
        sender=Sender(user, address, AuthMethod.TRUSTED_NETWORK),
        raw_sha256=sha256(b"%d" % number).digest(),
        received_at=NOON + timedelta(minutes=number % 100),
    )
    content = Content(
        sender=Mailbox("", address),
        from_count=1,
        to=(Mailbox("", "jan@customer.example"),),
        subject="Away",
        message_id=f"{number}@seller.example",
        auto=AutoKind.AUTO_REPLY,
        auto_reason="header:auto-submitted",
    )
    return Mail(delivery, Message(content))


def test_batches_do_not_show(bench: Bench) -> None:
    """The twenty-first is the first to be taken for a loop, one by one, in batches, and decided again."""
    bench.fill(world())
    ports = DeliverPorts(bench.works, FixedClock())
    fates: dict[int, list[str]] = {}
    for user, address, sizes in (
        (ANNA, "anna@seller.example", (1,) * 24),
        (BERT, "bert@seller.example", (19, 3, 2)),
    ):
        left = [machine(user * 100 + n, user, address) for n in range(24)]
        for size in sizes:
            batch, left = left[:size], left[size:]
            fates.setdefault(user, []).extend(outcome.reason for outcome in deliver(1, batch, ports))
    assert fates[ANNA] == fates[BERT] == ["auto_reply"] * 20 + ["loop"] * 4
    told = sorted(bench.column("outbox", "user_id", "reason", "delivery_id"))
    assert told == [(ANNA, "loop", ANNA * 100 + 20), (BERT, "loop", BERT * 100 + 20)]
    late = replace(machine(150, ANNA, "anna@seller.example").delivery, received_at=NOON + timedelta(hours=3))
    later = Mail(late, machine(150, ANNA, "anna@seller.example").message)
    assert [outcome.reason for outcome in deliver(1, [later], ports)] == ["auto_reply"]
