"""link.set, link.move, link.reject: what a message belongs to, said by a user."""

from collections.abc import Iterable, Iterator

from bccd.model.command import (
    Arguments,
    Code,
    Item,
    ItemKind,
    LinkScope,
    Refusal,
    Ruled,
    Scene,
    SetLink,
    StandingMessage,
)
from bccd.model.crm import DealStatus
from bccd.model.plan import LinkOrigin, LinkState

DELETED = Refusal(Code.CONFLICT, "This deal was deleted in the CRM: nothing can be linked to it.")


def wanted_item(given: Arguments, scene: Scene) -> Item | Refusal:
    """Return the item to link to; a deal that was deleted takes no links."""
    assert given.item is not None  # noqa: S101 - the kind demands it
    found = scene.items[given.item]
    return DELETED if found.status is DealStatus.DELETED else found.item


def scope_of(given: Arguments) -> LinkScope:
    """Return how far a link reaches: what is said of one message later mail does not inherit."""
    return LinkScope.CONVERSATION if given.conversations else LinkScope.MESSAGE


def changed(edits: Iterable[SetLink]) -> dict[str, object]:
    """Count the messages that edits are about."""
    return {"changed": len({edit.message_id for edit in edits})}


def set_link(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Link by hand, which settles what was suggested in its place."""
    item = wanted_item(given, scene)
    if isinstance(item, Refusal):
        return item
    assert given.item is not None  # noqa: S101 - the kind demands it
    scope, rivals = scope_of(given), scene.items[given.item].rivals
    edits = [
        edit
        for message in scene.messages.values()
        for edit in (*linked(message, item, scope), *_settled(message, item, rivals, scope))
    ]
    return Ruled(tuple(edits), changed(edits))


def linked(message: StandingMessage, item: Item, scope: LinkScope) -> Iterator[SetLink]:
    """Link a message to an item unless a user has done so, to the same extent."""
    link = message.link_to(item)
    standing = (link.state, link.origin, link.scope) if link else None
    if standing != (LinkState.ACTIVE, LinkOrigin.MANUAL, scope):
        yield SetLink(message.id, message.conversation_id, item, LinkState.ACTIVE, scope)


def rejected(message: StandingMessage, item: Item, scope: LinkScope) -> SetLink:
    """Reject an item for a message: no rule links it there again."""
    return SetLink(message.id, message.conversation_id, item, LinkState.REJECTED, scope)


def _settled(
    message: StandingMessage, item: Item, rivals: frozenset[int], scope: LinkScope
) -> Iterator[SetLink]:
    """Reject the other deals that were suggested, or the other contacts with the same address."""
    for link in message.links:
        other = link.item
        instead = other.kind is item.kind and (item.kind is ItemKind.DEAL or other.id in rivals)
        if link.state is LinkState.SUGGESTED and instead and other != item:
            yield rejected(message, other, scope)


def move_link(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Move messages from one deal to another."""
    item = wanted_item(given, scene)
    if isinstance(item, Refusal):
        return item
    assert given.origin is not None  # noqa: S101 - the kind demands it
    old, scope = scene.items[given.origin].item, scope_of(given)
    if old == item:
        return Refusal(Code.BAD_ARGUMENTS, "A link cannot be moved to the deal where it is.")
    edits: list[SetLink] = []
    for message in scene.messages.values():
        link = message.link_to(old)
        if link is not None and link.state in (LinkState.ACTIVE, LinkState.STALE):
            edits += (rejected(message, old, scope), *linked(message, item, scope))
    if not edits:
        return Refusal(Code.NOTHING_TO_DO, "Nothing here is linked to the deal to move away from.")
    return Ruled(tuple(edits), changed(edits))


def reject_link(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Reject a link or a suggestion, for good."""
    assert given.item is not None  # noqa: S101 - the kind demands it
    item, scope = scene.items[given.item].item, scope_of(given)
    edits = []
    for message in scene.messages.values():
        link = message.link_to(item)
        if link is not None and (link.state, link.scope) != (LinkState.REJECTED, scope):
            edits.append(rejected(message, item, scope))
    if not edits:
        return Refusal(Code.NOTHING_TO_DO, "Nothing here is linked to it.")
    return Ruled(tuple(edits), changed(edits))
