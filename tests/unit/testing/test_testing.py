"""The builders build what they say."""

from datetime import timedelta

import pytest

from bccd.mail.parse import parse
from bccd.model.auth import HeldSender
from bccd.model.envelope import Target
from bccd.testing import FixedClock, MemoryStore, Seed, fill, intake_of, raw_mail
from bccd.testing.build import NOON
from bccd.testing.tables import BrokenKeyError


def test_a_clock_stands_until_it_is_told() -> None:
    """Time passes by tick() alone."""
    clock = FixedClock()
    assert clock.now() == clock.now() == NOON
    clock.tick(1.5)
    assert clock.now() == NOON + timedelta(seconds=1.5)


def test_a_raw_mail_reads_as_it_was_written() -> None:
    """Names and subjects beyond ASCII come back, and lines end in CRLF."""
    raw = raw_mail(
        "Żaneta <zaneta@seller.example>",
        "jan@customer.example",
        subject="Oferta — żółta",
        text="Cześć\nJan",
        message_id="1@seller.example",
        more={"Received": "from here"},
    )
    content = parse(raw).content
    assert content.sender is not None
    assert (content.sender.name, content.sender.address) == ("Żaneta", "zaneta@seller.example")
    assert (content.subject, content.text.strip()) == ("Oferta — żółta", "Cześć\nJan")
    assert (content.message_id, content.date) == ("1@seller.example", NOON)
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.startswith(b"Received: from here\r\n")


def test_an_intake_has_a_sender_or_is_held() -> None:
    """Exactly one of the two is set."""
    target, held = Target("crm@drop.example", 1), HeldSender("unknown_sender")
    proven, unproven = intake_of(b"A: b\r\n\r\nc", target), intake_of(b"A: b\r\n\r\nc", target, held=held)
    assert (proven.sender is not None, proven.held) == (True, None)
    assert (unproven.sender, unproven.held) == (None, held)
    assert proven.raw.header == b"A: b\r\n"


def test_the_memory_store_keeps_keys_as_a_database_does() -> None:
    """A row that stands already, or that points at nothing, is refused."""
    store = MemoryStore()
    fill(store, Seed().company(1))
    with pytest.raises(BrokenKeyError, match="company has"):
        fill(store, Seed().company(1))
    with pytest.raises(BrokenKeyError, match="points at app_user"):
        fill(store, Seed().contact(5, owner=7))


def test_the_memory_store_fails_when_told() -> None:
    """A test can see what happens when a store is away."""
    store = MemoryStore()
    store.failure = ConnectionError("away")
    with pytest.raises(ConnectionError):
        store.claim(1, NOON)
