"""Keep what the reader now tells of a mail: HTML that is safe to show, what is special, why it is automatic.

New columns stand behind the old ones: a list that reads the first columns of a row never reads the HTML.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_pre_reading"
down_revision = "0009_pre_commands"
branch_labels = None
depends_on = None

MESSAGE = """
    v1_message AS
    SELECT u.id AS viewer_user_id, m.company_id, m.id AS message_id, m.conversation_id, m.msgid,
        m.in_reply_to, m.refs, m.subject, m.direction, m.sent_at, m.received_at, m.sort_at, m.from_address,
        m.from_name, m.snippet, m.new_text, m.body_text, m.auto_kind, m.provenance, m.attachment_count,
        m.size, m.linked, m.msgid_reused,
        c.id AS own_copy_id, c.sharing AS own_sharing, c.comment_text AS own_comment, m.change_seq,
        c.filed_by AS own_filed_by, s.seen_at AS own_seen_at, s.flagged_at AS own_flagged_at,
        (s.seen_at IS NULL AND (c.id IS NULL OR coalesce(c.filed_by, u.id) <> u.id)) AS unseen,
        m.auto_reason, m.marks, m.body_html
    FROM app_user u
    JOIN message m ON m.company_id = u.company_id
    LEFT JOIN message_copy c ON c.company_id = m.company_id AND c.message_id = m.id AND c.owner_id = u.id
    LEFT JOIN message_user_state s ON s.company_id = m.company_id AND s.user_id = u.id AND s.message_id = m.id
    WHERE u.active AND NOT u.is_team AND m.erased_at IS NULL AND (c.id IS NOT NULL OR (m.shared AND m.linked))
"""
ATTACHMENT = """
    v1_attachment AS
    SELECT v.viewer_user_id, v.company_id, v.message_id, v.conversation_id, a.part, a.filename, a.media_type,
        a.disposition, a.content_id, a.size, a.sha256, a.shown, a.within
    FROM v1_message v
    JOIN attachment a ON a.company_id = v.company_id AND a.message_id = v.message_id
"""


def upgrade() -> None:
    """Add the columns, and show them at the end of the views."""
    for name in ("auto_reason", "marks", "body_html"):
        op.add_column("message", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("attachment", sa.Column("shown", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("attachment", sa.Column("within", sa.Text(), server_default="", nullable=False))
    for view in (MESSAGE, ATTACHMENT):
        replace_view(view)


def replace_view(view: str) -> None:
    """Make a view anew under those that read it: PostgreSQL lets it be replaced, SQLite be dropped."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE OR REPLACE VIEW {view}")
    else:
        op.execute(f"DROP VIEW {view.split(maxsplit=1)[0]}")
        op.execute(f"CREATE VIEW {view}")
