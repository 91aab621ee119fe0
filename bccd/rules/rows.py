"""A reading to the rows that merely copy what it says."""

from collections.abc import Iterable
from datetime import datetime

from bccd.mail.digest import digest_of
from bccd.model.delivery import Mail
from bccd.model.message import Content, Mailbox
from bccd.model.plan import NewAttachment, NewCopy, NewMessage, NewParticipant
from bccd.model.strand import Strand
from bccd.rules.admit import without_secret
from bccd.rules.dedupe import Keys, roles
from bccd.rules.direction import Reading
from bccd.rules.match import Match, Verdict

SNIPPET = 160  # characters
_WHITE = 40  # characters of it that mostly go
MAX_TEXT = 1_000_000  # characters, rules.md 12
MAX_PARTICIPANTS = 1_000


def moments(content: Content, received: datetime) -> tuple[datetime | None, datetime]:
    """Return when a mail was sent, and where it sorts: never after its receipt (rules.md 4)."""
    sent = min(content.date, received) if content.date else None
    return sent, sent or received


def snippet(text: str) -> str:
    """Return the first words of a text on one line."""
    words = " ".join(text[: SNIPPET + _WHITE].split())
    if len(words) < SNIPPET:  # there is more white space
        words = " ".join(text[: 4 * SNIPPET].split())
    return words[:SNIPPET]


def message_row(
    mail: Mail,
    reading: Reading,
    tied: Strand,
    conversation_id: int,
    keys: Keys,
    *,
    shared: bool,
    linked: bool,
    reused: bool,
) -> NewMessage:
    """Return the message row."""
    content, received = reading.content, mail.delivery.received_at
    sender = content.sender or Mailbox("", "")
    sent_at, sort_at = moments(content, received)
    return NewMessage(
        tied.message_id,
        conversation_id,
        keys.id,
        keys.identity,
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
        snippet(content.new_text or content.text),
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
        keys.weak,
        content.auto_reason,
        " ".join(content.marks),
        content.html,
    )


def participant_rows(
    content: Content, matches: dict[str, Match], message_id: int, copies: Iterable[NewCopy]
) -> tuple[NewParticipant, ...]:
    """Return one row a mailbox; Bcc rows belong to a copy alone (decisions.md 1), each has its own."""
    listed = [(role, 0, boxes) for role, boxes in roles(content)]
    if content.bcc:
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
    if match is None:
        verdict = Verdict.UNKNOWN if box.address else Verdict.NO_ADDRESS
        return NewParticipant(message_id, *place, box.address, box.name, verdict, None, None)
    shown = without_secret(box.address) if match.verdict is Verdict.SERVICE else box.address
    contact = match.contact.id if match.contact else None
    return NewParticipant(message_id, *place, shown, box.name, match.verdict, contact, match.user_id)


def attachment_rows(content: Content, mail: Mail, message_id: int) -> tuple[NewAttachment, ...]:
    """Return one row an attachment, with the raw mail that holds its octets."""
    return tuple(NewAttachment(message_id, mail.delivery.raw_sha256, file) for file in content.attachments)
