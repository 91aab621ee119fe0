"""What a letter says, as text and as HTML that says the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from unicodedata import category

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bccd.model.delivery import show_id
from bccd.model.notice import Choice, Item, Letter
from bccd.outbound import rehearsal
from bccd.outbound.words import Words
from bccd.rules.reasons import N_, Kind, reason_of

DIGEST = "digest"
MOST_ITEMS = 100  # told of one by one
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # control characters, and those that turn text around
_SHOWN_APART = ("link", "code", "lines", "steps", "from")  # args that stand in lines of their own


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages that act for the reader, empty where there is no web page."""

    choose: Mapping[int, str]  # by number
    none: str = ""
    items: Mapping[int, str] | None = None  # by notice: what its reason is for


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A choice as it is shown."""

    number: int
    title: str
    why: str
    url: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A notice as it is shown."""

    about: str
    at: str
    sender: str
    sentence: str
    advice: str
    filed_with: str
    choices: tuple[_Line, ...]
    delivery: str
    url: str
    elsewhere: bool  # the advice names another place than the link
    code: str
    lines: tuple[str, ...]


def render(letter: Letter, words: Words, links: Links, *, answers: bool) -> Written:
    """Write a letter; `answers` tells that numbers may be answered by mail."""
    parts = [_part(item, words, links) for item in letter.items[:MOST_ITEMS]]
    context: dict[str, Any] = {
        "words": words,
        "_": words.text,
        "count": words.count,
        "letter": letter,
        "summary": _summary(letter, words),
        "groups": _groups(letter, parts, words),
        "left_out": max(0, len(letter.items) - MOST_ITEMS),
        "example": min(2, max((line.number for part in parts for line in part.choices), default=0)),
        "linked": bool(links.choose),
        "answers": answers,
        "none_url": links.none,
    }
    return Written(
        _subject(letter, words),
        _template("letter.txt").render(context).strip() + "\n",
        _template("letter.html").render(context),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bccd.outbound"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> Any:
    return _environment().get_template(name)


def flat(text: str) -> str:
    """Return text on one line, without what could change how the rest is shown."""
    return " ".join("".join(c for c in text if c.isspace() or category(c) not in _UNSEEN).split())


def _subject(letter: Letter, words: Words) -> str:
    """Name the matter, and the mail where there is just one."""
    title = words.text(reason_of(letter.reason).title)
    if letter.reason == DIGEST:
        return f"{title}: {_summary(letter, words)}"
    if len(letter.items) == 1:
        about = flat(letter.items[0].about)
        return f"{title if title.endswith('?') else title + ':'} {about}" if about else title
    mails = words.count("%(count)s mail", "%(count)s mails", len(letter.items))
    return f"{title} ({mails})"


def _summary(letter: Letter, words: Words) -> str:
    """Count a digest: 14 filed, 2 need you, 1 refused."""
    if letter.reason != DIGEST:
        return ""
    kinds = Counter(reason_of(item.reason).kind for item in letter.items)
    counted = (
        words.count("%(count)s filed", "%(count)s filed", kinds[Kind.FILED]),
        words.count("%(count)s needs you", "%(count)s need you", kinds[Kind.ASKS]),
        words.count("%(count)s refused", "%(count)s refused", kinds[Kind.REFUSED]),
        words.count("%(count)s remark", "%(count)s remarks", kinds[Kind.REMARK]),
    )
    return ", ".join(counted if kinds[Kind.REMARK] else counted[:3])


def _groups(letter: Letter, parts: Sequence[_Part], words: Words) -> list[tuple[str, list[_Part]]]:
    """Put what needs the reader first; only a digest speaks of several matters."""
    if letter.reason != DIGEST:
        return [("", list(parts))]
    titles = {
        Kind.ASKS: words.text(N_("These need you")),
        Kind.REFUSED: words.text(N_("These were not filed")),
        Kind.REMARK: words.text(N_("These were filed, with a remark")),
        Kind.FILED: words.text(N_("These were filed")),
    }
    more = {item.delivery_id for item in letter.items if reason_of(item.reason).kind is not Kind.FILED}
    found: list[tuple[str, list[_Part]]] = []
    for kind, title in titles.items():
        mine = [
            part
            for part, item in zip(parts, letter.items, strict=False)
            if reason_of(item.reason).kind is kind
            and (kind is not Kind.FILED or item.delivery_id not in more)  # told of once, with what matters
        ]
        if mine:
            found.append((title, mine))
    return found


def _part(item: Item, words: Words, links: Links) -> _Part:
    reason = reason_of(item.reason)
    args = {name: value for name, value in item.args.items() if name not in _SHOWN_APART}
    lines = rehearsal.lines(item.args, words) if "steps" in item.args else item.args.get("lines", ())
    return _Part(
        about=flat(item.about),
        at=words.moment(item.at),
        sender=flat(str(item.args.get("from", ""))),
        sentence=words.text(reason.sentence, args),
        advice="" if any(choice.number for choice in item.choices) else words.text(reason.advice, args),
        # An answer that names what was chosen says it itself.
        filed_with="" if "chosen" in item.args else flat(", ".join(item.filed_with)),
        choices=tuple(_line(choice, words, links) for choice in item.choices),
        delivery=show_id(item.delivery_id) if item.delivery_id is not None else "",
        url=(links.items or {}).get(item.notice_id, ""),
        elsewhere=reason.kind is Kind.ASKS,
        code=str(item.args.get("code", "")),
        lines=tuple(flat(str(line)) for line in lines) if isinstance(lines, list | tuple) else (),
    )


def _line(choice: Choice, words: Words, links: Links) -> _Line:
    """Show a deal with what it is known by: contact, title, id, why."""
    if not choice.title:
        return _Line(choice.number, words.text(N_("a deal that was deleted")), "", "")
    title = flat(choice.title)
    if choice.deal and choice.deal != title:
        title = words.text(N_("%(title)s (deal %(deal)s)"), {"title": title, "deal": choice.deal})
    if choice.contacts:
        title = f"{flat(', '.join(choice.contacts))}: {title}"
    why = []
    if choice.own:
        why.append(words.text(N_("it is yours")))
    if choice.words:
        why.append(words.text(N_("its name has: %(words)s"), {"words": ", ".join(choice.words)}))
    if choice.changed_at is not None:
        why.append(words.text(N_("last changed on %(day)s"), {"day": words.day(choice.changed_at)}))
    return _Line(choice.number, title, "; ".join(why), links.choose.get(choice.number, ""))
