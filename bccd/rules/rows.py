"""A reading to the rows that merely copy what it says."""

from collections.abc import Iterable
from datetime import datetime

from bccd.mail.digest import digest_of
from bccd.model.delivery import Mail
from bccd.model.message import Content, Mailbox
from bccd.model.plan import NewAttachment, NewCopy, NewMessage, NewParticipant
from bccd.model.strand import Strand
from bccd.rules.admit import without_secret
from bccd.rules.dedupe import weak_key
from bccd.rules.direction import Reading
from bccd.rules.match import Match, Verdict

SNIPPET = 160  # characters
MAX_TEXT = 1_000_000  # characters, rules.md 12
MAX_PARTICIPANTS = 1_000


def moments(content: Content, received: datetime) -> tuple[datetime | None, datetime]:
    """Return when a mail was sent, and where it sorts: never after its receipt (rules.md 4)."""
    sent = min(content.date, received) if content.date else None
    return sent, sent or received


def message_row(
    mail: Mail,
    reading: Reading,
    tied: Strand,
    conversation_id: int,
    keys: tuple[bytes, bytes],
    *,
    shared: bool,
    linked: bool,
    reused: bool,
) -> NewMessage:
    """Return the message row; `keys` are its id key and its identity key."""
    content, received = reading.content, mail.delivery.received_at
    sender = content.sender or Mailbox("", "")
    sent_at, sort_at = moments(content, received)
    return NewMessage(
        tied.message_id,
        conversation_id,
        *keys,
        content.message_id,
        content.in_reply_to[0] if content.in_reply_to else "",
        content.subject,
        tied.base,
        reading.direction,
        sent_at,
        received,
        sort_at,
        sender.address,
        sender.name,
        " ".join((content.new_text or content.text)[: 4 * SNIPPET].split())[:SNIPPET],
        content.text[:MAX_TEXT],
        content.new_text[:MAX_TEXT],
        str(content.auto),
        reading.provenance,
        len(content.attachments),
        mail.delivery.size,
        digest_of(content),
        shared,
        linked,
        reused,
        "\n".join(tied.parents),
        tied.thread_index or None,
        tied.calendar_uid,
        "\n".join(tied.parties),
        tied.broadcast,
        weak_key(content),
        content.auto_reason,
        " ".join(content.marks),
        content.html,
    )


def participant_rows(
    content: Content, matches: dict[str, Match], message_id: int, copies: Iterable[NewCopy]
) -> tuple[NewParticipant, ...]:
    """Return one row a mailbox; Bcc rows belong to a copy alone (decisions.md 1), each has its own."""
    one = {"from": content.sender, "sender": content.actual_sender}
    roles: list[tuple[str, Iterable[Mailbox]]] = [(role, (box,)) for role, box in one.items() if box]
    roles += [("reply_to", content.reply_to), ("to", content.to), ("cc", content.cc)]
    listed = [(role, 0, boxes) for role, boxes in roles]
    listed += [("bcc", copy.id, content.bcc) for copy in copies]
    rows = [
        _participant(message_id, (role, pos, copy_id), box, matches.get(box.address))
        for role, copy_id, boxes in listed
        for pos, box in enumerate(boxes)
    ]
    return tuple(rows[:MAX_PARTICIPANTS])


def _participant(
    message_id: int, place: tuple[str, int, int], box: Mailbox, match: Match | None
) -> NewParticipant:
    role, pos, copy_id = place
    verdict = match.verdict if match else (Verdict.UNKNOWN if box.address else Verdict.NO_ADDRESS)
    return NewParticipant(
        message_id,
        role,
        pos,
        copy_id,
        without_secret(box.address) if verdict is Verdict.SERVICE else box.address,
        box.name,
        verdict,
        match.contact.id if match and match.contact else None,
        match.user_id if match else None,
    )


def attachment_rows(content: Content, mail: Mail, message_id: int) -> tuple[NewAttachment, ...]:
    """Return one row an attachment, with the raw mail that holds its octets."""
    return tuple(NewAttachment(message_id, mail.delivery.raw_sha256, file) for file in content.attachments)
