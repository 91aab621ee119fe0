"""Deletes a copy, and with the last one what the message said; what ties conversations together stays."""

from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from bccd.model.command import DeleteCopy
from bccd.model.delivery import DeliveryState
from bccd.model.events import EventKind
from bccd.store import tables as t
from bccd.store.editing import Editing, Gone

_SAID = {
    "subject": "",
    "from_address": "",
    "from_name": "",
    "snippet": "",
    "body_text": "",
    "new_text": "",
    "attachment_count": 0,
    "size": 0,
    "content_digest": b"",
    "weak_key": None,
    "auto_reason": "",
    "marks": "",
    "body_html": "",
    "msgid_reused": False,
}
_OF_MESSAGE = (t.participant, t.attachment, t.message_user_state)


def delete_copy(at: Editing, one: DeleteCopy) -> None:
    """Delete a copy with all that is its owner's alone; its octets go once this is committed."""
    copies = t.message_copy.c
    of_company = copies.company_id == at.company_id
    copy = at.connection.execute(select(t.message_copy).where(of_company, copies.id == one.copy_id)).one()
    others = select(func.count()).where(
        of_company, copies.message_id == one.message_id, copies.id != one.copy_id
    )
    is_last = not at.connection.execute(others).scalar_one()
    of_copy = (t.participant.c.company_id == at.company_id, t.participant.c.message_id == one.message_id)
    at.connection.execute(delete(t.participant).where(*of_copy, t.participant.c.copy_id == one.copy_id))
    gone = _forget_deliveries(at, copy, is_last=is_last)
    told = (t.outbox.c.company_id == at.company_id, t.outbox.c.message_id == one.message_id)
    whose = () if is_last else (t.outbox.c.user_id == copy.owner_id,)  # a team's mail is told to its members
    at.connection.execute(delete(t.outbox).where(*told, *whose))
    at.connection.execute(delete(t.message_copy).where(of_company, copies.id == one.copy_id))
    at.gone += [Gone(copy.delivery_id, copy.raw_sha256), *gone]
    if is_last:
        _erase(at, one.message_id)
    else:
        at.watched.note(EventKind.MESSAGE_UPDATED, one.message_id, user_id=at.actor_id)


def _forget_deliveries(at: Editing, copy: Any, *, is_last: bool) -> list[Gone]:
    """Delete what is known of the mails that brought the copy; one that brought others, too, is kept."""
    d, copies = t.delivery.c, t.message_copy.c
    about = (d.company_id == at.company_id, d.message_id == copy.message_id)
    mine = or_(d.copy_id == copy.id, d.id == copy.delivery_id, d.user_id == copy.owner_id)
    rows = at.connection.execute(select(t.delivery).where(*about, *(() if is_last else (mine,)))).all()
    gone = []
    for row in rows:
        brought = select(copies.id).where(
            copies.company_id == at.company_id,
            copies.raw_sha256 == row.raw_sha256,
            copies.delivery_id == row.id,
            copies.id != copy.id,
        )
        if row.state == DeliveryState.FILED and at.connection.execute(brought).first() is None:
            forget_delivery(at, row.id)
            gone.append(Gone(row.id, row.raw_sha256))
        elif is_last or row.copy_id == copy.id:
            of = (d.company_id == at.company_id, d.id == row.id)
            lost = {"copy_id": None} | ({"message_id": None} if is_last else {})
            at.connection.execute(update(t.delivery).where(*of).values(lost))
    return gone


def forget_delivery(at: Editing, delivery_id: int) -> None:
    """Delete a delivery's rows."""
    forget_rows(at.connection, at.company_id, delivery_id)
    d = t.delivery.c
    at.connection.execute(delete(t.delivery).where(d.company_id == at.company_id, d.id == delivery_id))


def forget_rows(connection: Connection, company_id: int, delivery_id: int) -> None:
    """Delete what hangs on a delivery."""
    for table in (t.decision, t.delivery_recipient, t.ruling, t.outbox, t.confirmation):
        of = (table.c.company_id == company_id, table.c.delivery_id == delivery_id)
        connection.execute(delete(table).where(*of))


def _erase(at: Editing, message_id: int) -> None:
    """Blank a message that nobody has any more; the same mail sent in again is another."""
    m = t.message.c
    of = (m.company_id == at.company_id, m.id == message_id)
    for table in _OF_MESSAGE:
        mine = (table.c.company_id == at.company_id, table.c.message_id == message_id)
        at.connection.execute(delete(table).where(*mine))
    row = at.connection.execute(select(m.id_key, m.identity_key, m.conversation_id).where(*of)).one()
    link = t.link.c
    linked = (
        link.conversation_id == row.conversation_id,
        link.message_id == message_id,
    )  # as its index leads
    at.connection.execute(delete(t.link).where(link.company_id == at.company_id, *linked))
    keys = {"id_key": _salted(row.id_key, message_id), "identity_key": _salted(row.identity_key, message_id)}
    at.connection.execute(update(t.message).where(*of).values(_SAID | keys | {"erased_at": at.now}))
    at.watched.erased.add(message_id)


def _salted(key: bytes, message_id: int) -> bytes:
    return blake2b(key, digest_size=16, salt=message_id.to_bytes(16)).digest()
