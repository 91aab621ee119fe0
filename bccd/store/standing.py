"""What stands already of the mail that a batch belongs to: conversations, messages, what they hand on."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from bccd.model.crm import DealStatus
from bccd.model.facts import CarriedDeal, KnownMessage, Query, Verdict
from bccd.model.plan import LinkState, Provenance
from bccd.model.strand import Override, OverrideKind, Strand, Ties, Token
from bccd.rules.thread import names, names_of
from bccd.store import mailqueries as queries
from bccd.store.tables import to_text

Rows = Callable[..., Iterable[Any]]  # a statement and its lists to rows


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of Facts that tells of stored mail."""

    tokens: dict[Token, int]
    by_hand: frozenset[int]
    messages: dict[bytes, KnownMessage]
    carried: dict[int, frozenset[CarriedDeal]]
    verdicts: dict[int, tuple[Verdict, ...]]
    strands: dict[int, tuple[Strand, ...]]
    overrides: tuple[Override, ...]
    broadcasts: frozenset[bytes]  # of the names in these strands


def standing(rows: Rows, query: Query, contacts: Collection[int]) -> Standing:
    """Read what stands; `contacts` are those that have a queried address."""
    tokens: dict[Token, int] = {}
    by_hand: set[int] = set()
    messages = _messages(rows, query)
    wanted = query.tokens.union(*(names_of(message.ties) for message in messages.values()))
    for name, scope, conversation_id, split in rows(queries.TOKENS, tokens=wanted):
        tokens[name, scope] = conversation_id
        if split:
            by_hand.add(conversation_id)
    known = {*tokens.values(), *(message.conversation_id for message in messages.values())}
    messages, carried = _about(rows, messages, known, query, contacts)
    to_many = query.broadcasts or any(message.ties.broadcast for message in messages.values())
    anew = known if by_hand or to_many else set()
    strands, overrides = read_strands(rows(queries.STRANDS, conversations=anew))
    named = {name for mine in strands.values() for strand in mine for name in names(strand)}
    return Standing(
        tokens,
        frozenset(by_hand),
        messages,
        carried,
        _verdicts(rows, known, query),
        strands,
        overrides,
        frozenset(name for (name,) in rows(queries.MARKS, names=named)),
    )


def _messages(rows: Rows, query: Query) -> dict[bytes, KnownMessage]:
    found: dict[bytes, KnownMessage] = {}
    owners: defaultdict[bytes, set[int]] = defaultdict(set)
    asked = {"id_keys": query.id_keys, "weak_keys": query.weak_keys}
    for id_, conversation_id, id_key, key, shared, linked, *more, owner_id in rows(queries.MESSAGES, **asked):
        weak_key, digest, msgid, sent_at, provenance, refs, subject, index, uid, parties, broadcast = more
        if owner_id is not None:
            owners[key].add(owner_id)
        found[key] = KnownMessage(
            id_, conversation_id, id_key, key, frozenset(owners[key]), bool(shared), bool(linked),
            weak_key=weak_key, digest=digest, msgid=msgid, sent_at=sent_at, provenance=Provenance(provenance),
            subject=subject, ties=Ties(refs, index or b"", uid, parties, bool(broadcast)),
        )  # fmt: skip
    return found


def _about(
    rows: Rows,
    messages: dict[bytes, KnownMessage],
    conversations: Collection[int],
    query: Query,
    contacts: Collection[int],
) -> tuple[dict[bytes, KnownMessage], dict[int, frozenset[CarriedDeal]]]:
    """Add to messages what they carry and whom they went to; return what the conversations hand on, too."""
    if not conversations:
        return messages, {}
    deals: defaultdict[int, set[tuple[int, DealStatus]]] = defaultdict(set)
    people: defaultdict[int, list[tuple[str, str, str]]] = defaultdict(list)
    carried: defaultdict[int, set[CarriedDeal]] = defaultdict(set)
    for what, id_, deal_id, status, *who in rows(
        queries.ABOUT,
        conversations=conversations,
        addresses=query.addresses,
        contacts=contacts,
        viewers={0, *query.users},
        homes={message.conversation_id for message in messages.values()},
        messages={message.id for message in messages.values()},
        weak={message.id for message in messages.values() if message.weak_key in query.weak_keys},
    ):
        match what:
            case queries.HANDED_ON:
                carried[id_].add(CarriedDeal(deal_id, DealStatus(status), *who))
            case queries.CARRIES:
                deals[id_].add((deal_id, DealStatus(status)))
            case _:
                address, _, name = who[1].partition("\n")
                people[id_].append((status, address, name))
    found = {
        key: replace(
            known,
            deals=frozenset(deals[known.id]),
            people=tuple(sorted(people[known.id])),
        )
        for key, known in messages.items()
    }
    return found, {id_: frozenset(handed) for id_, handed in carried.items()}


def _verdicts(rows: Rows, conversations: Collection[int], query: Query) -> dict[int, tuple[Verdict, ...]]:
    if not conversations:
        return {}
    # Only a deal named in an address answers what is asked of each message; else what is asked is enough.
    statement = queries.VERDICTS if query.deal_tags else queries.MATTERS
    found: defaultdict[int, set[Verdict]] = defaultdict(set)
    for conversation_id, link_id, message_id, decided_at, viewer, state, *target in rows(
        statement, conversations=conversations, users=query.users
    ):
        said = Verdict(link_id, message_id, to_text(decided_at) or "", viewer, LinkState(state), *target)
        found[conversation_id].add(said)
    return {conversation_id: in_turn(said) for conversation_id, said in found.items()}


def in_turn(said: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return verdicts as they were given, the latest last."""
    return tuple(sorted(said, key=lambda verdict: (verdict.decided_at, verdict.link_id, verdict.viewer)))


def read_strands(rows: Iterable[Any]) -> tuple[dict[int, tuple[Strand, ...]], tuple[Override, ...]]:
    """Read rows of STRANDS: what ties messages to others, by conversation, and what users said about that."""
    strands: dict[int, Strand] = {}
    overrides: dict[int, Override] = {}
    for id_, home, msgid, parent, refs, index, uid, parties, base, broadcast, alias, *said in rows:
        own = strands[id_].own_ids if id_ in strands else tuple(filter(None, (msgid,)))
        if alias and alias not in own:
            own = (*own, alias)
        named = refs or parent  # messages from before 0006 kept their parent's id alone
        strands[id_] = Strand(
            id_, home, own, tuple(named.split("\n")) if named else (), index or b"", uid,
            tuple(parties.split("\n")) if parties else (), base, bool(broadcast),
        )  # fmt: skip
        if said[0] is not None:
            override, kind, other_id, group_id = said
            overrides[override] = Override(override, OverrideKind(kind), id_, other_id, group_id)
    by_home: defaultdict[int, list[Strand]] = defaultdict(list)
    for id_ in sorted(strands):
        by_home[strands[id_].conversation_id].append(strands[id_])
    found = {home: tuple(mine) for home, mine in by_home.items()}
    return found, tuple(overrides[id_] for id_ in sorted(overrides))
