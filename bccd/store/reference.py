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
    "v1_own_conversation": "Those of the list in which the viewer holds a copy: his inbox.",
    "v1_shared_conversation": "The others: he sees in them what colleagues share.",
    "v1_message": "One row a viewer and message that he may see: the page of a conversation.",
    "v1_participant": "Who takes part in a message; Bcc rows only for the owner of the copy they stand in.",
    "v1_attachment": "What a message carries; the octets stay in the raw mail.",
    "v1_link": "Why a message stands on a contact's, organisation's or deal's page, and what is suggested.",
    "v1_conversation_alias": "Conversations that became part of an older one; old ids resolve for ever.",
    "v1_related_conversation": "Continued from, or in: a visible message of the one names one of the other.",
    "v1_needs_choice": "Suggestions that wait for an answer, a row each, for those who hold a copy.",
    "v1_unlinked": "The viewer's own mail that is linked to no contact and no deal: nobody else sees it.",
    "v1_held": "Mail that waits for this viewer, or for a team of his, to say what it is.",
    "v1_set_aside": "His or his team's mail that a rule set aside; it is kept.",
    "v1_failed": "His or his team's mail that could not be filed for an error; it is kept.",
    "v1_notice": "What this viewer is told about his mail; mailed only where a smarthost is set.",
    "v1_address": "The viewer's own addresses and his teams', and which of them are not confirmed.",
    "v1_trusted_sender": "What the viewer has let in for good: mail of the address with that evidence.",
    "v1_preferences": "What the viewer wants to hear of his mail, and in which language.",
    "v1_contact_timeline": "Messages on a contact's page.",
    "v1_deal_timeline": "Messages on a deal's page.",
    "v1_organisation_timeline": "Messages on an organisation's page, its contacts' among them, each once.",
    "v1_decision": "Why it is here: the steps that brought the viewer's own copy, or kept his mail waiting.",
    "v1_schema": "Which contract this database keeps; ask before anything else.",
    "v1_change": "The change feed: what happened that this viewer may know of; read it as events.md says.",
    "v1_feed": "One row a viewer: where the feed stands, and from where on it is kept.",
}
MEANING = {
    "viewer_user_id": "who is looking: always ask for one value",
    "company_id": "whose data: always ask for one value",
    "conversation_id": "the conversation",
    "message_id": "the message",
    "msgid": "Message-ID, lower case, without angle brackets; empty where there is none",
    "in_reply_to": "the id of the message that it answers; empty where there is none",
    "refs": "ids that it names, one a line, the nearest first",
    "subject": "the subject; of a conversation, that of its newest visible message",
    "snippet": "the first 160 characters of the new text, white space folded",
    "message_count": "messages of the conversation that this viewer may see",
    "last_at": "sort_at of the newest visible message",
    "last_message_id": "the newest visible message",
    "needs_choice": "some visible message has several open deals or contacts and waits for a choice",
    "linked": "linked to a contact or deal; of a conversation, any visible message is",
    "waiting_since": "sort_at of the oldest visible incoming mail of a person that no outgoing one followed;"
    " imported mail aside",
    "last_out_at": "sort_at of the newest visible outgoing message",
    "unseen": "the viewer neither filed nor marked it seen; of a conversation, how many such messages it has,"
    " counted for those who hold a copy of one of its messages",
    "unlinked": "how many messages the viewer holds a copy of that are linked to no contact and no deal",
    "direction": "incoming, outgoing or internal",
    "sent_at": "the Date field, or that of the forwarded original; null where unknown",
    "received_at": "when bccd received the delivery that brought it",
    "sort_at": "sent_at, but never later than received_at: order messages by it",
    "from_address": "the author, normalised",
    "from_name": "the author's display name",
    "new_text": "what its author wrote himself, without quoted history",
    "body_text": "the whole readable text",
    "body_html": "safe to show in a sandbox, without remote content; a picture of the mail has data-part",
    "marks": "what is special, one word each: signed:smime, encrypted:pgp, gateway:banner, remote:3 ...",
    "auto_reason": "what told that it is automatic: header:auto-submitted, subject:de ...",
    "auto_kind": "empty, or auto_reply, bulk, list, dsn, mdn",
    "provenance": "bcc, forward_attached, forward_inline, direct or import",
    "attachment_count": "how many attachments it has",
    "size": "octets",
    "msgid_reused": "another message has the same id, author, date and subject but other content",
    "own_copy_id": "this viewer's copy; null where he sees a colleague's",
    "own_sharing": "private or shared, of his own copy",
    "own_comment": "his own words above the forward; nobody else's",
    "own_filed_by": "the user who filed his copy for him; null where he did so himself",
    "own_seen_at": "when he marked it seen",
    "own_flagged_at": "when he flagged it",
    "change_seq": "the last event: the one that changed the row, or of the whole feed",
    "notice_id": "the notice",
    "text": "what there is to say, one sentence in the user's language",
    "advice": "what he may do, in his language; empty where nothing",
    "about": "the subject of the mail that it speaks of; empty where there is none",
    "v1_notice.reason": "the code of the reason; notices.md tells what they mean",
    "v1_notice.state": "pending, sent, merged (went out in one mail with others), dropped (it held no longer,"
    " or he wants no such mail) or failed",
    "error": "why it could not be mailed, the last time; empty where it could",
    "due_at": "when it is to be mailed, at the earliest",
    "v1_notice.sent_at": "when the smarthost took it",
    "v1_notice.delivery_id": "the delivery that it speaks of, where there is one",
    "v1_notice.conversation_id": "the conversation in which a choice waits",
    "v1_notice.message_id": "the message that it speaks of, where there is one",
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
    "shown": "a picture that body_html or the text has in its place, and no file to open",
    "within": "the containers to open on the way to it, outermost first: tnef:2 smime:2.1; empty for none",
    "sniffed": "the media type that its first octets show; empty where they show none",
    "content_id": "without angle brackets",
    "sha256": "of the decoded octets",
    "link_id": "the link",
    "state": "filed, held, set_aside or failed",
    "v1_link.state": "active, suggested, rejected or stale",
    "origin": "auto, tag, inherited or manual",
    "rule": "which rule made it: address, domain, tag, conversation, one_open_deal, several_open_deals",
    "score": "rank of a suggestion, 1 the best",
    "scope": "conversation, or message where later mail of the conversation does not inherit the link",
    "reason": "the code of the reason; replies.md and failed-and-held-mail.md tell what they mean",
    "v1_link.reason": "what speaks for a suggestion, in words",
    "v1_needs_choice.reason": "what speaks for it, in words",
    "v1_link.actor_id": "the user who decided it by hand",
    "created_at": "when it was made",
    "related_id": "the other conversation",
    "relation": "continues: a message of this one names an older one there; continued_by: the reverse",
    "delivery_id": "the delivery: what commands about it name",
    "mail_from": "the envelope's sender",
    "attempts": "how often filing it was tried",
    "v1_held.from_address": "who it says wrote it; not proven where it is held for that",
    "v1_set_aside.subject": "its subject",
    "v1_failed.subject": "its subject, where it could be read",
    "v1_held.subject": "its subject",
    "sentence": "why it is not filed, in English; reason is its code",
    "v1_held.advice": "what to do about it, in English",
    "v1_set_aside.advice": "what to do about it, in English",
    "v1_failed.advice": "what to do about it, in English",
    "settled_by": "by which it is filed: held.release, original.set, address.confirm; empty for none",
    "needs": "what that command must be given besides: recipients, author, or empty",
    "always": "what later mail must show to be let in like this one; empty where it is let in once",
    "expires_at": "when it ends: what was mailed is void then",
    "v1_held.expires_at": "when it is deleted, unless somebody decides; null where it is kept",
    "of_team": "it is a team's, of which the viewer is a member",
    "v1_address.kind": "login or alternative",
    "v1_address.origin": "directory: loaded from the CRM; user: a user has added it",
    "v1_address.user_id": "the user or team whose it is",
    "v1_trusted_sender.user_id": "the user or team for whom it is let in",
    "confirmed": "mail from it counts",
    "confirmed_at": "when it was; null for the login and for what is not confirmed",
    "asked_for": "what the newest link and code are for: alternative, login; null where none wait",
    "asked_at": "when they were mailed",
    "evidence": "dkim:DOMAIN that signed it, spf:DOMAIN of its envelope, redirected, author",
    "language": "of notices; empty for the company's",
    "notices": "problems, all, none or digest",
    "updated_at": "when its state changed last",
    "v1_held.user_id": "the user or team whose mail it is",
    "v1_set_aside.user_id": "the user or team whose mail it is",
    "v1_failed.user_id": "the user or team whose mail it is",
    "steps": "JSON: a list of rule, about, verdict and reason, in order",
    "decided_at": "when that was decided",
    "v1_link.decided_at": "when a user decided it by hand",
    "v1_decision.message_id": "the message; null while there is none",
    "v1_decision.conversation_id": "its conversation; null while there is none",
    "api_version": "the contract: the number in v1_",
    "min_reader": "the lowest contract that a reader must know",
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

[Queries](queries.md) has the ones that front ends ask most, made to be fast on both databases.

A viewer sees a message if he holds a copy of it, or if some copy is shared **and** it is linked to a contact
or deal. There is no exception for administrators; a team and a user who left see nothing. Of what a viewer
may not see, ids of conversations that were merged are all he can learn.
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
            name = column["name"]
            yield f"| {name} | {MEANING.get(f'{view}.{name}') or MEANING[name]} |"
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
