"""The company, its people, and the CRM's records as a mirror."""

import sqlalchemy as sa
from alembic import op

revision = "0001_pre_companies_and_crm"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "company",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("slug", name=op.f("uq_company_slug")),
    )
    op.create_table(
        "company_clock",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("change_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("directory_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_clock_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_company_clock")),
    )
    op.create_table(
        "company_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_address_company_id")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_company_address")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "app_user",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("default_sharing", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "default_sharing IN ('private', 'shared')", name=op.f("ck_app_user_default_sharing")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_app_user_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("company_id", "external_id", name=op.f("uq_app_user_company_id_external_id")),
    )
    op.create_table(
        "user_address",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('login', 'alternative')", name=op.f("ck_user_address_kind")),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_user_address_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "address", name=op.f("pk_user_address")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_user_address_user_id", "user_address", ["company_id", "user_id"], unique=False)
    op.create_table(
        "never_log",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_never_log_company_id")),
        sa.PrimaryKeyConstraint("company_id", "entry", name=op.f("pk_never_log")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "organisation",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_organisation_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("company_id", "external_id", name=op.f("uq_organisation_company_id_external_id")),
    )
    op.create_table(
        "organisation_domain",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "organisation_id"],
            ["organisation.company_id", "organisation.id"],
            name=op.f("fk_organisation_domain_company_id_organisation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "company_id", "domain", "organisation_id", name=op.f("pk_organisation_domain")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_organisation_domain_organisation_id",
        "organisation_domain",
        ["company_id", "organisation_id"],
        unique=False,
    )
    op.create_table(
        "contact",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("to_check", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("last_activity_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("origin IN ('crm', 'auto')", name=op.f("ck_contact_origin")),
        sa.ForeignKeyConstraint(
            ["company_id", "merged_into"],
            ["contact.company_id", "contact.id"],
            name=op.f("fk_contact_company_id_merged_into"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "organisation_id"],
            ["organisation.company_id", "organisation.id"],
            name=op.f("fk_contact_company_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "owner_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_contact_company_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_contact_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_contact")),
        sa.UniqueConstraint("company_id", "external_id", name=op.f("uq_contact_company_id_external_id")),
    )
    op.create_table(
        "contact_address",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contact.company_id", "contact.id"],
            name=op.f("fk_contact_address_company_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "address", "contact_id", name=op.f("pk_contact_address")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_contact_address_contact_id", "contact_address", ["company_id", "contact_id"], unique=False
    )
    op.create_table(
        "deal",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("status IN ('open', 'won', 'lost', 'deleted')", name=op.f("ck_deal_status")),
        sa.ForeignKeyConstraint(
            ["company_id", "organisation_id"],
            ["organisation.company_id", "organisation.id"],
            name=op.f("fk_deal_company_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "owner_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_deal_company_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_deal_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_deal")),
        sa.UniqueConstraint("company_id", "external_id", name=op.f("uq_deal_company_id_external_id")),
    )
    op.create_index("ix_deal_tag", "deal", ["company_id", sa.text("lower(external_id)")], unique=False)
    op.create_table(
        "deal_contact",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contact.company_id", "contact.id"],
            name=op.f("fk_deal_contact_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "deal_id"],
            ["deal.company_id", "deal.id"],
            name=op.f("fk_deal_contact_company_id_deal_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "contact_id", "deal_id", name=op.f("pk_deal_contact")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deal_contact_deal_id", "deal_contact", ["company_id", "deal_id"], unique=False)
