"""Conversations, messages, links, and who may see what."""

from sqlalchemy import CheckConstraint, Column, Double, Integer, Table

from bccd.store.tables.columns import (
    CLUSTERED,
    among,
    database,
    flag,
    index,
    key,
    moment,
    octets,
    of,
    of_company,
    one,
    whole,
    words,
)

# Of participants: nobody's address yet, or one that stood in Bcc; neither has a link that all may see.
UNLINKED = "user_id IS NULL AND (contact_id IS NULL OR copy_id <> 0)"

conversation = Table(
    "conversation",
    database,
    whole("company_id"),
    whole("id"),
    whole("merged_into", null=True),  # the one it became part of, which is itself merged into none
    moment("created_at"),
    flag("by_hand", default=False),  # a user has split or merged what it holds
    key("id"),
    of_company(),
    of("merged_into", "conversation"),
    CheckConstraint("merged_into < id", name="oldest_wins"),
    index("conversation", "merged_into", where="merged_into IS NOT NULL"),
)

conversation_token = Table(
    "conversation_token",
    database,
    whole("company_id"),
    octets("token"),  # 16 octets of a kind and its value
    octets("scope"),  # 8 octets of what else must be equal: subject, party, a user's split
    whole("conversation_id"),
    key("token", "scope"),
    of("conversation_id", "conversation"),
    index("conversation_token", "conversation_id"),
    **CLUSTERED,
)

conversation_override = Table(
    "conversation_override",
    database,
    whole("company_id"),
    whole("id"),
    words("kind"),
    whole("message_id"),
    whole("other_id", null=True),  # join: the message it stays with
    whole("group_id"),  # what one command split off stays together
    whole("actor_id"),
    moment("created_at"),
    key("id"),
    of("message_id", "message"),
    of("other_id", "message"),
    of("actor_id", "app_user"),
    among("kind", "join", "detach"),
    index("conversation_override", "message_id"),
)

conversation_deal = Table(
    "conversation_deal",
    database,
    whole("company_id"),
    whole("conversation_id"),
    whole("deal_id"),
    whole("viewer_id"),  # who may see a message that carries the deal: 0 is everyone, n one owner
    words("address"),  # a counterparty of such a message
    key("conversation_id", "deal_id", "viewer_id", "address"),
    of("conversation_id", "conversation"),
    of("deal_id", "deal"),
    **CLUSTERED,
)

message = Table(
    "message",
    database,
    whole("company_id"),
    whole("id"),
    whole("conversation_id"),
    octets("id_key"),
    octets("identity_key"),
    words("msgid"),
    words("in_reply_to"),
    words("subject"),
    words("base_subject"),
    words("direction"),
    moment("sent_at", null=True),
    moment("received_at"),
    moment("sort_at"),
    words("from_address"),
    words("from_name"),
    words("snippet"),
    words("body_text"),
    words("new_text"),
    words("auto_kind"),
    words("provenance"),
    Column("attachment_count", Integer, nullable=False),
    whole("size"),
    octets("content_digest"),
    flag("shared"),  # some copy is
    flag("linked"),
    flag("msgid_reused"),
    whole("change_seq"),  # the last event that touched it
    words("refs", default=""),  # ids it names besides its own, one a line
    octets("thread_index", null=True),  # the GUID of Thread-Index
    words("calendar_uid", default=""),
    words("parties", default=""),  # main counterparties, one a line: what weak tokens count between
    flag("broadcast", default=False),
    octets("weak_key", null=True),  # author, subject and text without an id; null where that is too little
    moment("erased_at", null=True),  # its last copy was deleted: only what threads it is left
    words("auto_reason", default=""),
    words("marks", default=""),  # what is special about it, one word each, parted by blanks
    words("body_html", default=""),  # safe to show; the last column, so that lists read past none of it
    key("id"),
    one("identity_key"),
    of("conversation_id", "conversation"),
    among("direction", "incoming", "outgoing", "internal"),
    index("message", "conversation_id", "sort_at", "id"),
    index("message", "id_key"),
    index("message", "weak_key", where="weak_key IS NOT NULL"),
)

message_alias = Table(
    "message_alias",
    database,
    whole("company_id"),
    words("msgid"),  # another id under which the same mail came
    whole("message_id"),
    key("msgid", "message_id"),
    of("message_id", "message"),
    index("message_alias", "message_id"),
    **CLUSTERED,
)

message_user_state = Table(
    "message_user_state",
    database,
    whole("company_id"),
    whole("user_id"),
    whole("message_id"),
    moment("seen_at", null=True),
    moment("flagged_at", null=True),
    key("user_id", "message_id"),
    of("user_id", "app_user"),
    of("message_id", "message"),
    index("message_user_state", "message_id"),
    **CLUSTERED,
)

message_copy = Table(
    "message_copy",
    database,
    whole("company_id"),
    whole("id"),
    whole("message_id"),
    whole("owner_id"),
    whole("delivery_id"),  # the one that made it; delivery points here, so this is no foreign key
    words("source"),
    words("sharing"),
    words("comment_text"),
    octets("raw_sha256"),
    moment("created_at"),
    whole("filed_by", null=True),  # the user who sent it in, where that was not its owner
    key("id"),
    one("message_id", "owner_id"),
    of("message_id", "message"),
    of("owner_id", "app_user"),
    among("sharing", "private", "shared"),
    index("message_copy", "raw_sha256"),
)

participant = Table(
    "participant",
    database,
    whole("company_id"),
    whole("message_id"),
    words("role"),
    Column("pos", Integer, nullable=False, autoincrement=False),
    whole("copy_id"),  # 0, or the copy whose owner alone may see it
    words("address"),
    words("name"),
    words("verdict"),
    whole("contact_id", null=True),
    whole("user_id", null=True),
    key("message_id", "role", "pos", "copy_id"),
    of("message_id", "message"),
    of("contact_id", "contact"),
    of("user_id", "app_user"),
    among("role", "from", "sender", "reply_to", "to", "cc", "bcc"),
    # Whom no link leads to: everyone else costs each mail a page of an index for every address.
    index("participant", "address", "message_id", where=UNLINKED),
    **CLUSTERED,
)

attachment = Table(
    "attachment",
    database,
    whole("company_id"),
    whole("message_id"),
    words("part"),
    words("filename"),
    words("media_type"),
    words("disposition"),
    words("content_id"),
    whole("size"),
    octets("sha256"),
    octets("raw_sha256"),  # the mail that holds it
    whole("body_start"),
    whole("body_end"),
    words("encoding"),
    flag("shown", default=False),
    words("within", default=""),  # where in the decoded part it is, if the part is a container
    words("sniffed", default=""),  # the media type that its first octets show
    key("message_id", "part"),
    of("message_id", "message"),
    index("attachment", "raw_sha256"),
    **CLUSTERED,
)

link = Table(
    "link",
    database,
    whole("company_id"),
    whole("id"),
    whole("conversation_id"),
    whole("message_id"),
    whole("contact_id", null=True),
    whole("organisation_id", null=True),
    whole("deal_id", null=True),
    words("state"),
    words("origin"),
    words("rule"),
    Column("score", Double, nullable=True),
    moment("created_at"),
    words("scope", default="conversation"),  # message: later mail of the conversation does not inherit it
    whole("actor_id", null=True),  # the user who decided it by hand
    moment("decided_at", null=True),  # when he did
    words("reason", default=""),  # why it is suggested, in words
    key("id"),
    of("conversation_id", "conversation"),
    of("message_id", "message"),
    of("contact_id", "contact"),
    of("organisation_id", "organisation"),
    of("deal_id", "deal"),
    CheckConstraint(
        "(contact_id IS NOT NULL AND organisation_id IS NULL AND deal_id IS NULL)"
        " OR (contact_id IS NULL AND organisation_id IS NOT NULL AND deal_id IS NULL)"
        " OR (contact_id IS NULL AND organisation_id IS NULL AND deal_id IS NOT NULL)",
        name="one_target",
    ),
    among("state", "active", "suggested", "rejected", "stale"),
    among("origin", "auto", "tag", "inherited", "manual"),
    index("link", "conversation_id", "message_id"),
    index("link", "conversation_id", "deal_id", where="state = 'suggested'"),
    index("link", "conversation_id", "decided_at", where="origin = 'manual'"),
    index("link", "contact_id", "message_id", where="contact_id IS NOT NULL", unique=True),
    index("link", "organisation_id", "message_id", where="organisation_id IS NOT NULL", unique=True),
    index("link", "deal_id", "message_id", where="deal_id IS NOT NULL", unique=True),
)

conversation_audience = Table(
    "conversation_audience",
    database,
    whole("company_id"),
    whole("conversation_id"),
    whole("audience_id"),  # 0 is everyone in the company, n one user
    words("subject"),
    words("snippet"),
    whole("message_count"),
    moment("last_at"),
    whole("last_message_id"),
    flag("needs_choice"),
    flag("linked"),
    moment("waiting_since", null=True),  # of the oldest incoming message that nothing outgoing followed
    moment("last_out_at", null=True),  # sort_at of the newest outgoing message
    whole("unseen", default="0"),  # messages that this user neither filed nor marked seen; 0 for audience 0
    whole("unlinked", default="0"),  # messages that he holds a copy of and that are linked to nothing
    key("conversation_id", "audience_id"),
    of("conversation_id", "conversation"),
    index("conversation_audience", "audience_id", "last_at", "conversation_id"),
    *(
        index("conversation_audience", "audience_id", "last_at", "conversation_id", where=where, name=name)
        for name, where in (("needs_choice", "needs_choice"), ("unlinked", "unlinked > 0"))
    ),
)
