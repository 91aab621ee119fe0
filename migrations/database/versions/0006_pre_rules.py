"""What all the rules need: how messages hang together, overrides, rulings, commands, teams."""

from hashlib import blake2b
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from bccd.store.statistics import describe_indexes

revision = "0006_pre_rules"
down_revision = "0005_pre_statistics"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the tables and columns, and carry over what stands."""
    create()
    extend()
    renew_never_log()
    renew_tokens()
    describe_indexes(op.get_bind())


def create() -> None:
    """Create the new tables."""
    op.create_table(
        "address_bounce",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("bounced_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_address_bounce_company_id")),
        sa.PrimaryKeyConstraint("company_id", "address", name=op.f("pk_address_bounce")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "command",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('pending', 'done', 'refused')", name=op.f("ck_command_state")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_command_company_id")),
        sa.PrimaryKeyConstraint("company_id", "idempotency_key", name=op.f("pk_command")),
    )
    op.create_index(
        "ix_command_created_at",
        "command",
        ["company_id", "created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "team_member",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "team_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_team_member_company_id_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_team_member_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "team_id", "user_id", name=op.f("pk_team_member")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "conversation_deal",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("viewer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "conversation_id"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_conversation_deal_company_id_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "deal_id"],
            ["deal.company_id", "deal.id"],
            name=op.f("fk_conversation_deal_company_id_deal_id"),
        ),
        sa.PrimaryKeyConstraint(
            "company_id",
            "conversation_id",
            "deal_id",
            "viewer_id",
            "address",
            name=op.f("pk_conversation_deal"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_conversation_deal_deal_id", "conversation_deal", ["company_id", "deal_id"], unique=False
    )
    op.create_table(
        "conversation_override",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("group_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('join', 'detach')", name=op.f("ck_conversation_override_kind")),
        sa.ForeignKeyConstraint(
            ["company_id", "actor_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_conversation_override_company_id_actor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_conversation_override_company_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "other_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_conversation_override_company_id_other_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_conversation_override")),
    )
    op.create_index(
        "ix_conversation_override_message_id",
        "conversation_override",
        ["company_id", "message_id"],
        unique=False,
    )
    op.create_table(
        "message_alias",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_message_alias_company_id_message_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "msgid", "message_id", name=op.f("pk_message_alias")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_message_alias_message_id", "message_alias", ["company_id", "message_id"], unique=False
    )
    op.create_table(
        "message_user_state",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.Column("flagged_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id", "message_id"],
            ["message.company_id", "message.id"],
            name=op.f("fk_message_user_state_company_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_message_user_state_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "user_id", "message_id", name=op.f("pk_message_user_state")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_message_user_state_message_id", "message_user_state", ["company_id", "message_id"], unique=False
    )
    op.create_table(
        "ruling",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "actor_id"],
            ["app_user.company_id", "app_user.id"],
            name=op.f("fk_ruling_company_id_actor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "delivery_id"],
            ["delivery.company_id", "delivery.id"],
            name=op.f("fk_ruling_company_id_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "delivery_id", name=op.f("pk_ruling")),
    )


def extend() -> None:
    """Add columns and indexes to the tables that stand."""
    op.add_column("app_user", sa.Column("is_team", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "company_clock",
        sa.Column("min_seq", sa.BigInteger(), server_default="0", autoincrement=False, nullable=False),
    )
    op.add_column("contact", sa.Column("created_by", sa.BigInteger(), autoincrement=False, nullable=True))
    op.create_index(
        "ix_contact_created_by_created_at",
        "contact",
        ["company_id", "created_by", "created_at"],
        unique=False,
        sqlite_where=sa.text("created_by IS NOT NULL"),
        postgresql_where=sa.text("created_by IS NOT NULL"),
    )
    op.add_column(
        "conversation", sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("conversation_audience", sa.Column("waiting_since", INSTANT, nullable=True))
    op.add_column("conversation_audience", sa.Column("last_out_at", INSTANT, nullable=True))
    op.add_column(
        "conversation_audience",
        sa.Column("unseen", sa.BigInteger(), server_default="0", autoincrement=False, nullable=False),
    )
    op.create_index(
        "ix_deal_organisation_id",
        "deal",
        ["company_id", "organisation_id"],
        unique=False,
        sqlite_where=sa.text("organisation_id IS NOT NULL"),
        postgresql_where=sa.text("organisation_id IS NOT NULL"),
    )
    op.add_column("link", sa.Column("scope", sa.Text(), server_default="conversation", nullable=False))
    op.add_column("link", sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=True))
    op.add_column("link", sa.Column("decided_at", INSTANT, nullable=True))
    op.add_column("link", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    for columns, where in (
        (["company_id", "conversation_id", "deal_id"], "state = 'suggested'"),
        (["company_id", "conversation_id", "decided_at"], "origin = 'manual'"),
    ):
        op.create_index(
            f"ix_link_conversation_id_{columns[-1]}",
            "link",
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.add_column("message", sa.Column("refs", sa.Text(), server_default="", nullable=False))
    op.add_column("message", sa.Column("thread_index", sa.LargeBinary(), nullable=True))
    op.add_column("message", sa.Column("calendar_uid", sa.Text(), server_default="", nullable=False))
    op.add_column("message", sa.Column("parties", sa.Text(), server_default="", nullable=False))
    op.add_column("message", sa.Column("broadcast", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("message", sa.Column("weak_key", sa.LargeBinary(), nullable=True))
    op.add_column("message", sa.Column("erased_at", INSTANT, nullable=True))
    op.create_index(
        "ix_message_weak_key",
        "message",
        ["company_id", "weak_key"],
        unique=False,
        sqlite_where=sa.text("weak_key IS NOT NULL"),
        postgresql_where=sa.text("weak_key IS NOT NULL"),
    )
    op.add_column("message_copy", sa.Column("filed_by", sa.BigInteger(), autoincrement=False, nullable=True))


def renew_never_log() -> None:
    """Let users have lists of their own: the key grows, so the table is made anew."""
    connection = op.get_bind()
    standing = connection.execute(sa.text("SELECT company_id, entry FROM never_log")).all()
    op.drop_table("never_log")
    table = op.create_table(
        "never_log",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), server_default="0", autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_never_log_company_id")),
        sa.PrimaryKeyConstraint("company_id", "entry", "user_id", name=op.f("pk_never_log")),
        sqlite_with_rowid=False,
    )
    op.bulk_insert(table, [{"company_id": c, "entry": entry, "user_id": 0} for c, entry in standing])


def renew_tokens() -> None:
    """Make the tokens anew, which now keep apart what names a mail and what else must be equal.

    Which ids a stored message named besides its parent's was not kept, but what stood together is known.
    """
    op.drop_table("conversation_token")
    op.create_table(
        "conversation_token",
        sa.Column("company_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "conversation_id"],
            ["conversation.company_id", "conversation.id"],
            name=op.f("fk_conversation_token_company_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "token", "scope", name=op.f("pk_conversation_token")),
        sqlite_with_rowid=False,
    )
    keep_together(op.get_bind())
    fill_tokens(op.get_bind())


def keep_together(connection: sa.Connection) -> None:
    """Let each message name the oldest id of its conversation, or `bccd rethread` would tear it out.

    Often its parent was never captured, and only References that were not kept led to the others.
    """
    oldest = (
        "(SELECT f.msgid FROM message f WHERE f.company_id = message.company_id AND f.id ="
        " (SELECT min(o.id) FROM message o WHERE o.company_id = message.company_id"
        " AND o.conversation_id = message.conversation_id AND o.msgid <> ''))"
    )
    named = "CASE WHEN in_reply_to = '' THEN '' ELSE in_reply_to || '\n' END"
    connection.exec_driver_sql(
        f"UPDATE message SET refs = {named} || {oldest}"  # noqa: S608  no value in it
        f" WHERE {oldest} <> msgid AND {oldest} <> in_reply_to"
    )


def fill_tokens(connection: sa.Connection) -> None:
    """Write tokens for what is known of each stored message: its own id and its parent's."""
    found = sa.text(
        "SELECT m.company_id, m.conversation_id, m.msgid, m.in_reply_to, m.base_subject, c.settings"
        " FROM message m JOIN company c ON c.id = m.company_id ORDER BY m.company_id, m.id"
    )
    tokens: dict[tuple[int, bytes, bytes], int] = {}
    for row in connection.execute(found):
        split = msgspec.json.decode(row.settings).get("split_on_subject", True)
        scope = _hash("", row.base_subject if split else "", size=8)
        for value in {row.msgid, row.in_reply_to} - {""}:
            tokens.setdefault((row.company_id, _hash("id", value, size=16), scope), row.conversation_id)
    insert = sa.text("INSERT INTO conversation_token VALUES (:company, :token, :scope, :conversation)")
    rows: list[dict[str, Any]] = [
        {"company": company, "token": token, "scope": scope, "conversation": conversation}
        for (company, token, scope), conversation in tokens.items()
    ]
    if rows:
        connection.execute(insert, rows)


def _hash(*parts: str, size: int) -> bytes:
    text = "\x1f".join(("2", *parts))
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()
