"""choice.answer, choice.reopen: what a notice asks, answered by its numbers, and taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bccd.model.answer import LinkBefore, Offered, Question, Turned
from bccd.model.command import (
    Arguments,
    Code,
    Edit,
    Item,
    ItemKind,
    KeepAnswer,
    Named,
    Refusal,
    RestoreLink,
    Ruled,
    Scene,
    Scope,
    SetLink,
    StandingLink,
    StandingMessage,
)
from bccd.model.plan import LinkOrigin
from bccd.rules.commands.choices import resolve_choice
from bccd.rules.commands.links import DELETED

NOT_UNDERSTOOD = Refusal(Code.BAD_ARGUMENTS, "Say one number for each question, or that it is none of them.")
_CHANGED_SINCE = Refusal(Code.CONFLICT, "Something has changed there since: the answer cannot be taken back.")
_NO_ANSWER = Refusal(Code.NOTHING_TO_DO, "There is no answer that could be taken back.")
_GONE = Refusal(Code.NOT_FOUND, "The mail that was asked about is no longer there.")

_Messages = Mapping[int, StandingMessage]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one question is answered with."""

    question: Question
    deal: int | None  # None: it is none of them
    always: bool = False


def answer(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Settle the questions that the numbers stand under; what is refused of them changes nothing."""
    assert given.notice is not None  # noqa: S101 - the kind demands it
    notice = scene.notices[given.notice]
    wishes = _wishes(given, notice.offered)
    if isinstance(wishes, Refusal):
        return wishes
    edits: list[SetLink] = []
    done: list[dict[str, object]] = []
    refused: list[tuple[int, Refusal]] = []
    for wish in wishes:
        found = _settle(wish, scene, edits)
        if isinstance(found, Refusal):
            refused.append((wish.question.conversation_id, found))
            continue
        edits += found
        done.append({"conversation": wish.question.conversation_id, "deal": wish.deal})
    if not done:
        return refused[0][1]
    told = [{"conversation": id_, "error": no.code.value, "sentence": no.sentence} for id_, no in refused]
    turned = _turned(edits, scene)
    kept: tuple[Edit, ...] = (*edits, KeepAnswer(notice.id, turned))
    changed = len({link.message_id for link in turned})
    return Ruled(kept, {"changed": changed, "settled": done, "refused": told})


def _wishes(given: Arguments, offered: Offered) -> list[_Wish] | Refusal:
    """Return what is said of which question; one number that is not offered spoils them all."""
    if not offered.questions:
        return Refusal(Code.NOTHING_TO_DO, "This notice asks nothing.")
    if bool(given.numbers) == given.none or not set(given.always) <= set(given.numbers):
        return NOT_UNDERSTOOD
    if given.none:
        return [_Wish(question, None) for question in offered.questions]
    numbered = offered.numbered()
    wishes: dict[Question, _Wish] = {}
    for number in given.numbers:
        if number not in numbered:
            return Refusal(Code.BAD_ARGUMENTS, f"The notice offers no number {number}.")
        question, deal = numbered[number]
        if question in wishes:
            return NOT_UNDERSTOOD
        wishes[question] = _Wish(question, deal, number in given.always)
    return list(wishes.values())


def _settle(wish: _Wish, scene: Scene, before: Sequence[SetLink]) -> list[SetLink] | Refusal:
    """Answer one question by the rule of choice.resolve; `before` is what those before it have changed."""
    here = _here(wish.question, scene)
    if not here:
        return _GONE
    named = Named(ItemKind.DEAL, wish.deal) if wish.deal is not None else None
    if named is not None and named not in scene.items:
        return DELETED
    if any(edit.message_id in here for edit in before):
        return Refusal(Code.CONFLICT, "Two of these questions are about one conversation now.")
    asked = wish.question.message_id if wish.question.message_id in here else next(iter(here))
    scope = Scope.FROM_HERE_ON if wish.always else Scope.CONVERSATION
    wanted = Arguments(messages=(asked,), item=named, scope=scope)
    ruled = resolve_choice(wanted, replace(scene, messages=here))
    if isinstance(ruled, Refusal):
        return ruled
    return [edit for edit in ruled.edits if isinstance(edit, SetLink)]


def _here(question: Question, scene: Scene) -> _Messages:
    """Return the messages of the conversation that was asked about, where it is now."""
    message = scene.messages.get(question.message_id)
    home = message.conversation_id if message else scene.conversations.get(question.conversation_id)
    return {id_: one for id_, one in scene.messages.items() if one.conversation_id == home}


def _turned(edits: Sequence[SetLink], scene: Scene) -> tuple[Turned, ...]:
    """Return what the links were that are set; of one that is set twice, the first and the last."""
    found: dict[tuple[int, int], Turned] = {}
    for edit in edits:
        key = (edit.message_id, edit.item.id)
        was = found[key].was if key in found else _before(scene.messages[edit.message_id].link_to(edit.item))
        found[key] = Turned(*key, edit.state, was)
    return tuple(found.values())


def _before(link: StandingLink | None) -> LinkBefore | None:
    if link is None:
        return None
    return LinkBefore(link.state, link.origin, link.rule, link.scope.value, link.actor_id, link.decided_at)


def reopen(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Put every link back that the last answer has set, if all of them are as it left them."""
    assert given.notice is not None  # noqa: S101 - the kind demands it
    notice = scene.notices[given.notice]
    last = notice.answered
    if last is None:
        return _NO_ANSWER
    edits = []
    for turned in last.links:
        message = scene.messages.get(turned.message_id)
        if message is None:  # erased, or no longer for his eyes: nothing of his answer shows there
            continue
        item = Item(ItemKind.DEAL, turned.deal_id)
        link = message.link_to(item)
        wanted = (turned.state, LinkOrigin.MANUAL, last.actor_id, last.at)
        if link is None or (link.state, link.origin, link.actor_id, link.decided_at) != wanted:
            return _CHANGED_SINCE
        edits.append(RestoreLink(turned.message_id, item, turned.was))
    if not edits:
        return _NO_ANSWER
    changed = len({edit.message_id for edit in edits})
    return Ruled((*edits, KeepAnswer(notice.id)), {"changed": changed})
