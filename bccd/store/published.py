"""The queries that front ends ask most, ready to copy; docs/reference/queries.md is written from here.

`python -m bccd.store.published` prints that page. Each text is the same on every database, and tests hold
its plan to the indexes.
"""

from datetime import UTC, datetime
from textwrap import fill
from typing import NamedTuple

# What stands before the first page of a list that goes backwards in time.
FIRST_PAGE = {"before_at": datetime.max.replace(tzinfo=UTC), "before_id": 2**63 - 1}


class Published(NamedTuple):
    """A query with named parameters, and what it is for."""

    name: str
    purpose: str
    sql: str


_SEEN = """conversation_id, subject, snippet, message_count, last_at, last_message_id, needs_choice, linked,
    waiting_since, unseen"""
_PAGE = """company_id = :company AND viewer_user_id = :viewer
    AND (last_at, conversation_id) < (:before_at, :before_id)"""
_NEWEST = "ORDER BY last_at DESC, conversation_id DESC LIMIT :limit"
_OWN = """SELECT SEEN
FROM v1_own_conversation
WHERE PAGE
NEWEST"""
_TIMELINE = """SELECT message_id, conversation_id, direction, sort_at, from_address, from_name, subject,
    snippet, attachment_count, unseen
FROM v1_TARGET_timeline
WHERE company_id = :company AND viewer_user_id = :viewer AND TARGET_id = :target
    AND (sort_at, message_id) < (:before_at, :before_id)
ORDER BY sort_at DESC, message_id DESC LIMIT :limit"""
_LIST = """SELECT * FROM v1_STATE
WHERE company_id = :company AND viewer_user_id = :viewer AND delivery_id < :before_id
ORDER BY delivery_id DESC LIMIT :limit"""


def _page(sql: str, *, indent: int = 0) -> str:
    """Fill in what all lists of conversations have in common."""
    for name, part in (("SEEN", _SEEN), ("PAGE", _PAGE), ("NEWEST", _NEWEST)):
        sql = sql.replace(name, part.replace("\n", "\n" + " " * indent))
    return sql


def _own(condition: str = "") -> str:
    return _page(_OWN.replace("PAGE", f"PAGE\n    AND {condition}" if condition else "PAGE"))


CONVERSATION_PAGE = Published(
    "conversation page",
    "The newest conversations that the viewer sees. Begin with a time and number above all others, go on with"
    " those of the last row. Two lists are cut before they are joined: PostgreSQL would sort all of"
    " v1_conversation.",
    _page(
        """SELECT * FROM (
    SELECT * FROM (
        SELECT SEEN
        FROM v1_own_conversation
        WHERE PAGE
        NEWEST
    ) own
    UNION ALL
    SELECT * FROM (
        SELECT SEEN
        FROM v1_shared_conversation
        WHERE PAGE
        NEWEST
    ) shared
) page
NEWEST""",
        indent=8,
    ),
)
QUERIES = (
    CONVERSATION_PAGE,
    Published(
        "own page",
        "The viewer's inbox: conversations in which he holds a copy.",
        _own(),
    ),
    Published(
        "needs choice",
        "Conversations in which a suggestion waits for an answer, the newest first.",
        _own("needs_choice"),
    ),
    Published(
        "choices of a conversation",
        "What is suggested there: answer with the command that resolves a choice.",
        """SELECT message_id, sort_at, link_id, contact_id, deal_id, score, reason
FROM v1_needs_choice
WHERE company_id = :company AND viewer_user_id = :viewer AND conversation_id = :conversation
ORDER BY sort_at, message_id, score, link_id""",
    ),
    Published(
        "unlinked",
        "Conversations with mail of the viewer that is linked to no contact and no deal, the newest first.",
        _own("unlinked > 0"),
    ),
    Published(
        "unlinked of a conversation",
        "The messages of it that are linked to nothing.",
        """SELECT message_id, sort_at, direction, from_address, from_name, subject, snippet
FROM v1_unlinked
WHERE company_id = :company AND viewer_user_id = :viewer AND conversation_id = :conversation
ORDER BY sort_at, message_id""",
    ),
    Published(
        "message list",
        "A conversation's page. Ask v1_participant, v1_attachment, v1_link and v1_decision with the same"
        " condition for what stands beside the messages.",
        """SELECT message_id, direction, sort_at, from_address, from_name, subject, snippet, new_text,
    body_text, attachment_count, own_sharing, own_comment, own_flagged_at, unseen
FROM v1_message
WHERE company_id = :company AND viewer_user_id = :viewer AND conversation_id = :conversation
ORDER BY sort_at, message_id""",
    ),
    Published(
        "related conversations",
        "Continued from, and continued in.",
        """SELECT related_id, relation
FROM v1_related_conversation
WHERE company_id = :company AND viewer_user_id = :viewer AND conversation_id = :conversation
ORDER BY related_id""",
    ),
    *(
        Published(
            f"{target} timeline",
            f"The newest messages on the page of {article} {target}.",
            _TIMELINE.replace("TARGET", target),
        )
        for article, target in (("a", "deal"), ("a", "contact"), ("an", "organisation"))
    ),
    *(
        Published(
            state.replace("_", " "),
            f"{what}, the newest first. Ask v1_decision with its delivery_id why.",
            _LIST.replace("STATE", state),
        )
        for state, what in (
            ("held", "Mail that waits for the viewer to say what it is"),
            ("set_aside", "Mail that a rule set aside"),
            ("failed", "Mail that could not be filed"),
        )
    ),
    Published(
        "notices",
        "What the viewer was told about his mail, the newest first.",
        """SELECT notice_id, reason, text, advice, about, delivery_id, conversation_id, message_id, state,
    error, created_at, sent_at
FROM v1_notice
WHERE company_id = :company AND viewer_user_id = :viewer AND notice_id < :before_id
ORDER BY notice_id DESC LIMIT :limit""",
    ),
    Published(
        "why is this here",
        "The steps that brought a message, for an owner of a copy.",
        """SELECT delivery_id, state, reason, steps, decided_at
FROM v1_decision
WHERE company_id = :company AND viewer_user_id = :viewer AND message_id = :message
ORDER BY decided_at, delivery_id""",
    ),
)

_HEAD = """# Queries

Written by `python -m bccd.store.published`; a test holds it equal, others hold the plans of these queries to
the indexes on SQLite and PostgreSQL. What the columns mean stands in [the schema](schema.md), how to connect
in [read the tables](../howto/read-the-tables.md).

`:name` is a parameter, to be written as your driver wants it. `:before_at` and `:before_id` are time and
number of the last row that you have; for the first page they are `9999-12-31T23:59:59.999999Z` and
`9223372036854775807`.
"""


def page() -> str:
    """Return docs/reference/queries.md."""
    shown = (f"## {it.name}\n\n{fill(it.purpose, 110)}\n\n```sql\n{it.sql};\n```\n" for it in QUERIES)
    return "\n".join([_HEAD, *shown])


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  what a page is written for
