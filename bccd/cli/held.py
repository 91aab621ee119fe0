"""bccd held: a user's mail that waits for his word."""

import click
from rich.console import Console

from bccd.cli import looks
from bccd.cli.base import Call, common, safe, table
from bccd.cli.command import give
from bccd.cli.queue import delivery_id
from bccd.cli.who import find_user
from bccd.model.delivery import show_id
from bccd.store import own
from bccd.store.reads import directory_snapshot

_COLUMNS = ("delivery", "state", "reason", "from", "subject", "received", "kept until")
_SHOWN = ("delivery", "state", "reason", "from", "subject", "received_at", "expires_at")

_company = click.option(
    "--company", default="", metavar="SLUG", help="Whose; not needed where there is one company."
)
_actor = click.option(
    "--as", "actor", required=True, metavar="USER", help="Whose mail: his address, number or external id."
)


@click.group()
@common
def held() -> None:
    """List, release and delete mail that waits for the user it came from.

    This is what a user may do with his own mail, as in a front end. For all mail that is not filed, whoever
    it came from, there is `bccd queue`.
    """


@held.command("list")
@_company
@_actor
@common
@click.pass_obj
def list_(call: Call, *, company: str, actor: str) -> None:
    """List a user's mail and his teams' that is held, set aside or failed, with why and what to do.

    \b
    Examples:
      bccd held list --as anna@example.com
      bccd held list --as 3 --json
    """
    with looks.open_stores(call.installed) as stores:
        known = directory_snapshot(stores.database)
        found = looks.company(known, company)
        entry = find_user(known, found.id, actor, looks.external_ids(stores, found.id))
        rows = own.waiting(stores.database, found.id, entry.user.id)

    def text(out: Console) -> None:
        if not rows:
            out.print("Nothing waits.")
            return
        out.print(table(_COLUMNS, [[row[name] for name in _SHOWN] for row in rows]))
        for row in rows:
            out.print(safe(f"{row['delivery']}: {row['sentence']} {row['advice']}".rstrip()))

    call.tell(rows, text)


@held.command("trusted")
@_company
@_actor
@common
@click.pass_obj
def trusted(call: Call, *, company: str, actor: str) -> None:
    """List what a user has let in for good: from which address, and what mail of it must show.

    `bccd command trust.remove address=ADDRESS --as USER` ends it.

    \b
    Examples:
      bccd held trusted --as anna@example.com
    """
    with looks.open_stores(call.installed) as stores:
        known = directory_snapshot(stores.database)
        found = looks.company(known, company)
        entry = find_user(known, found.id, actor, looks.external_ids(stores, found.id))
        rows = own.trusted(stores.database, found.id, entry.user.id)

    def text(out: Console) -> None:
        cells = [tuple(row.values()) for row in rows]
        out.print(table(("address", "must show", "since"), cells) if rows else "Nothing is let in for good.")

    call.tell(rows, text)


@held.command("ask")
@click.argument("id_", metavar="ID")
@_company
@_actor
@common
@click.pass_obj
def ask(call: Call, *, id_: str, company: str, actor: str) -> None:
    """Mail a link and a code to the user's login address, by which he says that a held mail is his.

    \b
    Examples:
      bccd held ask 0000000001h4k --as anna@example.com
      bccd held release 0000000001h4k --code 123456 --as anna@example.com
    """
    wish = {"actor": actor, "kind": "held.ask", "args": {"delivery": _shown(id_)}}
    give(call, company, wish)


@held.command("release")
@click.argument("id_", metavar="ID")
@click.option(
    "--to", "recipients", multiple=True, metavar="ADDRESS", help="Whom it went to; may be repeated."
)
@click.option("--author", default="", metavar="ADDRESS", help="Who wrote the forwarded mail.")
@click.option("--author-name", default="", metavar="NAME", help="His name.")
@click.option("--always", is_flag=True, help="Let later mail in, too, that shows what this one shows.")
@click.option("--code", default="", help="The code that `bccd held ask` had mailed.")
@_company
@_actor
@common
@click.pass_obj
def release(
    call: Call,
    *,
    id_: str,
    recipients: tuple[str, ...],
    author: str,
    author_name: str,
    always: bool,
    code: str,
    company: str,
    actor: str,
) -> None:
    """Have a held mail filed: it was this user, or it may be filed as it is.

    --always lets in what else comes from the same address with the same signer, the same envelope domain, or
    sent on by the same user. Where the mail shows nothing that only its sender can, that is refused.

    Mail held as no_visible_recipient needs --to, since nobody can be seen in it; mail held as
    original_sender_unknown needs --author. It is filed soon; `bccd explain ID` tells what became of it.

    \b
    Examples:
      bccd held release 0000000001h4k --as anna@example.com
      bccd held release 0000000001h4k --as anna@example.com --to jan@customer.example
      bccd held release 0000000001h4k --as anna@example.com --author jan@customer.example --author-name Jan
    """
    if author_name and not author:
        raise click.UsageError("--author-name goes with --author")
    if author and recipients:
        raise click.UsageError("give --to or --author, not both")
    args: dict[str, object] = {"delivery": _shown(id_)}
    if author:
        args |= {"address": author} | ({"name": author_name} if author_name else {})
    elif recipients:
        args["recipients"] = list(recipients)
    if author and (always or code):
        raise click.UsageError("--always and --code do not go with --author")
    args |= ({"always": True} if always else {}) | ({"code": code} if code else {})
    kind = "original.set" if author else "held.release"
    give(call, company, {"actor": actor, "kind": kind, "args": args})


@held.command("delete")
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_company
@_actor
@common
@click.pass_obj
def delete(call: Call, *, id_: str, yes: bool, company: str, actor: str) -> None:
    """Delete a user's mail that is held, set aside or failed, octets and all. This cannot be undone.

    \b
    Examples:
      bccd held delete --yes 0000000001h4k --as anna@example.com
    """
    shown = _shown(id_)
    if not yes:
        click.confirm(f"Delete {shown} for good?", abort=True, err=True)
    wish = {"actor": actor, "kind": "held.delete", "args": {"delivery": shown}}
    give(call, company, wish)


def _shown(said: str) -> str:
    return show_id(delivery_id(said))
