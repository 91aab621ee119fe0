"""What became of each delivery, what people have said of it, and the feed of changes."""

from sqlalchemy import Column, Integer, Table

from bccd.store.tables.columns import (
    CLUSTERED,
    among,
    database,
    index,
    key,
    moment,
    octets,
    of,
    of_company,
    whole,
    words,
)

delivery = Table(
    "delivery",
    database,
    whole("company_id"),
    whole("id"),
    words("state"),
    words("reason"),
    whole("user_id", null=True),
    whole("message_id", null=True),
    whole("copy_id", null=True),
    words("mail_from"),
    words("peer_ip"),
    words("helo"),
    words("protocol"),
    words("evidence"),  # sender or held sender, report and defects as JSON
    octets("raw_sha256"),
    whole("size"),
    Column("attempts", Integer, nullable=False),
    moment("received_at"),
    moment("updated_at"),
    whole("automatic_of", null=True),  # the user in whose name a machine wrote it
    # What its user is shown while it is not filed: empty where it is.
    words("from_address", default=""),
    words("from_name", default=""),
    words("subject", default=""),
    words("sentence", default=""),  # why it waits, in English
    words("advice", default=""),
    words("always", default=""),  # what later mail must show to be let in like this one
    moment("expires_at", null=True),  # when it is deleted, unless somebody decides
    moment("warned_at", null=True),  # when its user was told so
    key("id"),
    of_company(),
    of("user_id", "app_user"),
    of("message_id", "message"),
    of("copy_id", "message_copy"),
    among("state", "received", "filed", "held", "set_aside", "failed"),
    index("delivery", "state", "id", where="state <> 'filed'"),
    index("delivery", "user_id", "state", "id", where="state <> 'filed'"),
    *(index("delivery", name, where=f"{name} IS NOT NULL") for name in ("message_id", "copy_id")),
    index("delivery", "automatic_of", "received_at", where="automatic_of IS NOT NULL"),
    index("delivery", "expires_at", where="expires_at IS NOT NULL"),
)

ruling = Table(
    "ruling",
    database,
    whole("company_id"),
    whole("delivery_id"),
    whole("actor_id"),
    words("args"),  # a Ruling as JSON: what the user said about a mail that waited for him
    moment("created_at"),
    key("delivery_id"),
    of("delivery_id", "delivery"),
    of("actor_id", "app_user"),
)

command = Table(
    "command",
    database,
    whole("company_id"),
    words("idempotency_key"),  # the front end's own; the same again is the same command
    whole("actor_id"),
    words("kind"),
    words("args"),  # JSON
    words("state", default="pending"),
    words("error", default=""),  # a code, where it was refused
    words("result", default=""),  # JSON
    moment("created_at"),
    moment("done_at", null=True),
    key("idempotency_key"),
    of_company(),
    among("state", "pending", "done", "refused"),
    index("command", "created_at", where="state = 'pending'"),
)

delivery_recipient = Table(
    "delivery_recipient",
    database,
    whole("company_id"),
    whole("delivery_id"),
    words("address"),
    words("tag"),
    words("argument"),
    key("delivery_id", "address"),
    of("delivery_id", "delivery"),
    **CLUSTERED,
)

decision = Table(
    "decision",
    database,
    whole("company_id"),
    whole("delivery_id"),
    words("steps"),  # [{rule, about, verdict, reason}, ...]
    moment("decided_at"),
    key("delivery_id"),
    of("delivery_id", "delivery"),
)

change = Table(
    "change",
    database,
    whole("company_id"),
    whole("seq"),
    moment("at"),
    words("kind"),
    whole("audience_id"),
    whole("conversation_id", null=True),
    whole("message_id", null=True),
    whole("entity_id", null=True),
    whole("actor_id", null=True),
    key("seq"),
    of_company(),
    **CLUSTERED,
)
