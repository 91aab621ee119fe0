"""One tag, read once: what it does to the lines. A mail repeats few tags many times."""

import re
from enum import IntEnum, unique
from functools import lru_cache
from typing import NamedTuple

from bccd.mail.markup.signs import Sign, is_cited, sign_of


@unique
class Does(IntEnum):
    """What the walk has to do at a tag."""

    NOTHING = 0
    BLOCK = 1  # what stands before and behind is another line
    BREAK = 2
    RULE = 3
    CELL = 4
    ROW = 5
    TABLE = 6
    LIST = 7
    ITEM = 8
    LINK = 9
    IMAGE = 10
    TEXT = 11  # no tag, but what people write: <anna@acme.example>
    MARKUP = 12  # a comment, a declaration
    RAW = 13  # its content is not shown
    UNFINISHED = 14  # a quoted value holds the ">" that seemed to end it
    INLINE = 15  # no line ends here, but the element hides its text or has a sign


class Tag(NamedTuple):
    """A tag and everything that the walk may ask of it."""

    does: Does
    name: str = ""
    closes: bool = False
    gap: bool = False  # an empty line around it
    hidden: bool = False
    muted: bool = False  # text right behind it is too small to be seen
    cited: bool = False
    kept: bool = False  # its line ends are shown
    value: str = ""  # the target of a link, the words of an image, the first number of a list
    sign: Sign | None = None

    known: bool = True  # HTML has such an element
    special: bool = False  # any of hidden, muted, cited, kept, sign
    inert: bool = False  # it does nothing
    plain: bool = False  # it is a block that ends a line and does no more, but that <p> has space around it


MARKUP = Tag(Does.MARKUP)

_KNOWN = 4_096  # tags remembered from mail to mail
_SHORT = 160  # characters; longer ones hold links, of which each is another
_LONGEST_HTML = 500
_DISTINCT_CAP = 10_000  # tags of one page
_BLOCK_NAMES = """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 head header html legend main menu nav option p pre section summary
"""
_GAP_NAMES = "p h1 h2 h3 h4 h5 h6"
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_RAW_NAMES = "script style title textarea template xml noembed noframes"
VOID = frozenset(_VOID_NAMES.split())
_GAPS = frozenset(_GAP_NAMES.split())
_DOES: dict[str, Does] = {
    **dict.fromkeys(_BLOCK_NAMES.split(), Does.BLOCK),
    **dict.fromkeys(("td", "th"), Does.CELL),
    **dict.fromkeys(("ol", "ul"), Does.LIST),
    **dict.fromkeys(_RAW_NAMES.split(), Does.RAW),
    "br": Does.BREAK,
    "hr": Does.RULE,
    "tr": Does.ROW,
    "table": Does.TABLE,
    "li": Does.ITEM,
    "a": Does.LINK,
    "img": Does.IMAGE,
}
_INLINE_NAMES = """
    abbr acronym b big cite code del em font i ins kbd label mark q s small span strike strong sub sup u var
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_SHOWN = frozenset({"html", "body"})  # whatever their style says
_KEEPS = frozenset(("div", "p", "td", "blockquote", "pre", "article", "section"))

_NAME = re.compile(r"(/?)([a-zA-Z][^\s/>]*+)[\s/]*")
# From the "=" on, a value in quotes may hold ">"; where this stops before the end, a quote is open.
_COMPLETE = re.compile(r"""(?:[^=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=(?!\s*+["'])|(?!))*+""")
WHOLE = re.compile(r"""[^>=]*+(?:=\s*+(?:"[^"]*+"|'[^']*+'|(?!))?+[^>=]*+|(?!))*+(?:>|\Z)""")
# Most links are written like this, and each is another: reading them in one go is worth a pattern.
_PLAIN_LINK = re.compile(
    r"""a(?:\ ++(?:href="((?:https?:|mailto:)[^"\s<>]{3,2000})"|(?!href)[a-z-]++="[^"]*+")|(?!))*+\ *+"""
)
_PLAIN_HREF = re.compile(r"""\bhref="((?:https?:|mailto:)[^"\s<>]{3,2000})\"""")
_HREF = re.compile(
    r"""\bhref\s*+=\s*+(?:"\s*+((?:https?:|mailto:)[^"<>]{3,2000})"|'\s*+((?:https?:|mailto:)[^'<>]{3,2000})'"""
    r"""|["']?((?:https?:|mailto:)[^"'\s<>]{3,2000}))""",
    re.IGNORECASE,
)
_ALT = re.compile(r"""\balt\s*+=\s*+["']?([^\x00-\x7f][^"'\s<>]{0,7})(?:["'\s]|\Z)""", re.IGNORECASE)
_START = re.compile(r"""\bstart\s*+=\s*+["']?(\d{1,6})""")
_HIDDEN = re.compile(
    r"""display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|(?<![-\w])hidden(?=[\s/=]|\Z)(?!\s*=\s*["']?until)"""
    r"""|max-height\s*:\s*0(?:px|pt|em|%)?\s*(?:[;"'!]|\Z)|(?<![-\w])opacity\s*:\s*0?(?:\.0+|0)\s*(?:[;"'!%]|\Z)"""
)
_MUTED = re.compile(r"(?:[^-\w]|^)font(?:-size)?\s*:\s*(?:0(?:px|pt|r?em|%)?|1p[xt])\s*(?:[;\"'!]|\Z)")
_KEPT = re.compile(r"(?<![-\w])white-space\s*:\s*(?:pre|break-spaces)")
_TIGHT = re.compile(r"(?<![-\w])margin(?:-top)?\s*:\s*0(?:in|cm|px|pt|em)?\s*(?:[;\"'!]|0|\Z)")
_WRITTEN = re.compile(r"[^=]*@[^=]*\Z")  # <Anna Nowak anna@acme.example>


def repeats(source: str) -> bool:
    """Tell whether other mails may hold this very tag, so that it is worth remembering."""
    # Word's <html> is long, and the same in every mail of one version of Outlook.
    return len(source) < _SHORT or (source[:6] == "html x" and len(source) < _LONGEST_HTML)


def tag_of(source: str) -> Tag:
    """Read what stands between "<" and ">"."""
    return _known_tag(source) if repeats(source) else _tag(source)


@lru_cache(maxsize=_KNOWN)
def _known_tag(source: str) -> Tag:
    return _tag(source)


def _tag(source: str) -> Tag:
    tag = _read(source)
    if tag.does is Does.NOTHING:
        return tag._replace(inert=True)
    if tag.does is Does.BLOCK and not tag.special and (tag.name == "p" or not tag.gap):
        return tag._replace(plain=True)
    return tag


def _read(source: str) -> Tag:
    if source[:2] == "a " and (link := _PLAIN_LINK.fullmatch(source)) and not _may_be_odd(source):
        return Tag(Does.LINK, "a", value=link[1] or "")
    match = _NAME.match(source)
    if match is None:
        return MARKUP if source[:1] in {"!", "?"} else Tag(Does.TEXT, value=source)
    name = match[2].lower()
    does = _DOES.get(name)
    rest = source[match.end() :]
    if does is None and name not in _INLINE and _is_written(name, rest):
        return Tag(Does.TEXT, value=source)
    if match[1]:
        return _closing(name, does or Does.NOTHING)
    return _opening(name, does or Does.NOTHING, rest)


class Known(dict[str, Tag]):
    """The tags of one page, by their source, each read when it is first asked for."""

    __slots__ = ()

    def __missing__(self, source: str) -> Tag:
        """Read a tag."""
        # So many different ones are nobody's mail; each costs more than all that repeat.
        tag = self[source] = tag_of(source if len(self) < _DISTINCT_CAP else _bare(source))
        return tag


def _bare(source: str) -> str:
    """Return a tag without its attributes."""
    match = _NAME.match(source)
    return source if match is None or has_open_quote(source) else f"{match[1]}{match[2]}"


def _is_written(name: str, rest: str) -> bool:
    """Tell what people write from a tag that HTML does not know: <https://acme.example>."""
    if "@" in name or name[-1] == ":" or name.startswith("www."):
        return True
    return "@" in rest and _WRITTEN.match(rest) is not None


def has_open_quote(rest: str) -> bool:
    """Tell whether a quoted value in a tag's attributes goes on behind what seemed to be the tag's end."""
    if '"' not in rest and "'" not in rest:
        return False
    match = _COMPLETE.match(rest)
    return match is None or match.end() < len(rest)


def _closing(name: str, does: Does) -> Tag:
    if does is Does.NOTHING:
        return Tag(does, name, closes=True)
    return Tag(does if does is not Does.RAW else Does.NOTHING, name, closes=True, gap=name in _GAPS)


def _opening(name: str, does: Does, rest: str) -> Tag:
    if not rest:
        return _BARE.get(name) or Tag(does, name, known=name in _INLINE)
    if has_open_quote(rest):
        return Tag(Does.UNFINISHED, name)
    if name == "a" and not _may_be_odd(rest):
        return Tag(Does.LINK, name, value=_value(name, rest))
    if name in VOID:
        sign = sign_of(name, rest.lower()) if name == "hr" else None
        return Tag(does, name, value=_alt(rest) if name == "img" else "", sign=sign)
    return _attributed(name, does, rest, rest.lower())


def _may_be_odd(rest: str) -> bool:
    return (
        "isplay" in rest or "idden" in rest or "IDDEN" in rest or "MailOriginal" in rest or "opacity" in rest
    )


def _attributed(name: str, does: Does, rest: str, lower: str) -> Tag:
    styled = "style" in lower
    hidden = name not in _SHOWN and _is_hidden(lower, styled=styled)
    muted = styled and "font" in lower and _MUTED.search(lower) is not None
    cited = name == "blockquote" and is_cited(lower)
    kept = name == "pre" or (styled and name in _KEEPS and "pre" in lower and _KEPT.search(lower) is not None)
    sign = sign_of(name, lower)
    special = hidden or muted or cited or kept or sign is not None
    return Tag(
        Does.INLINE if special and does is Does.NOTHING else does,
        name,
        gap=name in _GAPS and not (name == "p" and ("mso" in lower or (styled and _TIGHT.search(lower)))),
        hidden=hidden,
        muted=muted,
        cited=cited,
        kept=kept,
        value=_value(name, rest),
        sign=sign,
        known=does is not Does.NOTHING or name in _INLINE,
        special=special,
    )


def _is_hidden(lower: str, *, styled: bool) -> bool:
    if not ("hid" in lower or (styled and ("none" in lower or "max-height" in lower or "opacity" in lower))):
        return False
    return _HIDDEN.search(lower) is not None


def _value(name: str, rest: str) -> str:
    if name == "a":
        found = _PLAIN_HREF.search(rest)
        if found:
            return found[1]
        found = _HREF.search(rest)
        return (found[1] or found[2] or found[3]).strip() if found else ""
    if name == "ol" and (start := _START.search(rest)):
        return start[1]
    return ""


def _alt(rest: str) -> str:
    # Gmail and others send an emoji as a picture; a reader sees the emoji.
    found = _ALT.search(rest)
    return found[1] if found and not any(char.isalnum() for char in found[1]) else ""


_BARE: dict[str, Tag] = {
    name: Tag(does, name, gap=name in _GAPS, kept=name == "pre", special=name == "pre")
    for name, does in _DOES.items()
}
