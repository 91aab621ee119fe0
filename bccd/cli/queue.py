"""bccd queue: mail that is not filed, and what to do about it."""

import re
import sys
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console

from bccd.cli import looks, writes
from bccd.cli.base import Call, NotFoundError, common, delivery_number, table
from bccd.model.delivery import show_id

STATES = ("received", "held", "set_aside", "failed")
_UNITS = {"d": "days", "h": "hours"}
_AT_ONCE = 50
_COLUMNS = ("delivery", "state", "reason", "received", "from", "to", "octets", "attempts")


class _Age(click.ParamType[timedelta]):
    """A number of days or hours: 30d, 12h."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,4})([dh])", str(value))
        if found is None:
            self.fail(f"{value}: must be a number of days or hours, such as 30d or 12h", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.group()
@common
def queue() -> None:
    """List, show, retry and delete mail that is not filed.

    A mail is here while it waits to be filed (received), when it waits for a person (held), was kept aside by
    a rule (set_aside), or could not be filed (failed). Its octets are kept in every case.
    """


@queue.command("list")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only these states; may be repeated.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@common
@click.pass_obj
def list_(call: Call, *, state: tuple[str, ...], limit: int) -> None:
    """List mail that is not filed, oldest first.

    \b
    Examples:
      bccd queue list
      bccd queue list --state failed --json
    """
    with looks.open_stores(call.installed) as stores:
        rows = looks.waiting(stores, state or STATES, limit)

    def text(out: Console) -> None:
        cells = [
            (r["delivery"], r["state"], r["reason"], r["received_at"], r["from"], " ".join(r["to"]),
             r["size"], r["attempts"])
            for r in rows
        ]  # fmt: skip
        out.print(table(_COLUMNS, cells) if rows else "Nothing waits.")

    call.tell(rows, text)


@queue.command("show")
@click.argument("id_", metavar="ID")
@click.option("--raw", is_flag=True, help="Write the mail's octets to standard output instead.")
@common
@click.pass_obj
def show(call: Call, *, id_: str, raw: bool) -> None:
    """Show one delivery: where it stands, why, its envelope, and what proved its sender or why nothing did.

    ID is the one in the reply to the sender and in the log ("accepted as ...").

    \b
    Examples:
      bccd queue show 0000000001h4k
      bccd queue show --raw 0000000001h4k > mail.eml
    """
    number = delivery_id(id_)
    with looks.open_stores(call.installed) as stores:
        if raw:
            sys.stdout.buffer.write(looks.raw(stores, number))
            return
        found = looks.explain(stores, number)

    def text(out: Console) -> None:
        out.print(table(("", ""), looks.facts(found, without={"steps"})))

    call.tell(found, text)


@queue.command("retry")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@common
@click.pass_obj
def retry(call: Call, *, ids: tuple[str, ...]) -> None:
    """Put held, set aside or failed mail back, to be filed again now.

    The mail is read and decided anew, with the directory as it stands now; if the reason still holds, the
    outcome is the same. Its sender is judged again by the evidence that was gathered when it came in.

    \b
    Examples:
      bccd queue retry 0000000001h4k
    """
    numbers = [delivery_id(one) for one in ids]
    writes.do(call.installed, "queue.retry", {"deliveries": numbers})
    shown = [show_id(number) for number in numbers]
    call.tell({"retried": shown}, lambda out: out.print(f"Will be filed again: {', '.join(shown)}"))


@queue.command("delete")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--state",
    type=click.Choice(STATES[1:]),
    help="Instead of ids: all mail in this state, with --older-than.",
)
@click.option(
    "--older-than", type=_Age(), metavar="AGE", help="Received longer ago than, for instance, 30d or 12h."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
@click.pass_obj
def delete(
    call: Call, *, ids: tuple[str, ...], state: str | None, older_than: timedelta | None, yes: bool
) -> None:
    """Delete mail that is not filed, octets and all. This cannot be undone.

    Nothing is deleted by itself: mail of strangers that a relay handed in is held until somebody does this.

    \b
    Examples:
      bccd queue delete --yes 0000000001h4k
      bccd queue delete --yes --state held --older-than 30d
    """
    if bool(ids) == bool(state) or bool(state) != bool(older_than):
        raise click.UsageError("give ids, or --state and --older-than together")
    numbers = [delivery_id(one) for one in ids]
    if state and older_than:
        with looks.open_stores(call.installed) as stores:
            numbers = looks.older(stores, state, datetime.now(UTC) - older_than)
    if numbers and not yes:
        click.confirm(f"Delete {len(numbers)} mail for good?", abort=True, err=True)
    for start in range(0, len(numbers), _AT_ONCE):  # the filer does nothing else meanwhile
        writes.do(call.installed, "queue.delete", {"deliveries": numbers[start : start + _AT_ONCE]})
    shown = [show_id(number) for number in numbers]
    call.tell({"deleted": shown}, lambda out: out.print(f"Deleted: {', '.join(shown) or 'nothing'}"))


def delivery_id(text: str) -> int:
    """Read a delivery id as it was shown, or as the tables have it; raises NotFoundError."""
    number = delivery_number(text)
    if number is None:
        raise NotFoundError(
            f"{text}: is no delivery id; it has 13 letters and digits, as in the reply to the sender"
        )
    return number
