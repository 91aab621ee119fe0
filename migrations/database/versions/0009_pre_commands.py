"""Find what needs the octets of a mail, and what points at a copy, when a copy is deleted."""

import sqlalchemy as sa
from alembic import op

from bccd.store.statistics import describe_indexes

revision = "0009_pre_commands"
down_revision = "0008_pre_front_ends"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes."""
    condition = sa.text("copy_id IS NOT NULL")
    op.create_index(
        "ix_delivery_copy_id",
        "delivery",
        ["company_id", "copy_id"],
        unique=False,
        sqlite_where=condition,
        postgresql_where=condition,
    )
    for table in ("message_copy", "attachment"):
        op.create_index(f"ix_{table}_raw_sha256", table, ["company_id", "raw_sha256"], unique=False)
    describe_indexes(op.get_bind())
