"""bccd notices: what users are told, whether it went out, and why not."""

import click
from rich.console import Console

from bccd.cli import looks, writes
from bccd.cli.base import Call, common, table
from bccd.store import outbox

STATES = ("pending", "sent", "merged", "dropped", "failed")
_COLUMNS = ("notice", "company", "user", "reason", "state", "written", "due", "attempts", "error")
_SHOWN = ("notice", "company", "user", "reason", "state", "created_at", "due_at", "attempts", "error")


@click.group()
@common
def notices() -> None:
    """List what users are told about their mail, and have sent again what has failed.

    What a notice says is its user's alone: he reads it in a front end, and in his mailbox.
    """


@notices.command("list")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only these states; may be repeated.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@common
@click.pass_obj
def list_(call: Call, *, state: tuple[str, ...], limit: int) -> None:
    """List notices that wait to be sent or have failed, or those in other states, the newest first.

    \b
    Examples:
      bccd notices list
      bccd notices list --state sent --json
    """
    with looks.open_stores(call.installed) as stores:
        rows = outbox.listed(stores.database, state or ("pending", "failed"), limit)

    def text(out: Console) -> None:
        cells = [["" if row[name] is None else row[name] for name in _SHOWN] for row in rows]
        out.print(table(_COLUMNS, cells) if rows else "Nothing waits, and nothing has failed.")

    call.tell(rows, text)


@notices.command("retry")
@common
@click.pass_obj
def retry(call: Call) -> None:
    """Have all notices sent that have failed, once the smarthost is mended.

    \b
    Examples:
      bccd notices retry
    """
    count = writes.do(call.installed, "outbox.retry", {})
    call.tell({"again": count}, lambda out: out.print(f"{count} notices will be sent."))
