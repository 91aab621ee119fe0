"""docs/reference/schema.md, written from the schema itself: `python -m bccd.store.reference`."""

from collections.abc import Iterator
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, Table, inspect

from bccd.config import load
from bccd.store import tables as t
from bccd.store.engine import open_engines
from bccd.store.migrate import upgrade

# Views in the order in which a front end meets them.
VIEWS = {
    "v1_conversation": "The list: one row a viewer and conversation, made of what this viewer may see.",
    "v1_message": "One row a viewer and message that he may see: the page of a conversation.",
    "v1_participant": "Who takes part in a message; Bcc rows only for the owner of the copy they stand in.",
    "v1_attachment": "What a message carries; the octets stay in the raw mail.",
    "v1_link": "Why a message stands on a contact's, organisation's or deal's page, and what is suggested.",
    "v1_conversation_alias": "Conversations that became part of an older one; old ids resolve for ever.",
    "v1_change": "The change feed: what happened that this viewer may know of; read it as events.md says.",
    "v1_feed": "One row a viewer: where the feed stands, and from where on it is kept.",
}
MEANING = {
    "viewer_user_id": "who is looking: always ask for one value",
    "company_id": "whose data: always ask for one value",
    "conversation_id": "the conversation",
    "message_id": "the message",
    "msgid": "Message-ID, lower case, without angle brackets; empty where there is none",
    "subject": "the subject; of a conversation, that of its newest visible message",
    "snippet": "the first 160 characters of the new text, white space folded",
    "message_count": "messages of the conversation that this viewer may see",
    "last_at": "sort_at of the newest visible message",
    "last_message_id": "the newest visible message",
    "needs_choice": "some visible message has several open deals or contacts and waits for a choice",
    "linked": "linked to a contact or deal; of a conversation, any visible message is",
    "direction": "incoming, outgoing or internal",
    "sent_at": "the Date field, or that of the forwarded original; null where unknown",
    "received_at": "when bccd received the delivery that brought it",
    "sort_at": "sent_at, but never later than received_at: order messages by it",
    "from_address": "the author, normalised",
    "from_name": "the author's display name",
    "new_text": "what its author wrote himself, without quoted history",
    "body_text": "the whole readable text",
    "auto_kind": "empty, or auto_reply, bulk, list, dsn, mdn",
    "provenance": "bcc, forward_attached or forward_inline",
    "attachment_count": "how many attachments it has",
    "size": "octets",
    "msgid_reused": "another message has the same id, author, date and subject but other content",
    "own_copy_id": "this viewer's copy; null where he sees a colleague's",
    "own_sharing": "private or shared, of his own copy",
    "own_comment": "his own words above the forward; nobody else's",
    "change_seq": "the last event: the one that changed the row, or of the whole feed",
    "role": "from, sender, reply_to, to, cc or bcc",
    "pos": "place within the role, from 0",
    "address": "the normalised address; empty where a name stood alone",
    "name": "the display name",
    "verdict": "contact, user, service, internal, never_log, excluded, unknown or no_address",
    "contact_id": "the contact",
    "user_id": "the user",
    "organisation_id": "the organisation",
    "deal_id": "the deal",
    "part": "part number, as IMAP counts",
    "filename": "a safe name to show; never a path",
    "media_type": "as declared",
    "disposition": "attachment, inline or empty",
    "content_id": "without angle brackets",
    "sha256": "of the decoded octets",
    "link_id": "the link",
    "state": "active, suggested, rejected or stale",
    "origin": "auto, tag, inherited or manual",
    "rule": "which rule made it: address, domain, tag, conversation, one_open_deal, several_open_deals",
    "score": "rank of a suggestion, 1 the best",
    "created_at": "when it was made",
    "merged_into": "the conversation it is now part of",
    "seq": "the event's number: no gaps within a company, in the order of commits",
    "at": "when it was written",
    "kind": "what happened, see events.md",
    "entity_id": "what else it is about: which kind of record, events.md says",
    "actor_id": "the user whose doing it was, where the viewer may know",
    "min_seq": "events up to this one are no longer kept",
}
_HEAD = """# Schema

Written by `python -m bccd.store.reference`; a test holds it equal to the schema.

Front ends read the `v1_*` views and nothing else: the tables below them may change between versions, the
views only gain columns. The same SQL works on every database. Times are UTC, on SQLite as text of fixed width
that sorts. Every view names its viewer, so a front end asks as somebody:

```sql
SELECT conversation_id, subject, snippet, message_count, last_at
FROM v1_conversation WHERE company_id = ? AND viewer_user_id = ? ORDER BY last_at DESC LIMIT 50;
```

A viewer sees a message if he owns a copy of it, or if some copy is shared **and** it is linked to a contact
or deal. There is no exception for administrators.
"""


def page(engine: Engine) -> str:
    """Return the page; the engine's database must have been migrated."""
    return "\n".join([_HEAD, *_views(engine), *_diagram(), *_tables()]) + "\n"


def _views(engine: Engine) -> Iterator[str]:
    yield "## Views\n"
    for view, purpose in VIEWS.items():
        yield f"### {view}\n\n{purpose}\n"
        yield "| column | meaning |\n|---|---|"
        for column in inspect(engine).get_columns(view):
            yield f"| {column['name']} | {MEANING[column['name']]} |"
        yield ""


def _diagram() -> Iterator[str]:
    yield "## Diagram\n\n```mermaid\nerDiagram"
    for table in t.database.sorted_tables:
        for name in sorted({fk.referred_table.name for fk in table.foreign_key_constraints}):
            if name not in ("company", table.name):
                yield f"    {name} ||--o{{ {table.name} : has"
    yield "```\n"


def _tables() -> Iterator[str]:
    for title, tables in (("Tables of the database", t.database), ("Tables of the spool", t.spool)):
        yield f"## {title}\n"
        for table in tables.sorted_tables:
            yield f"- **{table.name}** ({_key(table)}): {', '.join(_column(c.name, table) for c in table.c)}"
        yield ""


def _key(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key)


def _column(name: str, table: Table) -> str:
    return f"{name}?" if table.c[name].nullable else name


def main() -> None:
    """Print the page for a schema made on the spot."""
    with TemporaryDirectory() as folder:
        config = load(None, {"BCCD_DATA_DIR": folder})
        upgrade(config)
        stores = open_engines(config)
        print(page(stores.database), end="")  # noqa: T201  what a page is written for
        stores.close()


if __name__ == "__main__":
    main()
