"""The header section of a mail as signers see it: raw fields, both canonical forms, chosen from the bottom.

The section is cut as bccd's own reader cuts it (bccd/mail/headers.py): at CRLF without white space behind it.
Where the two could differ, at a bare CR or LF or at a line that is no field, nothing is verified at all.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bccd.mail.headers import FIELDS_CAP
from bccd.verify.dkim.spaces import collapse

_FIELD = re.compile(rb"^(([!-9;-~]++)[ \t]*+:[^\r]*+(?:\r\n[ \t][^\r]*+|(?!))*+)\r\n", re.MULTILINE)
_CRLF = b"\r\n"


class Field(NamedTuple):
    """One field: its name in lower case, and its octets without the CRLF at the end."""

    name: bytes
    raw: bytes
    value_at: int  # where in `raw` the value begins, behind the colon


class Header:
    """The fields of one mail; none of them where `defect` says why it has no single reading."""

    def __init__(self, section: bytes) -> None:
        self.defect = ""
        self._fields: list[tuple[bytes, bytes]] = []  # octets and name
        self._places: dict[bytes, list[int]] = {}
        self._relaxed: dict[int, bytes] = {}
        pairs = section.count(b"\r\n")
        if section.count(b"\r") != pairs or section.count(b"\n") != pairs or b"\0" in section:
            self.defect = "the header has a bare CR, LF or NUL"
        elif section:
            self._read(section)

    def _read(self, section: bytes) -> None:
        if not section.endswith(_CRLF):
            section += _CRLF
        found = _FIELD.findall(section)
        if sum([len(raw) for raw, _ in found]) + len(_CRLF) * len(found) != len(section):
            self.defect = "a line of the header is no field"
        elif len(found) > FIELDS_CAP:
            self.defect = "the header has too many fields"
        else:
            self._fields = found
            for at, (_, name) in enumerate(found):
                self._places.setdefault(name.lower(), []).append(at)

    def field(self, at: int) -> Field:
        """Return one field."""
        raw, name = self._fields[at]
        return Field(name.lower(), raw, raw.index(b":") + 1)

    def named(self, name: bytes) -> Sequence[int]:
        """Return where fields of that lower-case name stand, from the top."""
        return self._places.get(name, ())

    def chosen(self, names: Sequence[bytes], own: int) -> Iterator[int]:
        """Tell which fields a list of names signs: for each name the lowest not yet taken (RFC 6376 5.4.2).

        A name for which none is left signs that there is none. `own`, the field that signs, never counts.
        """
        left: dict[bytes, list[int]] = {}
        for name in names:
            if name not in left:
                left[name] = [at for at in self.named(name) if at != own]
            if places := left[name]:
                yield places.pop()

    def canonical(self, at: int, *, relaxed: bool) -> bytes:
        """Return a field in canonical form, without the CRLF at its end (RFC 6376 3.4.1, 3.4.2)."""
        if not relaxed:
            return self._fields[at][0]
        known = self._relaxed.get(at)
        if known is None:
            raw, name = self._fields[at]
            known = self._relaxed[at] = relax_field(name.lower(), raw[raw.index(b":") + 1 :])
        return known

    def without(self, at: int, start: int, end: int, *, relaxed: bool) -> bytes:
        """Return the same of a field from whose octets a part is left out: the value of b=."""
        field = self.field(at)
        raw = field.raw[:start] + field.raw[end:]
        return relax_field(field.name, raw[field.value_at :]) if relaxed else raw


def relax_field(name: bytes, value: bytes) -> bytes:
    """Return the relaxed form of a field (RFC 6376 3.4.2)."""
    if b"\r\n" in value:
        value = value.replace(b"\r\n", b"")
    return name + b":" + collapse(value).strip(b" ")
