"""Which addresses a filed report says take no mail, and which a good mail shows to work again."""

from datetime import datetime

from bccd.model.message import AutoKind, FailedRecipient
from bccd.model.plan import Direction, NewBounce, NewMessage
from bccd.rules.direction import Reading
from bccd.rules.overlay import Overlay

# RFC 3463 codes by which no later mail will arrive either: no such mailbox, domain or host.
_HARD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.1", "5.4.4"})
_TOLD = frozenset({"failed", "delayed"})


def bounces(reading: Reading, message: NewMessage, overlay: Overlay) -> tuple[NewBounce, ...]:
    """Return an entry for each outsider whom the report names as not reached (rules.md 3.2)."""
    reported = reading.content.reported
    if reported is None or reading.content.auto is not AutoKind.DSN:
        return ()
    told = {one.address: one for one in reported.recipients if one.address and one.action in _TOLD}
    return tuple(
        _bounce(one, message.sort_at) for one in told.values() if not overlay.sides.is_ours(one.address)
    )


def arrived(reading: Reading) -> tuple[str, ...]:
    """Return the author of a good incoming mail: what was told of his address before is no longer true."""
    good = reading.direction is Direction.INCOMING and reading.content.auto is AutoKind.NONE
    return tuple(box.address for box in reading.main) if good else ()


def _bounce(one: FailedRecipient, at: datetime) -> NewBounce:
    hard = one.action == "failed" and one.status in _HARD
    return NewBounce(one.address, hard, one.status, at)
