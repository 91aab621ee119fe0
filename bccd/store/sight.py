"""What one audience sees of a conversation: added to by one message, or worked out anew from all of them."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

MAX_LIST = 10_000  # values in one IN list
AT_ONCE = 100  # conversations worked out by one statement: it compares all their messages with one another

_ids: Any = bindparam("ids", expanding=True)

_CLEAR = text(
    "DELETE FROM conversation_audience WHERE company_id = :company AND conversation_id IN :ids"
).bindparams(_ids)
_WORK_OUT = text(
    """
    INSERT INTO conversation_audience (company_id, conversation_id, audience_id, subject, snippet,
        message_count, last_at, last_message_id, needs_choice, linked, waiting_since, last_out_at, unseen,
        unlinked)
    WITH mail AS (
        SELECT m.id, m.conversation_id, m.sort_at, m.subject, m.snippet, m.linked, m.direction, m.auto_kind,
            m.provenance,
            CASE WHEN m.shared AND m.linked THEN 1 ELSE 0 END AS is_open,
            CASE WHEN EXISTS (SELECT 1 FROM link l WHERE l.company_id = m.company_id
                AND l.conversation_id = m.conversation_id AND l.message_id = m.id
                AND l.organisation_id IS NULL AND l.state = 'suggested') THEN 1 ELSE 0 END AS choice
        FROM message m
        WHERE m.company_id = :company AND m.conversation_id IN :ids AND m.erased_at IS NULL
    ), own AS (
        SELECT c.owner_id AS user_id, mail.id, mail.conversation_id,
            CASE WHEN coalesce(c.filed_by, c.owner_id) = c.owner_id THEN 1 ELSE 0 END AS filed
        FROM mail JOIN message_copy c ON c.company_id = :company AND c.message_id = mail.id
    ), audience AS (
        SELECT 0 AS audience_id, conversation_id FROM mail WHERE is_open = 1
        UNION
        SELECT user_id, conversation_id FROM own
    ), seen AS (
        SELECT a.audience_id, mail.*,
            CASE WHEN own.id IS NOT NULL AND NOT mail.linked THEN 1 ELSE 0 END AS to_link,
            CASE WHEN a.audience_id = 0 OR own.filed = 1 OR s.seen_at IS NOT NULL THEN 0 ELSE 1 END AS is_new,
            max(CASE WHEN mail.direction = 'outgoing' THEN mail.sort_at END)
                OVER (PARTITION BY a.audience_id, mail.conversation_id) AS last_out
        FROM audience a
        JOIN mail ON mail.conversation_id = a.conversation_id
        LEFT JOIN own ON own.user_id = a.audience_id AND own.id = mail.id
        LEFT JOIN message_user_state s
            ON s.company_id = :company AND s.user_id = a.audience_id AND s.message_id = mail.id
        WHERE mail.is_open = 1 OR own.id IS NOT NULL
    ), ranked AS (
        SELECT seen.*,
            row_number() OVER (PARTITION BY audience_id, conversation_id ORDER BY sort_at DESC, id DESC)
                AS place,
            count(*) OVER everything AS message_count,
            max(choice) OVER everything AS any_choice,
            max(CASE WHEN linked THEN 1 ELSE 0 END) OVER everything AS any_linked,
            min(CASE WHEN direction = 'incoming' AND auto_kind = '' AND provenance <> 'import'
                AND (last_out IS NULL OR sort_at > last_out) THEN sort_at END) OVER everything AS waiting,
            sum(is_new) OVER everything AS all_new,
            sum(to_link) OVER everything AS all_to_link
        FROM seen
        WINDOW everything AS (PARTITION BY audience_id, conversation_id)
    )
    SELECT CAST(:company AS BIGINT), conversation_id, audience_id, subject, snippet, message_count, sort_at,
        id, any_choice = 1, any_linked = 1, waiting, last_out, all_new, all_to_link
    FROM ranked WHERE place = 1
    """
).bindparams(_ids)


Moment = Any  # as the database keeps it: text on SQLite, which sorts as time does


class Sight(NamedTuple):
    """What one audience sees of a conversation: the columns of its row, in their order."""

    subject: str
    snippet: str
    message_count: int
    last_at: Moment
    last_message_id: int
    needs_choice: bool
    linked: bool
    waiting_since: Moment | None
    last_out_at: Moment | None
    unseen: int
    unlinked: int


def add(sight: Sight | None, mail: Any, *, is_new: bool, own: bool) -> Sight | None:
    """Return what is seen once a further message is; None where only all of them together tell that.

    `is_new` says that the audience is a user who neither filed nor saw it, `own` that he holds a copy.
    """
    said = mail.direction == "incoming" and not mail.auto_kind and mail.provenance != "import"
    out = mail.sort_at if mail.direction == "outgoing" else None
    waiting = mail.sort_at if said else None
    unlinked = int(own and not mail.linked)
    choice, linked = bool(mail.choice), bool(mail.linked)
    if sight is None:
        return Sight(
            mail.subject, mail.snippet, 1, mail.sort_at, mail.id, choice, linked, waiting, out, int(is_new),
            unlinked,
        )  # fmt: skip
    since, last_out = sight.waiting_since, sight.last_out_at
    if waiting and (last_out is None or waiting > last_out):
        since = min(waiting, since or waiting)
    if out and (last_out is None or out > last_out):
        last_out = out
        if since and since <= out:
            if out < sight.last_at:
                return None  # who wrote after this answer is not known here
            since = None
    count, unseen, unlinked = sight.message_count + 1, sight.unseen + is_new, sight.unlinked + unlinked
    choice, linked = sight.needs_choice or choice, sight.linked or linked
    newest = mail if (mail.sort_at, mail.id) > (sight.last_at, sight.last_message_id) else None
    return Sight(
        newest.subject if newest else sight.subject,
        newest.snippet if newest else sight.snippet,
        count,
        newest.sort_at if newest else sight.last_at,
        newest.id if newest else sight.last_message_id,
        choice, linked, since, last_out, unseen, unlinked,
    )  # fmt: skip


def work_out(connection: Connection, company_id: int, conversation_ids: Collection[int]) -> None:
    """Write what each audience sees of these conversations anew, by looking at all their messages.

    For whoever changed stored messages, copies, links or states, or moved messages: call it last, within the
    transaction that holds the company's clock, with the conversations that lost something too.
    """
    for ids in cut(conversation_ids, AT_ONCE):
        connection.execute(_CLEAR, {"company": company_id, "ids": ids})
        connection.execute(_WORK_OUT, {"company": company_id, "ids": ids})


def cut(values: Collection[int], size: int = MAX_LIST) -> list[list[int]]:
    """Return the values in lists that a statement may hold."""
    listed = list(values)
    return [listed[at : at + size] for at in range(0, len(listed), size)]
