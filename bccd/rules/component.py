"""Conversations as what they are: the connected components of messages and tokens, and of users' overrides.

A pure function of the messages (data.md 1.2): filing one by one only keeps its result up to date. It is asked
outright where that is not enough: a user has split or merged, a mail turns out to have gone to many, or a
setting has changed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from bccd.model.plan import NewConversation, Regroup
from bccd.model.strand import Override, OverrideKind, Strand, Token
from bccd.rules.thread import names, own_names, tokens


class Grouping(Struct, frozen=True):
    """Where messages belong, and the tokens by which later mail finds them."""

    homes: Mapping[int, int]  # message -> conversation
    started: tuple[int, ...]  # conversations that are new
    merged: tuple[tuple[int, int], ...]  # conversation -> the one that holds its oldest message now
    tokens: tuple[tuple[Token, int], ...]
    by_hand: frozenset[int]  # conversations that hold what a user split off
    salts: Mapping[int, int]  # message -> the group that it was split off with


def group(
    strands: Collection[Strand],
    overrides: Collection[Override],
    take_id: Callable[[], int],
    *,
    split_on_subject: bool,
    broadcasts: Collection[bytes] = (),
) -> Grouping:
    """Put messages into conversations; a conversation stays where its oldest message goes.

    `strands` says where each message is now, 0 for one that is new; `take_id` gives ids to new conversations;
    `broadcasts` names mail to many that is not among them.
    """
    ordered = sorted(strands, key=lambda strand: strand.message_id)
    many = {name for strand in ordered if strand.broadcast for name in own_names(strand)} | set(broadcasts)

    def its(strand: Strand, salt: int = 0) -> tuple[Token, ...]:
        return tokens(strand, split_on_subject=split_on_subject, broadcasts=many, salt=salt)

    found = {strand.message_id: its(strand) for strand in ordered}
    salts = _salts(ordered, found, overrides)
    found |= {
        strand.message_id: its(strand, salt) for strand in ordered if (salt := salts.get(strand.message_id))
    }
    components = _components(ordered, found, salts, overrides)
    claims = _claims(ordered, components)
    ids: dict[int, int] = {}
    started: list[int] = []
    for root in dict.fromkeys(components[strand.message_id] for strand in ordered):
        claimed = claims[root]
        ids[root] = min(claimed) if claimed else take_id()
        if not claimed:
            started.append(ids[root])
    homes = {strand.message_id: ids[components[strand.message_id]] for strand in ordered}
    leading = {token: homes[message_id] for message_id, mine in found.items() for token in mine}
    return Grouping(
        homes,
        tuple(started),
        tuple(sorted((old, ids[root]) for root, olds in claims.items() for old in olds if old != ids[root])),
        tuple(sorted(leading.items())),
        frozenset(homes[message_id] for message_id in salts),
        salts,
    )


def _salts(
    strands: Sequence[Strand], plain: Mapping[int, Collection[Token]], overrides: Collection[Override]
) -> dict[int, int]:
    """Return the group that each message was split off with, by itself or because it answers one that was.

    An answer under another subject is of another conversation already and does not follow. So whom a message
    follows stands in its own conversation, and nothing else need be known of.
    """
    detached = {o.message_id: o.group_id for o in _in_turn(overrides) if o.kind is OverrideKind.DETACH}
    if not detached:
        return {}
    by_id: defaultdict[str, list[Strand]] = defaultdict(list)
    for strand in strands:
        for own in strand.own_ids:
            by_id[own].append(strand)

    def above(strand: Strand) -> Strand | None:
        mine = frozenset(plain[strand.message_id])
        parents = (it for parent in strand.parents for it in by_id.get(parent, ()))
        known = (it for it in parents if it.message_id != strand.message_id)
        return next((it for it in known if not mine.isdisjoint(plain[it.message_id])), None)

    salts = {strand.message_id: _salt(strand, above, detached) for strand in strands}
    return {message_id: salt for message_id, salt in salts.items() if salt}


def _salt(strand: Strand, above: Callable[[Strand], Strand | None], detached: Mapping[int, int]) -> int:
    """Follow a message to the nearest one above it that a user split off; 0 where there is none."""
    seen: set[int] = set()
    at: Strand | None = strand
    while at is not None and at.message_id not in seen:
        if at.message_id in detached:
            return detached[at.message_id]
        seen.add(at.message_id)
        at = above(at)
    return 0


def _components(
    strands: Sequence[Strand],
    found: Mapping[int, Iterable[Token]],
    salts: Mapping[int, int],
    overrides: Collection[Override],
) -> dict[int, int]:
    """Return for each message the oldest one of its component."""
    parent = {strand.message_id: strand.message_id for strand in strands}

    def root(message_id: int) -> int:
        while parent[message_id] != message_id:
            parent[message_id] = parent[parent[message_id]]
            message_id = parent[message_id]
        return message_id

    def join(one: int, other: int) -> None:
        low, high = sorted((root(one), root(other)))
        parent[high] = low

    first: dict[Token, int] = {}
    for message_id, mine in found.items():
        for token in mine:
            join(first.setdefault(token, message_id), message_id)
    together: dict[int, int] = {}  # what was split off at once, though it may share no id
    for message_id, salt in salts.items():
        join(together.setdefault(salt, message_id), message_id)
    for override in overrides:
        other = override.other_id
        if override.kind is OverrideKind.JOIN and override.message_id in parent and other in parent:
            join(override.message_id, other)
    return {message_id: root(message_id) for message_id in parent}


def _claims(strands: Sequence[Strand], components: Mapping[int, int]) -> dict[int, list[int]]:
    """Return for each component the conversations whose oldest message it holds."""
    claims: defaultdict[int, list[int]] = defaultdict(list)
    settled: set[int] = set()
    for strand in strands:  # the oldest message first
        if strand.conversation_id and strand.conversation_id not in settled:
            settled.add(strand.conversation_id)
            claims[components[strand.message_id]].append(strand.conversation_id)
    return claims


def _in_turn(overrides: Iterable[Override]) -> list[Override]:
    return sorted(overrides, key=lambda override: override.id)


def regroup_of(made: Grouping, strands: Collection[Strand], domain: Collection[int], at: datetime) -> Regroup:
    """Return what is to be written where messages of the conversations `domain` were put together anew."""
    moved = tuple(
        (strand.message_id, strand.conversation_id, made.homes[strand.message_id])
        for strand in strands
        if strand.conversation_id and made.homes[strand.message_id] != strand.conversation_id
    )
    return Regroup(
        tuple(sorted(domain)),
        moved,
        tuple(NewConversation(id_, at) for id_ in made.started),
        made.merged,
        tuple(sorted({name for strand in strands for name in names(strand)})),
        made.tokens,
        tuple(sorted(made.by_hand)),
    )
