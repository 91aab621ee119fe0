"""Every table, as SQLAlchemy Core metadata: `database` is what front ends read, `spool` what waits.

On SQLite the two are two files, on PostgreSQL one database. Rows belong to a company: primary keys are
(company_id, id), and every unique and foreign key leads with company_id, so that no row can point at another
company's. `company` and `company_address` are global by nature.
"""

from bccd.store.tables.columns import Instant, database, from_text, spool, to_text
from bccd.store.tables.crm import (
    app_user,
    company,
    company_address,
    company_clock,
    contact,
    contact_address,
    deal,
    deal_contact,
    never_log,
    organisation,
    organisation_domain,
    user_address,
)
from bccd.store.tables.mail import (
    attachment,
    change,
    conversation,
    conversation_audience,
    conversation_token,
    decision,
    delivery,
    delivery_recipient,
    link,
    message,
    message_copy,
    participant,
)
from bccd.store.tables.queue import delivery_key, queue, raw_mail

__all__ = [
    "Instant",
    "app_user",
    "attachment",
    "change",
    "company",
    "company_address",
    "company_clock",
    "contact",
    "contact_address",
    "conversation",
    "conversation_audience",
    "conversation_token",
    "database",
    "deal",
    "deal_contact",
    "decision",
    "delivery",
    "delivery_key",
    "delivery_recipient",
    "from_text",
    "link",
    "message",
    "message_copy",
    "never_log",
    "organisation",
    "organisation_domain",
    "participant",
    "queue",
    "raw_mail",
    "spool",
    "to_text",
    "user_address",
]
