"""What gather() asks: each statement once, compiled by SQLAlchemy when first met."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from bccd.model.delivery import DeliveryState
from bccd.store import tables as t

NOT_YET = (DeliveryState.RECEIVED.value, DeliveryState.FAILED.value)

_company: Any = bindparam("company")


def _listed(name: str) -> Any:
    return bindparam(name, expanding=True)


MADE = "made"  # the kind of a row about a new contact
MEMBER = "member"  # the kind of a row about a member of a team
_USER = (
    t.app_user.c.id,
    t.app_user.c.name,
    t.app_user.c.default_sharing,
    t.app_user.c.active,
    t.app_user.c.is_team,
)
_member = t.app_user.alias("member")
USERS = union_all(
    select(
        *_USER,
        t.user_address.c.address,
        t.user_address.c.kind,
        t.user_address.c.confirmed_at,
    )
    .join_from(
        t.user_address,
        t.app_user,
        and_(
            t.app_user.c.company_id == t.user_address.c.company_id,
            t.app_user.c.id == t.user_address.c.user_id,
        ),
    )
    .where(t.user_address.c.company_id == _company, t.user_address.c.address.in_(_listed("addresses"))),
    select(*_USER, null(), null(), null()).where(
        t.app_user.c.company_id == _company, t.app_user.c.id.in_(_listed("users"))
    ),
    select(
        t.team_member.c.team_id,
        cast(t.team_member.c.user_id, Text),
        literal("", literal_execute=True),
        _member.c.active,
        true(),
        null(),
        literal(MEMBER, literal_execute=True),
        null(),
    )
    .join_from(
        t.team_member,
        _member,
        and_(_member.c.company_id == t.team_member.c.company_id, _member.c.id == t.team_member.c.user_id),
    )
    .where(
        t.team_member.c.company_id == _company,
        or_(
            t.team_member.c.team_id.in_(_listed("users")),
            t.team_member.c.team_id.in_(
                select(t.user_address.c.user_id).where(
                    t.user_address.c.company_id == _company,
                    t.user_address.c.address.in_(_listed("addresses")),
                )
            ),
        ),
    ),
    # What a user's mail has made of late: the moment of each contact, told apart by the contact's id.
    select(
        t.contact.c.created_by,
        cast(t.contact.c.id, Text),
        literal("", literal_execute=True),
        true(),
        false(),
        null(),
        literal(MADE, literal_execute=True),
        t.contact.c.created_at,
    ).where(
        t.contact.c.company_id == _company,
        t.contact.c.created_by.in_(_listed("users")),
        t.contact.c.created_at > bindparam("since", type_=t.Instant),
        t.contact.c.created_at < bindparam("until", type_=t.Instant),
    ),
)

_named = t.contact.alias("named")
CONTACTS = (
    select(
        t.contact_address.c.address,
        t.contact.c.id,
        t.contact.c.name,
        t.contact.c.owner_id,
        t.contact.c.organisation_id,
        t.contact.c.archived,
        t.contact.c.last_activity_at,
    )
    .join_from(
        t.contact_address,
        _named,
        and_(
            _named.c.company_id == t.contact_address.c.company_id,
            _named.c.id == t.contact_address.c.contact_id,
        ),
    )
    .join(
        t.contact,
        and_(
            t.contact.c.company_id == _named.c.company_id,
            t.contact.c.id == func.coalesce(_named.c.merged_into, _named.c.id),
        ),
    )
    .where(t.contact_address.c.company_id == _company, t.contact_address.c.address.in_(_listed("addresses")))
)

_DEAL = (
    t.deal.c.id,
    t.deal.c.external_id,
    t.deal.c.title,
    t.deal.c.status,
    t.deal.c.owner_id,
    t.deal.c.organisation_id,
    t.deal.c.updated_at,
)
# A bare NULL has no type, which a union of three needs on PostgreSQL.
_no_id, _no_text = cast(null(), BigInteger), cast(null(), Text)
DEALS = union_all(
    select(*_DEAL, t.deal_contact.c.contact_id, _no_id)
    .join_from(
        t.deal_contact,
        t.deal,
        and_(t.deal.c.company_id == t.deal_contact.c.company_id, t.deal.c.id == t.deal_contact.c.deal_id),
    )
    .where(t.deal_contact.c.company_id == _company, t.deal_contact.c.contact_id.in_(_listed("contacts"))),
    select(*_DEAL, _no_id, _no_id).where(
        t.deal.c.company_id == _company, func.lower(t.deal.c.external_id).in_(_listed("external_ids"))
    ),
    select(*_DEAL, _no_id, t.deal.c.organisation_id).where(
        t.deal.c.company_id == _company, t.deal.c.organisation_id.in_(_listed("organisations"))
    ),
)

# Organisations by domain, and entries of the never-log list, which name no organisation.
LISTED = union_all(
    select(t.organisation_domain.c.domain, t.organisation.c.id, t.organisation.c.name)
    .join_from(
        t.organisation_domain,
        t.organisation,
        and_(
            t.organisation.c.company_id == t.organisation_domain.c.company_id,
            t.organisation.c.id == t.organisation_domain.c.organisation_id,
        ),
    )
    .where(
        t.organisation_domain.c.company_id == _company,
        t.organisation_domain.c.domain.in_(_listed("domains")),
    ),
    select(t.never_log.c.entry, t.never_log.c.user_id, _no_text).where(
        t.never_log.c.company_id == _company, t.never_log.c.entry.in_(_listed("entries"))
    ),
)

_into = t.conversation.alias("into")
TOKENS = (
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
    .where(t.conversation_token.c.company_id == _company, t.conversation_token.c.token.in_(_listed("tokens")))
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
MESSAGES = union_all(
    _MESSAGE.where(t.message.c.company_id == _company, t.message.c.id_key.in_(_listed("id_keys"))),
    _MESSAGE.where(t.message.c.company_id == _company, t.message.c.weak_key.in_(_listed("weak_keys"))),
)

_ITS_DEAL = and_(t.deal.c.company_id == t.link.c.company_id, t.deal.c.id == t.link.c.deal_id)
_ITS_MESSAGE = and_(t.message.c.company_id == t.link.c.company_id, t.message.c.id == t.link.c.message_id)
_ITS_COPIES = and_(
    t.message_copy.c.company_id == t.link.c.company_id, t.message_copy.c.message_id == t.link.c.message_id
)
_LIVING = t.deal.c.status != literal("deleted", literal_execute=True)

# What the conversations hand on to whoever takes part, and may be seen by the queried users.
_whose = func.coalesce(t.contact.c.merged_into, t.contact.c.id)
CARRIED = (
    select(
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
        t.conversation_deal.c.conversation_id.in_(_listed("conversations")),
        t.conversation_deal.c.viewer_id.in_(_listed("viewers")),
        or_(t.conversation_deal.c.address.in_(_listed("addresses")), _whose.in_(_listed("contacts"))),
        _LIVING,
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
    ).where(
        t.link.c.company_id == _company, t.link.c.conversation_id.in_(_listed("conversations")), *conditions
    )


_BY_HAND = (
    t.link.c.origin == literal("manual", literal_execute=True),
    t.link.c.scope == literal("conversation", literal_execute=True),
    t.link.c.decided_at.is_not(None),  # always so; it leads to the index
)
_WAITING = (t.link.c.state == literal("suggested", literal_execute=True), t.link.c.deal_id.is_not(None))
# What users decided for these conversations and what they are still asked: of messages that everyone may see
# (viewer 0), and of those of which a queried user holds a copy.
VERDICTS = union_all(
    *(
        _said(literal(0), *said).join(t.message, _ITS_MESSAGE).where(t.message.c.shared, t.message.c.linked)
        for said in (_BY_HAND, _WAITING)
    ),
    *(
        _said(t.message_copy.c.owner_id, *said)
        .join(t.message_copy, _ITS_COPIES)
        .where(t.message_copy.c.owner_id.in_(_listed("users")))
        for said in (_BY_HAND, _WAITING)
    ),
)

# The deals that stored messages carry, and, where only its content tells which it is, whom it went to.
ABOUT_MESSAGES = union_all(
    select(t.link.c.message_id, t.link.c.deal_id, t.deal.c.status, _no_text)
    .join_from(t.link, t.deal, _ITS_DEAL)
    .where(
        t.link.c.company_id == _company,
        t.link.c.conversation_id.in_(_listed("conversations")),  # the index leads with it
        t.link.c.message_id.in_(_listed("messages")),
        t.link.c.state == literal("active", literal_execute=True),
        t.link.c.scope == literal("conversation", literal_execute=True),
        _LIVING,
    ),
    select(t.participant.c.message_id, _no_id, _no_text, t.participant.c.address).where(
        t.participant.c.company_id == _company,
        t.participant.c.message_id.in_(_listed("weak")),
        t.participant.c.role.in_(["to", "cc"]),
        t.participant.c.copy_id == 0,
    ),
)

STRANDS = (
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
    .where(t.message.c.company_id == _company, t.message.c.conversation_id.in_(_listed("conversations")))
)

DELIVERED = (
    select(
        t.delivery.c.id,
        t.delivery.c.state,
        t.delivery.c.reason,
        t.delivery.c.user_id,
        t.delivery.c.message_id,
        t.delivery.c.copy_id,
        t.ruling.c.args,
    )
    .join_from(
        t.delivery,
        t.ruling,
        and_(t.ruling.c.company_id == t.delivery.c.company_id, t.ruling.c.delivery_id == t.delivery.c.id),
        isouter=True,
    )
    .where(t.delivery.c.company_id == _company, t.delivery.c.id.in_(_listed("deliveries")))
)
