"""bccd doctor: everything that can be wrong around bccd, looked at, with what to do."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from bccd.cli.base import Call, Exit, common, safe
from bccd.cli.checks import machine, network, stores
from bccd.cli.checks.finding import Finding, Level, fail, warn
from bccd.cli.counted import ask
from bccd.config import Config
from bccd.model.errors import BccdError

# In the order in which one thing needs the other.
_CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    machine.configuration,
    machine.python,
    machine.folder,
    machine.keys,
    machine.disk,
    machine.clock,
    machine.files,
    stores.database,
    network.ports,
    network.dns,
    network.certificate,
    network.smarthost,
)


@click.command()
@common
@click.pass_obj
def doctor(call: Call) -> None:
    """Look at everything around bccd that can be wrong, and say what to do about it.

    Configuration, Python's patches, the data folder and its permissions, keys, disk, clock, limits, database
    and its settings, what waits for too long, the daemon and its ports, name servers, MX records, the
    certificate and its chain, the smarthost: what the configuration asks for, and nothing else. Run it as
    the user that runs bccd. Nothing is changed, and no mail is sent.

    Each line says OK, WARN (it will not go well for long, or not for all) or FAIL (it does not work). Exit
    code 1 means that something failed.

    \b
    Examples:
      bccd doctor --config /etc/bccd/bccd.toml
      bccd doctor --json | jq '.findings[] | select(.level != "OK")'
    """
    found = [*examine(call.installed), *_changed(call.path, call.installed)]
    counted = Counter(finding.level for finding in found)
    well = not counted[Level.FAIL]

    def text(out: Console) -> None:
        for finding in found:
            out.print(safe(f"{finding.level:<5} {finding.topic:<13}  {finding.sentence}"))
            if finding.advice:
                out.print(safe(f"{'':<21}-> {finding.advice}"))
        out.print(", ".join(f"{counted[level]} {level}" for level in Level))

    answer = {"well": well, "findings": [asdict(finding) for finding in found]}
    call.tell(answer, text)
    raise SystemExit(Exit.OK if well else Exit.FAILED)


def _changed(path: Path | None, config: Config) -> Iterator[Finding]:
    """Say that the daemon was started before its configuration was changed."""
    try:
        changed = path.stat().st_mtime if path else 0.0
        started = max(slot["started"] for slot in ask(config) if slot["name"] == "supervisor")
    except (BccdError, OSError, ValueError):  # it does not run, or the file is gone
        return
    if changed > started:
        said = f"{path} was changed after the daemon was started"
        yield warn("configuration", said, "restart bccd for it to count: SIGHUP reads the certificate alone")


def examine(config: Config) -> Iterator[Finding]:
    """Run every check; one that fails itself is a finding, too."""
    for check in _CHECKS:
        try:
            yield from check(config)
        except Exception as error:  # noqa: BLE001 - the others are still worth their while
            said = f"could not be looked at: {type(error).__name__}: {error}"
            yield fail(check.__name__, said, "this is a mistake in bccd: please report it")
