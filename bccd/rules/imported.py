"""What an administrator has read out of a user's own mailbox: old mail, which nobody handed in one by one.

Whose mailbox it is stands in for a proof. Mail of one of our own people is outgoing, all other mail incoming
(rules.md 4); nothing in it is a filing forward. It may be older than any deal, and nobody waits for answers.
"""

from bccd.model.auth import AuthMethod
from bccd.model.delivery import Delivery, DeliveryState
from bccd.model.message import AutoKind, Content, Message
from bccd.model.plan import Direction, Provenance
from bccd.rules.direction import Reading, Sides, Unread, external, read_incoming

_RULE = "import"
# What no person wrote to this user: a mailbox is full of it, and nobody has chosen it to be filed.
_ASIDE = frozenset({AutoKind.DSN, AutoKind.MDN, AutoKind.AUTO_REPLY, AutoKind.LIST, AutoKind.BULK})


def is_imported(delivery: Delivery) -> bool:
    """Tell whether a mail was read out of a user's mailbox."""
    return delivery.sender is not None and delivery.sender.method is AuthMethod.IMPORT


def read_imported(message: Message, sides: Sides, *, let_in: bool = False) -> Reading | Unread:
    """Read a mail as its mailbox shows it: by its author alone.

    `let_in` tells that its user has said since that it may be filed.
    """
    content = message.content
    auto = AutoKind.LIST if message.list_id and content.auto is AutoKind.NONE else content.auto
    if not let_in and auto in _ASIDE and not content.auto_reason.startswith("calendar:"):
        return _aside(str(auto))
    if content.sender is None or not content.sender.address or content.from_count > 1:
        return _aside("no_single_from")
    if sides.ours(content.sender.address):
        return _sent(content, sides)
    return _from_mailbox(read_incoming(content, sides))


def _sent(content: Content, sides: Sides) -> Reading | Unread:
    """Read mail of our own people; what was sent in Bcc alone shows its recipients in the sender's copy."""
    main, others = external(content.to, sides), external(content.cc, sides)
    rule = _RULE
    if not main and not others:
        main, rule = external(content.bcc, sides), "1c"
    if not main and not others:
        visible = [box.address for box in (*content.to, *content.cc, *content.bcc) if box.address]
        unlogged = any(sides.never_log(address) and not sides.ours(address) for address in visible)
        return _aside("never_log" if unlogged else "internal_only")
    named = {box.address for box in main}
    rest = tuple(box for box in others if box.address not in named)
    return Reading(content, Direction.OUTGOING, main or rest, rest if main else (), Provenance.IMPORT, rule)


def _aside(reason: str) -> Unread:
    return Unread(DeliveryState.SET_ASIDE, reason, _RULE)


def _from_mailbox(reading: Reading | Unread) -> Reading | Unread:
    """Say how an incoming mail reached us; one that cannot be filed waits for nobody."""
    if isinstance(reading, Unread):
        return _aside(reading.reason)
    return Reading(reading.content, reading.direction, reading.main, reading.others, Provenance.IMPORT, _RULE)
