"""What the change feed can tell: each kind of event, and what it means to whoever reads it.

An event carries ids and no content. Readers skip kinds that they do not know, so kinds may be added.
"""

from enum import StrEnum, unique
from typing import NamedTuple


@unique
class EventKind(StrEnum):
    """A kind of event, as column `change.kind` holds it."""

    MESSAGE_ADDED = "message.added"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_HIDDEN = "message.hidden"
    MESSAGE_ERASED = "message.erased"
    CONVERSATION_MERGED = "conversation.merged"
    CONVERSATION_SPLIT = "conversation.split"
    LINK_CHANGED = "link.changed"
    DELIVERY_HELD = "delivery.held"
    DELIVERY_SET_ASIDE = "delivery.set_aside"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_RELEASED = "delivery.released"
    DELIVERY_DELETED = "delivery.deleted"
    CONTACT_ADDED = "contact.added"
    CONTACT_CHANGED = "contact.changed"
    ORGANISATION_CHANGED = "organisation.changed"
    DEAL_CHANGED = "deal.changed"
    USER_CHANGED = "user.changed"
    COMPANY_CHANGED = "company.changed"


class Meaning(NamedTuple):
    """What a kind of event means; `entity` says whose id entity_id is, where it is set."""

    entity: str
    text: str


MEANINGS = {
    EventKind.MESSAGE_ADDED: Meaning(
        "", "the audience may see the message now: it is new, a copy of it is, or it was opened to them"
    ),
    EventKind.MESSAGE_UPDATED: Meaning(
        "", "what the audience sees of the message may differ: participants, links, sharing, seen, flagged"
    ),
    EventKind.MESSAGE_HIDDEN: Meaning(
        "message",
        "not all of the audience may see the message any more; events that follow tell who still may",
    ),
    EventKind.MESSAGE_ERASED: Meaning("message", "the message is gone for good"),
    EventKind.CONVERSATION_MERGED: Meaning(
        "conversation", "the entity became part of conversation_id, and all its messages with it"
    ),
    EventKind.CONVERSATION_SPLIT: Meaning(
        "conversation", "messages of conversation_id are in the entity now"
    ),
    EventKind.LINK_CHANGED: Meaning(
        "link", "a user set, moved or rejected a link of the message, or it went stale with its deal"
    ),
    EventKind.DELIVERY_HELD: Meaning("delivery", "a mail of this user waits for him"),
    EventKind.DELIVERY_SET_ASIDE: Meaning("delivery", "a mail of this user is kept, and not filed"),
    EventKind.DELIVERY_FAILED: Meaning("delivery", "a mail of this user could not be filed; it is kept"),
    EventKind.DELIVERY_RELEASED: Meaning(
        "delivery", "a mail that waited is on its way again; further events tell what became of it"
    ),
    EventKind.DELIVERY_DELETED: Meaning("delivery", "a mail that waited was deleted"),
    EventKind.CONTACT_ADDED: Meaning("contact", "a contact was made from mail and should be looked at"),
    EventKind.CONTACT_CHANGED: Meaning("contact", "a contact is new, or differs"),
    EventKind.ORGANISATION_CHANGED: Meaning("organisation", "an organisation is new, or differs"),
    EventKind.DEAL_CHANGED: Meaning("deal", "a deal is new, or differs"),
    EventKind.USER_CHANGED: Meaning("user", "a user is new, or differs"),
    EventKind.COMPANY_CHANGED: Meaning("company", "a setting or an address of the company differs"),
}
