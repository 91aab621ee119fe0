"""The MIME tree as offsets into the octets (RFC 2045, RFC 2046): iterative, capped, linear in the input.

No part is copied; only a message that was itself put into a transfer encoding gets a buffer of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bccd.mail.decode import encoding_of, transfer_decoded
from bccd.mail.defects import Defect
from bccd.mail.embedded import BOM, first_field, holds_message, starts_with_field
from bccd.mail.headers import FIELDS_CAP, SECTION_CAP, fields, fields_and_gap, section_end
from bccd.mail.part import Part
from bccd.mail.words import parameters, raw_parameter

DEPTH_CAP = 50
PARTS_CAP = 1_000
BOUNDARY_CAP = 2_048
_ENCODED_MESSAGES_CAP = 4  # each is a copy; RFC 2046 5.2.1 allows none at all
_FALSE_DELIMITERS_CAP = 20_000  # lines that begin like a delimiter and are none, over the whole mail
_TWINS_CAP = 100  # parts that may be multiparts with their parent's boundary, over the whole mail
_TWIN_SECTION = 4_000  # octets of such a part in which it declares that
_GUESSED_IN = 64 * 1024  # octets of a body in which a boundary that nobody declared is looked for

_BAD_LINE = re.compile(rb"^(?![!-9;-~]+[ \t]*:)[^ \t\r\n]", re.MULTILINE)
_UNDECLARED = re.compile(rb"^(--[^\r\n]{1,200}?)[ \t]*+\r?\nContent-", re.MULTILINE | re.IGNORECASE)
_BARE_CR = re.compile(rb"\r(?!\n)")
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_MEDIA_TYPE = re.compile(r"[!#$&^_.+a-z0-9-]+/[!#$&^_.+a-z0-9-]+")


@dataclass(slots=True)
class Tree:
    """A mail's parts and what was wrong with them."""

    root: Part
    parts: int
    defects: dict[Defect, None]


def split(raw: bytes) -> Tree:
    """Return the tree of a whole mail; any octets are a mail."""
    defects: dict[Defect, None] = {}
    start = len(BOM) if raw.startswith(BOM) else 0
    if _ends_lines_with_cr(raw, start):
        defects[Defect.BARE_CR] = None
        raw = _BARE_CR.sub(b"\n", raw)  # as long as before, so that offsets stay
    if raw.startswith((b"From ", b">From "), start):
        defects[Defect.MBOX_LINE] = None
        start = raw.find(b"\n", start) + 1
    return _Splitter(raw, defects).run(start)


def _ends_lines_with_cr(raw: bytes, start: int) -> bool:
    """Tell whether CR alone ends the lines of the header section, as in mail that old Macs saved."""
    first = raw.find(b"\r", start, start + SECTION_CAP)
    if first < 0 or raw[first + 1 : first + 2] == b"\n":
        return False
    end = raw.find(b"\r\r", first, start + SECTION_CAP)
    return raw.find(b"\n", start, end + 3 if end >= 0 else len(raw)) < 0


class _Splitter:
    """Carries the caps over one mail."""

    def __init__(self, raw: bytes, defects: dict[Defect, None]) -> None:
        self._raw = raw
        self._defects = defects
        self._parts = 0
        self._false_delimiters = 0
        self._twins = 0
        self._charset = (
            ""  # the first that a part declares: raw octets in later file names are probably in it
        )

    def run(self, start: int) -> Tree:
        root = self._part(self._raw, start, len(self._raw), top=True)
        _inner_number(root, "")
        waiting = [root]
        while waiting:
            part = waiting.pop()
            if part.media_type.startswith("multipart/"):
                self._expand_multipart(part)
            elif holds_message(part):
                self._expand_message(part)
            waiting += reversed(part.children)
        return Tree(root, self._parts, self._defects)

    def _note(self, defect: Defect) -> None:
        self._defects[defect] = None

    def _part(
        self,
        buffer: bytes,
        start: int,
        end: int,
        parent: Part | None = None,
        *,
        top: bool = False,
        default: str = "text/plain",
    ) -> Part:
        """Read one header section and make its part, as yet without children."""
        self._parts += 1
        found, body = self._fields(buffer, start, end, top=top)
        first = dict(reversed(found))
        media_type, params = self._parameters(first.get(b"content-type", b""))
        if not _MEDIA_TYPE.fullmatch(media_type):
            # "text" alone, or nonsense: RFC 2045 5.2 calls it text
            media_type = default if not media_type or media_type == "text" else "text/plain"
        self._charset = self._charset or params.get("charset", "")
        disposition, disposition_params = self._parameters(first.get(b"content-disposition", b""))
        encoding, known = encoding_of(first.get(b"content-transfer-encoding", b""))
        if not known:
            self._note(Defect.ENCODING_UNKNOWN)
        return Part(
            number="",
            buffer=buffer,
            fields=found,
            media_type=media_type,
            params=params,
            disposition=disposition,
            disposition_params=disposition_params,
            encoding=encoding,
            start=body,
            end=end,
            depth=parent.depth + 1 if parent else 0,
            anchor=parent.anchor if parent else -1,
            encoded_messages=parent.encoded_messages if parent else 0,
        )

    def _parameters(self, value: bytes) -> tuple[str, Mapping[str, str]]:
        if not value:
            return "", _NO_PARAMETERS
        return parameters(value) if value.isascii() else parameters(value, self._charset)

    def _fields(
        self, buffer: bytes, start: int, end: int, *, top: bool
    ) -> tuple[list[tuple[bytes, bytes]], int]:
        """Return the fields that begin at `start`, and where the body begins."""
        fields_end, body = section_end(buffer, start, end)
        if body == start:  # an empty range
            return [], body
        section = buffer[start : min(fields_end, start + SECTION_CAP)]
        found, gap = fields_and_gap(section)
        if bad := _BAD_LINE.search(section) if gap else None:
            if top:
                self._note(Defect.HEADER_LINE)
            if not found or fields_end == body or _is_delimiter(section, bad.start()):
                # No field, or no empty line. What does not look like a field begins the body.
                fields_end = body = start + bad.start()
                found = fields(section[: bad.start()])
        if fields_end == body and top:
            self._note(Defect.NO_SEPARATOR)
        if fields_end - start > SECTION_CAP or len(found) == FIELDS_CAP:
            self._note(Defect.HEADER_CUT)
        return found, body

    def _expand_multipart(self, part: Part) -> None:
        delimiter = self._delimiter(part)
        if not delimiter:
            return
        if part.depth >= DEPTH_CAP:
            self._note(Defect.DEPTH_CUT)
            return
        default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        for start, end in self._ranges(part, delimiter):
            if self._parts >= PARTS_CAP:
                self._note(Defect.PARTS_CUT)
                break
            child = self._part(part.buffer, start, end, part, default=default)
            part.children.append(child)
            index = len(part.children)
            child.number = f"{part.number}.{index}" if part.number else str(index)

    def _delimiter(self, part: Part) -> bytes:
        """Return what parts a multipart's body, as it declares or as it shows; empty where nothing does."""
        boundary = _boundary(part.first(b"content-type"))
        if boundary and len(boundary) < BOUNDARY_CAP:
            return b"--" + boundary
        self._note(Defect.BOUNDARY_MISSING)
        if boundary:
            return b""
        shown = _UNDECLARED.search(part.buffer, part.start, min(part.end, part.start + _GUESSED_IN))
        return shown[1] if shown else b""

    def _ranges(self, part: Part, delimiter: bytes) -> list[tuple[int, int]]:
        """Return where the body parts begin and end (RFC 2046 5.1.1), one more than the cap at most."""
        buffer, end = part.buffer, part.end
        found: list[tuple[int, int]] = []
        opened = -1
        twins = 0  # how many multiparts with this very boundary are open inside the part
        section = -1  # where the last of all parts began
        needle = b"\n" + delimiter
        at = (
            part.start - 1
            if buffer.startswith(delimiter, part.start)
            else buffer.find(needle, part.start, end)
        )
        while at >= 0 and len(found) + self._parts <= PARTS_CAP:
            tail_start = at + len(needle)
            line_end = buffer.find(b"\n", tail_start, end)
            line_end = end if line_end < 0 else line_end
            tail = buffer[tail_start : min(line_end, tail_start + 80)].rstrip()
            if tail not in (b"", b"--"):
                self._false_delimiters += 1
                if self._false_delimiters > _FALSE_DELIMITERS_CAP:
                    break
                at = buffer.find(needle, tail_start, end)
                continue
            if section >= 0 and self._is_twin(buffer, section, at, delimiter):
                twins += 1
            section = -1 if tail else line_end + 1
            if twins:
                twins -= bool(tail)
            else:
                if 0 <= opened <= at:  # delimiters in a row are one
                    found.append((opened, _before_line_end(buffer, opened, at)))
                if tail:
                    return found
                opened = min(line_end + 1, end)
            # The line end is shared: another delimiter may stand right behind this one.
            at = buffer.find(needle, line_end, end)
        if 0 <= opened < end:  # nothing at all behind a last delimiter is no part
            found.append((opened, end))
        self._note(Defect.BOUNDARY_OPEN if found else Defect.BOUNDARY_UNSEEN)
        return found

    def _is_twin(self, buffer: bytes, start: int, end: int, delimiter: bytes) -> bool:
        """Tell whether a multipart with its parent's boundary begins here: what follows is its own."""
        end = min(end, start + _TWIN_SECTION)
        if buffer.find(delimiter[2:], start, end) < 0 or self._twins >= _TWINS_CAP:
            return False
        self._twins += 1
        found = dict(reversed(fields(buffer[start : section_end(buffer, start, end)[0]])))
        content_type = found.get(b"content-type", b"")
        return (
            parameters(content_type)[0].startswith("multipart/") and _boundary(content_type) == delimiter[2:]
        )

    def _expand_message(self, part: Part) -> None:
        if part.depth >= DEPTH_CAP or self._parts >= PARTS_CAP:
            self._note(Defect.DEPTH_CUT if part.depth >= DEPTH_CAP else Defect.PARTS_CUT)
            return
        # A colon is no character of base64: what begins with a field was never encoded, whatever it says.
        plain = part.encoding == "base64" and starts_with_field(part.buffer, part.start, part.end)
        if plain or not part.encoding:
            self._add_message(part, part.buffer, part.start, part.end)
        elif part.encoded_messages >= _ENCODED_MESSAGES_CAP:
            self._note(Defect.DEPTH_CUT)
        else:
            octets, whole = transfer_decoded(part.buffer[part.start : part.end], part.encoding)
            if not whole:
                self._note(Defect.ENCODING_BROKEN)
            if child := self._add_message(part, octets, 0, len(octets)):
                child.anchor = part.start if part.anchor < 0 else part.anchor
                child.encoded_messages += 1

    def _add_message(self, part: Part, buffer: bytes, start: int, end: int) -> Part | None:
        """Read the mail that a part is; None where its octets are no mail, whatever its type says."""
        start = first_field(buffer, start, end)
        if start < 0:
            return None
        child = self._part(buffer, start, end, part)
        _inner_number(child, part.number)
        part.children.append(child)
        return child


def _boundary(content_type: bytes) -> bytes:
    """Return a boundary as the octets that it is matched by (RFC 2046 5.1.1)."""
    return raw_parameter(content_type, b"boundary").rstrip()


def _is_delimiter(section: bytes, at: int) -> bool:
    """Tell whether a line of a header section that declares a boundary begins the body already."""
    return section.startswith(b"--", at) and b"boundary" in section[:at].lower()


def _before_line_end(buffer: bytes, start: int, at: int) -> int:
    """Return the end of a body whose delimiter's line end begins at `at`: that line end is not the body's."""
    if at > start and buffer[at - 1 : at] == b"\r":
        at -= 1
    return max(at, start)


def _inner_number(part: Part, outer: str) -> None:
    """Number the top part of a mail that is itself part `outer`: a single part is part 1 of it."""
    if part.media_type.startswith("multipart/"):
        part.number = outer
    else:
        part.number = f"{outer}.1" if outer else "1"
