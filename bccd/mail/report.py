"""What a report is about: the mail that was sent, and what became of each recipient (RFC 3464, RFC 8098).

Systems that write no such report are read where their form is common: qmail's paragraphs, Exim's
X-Failed-Recipients, a header section copied into the text, a recipient whom the words name.
"""

import re
from collections.abc import Iterable
from itertools import islice

from bccd.mail.addresses import mailboxes, normalise
from bccd.mail.body import Body
from bccd.mail.charset import decode
from bccd.mail.decode import transfer_decoded
from bccd.mail.headers import fields, section_end, values
from bccd.mail.msgid import message_id, message_ids
from bccd.mail.part import Part
from bccd.mail.report_json import notified
from bccd.mail.words import unstructured
from bccd.model.message import FailedRecipient, Reported

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
DISPOSITION_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
HEADER_TYPES = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})

_RECIPIENTS_CAP = 100
_GROUPS_CAP = 500
_REFERENCES_CAP = 100  # the first and the last of them
_REPORT_CAP = 256 * 1024  # octets
_SUBJECT_CAP = 998  # characters
_DIAGNOSTIC_CAP = 500
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

_BLANK_LINES = re.compile(rb"\r?\n(?:[ \t]*+\r?\n)++")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_COPIED_ID = re.compile(r"^message-id:[ \t]*<[^<>\s]+>", re.IGNORECASE | re.MULTILINE)
_QMAIL = re.compile(r"^<([^<>\s]{3,320})>:(?=\s)", re.MULTILINE)


def hard_failure(status: str) -> bool:
    """Tell whether an enhanced status code (RFC 3463) says that an address is wrong for good."""
    return status in _HARD


def reported(root: Part, body: Body) -> Reported | None:
    """Return what a DSN or MDN is about; None where it does not tell."""
    if told := notified(body.text):
        return told
    groups = list(_groups(body.told))
    original = _original(body, groups)
    recipients = _recipients(groups) or _told_otherwise(root, body.text[:_REPORT_CAP], original)
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
    return [] if groups else _copied(body.text[:_REPORT_CAP])


def _copied(text: str) -> list[tuple[bytes, bytes]]:
    """Return the fields of a header section that was copied into the text."""
    start = _copy_start(text)
    end = text.find("\n\n", start + 1)
    return fields(text[start : end if end >= 0 else len(text)].encode("utf-8", "replace"))


def _copy_start(text: str) -> int:
    """Return where a copied header section begins, the end of the text where there is none."""
    found = _COPIED_ID.search(text)
    return text.rfind("\n\n", 0, found.start()) + 1 if found else len(text)


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
            status = _status(decode(first.get(b"status", b"")), diagnostic)
            found[FailedRecipient(address, _action(first), status, diagnostic[:_DIAGNOSTIC_CAP])] = None
            if len(found) == _RECIPIENTS_CAP:
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


def _status(told: str, diagnostic: str) -> str:
    """Return the status; where it says nothing (5.0.0) what the remote system's own words hold."""
    match = _STATUS.search(told)
    if match is None or match[0].endswith(".0.0"):
        better = _STATUS.search(diagnostic[: 4 * _DIAGNOSTIC_CAP])
        match = better if better and (match is None or better[1] == match[1]) else match
    return match[0] if match else ""


def _told_otherwise(
    root: Part, text: str, original: list[tuple[bytes, bytes]]
) -> tuple[FailedRecipient, ...]:
    """Read the reports of systems that know no RFC 3464."""
    text = text[: _copy_start(text)]
    named = _addresses(root.fields, b"x-failed-recipients")
    if not named and (found := _of_qmail(text)):
        return found
    action = "failed" if named else ""
    if not named:
        # The words of others follow no form; whom the mail was for, and who is named in them, failed.
        folded = text.casefold()
        named = [one for one in _addresses(original, b"to", b"cc")[:_RECIPIENTS_CAP] if one in folded]
    codes = {match[0] for match in _STATUS.finditer(text)}
    status = codes.pop() if len(codes) == 1 else ""  # one status for all, if the text holds but one
    return tuple(FailedRecipient(address, action, status, "") for address in named[:_RECIPIENTS_CAP])


def _addresses(found: list[tuple[bytes, bytes]], *names: bytes) -> list[str]:
    boxes = (box for name in names for value in values(found, name) for box in mailboxes(value))
    return list(dict.fromkeys(box.address for box in boxes if box.address))


def _of_qmail(text: str) -> tuple[FailedRecipient, ...]:
    """Read paragraphs that begin with `<a@b.example>:`."""
    found: dict[FailedRecipient, None] = {}
    for match in islice(_QMAIL.finditer(text), _GROUPS_CAP):
        if address := normalise(match[1]):
            words = " ".join(
                text[match.end() : match.end() + 4 * _DIAGNOSTIC_CAP].partition("\n\n")[0].split()
            )
            found[FailedRecipient(address, "failed", _status("", words), words[:_DIAGNOSTIC_CAP])] = None
    return tuple(found)[:_RECIPIENTS_CAP]
