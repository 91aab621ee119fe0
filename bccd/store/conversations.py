"""Conversations and messages as one user sees them, through the views that other front ends use."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Engine,
    Text,
    bindparam,
    column,
    select,
    table,
    text,
)

from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.named import SeenLink, name_links
from bccd.store.published import CONVERSATION_PAGE, FIRST_PAGE


@dataclass(frozen=True, slots=True)
class SeenParticipant:
    """A party of a message, as the viewer may see it."""

    role: str
    address: str
    name: str
    verdict: str
    contact_id: int | None
    user_id: int | None


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message as one viewer sees it; comment and sharing are those of his own copy."""

    id: int
    subject: str
    direction: str
    sent_at: datetime | None
    received_at: datetime
    from_address: str
    from_name: str
    text: str
    auto_kind: str
    provenance: str
    linked: bool
    own_sharing: str | None
    own_comment: str | None
    participants: tuple[SeenParticipant, ...]
    attachments: tuple[str, ...]
    links: tuple[SeenLink, ...]


@dataclass(frozen=True, slots=True)
class SeenConversation:
    """A conversation as one viewer sees it; messages only where asked for, oldest first."""

    id: int
    subject: str
    snippet: str
    message_count: int
    last_at: datetime
    needs_choice: bool
    linked: bool
    messages: tuple[SeenMessage, ...] = ()


def _view(name: str, *columns: str, times: Collection[str] = ()) -> Any:
    """Describe a view: whose it is, what it tells."""
    all_columns = ("viewer_user_id", "company_id", *columns)
    return table(name, *(column(c, t.Instant) if c in times else column(c) for c in all_columns))


_conversation = _view(
    "v1_conversation",
    "conversation_id", "subject", "snippet", "message_count", "last_at", "needs_choice", "linked",
    times=("last_at",),
)  # fmt: skip
_message = _view(
    "v1_message",
    "message_id", "conversation_id", "subject", "direction", "sent_at", "received_at", "sort_at",
    "from_address", "from_name", "body_text", "auto_kind", "provenance", "linked", "own_sharing",
    "own_comment",
    times=("sent_at", "received_at", "sort_at"),
)  # fmt: skip
_participant = _view(
    "v1_participant",
    "message_id", "conversation_id", "role", "pos", "address", "name", "verdict", "contact_id", "user_id",
)  # fmt: skip
_attachment = _view("v1_attachment", "message_id", "conversation_id", "part", "filename")
_link = _view(
    "v1_link",
    "link_id", "conversation_id", "message_id", "contact_id", "organisation_id", "deal_id", "state", "origin",
    "rule", "score",
)  # fmt: skip


_PAGE: Any = (
    text(CONVERSATION_PAGE.sql)
    .bindparams(bindparam("before_at", type_=t.Instant))
    .columns(
        conversation_id=BigInteger, subject=Text, snippet=Text, message_count=BigInteger, last_at=t.Instant,
        last_message_id=BigInteger, needs_choice=Boolean, linked=Boolean, waiting_since=t.Instant,
        unseen=BigInteger,
    )
)  # fmt: skip


def conversations(engine: Engine, company: int, viewer: int, limit: int = 50) -> list[SeenConversation]:
    """Return the newest conversations that the viewer may see."""
    given = FIRST_PAGE | {"company": company, "viewer": viewer, "limit": limit}
    with reading(engine) as connection:
        return [_seen(row) for row in connection.execute(_PAGE, given)]


def conversation(engine: Engine, company: int, viewer: int, id_: int) -> SeenConversation | None:
    """Return a conversation with its messages; an id that was merged away finds the one it became part of."""
    view = _conversation.c
    with reading(engine) as connection:
        alias = select(t.conversation.c.merged_into).where(
            t.conversation.c.company_id == company, t.conversation.c.id == id_
        )
        found = connection.execute(alias).scalar_one_or_none() or id_
        wanted = select(_conversation).where(
            view.company_id == company, view.viewer_user_id == viewer, view.conversation_id == found
        )
        row = connection.execute(wanted).one_or_none()
        return _seen(row, _messages(connection, company, viewer, found)) if row else None


def _seen(row: Any, messages: tuple[SeenMessage, ...] = ()) -> SeenConversation:
    return SeenConversation(
        row.conversation_id,
        row.subject,
        row.snippet,
        row.message_count,
        row.last_at,
        bool(row.needs_choice),
        bool(row.linked),
        messages,
    )


def _messages(connection: Connection, company: int, viewer: int, id_: int) -> tuple[SeenMessage, ...]:
    def rows(view: Any, *order: str) -> Sequence[Any]:
        wanted = select(view).where(
            view.c.company_id == company, view.c.viewer_user_id == viewer, view.c.conversation_id == id_
        )
        return connection.execute(wanted.order_by(*(view.c[name] for name in order))).all()

    parties: defaultdict[int, list[SeenParticipant]] = defaultdict(list)
    files: defaultdict[int, list[str]] = defaultdict(list)
    for p in rows(_participant, "message_id", "role", "pos"):
        party = SeenParticipant(p.role, p.address, p.name, p.verdict, p.contact_id, p.user_id)
        parties[p.message_id].append(party)
    for file in rows(_attachment, "message_id", "part"):
        files[file.message_id].append(file.filename)
    links = name_links(connection, company, rows(_link, "link_id"))
    return tuple(
        SeenMessage(
            m.message_id, m.subject, m.direction, m.sent_at, m.received_at, m.from_address, m.from_name,
            m.body_text, m.auto_kind, m.provenance, bool(m.linked), m.own_sharing, m.own_comment,
            tuple(parties[m.message_id]), tuple(files[m.message_id]), tuple(links[m.message_id]),
        )
        for m in rows(_message, "sort_at", "message_id")
    )  # fmt: skip
