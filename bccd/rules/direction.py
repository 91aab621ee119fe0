"""Which way a mail went and which of its contents is filed: the table of rules.md 4."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bccd.model.delivery import DeliveryState
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
    evidence: tuple[str, ...] = ()  # how the reader knew the original


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a mail, or one original in it, cannot be filed as it stands, and what becomes of it."""

    state: DeliveryState
    reason: str
    rule: str


_INTERNAL = Unread(DeliveryState.SET_ASIDE, "internal_only", "1c")  # decisions.md 7.11
_INTERNAL_FORWARD = Unread(DeliveryState.HELD, "internal_only", "1b")  # decisions.md 7.3
_NOBODY = Unread(DeliveryState.HELD, "no_visible_recipient", "1c")  # decisions.md 7.6
_NO_AUTHOR = Unread(DeliveryState.HELD, "original_sender_unknown", "1b")
_NEVER_LOG = Unread(DeliveryState.SET_ASIDE, "never_log", "3.5")


@dataclass(frozen=True, slots=True)
class Sides:
    """Who is who, by normalised address."""

    ours: Ours  # confirmed users, drop addresses, internal domains
    service: Ours  # the drop addresses alone
    never_log: Ours


def read_directions(message: Message, sides: Sides, *, targeted: bool) -> list[Reading | Unread]:
    """Read a mail of a proven submitter; one entry a forwarded original, one in all for every other mail.

    `targeted` tells that the submitter named a deal in the address.
    """
    content = message.content
    main, others = external(content.to, sides), external(content.cc, sides)
    if main or others:
        return [_outgoing(content, main, others, Provenance.BCC, "1a")]
    originals = [forward for forward in message.forwards if forward.kind in _PROVENANCE]
    if originals:
        return [_filing(forward, message, sides) for forward in originals]
    visible = [box.address for box in (*content.to, *content.cc) if box.address]
    if any(sides.never_log(address) and not sides.ours(address) for address in visible):
        return [_NEVER_LOG]
    if targeted:
        return [Reading(content, Direction.INTERNAL, (), (), Provenance.BCC, "1c")]
    return [_INTERNAL if any(not sides.service(address) for address in visible) else _NOBODY]


def external(mailboxes: Iterable[Mailbox], sides: Sides) -> tuple[Mailbox, ...]:
    """Return ext(S): the mailboxes that are neither ours nor on the never-log list, each address once."""
    seen: set[str] = set()
    found = []
    for box in mailboxes:
        if not box.address or box.address in seen:
            continue
        seen.add(box.address)
        if not sides.ours(box.address) and not sides.never_log(box.address):
            found.append(box)
    return tuple(found)


def _outgoing(
    content: Content, main: tuple[Mailbox, ...], others: tuple[Mailbox, ...], way: Provenance, rule: str
) -> Reading:
    named = {box.address for box in main}
    rest = tuple(box for box in others if box.address not in named)
    return Reading(content, Direction.OUTGOING, main or rest, rest if main else (), way, rule)


def _filing(forward: Forward, message: Message, sides: Sides) -> Reading | Unread:
    """Read a filing forward, descending over hops between our own people (decisions.md 7.3)."""
    readings = (_read_original(original, sides) for original in _levels(forward))
    reading = next((found for found in readings if found is not _INTERNAL_FORWARD), _INTERNAL_FORWARD)
    if isinstance(reading, Unread):
        return reading
    level = next(level for level in _levels(forward) if level.original is reading.content)
    hops = ("internal hops descended",) if level is not forward else ()
    evidence = (*level.evidence, *hops)
    return replace(reading, note=message.note, wrapper=message.content, evidence=evidence)


def _levels(forward: Forward) -> Iterable[Forward]:
    """Yield a forward and all it forwards in turn, the outermost first."""
    yield forward
    for inner in forward.inner:
        yield from _levels(inner)


def _read_original(forward: Forward, sides: Sides) -> Reading | Unread:
    original = forward.original
    way = _PROVENANCE.get(forward.kind, Provenance.FORWARD_INLINE)
    author = original.sender
    if author is None or not author.address or original.from_count > 1:
        return _NO_AUTHOR
    if sides.ours(author.address):
        main, others = external(original.to, sides), external(original.cc, sides)
        if main or others:
            return _outgoing(original, main, others, way, "1b")
        unlogged = any(sides.never_log(box.address) for box in (*original.to, *original.cc) if box.address)
        return _NEVER_LOG if unlogged else _INTERNAL_FORWARD
    rest = external((*original.to, *original.cc), sides)
    others = tuple(box for box in rest if box.address != author.address)
    if not sides.never_log(author.address):
        return Reading(original, Direction.INCOMING, (author,), others, way, "1b")
    return Reading(original, Direction.INCOMING, (), others, way, "1b") if others else _NEVER_LOG
