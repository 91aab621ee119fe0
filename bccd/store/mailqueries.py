"""What is asked of stored mail: each statement once, compiled by SQLAlchemy when first met."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from bccd.rules.thread import MARK
from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.lists import any_of

_company: Any = bindparam("company")
# A bare NULL has no type, which a union of three needs on PostgreSQL.
_no_id, _no_text = cast(null(), BigInteger), cast(null(), Text)


def _constant(text: str) -> Any:
    """Return what stands in the statement itself, for an index to be found by."""
    return literal_column("'" + text + "'", Text)


_into = t.conversation.alias("into")
TOKENS = Statement(
    select(
        t.conversation_token.c.token,
        t.conversation_token.c.scope,
        func.coalesce(t.conversation.c.merged_into, t.conversation.c.id).label("id"),
        func.coalesce(_into.c.by_hand, t.conversation.c.by_hand),
    )
    .join_from(
        t.conversation_token,
        t.conversation,
        and_(
            t.conversation.c.company_id == t.conversation_token.c.company_id,
            t.conversation.c.id == t.conversation_token.c.conversation_id,
        ),
    )
    .join(
        _into,
        and_(_into.c.company_id == t.conversation.c.company_id, _into.c.id == t.conversation.c.merged_into),
        isouter=True,
    )
    .where(t.conversation_token.c.company_id == _company, any_of(t.conversation_token.c.token, "tokens"))
)

_MESSAGE = select(
    t.message.c.id,
    t.message.c.conversation_id,
    t.message.c.id_key,
    t.message.c.identity_key,
    t.message.c.shared,
    t.message.c.linked,
    t.message.c.weak_key,
    t.message.c.content_digest,
    t.message.c.msgid,
    t.message.c.sent_at,
    t.message.c.provenance,
    t.message.c.refs,
    t.message.c.subject,
    t.message.c.thread_index,
    t.message.c.calendar_uid,
    t.message.c.parties,
    t.message.c.broadcast,
    t.message_copy.c.owner_id,
).join_from(
    t.message,
    t.message_copy,
    and_(
        t.message_copy.c.company_id == t.message.c.company_id,
        t.message_copy.c.message_id == t.message.c.id,
    ),
    isouter=True,
)
MESSAGES = Statement(
    union_all(
        _MESSAGE.where(t.message.c.company_id == _company, any_of(t.message.c.id_key, "id_keys")),
        _MESSAGE.where(t.message.c.company_id == _company, any_of(t.message.c.weak_key, "weak_keys")),
    )
)

_ITS_DEAL = and_(t.deal.c.company_id == t.link.c.company_id, t.deal.c.id == t.link.c.deal_id)
_ITS_MESSAGE = and_(t.message.c.company_id == t.link.c.company_id, t.message.c.id == t.link.c.message_id)
_ITS_COPIES = and_(
    t.message_copy.c.company_id == t.link.c.company_id, t.message_copy.c.message_id == t.link.c.message_id
)
_LIVING = t.deal.c.status != _constant("deleted")

_whose = func.coalesce(t.contact.c.merged_into, t.contact.c.id)
# Three things of known mail in one statement, the first column telling which: the deals that conversations
# hand on to whoever takes part, as the queried users see it; the deals that messages carry; and, where only
# its content tells which mail it is, whom a message went to.
HANDED_ON, CARRIES, WENT_TO = "handed_on", "carries", "went_to"
ABOUT = Statement(
    union_all(
        select(
            _constant(HANDED_ON),
            t.conversation_deal.c.conversation_id,
            t.conversation_deal.c.deal_id,
            t.deal.c.status,
            t.conversation_deal.c.viewer_id,
            t.conversation_deal.c.address,
            _whose,
        )
        .join_from(
            t.conversation_deal,
            t.deal,
            and_(
                t.deal.c.company_id == t.conversation_deal.c.company_id,
                t.deal.c.id == t.conversation_deal.c.deal_id,
            ),
        )
        .join(
            t.contact_address,
            and_(
                t.contact_address.c.company_id == t.conversation_deal.c.company_id,
                t.contact_address.c.address == t.conversation_deal.c.address,
            ),
            isouter=True,
        )
        .join(
            t.contact,
            and_(
                t.contact.c.company_id == t.contact_address.c.company_id,
                t.contact.c.id == t.contact_address.c.contact_id,
            ),
            isouter=True,
        )
        .where(
            t.conversation_deal.c.company_id == _company,
            any_of(t.conversation_deal.c.conversation_id, "conversations"),
            any_of(t.conversation_deal.c.viewer_id, "viewers"),
            or_(any_of(t.conversation_deal.c.address, "addresses"), any_of(_whose, "contacts")),
            _LIVING,
        ),
        select(
            _constant(CARRIES),
            t.link.c.message_id,
            t.link.c.deal_id,
            t.deal.c.status,
            _no_id,
            _no_text,
            _no_id,
        )
        .join_from(t.link, t.deal, _ITS_DEAL)
        .where(
            t.link.c.company_id == _company,
            any_of(t.link.c.conversation_id, "homes"),  # the index leads with it
            any_of(t.link.c.message_id, "messages"),
            t.link.c.state == _constant("active"),
            t.link.c.scope == _constant("conversation"),
            _LIVING,
        ),
        select(
            _constant(WENT_TO),
            t.participant.c.message_id,
            _no_id,
            t.participant.c.role,
            _no_id,
            t.participant.c.address + _constant("\n") + t.participant.c.name,
            _no_id,
        ).where(
            t.participant.c.company_id == _company,
            any_of(t.participant.c.message_id, "weak"),
            t.participant.c.role != _constant("bcc"),
            t.participant.c.copy_id == 0,
        ),
    )
)


def _said(viewer: Any, *conditions: Any) -> Any:
    """Select what was said of links, seen by one kind of viewer; the conditions name a partial index."""
    return select(
        t.link.c.conversation_id,
        t.link.c.id,
        t.link.c.message_id,
        t.link.c.decided_at,
        viewer,
        t.link.c.state,
        t.link.c.contact_id,
        t.link.c.organisation_id,
        t.link.c.deal_id,
    ).where(t.link.c.company_id == _company, any_of(t.link.c.conversation_id, "conversations"), *conditions)


def _asked(viewer: Any) -> Any:
    """Select each deal that a conversation's users are asked about once, by the first link that asks."""
    return (
        select(
            t.link.c.conversation_id,
            func.min(t.link.c.id),
            func.min(t.link.c.message_id),
            cast(null(), t.link.c.decided_at.type),
            viewer,
            t.link.c.state,
            _no_id,
            _no_id,
            t.link.c.deal_id,
        )
        .where(t.link.c.company_id == _company, any_of(t.link.c.conversation_id, "conversations"), *_WAITING)
        .group_by(t.link.c.conversation_id, t.link.c.deal_id, t.link.c.state)
    )


def _of_all(said: Any) -> Any:
    """Keep what was said of messages that everyone may see."""
    return said.join(t.message, _ITS_MESSAGE).where(t.message.c.shared, t.message.c.linked)


def _of_users(said: Any) -> Any:
    """Keep what was said of messages of which a queried user holds a copy."""
    return said.join(t.message_copy, _ITS_COPIES).where(any_of(t.message_copy.c.owner_id, "users"))


_BY_HAND = (
    t.link.c.origin == _constant("manual"),
    t.link.c.scope == _constant("conversation"),
    t.link.c.decided_at.is_not(None),  # always so; it leads to the index
)
_WAITING = (t.link.c.state == _constant("suggested"), t.link.c.deal_id.is_not(None))
_EVERYONE, _OWNER = literal(0), t.message_copy.c.owner_id
# What users decided for these conversations and what they are still asked: of messages that everyone may see
# (viewer 0), and of those of which a queried user holds a copy.
VERDICTS = Statement(
    union_all(
        *(_of_all(_said(_EVERYONE, *said)) for said in (_BY_HAND, _WAITING)),
        *(_of_users(_said(_OWNER, *said)) for said in (_BY_HAND, _WAITING)),
    )
)
# The same with each question once, however many messages of a conversation carry it.
MATTERS = Statement(
    union_all(
        _of_all(_said(_EVERYONE, *_BY_HAND)),
        _of_all(_asked(_EVERYONE)),
        _of_users(_said(_OWNER, *_BY_HAND)),
        _of_users(_asked(_OWNER).group_by(_OWNER)),
    )
)

STRANDS = Statement(
    select(
        t.message.c.id,
        t.message.c.conversation_id,
        t.message.c.msgid,
        t.message.c.in_reply_to,
        t.message.c.refs,
        t.message.c.thread_index,
        t.message.c.calendar_uid,
        t.message.c.parties,
        t.message.c.base_subject,
        t.message.c.broadcast,
        t.message_alias.c.msgid,
        t.conversation_override.c.id,
        t.conversation_override.c.kind,
        t.conversation_override.c.other_id,
        t.conversation_override.c.group_id,
    )
    .join_from(
        t.message,
        t.message_alias,
        and_(
            t.message_alias.c.company_id == t.message.c.company_id,
            t.message_alias.c.message_id == t.message.c.id,
        ),
        isouter=True,
    )
    .join(
        t.conversation_override,
        and_(
            t.conversation_override.c.company_id == t.message.c.company_id,
            t.conversation_override.c.message_id == t.message.c.id,
        ),
        isouter=True,
    )
    .where(t.message.c.company_id == _company, any_of(t.message.c.conversation_id, "conversations"))
)

# Which of these names are mails that went to many.
MARKS = Statement(
    select(t.conversation_token.c.token).where(
        t.conversation_token.c.company_id == _company,
        any_of(t.conversation_token.c.token, "names"),
        t.conversation_token.c.scope == bindparam("mark", MARK),
    )
)
