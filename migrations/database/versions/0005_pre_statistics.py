"""Tell SQLite's planner what a full database looks like, so that its plans depend on no data."""

from alembic import op

from bccd.store.statistics import describe_indexes

revision = "0005_pre_statistics"
down_revision = "0004_pre_views"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write the statistics that ANALYZE would find."""
    describe_indexes(op.get_bind())
