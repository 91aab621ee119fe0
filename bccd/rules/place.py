"""Where a message belongs: joins, starts or merges conversations, or has them put together anew."""

from msgspec import Struct
from msgspec.structs import replace

from bccd.model.facts import KnownMessage
from bccd.model.plan import Merge, NewConversation, Regroup, Step
from bccd.model.strand import Strand, Token
from bccd.rules.case import Case
from bccd.rules.component import group, regroup_of
from bccd.rules.thread import names, own_names, ties_of, tokens


class Place(Struct, frozen=True):
    """A message's conversation, and what writing it there changes."""

    conversation: int
    tokens: tuple[tuple[Token, int], ...] = ()
    started: NewConversation | None = None
    merge: Merge | None = None
    regroup: Regroup | None = None

    @property
    def joined(self) -> frozenset[int]:
        """All conversations whose mail the message now stands beside."""
        return frozenset({self.conversation, *(self.merge.losers if self.merge else ())})


def find_place(case: Case, strand: Strand, known: KnownMessage | None) -> Place:
    """Find the conversation of a message; the oldest one wins (data.md 1.6)."""
    overlay = case.overlay
    home = overlay.resolve(known.conversation_id) if known else 0
    named = names(strand)
    around = overlay.around(named) | ({home} if home else set())
    if _is_special(case, strand, around, known):
        return _put_together(case, replace(strand, conversation_id=home), around)
    found = tokens(
        strand,
        split_on_subject=overlay.company.policy.split_on_subject,
        broadcasts=overlay.broadcasts(named),
    )
    joined = overlay.conversations_of(found) | ({home} if home else set())
    if not joined:
        return _start(case, found)
    winner, *losers = sorted(joined)
    _explain(case, winner, tuple(losers))
    fresh = tuple((token, winner) for token in found if not overlay.has_token(token))
    return Place(winner, fresh, merge=Merge(winner, tuple(losers)) if losers else None)


def _start(case: Case, found: tuple[Token, ...]) -> Place:
    started = NewConversation(case.overlay.take_id(), case.at)
    case.steps.append(
        Step("conversation", f"conversation {started.id}", "started", "no message shares an id")
    )
    fresh = tuple((token, started.id) for token in found if not case.overlay.has_token(token))
    return Place(started.id, fresh, started)


def _explain(case: Case, winner: int, losers: tuple[int, ...]) -> None:
    case.steps.append(Step("conversation", f"conversation {winner}", "joined", "a message shares an id"))
    if losers:
        listed = ", ".join(str(loser) for loser in losers)
        case.steps.append(
            Step("conversation", f"conversation {winner}", "merged", f"this mail ties it to {listed}")
        )


def _is_special(case: Case, strand: Strand, around: set[int], known: KnownMessage | None) -> bool:
    """Tell whether joining by tokens is not enough.

    A user has split what the message may answer, or answers to a mail that went to many came before it; or a
    further copy tells more of such a mail.
    """
    overlay = case.overlay
    if any(overlay.is_by_hand(conversation) for conversation in around):
        return True
    if not strand.broadcast:
        return False
    if known is not None and ties_of(strand) != known.ties:
        return True
    own = own_names(strand)
    return bool(overlay.around(own)) and not own <= overlay.broadcasts(own)


def _with_aliases(strand: Strand, stored: Strand | None) -> Strand:
    """Add the further ids under which a stored message is known."""
    return (
        replace(strand, own_ids=tuple(dict.fromkeys((*stored.own_ids, *strand.own_ids))))
        if stored
        else strand
    )


def _put_together(case: Case, strand: Strand, around: set[int]) -> Place:
    overlay = case.overlay
    known = {other.message_id: other for other in overlay.strands_of(around)}
    known[strand.message_id] = _with_aliases(strand, known.get(strand.message_id))
    strands = list(known.values())
    made = group(
        strands,
        overlay.overrides,
        overlay.take_id,
        split_on_subject=overlay.company.policy.split_on_subject,
        broadcasts=overlay.broadcasts(name for other in strands for name in names(other)),
    )
    home = made.homes[strand.message_id]
    reason = "a user's split or a mail to many: its messages were put together anew"
    case.steps.append(Step("conversation", f"conversation {home}", "joined", reason))
    return Place(home, regroup=regroup_of(made, strands, around, case.at))
