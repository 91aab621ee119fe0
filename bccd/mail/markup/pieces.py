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
from bccd.mail.markup.cleaner import clean_tag
from bccd.mail.markup.tags import VOID, Does, has_open_quote, repeats, tag_of

_ATTRIBUTES_CAP = 2_000
_ATTRIBUTES_LONG = 2 * _ATTRIBUTES_CAP  # characters that so many take at least
_KNOWN = 4_096  # tags remembered from mail to mail
_SHORT_STYLE = 300

_NAME = re.compile(r"(/?)([a-zA-Z][^\s/>]*+)[\s/]*+")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_REMOTE = re.compile(r"background[^;]{0,40}(?:url|=)", re.IGNORECASE)


@unique
class Kind(IntEnum):
    """How a tag is written."""

    DROPPED = 0
    OPENS = 1
    CLOSES = 2
    EMPTY = 3  # has no end
    ODD = 4  # a comment, a script, or no tag at all


class Piece(NamedTuple):
    """A tag as it is written, by nh3 in the end; "" for what is dropped, or closes an element."""

    kind: Kind
    name: str = ""
    written: str = ""
    blocked: int = 0
    odd: Does = Does.NOTHING
    picture: str = ""  # the Content-ID of a picture that the mail carries
    hostile: bool = False  # it has more attributes than any client writes


def piece_of(inside: str) -> Piece:
    """Read what stands between "<" and ">"."""
    return _known_piece(inside) if repeats(inside) else _piece(inside)


@lru_cache(maxsize=_KNOWN)
def _known_piece(inside: str) -> Piece:
    return _piece(inside)


def _piece(inside: str) -> Piece:
    match = _NAME.match(inside)
    name = match[2].lower() if match else ""
    if match is None or name not in TAGS:
        return _dropped(inside)
    if match[1]:
        return Piece(Kind.CLOSES, name)
    rest = inside[match.end() :]
    kind = Kind.EMPTY if name in VOID else Kind.OPENS
    if not rest:
        return Piece(Kind.DROPPED if name == "img" else kind, name, _written(name, {}))
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
    # All that there is to check of a bare tag is its name.
    return (
        clean_tag(element, f"<{' '.join((element, *shown))}>") if shown or element == "a" else f"<{element}>"
    )


def _escaped(value: str) -> str:
    return value if value.isalnum() else escape(value)
