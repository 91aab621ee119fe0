"""Daemons for end-to-end tests: each in a folder of its own, none left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Daemon

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


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A running daemon that trusts this machine."""
    return make_daemon().start()
