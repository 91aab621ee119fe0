"""Which stored message a mail is, where the ways it came changed its id or its date (data.md 1.7)."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from bccd.model.facts import KnownMessage
from bccd.model.message import Content
from bccd.model.plan import Provenance
from bccd.rules.dedupe import people, whole_subject

Ours = Callable[[str], bool]

_ZONES = timedelta(hours=26)  # from one end of the world to the other, UTC-12 to UTC+14
_ZONE_STEP = 15  # minutes: every zone is a multiple of it away from any other
_REWRITTEN = timedelta(minutes=10)  # a provider that gives a new id may give a new date, too


def same_message(
    content: Content, way: Provenance, digest: bytes, candidates: Iterable[KnownMessage], ours: Ours
) -> KnownMessage | None:
    """Return the one stored message that this mail must be; None where there is none, or no single one.

    Only equal content makes two mails one, and equal recipients as far as they are told: whoever submits it
    sees no more than he had (decisions.md 5).
    """
    near = [
        (distance, known)
        for known in candidates
        if known.digest == digest
        and whole_subject(known.subject) == whole_subject(content.subject)
        and _tells_all(content, way, known, ours)
        and (distance := _distance(content, way, known)) is not None
        and same_people(
            [box.address for box in (*content.to, *content.cc)],
            known.recipients,
            ours,
            inline=_inline(way, known),
        )
    ]
    if not near:
        return None
    nearest = min(distance for distance, _ in near)
    # A daily report forwarded in a text could be yesterday's by the clock alone: the very minute comes first.
    best = [known for distance, known in near if distance == nearest or nearest > timedelta(minutes=1)]
    return best[0] if len(best) == 1 else None


def _tells_all(content: Content, way: Provenance, known: KnownMessage, ours: Ours) -> bool:
    """Tell whether the mail names all that is shown of the stored one besides its recipients.

    A text tells of a header what the forwarder's client prints; whole mails must agree in all of it.
    """
    if not _inline(way, known):
        parents = {*content.in_reply_to, *content.references, content.message_id, *content.other_ids}
        return people(content) == known.people and parents.issuperset(known.ties.refs.split())
    named = (content.sender, content.actual_sender, *content.reply_to, *content.to, *content.cc)
    told = {box.address for box in named if box}
    return all(address in told or ours(address) for address in known.others if address)


def _inline(way: Provenance, known: KnownMessage) -> bool:
    return Provenance.FORWARD_INLINE in (way, known.provenance)


def _distance(content: Content, way: Provenance, known: KnownMessage) -> timedelta | None:
    """Return how far apart in time the two were sent; None where they cannot be one."""
    if content.date is None or known.sent_at is None:
        return None
    if not _inline(way, known):
        apart = abs(content.date - known.sent_at)
        # To the second it is the one mail under another id; sent twice, the two come the same way.
        return apart if not apart or (way is not known.provenance and apart <= _REWRITTEN) else None
    # A header block tells the minute, in a zone that it may not tell.
    mine, stored = (moment.replace(second=0, microsecond=0) for moment in (content.date, known.sent_at))
    apart = abs(mine - stored)
    minutes = int(apart.total_seconds()) // 60
    return apart if apart <= _ZONES and minutes % _ZONE_STEP == 0 else None


def same_people(mine: Iterable[str], stored: Iterable[str], ours: Ours, *, inline: bool) -> bool:
    """Tell whether two lists of recipients are one; an empty address stands for a name without one.

    A block in a text may name our own people without their addresses, or leave them out. Everybody else must
    stand in both, with his address: it is not given away to whoever could not say it.
    """
    here, there = list(mine), list(stored)
    if set(here) - {""} == set(there) - {""}:
        return True
    if not inline:
        return False
    missing, more = set(there) - set(here) - {""}, set(here) - set(there) - {""}
    if not all(ours(address) for address in missing | more):
        return False
    unnamed_here, unnamed_there = here.count(""), there.count("")
    return (not here or len(missing) <= unnamed_here) and (not there or len(more) <= unnamed_there)
