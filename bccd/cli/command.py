"""bccd command: have done what front ends may ask for, and list what may be asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console

from bccd.cli import writes
from bccd.cli.base import Call, Exit, NotFoundError, common, safe, table, warn
from bccd.model.errors import MistakeError
from bccd.rules.commands.kind import Kind
from bccd.rules.commands.kinds import KINDS

_MAILS = frozenset({"address.add", "address.resend", "login.change", "held.ask"})


@click.command()
@click.argument("kind", default="", metavar="[KIND]")
@click.argument("arguments", nargs=-1, metavar="[ARGUMENT=VALUE]...")
@click.option("--company", default="", metavar="SLUG", help="Whose; not needed where there is one company.")
@click.option("--as", "actor", default="", metavar="USER", help="Who wants it: address, number, external id.")
@click.option(
    "--key", default="", help="The command's own key: the same again is done once. [default: a new one]"
)
@common
@click.pass_obj
def command(call: Call, *, kind: str, arguments: tuple[str, ...], company: str, actor: str, key: str) -> None:
    """Do as a user what a front end may do: link, choose, share, release, merge, mark.

    KIND is a kind of command, such as link.set; without it all are listed, and with no ARGUMENT but --as left
    out, what that kind takes. A VALUE is JSON where it can be read as such, else text: deal=7 is the deal
    whose number is 7, deal='"7"' the one that the CRM calls 7.

    The user sees and changes here what he may see and change in a front end, and no more. A command that is
    refused ends with exit code 6 and its reason.

    \b
    Examples:
      bccd command
      bccd command link.set
      bccd command link.set --as anna@example.com message=1041 deal='"D-7"'
      bccd command choice.resolve --as anna@example.com conversation=1040 deal=null
      bccd command state.set --as 3 --key 4711 messages=[1041,1045] seen=true
    """
    if not kind:
        call.tell({name: known.does for name, known in KINDS.items()}, _list)
        return
    if kind not in KINDS:
        raise NotFoundError(f"{kind}: no such kind of command; `bccd command` lists them")
    if not actor:
        if arguments:
            raise click.UsageError("say with --as who wants it")
        call.tell(_described(KINDS[kind]), lambda out: _describe(out, KINDS[kind]))
        return
    given = dict(_argument(one) for one in arguments)
    wish = {"actor": actor, "kind": kind, "args": given} | ({"key": key} if key else {})
    give(call, company, wish)


def give(call: Call, company: str, wish: Mapping[str, object]) -> None:
    """Have a user's wish done, and answer with what became of it; warns where mail of it stays here."""
    if wish["kind"] in _MAILS and not call.config.outbound.smarthost:
        warn("outbound.smarthost is not set: what is to be mailed waits until it is")
    tell(call, writes.command(call.installed, company, wish))


def tell(call: Call, answer: Mapping[str, Any]) -> None:
    """Answer with what became of a command; a refusal ends with its exit code."""
    if call.as_json:
        call.tell(answer, lambda _: None)
    elif answer["state"] == "refused":
        raise MistakeError(f"{answer['error']}: {answer['result']['sentence']}")
    else:
        rows = [(name, json.dumps(value)) for name, value in answer["result"].items()]
        call.tell(answer, lambda out: out.print(table(("", ""), [("state", answer["state"]), *rows])))
    if answer["state"] == "refused":
        raise SystemExit(Exit.MISTAKE)


def _argument(said: str) -> tuple[str, object]:
    name, equals, value = said.partition("=")
    if not equals:
        raise click.UsageError(f"{said}: must be ARGUMENT=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _list(out: Console) -> None:
    out.print(table(("kind", "what it does"), [(kind.name, kind.does) for kind in KINDS.values()]))


def _described(kind: Kind) -> dict[str, object]:
    fields = {name: f"{meaning}: {form.meaning}" for name, (form, meaning) in kind.fields.items()}
    return {"kind": kind.name, "does": kind.does, "arguments": fields, "result": dict(kind.result)}


def _describe(out: Console, kind: Kind) -> None:
    out.print(safe(kind.does))
    rows: Sequence[tuple[str, str, str]] = [
        (name, form.meaning, meaning) for name, (form, meaning) in kind.fields.items()
    ]
    out.print(table(("argument", "must be", "meaning"), rows))
