"""One tag as it is written anew: with what is allowed of it, or not at all."""

import re
from collections.abc import Mapping
from enum import IntEnum, unique
from functools import lru_cache
from html import escape, unescape
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from bccd.mail.markup.allowed import ATTRIBUTES, HREF, TAGS, style_of
from bccd.mail.markup.tags import VOID, Does, has_open_quote, tag_of

_ATTRIBUTES_CAP = 2_000
_ATTRIBUTES_LONG = 2 * _ATTRIBUTES_CAP  # characters that so many take at least
_KNOWN = 4_096  # tags remembered from mail to mail
_SHORT_STYLE = 300
_SHORT = 160  # characters; longer ones hold links, of which each is another

_NAME = re.compile(r"(/?)([a-zA-Z][^\s/>]*+)[\s/]*+")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_REMOTE = re.compile(r"background[^;]{0,40}(?:url|=)", re.IGNORECASE)

# An element of these names ends an open paragraph (HTML, 13.2.6.4.7).
_BLOCK_NAMES = """
    address article aside blockquote center div dl figcaption figure footer h1 h2 h3 h4 h5 h6 header
    hr main nav ol p pre section table ul
"""
_ENDS_P = frozenset(_BLOCK_NAMES.split())
SCOPES = frozenset({"table", "td", "th", "ul", "ol", "caption"})  # inside, nothing outside is closed
OF_TABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("td", "th"), frozenset({"tr", "tbody", "thead", "tfoot", "table"})),
    "tr": frozenset({"tbody", "thead", "tfoot", "table"}),
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption", "col", "colgroup"), frozenset({"table"})),
}
ENDS_ITSELF = frozenset({"li", "dt", "dd", "a"})
_PLACED = (_ENDS_P | ENDS_ITSELF | OF_TABLE.keys()) - {"hr", "col"}


@unique
class Kind(IntEnum):
    """How a tag is written."""

    DROPPED = 0
    OPENS = 1
    CLOSES = 2
    EMPTY = 3  # has no end
    PLACED = 4  # opens, and may end other elements or have no place
    SCOPED = 5  # closes what is a scope of its own, or part of a table
    ODD = 6  # a comment, a script, or no tag at all


class Piece(NamedTuple):
    """A tag as it is written: "" for what is dropped."""

    kind: Kind
    name: str = ""
    written: str = ""
    blocked: int = 0
    odd: Does = Does.NOTHING
    picture: str = ""  # the Content-ID of a picture that the mail carries
    hostile: bool = False  # it has more attributes than any client writes


def piece_of(inside: str) -> Piece:
    """Read what stands between "<" and ">"."""
    return _known_piece(inside) if len(inside) < _SHORT else _piece(inside)


@lru_cache(maxsize=_KNOWN)
def _known_piece(inside: str) -> Piece:
    return _piece(inside)


def _piece(inside: str) -> Piece:
    match = _NAME.match(inside)
    name = match[2].lower() if match else ""
    if match is None or name not in TAGS:
        return _dropped(inside)
    if match[1]:
        kind = Kind.SCOPED if name in OF_TABLE or name in SCOPES else Kind.CLOSES
        return Piece(kind, name, f"</{name}>")
    rest = inside[match.end() :]
    kind = Kind.PLACED if name in _PLACED else Kind.EMPTY if name in VOID else Kind.OPENS
    if not rest:
        return Piece(Kind.DROPPED if name == "img" else kind, name, f"<{name}>")
    if has_open_quote(rest):
        return Piece(Kind.ODD, name, odd=Does.UNFINISHED)
    return _opening(kind, name, rest)


def _dropped(inside: str) -> Piece:
    tag = tag_of(inside)
    if tag.does in {Does.TEXT, Does.MARKUP, Does.UNFINISHED} or (tag.does is Does.RAW and not tag.closes):
        return Piece(Kind.ODD, tag.name, odd=tag.does)
    # The picture behind a whole mail stands at its <body>.
    blocked = tag.name == "body" and _REMOTE.search(inside) is not None
    return Piece(
        Kind.DROPPED, tag.name if tag.known else "", blocked=int(blocked), hostile=_is_hostile(inside)
    )


def _is_hostile(rest: str) -> bool:
    if len(rest) <= _ATTRIBUTES_LONG:
        return False
    return next(islice(_ATTRIBUTE.finditer(rest), _ATTRIBUTES_CAP, None), None) is not None


def _opening(kind: Kind, element: str, rest: str) -> Piece:
    """Keep the allowed attributes, and count what would have shown something from elsewhere."""
    if _is_hostile(rest):
        return Piece(Kind.DROPPED, element, hostile=True)
    allowed = ATTRIBUTES[element]
    kept: dict[str, str] = {}
    blocked = 0
    for written, *values in _ATTRIBUTE.findall(rest):
        name = written.lower()
        if name in kept or name == "data-part" or (name not in allowed and name != "background"):
            continue
        value = unescape("".join(values)).strip()
        if name == "background":
            blocked += 1
        elif name == "style":
            kept["style"], remote = _known_style(value) if len(value) < _SHORT_STYLE else style_of(value)
            blocked += remote
        elif name == "src" and value[:4].lower() != "cid:":
            blocked += bool(value)
        elif name != "href" or HREF.match(value):
            kept[name] = value
    return _with(kind, element, kept, blocked)


_known_style = lru_cache(maxsize=_KNOWN)(style_of)


def _with(kind: Kind, element: str, kept: dict[str, str], blocked: int) -> Piece:
    picture = ""
    if element == "img":
        if "src" not in kept and not kept.get("alt"):
            return Piece(Kind.DROPPED, element, blocked=blocked)
        if "src" in kept:
            picture = unquote(kept["src"][4:])
            kept["src"] = f"cid:{picture}"
    return Piece(kind, element, _written(element, kept), blocked, picture=picture)


def _written(element: str, kept: Mapping[str, str]) -> str:
    shown = [f'{name}="{_escaped(value)}"' for name, value in kept.items() if value]
    return f"<{' '.join((element, *shown))}>"


def _escaped(value: str) -> str:
    return value if value.isalnum() else escape(value)
