"""What a file is by its octets stands beside what its sender calls it."""

import sqlalchemy as sa
from alembic import op

revision = "0013_pre_sniffed_files"
down_revision = "0012_pre_fewer_pages"
branch_labels = None
depends_on = None

SHOWN = """
    v1_attachment AS
    SELECT v.viewer_user_id, v.company_id, v.message_id, v.conversation_id, a.part, a.filename, a.media_type,
        a.disposition, a.content_id, a.size, a.sha256, a.shown, a.withinMORE
    FROM v1_message v
    JOIN attachment a ON a.company_id = v.company_id AND a.message_id = v.message_id
"""


def upgrade() -> None:
    """Add the column, and show it at the end of the view; of files that stand already it stays empty."""
    op.add_column("attachment", sa.Column("sniffed", sa.Text(), server_default="", nullable=False))
    view = SHOWN.replace("MORE", ", a.sniffed")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE OR REPLACE VIEW {view}")  # whoever was granted it keeps it
    else:
        op.execute("DROP VIEW v1_attachment")
        op.execute(f"CREATE VIEW {view}")


def downgrade() -> None:
    """Take it away."""
    op.execute("DROP VIEW v1_attachment")
    op.execute(f"CREATE VIEW {SHOWN.replace('MORE', '')}")
    op.drop_column("attachment", "sniffed")
