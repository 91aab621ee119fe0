"""What gather() asks: each statement once, compiled by SQLAlchemy when first met."""

from typing import Any

from sqlalchemy import (
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
DEALS = union_all(
    select(*_DEAL, t.deal_contact.c.contact_id)
    .join_from(
        t.deal_contact,
        t.deal,
        and_(t.deal.c.company_id == t.deal_contact.c.company_id, t.deal.c.id == t.deal_contact.c.deal_id),
    )
    .where(t.deal_contact.c.company_id == _company, t.deal_contact.c.contact_id.in_(_listed("contacts"))),
    select(*_DEAL, null()).where(
        t.deal.c.company_id == _company, func.lower(t.deal.c.external_id).in_(_listed("external_ids"))
    ),
)

ORGANISATIONS = (
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
    )
)

NEVER_LOG = select(t.never_log.c.entry, t.never_log.c.user_id).where(
    t.never_log.c.company_id == _company, t.never_log.c.entry.in_(_listed("entries"))
)

TOKENS = (
    select(
        t.conversation_token.c.token,
        t.conversation_token.c.scope,
        func.coalesce(t.conversation.c.merged_into, t.conversation.c.id).label("id"),
    )
    .join_from(
        t.conversation_token,
        t.conversation,
        and_(
            t.conversation.c.company_id == t.conversation_token.c.company_id,
            t.conversation.c.id == t.conversation_token.c.conversation_id,
        ),
    )
    .where(t.conversation_token.c.company_id == _company, t.conversation_token.c.token.in_(_listed("tokens")))
)

MESSAGES = (
    select(
        t.message.c.id,
        t.message.c.conversation_id,
        t.message.c.id_key,
        t.message.c.identity_key,
        t.message.c.shared,
        t.message.c.linked,
        t.message_copy.c.owner_id,
    )
    .join_from(
        t.message,
        t.message_copy,
        and_(
            t.message_copy.c.company_id == t.message.c.company_id,
            t.message_copy.c.message_id == t.message.c.id,
        ),
        isouter=True,
    )
    .where(t.message.c.company_id == _company, t.message.c.id_key.in_(_listed("id_keys")))
)

_ACTIVE = t.link.c.state == literal("active", literal_execute=True)
_ITS_DEAL = and_(t.deal.c.company_id == t.link.c.company_id, t.deal.c.id == t.link.c.deal_id)
_ITS_MESSAGE = and_(t.message.c.company_id == t.link.c.company_id, t.message.c.id == t.link.c.message_id)
_ITS_COPIES = and_(
    t.message_copy.c.company_id == t.link.c.company_id, t.message_copy.c.message_id == t.link.c.message_id
)
_ITS_PEOPLE = and_(
    t.participant.c.company_id == t.link.c.company_id,
    t.participant.c.message_id == t.link.c.message_id,
    t.participant.c.copy_id == 0,
    t.participant.c.verdict.in_(["contact", "unknown"]),
)
_HANDED_ON = (
    t.link.c.company_id == _company,
    t.link.c.conversation_id.in_(_listed("conversations")),
    _ACTIVE,
    t.deal.c.status != literal("deleted", literal_execute=True),
    or_(
        t.participant.c.address.in_(_listed("addresses")),
        t.participant.c.contact_id.in_(_listed("contacts")),
    ),
)
_WHO = (t.participant.c.address, t.participant.c.contact_id)
# A deal is handed on only by those who take part in a message that carries it, and only to those who may see
# that message: viewer 0 is everyone.
CARRIED = union_all(
    select(t.link.c.conversation_id, t.link.c.deal_id, t.deal.c.status, literal(0), *_WHO)
    .distinct()
    .join_from(t.link, t.deal, _ITS_DEAL)
    .join(t.message, _ITS_MESSAGE)
    .join(t.participant, _ITS_PEOPLE)
    .where(*_HANDED_ON, t.message.c.shared, t.message.c.linked),
    select(t.link.c.conversation_id, t.link.c.deal_id, t.deal.c.status, t.message_copy.c.owner_id, *_WHO)
    .distinct()
    .join_from(t.link, t.deal, _ITS_DEAL)
    .join(t.message_copy, _ITS_COPIES)
    .join(t.participant, _ITS_PEOPLE)
    .where(*_HANDED_ON, t.message_copy.c.owner_id.in_(_listed("users"))),
)

DEALS_OF_MESSAGES = (
    select(t.link.c.message_id, t.link.c.deal_id, t.deal.c.status)
    .join_from(t.link, t.deal, _ITS_DEAL)
    .where(
        t.link.c.company_id == _company,
        t.link.c.conversation_id.in_(_listed("conversations")),  # the index leads with it
        t.link.c.message_id.in_(_listed("messages")),
        _ACTIVE,
        t.deal.c.status != literal("deleted", literal_execute=True),
    )
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
