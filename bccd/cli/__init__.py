"""The command line: thin commands over the same functions that the daemon runs."""

import os
import sys
from collections import UserDict
from collections.abc import Iterator
from importlib import import_module
from keyword import iskeyword
from typing import Any, NoReturn

import click

from bccd.cli import lean as _lean  # noqa: F401 - before anything imports structlog
from bccd.cli.access import AccessError, sentence
from bccd.cli.base import Call, Exit, common, fail
from bccd.failures import place
from bccd.model.errors import BccdError

# In the reference's order, each with its module: an import may take a second that others need not wait.
_PLACES = {
    "serve": "serve",
    "demo": "demo",
    "migrate": "serve",
    "check-config": "serve",
    "status": "status",
    "trace": "trace",
    "doctor": "doctor",
    "explain": "explain",
    "queue": "queue",
    "held": "held",
    "notices": "notices",
    "command": "command",
    "show": "show",
    "rethread": "rethread",
    "import": "import_",
    "directory": "directory",
    "address": "address",
    "user": "user",
}


class DefectError(BccdError):
    """Something went wrong that cannot."""


class _Commands(UserDict[str, click.Command]):
    """The commands by name, each imported when it is first looked up."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.data:
            module = import_module(f"{__name__}.{_PLACES[name]}")
            self.data[name] = getattr(module, name.replace("-", "_") + "_" * iskeyword(name))
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


class _Main(click.Group):
    """Ends every command with one sentence and a documented code, whatever it failed for."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the words before the command; --help and --version are answered here."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:  # click ends it without a word
            raise
        except OSError as error:
            _tell(error, None)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BccdError as error:
            fail(error, ctx.find_object(Call))
        except BrokenPipeError:
            # The reader of our output, such as head(1), has enough.
            _drop_output()
            sys.exit(Exit.FAILED)
        except OSError as error:
            _tell(error, ctx.find_object(Call))
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 - Python would print its text, which may quote mail
            fail(
                DefectError(f"a mistake of bccd's own, please report it: {place(error)}"),
                ctx.find_object(Call),
            )


def _tell(error: OSError, call: Call | None) -> NoReturn:
    """End with what the system refused, which may be to write our own output, to a full disk."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    try:
        fail(AccessError(sentence(error)), call)
    except OSError:  # standard error has it, and the answer of --json cannot be written
        _drop_output()
        sys.exit(Exit.FAILED)


def _drop_output() -> None:
    """Forget what could not be written, so that Python does not try again at its exit, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Main,
    commands=_Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="bccd", prog_name="bccd", message="%(prog)s %(version)s")
@common
def main() -> None:
    """File a sales team's mail with the right records of its CRM.

    A salesperson copies a company address in Bcc, or forwards a customer's mail to it. bccd proves who sent
    the mail, reads it, matches contacts, links the open deal, joins the conversation, and keeps for every
    mail the record of why it stands where it stands.

    \b
    Examples:
      bccd demo                            try it on this machine
      bccd check-config --config my.toml   list every mistake in a configuration
      bccd migrate && bccd serve           create or update the database, then run
      bccd explain 0000000001h4k           tell why a mail was filed the way it was

    Exit codes: 0 done, 1 failed, 2 wrong command line, 3 configuration, 4 database, 5 not found, 6 cannot be
    done, 7 busy.
    """
