"""Daemons for end-to-end tests: each in a folder of its own, none left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Daemon
from tests.server import Server

MakeDaemon = Callable[..., Daemon]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Daemon:
    """An installation that has not run yet, to copy from: making one takes seconds."""
    return Daemon(tmp_path_factory.mktemp("template")).set_up()


@pytest.fixture
def make_daemon(tmp_path: Path, template: Daemon) -> Iterator[MakeDaemon]:
    """Make installations; the options are sections of the configuration."""
    made: list[Daemon] = []

    def make(**options: dict[str, object]) -> Daemon:
        folder = tmp_path / f"bccd-{len(made)}"
        folder.mkdir()
        made.append(Daemon(folder, options).set_up(template))
        return made[-1]

    yield make
    for daemon in made:
        daemon.kill()


MakeNode = Callable[..., Daemon]


@pytest.fixture(scope="session")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the name of a PostgreSQL database with the directory in it."""
    with server.database() as name:
        first = Daemon(tmp_path_factory.mktemp("loaded"), {"database": {"url": server.url(name)}})
        first.configure()
        first.load()
        yield name


@pytest.fixture
def node(server: Server, loaded: str, tmp_path: Path) -> Iterator[MakeNode]:
    """Make daemons that share one database, each with a folder of its own."""
    made: list[Daemon] = []
    with server.database(loaded) as name:

        def make(**options: dict[str, object]) -> Daemon:
            folder = tmp_path / f"node-{len(made)}"
            folder.mkdir()
            made.append(Daemon(folder, options | {"database": {"url": server.url(name)}}))
            made[-1].configure()
            return made[-1]

        yield make
        for daemon in made:
            daemon.kill()


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A running daemon that trusts this machine."""
    return make_daemon().start()
