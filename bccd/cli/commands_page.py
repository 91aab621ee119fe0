"""Writes docs/reference/commands.md from the kinds of command themselves."""

from collections.abc import Iterator

from bccd.model.command import CODES
from bccd.rules.commands.kind import Fields, Kind
from bccd.rules.commands.kinds import EVERY, KINDS

_HEAD = """\
# Commands

<!-- Made from the kinds of command by bccd.cli.commands_page.page; a test holds the two equal. -->

What a front end may have changed, in the name of a user. How to give a command and to read its answer stands
in [Give commands from a front end](../howto/give-commands.md); `bccd command` gives one by hand.

A command has an **actor**, the user who wants it: an active user of the company, no team. He sees and changes
by it what he may see and change anyway. What he may not see is `not_found` to him, whether it exists or not.
Only an owner changes his copy; of a team's mail each member has one of his own. Every number, or id of the
CRM, is looked for in the command's own company and nowhere else.

The **result** of a command that is done has the fields named below. That of a refused one has `sentence`,
which tells a person why, and the column `error` has one of these codes:

| error | meaning |
| --- | --- |
"""
_EVERY = """
Any command may be refused as {every}. Below stands what else a kind may be refused for.
"""


def page() -> str:
    """Write the page."""
    codes = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in CODES.items())
    every = ", ".join(f"`{code}`" for code in EVERY)
    return _HEAD + codes + _EVERY.format(every=every) + "".join(map(_kind, KINDS.values()))


def _kind(kind: Kind) -> str:
    refusals = ", ".join(f"`{code}`" for code in kind.refusals)
    answers = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in kind.result.items())
    return (
        f"\n## {kind.name}\n\n{kind.does}\n\n| argument | must be | meaning |\n| --- | --- | --- |\n"
        + "".join(_arguments(kind))
        + f"\n| result | meaning |\n| --- | --- |\n{answers}"
        + (f"\nRefused: {refusals}.\n" if refusals else "")
    )


def _arguments(kind: Kind) -> Iterator[str]:
    yield from _rows(kind.needed, "")
    for group in kind.one_of:
        yield from _rows(group, f"; one of {_listed(group)} must be given" if len(group) > 1 else "")
    yield from _rows(kind.some_of, f"; at least one of {_listed(kind.some_of)} must be given")
    yield from _rows(kind.optional, "; may be left out")


def _rows(fields: Fields, how: str) -> Iterator[str]:
    for name, (form, meaning) in fields.items():
        yield f"| `{name}` | {form.meaning} | {meaning}{how} |\n"


def _listed(fields: Fields) -> str:
    return ", ".join(f"`{name}`" for name in fields)
