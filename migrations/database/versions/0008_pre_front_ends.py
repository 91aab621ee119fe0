"""What front ends read: the views of the first contract, with the columns and indexes that they need.

The SQL is the same on every database. `viewer_user_id` and `company_id` are columns of each view, to be asked
for by value. A viewer sees a message if he holds a copy of it, or if some copy is shared and it is linked;
teams and users who left are no viewers, an erased message is seen by nobody.
"""

import sqlalchemy as sa
from alembic import op

from bccd.store.statistics import describe_indexes

revision = "0008_pre_front_ends"
down_revision = "0007_pre_feed"
branch_labels = None
depends_on = None

OLD_VIEWS = (
    "v1_conversation_alias", "v1_conversation", "v1_link", "v1_attachment", "v1_participant", "v1_message",
)  # fmt: skip

MESSAGE = """
    CREATE VIEW v1_message AS
    SELECT u.id AS viewer_user_id, m.company_id, m.id AS message_id, m.conversation_id, m.msgid,
        m.in_reply_to, m.refs, m.subject, m.direction, m.sent_at, m.received_at, m.sort_at, m.from_address,
        m.from_name, m.snippet, m.new_text, m.body_text, m.auto_kind, m.provenance, m.attachment_count,
        m.size, m.linked, m.msgid_reused,
        c.id AS own_copy_id, c.sharing AS own_sharing, c.comment_text AS own_comment, m.change_seq,
        c.filed_by AS own_filed_by, s.seen_at AS own_seen_at, s.flagged_at AS own_flagged_at,
        (s.seen_at IS NULL AND (c.id IS NULL OR coalesce(c.filed_by, u.id) <> u.id)) AS unseen
    FROM app_user u
    JOIN message m ON m.company_id = u.company_id
    LEFT JOIN message_copy c ON c.company_id = m.company_id AND c.message_id = m.id AND c.owner_id = u.id
    LEFT JOIN message_user_state s ON s.company_id = m.company_id AND s.user_id = u.id AND s.message_id = m.id
    WHERE u.active AND NOT u.is_team AND m.erased_at IS NULL AND (c.id IS NOT NULL OR (m.shared AND m.linked))
"""
PARTICIPANT = """
    CREATE VIEW v1_participant AS
    SELECT v.viewer_user_id, v.company_id, v.message_id, v.conversation_id, p.role, p.pos, p.address, p.name,
        p.verdict, p.contact_id, p.user_id
    FROM v1_message v
    JOIN participant p ON p.company_id = v.company_id AND p.message_id = v.message_id
    WHERE p.copy_id = 0 OR p.copy_id = v.own_copy_id
"""
ATTACHMENT = """
    CREATE VIEW v1_attachment AS
    SELECT v.viewer_user_id, v.company_id, v.message_id, v.conversation_id, a.part, a.filename, a.media_type,
        a.disposition, a.content_id, a.size, a.sha256
    FROM v1_message v
    JOIN attachment a ON a.company_id = v.company_id AND a.message_id = v.message_id
"""
LINK = """
    CREATE VIEW v1_link AS
    SELECT v.viewer_user_id, v.company_id, l.id AS link_id, v.conversation_id, v.message_id, l.contact_id,
        l.organisation_id, l.deal_id, l.state, l.origin, l.rule, l.score, l.created_at, l.scope, l.actor_id,
        l.decided_at, l.reason
    FROM v1_message v
    JOIN link l ON l.company_id = v.company_id AND l.conversation_id = v.conversation_id
        AND l.message_id = v.message_id
"""
_SIGHT = """a.company_id, a.conversation_id, a.subject, a.snippet, a.message_count, a.last_at,
        a.last_message_id, a.needs_choice, a.linked, a.waiting_since, a.last_out_at, a.unseen, a.unlinked"""
OWN_CONVERSATION = """
    CREATE VIEW v1_own_conversation AS
    SELECT u.id AS viewer_user_id, SIGHT
    FROM app_user u
    JOIN conversation_audience a ON a.company_id = u.company_id AND a.audience_id = u.id
    WHERE u.active AND NOT u.is_team
"""
SHARED_CONVERSATION = """
    CREATE VIEW v1_shared_conversation AS
    SELECT u.id AS viewer_user_id, SIGHT
    FROM app_user u
    JOIN conversation_audience a ON a.company_id = u.company_id AND a.audience_id = 0
    WHERE u.active AND NOT u.is_team AND NOT EXISTS (
        SELECT 1 FROM conversation_audience own WHERE own.company_id = a.company_id
            AND own.conversation_id = a.conversation_id AND own.audience_id = u.id)
"""
CONVERSATION = """
    CREATE VIEW v1_conversation AS
    SELECT a.viewer_user_id, SIGHT FROM v1_own_conversation a
    UNION ALL
    SELECT a.viewer_user_id, SIGHT FROM v1_shared_conversation a
"""
ALIAS = """
    CREATE VIEW v1_conversation_alias AS
    SELECT company_id, id AS conversation_id, merged_into FROM conversation WHERE merged_into IS NOT NULL
"""
NEEDS_CHOICE = """
    CREATE VIEW v1_needs_choice AS
    SELECT v.viewer_user_id, v.company_id, v.conversation_id, a.last_at, v.message_id, v.subject, v.direction,
        v.sort_at, v.from_address, v.from_name, l.id AS link_id, l.contact_id, l.deal_id, l.rule, l.score,
        l.reason, l.created_at
    FROM conversation_audience a
    JOIN link l ON l.company_id = a.company_id AND l.conversation_id = a.conversation_id
        AND l.state = 'suggested' AND l.organisation_id IS NULL
    JOIN v1_message v ON v.company_id = l.company_id AND v.message_id = l.message_id
        AND v.viewer_user_id = a.audience_id
    WHERE a.needs_choice AND v.own_copy_id IS NOT NULL
"""
UNLINKED = """
    CREATE VIEW v1_unlinked AS
    SELECT v.viewer_user_id, v.company_id, v.conversation_id, a.last_at, v.message_id, v.subject, v.direction,
        v.sort_at, v.from_address, v.from_name, v.snippet, v.auto_kind, v.attachment_count, v.own_copy_id,
        v.own_sharing
    FROM conversation_audience a
    JOIN v1_message v ON v.company_id = a.company_id AND v.conversation_id = a.conversation_id
        AND v.viewer_user_id = a.audience_id
    WHERE a.unlinked > 0 AND NOT v.linked AND v.own_copy_id IS NOT NULL
"""
# Whose deliveries a viewer may see: his own, and those of the teams that he is a member of.
_WHOSE = """(
        SELECT u.company_id, u.id AS viewer_user_id, u.id AS user_id
        FROM app_user u WHERE u.active AND NOT u.is_team
        UNION ALL
        SELECT u.company_id, u.id, tm.team_id
        FROM app_user u
        CROSS JOIN team_member tm
        WHERE tm.company_id = u.company_id AND tm.user_id = u.id AND u.active AND NOT u.is_team
    )"""
WAITING = """
    CREATE VIEW v1_STATE AS
    SELECT w.viewer_user_id, d.company_id, d.id AS delivery_id, d.user_id, d.reason, d.mail_from, d.size,
        d.attempts, d.received_at, d.updated_at
    FROM WHOSE w
    CROSS JOIN delivery d
    WHERE d.company_id = w.company_id AND d.user_id = w.user_id AND d.state = 'STATE' AND d.state <> 'filed'
""".replace("WHOSE", _WHOSE)
TIMELINE = """
    CREATE VIEW v1_TARGET_timeline AS
    SELECT v.viewer_user_id, l.company_id, l.TARGET_id, v.message_id, v.conversation_id, v.subject,
        v.direction, v.sort_at, v.from_address, v.from_name, v.snippet, v.auto_kind, v.attachment_count,
        v.own_sharing, v.unseen, l.id AS link_id, l.origin
    FROM link l
    JOIN v1_message v ON v.company_id = l.company_id AND v.message_id = l.message_id
    WHERE l.TARGET_id IS NOT NULL AND l.state = 'active'
"""
ORGANISATION_TIMELINE = """
    CREATE VIEW v1_organisation_timeline AS
    SELECT v.viewer_user_id, o.company_id, o.organisation_id, v.message_id, v.conversation_id, v.subject,
        v.direction, v.sort_at, v.from_address, v.from_name, v.snippet, v.auto_kind, v.attachment_count,
        v.own_sharing, v.unseen
    FROM (
        SELECT company_id, organisation_id, message_id FROM link
        WHERE organisation_id IS NOT NULL AND state = 'active'
        UNION ALL
        SELECT k.company_id, k.organisation_id, l.message_id
        FROM contact k
        CROSS JOIN link l
        WHERE k.organisation_id IS NOT NULL AND l.company_id = k.company_id AND l.contact_id = k.id
            AND l.contact_id IS NOT NULL AND l.state = 'active'
            AND NOT EXISTS (
                SELECT 1 FROM link e
                LEFT JOIN contact ek ON ek.company_id = e.company_id AND ek.id = e.contact_id
                WHERE e.company_id = l.company_id AND e.conversation_id = l.conversation_id
                    AND e.message_id = l.message_id AND e.state = 'active'
                    AND (e.organisation_id = k.organisation_id
                        OR (e.id < l.id AND ek.organisation_id = k.organisation_id)))
    ) o
    JOIN v1_message v ON v.company_id = o.company_id AND v.message_id = o.message_id
"""
# A delivery may bring several messages, and only an owner's own deliveries may tell how his copy came about.
DECISION = """
    CREATE VIEW v1_decision AS
    SELECT c.owner_id AS viewer_user_id, d.company_id, d.id AS delivery_id, c.message_id, m.conversation_id,
        d.state, d.reason, e.steps, e.decided_at, d.received_at
    FROM app_user u
    JOIN message_copy c ON c.company_id = u.company_id AND c.owner_id = u.id
    JOIN message m ON m.company_id = c.company_id AND m.id = c.message_id
    JOIN delivery d ON d.company_id = c.company_id AND d.id = c.delivery_id
    JOIN decision e ON e.company_id = d.company_id AND e.delivery_id = d.id
    WHERE u.active AND NOT u.is_team AND m.erased_at IS NULL AND d.state = 'filed'
    UNION ALL
    SELECT c.owner_id, d.company_id, d.id, c.message_id, m.conversation_id, d.state, d.reason, e.steps,
        e.decided_at, d.received_at
    FROM app_user u
    JOIN message_copy c ON c.company_id = u.company_id AND c.owner_id = u.id
    JOIN message m ON m.company_id = c.company_id AND m.id = c.message_id
    JOIN delivery d ON d.company_id = c.company_id AND d.message_id = c.message_id AND d.user_id = c.owner_id
        AND d.id <> c.delivery_id
    JOIN decision e ON e.company_id = d.company_id AND e.delivery_id = d.id
    WHERE u.active AND NOT u.is_team AND m.erased_at IS NULL AND d.state = 'filed'
    UNION ALL
    SELECT w.viewer_user_id, d.company_id, d.id, NULL, NULL, d.state, d.reason, e.steps, e.decided_at,
        d.received_at
    FROM WHOSE w
    CROSS JOIN delivery d
    JOIN decision e ON e.company_id = d.company_id AND e.delivery_id = d.id
    WHERE d.company_id = w.company_id AND d.user_id = w.user_id
        AND d.state IN ('held', 'set_aside', 'failed') AND d.state <> 'filed'
""".replace("WHOSE", _WHOSE)
# Tokens find the pairs, visible messages must name each other: tokens alone would tell of ids that only a
# private message names.
_NAMES = """(OTHER.msgid <> '' AND replace('\n' || ONE.in_reply_to || '\n' || ONE.refs || '\n',
            '\n' || OTHER.msgid || '\n', '') <> '\n' || ONE.in_reply_to || '\n' || ONE.refs || '\n')"""
_SEES = """MAIL.erased_at IS NULL AND ((MAIL.shared AND MAIL.linked) OR EXISTS (
            SELECT 1 FROM message_copy c
            WHERE c.company_id = MAIL.company_id AND c.message_id = MAIL.id AND c.owner_id = u.id))"""
RELATED = """
    CREATE VIEW v1_related_conversation AS
    SELECT DISTINCT u.id AS viewer_user_id, p.company_id, p.conversation_id, p.related_id,
        CASE WHEN NEWER THEN 'continues' ELSE 'continued_by' END AS relation
    FROM (
        SELECT DISTINCT x.company_id, x.conversation_id, coalesce(o.merged_into, o.id) AS related_id
        FROM (
            SELECT company_id, id AS conversation_id, id AS former_id FROM conversation
            WHERE merged_into IS NULL
            UNION ALL
            SELECT company_id, merged_into, id FROM conversation WHERE merged_into IS NOT NULL
        ) x
        JOIN conversation_token xt ON xt.company_id = x.company_id AND xt.conversation_id = x.former_id
        JOIN conversation_token ot ON ot.company_id = xt.company_id AND ot.token = xt.token
            AND ot.scope <> xt.scope
        JOIN conversation o ON o.company_id = ot.company_id AND o.id = ot.conversation_id
        WHERE coalesce(o.merged_into, o.id) <> x.conversation_id
    ) p
    JOIN app_user u ON u.company_id = p.company_id AND u.active AND NOT u.is_team
    JOIN message a ON a.company_id = p.company_id AND a.conversation_id = p.conversation_id
    JOIN message b ON b.company_id = p.company_id AND b.conversation_id = p.related_id
    WHERE SEES_A AND SEES_B AND (NEWER OR OLDER)
"""
for word, part in (
    ("SEES_A", _SEES.replace("MAIL", "a")),
    ("SEES_B", _SEES.replace("MAIL", "b")),
    ("NEWER", _NAMES.replace("ONE", "a").replace("OTHER", "b")),
    ("OLDER", _NAMES.replace("ONE", "b").replace("OTHER", "a")),
):
    RELATED = RELATED.replace(word, part)
SCHEMA = "CREATE VIEW v1_schema AS SELECT 1 AS api_version, 1 AS min_reader"
VIEWS = (
    MESSAGE, PARTICIPANT, ATTACHMENT, LINK,
    *(view.replace("SIGHT", _SIGHT) for view in (OWN_CONVERSATION, SHARED_CONVERSATION, CONVERSATION)),
    ALIAS, NEEDS_CHOICE, UNLINKED,
    *(WAITING.replace("STATE", state) for state in ("held", "set_aside", "failed")),
    *(TIMELINE.replace("TARGET", target) for target in ("contact", "deal")),
    ORGANISATION_TIMELINE, DECISION, RELATED, SCHEMA,
)  # fmt: skip

AUDIENCES = """
    INSERT INTO conversation_audience (company_id, conversation_id, audience_id, subject, snippet,
        message_count, last_at, last_message_id, needs_choice, linked, waiting_since, last_out_at, unseen,
        unlinked)
    WITH mail AS (
        SELECT m.company_id, m.id, m.conversation_id, m.sort_at, m.subject, m.snippet, m.linked, m.direction,
            m.auto_kind, CASE WHEN m.shared AND m.linked THEN 1 ELSE 0 END AS is_open,
            CASE WHEN EXISTS (SELECT 1 FROM link l WHERE l.company_id = m.company_id
                AND l.conversation_id = m.conversation_id AND l.message_id = m.id
                AND l.organisation_id IS NULL AND l.state = 'suggested') THEN 1 ELSE 0 END AS choice
        FROM message m
    ), own AS (
        SELECT mail.company_id, c.owner_id, mail.id, mail.conversation_id
        FROM mail JOIN message_copy c ON c.company_id = mail.company_id AND c.message_id = mail.id
    ), audience AS (
        SELECT company_id, conversation_id, 0 AS audience_id FROM mail WHERE is_open = 1
        UNION
        SELECT company_id, conversation_id, owner_id FROM own
    ), seen AS (
        SELECT a.audience_id, mail.*,
            CASE WHEN a.audience_id = 0 OR own.id IS NOT NULL THEN 0 ELSE 1 END AS new,
            CASE WHEN own.id IS NOT NULL AND NOT mail.linked THEN 1 ELSE 0 END AS to_link,
            max(CASE WHEN mail.direction = 'outgoing' THEN mail.sort_at END)
                OVER (PARTITION BY a.audience_id, mail.company_id, mail.conversation_id) AS last_out
        FROM audience a
        JOIN mail ON mail.company_id = a.company_id AND mail.conversation_id = a.conversation_id
        LEFT JOIN own ON own.company_id = mail.company_id AND own.owner_id = a.audience_id
            AND own.id = mail.id
        WHERE mail.is_open = 1 OR own.id IS NOT NULL
    ), ranked AS (
        SELECT seen.*,
            row_number() OVER (PARTITION BY audience_id, company_id, conversation_id
                ORDER BY sort_at DESC, id DESC) AS place,
            count(*) OVER everything AS message_count,
            max(choice) OVER everything AS any_choice,
            max(CASE WHEN linked THEN 1 ELSE 0 END) OVER everything AS any_linked,
            min(CASE WHEN direction = 'incoming' AND auto_kind = ''
                AND (last_out IS NULL OR sort_at > last_out) THEN sort_at END) OVER everything AS waiting,
            sum(new) OVER everything AS all_new,
            sum(to_link) OVER everything AS all_to_link
        FROM seen
        WINDOW everything AS (PARTITION BY audience_id, company_id, conversation_id)
    )
    SELECT company_id, conversation_id, audience_id, subject, snippet, message_count, sort_at, id,
        any_choice = 1, any_linked = 1, waiting, last_out, all_new, all_to_link
    FROM ranked WHERE place = 1
"""


def upgrade() -> None:
    """Add what the views need, then make all of them anew."""
    for view in OLD_VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.add_column(
        "conversation_audience",
        sa.Column("unlinked", sa.BigInteger(), server_default="0", autoincrement=False, nullable=False),
    )
    add_indexes()
    op.execute("DELETE FROM conversation_audience")
    op.execute(AUDIENCES)
    for view in VIEWS:
        op.execute(view)
    describe_indexes(op.get_bind())


def add_indexes() -> None:
    """Let each list be found without looking at the rest."""
    partial = (
        (
            "conversation_audience",
            "needs_choice",
            ["audience_id", "last_at", "conversation_id"],
            "needs_choice",
        ),
        ("conversation_audience", "unlinked", ["audience_id", "last_at", "conversation_id"], "unlinked > 0"),
        ("delivery", "user_id_state_id", ["user_id", "state", "id"], "state <> 'filed'"),
        ("delivery", "message_id", ["message_id"], "message_id IS NOT NULL"),
        ("contact", "organisation_id", ["organisation_id"], "organisation_id IS NOT NULL"),
    )
    for table, name, columns, where in partial:
        condition = sa.text(where)
        op.create_index(
            f"ix_{table}_{name}", table, ["company_id", *columns], sqlite_where=condition,
            postgresql_where=condition,
        )  # fmt: skip
    op.create_index("ix_team_member_user_id", "team_member", ["company_id", "user_id"])
    op.create_index(
        "ix_conversation_token_conversation_id", "conversation_token", ["company_id", "conversation_id"]
    )
