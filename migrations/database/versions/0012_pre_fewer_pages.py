"""Indexes that every mail paid for and no statement needed go: each was a page of its own a mail."""

import sqlalchemy as sa
from alembic import op

from bccd.store.statistics import describe_indexes

revision = "0012_pre_fewer_pages"
down_revision = "0011_pre_submitters"
branch_labels = None
depends_on = None

# Table, columns after the company, condition.
GONE = (
    ("conversation_deal", ("deal_id",), None),
    ("message_copy", ("owner_id", "message_id"), None),
    ("participant", ("address", "message_id"), None),
    ("participant", ("contact_id", "message_id"), "contact_id IS NOT NULL"),
)
MADE = (
    (
        "participant",
        ("address", "message_id"),
        "user_id IS NULL AND (contact_id IS NULL OR copy_id <> 0)",
    ),
)


def upgrade() -> None:
    """Drop the indexes; of addresses only those are indexed that no link leads to."""
    replace(GONE, MADE)


def downgrade() -> None:
    """Make them again."""
    replace(MADE, GONE)


def replace(
    gone: tuple[tuple[str, tuple[str, ...], str | None], ...],
    made: tuple[tuple[str, tuple[str, ...], str | None], ...],
) -> None:
    """Drop some indexes and make others."""
    for table, columns, _ in gone:
        op.drop_index(name(table, columns), table)
    for table, columns, where in made:
        condition = sa.text(where) if where else None
        op.create_index(
            name(table, columns),
            table,
            ["company_id", *columns],
            unique=False,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    describe_indexes(op.get_bind())


def name(table: str, columns: tuple[str, ...]) -> str:
    """Return the name of an index."""
    return f"ix_{table}_{'_'.join(columns)}"
