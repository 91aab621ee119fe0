"""Which way a mail went and which of its contents is filed: the table of rules.md 4."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bccd.model.message import Content, Forward, ForwardKind, Mailbox, Message
from bccd.model.plan import Direction, Provenance

Ours = Callable[[str], bool]  # takes a normalised address

_PROVENANCE = {
    ForwardKind.ATTACHED: Provenance.FORWARD_ATTACHED,
    ForwardKind.INLINE: Provenance.FORWARD_INLINE,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be filed, and between whom."""

    content: Content
    direction: Direction
    main: tuple[Mailbox, ...]  # To of outgoing, From of incoming: the only ones that choose a deal
    others: tuple[Mailbox, ...]  # further external participants
    provenance: Provenance
    rule: str  # the branch of rules.md 4 that decided, e.g. "1a"
    note: str = ""  # the forwarder's own words; his copy's alone
    wrapper: Content | None = None  # the mail that carried the forward


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a mail cannot be filed as it stands."""

    reason: str
    rule: str


def read_directions(message: Message, ours: Ours, service: Ours, *, targeted: bool) -> list[Reading | Unread]:
    """Read a mail of a proven submitter; one entry a forwarded original, one in all for every other mail.

    `ours` holds for our users, drop addresses and internal domains, `service` for the drop addresses alone;
    `targeted` tells that the submitter named a deal in the address.
    """
    content = message.content
    main, others = external(content.to, ours), external(content.cc, ours)
    if main or others:
        return [_outgoing(content, main, others, Provenance.BCC, "1a")]
    originals = [forward for forward in message.forwards if forward.kind in _PROVENANCE]
    if originals:
        return [_filing(forward, message, ours) for forward in originals]
    if targeted:
        return [Reading(content, Direction.INTERNAL, (), (), Provenance.BCC, "1c")]
    visible = any(box.address and not service(box.address) for box in (*content.to, *content.cc))
    return [Unread("internal_only" if visible else "no_visible_recipient", "1c")]


def external(mailboxes: Iterable[Mailbox], ours: Ours) -> tuple[Mailbox, ...]:
    """Return the mailboxes that are not ours, each address once."""
    seen: set[str] = set()
    found = []
    for box in mailboxes:
        if box.address and box.address not in seen and not ours(box.address):
            seen.add(box.address)
            found.append(box)
    return tuple(found)


def _outgoing(
    content: Content, main: tuple[Mailbox, ...], others: tuple[Mailbox, ...], way: Provenance, rule: str
) -> Reading:
    named = {box.address for box in main}
    rest = tuple(box for box in others if box.address not in named)
    return Reading(content, Direction.OUTGOING, main or rest, rest if main else (), way, rule)


def _filing(forward: Forward, message: Message, ours: Ours) -> Reading | Unread:
    """Read a filing forward, descending over hops between our own people (decisions.md 7.3)."""
    reading = _read_original(forward, ours)
    for inner in forward.inner:
        if isinstance(reading, Reading) or reading.reason != "internal_only":
            break
        reading = _read_original(inner, ours)
    if isinstance(reading, Unread):
        return reading
    return Reading(
        reading.content,
        reading.direction,
        reading.main,
        reading.others,
        reading.provenance,
        reading.rule,
        note=message.note,
        wrapper=message.content,
    )


def _read_original(forward: Forward, ours: Ours) -> Reading | Unread:
    original = forward.original
    way = _PROVENANCE.get(forward.kind, Provenance.FORWARD_INLINE)
    if original.sender is None or not original.sender.address:
        return Unread("original_sender_unknown", "1b")
    if not ours(original.sender.address):
        others = external((*original.to, *original.cc), ours)
        rest = tuple(box for box in others if box.address != original.sender.address)
        return Reading(original, Direction.INCOMING, (original.sender,), rest, way, "1b")
    main, others = external(original.to, ours), external(original.cc, ours)
    if main or others:
        return _outgoing(original, main, others, way, "1b")
    return Unread("internal_only", "1b")
