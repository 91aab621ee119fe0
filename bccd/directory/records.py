"""Reads master data from CSV and JSON: checked records, or every mistake with the row it is in."""

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bccd.directory.columns import (
    Column,
    FieldError,
    address,
    address_or_domain,
    deal_id,
    external_id,
    flag,
    one_of,
    own_domain,
    slug,
    text,
)
from bccd.directory.settings import SETTINGS, language
from bccd.model.directory import Notices
from bccd.model.errors import MistakeError

_LISTED = re.compile(r"[|;,\s]+")


class RecordsError(MistakeError):
    """The data has mistakes, each a line that begins with its row; `good` are the records without one."""

    def __init__(
        self, mistakes: Sequence[str], good: Sequence["Record"] = (), bad: Collection[str] = ()
    ) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = list(mistakes)
        self.good = tuple(good)
        self.bad = frozenset(bad)  # external ids that stand in rows with mistakes: they may be referred to


_ID = Column(
    external_id, "The id by which the CRM knows it; the key by which loading again updates.", required=True
)
_OWNER = Column(external_id, "The owner's external id.")
_ORGANISATION = Column(external_id, "The organisation's external id.")
_ACTIVE = Column(flag, "Whether it is in use.", default="yes")

KINDS: Mapping[str, Mapping[str, Column]] = {
    "company": {
        "slug": Column(slug, "Its short name.", required=True),
        "name": Column(text, "Its name.", required=True),
        "addresses": Column(address, "The addresses that its users send copies to.", many=True),
        "internal_domains": Column(own_domain, "Domains whose mail addresses are all its own.", many=True),
        **SETTINGS,
    },
    "organisation": {
        "external_id": _ID,
        "name": Column(text, "Its name.", required=True),
        "domains": Column(own_domain, "The mail domains of its people.", many=True),
    },
    "user": {
        "external_id": _ID,
        "name": Column(text, "The user's name.", required=True),
        "login": Column(address, "The address the user logs in with.", required=True),
        "alternatives": Column(address, "Further addresses, confirmed to be the user's own.", many=True),
        "unconfirmed": Column(address, "Further addresses that are not confirmed yet.", many=True),
        "default_sharing": Column(
            one_of("shared", "private"), "What the user's mail is from now on.", default="shared"
        ),
        "active": _ACTIVE,
        "language": Column(language, "Of notices; the company's until one is named.", setting=True),
        "notices": Column(one_of(*Notices), "What the user hears of.", default="problems", setting=True),
    },
    "team": {
        "external_id": _ID,
        "name": Column(text, "The team's name.", required=True),
        "addresses": Column(address, "The addresses that it writes from.", many=True),
        "members": Column(external_id, "The external ids of the users who take part.", many=True),
        "default_sharing": Column(
            one_of("shared", "private"), "What the team's mail is from now on.", default="shared"
        ),
        "active": _ACTIVE,
    },
    "contact": {
        "external_id": _ID,
        "name": Column(text, "The contact's name.", required=True),
        "addresses": Column(address, "All addresses, the main one first.", many=True),
        "organisation": _ORGANISATION,
        "owner": _OWNER,
        "active": _ACTIVE,
    },
    "deal": {
        "external_id": Column(deal_id, f"{_ID.doc} It is also the ID in +deal<ID>.", required=True),
        "title": Column(text, "Its title.", required=True),
        "status": Column(one_of("open", "won", "lost", "deleted"), "Where it stands.", default="open"),
        "contacts": Column(external_id, "The external ids of the contacts who take part.", many=True),
        "organisation": _ORGANISATION,
        "owner": _OWNER,
    },
    "never_log": {
        "entry": Column(
            address_or_domain, "An address, or @ and a domain, that is never filed.", required=True
        ),
        "user": Column(external_id, "The external id of the user whose own list it is on; else all users'."),
    },
}
PLURALS: Mapping[str, str] = {
    "companies": "company",
    "organisations": "organisation",
    "organizations": "organisation",
    "organization": "organisation",
    "users": "user",
    "teams": "team",
    "contacts": "contact",
    "deals": "deal",
    "never_logs": "never_log",
}
_TOLD_ONLY = frozenset({"number"})  # what `bccd directory list` adds; loading it back changes nothing
# Columns that refer to another record, and its kind.
REFERENCES: Mapping[str, str] = {
    "owner": "user",
    "organisation": "organisation",
    "contacts": "contact",
    "members": "user",
    "user": "user",
}

Value = str | tuple[str, ...] | bool


@dataclass(frozen=True, slots=True)
class Record:
    """One checked record: its kind, where it stood, a value for each column; settings only where named."""

    kind: str
    row: str
    values: Mapping[str, Value]


def build(kind: str, row: str, given: Mapping[str, object]) -> Record:
    """Check one record; raises RecordsError with all its mistakes."""
    if kind not in KINDS:
        raise RecordsError([_no_kind(row, kind)])
    columns = KINDS[kind]
    given = {_name(name): value for name, value in given.items()}
    mistakes = [_no_column(kind, row, name) for name in given if name not in columns]
    values: dict[str, Value] = {}
    for name, column in columns.items():
        if column.setting and given.get(name) in (None, "", ()):
            continue
        try:
            values[name] = _value(column, given.get(name))
        except FieldError as error:
            mistakes.append(f"{row}: {name}: {error}")
    if mistakes:
        raise RecordsError(mistakes)
    return Record(kind, row, values)


def _name(said: str) -> str:
    """Return a column's or kind's name: case does not matter, nor whether its words are joined by - or _."""
    name = "_".join(re.split(r"[-_\s]+", said.strip().lower()))
    return "organisation" if name == "organization" else name


def _kind(said: object) -> str:
    name = _name(str(said))
    return PLURALS.get(name, name)


def _no_column(kind: str, row: str, name: str) -> str:
    article = "an" if kind[0] in "aeio" else "a"
    noun = kind.replace("_", " ")
    return f"{row}: {name}: no such column of {article} {noun}; there are {', '.join(KINDS[kind])}"


def _value(column: Column, given: object) -> Value:
    if column.many:
        return tuple(dict.fromkeys(column.check(item) for item in _items(given)))
    if isinstance(given, bool):
        given = "yes" if given else "no"
    if isinstance(given, int) and column.check is not text:  # a name that is a number is a slipped column
        given = str(given)
    if given is None:
        given = ""
    if not isinstance(given, str):
        raise FieldError("must be text in quotation marks")
    said = given.strip() or column.default
    if not said:
        if column.required:
            raise FieldError("is missing")
        return ""
    checked = column.check(said)
    return checked == "yes" if column.check is flag else checked


def _items(given: object) -> Iterator[str]:
    match given:
        case None | [""]:  # an option that is given empty empties its list
            return
        case str():
            yield from (item for item in _LISTED.split(given.strip()) if item)
        case list() | tuple():
            for item in given:
                if not isinstance(item, str | int) or isinstance(item, bool):
                    raise FieldError("must be a list of texts")
                yield str(item)
        case _:
            raise FieldError("must be a list")


def read_csv(content: str, kind: str = "") -> list[Record]:
    """Read a CSV file with a header row; its kind is given, or stands in a column "kind" of each row.

    The delimiter is a comma, a semicolon or a tab, whichever the header has most; spaces or bars separate the
    items of a list within a field.
    """
    head = content.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise RecordsError([f"row {reader.line_num}: {error}"]) from error
    if not rows:
        raise RecordsError(["the file is empty"])
    names = [_name(name) for name in rows[0][1]]
    return _checked(_csv_rows(names, rows[1:], kind))


_Row = tuple[str, str, Mapping[str, object] | str]  # where it stood, its kind, its fields or what is wrong


def _csv_rows(names: list[str], rows: list[tuple[int, list[str]]], kind: str) -> Iterator[_Row]:
    for number, row in rows:
        where = f"row {number}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(names):
            yield where, kind, f"has {len(row)} fields, the header {len(names)}"
            continue
        given: dict[str, object] = dict(zip(names, row, strict=False))
        said = given.pop("kind", "") or kind
        # One file may hold several kinds: a column that a kind does not have may then stand empty.
        yield where, _kind(said), {name: value for name, value in given.items() if value}


def read_json(content: str) -> list[Record]:
    """Read a JSON object of lists by kind ("users": [...]), or a list of objects with "kind"."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordsError([f"is not valid JSON: {error}"]) from error
    return _checked(_json_rows(document))


def _json_rows(document: object) -> Iterator[_Row]:
    match document:
        case dict():
            for name, items in document.items():
                listed = items if isinstance(items, list) else [items]
                for number, item in enumerate(listed, 1):
                    yield _json_row(f"{name} {number}", _kind(name), item)
        case list():
            for number, item in enumerate(document, 1):
                kind = str(item.get("kind", "")) if isinstance(item, dict) else ""
                yield _json_row(f"item {number}", _kind(kind), item)
        case _:
            yield "the file", "", "must hold an object of lists, or a list of objects"


def _json_row(where: str, kind: str, item: object) -> _Row:
    if isinstance(item, str) and kind == "never_log":
        item = {"entry": item}
    if not isinstance(item, dict):
        return where, kind, "must be an object"
    return where, kind, {key: value for key, value in item.items() if key != "kind"}


def _checked(rows: Iterable[_Row]) -> list[Record]:
    records: list[Record] = []
    mistakes: list[str] = []
    bad: set[str] = set()
    for where, kind, given in rows:
        if isinstance(given, str):
            mistakes.append(f"{where}: {given}")
            continue
        try:
            records.append(build(kind, where, {k: v for k, v in given.items() if k not in _TOLD_ONLY}))
        except RecordsError as error:
            mistakes += error.mistakes
            bad.add(str(given.get("external_id", "")))
    mistakes += _repeated(records)
    if mistakes:
        raise RecordsError(mistakes, records, bad)
    return records


def _no_kind(where: str, kind: str) -> str:
    known = ", ".join(KINDS)
    if not kind:
        return f"{where}: it is not said what it is: name its kind, one of {known}"
    return f"{where}: {kind}: no such kind, there are {known}"


def _repeated(records: Iterable[Record]) -> Iterator[str]:
    """Find records that would overwrite each other."""
    seen: dict[tuple[str, Value, Value], str] = {}
    for record in records:
        name = next(iter(record.values.values()))
        key = (record.kind, name, record.values.get("user", ""))
        if key in seen:
            yield f"{record.row}: the same {record.kind} as {seen[key]}: {name}"
        else:
            seen[key] = record.row


def dangling(records: Iterable[Record], known: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Find references to records that are neither among these nor known; `known` is external ids by kind.

    The store finds them too, but only in records of which none has another mistake.
    """
    records = list(records)
    there = {(record.kind, record.values.get("external_id")) for record in records}
    for record in records:
        for name, kind in REFERENCES.items():
            said = record.values.get(name, ())
            for wanted in (said,) if isinstance(said, str) else said if isinstance(said, tuple) else ():
                if wanted and (kind, wanted) not in there and wanted not in known.get(kind, ()):
                    yield f"{record.row}: {name}: there is no {kind} {wanted}"
