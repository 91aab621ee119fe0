"""Which elements a tag ends, and where it has a place: the structure of HTML that is written anew.

Written is what any parser of HTML5 reads as it stands. Where that is not sure, the step says so.
"""

from typing import NamedTuple

# An element of these names ends an open paragraph (HTML, 13.2.6.4.7).
_BLOCK_NAMES = """
    address article aside blockquote center div dl figcaption figure footer h1 h2 h3 h4 h5 h6 header
    hr main nav ol p pre section table ul
"""
_ENDS_P = frozenset(_BLOCK_NAMES.split())
_SCOPES = frozenset({"table", "td", "th", "ul", "ol", "caption"})  # inside, nothing outside is closed
_OF_TABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("td", "th"), frozenset({"tr", "tbody", "thead", "tfoot", "table"})),
    "tr": frozenset({"tbody", "thead", "tfoot", "table"}),
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption", "col", "colgroup"), frozenset({"table"})),
}
_ENDS_ITSELF = frozenset({"li", "dt", "dd", "a"})
_PLACED = (_ENDS_P | _ENDS_ITSELF | _OF_TABLE.keys()) - {"hr", "col"}  # may end others, or have no place

# What a parser leaves where it stands. In these nothing else does, and no text.
_INSIDE: dict[str, frozenset[str]] = {
    "table": frozenset({"tbody", "thead", "tfoot", "caption", "colgroup"}),
    **dict.fromkeys(("tbody", "thead", "tfoot"), frozenset({"tr"})),
    "tr": frozenset({"td", "th"}),
    "colgroup": frozenset({"col"}),
}
# What a parser puts between a table and what stands in it too early.
_BETWEEN: dict[tuple[str, str], tuple[str, ...]] = {
    ("table", "tr"): ("tbody",),
    **{("table", cell): ("tbody", "tr") for cell in ("td", "th")},
    **{(body, cell): ("tr",) for body in ("tbody", "thead", "tfoot") for cell in ("td", "th")},
}
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CLOSES_P = _ENDS_P | {"li", "dt", "dd"}
_BOUNDS_P = frozenset({"table", "td", "th", "caption"})
_TERMS = frozenset({"dt", "dd"})
_NEVER_SURE = frozenset({"pre", "rp", "rt", "ruby"})  # <pre> loses a line end, the others end one another


class Moved(NamedTuple):
    """What a tag does: the elements open behind it, what is written, and whether a parser reads it so."""

    names: tuple[str, ...]
    written: str
    sure: bool


def opened(names: tuple[str, ...], name: str, tag: str, *, void: bool) -> Moved | None:
    """Open an element; None if it has no place here."""
    stack = list(names)
    out: list[str] = []
    if name in _PLACED and not _make_room(stack, name, out):
        return None
    for between in _BETWEEN.get((stack[-1] if stack else "", name), ()):
        stack.append(between)
        out.append(f"<{between}>")
    sure = _is_sure(stack, name)
    out.append(tag)
    if not void:
        stack.append(name)
    return Moved(tuple(stack), "".join(out), sure)


def closed(names: tuple[str, ...], name: str) -> Moved | None:
    """Close an element; None if none of this name can be closed here."""
    stack = list(names)
    out: list[str] = []
    if stack and stack[-1] == name:
        _close_to(stack, len(stack) - 1, out)
    else:
        _close(stack, name, out)
    return Moved(tuple(stack), "".join(out), sure=True) if out else None


def all_closed(names: tuple[str, ...]) -> str:
    """Return the tags that close all."""
    return "".join(f"</{name}>" for name in reversed(names))


def holds_text(names: tuple[str, ...]) -> bool:
    """Tell whether text may stand in the innermost element."""
    return not names or names[-1] not in _INSIDE


def _make_room(stack: list[str], name: str, out: list[str]) -> bool:
    """End the elements that one of this name ends; tell whether it has a place at all."""
    around = _OF_TABLE.get(name)
    if around:
        if stack and stack[-1] in around:
            return True
        at = _last(stack, "table", 0)
        if at < 0:
            return False
        top = next((i for i in range(len(stack) - 1, at - 1, -1) if stack[i] in around), at)
        _close_to(stack, top + 1, out)
    elif name in _ENDS_ITSELF:
        _close(stack, name, out)
    else:
        _close(stack, "p", out)
    return True


def _close(stack: list[str], name: str, out: list[str]) -> None:
    """End the last open element of a name and those inside it; nothing if its scope has none."""
    if name not in stack:
        return
    if name in _SCOPES:
        start = 0
    elif name in _OF_TABLE:
        start = max(_last(stack, "table", 0), 0)
    else:
        start = next((at + 1 for at in range(len(stack) - 1, -1, -1) if stack[at] in _SCOPES), 0)
    at = _last(stack, name, start)
    if at >= 0 and (name not in _OF_TABLE or at >= _last(stack, "table", 0)):
        _close_to(stack, at, out)


def _close_to(stack: list[str], count: int, out: list[str]) -> None:
    out.append(all_closed(tuple(stack[count:])))
    del stack[count:]


def _last(stack: list[str], name: str, start: int) -> int:
    if name not in stack:
        return -1
    return next((at for at in range(len(stack) - 1, start - 1, -1) if stack[at] == name), -1)


def _is_sure(stack: list[str], name: str) -> bool:
    """Tell whether a parser of HTML5 leaves an element of this name here, and all around it open."""
    around = stack[-1] if stack else ""
    allowed = _INSIDE.get(around)
    if allowed is not None:
        return name in allowed
    if name in _OF_TABLE or name in _NEVER_SURE:
        return False
    if name in _HEADINGS and around in _HEADINGS:
        return False
    if name == "a":
        return "a" not in stack
    if name in _TERMS and not _TERMS.isdisjoint(stack):
        return False
    return name not in _CLOSES_P or "p" not in stack or not _has_p(stack)


def _has_p(stack: list[str]) -> bool:
    return next((name for name in reversed(stack) if name == "p" or name in _BOUNDS_P), "") == "p"
