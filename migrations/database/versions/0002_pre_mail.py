"""Conversations, messages and links."""

import sqlalchemy as sa
from alembic import op

revision = "0002_pre_mail"
down_revision = "0001_pre_companies_and_crm"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "conversation",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merged_into", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("merged_into < id", name=op.f("ck_conversation_oldest_wins")),
        sa.ForeignKeyConstraint(
            ["company_id", "merged_into"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_conversation_company_id_merged_into"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_conversation_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_conversation")),
    )
    op.create_index(
        "ix_conversation_merged_into",
        "conversation",
        ["company_id", "merged_into"],
        unique=False,
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_table(
        "conversation_token",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "conversation_id"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_conversation_token_company_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "token", name=op.f("pk_conversation_token")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "message",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id_key", sa.LargeBinary(), nullable=False),
        sa.Column("identity_key", sa.LargeBinary(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("base_subject", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("sort_at", INSTANT, nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("auto_kind", sa.Text(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("attachment_count", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("msgid_reused", sa.Boolean(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "direction IN ('incoming', 'outgoing', 'internal')", name=op.f("ck_message_direction")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "conversation_id"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_message_company_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_message")),
        sa.UniqueConstraint("company_id", "identity_key", name=op.f("uq_message_company_id_identity_key")),
    )
    op.create_index(
        "ix_message_conversation_id_sort_at_id",
        "message",
        ["company_id", "conversation_id", "sort_at", "id"],
        unique=False,
    )
    op.create_index("ix_message_id_key", "message", ["company_id", "id_key"], unique=False)
    op.create_table(
        "message_copy",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("comment_text", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("sharing IN ('private', 'shared')", name=op.f("ck_message_copy_sharing")),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_message_copy_company_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "owner_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_message_copy_company_id_owner_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_message_copy")),
        sa.UniqueConstraint(
            "company_id",
            "message_id",
            "owner_id",
            name=op.f("uq_message_copy_company_id_message_id_owner_id"),
        ),
    )
    op.create_index(
        "ix_message_copy_owner_id_message_id",
        "message_copy",
        ["company_id", "owner_id", "message_id"],
        unique=False,
    )
    op.create_table(
        "participant",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("pos", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("copy_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint(
            "role IN ('from', 'sender', 'reply_to', 'to', 'cc', 'bcc')", name=op.f("ck_participant_role")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contact.company_id", "contact.id"],
            name=op.f("fk_participant_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_participant_company_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_participant_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint(
            "company_id", "message_id", "role", "pos", "copy_id", name=op.f("pk_participant")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_participant_address_message_id",
        "participant",
        ["company_id", "address", "message_id"],
        unique=False,
    )
    op.create_index(
        "ix_participant_contact_id_message_id",
        "participant",
        ["company_id", "contact_id", "message_id"],
        unique=False,
        sqlite_where=sa.text("contact_id IS NOT NULL"),
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_table(
        "attachment",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body_end", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_attachment_company_id_message_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "message_id", "part", name=op.f("pk_attachment")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "link",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("deal_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("origin IN ('auto', 'tag', 'inherited', 'manual')", name=op.f("ck_link_origin")),
        sa.CheckConstraint(
            "state IN ('active', 'suggested', 'rejected', 'stale')", name=op.f("ck_link_state")
        ),
        sa.CheckConstraint(
            "(contact_id IS NOT NULL AND organisation_id IS NULL AND deal_id IS NULL)"
            " OR (contact_id IS NULL AND organisation_id IS NOT NULL AND deal_id IS NULL)"
            " OR (contact_id IS NULL AND organisation_id IS NULL AND deal_id IS NOT NULL)",
            name=op.f("ck_link_one_target"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contact.company_id", "contact.id"],
            name=op.f("fk_link_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "conversation_id"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_link_company_id_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "deal_id"], ["deal.company_id", "deal.id"], name=op.f("fk_link_company_id_deal_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_link_company_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "organisation_id"],
            ["organisation.company_id", "organisation.id"],
            name=op.f("fk_link_company_id_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_link")),
    )
    op.create_index(
        "ix_link_contact_id_message_id",
        "link",
        ["company_id", "contact_id", "message_id"],
        unique=True,
        sqlite_where=sa.text("contact_id IS NOT NULL"),
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_link_conversation_id_message_id",
        "link",
        ["company_id", "conversation_id", "message_id"],
        unique=False,
    )
    op.create_index(
        "ix_link_deal_id_message_id",
        "link",
        ["company_id", "deal_id", "message_id"],
        unique=True,
        sqlite_where=sa.text("deal_id IS NOT NULL"),
        postgresql_where=sa.text("deal_id IS NOT NULL"),
    )
    op.create_index(
        "ix_link_organisation_id_message_id",
        "link",
        ["company_id", "organisation_id", "message_id"],
        unique=True,
        sqlite_where=sa.text("organisation_id IS NOT NULL"),
        postgresql_where=sa.text("organisation_id IS NOT NULL"),
    )
