"""Transaction 1 and the queue, held to one contract for every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bccd.model.auth import HeldSender
from bccd.model.delivery import Delivery, DeliveryState, Intake
from bccd.model.envelope import Protocol, Tag, Target
from bccd.model.plan import Outcome
from bccd.testing import intake_of
from bccd.testing.build import NOON
from tests.store.conftest import Bench

DROP = Target("crm@drop.example", 1)
DEAL = Target("crm+deal7@drop.example", 1, Tag.DEAL, "7")
OTHER = Target("crm@other.example", 2)


def intake(number: int, *targets: Target) -> Intake:
    """Return mail `number`, received that many seconds past noon."""
    moment = NOON + timedelta(seconds=number)
    return intake_of(b"Subject: %d\r\n\r\nHello\r\n" % number, *(targets or (DROP,)), received_at=moment)


def later(seconds: float = 3600) -> dict[str, object]:
    """Return when everything is due."""
    return {"now": NOON + timedelta(seconds=seconds)}


def claim(bench: Bench, limit: int = 10, seconds: float = 3600) -> list[Delivery]:
    """Claim what is due then."""
    return bench.queue.claim(limit, NOON + timedelta(seconds=seconds))


def outcome(delivery_id: int, state: DeliveryState = DeliveryState.FILED, reason: str = "") -> Outcome:
    """Return how a delivery ended."""
    return Outcome(delivery_id, state, reason)


def test_what_was_put_is_claimed_whole(bench: Bench) -> None:
    """The filer gets the envelope, the evidence and the octets exactly as receive() gave them."""
    given = intake(1, DROP, DEAL)
    given = replace(
        given,
        peer=replace(given.peer, protocol=Protocol.LMTP, tls=True),
        sender=None,
        held=HeldSender("unverified_sender", "żółć@seller.example", 7),
        defects=("bare_lf", "odd \udcff octet"),
    )
    (receipt,) = bench.put(given)
    (claimed,) = claim(bench)
    assert not receipt.duplicate
    assert claimed == Delivery(
        receipt.delivery_id,
        1,
        given.targets,
        given.mail_from,
        given.peer,
        given.received_at,
        given.auth,
        given.raw.sha256,
        given.raw.size,
        None,
        given.held,
        ("bare_lf", "odd ? octet"),
        1,
    )
    assert bench.queue.raw(claimed) == given.raw.data


def test_ids_sort_by_time_of_receipt(bench: Bench) -> None:
    """A delivery id is positive, fits in 63 bits and grows with time."""
    receipts = bench.put(*(intake(number) for number in range(5)))
    ids = [receipt.delivery_id for receipt in receipts]
    assert ids == sorted(ids)
    assert 0 < ids[0] < ids[-1] < 2**63


def test_the_same_octets_for_the_same_recipient_are_a_duplicate(bench: Bench) -> None:
    """A retry is answered with the first receipt; another recipient, company or mail is not a retry."""
    (first,) = bench.put(intake(1))
    again, deal, other, more = (
        bench.put(it)[0] for it in (intake(1), intake(1, DEAL), intake(1, OTHER), intake(2))
    )
    assert (again.delivery_id, again.duplicate) == (first.delivery_id, True)
    assert not any(receipt.duplicate for receipt in (deal, other, more))
    assert len({first.delivery_id, deal.delivery_id, other.delivery_id, more.delivery_id}) == 4


def test_five_connections_deliver_the_same_mail_at_once(bench: Bench) -> None:
    """All five get one id, and one mail is queued (F13)."""
    receipts = bench.put(*(intake(1) for _ in range(5)))
    assert len({receipt.delivery_id for receipt in receipts}) == 1
    assert [receipt.duplicate for receipt in receipts].count(False) == 1
    assert len(claim(bench)) == 1


def test_a_partial_retry_is_kept_for_the_missing_recipients(bench: Bench) -> None:
    """Where one of two recipients has the mail already, only the other one's share is queued."""
    (first,) = bench.put(intake(1))
    (second,) = bench.put(intake(1, DROP, DEAL))
    assert not second.duplicate
    claimed = {delivery.id: delivery.targets for delivery in claim(bench)}
    assert claimed == {first.delivery_id: (DROP,), second.delivery_id: (DEAL,)}


def test_mail_is_claimed_in_order_and_once(bench: Bench) -> None:
    """The oldest come first, and what is claimed is not claimed again."""
    ids = [receipt.delivery_id for number in range(3) for receipt in bench.put(intake(number))]
    assert [delivery.id for delivery in claim(bench, 2)] == ids[:2]
    assert [delivery.id for delivery in claim(bench, 2)] == ids[2:]
    assert claim(bench, 2) == []


def test_mail_is_not_claimed_before_it_is_due(bench: Bench) -> None:
    """A postponed mail waits, its neighbours do not."""
    bench.put(intake(1), intake(2))
    first, second = claim(bench)
    bench.queue.postpone([first.id], NOON + timedelta(hours=9), "parser_timeout", counted=True)
    bench.queue.postpone([second.id], NOON, "database away", counted=False)
    assert [(delivery.id, delivery.attempts) for delivery in claim(bench)] == [(second.id, 1)]
    due = claim(bench, seconds=10 * 3600)
    assert [(delivery.id, delivery.attempts) for delivery in due] == [(first.id, 2)]


def test_mail_that_did_not_fail_is_due_whatever_the_clock_says(bench: Bench) -> None:
    """A clock that was set back, or is behind that of the host which took the mail, delays nothing (F17)."""
    bench.put(intake(1))
    assert len(claim(bench, seconds=-86_400)) == 1


def test_filed_mail_leaves_the_queue_and_its_octets_stay(bench: Bench) -> None:
    """Only the queue's row goes: copies point at the octets, and a retry by the sender is still known."""
    (receipt,) = bench.put(intake(1))
    (claimed,) = claim(bench)
    bench.queue.finish([outcome(claimed.id)])
    assert bench.rows("spool") == {"spool": []}
    assert bench.queue.raw(claimed) == intake(1).raw.data
    (again,) = bench.put(intake(1))
    assert (again.delivery_id, again.duplicate) == (receipt.delivery_id, True)
    assert claim(bench) == []


@pytest.mark.parametrize("state", [DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED])
def test_other_mail_is_kept_for_a_retry(bench: Bench, state: DeliveryState) -> None:
    """Its envelope and octets stay, and it is not claimed by itself."""
    bench.put(intake(1))
    (claimed,) = claim(bench)
    bench.queue.finish([outcome(claimed.id, state, "why")])
    assert bench.column("spool", "state", "error", "claimed_by") == [("kept", f"{state}: why", None)]
    assert claim(bench) == []
    assert bench.queue.raw(claimed) == intake(1).raw.data


def test_a_failed_mail_may_come_again(bench: Bench) -> None:
    """Duplicates are told against filed and held mail, never against failures."""
    bench.put(intake(1), intake(2))
    failed, held = claim(bench)
    bench.queue.finish([
        outcome(failed.id, DeliveryState.FAILED, "parser_timeout"),
        outcome(held.id, DeliveryState.HELD, "unverified_sender"),
    ])  # fmt: skip
    once_more = bench.put(intake(1), intake(2))
    assert [receipt.duplicate for receipt in once_more] == [False, True]
    assert once_more[0].delivery_id != failed.id


def test_only_claimed_mail_can_be_finished(bench: Bench) -> None:
    """An outcome for mail that was given back meanwhile changes nothing."""
    bench.put(intake(1))
    (claimed,) = claim(bench)
    bench.queue.postpone([claimed.id], NOON, "", counted=False)
    bench.queue.finish([outcome(claimed.id)])
    assert len(claim(bench)) == 1
