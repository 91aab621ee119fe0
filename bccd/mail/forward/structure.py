"""HTML as lines of text, keeping what mark-up knows: quoting, mailto links, where a quoted mail begins.

One pass over the tags and no tree: building the tree of 200,000 nested elements takes a parser minutes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from bccd.mail.forward.lines import MAX_DEPTH

_LONGEST = 1_048_576  # characters of HTML
_LONGEST_TAG = 2000  # what stands behind in a tag is not looked at

# A tag, the start of a comment, or a conditional of Word, whose content is shown. What only looks like a tag,
# as <anna@acme.example> or <https://acme.example>, is text.
_TAG = re.compile(
    r"</?([a-zA-Z][a-zA-Z0-9-]*(?::[a-zA-Z0-9-]+)?)(?=[\s/>])[^<>]*>|<!--(?!\[if)|<!(?:--)?\[[^<>]*>"
)
_MAILTO = re.compile(r"""href\s*=\s*["']?\s*mailto:([^"'?>\s]{3,320})""", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_HIDDEN = frozenset({"head", "script", "style", "title", "template"})
_BREAKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tr",
        "ul",
    }
)
_GAPS = frozenset({"p", "hr", "h1", "h2", "h3"})  # shown with space around


class Anchor(NamedTuple):
    """A tag that a client puts around or before the header of a quoted mail."""

    pattern: re.Pattern[str]
    name: str


# In the order of asking; matched against one tag's attributes.
ANCHORS: tuple[Anchor, ...] = (
    Anchor(re.compile(r"""id\s*=\s*["']?[^"'\s]{0,60}divRplyFwdMsg""", re.IGNORECASE), "html:outlook-web"),
    Anchor(
        re.compile(
            r"""border-top:\s*solid\s+(?:#[0-9a-f]{6}|windowtext)\s+1\.0pt""",
            re.IGNORECASE,
        ),
        "html:outlook",
    ),
    Anchor(
        re.compile(r"""class\s*=\s*["']?[^"']{0,200}\bOutlookMessageHeader""", re.IGNORECASE), "html:outlook"
    ),
    Anchor(
        re.compile(r"""id\s*=\s*["']?[^"'\s]{0,60}mail-editor-reference-message""", re.IGNORECASE),
        "html:outlook",
    ),
    Anchor(
        re.compile(r"""class\s*=\s*["']?[^"']*ms-outlook-mobile-reference""", re.IGNORECASE), "html:outlook"
    ),
    Anchor(re.compile(r"""class\s*=\s*["']?[^"']{0,200}\bgmail_attr\b""", re.IGNORECASE), "html:gmail"),
    Anchor(re.compile(r"""class\s*=\s*["']?[^"']{0,200}\bgmail_quote\b""", re.IGNORECASE), "html:gmail"),
    Anchor(
        re.compile(
            r"""class\s*=\s*["']?[^"']{0,200}\bmoz-(?:forward-container|email-headers)""", re.IGNORECASE
        ),
        "html:mozilla",
    ),
    Anchor(re.compile(r"""type\s*=\s*["']?cite""", re.IGNORECASE), "html:cite"),
)
_TELLTALE = (
    "divrplyfwdmsg",
    "border-top:",
    "outlookmessageheader",
    "outlook-mobile-reference",
    "mail-editor-reference",
    "gmail_quote",
    "gmail_attr",
    "moz-forward",
    "moz-email",
    'type="cite',
    "type='cite",
    "type=cite",
)


@dataclass(slots=True)
class _Writer:
    """Lines being written, one after the other."""

    lines: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    anchors: dict[int, str] = field(default_factory=dict)
    depth: int = 0
    hidden: str = ""  # the element whose content nobody sees
    link: str = ""  # address of the open mailto link
    link_from: int = 0

    def text(self, text: str) -> None:
        if text and not self.hidden:
            self.parts.append(_SPACE.sub(" ", text))

    def end_line(self, *, gap: bool = False, always: bool = False) -> None:
        line = _SPACE.sub(" ", unescape("".join(self.parts))).strip(" ")
        self.parts.clear()
        self.link_from = 0
        if line or always or (gap and self.lines and self.lines[-1].strip("> ")):
            self.lines.append(f"{'> ' * min(self.depth, MAX_DEPTH + 1)}{line}" if line or self.depth else "")

    def close_link(self) -> None:
        if self.link and "@" not in "".join(self.parts[self.link_from :]):
            self.parts.append(f" <{self.link}>".replace("<", "&lt;").replace(">", "&gt;"))
        self.link = ""


def has_structure(html: str) -> bool:
    """Tell cheaply whether HTML may hold an anchor."""
    folded = html[:_LONGEST].casefold()
    return any(sign in folded for sign in _TELLTALE)


def text_of(html: str) -> tuple[str, Mapping[int, str]]:
    """Write HTML as text lines and tell at which of them a client's anchor stands."""
    writer = _Writer()
    html = html[:_LONGEST]
    at = 0
    while match := _TAG.search(html, at):
        writer.text(html[at : match.start()])
        at = match.end()
        if match[1]:
            _tag(
                writer,
                match[1].lower(),
                match[0][:_LONGEST_TAG],
                closing=html.startswith("/", match.start() + 1),
            )
        elif match[0] == "<!--":
            end = html.find("-->", at)
            at = len(html) if end < 0 else end + 3
    writer.text(html[at:])
    writer.end_line()
    return "\n".join(writer.lines), writer.anchors


def _tag(writer: _Writer, name: str, tag: str, *, closing: bool) -> None:
    if writer.hidden:
        writer.hidden = "" if closing and name == writer.hidden else writer.hidden
        return
    if name in _HIDDEN:
        writer.hidden = "" if closing else name
        return
    if name == "a":
        _link(writer, tag, closing=closing)
    elif name == "td" and closing:
        writer.text(" ")
    elif name in _BREAKS and name != "td":
        writer.end_line(gap=name in _GAPS, always=name == "br")
    if name == "blockquote":
        writer.depth = max(0, writer.depth + (-1 if closing else 1))
    if not closing and len(tag) > len(f"<{name}>"):
        folded = tag.casefold()
        if any(sign in folded for sign in _TELLTALE):
            anchor = next((known.name for known in ANCHORS if known.pattern.search(tag)), "")
            if anchor:
                writer.anchors[len(writer.lines)] = anchor


def _link(writer: _Writer, tag: str, *, closing: bool) -> None:
    writer.close_link()
    match = None if closing else _MAILTO.search(tag)
    if match:
        writer.link = unquote(unescape(match[1]))
        writer.link_from = len(writer.parts)
