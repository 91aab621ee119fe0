"""The header section of a mail as signers see it: raw fields, both canonical forms, chosen from the bottom.

The section is cut as bccd's own reader cuts it (bccd/mail/headers.py): at CRLF without white space behind it.
Where the two could differ, at a bare CR or LF or at a line that is no field, nothing is verified at all.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bccd.mail.headers import FIELDS_CAP
from bccd.verify.dkim.spaces import collapse

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_NAME = re.compile(rb"[!-9;-~]+")
_WSP = b" \t"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in lower case, and its octets without the CRLF at the end."""

    name: bytes
    raw: bytes
    value_at: int  # where in `raw` the value begins, behind the colon


class Header:
    """The fields of one mail; none of them where `defect` says why it has no single reading."""

    def __init__(self, section: bytes) -> None:
        self.fields: tuple[Field, ...] = ()
        self.defect = ""
        self._relaxed: dict[int, bytes] = {}
        pairs = section.count(b"\r\n")
        if section.count(b"\r") != pairs or section.count(b"\n") != pairs or b"\0" in section:
            self.defect = "the header has a bare CR, LF or NUL"
            return
        fields = [_field(raw) for raw in _FIELD_END.split(section) if raw]
        whole = [field for field in fields if field is not None]
        if len(whole) != len(fields):
            self.defect = "a line of the header is no field"
        elif len(whole) > FIELDS_CAP:
            self.defect = "the header has too many fields"
        else:
            self.fields = tuple(whole)

    def named(self, name: bytes) -> list[int]:
        """Return where fields of that lower-case name stand, from the top."""
        return [at for at, field in enumerate(self.fields) if field.name == name]

    def chosen(self, names: Sequence[bytes], own: int) -> Iterator[int]:
        """Tell which fields a list of names signs: for each name the lowest not yet taken (RFC 6376 5.4.2).

        A name for which none is left signs that there is none. `own`, the field that signs, never counts.
        """
        left: dict[bytes, list[int]] = defaultdict(list)
        for at, field in enumerate(self.fields):
            if at != own:
                left[field.name].append(at)
        for name in names:
            if places := left.get(name):
                yield places.pop()

    def canonical(self, at: int, *, relaxed: bool) -> bytes:
        """Return a field in canonical form, without the CRLF at its end (RFC 6376 3.4.1, 3.4.2)."""
        if not relaxed:
            return self.fields[at].raw
        if at not in self._relaxed:
            field = self.fields[at]
            self._relaxed[at] = relax_field(field.name, field.raw[field.value_at :])
        return self._relaxed[at]

    def without(self, at: int, start: int, end: int, *, relaxed: bool) -> bytes:
        """Return the same of a field from whose octets a part is left out: the value of b=."""
        field = self.fields[at]
        raw = field.raw[:start] + field.raw[end:]
        return relax_field(field.name, raw[field.value_at :]) if relaxed else raw


def _field(raw: bytes) -> Field | None:
    name, colon, _ = raw.partition(b":")
    bare = name.rstrip(_WSP)
    return Field(bare.lower(), raw, len(name) + 1) if colon and _NAME.fullmatch(bare) else None


def relax_field(name: bytes, value: bytes) -> bytes:
    """Return the relaxed form of a field (RFC 6376 3.4.2)."""
    if b"\r\n" in value:
        value = value.replace(b"\r\n", b"")
    return name + b":" + collapse(value).strip(b" ")
