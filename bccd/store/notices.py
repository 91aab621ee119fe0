"""Rows of the outbox, written in the transaction that gives reason to tell a user something."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, select

from bccd.model.plan import NewNotice
from bccd.model.policy import Policy
from bccd.rules.reasons import reason_of, said
from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.inserts import insert_rows, stamp_for
from bccd.store.lists import any_of
from bccd.store.rows import to_json

# reason, args, language -> the sentence, what to do
Wording = Callable[[str, Mapping[str, object], str], tuple[str, str]]
WORDING = "bccd_wording"  # execution option of an engine: says reasons in the users' languages

_COLUMNS = (  # in the table's order
    "company_id", "id", "user_id", "address", "reason", "args", "about", "text", "advice", "delivery_id",
    "conversation_id", "message_id", "created_at", "due_at",
)  # fmt: skip
_LANGUAGES = Statement(
    select(t.app_user.c.id, t.app_user.c.language, t.company.c.settings)
    .join_from(t.app_user, t.company, t.company.c.id == t.app_user.c.company_id)
    .where(t.app_user.c.company_id == bindparam("company"), any_of(t.app_user.c.id, "users"))
)


def write(
    connection: Connection, company_id: int, notices: Sequence[tuple[int, NewNotice]], *, address: str = ""
) -> None:
    """Write notices under ids that the clock has given."""
    if not notices:
        return
    wording: Wording = connection.engine.get_execution_options().get(WORDING, _in_english)
    languages = _languages(connection, company_id, {notice.user_id for _, notice in notices})
    stamp, rows = stamp_for(connection.dialect), []
    for id_, notice in notices:
        at, row = stamp(notice.at), row_of(company_id, id_, notice, languages[notice.user_id], wording)
        row |= {"address": address, "created_at": at, "due_at": at}
        rows.append(tuple(row[name] for name in _COLUMNS))
    insert_rows(connection, t.outbox, _COLUMNS, rows)


def answer(connection: Connection, company_id: int, notices: Sequence[NewNotice]) -> None:
    """Write answers to rehearsals under their own ids, each where it was written to; only once each."""
    for notice in notices:
        of = (t.outbox.c.company_id == company_id, t.outbox.c.id == notice.id)
        if connection.execute(select(t.outbox.c.id).where(*of)).first() is None:
            args = dict(notice.args)
            address = str(args.pop("address", ""))
            write(connection, company_id, [(notice.id, replace(notice, args=args))], address=address)


def row_of(
    company_id: int, id_: int, notice: NewNotice, language: str, wording: Wording | None = None
) -> dict[str, Any]:
    """Return a notice's row, but for the address."""
    args = dict(notice.args)
    about = str(args.pop("about", ""))
    text, advice = (wording or _in_english)(notice.reason, args, language)
    return {
        "company_id": company_id, "id": id_, "user_id": notice.user_id, "reason": notice.reason,
        "args": to_json(args), "about": _storable(about), "text": _storable(text),
        "advice": _storable(advice), "delivery_id": notice.delivery_id,
        "conversation_id": notice.conversation_id, "message_id": notice.message_id,
        "created_at": notice.at, "due_at": notice.at,
    }  # fmt: skip


def _languages(connection: Connection, company_id: int, user_ids: set[int]) -> dict[int, str]:
    rows = _LANGUAGES.rows(connection, {"company": company_id, "users": user_ids})
    return {id_: own or msgspec.json.decode(settings, type=Policy).language for id_, own, settings in rows}


def _in_english(reason: str, args: Mapping[str, object], language: str) -> tuple[str, str]:
    del language
    known = reason_of(reason)
    return said(known.sentence, args), said(known.advice, args)


def _storable(text: str) -> str:
    """Return text that every database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
