"""bccd explain: what was read in a mail, and why it was decided so."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bccd.cli.base import Call, common, console, safe, table
from bccd.cli.reading.batch import read_all
from bccd.cli.reading.written import as_json
from bccd.mail.anatomy import anatomy
from bccd.mail.parse import parse
from bccd.model.delivery import read_id
from bccd.model.errors import BccdError, MistakeError, SchemaError
from bccd.model.message import Content, Forward, Mailbox, Message

_STEPS = ("rule", "about", "verdict", "reason")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SHOWN_TEXT = 500


@click.command()
@click.argument("subject", metavar="FILE|ID", default="")
@click.option(
    "--as",
    "submitter",
    default="",
    metavar="USER",
    help="With FILE: as if this user had sent it. With ID: only if it is his own.",
)
@click.option("--to", "recipient", default="", metavar="ADDRESS", help="With FILE: to which company address.")
@click.option(
    "--batch",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Read all files below DIR instead and print one JSON object a line for each.",
)
@common
@click.pass_obj
def explain(call: Call, *, subject: str, submitter: str, recipient: str, folder: Path | None) -> None:
    """Tell why a mail was filed as it was, or what would become of one.

    ID is the one in the reply to the sender and in the log, or the number in the tables: the decision record
    is shown, step by step, with the rule, what it looked at, and its reason, and what proved the sender or
    why nothing did. Private mail is explained too, for whoever can run this can read the files of bccd. To
    answer a user, give --as: then there is only the mail that he handed in himself.

    FILE is a mail as octets (.eml), - is standard input: what is read in it is shown, and if there is a
    database, what the rules would decide if it came now. The sender is taken as proven; nothing is written.
    --json prints one object, which docs/reference/explain.md specifies.

    \b
    Examples:
      bccd explain 0000000001h4k
      bccd explain 0000000001h4k --as anna@example.com
      bccd explain forward.eml
      bccd explain forward.eml --as anna@example.com --to sales+private@drop.example.com
      bccd explain --json forward.eml | jq .forward.from
      bccd explain --batch mails/ > mails.jsonl
    """
    if folder is not None:
        if subject or submitter or recipient:
            raise click.UsageError("--batch takes no FILE, --as or --to")
        for line in read_all(folder):
            click.echo(line)
        return
    if not subject:
        raise click.UsageError("name a FILE or an ID, or a folder with --batch")
    number = _delivery(subject)
    if number is None:
        _explain_file(call, _octets(subject), submitter, recipient)
        return
    from bccd.cli import explained  # noqa: PLC0415 - with the store, a second that mail alone does not need

    explained.tell_delivery(call, number, submitter)


def _delivery(subject: str) -> int | None:
    """Read the id of a delivery as it is shown, or its number as it stands in the tables; None for a file."""
    if Path(subject).exists():
        return None
    number = read_id(subject)
    return int(subject) if number is None and _NUMBER.fullmatch(subject) else number


def _octets(subject: str) -> bytes:
    if subject == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(subject).read_bytes()
    except OSError as error:
        raise MistakeError(
            f"{subject}: neither a delivery id nor a readable file ({error.strerror})"
        ) from error


def _explain_file(call: Call, raw: bytes, submitter: str, recipient: str) -> None:
    would: Mapping[str, Any] | None = None
    why_not = ""
    try:
        would = _decided(call, raw, submitter, recipient)
    except (BccdError, OSError) as error:  # no configuration, no database, or it is not said which company
        if submitter or recipient:
            raise
        why_not = str(error)
    if call.as_json:
        click.echo(as_json(anatomy(raw), {"would": would, "why_not": why_not}))
        return
    out = console()
    _print_message(out, parse(raw))
    out.print()
    if would is None:
        out.print(f"No rule was asked: {why_not}")
        return
    out.print(f"Would be {would['state']} {safe(would['reason'])}".rstrip())
    out.print(table(_STEPS, [[step[name] for name in _STEPS] for step in would["steps"]]))


def _decided(call: Call, raw: bytes, submitter: str, recipient: str) -> Mapping[str, Any]:
    """Ask the rules; raises BccdError where there is nothing to ask them with."""
    config = call.installed
    file = config.data_dir / "bccd.db"
    if not config.database.url and not file.exists():
        raise SchemaError(f"there is no database at {file}: run `bccd migrate` first")
    from bccd.cli import explained  # noqa: PLC0415 - with the store, a second that mail alone does not need

    return explained.decided(call, raw, submitter, recipient)


def _print_message(out: Console, message: Message) -> None:
    rows = _rows(message.content)
    rows += [("automatic", str(message.content.auto)), ("list", message.list_id), ("note", message.note)]
    for number, forward in enumerate(message.forwards, 1):
        rows += _forward_rows(forward, f"original {number}")
    rows.append(("defects", ", ".join(map(str, message.defects))))
    out.print(table(("", ""), [(name, value) for name, value in rows if value]))


def _rows(content: Content) -> list[tuple[str, str]]:
    text = content.new_text or content.text
    return [
        ("from", _boxes((content.sender,) if content.sender else ())),
        ("to", _boxes(content.to)),
        ("cc", _boxes(content.cc)),
        ("date", content.date.isoformat() if content.date else ""),
        ("subject", content.subject),
        ("message id", content.message_id),
        ("in reply to", " ".join(content.in_reply_to)),
        ("references", " ".join(content.references)),
        ("text", text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}..."),
        ("files", ", ".join(f"{a.filename or a.media_type} ({a.size} octets)" for a in content.attachments)),
    ]


def _forward_rows(forward: Forward, label: str) -> list[tuple[str, str]]:
    evidence = ", ".join(forward.evidence)
    rows = [(label, f"{forward.kind}, confidence {forward.confidence:.2f} ({evidence})")]
    rows += [(f"  {name}", value) for name, value in _rows(forward.original)]
    for number, inner in enumerate(forward.inner, 1):
        rows += _forward_rows(inner, f"{label}.{number}")
    return rows


def _boxes(boxes: tuple[Mailbox, ...]) -> str:
    return ", ".join(f"{box.name} <{box.address}>" if box.name else box.address for box in boxes)
