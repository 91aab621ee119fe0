"""choice.answer and choice.reopen: what numbers settle, what is refused, and what its user is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bccd.model.answer import Answered, LinkBefore, Offered, Question, StandingNotice, Turned
from bccd.model.command import (
    Arguments,
    Code,
    Item,
    ItemKind,
    KeepAnswer,
    LinkScope,
    Named,
    Refusal,
    RestoreLink,
    Ruled,
    Scene,
    SetLink,
    StandingItem,
    StandingLink,
    StandingMessage,
)
from bccd.model.crm import DealStatus
from bccd.model.plan import LinkOrigin, LinkState, NewNotice
from bccd.rules.commands.decide import decide, read_arguments
from bccd.rules.commands.kinds import KINDS
from bccd.rules.commands.told import told
from bccd.rules.reasons import REASONS, Kind
from bccd.testing.build import NOON
from tests.unit.rules.test_commands import ME, YOU, link, message, offered

DEAL = ItemKind.DEAL
NOTICE = 90
# Message 1 is asked about in conversation 10, message 2 in conversation 20.
OFFERED = Offered((Question(10, 1, (5, 6)), Question(20, 2, (5, 7))))
BEFORE = LinkBefore(LinkState.SUGGESTED, LinkOrigin.AUTO, "several_open_deals", "conversation")


def items(**statuses: DealStatus) -> dict[Named, StandingItem]:
    return {
        Named(DEAL, n): StandingItem(
            Item(DEAL, n), statuses.get(f"deal{n}", DealStatus.OPEN), title=f"Deal {n}"
        )
        for n in (5, 6, 7)
    }


def scene(*messages: StandingMessage, answered: Answered | None = None, **statuses: DealStatus) -> Scene:
    """What I see, and a notice that offers OFFERED of it."""
    notice = StandingNotice(NOTICE, OFFERED, answered, "Chairs", 1)
    homes = {it.conversation_id for it in messages}
    return Scene(
        ME, {it.id: it for it in messages}, {home: home for home in homes}, items(**statuses),
        notices={NOTICE: notice},
    )  # fmt: skip


def waiting() -> Scene:
    """Two conversations, each with a question."""
    return scene(
        message(1, *offered(5, 6)),
        message(2, *offered(5, 7), home=20),
    )


def ask(at: Scene, kind: str = "choice.answer", **given: Any) -> Ruled | Refusal:
    read = read_arguments(KINDS[kind], {"notice": NOTICE, **given})
    assert isinstance(read, Arguments), read
    return decide(KINDS[kind], read, at)


def links(ruled: Ruled | Refusal) -> set[tuple[int, str, int, str, str]]:
    assert isinstance(ruled, Ruled), ruled
    return {
        (it.message_id, it.item.kind.value, it.item.id, it.state.value, it.scope.value)
        for it in ruled.edits
        if isinstance(it, SetLink)
    }


def whole(*numbers: int) -> set[tuple[int, str, int, str, str]]:
    """Return what numbers set, on scope conversation."""
    table = {1: (1, 5, 6), 2: (1, 6, 5), 3: (2, 5, 7), 4: (2, 7, 5)}
    rows = [table[number] for number in numbers]
    return {(at, "deal", yes, "active", "conversation") for at, yes, _ in rows} | {
        (at, "deal", no, "rejected", "conversation") for at, _, no in rows
    }


@pytest.mark.parametrize("numbers", [[2], [4], [1, 4], [2, 3], [3, 2]])
def test_numbers_settle_their_questions_and_no_others(numbers: list[int]) -> None:
    """Each number stands for a deal of one conversation; what was not named stays open."""
    ruled = ask(waiting(), numbers=numbers)
    assert links(ruled) == whole(*numbers)
    assert isinstance(ruled, Ruled)
    assert ruled.result["changed"] == len(numbers)
    assert ruled.result.keys() == KINDS["choice.answer"].result.keys()


def test_none_settles_all_that_is_asked() -> None:
    """Nothing that was suggested is right."""
    assert links(ask(waiting(), none=True)) == {
        (1, "deal", 5, "rejected", "conversation"),
        (1, "deal", 6, "rejected", "conversation"),
        (2, "deal", 5, "rejected", "conversation"),
        (2, "deal", 7, "rejected", "conversation"),
    }


def test_always_is_meant_from_the_message_on() -> None:
    """What older messages are linked to is left to them, and handed on no more."""
    at = scene(message(0, link(7)), message(1, *offered(5, 6)))
    assert links(ask(at, numbers=[2], always=[2])) == {
        (1, "deal", 6, "active", "conversation"),
        (1, "deal", 5, "rejected", "conversation"),
        (1, "deal", 7, "rejected", "conversation"),
    }
    assert (1, "deal", 7, "rejected", "conversation") not in links(ask(at, numbers=[2]))


REFUSED: dict[str, tuple[dict[str, Any], Code]] = {
    "nothing": ({}, Code.BAD_ARGUMENTS),
    "both": ({"numbers": [1], "none": True}, Code.BAD_ARGUMENTS),
    "not offered": ({"numbers": [5]}, Code.BAD_ARGUMENTS),
    "one not offered": ({"numbers": [1, 9999]}, Code.BAD_ARGUMENTS),
    "two for one question": ({"numbers": [1, 2]}, Code.BAD_ARGUMENTS),
    "always of another": ({"numbers": [1], "always": [2]}, Code.BAD_ARGUMENTS),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_mean_two_things_changes_nothing(name: str) -> None:
    """One number that is not offered spoils the whole answer."""
    given, code = REFUSED[name]
    refusal = ask(waiting(), **given)
    assert isinstance(refusal, Refusal) and refusal.code is code
    assert refusal.sentence.endswith(".")


def test_an_answer_keeps_what_stood_before() -> None:
    """So that it can be taken back: the links as they were, and those that were not."""
    ruled = ask(scene(message(1, *offered(5, 6)), message(4)), numbers=[2])
    assert isinstance(ruled, Ruled)
    was = LinkBefore(LinkState.SUGGESTED, LinkOrigin.AUTO, "", "conversation")
    assert ruled.edits[-1] == KeepAnswer(
        NOTICE,
        (
            Turned(1, 5, LinkState.REJECTED, was),
            Turned(1, 6, LinkState.ACTIVE, was),
            Turned(4, 6, LinkState.ACTIVE, None),
        ),
    )


def test_what_was_settled_before_is_refused_and_the_rest_is_done() -> None:
    """The first answer counts, for each question on its own."""
    at = scene(
        message(1, link(5, LinkState.ACTIVE, LinkOrigin.MANUAL, minute=3)),
        message(2, *offered(5, 7), home=20),
    )
    ruled = ask(at, numbers=[2, 4])
    assert links(ruled) == whole(4)
    assert isinstance(ruled, Ruled)
    assert ruled.result["refused"] == [
        {"conversation": 10, "error": "already_resolved", "sentence": "Somebody has chosen already."}
    ]
    refusal = ask(at, numbers=[2])
    assert isinstance(refusal, Refusal) and refusal.code is Code.ALREADY_RESOLVED


def test_a_conversation_is_found_where_it_is_now() -> None:
    """It may have become part of another, or been cut in two, since it was asked about."""
    moved = scene(message(1, *offered(5, 6), home=40), message(9, *offered(5, 6), home=10))
    assert {message_id for message_id, *_ in links(ask(moved, numbers=[1]))} == {1}
    gone = scene(message(9, *offered(5, 6), home=10))
    assert {message_id for message_id, *_ in links(ask(gone, numbers=[1], always=[1]))} == {9}
    nowhere = ask(scene(message(9, home=99)), numbers=[1])
    assert isinstance(nowhere, Refusal) and nowhere.code is Code.NOT_FOUND


def test_two_questions_about_one_conversation_get_one_answer() -> None:
    """Where two conversations have become one, the second number is refused."""
    both = scene(message(1, *offered(5, 6)), message(2, *offered(5, 7)))
    ruled = ask(both, numbers=[1, 4])
    assert isinstance(ruled, Ruled)
    assert [one["error"] for one in ruled.result["refused"]] == ["conflict"]  # type: ignore[attr-defined]


def test_deals_that_are_gone() -> None:
    """To what is no longer in the CRM nothing can be linked."""
    at = waiting()
    without = {name: it for name, it in at.items.items() if name != Named(DEAL, 5)}
    refusal = ask(replace(at, items=without), numbers=[1])
    assert isinstance(refusal, Refusal) and refusal.code is Code.CONFLICT


def test_a_notice_that_asks_nothing() -> None:
    """There is nothing to answer, and nothing to take back."""
    at = replace(waiting(), notices={NOTICE: StandingNotice(NOTICE)})
    for kind in ("choice.answer", "choice.reopen"):
        refusal = ask(at, kind)
        assert isinstance(refusal, Refusal) and refusal.code is Code.NOTHING_TO_DO
    absent = ask(replace(at, notices={}), numbers=[1])
    assert isinstance(absent, Refusal) and absent.code is Code.NOT_FOUND


# ---- taking back -------------------------------------------------------------------------------------------

AT = NOON + timedelta(minutes=5)
LAST = Answered(
    ME,
    AT,
    (Turned(1, 6, LinkState.ACTIVE, BEFORE), Turned(4, 6, LinkState.ACTIVE, None)),
)


def decided(**more: Any) -> StandingLink:
    """The link to deal 6 as the answer left it."""
    left = StandingLink(
        106,
        Item(DEAL, 6),
        LinkState.ACTIVE,
        LinkOrigin.MANUAL,
        LinkScope.CONVERSATION,
        ME,
        AT,
        "choice.answer",
    )
    return replace(left, **more)


def test_reopen_puts_everything_back() -> None:
    """Links are what they were, those that were not are gone, and the answer is forgotten."""
    ruled = ask(scene(message(1, decided()), message(4, decided()), answered=LAST), "choice.reopen")
    assert ruled == Ruled(
        (
            RestoreLink(1, Item(DEAL, 6), BEFORE),
            RestoreLink(4, Item(DEAL, 6), None),
            KeepAnswer(NOTICE),
        ),
        {"changed": 2},
    )


def test_reopen_leaves_what_is_gone() -> None:
    """A message erased since, or no longer for his eyes, stops nobody; nothing left is nothing to do."""
    ruled = ask(scene(message(4, decided()), answered=LAST), "choice.reopen")
    assert isinstance(ruled, Ruled) and ruled.edits[:-1] == (RestoreLink(4, Item(DEAL, 6), None),)
    refusal = ask(scene(message(9), answered=LAST), "choice.reopen")
    assert isinstance(refusal, Refusal) and refusal.code is Code.NOTHING_TO_DO


SINCE: dict[str, StandingLink | None] = {
    "taken away": None,
    "rejected": decided(state=LinkState.REJECTED),
    "stale": decided(state=LinkState.STALE),
    "by a colleague": decided(actor_id=YOU),
    "said again": decided(decided_at=AT + timedelta(seconds=1)),
    "by a rule": decided(origin=LinkOrigin.TAG),
}


@pytest.mark.parametrize("name", SINCE)
def test_reopen_is_refused_where_something_has_changed(name: str) -> None:
    """What somebody has decided since is not undone by an old answer, not even the rest of it."""
    since = SINCE[name]
    first = message(1, since) if since else message(1)
    refusal = ask(scene(first, message(4, decided()), answered=LAST), "choice.reopen")
    assert isinstance(refusal, Refusal) and refusal.code is Code.CONFLICT


# ---- what he is told ---------------------------------------------------------------------------------------


def notice(at: Scene, kind: str = "choice.answer", **given: Any) -> NewNotice | None:
    read = read_arguments(KINDS[kind], {"notice": NOTICE, **given})
    assert isinstance(read, Arguments)
    return told(kind, read, at, decide(KINDS[kind], read, at), NOON)


def test_what_is_told_of_each_end() -> None:
    """Each has a reason of its own, which answers at once, and names the notice that was answered."""
    closed = scene(message(1, *offered(5, 6)), deal6=DealStatus.LOST)
    part = scene(
        message(1, link(5, LinkState.ACTIVE, LinkOrigin.MANUAL, minute=3)),
        message(2, *offered(5, 7), home=20),
    )
    back = scene(message(1, decided()), answered=LAST)
    cases: list[tuple[Scene, str, dict[str, Any], str, str | None]] = [
        (waiting(), "choice.answer", {"numbers": [2, 3]}, "answer_settled", "Deal 6; Deal 5"),
        (closed, "choice.answer", {"numbers": [2]}, "answer_closed", "Deal 6"),
        (waiting(), "choice.answer", {"none": True}, "answer_none", None),
        (part, "choice.answer", {"numbers": [2, 4]}, "answer_partly", "Deal 7"),
        (part, "choice.answer", {"numbers": [2]}, "answer_too_late", None),
        (waiting(), "choice.answer", {}, "answer_unclear", None),
        (scene(message(9, home=99)), "choice.answer", {"numbers": [2]}, "answer_overtaken", None),
        (back, "choice.reopen", {}, "answer_undone", None),
        (waiting(), "choice.reopen", {}, "answer_not_undone", None),
    ]
    for at, kind, given, reason, chosen in cases:
        said = notice(at, kind, tell=True, **given)
        args = {"notice": NOTICE, "about": "Chairs"} | ({"chosen": chosen} if chosen else {})
        assert said == NewNotice(ME, reason, NOON, message_id=1, args=args)
        assert REASONS[reason].kind is Kind.ANSWER


def test_a_stranger_to_the_notice_is_told_that_alone() -> None:
    """A colleague learns nothing of a notice that was not written to him, whatever he says."""
    at = replace(waiting(), notices={})
    for kind, given in (("choice.answer", {"numbers": [1]}), ("choice.answer", {}), ("choice.reopen", {})):
        said = notice(at, kind, tell=True, **given)
        assert said == NewNotice(ME, "answer_not_yours", NOON)


def test_nobody_is_told_who_does_not_ask() -> None:
    """A link's page says itself what became of it, and other commands tell nobody."""
    assert notice(waiting(), numbers=[1]) is None
    assert told("link.set", Arguments(tell=True), waiting(), Ruled((), {}), NOON) is None
