"""Daemons that fail where a test wants it, on either kind of database."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import loaded, make_daemon, template  # noqa: F401 - fixtures
from tests.faults.failing import Failing
from tests.server import Server

RELAY = "127.0.0.2"  # who is no stranger to the daemons that tests share
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.db)]


MakeFailing = Callable[..., Failing]


@pytest.fixture(params=BOTH, scope="module")
def database(request: pytest.FixtureRequest) -> str:
    """Name the kind of database that a test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def failing(
    request: pytest.FixtureRequest, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeFailing]:
    """Make daemons that are not started yet; on PostgreSQL each has a database of its own."""
    made: list[Failing] = []
    # Asked for here, so that the server outlives the daemons.
    names = ("server", "loaded") if database == "postgresql" else ("template",)
    found = [request.getfixturevalue(name) for name in names]
    with ExitStack() as stack:

        def url() -> str:
            server: Server = found[0]
            return server.url(stack.enter_context(server.database(found[1])))

        def make(**options: dict[str, object]) -> Failing:
            folder = tmp_path_factory.mktemp("failing")
            if database == "postgresql":
                made.append(Failing(folder, options | {"database": {"url": url()}}))
                made[-1].configure()
            else:
                made.append(Failing(folder, options))
                made[-1].set_up(found[0])
            return made[-1]

        yield make
        for daemon in made:
            daemon.kill()


@pytest.fixture(scope="module")
def shared(failing: MakeFailing) -> Failing:
    """One daemon for all tests of a module: to start one costs more than most tests."""
    made = failing(
        filing={"retry_first_seconds": 0.05},
        trust={"networks": ["127.0.0.1/32"], "relays": [f"{RELAY}/32"]},
    )
    made.start()
    return made


@pytest.fixture
def daemon(shared: Failing) -> Iterator[Failing]:
    """A running daemon that has seen other tests; what they sent is checked again."""
    if shared.process is None or shared.process.poll() is not None:
        shared.kill()
        shared.start()
    yield shared
    for point in list((shared.folder / "faults").iterdir()):
        if point.name != "poison":
            point.unlink(missing_ok=True)
    if shared.process is not None:
        for pid in shared.children():
            os.kill(pid, signal.SIGCONT)
