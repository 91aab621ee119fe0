"""bccd directory: users, contacts, organisations and deals, where no CRM keeps them for us."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bccd.cli import looks, writes
from bccd.cli.base import Call, NotFoundError, common, table
from bccd.directory.columns import Column
from bccd.directory.records import (
    KINDS,
    REFERENCES,
    RecordsError,
    build,
    dangling,
    read_csv,
    read_json,
)
from bccd.model.errors import BccdError, MistakeError

_NOUNS: Mapping[str, tuple[str, str]] = {  # one of them, and several
    "company": ("company", "companies"),
    "user": ("user", "users"),
    "team": ("team", "teams"),
    "contact": ("contact", "contacts"),
    "organisation": ("organisation", "organisations"),
    "deal": ("deal", "deals"),
    "never_log": ("never-log entry", "never-log entries"),
}
_LISTED = tuple(_NOUNS)
_FOLLOWED: Mapping[str, tuple[str, str]] = {  # what a load did besides
    "confirmed_address": ("address confirmed", "addresses confirmed"),
    "released_mail": ("mail let in that had waited", "mails let in that had waited"),
}


def _company(function: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--company", default="", metavar="SLUG", help="The company; needed only where there are several."
    )(function)


@click.group()
@common
def directory() -> None:
    """List, add and load users, contacts, organisations and deals.

    Records are known by their external id: adding or loading one again updates it. Running daemons see a
    change within a second.
    """


@directory.command("list")
@click.argument("kind", type=click.Choice(_LISTED))
@_company
@common
@click.pass_obj
def list_(call: Call, *, kind: str, company: str) -> None:
    """List the records of one kind.

    \b
    Examples:
      bccd directory list user
      bccd directory list contact --json
    """
    with looks.open_stores(call.installed) as stores:
        rows = writes.listed(stores, company, kind)

    def text(out: Console) -> None:
        if not rows:
            out.print(f"There is no {kind}.")
            return
        if kind == "company":  # it has too many columns for a line
            for row in rows:
                out.print(table(("", ""), [[name, _cell(value)] for name, value in row.items()]))
            return
        names = list(rows[0])
        out.print(table(names, [[_cell(row[name]) for name in names] for row in rows]))

    call.tell(rows, text)


def _cell(value: object) -> object:
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return "\n".join(map(str, value))
        case _:
            return value


@directory.command("load")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--kind", type=click.Choice(list(KINDS)), help="What a CSV file without a column `kind` holds.")
@_company
@common
@click.pass_obj
def load(call: Call, *, file: Path, kind: str | None, company: str) -> None:
    """Load records from a CSV or JSON file, all of them or none.

    CSV: a header row with the options of `bccd directory add KIND` as columns (and `kind`, where a file holds
    several); items of a list are separated by spaces or bars. JSON: an object of lists, {"users": [...],
    "contacts": [...]}, or a list of objects with "kind". Loading a file again changes nothing. Mistakes are
    listed together with their rows, and then nothing is loaded. docs/howto/load-your-directory.md has an
    example of every kind.

    \b
    Examples:
      bccd directory load team.json
      bccd directory load contacts.csv --kind contact
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MistakeError(f"{file}: cannot be read: {error}") from error
    try:
        records = read_json(content) if file.suffix.lower() == ".json" else read_csv(content, kind or "")
        counts = writes.load_records(call.installed, company, records)
    except RecordsError as error:
        found = [*error.mistakes, *_dangling(call, company, error)]
        raise RecordsError([f"{file.name}: {mistake}" for mistake in found]) from error
    _tell(call, counts)


def _dangling(call: Call, company: str, error: RecordsError) -> list[str]:
    """Check what the good records refer to, although they are not loaded: a file is mended in one go."""
    slugs = [str(record.values["slug"]) for record in error.good if record.kind == "company"]
    known = {kind: set(error.bad) for kind in REFERENCES.values()}
    try:
        with looks.open_stores(call.installed) as stores:
            for kind, ids in known.items():
                ids |= {row["external_id"] for row in writes.listed(stores, company or "".join(slugs), kind)}
    except NotFoundError:
        pass  # a new company: it has what this file holds
    except BccdError:
        return []  # whatever it is, it is told when the file is right
    return list(dangling(error.good, known))


def _tell(call: Call, counts: dict[str, int]) -> None:
    nouns = {**_NOUNS, **_FOLLOWED}
    told = ", ".join(f"{count} {nouns[what][count != 1]}" for what, count in counts.items())
    call.tell(counts, lambda out: out.print(f"Done: {told or 'the file holds no record'}."))


@directory.group()
@common
def add() -> None:
    """Add or update one record."""


def _option(name: str, column: Column) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    text = f"{column.doc}{' May be repeated.' if column.many else ''}"
    flag = f"--{name.replace('_', '-')}"
    return click.option(
        flag,
        name,
        multiple=column.many,
        required=column.required,
        default=None if column.required or column.many or column.setting else column.default,
        show_default=column.default or False,
        help=text,
    )


def _adder(kind: str) -> click.Command:
    @_company
    @common
    @click.pass_obj
    def command(call: Call, /, *, company: str, **given: Any) -> None:
        _tell(call, writes.load_records(call.installed, company, [build(kind, kind, given)]))

    function: Any = command
    for name, column in reversed(list(KINDS[kind].items())):
        function = _option(name, column)(function)
    first = next(iter(KINDS[kind])).replace("_", "-")
    noun = kind.replace("_", " ")
    article = "an" if noun[0] in "aeo" else "a"
    settings = any(column.setting for column in KINDS[kind].values())
    other = "emptied, a setting stays as it is" if settings else "emptied"
    return click.command(
        kind.replace("_", "-"),
        help=f"Add {article} {noun}, or update the one with the same {first}; what is not given is {other}.",
    )(function)


for _kind in KINDS:
    add.add_command(_adder(_kind))
