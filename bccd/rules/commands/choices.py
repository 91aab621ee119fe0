"""choice.resolve: which of several deals a conversation belongs to, answered once (rules.md 7)."""

from collections.abc import Iterator

from bccd.model.command import (
    Arguments,
    Code,
    Item,
    ItemKind,
    LinkScope,
    Refusal,
    Ruled,
    Scene,
    Scope,
    SetLink,
    StandingLink,
    StandingMessage,
)
from bccd.model.plan import LinkOrigin, LinkState
from bccd.rules.commands.links import changed, linked, rejected, wanted_item


def resolve_choice(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Answer a pending choice, for one message, for the conversation, or from one message on."""
    item = wanted_item(given, scene) if given.item else None
    if isinstance(item, Refusal):
        return item
    asked = _asked(given, scene)
    if not any(message.deals(LinkState.SUGGESTED) for message in asked):
        return _answered(asked)
    scope = LinkScope.MESSAGE if given.scope is Scope.MESSAGE else LinkScope.CONVERSATION
    edits = [edit for message in asked for edit in _chosen(message, item, scope)]
    if given.scope is Scope.FROM_HERE_ON:
        edits += _left_behind(asked, scene, item)
    return Ruled(tuple(edits), changed(edits) | {"deal": item.id if item else None})


def _asked(given: Arguments, scene: Scene) -> list[StandingMessage]:
    """Return the messages that the answer applies to, the oldest first."""
    everything = sorted(scene.messages.values(), key=_age)
    if given.scope is Scope.CONVERSATION:
        return everything
    (here,) = (scene.messages[id_] for id_ in given.messages)
    if given.scope is Scope.MESSAGE:
        return [here]
    return [message for message in everything if _age(message) >= _age(here)]


def _age(message: StandingMessage) -> tuple[object, int]:
    return message.sort_at, message.id


def _chosen(message: StandingMessage, item: Item | None, scope: LinkScope) -> Iterator[SetLink]:
    """Settle what was offered for a message; one that has a deal already keeps it as it is."""
    offered = message.deals(LinkState.SUGGESTED)
    for link in offered:
        if link.item != item:
            yield rejected(message, link.item, scope)
    if item is not None and (offered or not message.deals(LinkState.ACTIVE)):
        yield from linked(message, item, scope)


def _left_behind(asked: list[StandingMessage], scene: Scene, item: Item | None) -> Iterator[SetLink]:
    """Leave the deals of older messages to these: no later mail inherits them, nor do those that are here.

    The first message bears the refusal for all mail to come, whether it had the link or not.
    """
    here = asked[0]
    older = [message for message in scene.messages.values() if _age(message) < _age(here)]
    old = {link.item for message in older for link in message.deals(LinkState.ACTIVE)} - {item}
    offered = {link.item for link in here.deals(LinkState.SUGGESTED)}  # settled already
    for gone in sorted(old - offered, key=lambda it: it.id):
        yield rejected(here, gone, LinkScope.CONVERSATION)
    for message in asked[1:]:
        moved = [link.item for link in message.deals(LinkState.ACTIVE) if link.item in old]
        for gone in moved:
            yield rejected(message, gone, LinkScope.CONVERSATION)
        if moved and item is not None and not message.deals(LinkState.SUGGESTED):
            yield from linked(message, item, LinkScope.CONVERSATION)


def _answered(asked: list[StandingMessage]) -> Refusal:
    """Tell what was chosen before; that there never was a choice, where no user decided."""
    decided = [link for message in asked for link in message.links if _by_hand(link)]
    if not decided:
        return Refusal(Code.NOTHING_TO_DO, "There is no choice to make here.")
    last = max(decided, key=_decided)
    deals = {link.item.id for message in asked for link in message.deals(LinkState.ACTIVE)}
    standing = {
        "deals": sorted(deals),
        "actor": last.actor_id,
        "decided_at": _decided(last)[0],
    }
    return Refusal(Code.ALREADY_RESOLVED, "Somebody has chosen already.", standing)


def _by_hand(link: StandingLink) -> bool:
    return link.item.kind is ItemKind.DEAL and link.origin is LinkOrigin.MANUAL


def _decided(link: StandingLink) -> tuple[str, int]:
    return link.decided_at.isoformat() if link.decided_at else "", link.id
