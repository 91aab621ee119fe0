"""The change feed as each viewer may read it, and what a reader needs to begin.

A viewer is told what is for everyone in the company, for himself, and for teams that he is a member of. The
key (company_id, seq) finds the events behind a cursor in their order.
"""

from alembic import op

revision = "0007_pre_feed"
down_revision = "0006_pre_rules"
branch_labels = None
depends_on = None

VIEWS = (
    """
    CREATE VIEW v1_change AS
    SELECT u.id AS viewer_user_id, c.company_id, c.seq, c.at, c.kind, c.conversation_id, c.message_id,
        c.entity_id, c.actor_id
    FROM app_user u
    JOIN change c ON c.company_id = u.company_id AND (c.audience_id = 0 OR c.audience_id = u.id OR EXISTS (
        SELECT 1 FROM team_member m
        WHERE m.company_id = u.company_id AND m.team_id = c.audience_id AND m.user_id = u.id))
    WHERE u.active AND NOT u.is_team
    """,
    """
    CREATE VIEW v1_feed AS
    SELECT u.id AS viewer_user_id, k.company_id, k.change_seq, k.min_seq
    FROM app_user u
    JOIN company_clock k ON k.company_id = u.company_id
    WHERE u.active AND NOT u.is_team
    """,
)


def upgrade() -> None:
    """Create the views."""
    for view in VIEWS:
        op.execute(view)
