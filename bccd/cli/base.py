"""What all commands share: configuration, two forms of output, failures as one sentence and a code."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, unique
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bccd.cli.access import me, require_own_folder
from bccd.config import Config, load
from bccd.directory.records import RecordsError
from bccd.door import FolderHeldError
from bccd.model.delivery import read_id
from bccd.model.errors import (
    BccdError,
    ConfigError,
    MistakeError,
    PortTakenError,
    SchemaError,
    StoreUnavailableError,
)

DEFAULT_CONFIG = Path("/etc/bccd/bccd.toml")

_NUMBER = re.compile(r"[0-9]{1,19}")
_ID_LIMIT = 1 << 63  # what the tables can hold

F = TypeVar("F", bound=Callable[..., Any])


@unique
class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    DATABASE = 4
    NOT_FOUND = 5
    MISTAKE = 6
    BUSY = 7


EXIT_MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done",
    Exit.FAILED: "failed for a reason that the sentence on standard error names",
    Exit.USAGE: "the command line is wrong",
    Exit.CONFIG: "the configuration has mistakes; each is listed",
    Exit.DATABASE: "the database cannot be reached, or is not of this version (see `bccd migrate`)",
    Exit.NOT_FOUND: "what was asked for does not exist",
    Exit.MISTAKE: "what was asked cannot be done, or the data given has mistakes; each is listed",
    Exit.BUSY: "another bccd holds the data folder, or a port is taken",
}


class NotFoundError(MistakeError):
    """What was asked for does not exist."""


class BusyError(MistakeError):
    """A port or a folder is taken."""


# The first class that fits decides, so the narrower stand above.
_CODES: Sequence[tuple[type[BccdError], Exit]] = (
    (ConfigError, Exit.CONFIG),
    (StoreUnavailableError, Exit.DATABASE),
    (SchemaError, Exit.DATABASE),
    (NotFoundError, Exit.NOT_FOUND),
    (FolderHeldError, Exit.BUSY),
    (PortTakenError, Exit.BUSY),
    (BusyError, Exit.BUSY),
    (MistakeError, Exit.MISTAKE),
    (BccdError, Exit.FAILED),
)


def exit_code(error: BccdError) -> Exit:
    """Tell by which code a failure ends the command."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


@dataclass
class Call:
    """One run of the command line: where its configuration is, and how it answers."""

    config_path: Path | None = None
    as_json: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @cached_property
    def config(self) -> Config:
        """Load the configuration; raises ConfigError."""
        try:
            return load(self.path, self.environ)
        except ConfigError as error:
            if isinstance(error.__cause__, PermissionError):
                raise ConfigError([f"{told} for {me()}" for told in error.mistakes]) from error
            raise

    @property
    def installed(self) -> Config:
        """Load the configuration for a command that opens the data folder; raises AccessError.

        Where root runs it and `user` is set, the command becomes that user first.
        """
        if os.geteuid() == 0 and self.config.user:
            from bccd.daemon.arrival import step_down  # noqa: PLC0415 - others need not wait for it

            step_down(self.config)
        require_own_folder(self.config.data_dir)
        return self.config

    @property
    def path(self) -> Path | None:
        """Name the configuration file that is used; None where there is none and defaults hold."""
        if self.config_path is None and DEFAULT_CONFIG.exists():
            return DEFAULT_CONFIG
        return self.config_path

    def tell(self, value: object, text: Callable[[Console], None]) -> None:
        """Answer: `value` as JSON where --json was given, else what `text` prints."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))
        else:
            text(console())


def json_line(value: object) -> str:
    """Write a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def console() -> Console:
    """Make a console on standard output; into a pipe it writes lines of any length, for others to cut."""
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 1000
    return Console(width=wide, highlight=False, markup=False, emoji=False, soft_wrap=False)


def table(columns: Iterable[str], rows: Iterable[Sequence[object]]) -> Table:
    """Lay rows out; what comes from mail is shown as text, never as markup or control characters."""
    names = list(columns)
    laid = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0), show_header=any(names))
    for column in names:
        laid.add_column(column, overflow="fold")
    for row in rows:
        laid.add_row(*(Text(safe(cell)) for cell in row))
    return laid


def safe(value: object) -> str:
    """Write a value so that a terminal cannot be misled by it; line ends stay."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    shown = "" if value is None else str(value)
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in shown)


def octets(count: float) -> str:
    """Write how much there is, in the largest unit of which there is one."""
    for size, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def delivery_number(said: str) -> int | None:
    """Read the id of a delivery as it is shown, or its number as it stands in the tables."""
    number = read_id(said)
    return int(said) if number is None and _NUMBER.fullmatch(said) and int(said) < _ID_LIMIT else number


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(ctx: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        call = ctx.ensure_object(Call)
        if value:
            setattr(call, name, value)
        return value

    return callback


def common(function: F) -> F:
    """Give a command --config and --json; they may stand before or after the command's name."""
    for option in (
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            callback=_keep("as_json"),
            help="Answer with JSON on standard output.",
        ),
        click.option(
            "--config",
            envvar="BCCD_CONFIG",
            type=click.Path(path_type=Path, dir_okay=False, readable=False),
            expose_value=False,
            callback=_keep("config_path"),
            help=f"The configuration file.  [env: BCCD_CONFIG; default: {DEFAULT_CONFIG} if it exists]",
        ),
    ):
        function = option(function)
    return function


def fail(error: BccdError, call: Call | None = None) -> NoReturn:
    """End the command with the error's sentences on standard error, --json also on standard output."""
    lines = error.mistakes if isinstance(error, ConfigError) else str(error).splitlines()
    if isinstance(error, StoreUnavailableError) and call is not None and "config" in vars(call):
        lines = [f"{line} (data_dir {call.config.data_dir}, {me()})" for line in lines]
    for line in lines:
        click.echo(f"bccd: {safe(line)}", err=True)
    if call is not None and call.as_json:
        listed = isinstance(error, ConfigError | RecordsError) or len(lines) > 1
        told: dict[str, object] = {"mistakes": lines} if listed else {"error": "".join(lines)}
        # A file's name need not be UTF-8: what is not becomes an escape, which JSON has too.
        answer = json.dumps({"ok": False, **told}, ensure_ascii=False, indent=2)
        click.echo(answer.encode("utf-8", "backslashreplace"))
    sys.exit(exit_code(error))


def warn(sentence: str) -> None:
    """Tell on standard error what is no mistake, and yet hardly meant."""
    click.echo(f"bccd: warning: {safe(sentence)}", err=True)
