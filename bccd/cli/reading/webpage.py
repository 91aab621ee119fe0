"""An anatomy as one HTML page that needs nothing else: no script, no remote content, every word escaped."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from bccd.cli.reading.facts import KINDS, Row, part_line, sections, verdict
from bccd.cli.reading.style import STYLE
from bccd.mail.anatomy.shape import Anatomy, Part, Segment

# Where text turns its direction for good: shown, since it makes "exe.pdf" of "fdp.exe".
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_STEPS = ("rule", "about", "verdict", "reason")


def webpage(found: Anatomy, would: Mapping[str, Any] | None, why_not: str) -> str:
    """Write the page."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = text_of(found.mail.subject) or "(no subject)"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header>\n<h1 dir="auto">{title}</h1>\n<p>{text_of(verdict(found))}</p>\n</header>\n'
        "<main>\n"
        + _layout(found.layout)
        + "".join(_section(title, _facts(rows)) for title, rows in sections(found))
        + _section("Parts", _tree(found.mail.parts))
        + _section("What the rules would do", _decision(would, why_not))
        + "</main>\n</body>\n</html>\n"
    )


def text_of(words: str) -> str:
    """Escape words; control characters are shown and have no effect."""
    return escape("".join(map(_visible, words)))


def _visible(char: str) -> str:
    if char in _TURNS:
        return f"\\u{ord(char):04x}"
    if char < " " and char not in "\n\t":
        return chr(0x2400 + ord(char))
    return "\ufffd" if "\x7f" <= char < "\xa0" or "\ud800" <= char < "\ue000" else char


def _section(title: str, inside: str) -> str:
    return f"<section>\n<h2>{text_of(title)}</h2>\n{inside}</section>\n"


def _facts(rows: Iterable[Row]) -> str:
    cells = (
        f'<tr><th scope="row">{text_of(name)}</th><td><bdi>{text_of(value)}</bdi></td></tr>\n'
        for name, value in rows
    )
    return f"<table>\n{''.join(cells)}</table>\n"


def _layout(layout: Sequence[Segment]) -> str:
    """Write the text with its parts marked, by a name and a line at the side besides the colour."""
    kinds = dict.fromkeys(segment.kind for segment in layout)
    legend = "".join(f'<li class="part {kind}">{_name(kind)}</li>' for kind in kinds)
    parts = "".join(
        f'<div class="part {segment.kind}" role="group" aria-label="{_name(segment.kind)}">'
        f'<span class="name">{_name(segment.kind)}</span>'
        f'<pre dir="auto">{text_of(segment.text.rstrip(chr(10)))}</pre></div>\n'
        for segment in layout
    )
    if not layout:
        return _section("Text", "<p>There is none.</p>\n")
    return _section("Text", f'<ul class="legend">{legend}</ul>\n{parts}')


def _name(kind: str) -> str:
    return text_of(KINDS.get(kind, kind))


def _tree(parts: Sequence[Part]) -> str:
    return f"<ul>\n{''.join(_nested(parts))}</ul>\n"


def _nested(parts: Sequence[Part]) -> Iterator[str]:
    """Write each part as an item and what it holds as a list in it."""
    open_items = 0
    for part in parts:
        while open_items > part.depth:
            yield "</ul></li>\n"
            open_items -= 1
        holds = any(other.parent is not None and parts[other.parent] is part for other in parts)
        yield f"<li><bdi>{text_of(part_line(part))}</bdi>"
        if holds:
            yield "<ul>\n"
            open_items += 1
        else:
            yield "</li>\n"
    yield "</ul></li>\n" * open_items


def _decision(would: Mapping[str, Any] | None, why_not: str) -> str:
    if would is None:
        return f"<p>No rule was asked: {text_of(why_not)}</p>\n"
    head = "".join(f'<th scope="col">{name}</th>' for name in _STEPS)
    steps = "".join(
        f"<tr>{''.join(f'<td><bdi>{text_of(str(step[name]))}</bdi></td>' for name in _STEPS)}</tr>\n"
        for step in would["steps"]
    )
    state = text_of(f"{would['state']} {would['reason']}".rstrip())
    return f'<p>Would be {state}.</p>\n<div class="wide"><table>\n<tr>{head}</tr>\n{steps}</table></div>\n'
