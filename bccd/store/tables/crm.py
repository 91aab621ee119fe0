"""The company, its people, and the CRM's records as a mirror."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from bccd.store.tables.columns import (
    CLUSTERED,
    among,
    database,
    flag,
    index,
    key,
    moment,
    of,
    of_company,
    one,
    whole,
    words,
)

company = Table(
    "company",
    database,
    whole("id"),
    words("slug"),
    words("name"),
    words("settings"),  # a Policy as JSON
    moment("created_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("slug"),
)

company_clock = Table(
    "company_clock",
    database,
    whole("company_id"),
    whole("change_seq"),  # the last event written
    whole("next_id"),  # the next id to give
    whole("directory_version"),
    whole("min_seq", default="0"),  # events up to this one are no longer kept
    key(),
    of_company(),
)

company_address = Table(
    "company_address",
    database,
    words("address"),
    whole("company_id"),
    moment("retires_at", null=True),  # when it ends, having been replaced
    words("replaced_by", null=True),
    PrimaryKeyConstraint("address"),
    of_company(),
    **CLUSTERED,
)

app_user = Table(
    "app_user",
    database,
    whole("company_id"),
    whole("id"),
    words("external_id"),
    words("name"),
    words("default_sharing"),
    flag("active"),
    flag("is_team", default=False),  # an address that several people share; it logs in nowhere
    words("language", default=""),  # of notices to him; empty: the company's
    words("notices", default="problems"),  # problems, all, none or digest
    key("id"),
    one("external_id"),
    of_company(),
    among("default_sharing", "private", "shared"),
)

user_address = Table(
    "user_address",
    database,
    whole("company_id"),
    words("address"),
    whole("user_id"),
    words("kind"),
    moment("confirmed_at", null=True),
    words("origin", default="directory"),  # user: a user has added it, and a load leaves it alone
    key("address"),
    of("user_id", "app_user"),
    among("kind", "login", "alternative"),
    index("user_address", "user_id"),
    **CLUSTERED,
)

team_member = Table(
    "team_member",
    database,
    whole("company_id"),
    whole("team_id"),
    whole("user_id"),
    key("team_id", "user_id"),
    of("team_id", "app_user"),
    of("user_id", "app_user"),
    index("team_member", "user_id"),
    **CLUSTERED,
)

never_log = Table(
    "never_log",
    database,
    whole("company_id"),
    words("entry"),  # an address, or a domain behind an @
    whole("user_id", default="0"),  # whose own list it is on; 0 for the company's
    key("entry", "user_id"),
    of_company(),
    **CLUSTERED,
)

organisation = Table(
    "organisation",
    database,
    whole("company_id"),
    whole("id"),
    words("external_id"),
    words("name"),
    key("id"),
    one("external_id"),
    of_company(),
)

organisation_domain = Table(
    "organisation_domain",
    database,
    whole("company_id"),
    words("domain"),
    whole("organisation_id"),
    key("domain", "organisation_id"),
    of("organisation_id", "organisation"),
    index("organisation_domain", "organisation_id"),
    **CLUSTERED,
)

contact = Table(
    "contact",
    database,
    whole("company_id"),
    whole("id"),
    words("external_id", null=True),  # none yet for those made from mail
    words("name"),
    whole("owner_id", null=True),
    whole("organisation_id", null=True),
    words("origin"),
    flag("to_check"),
    flag("archived"),
    whole("merged_into", null=True),
    moment("last_activity_at", null=True),  # of the newest message it takes part in
    moment("created_at"),
    whole("delivery_id", null=True),  # the mail it was made from
    whole("created_by", null=True),  # the user who filed that mail
    key("id"),
    one("external_id"),
    of_company(),
    of("owner_id", "app_user"),
    of("organisation_id", "organisation"),
    of("merged_into", "contact"),
    among("origin", "crm", "auto"),
    index("contact", "created_by", "created_at", where="created_by IS NOT NULL"),
    index("contact", "organisation_id", where="organisation_id IS NOT NULL"),
)

contact_address = Table(
    "contact_address",
    database,
    whole("company_id"),
    words("address"),
    whole("contact_id"),
    flag("is_primary"),
    key("address", "contact_id"),
    of("contact_id", "contact"),
    index("contact_address", "contact_id"),
    **CLUSTERED,
)

address_bounce = Table(
    "address_bounce",
    database,
    whole("company_id"),
    words("address"),
    flag("hard"),  # there is no such mailbox; else it did not take mail for now
    words("status"),  # RFC 3463, "5.1.1"
    moment("bounced_at"),
    key("address"),
    of_company(),
    **CLUSTERED,
)

deal = Table(
    "deal",
    database,
    whole("company_id"),
    whole("id"),
    words("external_id"),
    words("title"),
    words("status"),
    whole("owner_id", null=True),
    whole("organisation_id", null=True),
    moment("updated_at"),
    key("id"),
    one("external_id"),
    of_company(),
    of("owner_id", "app_user"),
    of("organisation_id", "organisation"),
    among("status", "open", "won", "lost", "deleted"),
    index("deal", "organisation_id", where="organisation_id IS NOT NULL"),
    Index("ix_deal_tag", "company_id", text("lower(external_id)")),  # as it stands in +deal<ID>
)

deal_contact = Table(
    "deal_contact",
    database,
    whole("company_id"),
    whole("contact_id"),
    whole("deal_id"),
    key("contact_id", "deal_id"),
    of("contact_id", "contact"),
    of("deal_id", "deal"),
    index("deal_contact", "deal_id"),
    **CLUSTERED,
)
