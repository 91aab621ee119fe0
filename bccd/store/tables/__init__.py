"""Every table, as SQLAlchemy Core metadata: `database` is what front ends read, `spool` what waits.

On SQLite the two are two files, on PostgreSQL one database. Rows belong to a company: primary keys are
(company_id, id), and every unique and foreign key leads with company_id, so that no row can point at another
company's. `company`, `company_address` and `login` are global by nature.
"""

from bccd.store.tables.columns import Instant, database, from_text, spool, to_text
from bccd.store.tables.crm import (
    address_bounce,
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
    team_member,
    user_address,
)
from bccd.store.tables.deliveries import change, command, decision, delivery, delivery_recipient, ruling
from bccd.store.tables.mail import (
    attachment,
    conversation,
    conversation_audience,
    conversation_deal,
    conversation_override,
    conversation_token,
    link,
    message,
    message_alias,
    message_copy,
    message_user_state,
    participant,
)
from bccd.store.tables.queue import delivery_key, queue, raw_mail
from bccd.store.tables.submitters import confirmation, login, outbox, secret_address, trusted_sender

__all__ = [
    "Instant",
    "address_bounce",
    "app_user",
    "attachment",
    "change",
    "command",
    "company",
    "company_address",
    "company_clock",
    "confirmation",
    "contact",
    "contact_address",
    "conversation",
    "conversation_audience",
    "conversation_deal",
    "conversation_override",
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
    "login",
    "message",
    "message_alias",
    "message_copy",
    "message_user_state",
    "never_log",
    "organisation",
    "organisation_domain",
    "outbox",
    "participant",
    "queue",
    "raw_mail",
    "ruling",
    "secret_address",
    "spool",
    "team_member",
    "to_text",
    "trusted_sender",
    "user_address",
]
