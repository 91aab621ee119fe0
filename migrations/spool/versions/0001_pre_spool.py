"""Raw mail, what waits to be filed, and which octets stand already."""

import sqlalchemy as sa
from alembic import op

revision = "0001_pre_spool"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "raw_mail",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.CheckConstraint("(data IS NULL) <> (path IS NULL)", name=op.f("ck_raw_mail_one_place")),
        sa.PrimaryKeyConstraint("company_id", "sha256", name=op.f("pk_raw_mail")),
    )
    op.create_table(
        "spool",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("forgiven", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('received', 'kept')", name=op.f("ck_spool_state")),
        sa.ForeignKeyConstraint(
            ["company_id", "raw_sha256"],
            ["raw_mail.company_id", "raw_mail.sha256"],
            name=op.f("fk_spool_company_id_raw_sha256"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_spool")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_spool_delivery_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_spool_raw_sha256", "spool", ["company_id", "raw_sha256"], unique=False)
    op.create_index(
        "ix_spool_waiting",
        "spool",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("state = 'received' AND claimed_by IS NULL"),
        postgresql_where=sa.text("state = 'received' AND claimed_by IS NULL"),
    )
    op.create_table(
        "delivery_key",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "raw_sha256", "recipient", name=op.f("pk_delivery_key")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_delivery_key_delivery_id", "delivery_key", ["delivery_id"], unique=False)
