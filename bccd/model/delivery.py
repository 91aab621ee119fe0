"""An accepted transaction of one company on its way from the spool to its outcome."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from bccd.model.auth import AuthReport, HeldSender, Sender
from bccd.model.envelope import Peer, Raw, Target
from bccd.model.message import Message

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_ID_DIGITS = 13
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)  # two digits, of ten bits


@unique
class DeliveryState(StrEnum):
    """Where a delivery stands (decisions.md 1)."""

    RECEIVED = "received"
    FILED = "filed"
    HELD = "held"  # waits for a person
    SET_ASIDE = "set_aside"  # by rule
    FAILED = "failed"  # by error


@dataclass(frozen=True, slots=True)
class Intake:
    """What receive() hands to the spool: one company's share of a transaction, with its verdict."""

    company_id: int
    targets: tuple[Target, ...]
    mail_from: str
    peer: Peer
    received_at: datetime
    auth: AuthReport
    raw: Raw
    sender: Sender | None = None  # exactly one of sender and held is set
    held: HeldSender | None = None
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The spool's durable answer: under which id the mail stands."""

    delivery_id: int
    duplicate: bool = False  # the same octets for the same recipient stand already


@dataclass(frozen=True, slots=True)
class Delivery:
    """A spooled mail as the filer claims it; its octets are fetched apart."""

    id: int
    company_id: int
    targets: tuple[Target, ...]
    mail_from: str
    peer: Peer
    received_at: datetime
    auth: AuthReport
    raw_sha256: bytes
    size: int
    sender: Sender | None = None
    held: HeldSender | None = None
    defects: tuple[str, ...] = ()
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Mail:
    """A delivery with its parsed message: what decide() looks at."""

    delivery: Delivery
    message: Message


def show_id(delivery_id: int) -> str:
    """Write a delivery id the way replies, logs and the command line show it: 13 characters, base 32."""
    pairs = [_PAIRS[delivery_id >> bits & 1023] for bits in (50, 40, 30, 20, 10, 0)]
    return _ALPHABET[delivery_id >> 60 & 31] + "".join(pairs)


def read_id(text: str) -> int | None:
    """Read what show_id wrote, in either case; None where it is no delivery id."""
    if len(text) != _ID_DIGITS:
        return None
    value = 0
    for letter in text.lower():
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        value = value * 32 + digit
    return value
