"""The rules of commands where the store's tests do not reach: edits and refusals from what stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bccd.model.command import (
    Arguments,
    Code,
    DeleteCopy,
    DeleteDelivery,
    Detach,
    Item,
    ItemKind,
    Join,
    LinkScope,
    Named,
    Refusal,
    Rule,
    Ruled,
    Scene,
    SetLink,
    SetMarks,
    SetSharing,
    StandingCopy,
    StandingDelivery,
    StandingItem,
    StandingLink,
    StandingMessage,
)
from bccd.model.crm import DealStatus
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.message import Mailbox
from bccd.model.plan import LinkOrigin, LinkState
from bccd.model.ruling import Ruling
from bccd.rules.commands.decide import decide, read_arguments
from bccd.rules.commands.kinds import KINDS
from bccd.testing.build import NOON

ME, YOU = 1, 2
DEALS = {Named(ItemKind.DEAL, n): StandingItem(Item(ItemKind.DEAL, n), DealStatus.OPEN) for n in (5, 6, 7)}
GONE = Named(ItemKind.DEAL, 8)
ITEMS = DEALS | {
    GONE: StandingItem(Item(ItemKind.DEAL, 8), DealStatus.DELETED),
    Named(ItemKind.CONTACT, "C"): StandingItem(Item(ItemKind.CONTACT, 9)),
}


def link(
    deal: int,
    state: LinkState = LinkState.ACTIVE,
    origin: LinkOrigin = LinkOrigin.AUTO,
    *,
    scope: LinkScope = LinkScope.CONVERSATION,
    minute: int | None = None,
) -> StandingLink:
    """A link to a deal; `minute` says when I decided it."""
    at = None if minute is None else NOON + timedelta(minutes=minute)
    return StandingLink(100 + deal, Item(ItemKind.DEAL, deal), state, origin, scope, ME if at else None, at)


def offered(*deals: int) -> tuple[StandingLink, ...]:
    """Suggestions of deals."""
    return tuple(link(deal, LinkState.SUGGESTED) for deal in deals)


def message(
    id_: int,
    *links: StandingLink,
    home: int = 10,
    owner: int = ME,
    sharing: Sharing = Sharing.SHARED,
    **more: Any,
) -> StandingMessage:
    """A message, the later the higher its id."""
    at = NOON + timedelta(minutes=id_)
    return StandingMessage(id_, home, at, (StandingCopy(id_ + 50, owner, sharing),), links, **more)


def scene(*messages: StandingMessage, deliveries: tuple[StandingDelivery, ...] = ()) -> Scene:
    """What I see."""
    homes = {it.conversation_id for it in messages}
    return Scene(
        ME, {it.id: it for it in messages}, {home: home for home in homes}, ITEMS,
        {it.id: it for it in deliveries},
    )  # fmt: skip


def ask(at: Scene, kind: str, /, **given: Any) -> Ruled | Refusal:
    """Decide a command; an argument's name may end in an underscore."""
    read = read_arguments(KINDS[kind], {name.rstrip("_"): value for name, value in given.items()})
    assert isinstance(read, Arguments), read
    if read.messages and not KINDS[kind].whole:  # what is not asked for is not gathered
        at = replace(at, messages={id_: it for id_, it in at.messages.items() if id_ in read.messages})
    return decide(KINDS[kind], read, at)


def edits(at: Scene, kind: str, /, **given: Any) -> tuple[object, ...]:
    """Return what a command that is not refused changes; its result has the fields that it promises."""
    ruled = ask(at, kind, **given)
    assert isinstance(ruled, Ruled), ruled
    assert ruled.result.keys() <= KINDS[kind].result.keys()
    return ruled.edits


def code(at: Scene, kind: str, /, **given: Any) -> Code:
    """Return why a command is refused, which its kind or every kind may be."""
    refusal = ask(at, kind, **given)
    assert isinstance(refusal, Refusal), refusal
    assert refusal.code in {*KINDS[kind].refusals, Code.NOT_FOUND, Code.BAD_ARGUMENTS}
    return refusal.code


def put(message_id: int, deal: int, state: str = "active", scope: str = "conversation") -> SetLink:
    """The edit of a link to a deal."""
    return SetLink(message_id, 10, Item(ItemKind.DEAL, deal), LinkState(state), LinkScope(scope))


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("message.share", {"message": 2}),
        ("message.share", {"messages": [1, 2]}),
        ("link.set", {"conversation": 11, "deal": 5}),
        ("link.set", {"message": 1, "deal": 4}),
        ("link.set", {"message": 1, "deal": "5"}),
        ("link.move", {"message": 1, "from": 4, "to": 5}),
        ("held.delete", {"delivery": 1}),
    ],
)
def test_what_is_not_in_the_scene_is_not_there(kind: str, given: dict[str, Any]) -> None:
    """Whichever of the arguments names it."""
    assert code(scene(message(1)), kind, **given) is Code.NOT_FOUND


def test_copies_are_shared_and_made_private() -> None:
    """Only those that are not so already; one that is a colleague's stops all."""
    seen = scene(message(1), message(2, sharing=Sharing.PRIVATE), message(3, owner=YOU))
    assert edits(seen, "message.share", messages=[1, 2]) == (SetSharing(2, 52, Sharing.SHARED),)
    assert edits(seen, "message.private", messages=[1, 2]) == (SetSharing(1, 51, Sharing.PRIVATE),)
    assert code(seen, "message.private", messages=[1, 3]) is Code.NOT_OWNER
    assert edits(seen, "copy.delete", message=1) == (DeleteCopy(1, 51),)
    assert code(seen, "copy.delete", message=3) is Code.NOT_OWNER


def test_marks_that_stand_are_not_set_again() -> None:
    """A mark that is not named does not count."""
    seen = scene(message(1, seen=True), message(2, flagged=True))
    assert edits(seen, "state.set", messages=[1, 2], seen=True) == (SetMarks(2, seen=True, flagged=None),)
    assert edits(seen, "state.set", messages=[1, 2], flagged=False) == (
        SetMarks(2, seen=None, flagged=False),
    )


def test_a_link_is_set_by_hand_once() -> None:
    """What a rule had linked becomes a user's word; a rejection is overruled; the extent may change."""
    by_hand = link(5, origin=LinkOrigin.MANUAL, scope=LinkScope.MESSAGE)
    seen = scene(message(1, link(5)), message(2, by_hand), message(3, link(5, LinkState.REJECTED)))
    assert edits(seen, "link.set", message=1, deal=5) == (put(1, 5, scope="message"),)
    assert edits(seen, "link.set", message=2, deal=5) == ()
    assert edits(seen, "link.set", conversation=10, deal=5) == (put(1, 5), put(2, 5), put(3, 5))
    contact = edits(seen, "link.set", message=1, contact="C")
    assert contact == (SetLink(1, 10, Item(ItemKind.CONTACT, 9), LinkState.ACTIVE, LinkScope.MESSAGE),)


def test_a_deal_that_is_set_settles_what_was_suggested() -> None:
    """A contact does not."""
    seen = scene(message(1, *offered(5, 6)))
    assert edits(seen, "link.set", message=1, deal=5) == (
        put(1, 5, scope="message"),
        put(1, 6, "rejected", "message"),
    )
    assert len(edits(seen, "link.set", message=1, contact="C")) == 1


def test_a_contact_that_is_set_settles_whom_else_the_address_may_mean() -> None:
    """Contacts of other addresses wait on."""

    def suggested(contact: int) -> StandingLink:
        return replace(link(contact, LinkState.SUGGESTED), item=Item(ItemKind.CONTACT, contact))

    named = Named(ItemKind.CONTACT, "C")
    at = scene(message(1, suggested(9), suggested(10), suggested(12), *offered(5)))
    rivals = replace(ITEMS[named], rivals=frozenset({10, 11}))
    found = edits(replace(at, items=ITEMS | {named: rivals}), "link.set", message=1, contact="C")
    assert found == (
        SetLink(1, 10, Item(ItemKind.CONTACT, 9), LinkState.ACTIVE, LinkScope.MESSAGE),
        SetLink(1, 10, Item(ItemKind.CONTACT, 10), LinkState.REJECTED, LinkScope.MESSAGE),
    )


def test_links_are_moved_and_rejected() -> None:
    """A stale link moves too; what is rejected already, to the same extent, stays as it is."""
    seen = scene(message(1, link(5)), message(2, link(5, LinkState.STALE), link(6)), message(3, *offered(5)))
    assert edits(seen, "link.move", conversation=10, from_=5, to=6) == (
        put(1, 5, "rejected"),
        put(1, 6),
        put(2, 5, "rejected"),
        put(2, 6),
    )
    assert code(seen, "link.move", message=3, from_=5, to=6) is Code.NOTHING_TO_DO
    assert code(seen, "link.move", message=1, from_=5, to=5) is Code.BAD_ARGUMENTS
    assert code(seen, "link.move", message=1, from_=5, to=8) is Code.CONFLICT
    assert code(seen, "link.set", message=1, deal=8) is Code.CONFLICT
    assert edits(seen, "link.reject", message=3, deal=5) == (put(3, 5, "rejected", "message"),)
    dead = scene(message(1, link(5, LinkState.REJECTED, scope=LinkScope.MESSAGE)))
    assert code(dead, "link.reject", message=1, deal=5) is Code.NOTHING_TO_DO
    assert edits(dead, "link.reject", conversation=10, deal=5) == (put(1, 5, "rejected"),)
    assert code(dead, "link.reject", message=1, deal=6) is Code.NOTHING_TO_DO


def test_a_choice_is_made_of_what_waits() -> None:
    """Messages that have a deal keep it; a deal that was not suggested may be chosen; none may be."""
    seen = scene(message(1), message(2, link(7)), message(3, *offered(5, 6)))
    rest = (put(3, 5, "rejected"), put(3, 6, "rejected"))
    assert edits(seen, "choice.resolve", message=3, deal=5) == (put(1, 5), put(3, 6, "rejected"), put(3, 5))
    assert edits(seen, "choice.resolve", conversation=10, deal=7) == (put(1, 7), *rest, put(3, 7))
    assert edits(seen, "choice.resolve", message=3, deal=None) == rest
    assert code(seen, "choice.resolve", message=3, deal=8) is Code.CONFLICT
    one = edits(seen, "choice.resolve", message=3, deal=5, scope="message")
    assert one == (put(3, 6, "rejected", "message"), put(3, 5, scope="message"))
    assert code(seen, "choice.resolve", message=2, deal=5, scope="message") is Code.NOTHING_TO_DO


def test_from_here_on_leaves_old_deals_to_older_messages() -> None:
    """The first message bears the refusals; later ones that had the old deal get the new one."""
    manual = link(5, origin=LinkOrigin.MANUAL)
    seen = scene(
        message(1, link(7)),
        message(2, link(5)),
        message(3, *offered(5, 6)),
        message(4, link(7)),
        message(5, link(7), *offered(6)),
        message(6, link(6)),
        message(7, manual),
    )
    found = edits(seen, "choice.resolve", message=3, deal=5, scope="from_here_on")
    assert found == (
        put(3, 6, "rejected"),
        put(3, 5),
        put(5, 6, "rejected"),
        put(5, 5),
        put(3, 7, "rejected"),
        put(4, 7, "rejected"),
        put(4, 5),
        put(5, 7, "rejected"),
    )
    none = edits(seen, "choice.resolve", message=3, deal=None, scope="from_here_on")
    assert put(3, 7, "rejected") in none
    assert not any(isinstance(edit, SetLink) and edit.state is LinkState.ACTIVE for edit in none)


def test_an_answer_that_stands_is_told() -> None:
    """Who gave it, when, and which deals that left; the last one, where there were several."""
    early = link(6, LinkState.REJECTED, LinkOrigin.MANUAL, minute=1)
    late = link(5, origin=LinkOrigin.MANUAL, minute=2)
    found = ask(scene(message(1, early, late), message(2, link(7))), "choice.resolve", message=1, deal=6)
    assert isinstance(found, Refusal)
    at = (NOON + timedelta(minutes=2)).isoformat()
    assert found.code is Code.ALREADY_RESOLVED
    assert found.standing == {"deals": [5, 7], "actor": ME, "decided_at": at}


HELD = StandingDelivery(1, DeliveryState.HELD, "unverified_sender")
BLIND = StandingDelivery(2, DeliveryState.HELD, "no_visible_recipient")
NAMELESS = StandingDelivery(3, DeliveryState.HELD, "original_sender_unknown")
ASIDE = StandingDelivery(4, DeliveryState.SET_ASIDE, "never_log")
FILED = StandingDelivery(5, DeliveryState.FILED, "")
JAN = Mailbox("Jan", "jan@customer.example")


def test_mail_is_released_by_saying_what_is_missing() -> None:
    """Nothing, to whom it went, or who wrote it."""
    seen = scene(deliveries=(HELD, BLIND, NAMELESS, ASIDE, FILED))
    said = {"address": JAN.address, "name": JAN.name}
    assert edits(seen, "held.release", delivery=1) == (Rule(1, Ruling(ME, release=True)),)
    assert edits(seen, "held.release", delivery=2, recipients=[said]) == (
        Rule(2, Ruling(ME, release=True, recipients=(JAN,))),
    )
    assert edits(seen, "original.set", delivery=3, **said) == (Rule(3, Ruling(ME, release=True, author=JAN)),)
    assert code(seen, "held.release", delivery=1, recipients=[said]) is Code.BAD_ARGUMENTS
    assert code(seen, "held.release", delivery=2) is Code.BAD_ARGUMENTS
    assert code(seen, "held.release", delivery=3) is Code.CONFLICT
    assert code(seen, "held.release", delivery=4) is Code.CONFLICT
    assert code(seen, "original.set", delivery=2, **said) is Code.CONFLICT
    assert edits(seen, "held.delete", delivery=4) == (DeleteDelivery(4),)
    assert code(seen, "held.delete", delivery=5) is Code.CONFLICT


def test_conversations_are_merged_by_their_oldest_messages() -> None:
    """As far as they are seen; into the oldest conversation."""
    seen = scene(message(4, home=12), message(2, home=12), message(3, home=11), message(1, home=13))
    assert edits(seen, "conversation.merge", conversations=[12, 11, 13]) == (Join(2, 3), Join(1, 3))
    one = scene(message(1))
    assert code(one, "conversation.merge", conversations=[10, 11]) is Code.NOT_FOUND
    merged = replace(one, conversations={10: 10, 11: 10})
    assert code(merged, "conversation.merge", conversations=[10, 11]) is Code.NOTHING_TO_DO


def test_messages_are_split_from_what_stays() -> None:
    """Something must stay, and they must be of one conversation."""
    seen = scene(message(1), message(2), message(3))
    assert edits(seen, "conversation.split", messages=[3, 2]) == (Detach((2, 3)),)
    assert code(seen, "conversation.split", messages=[1, 2, 3]) is Code.NOTHING_TO_DO
    several = scene(message(1), message(2, home=11))
    assert code(several, "conversation.split", messages=[1]) is Code.BAD_ARGUMENTS
