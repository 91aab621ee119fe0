"""bccd serve, migrate and check-config."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from bccd.bootstrap import serve as run_daemon
from bccd.cli.access import me, require_own_folder
from bccd.cli.base import Call, common, table, warn
from bccd.config import Config, doubts, effective
from bccd.config.sample import sample
from bccd.daemon import arrive, remarks
from bccd.door import hold
from bccd.front import listener_settings
from bccd.model.errors import BccdError, ConfigError
from bccd.observe import key_flaws
from bccd.sources import tls
from bccd.store import migrate as schema
from bccd.store.damage import refuse_damaged


@click.command()
@common
@click.pass_obj
def serve(call: Call) -> None:
    """Run the daemon in the foreground until it is told to stop.

    SIGTERM and Ctrl-C drain it: no new mail is taken, what was accepted stays on disk and is filed by the
    next start, and the exit code is 0. A second signal ends it at once; nothing that was accepted is lost
    then either.

    Sockets that systemd hands over are used where the configuration names their places, or they the
    protocol. Started as root with `user` set, it binds its ports and becomes that user for good.

    \b
    Examples:
      bccd serve --config /etc/bccd/bccd.toml
      BCCD_LOG__LEVEL=debug bccd serve
    """
    with arrive(call.config) as (config, sockets):
        require_own_folder(config.data_dir)
        for sentence in doubts(config) + remarks(call.config, config):
            warn(sentence)
        if mistakes := key_flaws("secret_file", Path(config.secret_file)):
            raise ConfigError(mistakes)
        refuse_damaged(config, thorough=False)
        sys.exit(run_daemon(config, sockets))


@click.command()
@click.option(
    "--no-check", is_flag=True, help="Do not read large databases from end to end first, to find damage."
)
@click.option(
    "--anew", is_flag=True, help="Make a file anew that was lost, though the other one of SQLite's has mail."
)
@common
@click.pass_obj
def migrate(call: Call, *, no_check: bool, anew: bool) -> None:
    """Create the database, or bring it to the revision that this version needs.

    What is there is checked for damage first, which reads all of it. It takes as long as it takes; no bccd
    may run on the data folder meanwhile. Running it again changes nothing. Make a backup before updating.
    Where one of SQLite's two files is gone while the other has mail, nothing is made: it says what is lost.

    \b
    Examples:
      bccd migrate --config /etc/bccd/bccd.toml
    """
    config = call.installed
    folder = config.data_dir
    _make(folder)
    with hold(folder):
        refuse_damaged(config, thorough=not no_check)
        if told := schema.lost(config) if anew else "":
            warn(f"{told}; it is made anew, and empty")
        schema.upgrade(config, anew=anew)
        schema.check(config)

    def text(out: Console) -> None:
        of = "" if config.database.url else f" in {folder}"
        out.print(f"The database{of} is up to date.")

    call.tell({"migrated": True, "data_dir": str(folder)}, text)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BccdError(f"cannot make data_dir {folder}: {error.strerror} ({me()})") from error


@click.command("check-config")
@click.option("--sample", "want_sample", is_flag=True, help="Print a commented sample configuration instead.")
@click.option("--all", "want_all", is_flag=True, help="Print every value in force; secrets are not shown.")
@common
@click.pass_obj
def check_config(call: Call, *, want_sample: bool, want_all: bool) -> None:
    """Check the configuration and list all its mistakes, each with what would be right.

    The file, credential files and the environment are read as `bccd serve` would read them, and so are
    secret_file, the certificate and its key: run it as the user that runs bccd. Exit code 3 means
    mistakes. What is right and yet hardly meant is warned about.

    \b
    Examples:
      bccd check-config --config /etc/bccd/bccd.toml
      bccd check-config --all --json
      bccd check-config --sample > bccd.toml
    """
    if want_sample:
        click.echo(sample(), nl=False)
        return
    values = effective(call.config)
    if mistakes := key_flaws("secret_file", Path(call.config.secret_file)) + _flaws_of_certificate(
        call.config
    ):
        raise ConfigError(mistakes)
    warnings = doubts(call.config) + _of_certificate(call.config)
    for sentence in warnings:
        warn(sentence)
    source = str(call.path or "")

    def text(out: Console) -> None:
        out.print(f"{source or 'The defaults'}: no mistakes.")
        if want_all:
            out.print(table(("option", "value"), [(name, _shown(value)) for name, value in values.items()]))

    answer: dict[str, object] = {"ok": True, "file": source, "warnings": warnings}
    call.tell(answer | ({"values": values} if want_all else {}), text)


def _flaws_of_certificate(config: Config) -> list[str]:
    """Say what forbids the use of the certificate; it is loaded as the daemon loads it."""
    settings = listener_settings(config)
    if settings.certificate is None or settings.key is None:
        return []
    try:
        tls.server_context(settings.certificate, settings.key, datetime.now(UTC))
    except ConfigError as error:
        return error.mistakes
    return []


def _of_certificate(config: Config) -> list[str]:
    """Say what is odd about a certificate that can be used."""
    settings = listener_settings(config)
    if settings.certificate is None or settings.key is None:
        return []
    return tls.suspicions(settings.certificate, settings.key, datetime.now(UTC), config.hostname)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
