"""Who sees which conversation, what became of each delivery, and the change feed."""

import sqlalchemy as sa
from alembic import op

revision = "0003_pre_outcomes"
down_revision = "0002_pre_mail"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "conversation_audience",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audience_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("message_count", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("last_message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("needs_choice", sa.Boolean(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "conversation_id"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_conversation_audience_company_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "company_id", "conversation_id", "audience_id", name=op.f("pk_conversation_audience")
        ),
    )
    op.create_index(
        "ix_conversation_audience_audience_id_last_at_conversation_id",
        "conversation_audience",
        ["company_id", "audience_id", "last_at", "conversation_id"],
        unique=False,
    )
    op.create_table(
        "delivery",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("copy_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("mail_from", sa.Text(), nullable=False),
        sa.Column("peer_ip", sa.Text(), nullable=False),
        sa.Column("helo", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state IN ('received', 'filed', 'held', 'set_aside', 'failed')", name=op.f("ck_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "copy_id"],
            ["message_copy.company_id", "message_copy.id"],
            name=op.f("fk_delivery_company_id_copy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_delivery_company_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_delivery_company_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_delivery_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_state_id",
        "delivery",
        ["company_id", "state", "id"],
        unique=False,
        sqlite_where=sa.text("state <> 'filed'"),
        postgresql_where=sa.text("state <> 'filed'"),
    )
    op.create_table(
        "delivery_recipient",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("argument", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "delivery_id"],
            ["delivery.company_id", "delivery.id"],
            name=op.f("fk_delivery_recipient_company_id_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "delivery_id", "address", name=op.f("pk_delivery_recipient")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decision",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "delivery_id"],
            ["delivery.company_id", "delivery.id"],
            name=op.f("fk_decision_company_id_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "delivery_id", name=op.f("pk_decision")),
    )
    op.create_table(
        "change",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("entity_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_change_company_id")),
        sa.PrimaryKeyConstraint("company_id", "seq", name=op.f("pk_change")),
        sqlite_with_rowid=False,
    )
