"""From a line to its label: one table over all clients and languages, asked by the label's folded text."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cache
from typing import NamedTuple

from bccd.mail.forward.facts import clients, k9, more, outlook, roundcube, thunderbird, zimbra
from bccd.mail.forward.facts.row import Labels

ANY = "*"  # the language of labels that fit every block

_LONGEST = 48  # no label with its quoting of style is longer
_COLON = re.compile("[:：﹕︓՝]")
_STYLE = "*_ \t"


@unique
class Role(StrEnum):
    """What a header line says."""

    SENDER = "from"
    TO = "to"
    CC = "cc"
    DATE = "date"
    SUBJECT = "subject"
    REPLY_TO = "reply-to"
    OTHER = "other"
    TECHNICAL = "technical"


PRIMARY = frozenset({Role.SENDER, Role.TO, Role.CC, Role.DATE, Role.SUBJECT})
LISTS = frozenset({Role.SENDER, Role.TO, Role.CC, Role.REPLY_TO})

# A tie between languages goes to the first of these: what a sales team of Europe sees most.
_PREFERRED = ("en", "pl", "de", "fr", "es", "it", "nl", "pt", "cs", "sk", "uk", "ru", "zh")


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What a label of the table says; each stands there once, and is told from others by identity."""

    roles: Mapping[str, Role]  # by language
    known: frozenset[Role]  # in any of them
    anywhere: bool  # it says the same in every language, and begins no header
    listing: bool  # people may stand behind it
    technical: bool


class Label(NamedTuple):
    """A label that a line begins with: what it means, and the value behind it."""

    meaning: Meaning
    value: str

    @property
    def roles(self) -> Mapping[str, Role]:
        """Its role by language."""
        return self.meaning.roles


def fold(label: str) -> str:
    """Fold a label or marker, so that two ways of writing it are equal."""
    if not label.isascii():
        label = unicodedata.normalize("NFKC", label).translate({0x2019: "'"})
    return "".join(label.casefold().split()).rstrip(".")


def _rows() -> Iterable[Labels]:
    for source in (outlook, clients, thunderbird, more, k9, roundcube, zimbra):
        yield from source.LABELS


def _table() -> dict[str, Meaning]:
    # The first source wins where two give one label two roles in one language.
    columns = (Role.SENDER, Role.TO, Role.CC, Role.DATE, Role.SUBJECT, Role.REPLY_TO)
    table: dict[str, dict[str, Role]] = {}
    for language, *labels in _rows():
        for role, label in zip(columns, labels, strict=True):
            if label:
                table.setdefault(fold(label), {}).setdefault(language, role)
    for role, known in ((Role.OTHER, more.OTHER), (Role.TECHNICAL, more.TECHNICAL)):
        for label in known:
            table.setdefault(fold(label), {}).setdefault(ANY, role)
    return {key: _meaning(roles) for key, roles in table.items()}


def _meaning(roles: Mapping[str, Role]) -> Meaning:
    known = frozenset(roles.values())
    return Meaning(
        roles, known, roles.keys() == {ANY}, not known.isdisjoint(LISTS), roles.get(ANY) is Role.TECHNICAL
    )


TABLE: Mapping[str, Meaning] = _table()
_FIRST = frozenset(key[0] for key in TABLE) | frozenset(key[0].upper() for key in TABLE)


def may_be_labelled(lines: Sequence[str], *, plain: bool) -> list[int]:
    """Return which lines of a text, plain or not, may begin with a label."""
    if plain:
        return [number for number, line in enumerate(lines) if ":" in line]
    return [number for number, line in enumerate(lines) if _COLON.search(line)]


def read_label(text: str) -> Label | None:
    """Read the label that a line, free of quoting, begins with: `Od:`, `*From:*`, `发 件人：`."""
    start = 2 if text[:2] in {"**", "__"} else 1 if text[:1] in {"*", "_"} else 0
    if text[start : start + 1] not in _FIRST and text.isascii():
        return None
    match = _COLON.search(text, start, start + _LONGEST)
    if match is None:
        return None
    meaning = TABLE.get(fold(text[start : match.start()].strip(_STYLE)))
    if meaning is None:
        return None
    value = text[match.end() :].strip()
    return Label(meaning, _unstyled(value, closed=text[match.start() - 1] in "*_") if start else value)


def _unstyled(value: str, *, closed: bool) -> str:
    """Free a value of the marks of bold: `*From:* value`, `*From*: *value*`, `*From: value*`."""
    bare = value if closed else value.lstrip("*_")
    if not closed and bare == value:  # the whole line is bold
        return value.rstrip(_STYLE)
    bare = bare.strip()
    inner = bare.lstrip("*_")
    return bare if inner == bare else inner.rstrip(_STYLE)


def rank(language: str) -> tuple[int, str]:
    """Order languages for a tie."""
    known = _PREFERRED.index(language) if language in _PREFERRED else len(_PREFERRED)
    return known, language


def languages_of(label: Label, role: Role) -> list[str]:
    """List the languages in which a label has this role, the most likely first."""
    return sorted((code for code, known in label.roles.items() if known is role), key=rank)


@cache
def labels_of(language: str) -> Mapping[str, Role]:
    """Map the labels of a language, as written, to their roles."""
    columns = (Role.SENDER, Role.TO, Role.CC, Role.DATE, Role.SUBJECT)
    found: dict[str, Role] = {}
    for row in _rows():
        if row.language == language:
            found.update({label: role for role, label in zip(columns, row[1:6], strict=True) if label})
    return found
