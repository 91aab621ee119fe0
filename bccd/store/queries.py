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
AUTOMATIC = "automatic"  # the kind of a row about a mail that a machine wrote
MEMBER = "member"  # the kind of a row about a member of a team
_NONE = literal("", literal_execute=True)
TRUSTED = "trusted"  # the kind of a row about what was let in for good
_USER = (
    t.app_user.c.id,
    t.app_user.c.name,
    t.app_user.c.default_sharing,
    t.app_user.c.active,
    t.app_user.c.is_team,
    t.app_user.c.language,
    t.app_user.c.notices,
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
        _NONE,
        _member.c.active,
        true(),
        _NONE,
        _NONE,
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
        _NONE,
        true(),
        false(),
        _NONE,
        _NONE,
        null(),
        literal(MADE, literal_execute=True),
        t.contact.c.created_at,
    ).where(
        t.contact.c.company_id == _company,
        t.contact.c.created_by.in_(_listed("users")),
        t.contact.c.created_at > bindparam("since", type_=t.Instant),
        t.contact.c.created_at < bindparam("until", type_=t.Instant),
    ),
    # What machines have written in his name of late, and whether that was too much.
    select(
        t.delivery.c.automatic_of,
        cast(t.delivery.c.id, Text),
        t.delivery.c.reason,
        true(),
        false(),
        _NONE,
        _NONE,
        null(),
        literal(AUTOMATIC, literal_execute=True),
        t.delivery.c.received_at,
    ).where(
        t.delivery.c.company_id == _company,
        t.delivery.c.automatic_of.in_(_listed("users")),
        t.delivery.c.received_at > bindparam("since", type_=t.Instant),
        t.delivery.c.received_at < bindparam("until", type_=t.Instant),
    ),
    select(
        t.trusted_sender.c.user_id,
        t.trusted_sender.c.evidence,
        _NONE,
        true(),
        false(),
        _NONE,
        _NONE,
        t.trusted_sender.c.address,
        literal(TRUSTED, literal_execute=True),
        null(),
    ).where(t.trusted_sender.c.company_id == _company, t.trusted_sender.c.address.in_(_listed("addresses"))),
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
