"""Reports of systems that write no RFC 3464: what their words say, and the header section copied below them.

The forms that are common are read as such: qmail's paragraphs, an address at the start of a line. Otherwise
those of the mail's own recipients failed whom the words name.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from bccd.mail.addresses import mailboxes, normalise
from bccd.mail.headers import fields, values
from bccd.model.message import FailedRecipient

MOST = 100  # recipients
DIAGNOSTIC_CAP = 500
_GROUPS_CAP = 500
_LINES_CAP = 3_000
_ADDRESSES_READ = 500
_WORDS_READ = 32 * 1024  # characters
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_COPIED_ID = re.compile(r"^message-id:[ \t]*<[^<>\s]+>", re.IGNORECASE | re.MULTILINE)
_QMAIL = re.compile(r"^<([^<>\s]{3,320})>:(?=\s)", re.MULTILINE)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,40}):(?=\s|$)")
# Three of them in a row are a header section, and no words.
_COPIED = frozenset({"received", "return-path", "message-id", "from", "to", "cc", "subject", "date"})
_ENOUGH = 3
_STARTS = re.compile(
    r"^[ \t]*(?:(?:-{1,2}|[*>•]|to:|rcpt to:|recipient:|original-recipient:|final-recipient:)[ \t]*)?"
    r"(?:rfc822;[ \t]*)?[<\"'(\[]?([^\s<>()\[\]\"',;:@]{1,64}@[^\s<>()\[\]\"',;:@]{1,255})",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(r"[^\s<>()\[\]\"',;:@]{1,64}@[^\s<>()\[\]\"',;:@]{1,255}")
_NOBODY = re.compile(
    r"(?i)(?:mailer-?daemon|mail-?daemon|post_?master|abuse|support|help(?:desk)?|no-?reply)[+@]"
)


def copy_start(text: str) -> int:
    """Return where a copied header section begins, the end of the text where there is none."""
    run = _run_of_fields(text)
    found = _COPIED_ID.search(text)
    if found and found.start() < run:
        return text.rfind("\n\n", 0, found.start()) + 1
    return run


def copied(text: str) -> list[tuple[bytes, bytes]]:
    """Return the fields of a header section that was copied into the text."""
    start = copy_start(text)
    end = text.find("\n\n", start + 1)
    return fields(text[start : end if end >= 0 else len(text)].lstrip("\n").encode("utf-8", "replace"))


def told_in_words(
    header: list[tuple[bytes, bytes]], text: str, original: list[tuple[bytes, bytes]]
) -> tuple[FailedRecipient, ...]:
    """Return whom a report without a status part names; `header` is the report's own."""
    words = text[: copy_start(text)]
    named: Sequence[str] = addresses(header, b"x-failed-recipients")
    if not named and (found := _of_qmail(words)):
        return found
    action = "failed" if named else ""
    named = named or _named(header, words, original)
    codes = {match[0] for match in _STATUS.finditer(words)}
    only = codes.pop() if len(codes) == 1 else ""  # one status for all, if the words hold but one
    return tuple(FailedRecipient(one, action, only or _status_near(words, one), "") for one in named[:MOST])


def addresses(found: list[tuple[bytes, bytes]], *names: bytes) -> list[str]:
    """Return the addresses in fields of these names, each once."""
    boxes = (box for name in names for value in values(found, name) for box in mailboxes(value))
    return list(dict.fromkeys(box.address for box in boxes if box.address))


def better_status(told: str, diagnostic: str) -> str:
    """Return the status; where it says nothing (5.0.0) what the remote system's own words hold."""
    match = _STATUS.search(told)
    if match is None or match[0].endswith(".0.0"):
        better = _STATUS.search(diagnostic[: 4 * DIAGNOSTIC_CAP])
        match = better if better and (match is None or better[1] == match[1]) else match
    return match[0] if match else ""


def _run_of_fields(text: str) -> int:
    """Return where the first lines stand that can only be a mail's header section."""
    start = place = 0
    seen: set[str] = set()
    for line in text.split("\n", _LINES_CAP)[:_LINES_CAP]:
        match = _FIELD.match(line)
        if match:
            start = start if seen else place
            seen.add(match[1].lower())
            if len(seen & _COPIED) >= _ENOUGH:
                return start
        elif not (seen and line[:1] in (" ", "\t") and line.strip()):
            seen = set()
        place += len(line) + 1
    return len(text)


def _named(
    header: list[tuple[bytes, bytes]], words: str, original: list[tuple[bytes, bytes]]
) -> Sequence[str]:
    """Return the recipients of the mail whom the words name, else whom else they name."""
    folded = words.casefold()
    own = addresses(original, b"to", b"cc")[:MOST]
    if named := [one for one in own if one in folded]:
        return named
    sent_by = {*addresses(original, b"from", b"return-path", b"sender", b"reply-to")}
    others = {*addresses(header, b"to", b"from", b"reply-to", b"delivered-to"), *sent_by}
    if listed := _apart(_STARTS.findall(words[:_WORDS_READ])[:_ADDRESSES_READ], others):
        return listed
    if len(alone := _apart(_NAMED.findall(words[:_WORDS_READ])[:_ADDRESSES_READ], others)) == 1:
        return alone
    return own if len(own) == 1 and not alone else ()


def _apart(found: Iterable[str], others: set[str]) -> list[str]:
    """Return the addresses found that are nobody's of these, and no daemon's."""
    plain = (normalise(one.rstrip(".").removesuffix("...")) for one in found if not _NOBODY.match(one))
    return [one for one in dict.fromkeys(plain) if one and one not in others]


def _status_near(words: str, address: str) -> str:
    """Return the first status in what follows an address."""
    place = words.casefold().find(address)
    match = _STATUS.search(words[place : place + DIAGNOSTIC_CAP]) if place >= 0 else None
    return match[0] if match else ""


def _of_qmail(text: str) -> tuple[FailedRecipient, ...]:
    """Read paragraphs that begin with `<a@b.example>:`."""
    found: dict[FailedRecipient, None] = {}
    for match in islice(_QMAIL.finditer(text), _GROUPS_CAP):
        if address := normalise(match[1]):
            below = text[match.end() : match.end() + 4 * DIAGNOSTIC_CAP].partition("\n\n")[0]
            words = " ".join(below.split())
            status = better_status("", words)
            found[FailedRecipient(address, "failed", status, words[:DIAGNOSTIC_CAP])] = None
    return tuple(found)[:MOST]
