"""What is shown of an anatomy, as titled lists of names and values: the same in a terminal and on a page."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bccd.mail.anatomy.shape import Anatomy, Author, File, Mail, Original, Part, Person

Row = tuple[str, str]

KINDS = {
    "note": "note of the forwarder",
    "header": "forwarded header",
    "original": "original",
    "new": "new text",
    "attribution": "line above a quote",
    "quoted": "quoted",
    "signature": "signature",
    "disclaimer": "disclaimer",
}


class Section(NamedTuple):
    """A title and what stands below it."""

    title: str
    rows: list[Row]


def sections(found: Anatomy) -> Iterator[Section]:
    """Yield what is known of a mail, without its text; what is empty is left out."""
    for number, original in enumerate(found.forwards, 1):
        count = f" {number} of {len(found.forwards)}" if len(found.forwards) > 1 else ""
        yield Section(f"Original{count}", [row for row in _original(original) if row[1]])
    if found.candidates:
        yield Section("Who may have written it", [("", person(one)) for one in found.candidates])
    yield Section("Mail", [row for row in _mail(found.mail) if row[1]])
    if found.mail.attachments:
        yield Section("Attachments", [_file(file) for file in found.mail.attachments])


def verdict(found: Anatomy) -> str:
    """Say in a sentence what the mail is."""
    mail, forward = found.mail, found.forward
    if forward.found:
        who = person(forward.sender) or "somebody who is not named"
        doubt = "" if forward.sure else ", which is not enough to be filed without asking"
        return f"{_HOW.get(forward.kind, '')} {who}, with a confidence of {forward.confidence:.2f}{doubt}."
    what = f"Automatic mail ({mail.automatic.kind})" if mail.automatic.kind else "A mail"
    doubt = ", unless what looks like one is" if found.forwards else ""
    return f"{what} that carries no other mail{doubt}."


_HOW = {
    "attached": "It has attached a mail of",
    "inline": "It forwards or quotes in its text a mail of",
    "resent": "It is a redirected mail of",
}


def person(one: Person | Author | None) -> str:
    """Write somebody as a header does."""
    if one is None:
        return ""
    return f"{one.name} <{one.address}>" if one.name and one.address else one.name or one.address


def people(many: Iterable[Person]) -> str:
    """Write several as a header does."""
    return ", ".join(map(person, many))


def octets(size: int) -> str:
    """Write a size."""
    if size < 1024:  # noqa: PLR2004 - what a kilo is
        return f"{size} octets"
    return f"{size / 1024:.0f} KiB" if size < 1024**2 else f"{size / 1024**2:.1f} MiB"


def part_line(part: Part) -> str:
    """Write a part of the MIME tree in one line."""
    words = [part.number, part.media_type, part.charset, part.encoding, part.disposition, part.name]
    return f"{' '.join(word for word in words if word)} ({part.role}, {octets(part.size)})"


def _original(original: Original) -> Iterator[Row]:
    sender = original.sender
    yield "found", "yes" if original.found else "no, it may be one"
    yield (
        "how",
        f"{original.kind}, confidence {original.confidence:.2f}{'' if original.sure else ', not sure'}",
    )
    yield "evidence", ", ".join(original.evidence)
    yield "from", person(sender)
    yield "sent by", person(sender.on_behalf_of) if sender else ""
    yield "to", people(original.to)
    yield "cc", people(original.cc)
    yield "reply to", people(original.reply_to)
    yield "subject", original.subject
    yield "date", original.date or ""
    yield "message id", original.message_id
    yield "files", ", ".join(file.name or file.media_type for file in original.attachments)
    for number, quote in enumerate(original.chain, 1):
        words = " ".join(quote.text.split())[:60]
        yield f"quotes {number}", "  ".join(filter(None, (quote.date, person(quote.sender), words)))


def _mail(mail: Mail) -> Iterator[Row]:
    yield "from", person(mail.sender)
    yield "sender", person(mail.sent_by)
    yield "reply to", people(mail.reply_to)
    yield "to", people(mail.to)
    yield "cc", people(mail.cc)
    yield "bcc", people(mail.bcc)
    yield "date", mail.date or ""
    yield "subject", mail.subject
    yield "message id", mail.message_id
    yield "in reply to", " ".join(mail.in_reply_to)
    yield "references", " ".join(mail.references)
    yield "list", mail.list_id
    yield "automatic", " ".join(filter(None, (mail.automatic.kind, mail.automatic.reason)))
    if mail.reported is not None:
        yield "reports on", " ".join(filter(None, (mail.reported.message_id, mail.reported.subject)))
        for one in mail.reported.recipients:
            yield "recipient", f"{one.address} {one.action} {one.status} {one.diagnostic}".strip()
    yield "event", mail.calendar_uid
    yield "marks", ", ".join(mail.marks)
    yield "defects", ", ".join(mail.defects)
    yield "size", octets(mail.size)


def _file(file: File) -> Row:
    shown = ", shown in the text" if file.shown else ""
    inside = f", in {file.within}" if file.within else ""
    return file.part, f"{file.name or '(no name)'}  {file.media_type}, {octets(file.size)}{shown}{inside}"
