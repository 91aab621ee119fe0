"""Which way a mail went and which of its contents is filed: the table of rules.md 4."""

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from bccd.model.delivery import DeliveryState
from bccd.model.message import SURE, AutoKind, Content, Forward, ForwardKind, Mailbox, Message
from bccd.model.plan import Direction, Provenance

Ours = Callable[[str], bool]  # takes a normalised address

_PROVENANCE = {
    ForwardKind.ATTACHED: Provenance.FORWARD_ATTACHED,
    ForwardKind.INLINE: Provenance.FORWARD_INLINE,
}
_DAEMONS = frozenset({"mailer-daemon", "postmaster"})


class Reading(Struct, frozen=True):
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


class Unread(Struct, frozen=True):
    """Why a mail, or one original in it, cannot be filed as it stands, and what becomes of it."""

    state: DeliveryState
    reason: str
    rule: str
    candidates: tuple[Mailbox, ...] = ()  # who may have written it


_INTERNAL = Unread(DeliveryState.SET_ASIDE, "internal_only", "1c")  # decisions.md 7.11
_INTERNAL_FORWARD = Unread(DeliveryState.HELD, "internal_only", "1b")  # decisions.md 7.3
_NOBODY = Unread(DeliveryState.HELD, "no_visible_recipient", "1c")  # decisions.md 7.6
_NO_AUTHOR = Unread(DeliveryState.HELD, "original_sender_unknown", "1b")
_NEVER_LOG = Unread(DeliveryState.SET_ASIDE, "never_log", "3.5")


class Sides(Struct, frozen=True):
    """Who is who, by normalised address."""

    ours: Ours  # confirmed users, drop addresses, internal domains
    service: Ours  # the drop addresses alone
    never_log: Ours


def read_directions(
    message: Message, sides: Sides, *, targeted: bool, named: tuple[Mailbox, ...] = ()
) -> list[Reading | Unread]:
    """Read a mail of a proven submitter; one entry a forwarded original, one in all for every other mail.

    `targeted` tells that the address asks for a deal or a note; `named` are those in Bcc to whom a mail
    without visible recipients went, as the user has said since.
    """
    content = message.content
    main, others = external(content.to, sides), external(content.cc, sides)
    if main or others:
        return [outgoing(content, main, others, Provenance.BCC, "1a")]
    originals = [forward for forward in message.forwards if forward.kind in _PROVENANCE]
    if originals:
        return [_filing(forward, message, sides) for forward in originals]
    visible = [box.address for box in (*content.to, *content.cc) if box.address]
    if any(sides.never_log(address) and not sides.ours(address) for address in visible):
        return [_NEVER_LOG]
    if targeted:
        return [Reading(content, Direction.INTERNAL, (), (), Provenance.BCC, "1c")]
    if told := external(named, sides):
        return [outgoing(content, told, (), Provenance.BCC, "1c")]
    return [_INTERNAL if any(not sides.service(address) for address in visible) else _NOBODY]


def read_incoming(content: Content, sides: Sides) -> Reading | Unread:
    """Read an outsider's own mail, which a user has let in (rules.md 4, 2)."""
    if content.sender is None:  # held mail has exactly one author
        return _NO_AUTHOR
    return _incoming(content, content.sender, sides, Provenance.DIRECT, "2")


def with_all_parties(reading: Reading, sides: Sides) -> Reading:
    """Return a reading with those whom only its submitter never logs; `sides` knows the company's list alone.

    Which messages hang together must not depend on who filed them.
    """
    content = reading.content
    if reading.direction is Direction.OUTGOING and reading.rule != "1c":
        whole: Reading | Unread = outgoing(
            content,
            external(content.to, sides),
            external(content.cc, sides),
            reading.provenance,
            reading.rule,
        )
    elif reading.direction is Direction.INCOMING and (reading.main or reading.others) and content.sender:
        whole = _incoming(content, content.sender, sides, reading.provenance, reading.rule)
    else:
        return reading
    return replace(reading, main=whole.main, others=whole.others) if isinstance(whole, Reading) else reading


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


def has_author(forward: Forward) -> bool:
    """Tell whether it is sure who wrote a forwarded original: one address, not a name alone."""
    original = forward.original
    known = original.sender is not None and bool(original.sender.address) and original.from_count <= 1
    return known and forward.confidence >= SURE


def is_bounce(content: Content) -> bool:
    """Tell whether it is a server's report that a mail did not arrive (rules.md 3.2)."""
    author = content.sender.address if content.sender else ""
    return content.auto is AutoKind.DSN or author.rpartition("@")[0].partition("+")[0] in _DAEMONS


def levels(forward: Forward) -> Iterable[Forward]:
    """Yield a forward and all it forwards in turn, the outermost first."""
    yield forward
    for inner in forward.inner:
        yield from levels(inner)


def outgoing(
    content: Content, main: tuple[Mailbox, ...], others: tuple[Mailbox, ...], way: Provenance, rule: str
) -> Reading:
    """Return the reading of a mail that one of our own people wrote; nobody stands in it twice."""
    named = {box.address for box in main}
    rest = tuple(box for box in others if box.address not in named)
    return Reading(content, Direction.OUTGOING, main or rest, rest if main else (), way, rule)


def _incoming(
    content: Content, author: Mailbox, sides: Sides, way: Provenance, rule: str
) -> Reading | Unread:
    """Read a mail of an author who is none of ours; one on the never-log list is no party (rules.md 3.5)."""
    rest = external((*content.to, *content.cc), sides)
    others = tuple(box for box in rest if box.address != author.address)
    if not sides.never_log(author.address):
        return Reading(content, Direction.INCOMING, (author,), others, way, rule)
    return Reading(content, Direction.INCOMING, (), others, way, rule) if others else _NEVER_LOG


def _filing(forward: Forward, message: Message, sides: Sides) -> Reading | Unread:
    """Read a filing forward, descending over hops between our own people (decisions.md 7.3)."""
    reading: Reading | Unread = _INTERNAL_FORWARD
    for level in levels(forward):
        reading = _read_original(level, sides)
        if isinstance(reading, Reading):
            hops = ("internal hops descended",) if level is not forward else ()
            evidence = (*level.evidence, *hops)
            return replace(reading, note=message.note, wrapper=message.content, evidence=evidence)
        if reading is not _INTERNAL_FORWARD:
            return reading
    return reading


def _unknown_author(forward: Forward) -> Unread:
    guessed = (forward.original.sender,) if forward.original.sender else ()
    return replace(_NO_AUTHOR, candidates=tuple(dict.fromkeys((*guessed, *forward.candidates))))


def _read_original(forward: Forward, sides: Sides) -> Reading | Unread:
    original = forward.original
    way = _PROVENANCE.get(forward.kind, Provenance.FORWARD_INLINE)
    if is_bounce(original):  # it tells of a mail, and of nobody who takes part
        return Reading(replace(original, auto=AutoKind.DSN), Direction.INCOMING, (), (), way, "3.2")
    author = original.sender
    if author is None or not has_author(forward):
        return _unknown_author(forward)
    if not sides.ours(author.address):
        return _incoming(original, author, sides, way, "1b")
    main, others = external(original.to, sides), external(original.cc, sides)
    if main or others:
        return outgoing(original, main, others, way, "1b")
    unlogged = any(sides.never_log(box.address) for box in (*original.to, *original.cc) if box.address)
    return _NEVER_LOG if unlogged else _INTERNAL_FORWARD
