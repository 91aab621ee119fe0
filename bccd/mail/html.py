"""HTML to the text a reader would see: one pass over the tags, linear whatever the mark-up.

A tree is not needed for that, and a parser that builds one takes seconds for a tag of 100,000 attributes.
"""

import html as entities
import re
from itertools import islice

from bccd.mail.charset import clean

HTML_CAP = 1024 * 1024
TAGS_CAP = 50_000
_QUOTE_DEPTH_CAP = 10

_BREAK = "\x03"  # a block begins or ends; clean text holds no such character, and entities do not make it
_QUOTE = "\x01"
_UNQUOTE = "\x02"
_BLANK = f"{_BREAK}\n{_BREAK}"
_RULE = "_" * 32  # as Outlook writes in plain text

_TAG = re.compile(
    r"""
    <(?:
      !--.*?(?:--!?>|\Z)
    | (?i:(?P<raw>script|style|title|textarea|template)\b[^>]*+>.*?(?:</(?P=raw)[^>]*+(?:>|\Z)|\Z))
    | [!?][^>]*+(?:>|\Z)
    | (?P<name>/?[a-zA-Z][^\s>/]*+)
      (?P<rest>[^>=]*+(?:=\s*+(?:"[^"]*+"|'[^']*+')?+[^>=]*+)*+)
      (?:>|\Z)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|\shidden(?=[\s/]|\Z)", re.IGNORECASE
)
_CITED = re.compile(r"type\s*=\s*[\"']?cite|class\s*=\s*[\"'][^\"']*quote|mso-?cite", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*["']?\s*((?:https?:|mailto:)[^"'\s<>]{3,2000})""", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\f\v]{2,}")
_BREAKS = re.compile(rf" *{_BREAK}[ {_BREAK}]*")
_AFTER_LINE = re.compile(rf"\n *{_BREAK}")
_MANY_LINES = re.compile(r"\n{3,}")

_BLOCK_NAMES = """
    address article aside body center dd details dialog dir div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 head header html legend main menu nav ol pre section summary table tbody tfoot thead tr
    ul
"""
_BLOCKS = tuple(_BLOCK_NAMES.split())
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_SIGNS = {
    "br": "\n",
    "/br": "\n",
    "hr": f"{_BREAK}{_RULE}{_BREAK}",
    "li": f"{_BREAK}- ",
    "/li": _BREAK,
    "td": " ",
    "th": " ",
    "p": _BLANK,
    "/p": _BREAK,
    **dict.fromkeys(_BLOCKS, _BREAK),
    **dict.fromkeys((f"/{name}" for name in _BLOCKS), _BREAK),
}
_OPENING = frozenset({"a", "/a", "pre", "/pre", "ol", "/ol", "ul", "/ul", "li"})


def html_text(html: str) -> tuple[str, bool]:
    """Return the visible text with LF line ends, cited blocks behind "> ", and whether all of it was read."""
    source = html[:HTML_CAP]
    end = _end_of_tags(source)
    pieces = _pieces(source[:end], hide=True)
    if pieces is None:
        # A hidden element that is never closed would hide the whole mail.
        pieces = _pieces(source[:end], hide=False) or []
    return _laid_out("".join(pieces)), end == len(html)


def _end_of_tags(html: str) -> int:
    """Return where the last tag under the cap begins; each tag costs, however short it is."""
    if html.count("<") <= TAGS_CAP:
        return len(html)
    starts = (match.start() for match in re.finditer("<", html))
    return next(islice(starts, TAGS_CAP, None))


def _pieces(html: str, *, hide: bool) -> list[str] | None:
    """Return text and signs in order; None if a hidden element stays open to the end."""
    out: list[str] = []
    end = 0
    inside = _Open()
    hidden, depth = "", 0  # the element not shown, and how many of its name are open
    quotes: list[bool] = []
    for match in _TAG.finditer(html):
        start = match.start()
        if start > end and not hidden:
            out.append(_run(html[end:start], pre=inside.pre))
        end = match.end()
        tag = match["name"]
        if tag is None:
            continue
        tag = tag.lower()
        if hidden:
            depth += (tag == hidden) - (tag == f"/{hidden}")
            hidden = hidden if depth else ""
        elif "@" in tag or tag[-1] == ":":
            # No tag, but what people write: <anna@acme.example>, <https://acme.example/>
            out.append(_run(match[0], pre=inside.pre))
        elif hide and tag[0] != "/" and tag not in _VOID and _is_hidden(match["rest"]):
            hidden, depth = tag, 1
        elif tag in _OPENING:
            out.append(inside.sign(tag, match["rest"], out))
        else:
            out.append(_sign(tag, match["rest"], quotes))
    if hidden:
        return None
    out.append(_run(html[end:], pre=inside.pre))
    return out


class _Open:
    """What is open while tags are read, and changes how what stands in it is written."""

    def __init__(self) -> None:
        self.pre = False
        self._target = ""  # of the link
        self._words_from = 0  # index of the piece that begins its words
        self._numbers: list[int] = []  # of each list's last item; below 0 for lists without numbers

    def sign(self, tag: str, rest: str, out: list[str]) -> str:
        """Return what the tag adds to the pieces; clients write a link's target behind its words."""
        match tag:
            case "a" | "/a":
                target = self._close_link(out)
                if tag == "a":
                    href = _HREF.search(rest)
                    self._target = clean(entities.unescape(href[1])) if href else ""
                    self._words_from = len(out) + 1
                return target
            case "pre" | "/pre":
                self.pre = tag == "pre"
            case "ol" | "ul":
                self._numbers.append(0 if tag == "ol" else -1)
            case "/ol" | "/ul":
                del self._numbers[-1:]
            case "li" if self._numbers and self._numbers[-1] >= 0:
                self._numbers[-1] += 1
                return f"{_BREAK}{self._numbers[-1]}. "
        return _SIGNS[tag]

    def _close_link(self, out: list[str]) -> str:
        target, self._target = self._target, ""
        if not target:
            return ""
        words = "".join(out[self._words_from :]).strip()
        name = target.partition("?")[0][len("mailto:") :] if target[:1] in "mM" else target
        named = words.rstrip("/") == name.rstrip("/") or ("@" in words and name != target)
        return "" if named else f" <{name}>"


def _sign(tag: str, rest: str, quotes: list[bool]) -> str:
    """Return what a tag does to the layout; keeps `quotes`, the open blockquotes, true for a cited one."""
    if tag == "blockquote":
        quotes.append(bool(_CITED.search(rest)))
        return _QUOTE if quotes[-1] else _BREAK
    if tag == "/blockquote":
        return _UNQUOTE if quotes and quotes.pop() else _BREAK
    if tag == "p" and "Mso" in rest:
        return _BREAK  # Outlook's paragraph is a line
    return _SIGNS.get(tag, "")


def _is_hidden(rest: str) -> bool:
    if not rest:
        return False
    lower = rest.lower()
    return ("hid" in lower or "none" in lower) and bool(_HIDDEN.search(lower))


def _run(text: str, *, pre: bool) -> str:
    """Return the characters that a run of source text stands for."""
    if not pre and ("\n" in text or "\t" in text):
        text = text.replace("\n", " ").replace("\t", " ")
    if "&" in text:
        text = clean(entities.unescape(text))
    return text


def _laid_out(text: str) -> str:
    """Turn the signs into lines."""
    text = _SPACES.sub(" ", text)
    if _QUOTE in text:
        text = _quoted(text)
    text = _AFTER_LINE.sub("\n", _BREAKS.sub(_BREAK, text)).replace(_BREAK, "\n")
    lines = text.replace("\xa0", " ").replace(_UNQUOTE, "").split("\n")
    return _MANY_LINES.sub("\n\n", "\n".join([line.strip() for line in lines])).strip()


def _quoted(text: str) -> str:
    """Put "> " before each line of a cited block, as many times as it is nested."""
    out: list[str] = []
    depth = 0
    for piece in re.split(f"([{_QUOTE}{_UNQUOTE}])", text):
        if piece == _QUOTE:
            depth += 1
        elif piece == _UNQUOTE:
            depth = max(depth - 1, 0)
        elif depth and piece.strip(f" {_BREAK}\n"):
            prefix = "> " * min(depth, _QUOTE_DEPTH_CAP)
            lines = _laid_out(piece).split("\n")
            out += (_BREAK, "\n".join(prefix + line for line in lines), _BREAK)
        else:
            out.append(piece)
    return "".join(out)
