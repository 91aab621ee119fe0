"""What a report is about: the mail that was sent, and what became of each recipient (RFC 3464, RFC 8098).

Systems that write no such report are read by report_text.
"""

import re
from collections.abc import Iterable

from bccd.mail.addresses import normalise
from bccd.mail.body import Body
from bccd.mail.charset import decode
from bccd.mail.decode import transfer_decoded
from bccd.mail.headers import fields, section_end, values
from bccd.mail.msgid import message_id, message_ids
from bccd.mail.part import Part
from bccd.mail.report_json import notified
from bccd.mail.report_text import DIAGNOSTIC_CAP, MOST, better_status, copied, told_in_words
from bccd.mail.words import unstructured
from bccd.model.message import FailedRecipient, Reported

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
DISPOSITION_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
HEADER_TYPES = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})

_GROUPS_CAP = 500
_REFERENCES_CAP = 100  # the first and the last of them
_REPORT_CAP = 256 * 1024  # octets
_SUBJECT_CAP = 998  # characters
_ACTION_CAP = 20

# What will not heal by itself: the address is wrong or gone (RFC 3463, and the registry of its codes).
_HARD = frozenset(
    {
        "5.1.1",  # no such mailbox
        "5.1.2",  # no such system
        "5.1.3",  # not an address
        "5.1.6",  # moved, no forwarding address
        "5.1.10",  # the domain takes no mail (RFC 7505)
        "5.2.1",  # mailbox disabled
        "5.4.1",  # Exchange Online: no such recipient; others: no answer from the host
        "5.4.4",  # Postfix: no such domain
        "5.4.310",  # Exchange Online: no such domain
    }
)

_BLANK_LINES = re.compile(rb"\r?\n(?:[ \t]*+\r?\n|(?!))++")


def hard_failure(status: str) -> bool:
    """Tell whether an enhanced status code (RFC 3463) says that an address is wrong for good."""
    return status in _HARD


def reported(root: Part, body: Body) -> Reported | None:
    """Return what a DSN or MDN is about; None where it does not tell."""
    if told := notified(body.text):
        return told
    groups = list(_groups(body.told))
    original = _original(body, groups)
    text = body.text[:_REPORT_CAP]
    recipients = _recipients(groups) or _within(text) or told_in_words(root.fields, text, original)
    found = Reported(
        message_id=_id_of(original, groups),
        subject=" ".join(unstructured(_first(original, b"subject"))[:_SUBJECT_CAP].split()),
        references=_references(original),
        recipients=recipients,
    )
    return found if found != Reported() else None


def _groups(told: Iterable[Part]) -> Iterable[list[tuple[bytes, bytes]]]:
    """Give the groups of fields of a report's machine-readable parts."""
    for part in told:
        if part.media_type in STATUS_TYPES or part.media_type in DISPOSITION_TYPES:
            for group in _BLANK_LINES.split(_octets(part), maxsplit=_GROUPS_CAP):
                yield fields(group)


def _within(text: str) -> tuple[FailedRecipient, ...]:
    """Read the groups of a status part that lost its boundaries and stands in the text."""
    start = text.casefold().find("\nfinal-recipient:")
    if start < 0:
        return ()
    begin = text.rfind("\n\n", 0, start) + 1
    octets = text[begin : begin + _REPORT_CAP].lstrip().encode("utf-8", "replace")
    return _recipients([fields(group) for group in _BLANK_LINES.split(octets, maxsplit=_GROUPS_CAP)])


def _octets(part: Part) -> bytes:
    end = min(part.end, part.start + _REPORT_CAP)
    return transfer_decoded(part.buffer[part.start : end], part.encoding)[0].lstrip()


def _original(body: Body, groups: list[list[tuple[bytes, bytes]]]) -> list[tuple[bytes, bytes]]:
    """Return the fields of the mail that was sent, from whatever of it came back."""
    if body.messages:
        return body.messages[0].children[0].fields
    for part in body.told:
        if part.media_type in HEADER_TYPES:
            octets = _octets(part)
            return fields(octets[: section_end(octets, 0, len(octets))[0]])
    found = copied(body.text[:_REPORT_CAP])
    return found if not groups or _first(found, b"message-id") else []


def _first(found: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next(iter(values(found, name)), b"")


def _id_of(original: list[tuple[bytes, bytes]], groups: list[list[tuple[bytes, bytes]]]) -> str:
    told = (_first(group, b"original-message-id") for group in groups)
    return message_id(_first(original, b"message-id")) or next(filter(None, map(message_id, told)), "")


def _references(original: list[tuple[bytes, bytes]]) -> tuple[str, ...]:
    ids = message_ids(b" ".join((*values(original, b"references"), *values(original, b"in-reply-to"))))
    return ids if len(ids) <= _REFERENCES_CAP else (ids[0], *ids[1 - _REFERENCES_CAP :])


def _recipients(groups: list[list[tuple[bytes, bytes]]]) -> tuple[FailedRecipient, ...]:
    found: dict[FailedRecipient, None] = {}
    for group in groups:
        first = dict(reversed(group))
        address = _address(first.get(b"original-recipient", b"")) or _address(
            first.get(b"final-recipient", b"")
        )
        if address:
            diagnostic = _typed(first.get(b"diagnostic-code", b""))
            status = better_status(decode(first.get(b"status", b"")), diagnostic)
            found[FailedRecipient(address, _action(first), status, diagnostic[:DIAGNOSTIC_CAP])] = None
            if len(found) == MOST:
                break
    return tuple(found)


def _address(value: bytes) -> str:
    """Return the address of `rfc822; a@b.example`; of the other types only `utf-8` names a mailbox."""
    kind, semicolon, rest = value.partition(b";")
    if not semicolon:
        kind, rest = b"", value
    if kind.strip().lower() not in (b"", b"rfc822", b"utf-8", b"smtp"):
        return ""
    return normalise(decode(rest.partition(b"(")[0]))


def _typed(value: bytes) -> str:
    """Return the words of `smtp; 550 ...` in one line."""
    kind, semicolon, rest = value[:_REPORT_CAP].partition(b";")
    words = rest if semicolon and kind.strip().replace(b"-", b"").isalnum() else value[:_REPORT_CAP]
    return " ".join(decode(words).split())


def _action(first: dict[bytes, bytes]) -> str:
    """Return Action, or the type at the end of a Disposition (RFC 8098 3.2.6)."""
    disposition = first.get(b"disposition", b"").rpartition(b";")[2].partition(b"/")[0]
    words = decode(first.get(b"action", disposition)).lower().split()
    return words[0][:_ACTION_CAP] if words else ""
