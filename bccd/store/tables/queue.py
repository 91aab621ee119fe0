"""The spool: raw mail, what waits to be filed, and which octets stand already."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from bccd.store.tables.columns import CLUSTERED, Serial, among, key, moment, octets, spool, whole, words

raw_mail = Table(
    "raw_mail",
    spool,
    whole("company_id"),
    octets("sha256"),
    whole("size"),
    octets("data", null=True),
    words("path", null=True),  # below the data folder
    moment("stored_at"),
    key("sha256"),
    CheckConstraint("(data IS NULL) <> (path IS NULL)", name="one_place"),
)

_WAITS = text("state = 'received' AND claimed_by IS NULL")

queue = Table(
    "spool",
    spool,
    Column("seq", Serial, autoincrement=True, nullable=False),
    whole("delivery_id"),
    whole("company_id"),
    words("state"),  # kept: decided, and not filed
    words("envelope"),  # an Intake without its octets, as JSON
    octets("raw_sha256"),
    whole("size"),
    Column("attempts", Integer, nullable=False),  # failures of its own, and the try that is under way
    Column("deaths", Integer, nullable=False, server_default="0"),  # filers that died with it in hand
    Column("forgiven", Integer, nullable=False, server_default="0"),  # daemons that died so, all at once
    moment("due_at"),
    words("claimed_by", null=True),
    words("error"),
    moment("claimed_until", null=True),  # on PostgreSQL, unless it is renewed
    PrimaryKeyConstraint("seq"),
    UniqueConstraint("delivery_id"),
    ForeignKeyConstraint(["company_id", "raw_sha256"], ["raw_mail.company_id", "raw_mail.sha256"]),
    among("state", "received", "kept"),
    Index("ix_spool_waiting", "seq", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("ix_spool_raw_sha256", "company_id", "raw_sha256"),
    # SQLite has one filer, which need not look for the claims of others.
    Index("ix_spool_claimed", "company_id", postgresql_where=text("claimed_by IS NOT NULL")).ddl_if(
        dialect="postgresql"
    ),
    sqlite_autoincrement=True,
)

delivery_key = Table(
    "delivery_key",
    spool,
    whole("company_id"),
    octets("raw_sha256"),
    words("recipient"),
    whole("delivery_id"),
    key("raw_sha256", "recipient"),
    Index("ix_delivery_key_delivery_id", "delivery_id"),
    **CLUSTERED,
)
