"""What holds for every test: no network but loopback, and nothing skipped in silence."""

import ipaddress
import os
import re
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bccd.cli import base
from bccd.store import engine, postgresql
from tests.canary import WATCH
from tests.engines import open_sharing

REQUIRE_ALL = "BCCD_REQUIRE_ALL"
# Daemons live where an ordinary user's PATH does not look.
_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_PLACES = ["/usr/sbin", "/usr/local/sbin", "/sbin", *map(str, _POSTGRESQL)]
_NEEDS_OF_MARKER = {"postfix": ("postfix",), "db": ("initdb",)}
_PRODUCT = {"initdb": "postgresql"}
_LACK = re.compile(r"\black(?:s|ing)? (?:of )?([\w.+-]+(?:, [\w.+-]+)*)")

# Hundreds of processes are started, and each would compile the program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

for module in (engine, postgresql):
    vars(module)["create_engine"] = open_sharing

# A deadline would fail a test for the machine being busy.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, print_blob=True)
settings.register_profile(
    "fuzz", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


class NetworkBlockedError(RuntimeError):
    """A test tried to leave the machine; not an OSError, which code under test might rightly swallow."""


def _is_here(host: object) -> bool:
    """True for loopback, for no host at all, and for this machine's own name."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return str(name).endswith(".localhost")
    return address.is_loopback


def _is_literal(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _guard(event: str, args: tuple[Any, ...]) -> None:
    """Refuse what would leave the machine, whichever library asks for it."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = args
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or address is None:
            return
        if not _is_here(address[0]):
            raise NetworkBlockedError(f"{event} to {address!r}: tests stay on loopback and unix sockets")
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and not (
        _is_here(args[0]) or _is_literal(args[0])
    ):
        raise NetworkBlockedError(f"{event} of {args[0]!r}: tests ask no real name server")


# An audit hook cannot be taken out again, which suits: it also sees asyncio and C code in this process.
sys.addaudithook(_guard)


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(_PLACES))


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """Have no test hear less of the log because another has set it up, as `bccd trace` does."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """Start a PostgreSQL of our own; tests that ask for it are marked `db`."""
    from tests.server import Server  # noqa: PLC0415  (psycopg is loaded only where it is used)

    running = Server()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def silent_logs() -> Iterator[None]:
    """Fail a test whose daemons logged what no log may hold."""
    yield
    assert WATCH.leaks() == []


@pytest.fixture(autouse=True)
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the bccd that is installed here: a command would read its file, and as root become its user."""
    monkeypatch.setattr(base, "DEFAULT_CONFIG", Path("/nonexistent/bccd.toml"))


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    """Undo what a daemon run within a test does to this process."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = [name for marker in item.iter_markers("needs") for name in marker.args]
    for marker, programs in _NEEDS_OF_MARKER.items():
        if item.get_closest_marker(marker):
            wanted.extend(programs)
    missing = [_PRODUCT.get(name, name) for name in dict.fromkeys(wanted) if _find(name) is None]
    if missing:
        pytest.skip(f"lacks {', '.join(missing)}")


def _reason(longrepr: object) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where everything is installed, as in CI, a skip would be a test that silently stopped counting."""
    if os.environ.get(REQUIRE_ALL) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_ALL} is set, and this was skipped: {_reason(report.longrepr)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    del call
    report = yield
    # No package brings the large mail collections, so CI lacks them too.
    if item.get_closest_marker("corpora") is None:
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lacks: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        if found := _LACK.search(_reason(report.longrepr)):
            lacks.update(found[1].split(", "))
    if lacks:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(lacks.items()))
        terminalreporter.write_line(f"skipped for lack of: {names}: install them or run .ci/run", yellow=True)
