"""An address as a vCard: version 4.0 (RFC 6350), and 3.0 (RFC 2426), which Outlook reads."""

import re
from dataclasses import dataclass
from typing import Literal

Version = Literal["4.0", "3.0"]

_LINE = 75  # octets without the line end, RFC 6350 3.2
_SPECIAL = re.compile(r"[\\,;]")
_BREAK = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Card:
    """What an address book is to know of one address."""

    name: str  # as it is shown
    organisation: str
    address: str
    note: str
    uid: str  # a URI that stays the same, so that a newer card replaces an older one


def vcard(card: Card, version: Version = "4.0") -> bytes:
    """Write one card: UTF-8, CRLF line ends, long lines folded."""
    name = _value(card.name)
    lines = ["BEGIN:VCARD", f"VERSION:{version}", "PRODID:-//bccd//address//EN", f"UID:{card.uid}"]
    if version == "4.0":
        lines += ["KIND:org", f"FN:{name}", f"EMAIL;TYPE=work;PREF=1:{_value(card.address)}"]
    else:  # 3.0 demands N; without a given name address books show and sort by the family name
        lines += [f"FN:{name}", f"N:{name};;;;", f"EMAIL;TYPE=INTERNET,PREF:{_value(card.address)}"]
        lines.append("X-ABShowAs:COMPANY")
    lines += [f"ORG:{_value(card.organisation)}", f"NOTE:{_value(card.note)}", "END:VCARD"]
    return b"".join(_folded(line) for line in lines)


def _value(text: str) -> str:
    """Escape a text value (RFC 6350 3.4): backslash, comma, semicolon, and line ends as a literal n."""
    text = _SPECIAL.sub(lambda found: "\\" + found[0], _CONTROL.sub("", _BREAK.sub("\n", text)))
    return text.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Cut a line after at most 75 octets, never within a character, each further part behind a blank."""
    parts: list[bytes] = []
    part = b""
    for char in line:
        octets = char.encode("utf-8", "replace")
        if len(part) + len(octets) > _LINE:
            parts.append(part)
            part = b" "
        part += octets
    return b"\r\n".join([*parts, part]) + b"\r\n"
