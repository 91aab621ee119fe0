"""Rows of the outbox, written in the transaction that gives reason to tell a user something."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select

from bccd.model.plan import NewNotice
from bccd.model.policy import Policy
from bccd.rules.reasons import reason_of, said
from bccd.store import tables as t
from bccd.store.rows import to_json

# reason, args, language -> the sentence, what to do
Wording = Callable[[str, Mapping[str, object], str], tuple[str, str]]
WORDING = "bccd_wording"  # execution option of an engine: says reasons in the users' languages


def write(
    connection: Connection, company_id: int, notices: Sequence[tuple[int, NewNotice]], *, address: str = ""
) -> None:
    """Write notices under ids that the clock has given."""
    if not notices:
        return
    wording: Wording = connection.engine.get_execution_options().get(WORDING, _in_english)
    languages = _languages(connection, company_id, {notice.user_id for _, notice in notices})
    rows = [row_of(company_id, id_, notice, languages[notice.user_id], wording) for id_, notice in notices]
    connection.execute(insert(t.outbox), [row | {"address": address} for row in rows])


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
    wanted = select(t.app_user.c.id, t.app_user.c.language, t.company.c.settings).join_from(
        t.app_user, t.company, t.company.c.id == t.app_user.c.company_id
    )
    of = (t.app_user.c.company_id == company_id, t.app_user.c.id.in_(sorted(user_ids)))
    return {
        row.id: row.language or msgspec.json.decode(row.settings, type=Policy).language
        for row in connection.execute(wanted.where(*of))
    }


def _in_english(reason: str, args: Mapping[str, object], language: str) -> tuple[str, str]:
    del language
    known = reason_of(reason)
    return said(known.sentence, args), said(known.advice, args)


def _storable(text: str) -> str:
    """Return text that every database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
