"""bccd show: a conversation as one user sees it."""

import textwrap
from dataclasses import asdict

import click
from rich.console import Console

from bccd.cli import looks
from bccd.cli.base import Call, NotFoundError, common, safe, table
from bccd.cli.who import find_user
from bccd.store.conversations import SeenConversation, SeenMessage
from bccd.store.conversations import conversation as conversation_of
from bccd.store.named import SeenLink
from bccd.store.reads import directory_snapshot


@click.command()
@click.argument("conversation", type=click.IntRange(1))
@click.option(
    "--as",
    "viewer",
    required=True,
    metavar="USER",
    help="Whose eyes: an address, a number or an external id.",
)
@click.option("--company", default="", metavar="SLUG", help="The company, where there are several.")
@common
@click.pass_obj
def show(call: Call, *, conversation: int, viewer: str, company: str) -> None:
    """Show a conversation as one user sees it: messages, people, links and files.

    Nothing is shown that this user may not see; what he may not see at all does not exist for him, and ends
    with exit code 5. A number that was merged into another conversation shows that one. Whoever can
    run this can read the files of bccd, and so can see as anybody: privacy holds between users, not against
    those who run the machine.

    \b
    Examples:
      bccd show 17 --as anna@example.com
      bccd show 17 --as 2 --json
    """
    with looks.open_stores(call.installed) as stores:
        known = directory_snapshot(stores.database)
        owner = looks.company(known, company)
        entry = find_user(known, owner.id, viewer, looks.external_ids(stores, owner.id))
        found = conversation_of(stores.database, owner.id, entry.user.id, conversation)
    if found is None:
        raise NotFoundError(f"there is no conversation {conversation} that {viewer} may see")
    call.tell(asdict(found), lambda out: _print(out, found))


def _print(out: Console, found: SeenConversation) -> None:
    choice = ", a deal is to be chosen" if found.needs_choice else ""
    out.print(f"Conversation {found.id}: {safe(found.subject)}{choice}")
    for message in found.messages:
        out.print()
        out.print(table(("", ""), [(name, value) for name, value in _rows(message) if value]))
        out.print(textwrap.indent(safe(message.text).strip(), "    "))


def _rows(message: SeenMessage) -> list[tuple[str, object]]:
    own = f", your copy is {message.own_sharing}" if message.own_sharing else ""
    return [
        ("message", f"{message.id}, {message.direction}, by {message.provenance}{own}"),
        ("subject", message.subject),
        ("date", message.sent_at or message.received_at),
        ("people", "; ".join(f"{p.role} {p.name or p.address} ({p.verdict})" for p in message.participants)),
        ("links", "; ".join(_link(link) for link in message.links) or "none"),
        ("files", ", ".join(message.attachments)),
        ("your note", message.own_comment),
    ]


def _link(link: SeenLink) -> str:
    state = "" if link.state == "active" else f" ({link.state})"
    return f"{link.kind} {link.name}{state}"
