"""Mail with a parse beside it: subject, people, dates, ids, part tree, names, octets and text are equal.

Where ours differs, the table says why it is right or intended; a difference that is not listed fails, and so
does a line of the table that is no difference any more.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bccd.mail.charset import decode_checked
from bccd.mail.decode import transfer_decoded
from bccd.mail.mime import split
from bccd.mail.parse import parse
from bccd.mail.part import Part, filename_of
from bccd.mail.parts import PartFacts, Role, part_list

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
STALWART = CORPORA / "mime" / "stalwart-mail-parser" / "resources" / "eml"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of mail"),
]

RAW = "raw 8-bit octets are read in the charset that they are in, where theirs are lost"
UNQUOTED = "a backslash of a path escapes nothing, so the last component can be told"
UUENCODED = "uuencode is a transfer encoding here, and its octets are the file"
PICTURE = "media in its place is an attachment that is shown; theirs is in three lists"
ENRICHED = "text/enriched is text, and shown without its commands"
PREFIX = "a longer line than the delimiter is none (RFC 2046 5.1.1); theirs takes a prefix for one"
OUTER = "a delimiter of the outer multipart ends the inner one (RFC 2046 5.1.2)"
GARBAGE = (
    "octets made by a fuzzer: what stands behind a field's line is the body, and nothing of it is dropped"
)
CONTROLS = "controls that no database takes are dropped, and a bare CR ends a line"
NO_BASE64 = "base64 is read as far as it goes; what is below its padding is a footer"

DIFFERENT = {
    "legacy/010": {"subject": RAW, "to": RAW},
    "legacy/016": {
        "name 3": RAW,
        "octets 2": "quoted-printable octets keep the line ends that they came with",
        "octets 3": "quoted-printable octets keep the line ends that they came with",
    },
    "legacy/017": {"to": RAW, "octets 2": UUENCODED, "octets 3": UUENCODED},
    "legacy/020": {"subject": RAW, "to": RAW},
    "legacy/022": {"subject": RAW, "to": RAW},
    "legacy/023": {"name 4": RAW},
    "legacy/026": {"text 2": UUENCODED, "name 2": RAW},
    "legacy/027": {"subject": RAW, "to": RAW},
    "legacy/030": {"role 2": PICTURE, "role 3": PICTURE},
    "legacy/032": {"role 2": PICTURE, "role 3": PICTURE},
    "legacy/033": {"text 1": RAW},
    "legacy/035": {"name 1.2.2": UNQUOTED, "name 1.2.3": UNQUOTED, "role 2": PICTURE, "role 3": PICTURE},
    "legacy/037": {"role 2": PICTURE},
    "legacy/039": {"name 1.2": UNQUOTED, "name 1.3": UNQUOTED, "role 2": PICTURE, "role 3": PICTURE},
    "legacy/044": {"role 2": PICTURE, "role 3": PICTURE, "role 4": PICTURE},
    "legacy/045": {"text 2": "CR CR LF is one line end that was written twice, not two"},
    "legacy/048": {
        **{f"octets {number}": UUENCODED for number in (2, 3, 4)},
        **{f"role {number}": PICTURE for number in (2, 3, 4)},
    },
    "legacy/049": {"text 1": "the body of a mail without parts ends where the mail ends, line end and all"},
    "legacy/052": {"subject": RAW, "to": RAW, "text 1": RAW},
    "malformed/000": {"tree": "a colon may stand in a boundary, and a part without fields is one"},
    "malformed/001": {"tree": OUTER},
    "malformed/002": {"role ": "a multipart whose boundary comes nowhere is read as text"},
    "malformed/003": {"role 1.1": "the only text is shown, however deep"},
    "malformed/004": {"tree": PREFIX},
    "malformed/005": {"tree": "the line --a---- closes the boundary a--, whatever the inner one may be"},
    "malformed/006": {"role 1.1": "the only text is shown, however deep"},
    "malformed/007": {"tree": "a delimiter in a header section ends it, so that the text is found"},
    "malformed/008": {"tree": OUTER},
    "malformed/009": {"tree": OUTER},
    "malformed/011": {"tree": OUTER},
    "malformed/012": {"tree": OUTER},
    "malformed/016": {"tree": OUTER},
    "malformed/017": {
        "role 1": PICTURE,
        "name 1": "a disposition without a word names the file all the same",
    },
    "malformed/019": {
        "text 4": GARBAGE,
        "text 5.2.2": GARBAGE,
    },
    "malformed/020": {"tree": "an alternative whose first delimiter is missing still has its HTML"},
    "malformed/021": {"tree": "an alternative whose first delimiter is missing still has its HTML"},
    "rfc/000": {"role 4": ENRICHED},
    "rfc/002": {"role 2.2": PICTURE},
    "rfc/003": {"role 2": ENRICHED},
    "thirdparty/000": {"text 1": CONTROLS},
    "thirdparty/002": {
        "text 2": NO_BASE64,
        "text 3": NO_BASE64,
        "role 3": "a text without a name or a disposition is shown, whatever its encoding",
    },
    "thirdparty/005": {
        "text 1": CONTROLS,
        "text 5": "a delimiter begins a line (RFC 2046 5.1.1); this one does not",
    },
    "thirdparty/007": {"from": "an address has a domain; the name is kept"},
    "thirdparty/013": {"role 2": PICTURE, "role 3": PICTURE, "role 4": PICTURE},
    "thirdparty/015": {"tree": "three mails attached side by side; theirs puts two into the first"},
}


def _given() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    for path in sorted(STALWART.rglob("*.json")):
        name = path.name.split(".")[0]
        raw = path.with_name(f"{name}.eml").read_bytes()
        if path.name.endswith(".crlf.json"):
            raw = raw.replace(b"\r", b"").replace(b"\n", b"\r\n")
        yield f"{path.parent.name}/{name}", raw, json.loads(path.read_text())


def _values(part: dict[str, Any], name: str) -> list[Any]:
    found: Iterator[Any] = (field["value"] for field in part["headers"] if field["name"] == name)
    return [value for value in found if isinstance(value, dict)]


def _people(part: dict[str, Any], name: str) -> list[tuple[str, str]]:
    found: list[dict[str, Any]] = []
    for value in _values(part, name):
        told = value.get("Address", {})
        found += told.get("List", [])
        for group in told.get("Group", []):
            found += group["addresses"]
    return [(one.get("name") or "", (one.get("address") or "").lower()) for one in found]


def _ids(part: dict[str, Any], name: str) -> list[str]:
    found: list[str] = []
    for value in _values(part, name):
        found += value.get("TextList") or [value["Text"]]
    return [one.lower() for one in found]


def _date(part: dict[str, Any]) -> datetime | None:
    for value in _values(part, "date"):
        told = value["DateTime"]
        names = ("year", "month", "day", "hour", "minute", "second")
        year, month, day, hour, minute, second = (told[name] for name in names)
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        offset = timedelta(hours=told["tz_hour"], minutes=told["tz_minute"])
        return local + offset if told["tz_before_gmt"] else local - offset
    return None


def _theirs(part: dict[str, Any]) -> dict[str, Any]:
    """Return what the JSON tells of the header section."""
    subjects = [value["Text"] for value in _values(part, "subject")] or [""]
    return {
        "subject": " ".join(subjects[0].split()),
        "from": _people(part, "from")[:1],
        "sender": _people(part, "sender")[:1],
        **{name: _people(part, name) for name in ("reply_to", "to", "cc", "bcc")},
        "date": _date(part),
        "message_id": _ids(part, "message_id")[:1],
        "in_reply_to": _ids(part, "in_reply_to"),
        "references": _ids(part, "references"),
    }


def _ours(raw: bytes) -> dict[str, Any]:
    content = parse(raw).content
    people = {
        "from": [content.sender],
        "sender": [content.actual_sender],
        "reply_to": content.reply_to,
        "to": content.to,
        "cc": content.cc,
        "bcc": content.bcc,
    }
    return {
        "subject": content.subject,
        **{name: [(box.name, box.address) for box in boxes if box] for name, boxes in people.items()},
        "date": content.date,
        "message_id": [content.message_id] if content.message_id else [],
        "in_reply_to": list(content.in_reply_to),
        "references": list(content.references),
    }


def _type(part: dict[str, Any]) -> str:
    for value in _values(part, "content_type"):
        told = value["ContentType"]
        return f"{told['c_type']}/{told['c_subtype'] or ''}".lower()
    return ""


def _file_name(part: dict[str, Any]) -> str:
    """Return the name that the disposition gives, or else the type."""
    for field, key in (("content_disposition", "filename"), ("content_type", "name")):
        for value in _values(part, field):
            for told in value["ContentType"].get("attributes") or []:
                if told["name"].lower() == key and told["value"]:
                    return str(told["value"])
    return ""


_Theirs = tuple[dict[str, Any], str]  # a part, and in which lists it is


def _their_parts(mail: dict[str, Any]) -> Iterator[_Theirs | None]:
    """Yield the parts in the order of the mail, and None where a part's children end."""
    waiting: list[tuple[dict[str, Any], int] | None] = [(mail, 0)]
    while waiting:
        place = waiting.pop()
        if place is None:
            yield None
            continue
        within, index = place
        part = within["parts"][index]
        roles = [name for name in ("text_body", "html_body", "attachments") if index in within[name]]
        yield part, " ".join(roles)
        body = part["body"] if isinstance(part["body"], dict) else {}
        waiting.append(None)
        waiting += [(within, child) for child in reversed(body.get("Multipart", []))]
        waiting += [(body["Message"], 0)] if "Message" in body else []


def _our_parts(raw: bytes) -> Iterator[tuple[Part, PartFacts] | None]:
    facts = iter(part_list(raw))
    waiting: list[Part | None] = [split(raw).root]
    while waiting:
        part = waiting.pop()
        yield (part, next(facts)) if part else None
        if part:
            waiting.append(None)
            waiting += reversed(part.children)


_ROLES = {
    Role.TEXT: ("text_body", "text_body html_body"),
    Role.HTML: ("html_body", "text_body html_body"),
    Role.ATTACHMENT: ("attachments",),
    Role.INLINE: ("attachments", "text_body attachments", "text_body html_body attachments"),
}


def _differing_leaf(told: dict[str, Any], lists: str, part: Part, facts: PartFacts) -> Iterator[str]:
    octets = transfer_decoded(part.buffer[part.start : part.end], part.encoding)[0]
    kind, value = next(iter(told["body"].items()))
    if kind in ("Text", "Html"):
        if value.replace("\r\n", "\n") != decode_checked(octets, part.params.get("charset", ""))[0]:
            yield f"text {part.number}"
    elif bytes(value) != octets:
        yield f"octets {part.number}"
    if lists not in _ROLES.get(facts.role, ()):
        yield f"role {part.number}"
    if _file_name(told) != filename_of(part):
        yield f"name {part.number}"


def _differing_parts(raw: bytes, mail: dict[str, Any]) -> Iterator[str]:
    theirs, ours = list(_their_parts(mail)), list(_our_parts(raw))
    shapes = [None if one is None else _type(one[0]) for one in theirs]
    if len(shapes) != len(ours) or any(
        (shape is None) != (one is None) or (shape and one and shape != one[0].media_type)
        for shape, one in zip(shapes, ours, strict=True)
    ):
        yield "tree"
        return
    for told, one in zip(theirs, ours, strict=True):
        if told and one and not {"Multipart", "Message"} & set(told[0]["body"]):
            yield from _differing_leaf(*told, *one)


@pytest.mark.timeout(60)
def test_the_parse_beside_each_mail_is_ours() -> None:
    """Every field, part, name, octet and text agrees, or the table says why not."""
    seen = 0
    differing: dict[str, set[str]] = {}
    for name, raw, mail in _given():
        seen += 1
        theirs, ours = _theirs(mail["parts"][0]), _ours(raw)
        found = differing.setdefault(name, set())
        found |= {field for field, value in theirs.items() if value != ours[field]}
        found |= set(_differing_parts(raw, mail))
    assert seen > 200
    assert {name: found for name, found in differing.items() if found} == {
        name: set(fields) for name, fields in DIFFERENT.items()
    }
