"""Writes docs/reference/cli.md from the commands themselves."""

import inspect
import re
import textwrap
from collections.abc import Iterator

import click

from bccd.cli.base import EXIT_MEANINGS

_HEAD = """\
# Command line

<!-- Made from the commands by bccd.cli.reference.reference; a test holds the two equal. -->

Every command takes `--config FILE` (also `BCCD_CONFIG`) and `--json`, before or after its name. Answers go to
standard output, mistakes to standard error in one sentence each. `bccd COMMAND --help` says the same.

## Exit codes

| code | meaning |
| --- | --- |
"""
_SHARED = {"config", "json"}


def reference(group: click.Group) -> str:
    """Write the page."""
    codes = "".join(f"| {int(code)} | {meaning} |\n" for code, meaning in EXIT_MEANINGS.items())
    return _HEAD + codes + "".join(_commands(group, "bccd"))


def _commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield f"\n## {path} {name}\n\n{_help(command)}\n"
            yield from _commands(command, f"{path} {name}")
        else:
            yield from _command(command, f"{path} {name}")


def _command(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"\n## {path}\n\n`{path} {usage}`\n\n{_help(command)}\n"
    rows = [
        (record[0], record[1])
        for parameter in command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in _SHARED
        and (record := parameter.get_help_record(context))
    ]
    if rows:
        yield "\n| option | |\n| --- | --- |\n"
        yield from (f"| `{names}` | {_cell(text)} |\n" for names, text in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("  [", " [")


def _help(command: click.Command) -> str:
    """Write the help text as Markdown: examples, which click keeps as they are after \\b, become code."""
    text = inspect.cleandoc(command.help or "")
    parts = []
    for paragraph in re.split(r"\n\n+", text):
        if paragraph.startswith("\b\n"):
            title, _, examples = paragraph.removeprefix("\b\n").partition("\n")
            parts.append(f"{title}\n\n```console\n{textwrap.dedent(examples)}\n```")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts)
