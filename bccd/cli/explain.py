"""bccd explain: what was read in a mail, and why it was decided so."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bccd.cli.asif import AsIf
from bccd.cli.base import Call, common, console, delivery_number, safe, table
from bccd.cli.reading.batch import read_all
from bccd.cli.reading.terminal import show
from bccd.cli.reading.webpage import webpage
from bccd.cli.reading.written import as_json
from bccd.mail.anatomy import Anatomy, anatomy
from bccd.model.errors import BccdError, MistakeError, SchemaError

_STEPS = ("rule", "about", "verdict", "reason")


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
    "--peer",
    default="",
    metavar="IP",
    help="With FILE: as if this address had handed it in; the DNS is asked who sent it.",
)
@click.option(
    "--mail-from", default="", metavar="ADDRESS", help="With --peer: the envelope's sender; else the author."
)
@click.option(
    "--batch",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Read all files below DIR instead and print one JSON object a line for each.",
)
@click.option(
    "--html",
    "page",
    default="",
    metavar="OUT",
    help="With FILE: write one HTML page to OUT, - is standard output; it needs no network.",
)
@common
@click.pass_obj
def explain(
    call: Call,
    *,
    subject: str,
    submitter: str,
    recipient: str,
    peer: str,
    mail_from: str,
    folder: Path | None,
    page: str,
) -> None:
    """Tell why a mail was filed as it was, or what would become of one.

    ID is the one in the reply to the sender and in the log, or the number in the tables: the decision record
    is shown, step by step, with the rule, what it looked at, and its reason, and what proved the sender or
    why nothing did. Private mail is explained too, for whoever can run this can read the files of bccd. To
    answer a user, give --as: then there is only the mail that he handed in himself.

    FILE is a mail as octets (.eml), - is standard input: what is read in it is shown, and if there is a
    database, what the rules would decide if it came now; nothing is written. The sender is taken as proven,
    unless --peer says who hands the mail in: then SPF, DKIM, DMARC and ARC are checked as the daemon does.
    --json prints one object, which docs/reference/explain.md specifies.

    \b
    Examples:
      bccd explain 0000000001h4k
      bccd explain 0000000001h4k --as anna@example.com
      bccd explain forward.eml
      bccd explain forward.eml --as anna@example.com --to sales+private@drop.example.com
      bccd explain mail.eml --peer 192.0.2.1 --mail-from bounce@example.com
      bccd explain --json forward.eml | jq .forward.from
      bccd explain --html forward.html forward.eml
      bccd explain --batch mails/ > mails.jsonl
    """
    as_if = AsIf(submitter, recipient, peer, mail_from)
    if folder is not None:
        if subject or as_if or page:
            raise click.UsageError("--batch takes no FILE, --as, --to, --peer or --html")
        for line in read_all(folder):
            click.echo(line)
        return
    if not subject:
        raise click.UsageError("name a FILE or an ID, or a folder with --batch")
    if mail_from and not peer:
        raise click.UsageError("--mail-from needs --peer")
    if page == "-" and call.as_json:
        raise click.UsageError("--json and --html - would both write to standard output")
    number = None if Path(subject).exists() else delivery_number(subject)
    if number is None:
        _explain_file(call, subject, as_if, page)
        return
    if page or peer:
        raise click.UsageError("--html and --peer are for a FILE")
    from bccd.cli import explained  # noqa: PLC0415 - with the store, a second that mail alone does not need

    explained.tell_delivery(call, number, submitter)


def _octets(subject: str) -> bytes:
    if subject == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(subject).read_bytes()
    except OSError as error:
        raise MistakeError(
            f"{subject}: neither a delivery id nor a readable file ({error.strerror})"
        ) from error


def _explain_file(call: Call, subject: str, as_if: AsIf, page: str) -> None:
    raw = _octets(subject)
    if page and subject != "-" and Path(page).exists() and Path(page).samefile(subject):
        raise click.UsageError("--html would write over the mail")
    would: Mapping[str, Any] | None = None
    why_not = ""
    try:
        would = _decided(call, raw, as_if)
    except (BccdError, OSError) as error:  # no configuration, no database, or it is not said which company
        if as_if:
            raise
        why_not = str(error)
    found = anatomy(raw)
    if page:
        _write(page, webpage(found, would, why_not).encode("utf-8", "replace"))
    if call.as_json:
        click.echo(as_json(found, {"would": would, "why_not": why_not}))
    elif not page:
        _show(found, would, why_not)


def _write(page: str, octets: bytes) -> None:
    if page == "-":
        click.echo(octets, nl=False)
    else:
        Path(page).write_bytes(octets)


def _show(found: Anatomy, would: Mapping[str, Any] | None, why_not: str) -> None:
    out = console()
    show(out, found)
    out.print()
    if would is None:
        out.print(f"No rule was asked: {why_not}")
        return
    out.print(f"Would be {would['state']} {safe(would['reason'])}".rstrip())
    out.print(table(_STEPS, [[step[name] for name in _STEPS] for step in would["steps"]]))
    if not would["sender_checked"]:
        out.print("Not checked: who sent it. It is taken as proven; --peer says who hands it in.")


def _decided(call: Call, raw: bytes, as_if: AsIf) -> Mapping[str, Any]:
    """Ask the rules; raises BccdError where there is nothing to ask them with."""
    config = call.installed
    file = config.data_dir / "bccd.db"
    if not config.database.url and not file.exists():
        raise SchemaError(f"there is no database at {file}: run `bccd migrate` first")
    from bccd.cli import explained  # noqa: PLC0415 - with the store, a second that mail alone does not need

    return explained.decided(call, raw, as_if)
