"""bccd user: the passwords by which users log in to hand mail in."""

import sys

import click
from rich.console import Console

from bccd.cli import looks, writes
from bccd.cli.base import Call, NotFoundError, common, table
from bccd.cli.who import find_user
from bccd.model.errors import MistakeError
from bccd.store import logins
from bccd.store.reads import directory_snapshot
from bccd.verify import passwords

_SHORTEST = 8


@click.group()
@common
def user() -> None:
    """Let users log in with a password, where listen.submission or listen.smtps is set.

    A login belongs to one user and hands in mail in his name alone: From must be one of his addresses. Its
    name is the login address of the user unless another is given, and exists once on an installation.
    """


@user.command("password")
@click.argument("slug")
@click.argument("name")
@click.option("--login", "as_", default="", metavar="NAME", help="Log in by this name instead.")
@common
@click.pass_obj
def password(call: Call, *, slug: str, name: str, as_: str) -> None:
    """Set the password of user NAME (an address, a number, an external id) of the company SLUG.

    It is asked for twice on a terminal, and read as one line from standard input elsewhere; it is never an
    argument, where everyone on the machine could see it. It counts at once, the old one no more, and a login
    that was disabled works again.

    \b
    Examples:
      bccd user password example ann@example.com
      pwgen 20 1 | bccd user password example ann@example.com --login ann-phone
    """
    with looks.open_stores(call.installed) as stores:
        directory = directory_snapshot(stores.database)
        company = looks.company(directory, slug)
        known = looks.external_ids(stores, company.id)
    number = find_user(directory, company.id, name, known).user.id
    mine = [
        entry.address
        for (owner, _), entry in directory.user_addresses.items()
        if owner == company.id and entry.user.id == number and entry.kind == "login"
    ]
    login = logins.canonical(as_ or "".join(mine))
    request = {"company": company.id, "user": number, "name": login, "password": passwords.hashed(_asked())}
    writes.do(call.installed, "login.keep", request)
    call.tell({"login": login, "user": number}, lambda out: out.print(f"{login} has a new password."))


def _asked() -> str:
    if sys.stdin.isatty():
        said: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        said = sys.stdin.readline().rstrip("\r\n")
    if len(said) < _SHORTEST:
        raise MistakeError(f"a password has at least {_SHORTEST} characters")
    if len(said.encode()) > passwords.LONGEST:
        raise MistakeError(f"a password has at most {passwords.LONGEST} octets")
    if not said.isprintable():
        raise MistakeError("a password has no control characters")
    return said


@user.command("list")
@click.option("--company", "slug", default="", metavar="SLUG", help="Only logins of this company.")
@common
@click.pass_obj
def list_(call: Call, *, slug: str) -> None:
    """List who may log in.

    \b
    Examples:
      bccd user list
      bccd user list --company example --json
    """
    with looks.open_stores(call.installed) as stores:
        company = looks.company(directory_snapshot(stores.database), slug).id if slug else None
        rows = logins.listed(stores.database, company)

    def text(out: Console) -> None:
        columns = ("login", "company", "user", "changed", "works")
        cells = [(r["name"], r["company"], r["user"], r["changed_at"], _works(r)) for r in rows]
        out.print(table(columns, cells) if rows else "Nobody has a password.")

    call.tell(rows, text)


def _works(row: dict[str, object]) -> str:
    if row["disabled_at"] is not None:
        return "no: disabled"
    return "yes" if row["active"] else "no: the user is not active"


@user.command("disable")
@click.argument("login")
@common
@click.pass_obj
def disable(call: Call, *, login: str) -> None:
    """Have a login refused from now on; its password stays.

    \b
    Examples:
      bccd user disable ann@example.com
    """
    _change(call, "login.switch", login, "is refused from now on", on=False)


@user.command("enable")
@click.argument("login")
@common
@click.pass_obj
def enable(call: Call, *, login: str) -> None:
    """Accept a login again that was disabled.

    \b
    Examples:
      bccd user enable ann@example.com
    """
    _change(call, "login.switch", login, "works again", on=True)


@user.command("remove")
@click.argument("login")
@common
@click.pass_obj
def remove(call: Call, *, login: str) -> None:
    """Forget a login and its password; the user himself stays.

    \b
    Examples:
      bccd user remove ann-phone
    """
    _change(call, "login.remove", login, "is gone")


def _change(call: Call, operation: str, login: str, done: str, **more: object) -> None:
    name = logins.canonical(login)
    with looks.open_stores(call.installed) as stores:
        if logins.find(stores.database, name) is None:
            raise NotFoundError(f"there is no login {name}: `bccd user list` names them")
    writes.do(call.installed, operation, {"name": name, **more})
    call.tell({"login": name}, lambda out: out.print(f"{name} {done}."))
