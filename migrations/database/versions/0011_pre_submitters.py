"""Who may submit, and what is said to him: logins, secret addresses, confirmations, notices."""

import sqlalchemy as sa
from alembic import op

from bccd.store.statistics import describe_indexes

revision = "0011_pre_submitters"
down_revision = "0010_pre_reading"
branch_labels = None
depends_on = None

# What goes to an address that is not proven yet is not for its user's eyes: it may hold a code.
NOTICE = """
    CREATE VIEW v1_notice AS
    SELECT u.id AS viewer_user_id, o.company_id, o.id AS notice_id, o.reason, o.text, o.advice, o.about,
        o.delivery_id, o.conversation_id, o.message_id, o.state, o.error, o.created_at, o.due_at, o.sent_at
    FROM app_user u
    JOIN outbox o ON o.company_id = u.company_id AND o.user_id = u.id
    WHERE u.active AND NOT u.is_team AND o.address = '' AND o.reason <> 'digest'
"""
# Whose addresses and deliveries a viewer may see: his own, and those of the teams that he is a member of.
_WHOSE = """(
        SELECT u.company_id, u.id AS viewer_user_id, u.id AS user_id
        FROM app_user u WHERE u.active AND NOT u.is_team
        UNION ALL
        SELECT u.company_id, u.id, tm.team_id
        FROM app_user u
        CROSS JOIN team_member tm
        WHERE tm.company_id = u.company_id AND tm.user_id = u.id AND u.active AND NOT u.is_team
    )"""
_WAITING = """
    v1_STATE AS
    SELECT w.viewer_user_id, d.company_id, d.id AS delivery_id, d.user_id, d.reason, d.mail_from, d.size,
        d.attempts, d.received_at, d.updated_at, d.from_address, d.from_name, d.subject, d.sentence,
        d.adviceMORE
    FROM WHOSE w
    CROSS JOIN delivery d
    WHERE d.company_id = w.company_id AND d.user_id = w.user_id AND d.state = 'STATE' AND d.state <> 'filed'
        AND d.reason <> 'expired'
"""
_HELD = """,
        CASE WHEN d.reason = 'original_sender_unknown' THEN 'original.set'
            WHEN d.reason = 'unconfirmed_address' THEN 'address.confirm'
            WHEN d.reason IN ('user_inactive', 'no_single_from', 'unknown_sender') THEN ''
            ELSE 'held.release' END AS settled_by,
        CASE WHEN d.reason = 'original_sender_unknown' THEN 'author'
            WHEN d.reason = 'no_visible_recipient' THEN 'recipients' ELSE '' END AS needs,
        d.always, d.expires_at"""
WAITING = tuple(
    _WAITING.replace("STATE", state).replace("WHOSE", _WHOSE).replace("MORE", more)
    for state, more in (("held", _HELD), ("set_aside", ""), ("failed", ""))
)
# An id plus nothing, so that the newest is looked for among the address's own and not among the company's.
ADDRESS = """
    CREATE VIEW v1_address AS
    SELECT w.viewer_user_id, a.company_id, a.address, a.user_id, (a.user_id <> w.viewer_user_id) AS of_team,
        a.kind, (a.kind = 'login' OR a.confirmed_at IS NOT NULL) AS confirmed, a.confirmed_at, a.origin,
        k.purpose AS asked_for, k.created_at AS asked_at, k.expires_at
    FROM WHOSE w
    CROSS JOIN user_address a
    LEFT JOIN confirmation k ON k.company_id = a.company_id AND k.user_id = a.user_id
        AND k.address = a.address AND k.used_at IS NULL AND k.id = (
            SELECT max(n.id + 0) FROM confirmation n
            WHERE n.company_id = a.company_id AND n.user_id = a.user_id
                AND n.address = a.address AND n.purpose <> 'held')
    WHERE a.company_id = w.company_id AND a.user_id = w.user_id
""".replace("WHOSE", _WHOSE)
TRUSTED = """
    CREATE VIEW v1_trusted_sender AS
    SELECT w.viewer_user_id, s.company_id, s.address, s.evidence, s.user_id, s.created_at
    FROM WHOSE w
    CROSS JOIN trusted_sender s
    WHERE s.company_id = w.company_id AND s.user_id = w.user_id
""".replace("WHOSE", _WHOSE)
PREFERENCES = """
    CREATE VIEW v1_preferences AS
    SELECT u.id AS viewer_user_id, u.company_id, u.language, u.notices
    FROM app_user u WHERE u.active AND NOT u.is_team
"""

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the tables and columns."""
    create_confirmation()
    create_login()
    create_outbox()
    create_secret_address()
    create_trusted_sender()
    op.add_column("app_user", sa.Column("language", sa.Text(), server_default="", nullable=False))
    op.add_column("app_user", sa.Column("notices", sa.Text(), server_default="problems", nullable=False))
    op.add_column("company_address", sa.Column("retires_at", INSTANT, nullable=True))
    op.add_column("company_address", sa.Column("replaced_by", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("automatic_of", sa.BigInteger(), autoincrement=False, nullable=True))
    op.create_index(
        "ix_delivery_automatic_of_received_at",
        "delivery",
        ["company_id", "automatic_of", "received_at"],
        unique=False,
        sqlite_where=sa.text("automatic_of IS NOT NULL"),
        postgresql_where=sa.text("automatic_of IS NOT NULL"),
    )
    op.execute(NOTICE)
    op.add_column("user_address", sa.Column("origin", sa.Text(), server_default="directory", nullable=False))
    show_what_waits()
    for view in (ADDRESS, TRUSTED, PREFERENCES):
        op.execute(view)
    describe_indexes(op.get_bind())


def show_what_waits() -> None:
    """Let a user see of held mail what he needs to decide about it, and how long he may take."""
    for name in ("from_address", "from_name", "subject", "sentence", "advice", "always"):
        op.add_column("delivery", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in ("expires_at", "warned_at"):
        op.add_column("delivery", sa.Column(name, INSTANT, nullable=True))
    op.create_index(
        "ix_delivery_expires_at",
        "delivery",
        ["company_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    for view in WAITING:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"CREATE OR REPLACE VIEW {view}")
        else:
            op.execute(f"DROP VIEW {view.split(maxsplit=1)[0]}")
            op.execute(f"CREATE VIEW {view}")


def create_confirmation() -> None:
    """Links and codes that wait to be used."""
    op.create_table(
        "confirmation",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", autoincrement=False, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('alternative', 'login', 'held')", name=op.f("ck_confirmation_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_confirmation_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_confirmation")),
    )
    op.create_index(
        "ix_confirmation_delivery_id",
        "confirmation",
        ["company_id", "delivery_id"],
        unique=False,
        sqlite_where=sa.text("delivery_id IS NOT NULL"),
        postgresql_where=sa.text("delivery_id IS NOT NULL"),
    )
    op.create_index(
        "ix_confirmation_actor_id_created_at",
        "confirmation",
        ["company_id", "actor_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_confirmation_user_id_address", "confirmation", ["company_id", "user_id", "address"], unique=False
    )


def create_login() -> None:
    """Names and passwords of SMTP AUTH."""
    op.create_table(
        "login",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_login_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_login")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_login_user_id", "login", ["company_id", "user_id"], unique=False)


def create_outbox() -> None:
    """What users are told."""
    op.create_table(
        "outbox",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), server_default="{}", nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("advice", sa.Text(), server_default="", nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("mail_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("offered", sa.Text(), server_default="", nullable=False),
        sa.Column("answered", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'merged', 'dropped', 'failed')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_outbox_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_delivery_id",
        "outbox",
        ["company_id", "delivery_id"],
        unique=False,
        sqlite_where=sa.text("delivery_id IS NOT NULL"),
        postgresql_where=sa.text("delivery_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_due_at",
        "outbox",
        ["company_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_outbox_mail_id",
        "outbox",
        ["company_id", "mail_id"],
        unique=False,
        sqlite_where=sa.text("mail_id IS NOT NULL"),
        postgresql_where=sa.text("mail_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_message_id",
        "outbox",
        ["company_id", "message_id"],
        unique=False,
        sqlite_where=sa.text("message_id IS NOT NULL"),
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index("ix_outbox_user_id_id", "outbox", ["company_id", "user_id", "id"], unique=False)
    op.create_index(
        "ix_outbox_user_id_reason_sent_at",
        "outbox",
        ["company_id", "user_id", "reason", "sent_at"],
        unique=False,
    )


def create_secret_address() -> None:
    """Users' own addresses that nobody can guess."""
    op.create_table(
        "secret_address",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("retires_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('user', 'forward')", name=op.f("ck_secret_address_kind")),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_secret_address_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "token", name=op.f("pk_secret_address")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_secret_address_user_id", "secret_address", ["company_id", "user_id"], unique=False)


def create_trusted_sender() -> None:
    """What users have let in for good."""
    op.create_table(
        "trusted_sender",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_trusted_sender_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint(
            "company_id", "address", "evidence", "user_id", name=op.f("pk_trusted_sender")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trusted_sender_user_id", "trusted_sender", ["company_id", "user_id"], unique=False)
