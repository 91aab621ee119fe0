"""What the change feed tells of a filing: whom each event is for, and whether it names who filed."""

from collections.abc import Iterable

from bccd.model.directory import Sharing
from bccd.model.events import EventKind
from bccd.model.facts import KnownMessage
from bccd.model.plan import Change, Merge, NewContact, Regroup, Settled
from bccd.rules.case import Case

EVERYONE = 0


def general(
    contacts: Iterable[NewContact], merge: Merge | None, regroup: Regroup | None = None
) -> tuple[Change, ...]:
    """Announce to everyone what carries no content: new contacts, conversations that merged or split."""
    made = (Change(EventKind.CONTACT_ADDED, EVERYONE, entity_id=contact.id) for contact in contacts)
    winner = merge.winner if merge else None
    became = (merged(loser, winner) for loser in (merge.losers if merge else ()))
    return (*made, *became, *(splits_and_merges(regroup) if regroup else ()))


def settled(answers: Iterable[Settled]) -> tuple[Change, ...]:
    """Announce suggestions that were answered, to those who see their messages."""
    return tuple(
        Change(
            EventKind.LINK_CHANGED, it.audience_id, it.conversation_id, it.message_id, it.link_id, it.actor_id
        )
        for it in answers
    )


def splits_and_merges(regroup: Regroup) -> tuple[Change, ...]:
    """Announce to everyone which conversations were put together anew; ids tell nothing of their mail."""
    return (*(merged(loser, winner) for loser, winner in regroup.merged), *_splits(regroup))


def merged(loser: int, winner: int | None) -> Change:
    """Announce to everyone that a conversation became part of another."""
    return Change(EventKind.CONVERSATION_MERGED, EVERYONE, winner, entity_id=loser)


def _splits(regroup: Regroup) -> Iterable[Change]:
    """Name each conversation that lost messages, with each that has them now."""
    gone = dict(regroup.merged)
    for before, home in dict.fromkeys((before, home) for _, before, home in regroup.moved):
        if gone.get(before) != home:
            yield Change(EventKind.CONVERSATION_SPLIT, EVERYONE, before, entity_id=home)


def first(case: Case, conversation_id: int, message_id: int, *, is_open: bool) -> tuple[Change, ...]:
    """Announce a new message to those who may see it: everyone, or the owners of its copies."""
    audiences = (EVERYONE,) if is_open else case.owners
    return _added(case, conversation_id, message_id, audiences)


def again(
    case: Case,
    known: KnownMessage,
    conversation_id: int,
    *,
    is_open: bool,
    fresh: tuple[int, ...],
    altered: bool,
) -> tuple[Change, ...]:
    """Announce what a later arrival did to a stored message, which `fresh` own from now on.

    `altered` says that those who saw it before see something else now. A further copy is nobody else's
    business, and whoever keeps his copy private is not named for what it brought about.
    """
    named = case.user_id if fresh and case.sharing is Sharing.SHARED else None
    was_open = known.shared and known.linked
    if is_open and not was_open:
        return (Change(EventKind.MESSAGE_ADDED, EVERYONE, conversation_id, known.id, actor_id=named),)
    others = (EVERYONE,) if was_open else sorted(known.owners)
    updates = (
        Change(EventKind.MESSAGE_UPDATED, audience, conversation_id, known.id, actor_id=named)
        for audience in others
        if altered
    )
    return (*updates, *_added(case, conversation_id, known.id, fresh))


def _added(
    case: Case, conversation_id: int, message_id: int, audiences: tuple[int, ...]
) -> tuple[Change, ...]:
    return tuple(
        Change(EventKind.MESSAGE_ADDED, audience, conversation_id, message_id, actor_id=case.user_id)
        for audience in audiences
    )
