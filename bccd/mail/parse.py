"""One mail, from octets to a Message: the whole grammar in the order in which it applies.

parse() never raises and its time is linear in the octets; what it had to overlook stands in Message.defects.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from bccd.mail.addresses import ADDRESSES_CAP, mailboxes
from bccd.mail.auto import Told, is_broadcast, list_id
from bccd.mail.automatic import automatic
from bccd.mail.body import Body, read_body
from bccd.mail.calendar import event_uid
from bccd.mail.dates import date_offset, parse_date
from bccd.mail.defects import Defect
from bccd.mail.digest import digest_of, weak_digest
from bccd.mail.forward import (
    Around,
    Frame,
    Inline,
    attached_in,
    chain_of,
    files_of,
    find_inline,
    frame_of,
    markup_of,
    may_hold_inline,
    without_tail,
)
from bccd.mail.forward.confidence import with_subject
from bccd.mail.forward.seasons import placed
from bccd.mail.fromfield import StrictFrom, strict_from
from bccd.mail.headers import header_section, values
from bccd.mail.lists import list_addresses
from bccd.mail.msgid import message_id, message_ids, other_ids
from bccd.mail.part import Part
from bccd.mail.recall import recalled
from bccd.mail.reply import new_text
from bccd.mail.report import reported
from bccd.mail.sanitise import Safe, sanitised
from bccd.mail.sealed import open_tree
from bccd.mail.subject import is_forward, is_reply, without_prefix
from bccd.mail.thread_index import thread_guid, zone_by_thread
from bccd.mail.words import unstructured
from bccd.model.message import Attachment, AutoKind, Content, Forward, ForwardKind, Mailbox, Message

_Sanitise = Callable[[str, Mapping[str, str]], Safe]
_Fields = Mapping[bytes, Sequence[bytes]]  # values by lower-case name
_NOT_SAFE = _NO_HTML = Safe("", 0, whole=True)
_SUBJECT_CAP = 4_000  # characters
_MARK = "\ufeff"
_RESENT = (b"resent-from", b"resent-sender", b"resent-message-id", b"resent-to", b"resent-date")
_REPORTS = (AutoKind.DSN, AutoKind.MDN)


def parse(raw: bytes, *, safe_html: bool = True, chains: bool = True) -> Message:
    """Read a mail; any octets are one. Without `safe_html` no Content.html is made, half of the work.

    Without `chains` no Forward.chain is read: the history in an original, which nothing files.
    """
    tree = open_tree(raw)
    reader = _Reader(tree.defects, sanitised if safe_html else _unsafe, chains=chains)
    content, forwards, note = reader.mail(tree.root)
    content = _by_author(content, strict_from(header_section(raw)))
    if len(values(tree.root.fields, b"from")) > 1:
        tree.defects[Defect.MANY_FROM] = None
    return Message(
        content=content,
        forwards=forwards,
        note=note,
        list_id=list_id(tree.root.first(b"list-id")),
        list_addresses=list_addresses(tree.root),
        size=len(raw),
        defects=tuple(sorted(tree.defects)),
    )


def to_file(raw: bytes) -> Message:
    """Read a mail as far as it is filed."""
    return parse(raw, chains=False)


def _by_author(content: Content, author: StrictFrom) -> Content:
    """Show as author whom the strict reader found, who was proven: no other reader may differ."""
    sender = content.sender
    if author.defect or (sender is not None and sender.address == author.address and content.from_count == 1):
        return content
    return replace(content, sender=Mailbox(author.name, author.address), from_count=1)


def _unsafe(_html: str, _parts: Mapping[str, str]) -> Safe:
    return _NOT_SAFE


class _Given(NamedTuple):
    """What a wrapper gives to the original in its text."""

    files: tuple[Attachment, ...] = ()
    calendar_uid: str = ""
    safe: Safe = _NO_HTML
    message_id: str = ""
    references: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    text: str = ""  # all of it, the original's in it


_NOTHING = _Given()


@dataclasses.dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a mail and the mails it holds; adds to `defects`."""

    defects: dict[Defect, None]
    sanitise: _Sanitise
    chains: bool

    def mail(self, part: Part) -> tuple[Content, tuple[Forward, ...], str]:
        """Read the mail whose top part this is: the mail, what it forwards, and the forwarder's own words."""
        body = read_body(part)
        self.defects.update(body.defects)
        subject = _subject(part, body)
        fields = _by_name(part)
        first = {name: found[0] for name, found in fields.items()}
        auto = automatic(part, first, body, subject)
        broadcast = is_broadcast(first, auto.kind)
        content = recalled(_content(part, body, subject, auto, fields, broadcast=broadcast))
        safe = self._safe(body.html, body)
        around = _around(part, content) if _may_forward(body, subject) else None
        inline = _inline(body, subject, around) if around else None
        frame = frame_of(inline, body.html, around) if inline and around else None
        inline = without_tail(inline, body.html, frame, content) if inline else None
        content = _whole(content, _own_words(content, inline), safe)
        if max(len(content.to), len(content.cc), len(content.bcc)) >= ADDRESSES_CAP:
            self.defects[Defect.ADDRESSES_CUT] = None
        attached: tuple[Forward, ...] = ()
        # What a report returns is nothing that a person forwards.
        if body.messages and auto.kind not in _REPORTS and part.media_type != "multipart/report":
            attached = tuple(self._attached(message) for message in body.messages)
        resent = self._resent(part, content, fields)
        if inline is None or around is None:
            return content, (*attached, *resent), content.new_text if attached else ""
        within = attached if _is_announced(inline.forwards[0], subject) else ()
        given = self._given(content, body, frame, fields)
        around = _by_thread(around, part, inline.forwards[0])
        found = [
            self._original(
                forward, subject, around, given=_NOTHING if number else given, within=() if number else within
            )
            for number, forward in enumerate(inline.forwards)
        ]
        return content, (*(() if within else attached), *resent, *found), inline.note

    def _safe(self, html: str, body: Body) -> Safe:
        """Make HTML of a body safe to show; the pictures that the mail carries are named by their parts."""
        safe = self.sanitise(
            html, {file.content_id: file.part for file in body.attachments if file.content_id}
        )
        if not safe.whole:
            self.defects[Defect.HTML_UNSAFE] = None
        return safe

    def _attached(self, message: Part) -> Forward:
        """Read a part that is a whole mail."""
        part = message.children[0]
        content, inner, _ = self.mail(part)
        evidence = (f"part:{message.number}:{message.media_type}",)
        forward = Forward(ForwardKind.ATTACHED, content, evidence, 1.0, inner)
        return self._chained(forward, _around(part, content))

    def _resent(self, part: Part, content: Content, fields: _Fields) -> Iterator[Forward]:
        """Give the mail itself as the original if it was resent (RFC 5322 3.6.6)."""
        seen = [name.decode("ascii") for name in _RESENT if name in fields]
        if not seen:
            return
        evidence = [f"header:{name}" for name in seen]
        for name in (b"resent-from", b"resent-sender"):
            senders = mailboxes(part.first(name))
            evidence += [f"{name.decode('ascii')}:{one.address}" for one in senders[:1] if one.address]
        forward = Forward(ForwardKind.RESENT, content, tuple(evidence), 1.0)
        yield self._chained(forward, _around(part, content))

    def _chained(self, forward: Forward, around: Around) -> Forward:
        """Add the history in the original's text, and the whole mails attached inside it."""
        if not self.chains:
            return forward
        nearer = dataclasses.replace(around, latest=forward.original.date or around.latest)
        return replace(forward, chain=(*chain_of(forward.original.text, nearer), *attached_in(forward)))

    def _given(self, content: Content, body: Body, frame: Frame | None, fields: _Fields) -> _Given:
        """Tell what is attached to the wrapper, its part of the HTML, and the ids in the header section."""
        files = files_of(content.attachments, body.html, frame)
        return _Given(
            files,
            content.calendar_uid if files else "",
            self._safe(markup_of(frame, body.html), body),
            *_ids_of_original(content, fields),
            content.text,
        )

    def _original(
        self, forward: Forward, subject: str, around: Around, *, given: _Given, within: tuple[Forward, ...]
    ) -> Forward:
        """Put together what is known of an original in the text under this subject."""
        forward = _dated(with_subject(forward, subject), around)
        original, evidence = forward.original, forward.evidence
        # The history is cut off by the rules for any mail, so that the words are the same.
        own = new_text(original.new_text, reply=is_reply(original.subject))
        if not original.subject and is_forward(subject):  # the client wrote none above the original
            original = replace(original, subject=without_prefix(subject))
            evidence = (*evidence, "subject:of-wrapper")
        if given.files:
            original = replace(original, attachments=given.files, calendar_uid=given.calendar_uid)
        forward = replace(
            forward,
            original=_whole(original, own, given.safe, given),
            evidence=(*evidence, *given.evidence),
            inner=(*forward.inner, *within),
        )
        return self._chained(forward, around)


def _whole(content: Content, new_text: str, safe: Safe, given: _Given = _NOTHING) -> Content:
    """Add the author's own words, what may be shown, the digests, and the ids that a wrapper gives."""
    marks = (*content.marks, f"remote:{safe.blocked}") if safe.blocked else content.marks
    return replace(
        content,
        new_text=new_text,
        html=safe.html,
        marks=marks,
        digest=digest_of(content, given.text),
        weak_text=weak_digest(new_text, content.text, given.text),
        message_id=given.message_id or content.message_id,
        references=given.references or content.references,
    )


def _is_announced(forward: Forward, subject: str) -> bool:
    """Tell whether the client forwarded the mail in this text: what is attached was attached to that mail.

    Its author may attach a mail in anybody's name; only the forwarder's own are originals of their own.
    """
    return is_forward(subject) or any(item.startswith("marker:") for item in forward.evidence)


def _may_forward(body: Body, subject: str) -> bool:
    """Tell cheaply whether the text may hold an original."""
    if not body.text and not body.html:
        return False
    return is_forward(subject) or may_hold_inline(body.text, body.html)


def _inline(body: Body, subject: str, around: Around) -> Inline | None:
    """Find what the text forwards.

    The mark that Outlook for Mac puts at the very top was decoded as a byte order mark, and is gone.
    """
    found = find_inline(body.text, body.html, around)
    return find_inline(f"{_MARK}{body.text}", "", around) if found is None and is_forward(subject) else found


def _subject(part: Part, body: Body) -> str:
    hint = part.params.get("charset", "") or body.charset
    return " ".join(unstructured(part.first(b"subject"), hint)[:_SUBJECT_CAP].split())


def _by_name(part: Part) -> _Fields:
    """Gather the values of each field by its lower-case name, in order."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in part.fields:
        found.setdefault(name, []).append(value)
    return found


def _first(fields: _Fields, name: bytes) -> bytes:
    return fields[name][0] if name in fields else b""


def _content(
    part: Part, body: Body, subject: str, told: Told, fields: _Fields, *, broadcast: bool
) -> Content:
    """Return what the header section and the body say; `new_text` is left for the caller."""
    hint = part.params.get("charset", "") or body.charset
    senders = [one for value in fields.get(b"from", ()) for one in mailboxes(value, hint)]
    own_id = message_id(_first(fields, b"message-id"))
    return Content(
        sender=senders[0] if senders else None,
        from_count=sum(1 for one in senders if one.address),
        actual_sender=next(iter(mailboxes(_first(fields, b"sender"), hint)), None),
        reply_to=_people(fields, b"reply-to", hint),
        to=_people(fields, b"to", hint),
        cc=_people(fields, b"cc", hint),
        bcc=_people(fields, b"bcc", hint),
        date=parse_date(_first(fields, b"date")),
        subject=subject,
        message_id=own_id,
        in_reply_to=message_ids(_first(fields, b"in-reply-to")),
        references=_ids(fields.get(b"references", ())),
        thread_index=thread_guid(_first(fields, b"thread-index")),
        text=body.text,
        attachments=tuple(body.attachments),
        marks=tuple(sorted(body.marks)),
        auto=told.kind,
        auto_reason=told.reason,
        broadcast=broadcast,
        other_ids=other_ids(own_id, part.fields, fields),
        calendar_uid=event_uid(body.told) if body.told else "",
        reported=reported(part, body) if told.kind in _REPORTS else None,
    )


def _people(fields: _Fields, name: bytes, hint: str) -> tuple[Mailbox, ...]:
    found = fields.get(name)
    if not found:
        return ()
    return mailboxes(found[0] if len(found) == 1 else b", ".join(found), hint)


def _ids(found: Iterable[bytes]) -> tuple[str, ...]:
    return message_ids(b" ".join(found))


def _around(part: Part, content: Content) -> Around:
    """Return what a mail's own date tells of dates in its text."""
    return Around(content.date, date_offset(part.first(b"date")), content.date)


def _by_thread(around: Around, part: Part, outer: Forward) -> Around:
    """Look up the forwarder's zone in Thread-Index.

    Exchange writes the Date field in UTC; any other zone there is at most an hour off, by summer time.
    """
    printed = outer.original.date
    if around.latest is None or printed is None or "date:zone-unknown" not in outer.evidence:
        return around
    zone = zone_by_thread(part.first(b"thread-index"), around.latest, printed)
    if not zone or (around.offset and abs(zone - around.offset) > timedelta(hours=1)):
        return around
    return dataclasses.replace(around, offset=zone, known=printed, zone_of="thread")


def _dated(forward: Forward, around: Around) -> Forward:
    """Read a date without a zone in the forwarder's own, which his client printed it in.

    What is forwarded was not written after its forward, so the wrapper's date bounds it.
    """
    original = forward.original
    date, evidence = placed(original.date, forward.evidence, around)
    if date and around.latest and date > around.latest:
        date, evidence = around.latest, (*evidence, "date:after-wrapper")
    inner = tuple([_dated(deeper, around) for deeper in forward.inner])
    if date is original.date and evidence == forward.evidence and inner == forward.inner:
        return forward
    if date is not original.date:
        original = replace(original, date=date)
    return replace(forward, original=original, evidence=evidence, inner=inner)


def _ids_of_original(content: Content, fields: _Fields) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return id and references of the original that the wrapper's header section gives away, and evidence."""
    answers = ("header:reply",) if is_reply(content.subject) and content.in_reply_to else ()
    named = _ids(fields.get(b"x-forwarded-message-id", ()))
    if named:
        original, reason = named[-1], "header:x-forwarded-message-id"
    elif content.references or content.in_reply_to:
        original = content.references[-1] if content.references else content.in_reply_to[-1]
        reason = "header:references" if content.references else "header:in-reply-to"
    else:
        return "", (), answers
    return original, tuple(known for known in content.references if known != original), (*answers, reason)


def _own_words(content: Content, inline: Inline | None) -> str:
    """Return the text without the history below it."""
    answers = bool(content.in_reply_to or content.references) or is_reply(content.subject)
    text = inline.note if inline else content.text
    return new_text(text, reply=answers and not is_forward(content.subject))
