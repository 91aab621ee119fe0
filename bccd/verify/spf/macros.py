"""The macros of SPF (RFC 7208 7): read when a record is, expanded for one mail."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

_LONGEST_NAME = 253
_PIECE = re.compile(
    r"%\{(?P<letter>[slodiphvSLODIPHV])(?P<count>[0-9]{0,3})(?P<turned>[rR]?)(?P<cuts>[.\-+,/_=]*)\}"
    r"|%(?P<sign>[%_-])"
    r"|(?P<text>[!-$&-~]+)"
)
_SIGNS = {"%": "%", "_": " ", "-": "%20"}
# The last part of a name as it must be written: a label that is no number, or a macro (RFC 7208 7.1).
_END = re.compile(r"\.(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])\.?\Z", re.IGNORECASE)


class SpfSyntaxError(ValueError):
    """A record breaks the grammar; the text says where."""


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro: which value, which of its parts, in which order."""

    letter: str
    count: int  # how many parts from the right, 0: all
    turned: bool
    cuts: str  # the signs between parts
    escaped: bool  # written in upper case: escaped as in a URL

    def expand(self, values: Mapping[str, str]) -> str:
        """Return the text in its place."""
        value = values[self.letter]
        parts = re.split(f"[{re.escape(self.cuts)}]", value)
        if self.turned:
            parts.reverse()
        text = ".".join(parts[-self.count :] if self.count else parts)
        return quote(text, safe="-._~") if self.escaped else text


Spec = tuple[str | Macro, ...]


def read(text: str) -> Spec:
    """Read a macro-string; raises SpfSyntaxError."""
    pieces: list[str | Macro] = []
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() != end:
            break
        end = found.end()
        if found["text"] is not None:
            pieces.append(found["text"])
        elif found["sign"] is not None:
            pieces.append(_SIGNS[found["sign"]])
        else:
            pieces.append(_macro(found))
    if end != len(text):
        raise SpfSyntaxError(f"{text[:80]} is no macro string")
    return tuple(pieces)


def _macro(found: re.Match[str]) -> Macro:
    count = int(found["count"]) if found["count"] else 0
    if found["count"] and not count:
        raise SpfSyntaxError("a macro that keeps no part")
    letter = found["letter"]
    return Macro(letter.lower(), count, bool(found["turned"]), found["cuts"] or ".", letter.isupper())


def read_domain(text: str) -> Spec:
    """Read a domain-spec: a macro-string that ends like a name; raises SpfSyntaxError."""
    spec = read(text)
    if not spec or (not isinstance(spec[-1], Macro) and not _END.search(text)):
        raise SpfSyntaxError(f"{text[:80]} is no domain")
    return spec


def uses(spec: Spec, letters: str) -> bool:
    """Tell whether one of these values is asked for."""
    return any(isinstance(piece, Macro) and piece.letter in letters for piece in spec)


def expand(spec: Spec, values: Mapping[str, str]) -> str:
    """Return the name that is meant, without its final dot, cut from the left to the length of a name.

    Read from its end, and no further than a name reaches: a record of thousands of macros means a text of a
    megabyte, of which all but the end is cut off again.
    """
    pieces: list[str] = []
    length = 0
    for piece in reversed(spec):
        pieces.append(piece if isinstance(piece, str) else piece.expand(values))
        length += len(pieces[-1])
        if length > _LONGEST_NAME + 1:  # with the final dot
            break
    name = "".join(reversed(pieces)).removesuffix(".")
    if len(name) <= _LONGEST_NAME:
        return name
    if name[-_LONGEST_NAME - 1] == ".":
        return name[-_LONGEST_NAME:]
    return name[-_LONGEST_NAME:].partition(".")[2] or name.rpartition(".")[2]
