"""bccd address own, add, confirm ...: what users write from, as they ask for it and prove it."""

import click
from rich.console import Console

from bccd.cli import looks
from bccd.cli.base import Call, common, table
from bccd.cli.command import give
from bccd.cli.who import find_user
from bccd.store import own
from bccd.store.reads import directory_snapshot

_COLUMNS = ("address", "kind", "state", "whose")

_company = click.option(
    "--company", default="", metavar="SLUG", help="Whose; not needed where there is one company."
)
_actor = click.option(
    "--as", "actor", required=True, metavar="USER", help="Who: his address, number or external id."
)


@click.command("own")
@_company
@_actor
@common
@click.pass_obj
def own_(call: Call, *, company: str, actor: str) -> None:
    """List the addresses that a user and his teams write from, and which of them are not confirmed.

    \b
    Examples:
      bccd address own --as anna@example.com
    """
    with looks.open_stores(call.installed) as stores:
        known = directory_snapshot(stores.database)
        found = looks.company(known, company)
        entry = find_user(known, found.id, actor, looks.external_ids(stores, found.id))
        rows = own.addresses(stores.database, found.id, entry.user.id)

    def text(out: Console) -> None:
        cells = [
            (
                row["address"],
                row["kind"],
                "confirmed" if row["confirmed"] else "not confirmed",
                "team" if row["of_team"] else "own",
            )
            for row in rows
        ]
        out.print(table(_COLUMNS, cells))

    call.tell(rows, text)


@click.command("add")
@click.argument("added", metavar="ADDRESS")
@click.option("--team", default="", metavar="TEAM", help="Whose it is: a team's external id or number.")
@_company
@_actor
@common
@click.pass_obj
def add(call: Call, *, added: str, team: str, company: str, actor: str) -> None:
    """Add an address to those that a user writes from: a link and a code are mailed to it.

    It counts once one of them is used; they hold 48 hours. Until then its mail is held, and is filed at that
    moment. To set addresses without asking, load the directory.

    \b
    Examples:
      bccd address add anna@home.example --as anna@example.com
      bccd address add orders@example.com --team t-1 --as anna@example.com
    """
    whose: dict[str, object] = {"team": int(team) if team.isdecimal() else team} if team else {}
    _give(call, company, actor, "address.add", {"address": added} | whose)


@click.command("confirm")
@click.argument("confirmed", metavar="ADDRESS")
@click.argument("code")
@_company
@_actor
@common
@click.pass_obj
def confirm(call: Call, *, confirmed: str, code: str, company: str, actor: str) -> None:
    """Confirm an address by the code that was mailed to it; after five wrong ones it is void.

    \b
    Examples:
      bccd address confirm anna@home.example 123456 --as anna@example.com
    """
    _give(call, company, actor, "address.confirm", {"address": confirmed, "code": code})


@click.command("resend")
@click.argument("pending", metavar="ADDRESS")
@_company
@_actor
@common
@click.pass_obj
def resend(call: Call, *, pending: str, company: str, actor: str) -> None:
    """Mail a new link and a new code: a minute apart at the least, and five a day.

    \b
    Examples:
      bccd address resend anna@home.example --as anna@example.com
    """
    _give(call, company, actor, "address.resend", {"address": pending})


@click.command("remove")
@click.argument("removed", metavar="ADDRESS")
@_company
@_actor
@common
@click.pass_obj
def remove(call: Call, *, removed: str, company: str, actor: str) -> None:
    """Take an address off a user's own, confirmed or not. His login can only be changed.

    \b
    Examples:
      bccd address remove anna@home.example --as anna@example.com
    """
    _give(call, company, actor, "address.remove", {"address": removed})


@click.command("login")
@click.argument("new", metavar="ADDRESS")
@_company
@_actor
@common
@click.pass_obj
def login(call: Call, *, new: str, company: str, actor: str) -> None:
    """Change a user's login address, once the new one is confirmed; the old one is told.

    \b
    Examples:
      bccd address login anna.nowak@example.com --as anna@example.com
    """
    _give(call, company, actor, "login.change", {"address": new})


def _give(call: Call, company: str, actor: str, kind: str, args: dict[str, object]) -> None:
    give(call, company, {"actor": actor, "kind": kind, "args": args})


COMMANDS = (own_, add, confirm, resend, remove, login)
