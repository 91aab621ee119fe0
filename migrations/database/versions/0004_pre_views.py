"""The views that front ends read.

`viewer_user_id` and `company_id` are columns of each, to be asked for by value. A viewer sees a message if he
owns a copy of it, or if some copy is shared and it is linked. Comment and Bcc belong to the copy's owner. The
SQL is the same on every database.
"""

from alembic import op

revision = "0004_pre_views"
down_revision = "0003_pre_outcomes"
branch_labels = None
depends_on = None

VIEWS = (
    """
    CREATE VIEW v1_message AS
    SELECT u.id AS viewer_user_id, m.company_id, m.id AS message_id, m.conversation_id, m.msgid, m.subject,
        m.direction, m.sent_at, m.received_at, m.sort_at, m.from_address, m.from_name, m.snippet, m.new_text,
        m.body_text, m.auto_kind, m.provenance, m.attachment_count, m.size, m.linked, m.msgid_reused,
        c.id AS own_copy_id, c.sharing AS own_sharing, c.comment_text AS own_comment, m.change_seq
    FROM app_user u
    JOIN message m ON m.company_id = u.company_id
    LEFT JOIN message_copy c ON c.company_id = m.company_id AND c.message_id = m.id AND c.owner_id = u.id
    WHERE u.active AND (c.id IS NOT NULL OR (m.shared AND m.linked))
    """,
    """
    CREATE VIEW v1_participant AS
    SELECT v.viewer_user_id, v.company_id, v.message_id, v.conversation_id, p.role, p.pos, p.address, p.name,
        p.verdict, p.contact_id, p.user_id
    FROM v1_message v
    JOIN participant p ON p.company_id = v.company_id AND p.message_id = v.message_id
    WHERE p.copy_id = 0 OR p.copy_id = v.own_copy_id
    """,
    """
    CREATE VIEW v1_attachment AS
    SELECT v.viewer_user_id, v.company_id, v.message_id, v.conversation_id, a.part, a.filename, a.media_type,
        a.disposition, a.content_id, a.size, a.sha256
    FROM v1_message v
    JOIN attachment a ON a.company_id = v.company_id AND a.message_id = v.message_id
    """,
    """
    CREATE VIEW v1_link AS
    SELECT v.viewer_user_id, v.company_id, l.id AS link_id, v.conversation_id, v.message_id, l.contact_id,
        l.organisation_id, l.deal_id, l.state, l.origin, l.rule, l.score, l.created_at
    FROM v1_message v
    JOIN link l ON l.company_id = v.company_id AND l.conversation_id = v.conversation_id
        AND l.message_id = v.message_id
    """,
    """
    CREATE VIEW v1_conversation AS
    SELECT u.id AS viewer_user_id, a.company_id, a.conversation_id, a.subject, a.snippet, a.message_count,
        a.last_at, a.last_message_id, a.needs_choice, a.linked
    FROM app_user u
    JOIN conversation_audience a ON a.company_id = u.company_id AND a.audience_id = u.id
    WHERE u.active
    UNION ALL
    SELECT u.id, a.company_id, a.conversation_id, a.subject, a.snippet, a.message_count,
        a.last_at, a.last_message_id, a.needs_choice, a.linked
    FROM app_user u
    JOIN conversation_audience a ON a.company_id = u.company_id AND a.audience_id = 0
    WHERE u.active AND NOT EXISTS (
        SELECT 1 FROM conversation_audience own WHERE own.company_id = a.company_id
            AND own.conversation_id = a.conversation_id AND own.audience_id = u.id)
    """,
    """
    CREATE VIEW v1_conversation_alias AS
    SELECT company_id, id AS conversation_id, merged_into FROM conversation WHERE merged_into IS NOT NULL
    """,
)


def upgrade() -> None:
    """Create the views."""
    for view in VIEWS:
        op.execute(view)
