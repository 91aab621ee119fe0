"""Until when a filer holds a mail, where filers of several daemons share the queue."""

import sqlalchemy as sa
from alembic import op

revision = "0002_pre_leases"
down_revision = "0001_pre_spool"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the column, and where it is used the way to it."""
    op.add_column("spool", sa.Column("claimed_until", INSTANT, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        claimed = sa.text("claimed_by IS NOT NULL")
        op.create_index("ix_spool_claimed", "spool", ["company_id"], postgresql_where=claimed)
