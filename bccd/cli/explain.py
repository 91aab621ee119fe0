"""bccd explain: what was read in a mail, and why it was decided so."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bccd.cli import looks
from bccd.cli.base import Call, common, console, safe, table
from bccd.cli.dryrun import Wish, dry_run, find_user
from bccd.cli.queue import delivery_id
from bccd.cli.reading.batch import read_all
from bccd.cli.reading.written import as_json
from bccd.mail.anatomy import anatomy
from bccd.mail.parse import parse
from bccd.model.delivery import read_id
from bccd.model.directory import UserAddress
from bccd.model.errors import BccdError, MistakeError
from bccd.model.message import Content, Forward, Mailbox, Message
from bccd.model.plan import Plan
from bccd.store.engine import Stores
from bccd.store.reads import directory_snapshot
from bccd.store.uow import SqlWorks

_STEPS = ("rule", "about", "verdict", "reason")
_APART = {"delivery", "state", "reason", "steps"}
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

    ID is the one in the reply to the sender and in the log: the decision record is shown, step by step, with
    the rule, what it looked at, and its reason, and what proved the sender or why nothing did. Private mail
    is explained too, for whoever can run this can read the files of bccd. To answer a user, give --as: then
    there is only the mail that he handed in himself.

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
    path = Path(subject)
    if read_id(subject) is not None and not path.exists():
        _explain_delivery(call, subject, submitter)
        return
    _explain_file(call, _octets(subject), submitter, recipient)


def _octets(subject: str) -> bytes:
    if subject == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(subject).read_bytes()
    except OSError as error:
        raise MistakeError(
            f"{subject}: neither a delivery id nor a readable file ({error.strerror})"
        ) from error


def _explain_delivery(call: Call, subject: str, viewer: str) -> None:
    with looks.open_stores(call.installed) as stores:
        found = looks.explain(stores, delivery_id(subject), viewer)

    def text(out: Console) -> None:
        out.print(f"Delivery {found['delivery']}: {found['state']} {safe(found['reason'])}".rstrip())
        out.print(table(("", ""), looks.facts(found, without=_APART)))
        out.print()
        out.print(table(_STEPS, [[step[name] for name in _STEPS] for step in found["steps"]]))

    call.tell(found, text)


def _explain_file(call: Call, raw: bytes, submitter: str, recipient: str) -> None:
    plan: Plan | None = None
    why_not = ""
    try:
        with looks.open_stores(call.installed) as stores:
            plan = _dry_run(stores, raw, submitter, recipient)
    except (BccdError, OSError) as error:  # no configuration, no database, or it is not said which company
        if submitter or recipient:
            raise
        why_not = str(error)
    if call.as_json:
        decided = {"would": _plan(plan) if plan else None, "why_not": why_not}
        click.echo(as_json(anatomy(raw), decided))
        return
    out = console()
    _print_message(out, parse(raw))
    out.print()
    if plan is None:
        out.print(f"No rule was asked: {why_not}")
    else:
        _print_plan(out, plan)


def _dry_run(stores: Stores, raw: bytes, submitter: str, recipient: str) -> Plan:
    known = directory_snapshot(stores.database)

    def find(company_id: int, said: str) -> UserAddress:
        return find_user(known, company_id, said, looks.external_ids(stores, company_id))

    return dry_run(raw, known, SqlWorks(stores.database), Wish(submitter, recipient, find))


def _plan(plan: Plan) -> dict[str, Any]:
    outcome = plan.outcome
    return {
        "state": str(outcome.state),
        "reason": outcome.reason,
        "direction": str(plan.message.direction) if plan.message else "",
        "joins_conversation": plan.message is not None and plan.conversation is None,
        "new_contacts": [contact.address for contact in plan.contacts],
        "steps": [asdict(step) for step in plan.steps],
    }


def _print_plan(out: Console, plan: Plan) -> None:
    would = _plan(plan)
    out.print(f"Would be {would['state']} {safe(would['reason'])}".rstrip())
    out.print(table(_STEPS, [[step[name] for name in _STEPS] for step in would["steps"]]))


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
