"""What gather() asks: each statement once, compiled by SQLAlchemy when first met."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)

from bccd.model.delivery import DeliveryState
from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.lists import any_of

NOT_YET = (DeliveryState.RECEIVED.value, DeliveryState.FAILED.value)

_company: Any = bindparam("company")
_since, _until = (bindparam(name, type_=t.Instant) for name in ("since", "until"))
# Contacts that users' mail has made of late, and mails that machines wrote in their names, with the reason
# for which each was set aside.
RECENT = Statement(
    union_all(
        select(t.contact.c.created_by, t.contact.c.id, t.contact.c.created_at, cast(null(), Text)).where(
            t.contact.c.company_id == _company,
            any_of(t.contact.c.created_by, "users"),
            t.contact.c.created_at > _since,
            t.contact.c.created_at < _until,
        ),
        select(
            t.delivery.c.automatic_of, t.delivery.c.id, t.delivery.c.received_at, t.delivery.c.reason
        ).where(
            t.delivery.c.company_id == _company,
            any_of(t.delivery.c.automatic_of, "users"),
            t.delivery.c.received_at > _since,
            t.delivery.c.received_at < _until,
        ),
    )
)

_named = t.contact.alias("named")
CONTACTS = Statement(
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
    .where(t.contact_address.c.company_id == _company, any_of(t.contact_address.c.address, "addresses"))
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
DEALS = Statement(
    union_all(
        select(*_DEAL, t.deal_contact.c.contact_id, _no_id)
        .join_from(
            t.deal_contact,
            t.deal,
            and_(t.deal.c.company_id == t.deal_contact.c.company_id, t.deal.c.id == t.deal_contact.c.deal_id),
        )
        .where(t.deal_contact.c.company_id == _company, any_of(t.deal_contact.c.contact_id, "contacts")),
        select(*_DEAL, _no_id, _no_id).where(
            t.deal.c.company_id == _company,
            any_of(func.lower(t.deal.c.external_id, type_=Text), "external_ids"),
        ),
        select(*_DEAL, _no_id, t.deal.c.organisation_id).where(
            t.deal.c.company_id == _company, any_of(t.deal.c.organisation_id, "organisations")
        ),
    )
)

ORGANISATIONS = Statement(
    select(t.organisation_domain.c.domain, t.organisation.c.id, t.organisation.c.name)
    .join_from(
        t.organisation_domain,
        t.organisation,
        and_(
            t.organisation.c.company_id == t.organisation_domain.c.company_id,
            t.organisation.c.id == t.organisation_domain.c.organisation_id,
        ),
    )
    .where(t.organisation_domain.c.company_id == _company, any_of(t.organisation_domain.c.domain, "domains"))
)

DELIVERED = Statement(
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
    .where(t.delivery.c.company_id == _company, any_of(t.delivery.c.id, "deliveries"))
)
