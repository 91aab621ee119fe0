"""Who may submit and by what proof, and what submitters are told."""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table

from bccd.store.tables.columns import (
    CLUSTERED,
    among,
    database,
    index,
    key,
    moment,
    octets,
    of,
    whole,
    words,
)

login = Table(
    "login",
    database,
    words("name"),  # of SMTP AUTH: one person's on this installation, whatever company he belongs to
    whole("company_id"),
    whole("user_id"),
    words("password"),  # Argon2id, as a PHC string
    moment("changed_at"),
    moment("disabled_at", null=True),  # since when it is refused
    PrimaryKeyConstraint("name"),
    of("user_id", "app_user"),
    index("login", "user_id"),
    **CLUSTERED,
)

secret_address = Table(
    "secret_address",
    database,
    whole("company_id"),
    words("token"),  # what stands behind +u or +fw in the company's address
    whole("user_id"),
    words("kind"),
    moment("created_at"),
    moment("retires_at", null=True),
    key("token"),
    of("user_id", "app_user"),
    among("kind", "user", "forward"),
    index("secret_address", "user_id"),
    **CLUSTERED,
)

trusted_sender = Table(
    "trusted_sender",
    database,
    whole("company_id"),
    words("address"),  # an author's, or a user's own
    words("evidence"),  # what a mail must show, as the one did that the user let in
    whole("user_id"),
    moment("created_at"),
    key("address", "evidence", "user_id"),
    of("user_id", "app_user"),
    index("trusted_sender", "user_id"),
    **CLUSTERED,
)

confirmation = Table(
    "confirmation",
    database,
    whole("company_id"),
    whole("id"),
    whole("user_id"),
    words("purpose"),
    words("address"),
    whole("delivery_id", null=True),
    octets("code_digest"),
    moment("created_at"),
    moment("expires_at"),
    whole("tries", default="0"),  # wrong codes
    moment("used_at", null=True),
    whole("actor_id", null=True),  # who has asked for it: of a team's address one of the members
    key("id"),
    of("user_id", "app_user"),
    among("purpose", "alternative", "login", "held"),
    index("confirmation", "user_id", "address"),
    index("confirmation", "actor_id", "created_at"),
    index("confirmation", "delivery_id", where="delivery_id IS NOT NULL"),
)

outbox = Table(
    "outbox",
    database,
    whole("company_id"),
    whole("id"),
    whole("user_id"),
    words("address", default=""),  # where it goes; empty: to the user's login address
    words("reason"),
    words("args", default="{}"),  # what its sentence names, JSON
    words("about", default=""),  # the subject of the mail that it speaks of
    words("text", default=""),  # the sentence, in the user's language, for front ends
    words("advice", default=""),  # what to do, the same
    whole("delivery_id", null=True),
    whole("conversation_id", null=True),
    whole("message_id", null=True),
    words("state", default="pending"),
    moment("created_at"),
    moment("due_at"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    words("error", default=""),
    moment("sent_at", null=True),
    whole("mail_id", null=True),  # the row as which it went out, where several went out as one mail
    words("offered", default=""),  # what the numbers in that mail stand for: an Offered, JSON
    words(
        "answered", default=""
    ),  # what his last answer has changed, and what stood before: an Answered, JSON
    moment("claimed_until", null=True),
    words("claimed_by", null=True),  # the host that sends it
    key("id"),
    of("user_id", "app_user"),
    among("state", "pending", "sent", "merged", "dropped", "failed"),
    index("outbox", "due_at", where="state = 'pending'"),
    index("outbox", "user_id", "reason", "sent_at"),
    index("outbox", "user_id", "id"),
    index("outbox", "mail_id", where="mail_id IS NOT NULL"),
    index("outbox", "delivery_id", where="delivery_id IS NOT NULL"),
    index("outbox", "message_id", where="message_id IS NOT NULL"),
)
