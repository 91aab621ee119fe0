"""A bccd of one's own: its configuration, its tables, its directory, and the daemon itself."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.peers import ROOT, PeerError, end

PROGRAM = Path(sys.executable).with_name("bccd")
LOG = "bccd.log"
# BCCD_* of the environment comes on top: BCCD_PROCESSES__FRONTS=2 make bench
_CONFIG = """\
data_dir = "{data}"
[listen]
smtp = ["127.0.0.1:{port}"]
lmtp = []
http = []
{rest}"""


def run(config: Path, *command: str) -> None:
    """Run a command of bccd; raises PeerError with what it said."""
    done = subprocess.run(
        [str(PROGRAM), *command, "--config", str(config)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PeerError(f"bccd {' '.join(command)} said: {(done.stderr or done.stdout).strip()[-500:]}")


def prepare(folder: Path, directory: Path, port: int, rest: str) -> Path:
    """Create tables with a company directory; returns the configuration, which ends with `rest`."""
    config, data = folder / "bccd.toml", folder / "data"
    data.mkdir(mode=0o700)
    config.write_text(_CONFIG.format(data=data, port=port, rest=rest), encoding="utf-8")
    run(config, "migrate")
    run(config, "directory", "load", str(directory))
    return config


def serve(config: Path) -> subprocess.Popen[bytes]:
    """Start the daemon; what it logs stands beside its configuration."""
    with config.with_name(LOG).open("wb") as log:
        return subprocess.Popen(
            [str(PROGRAM), "serve", "--config", str(config)], cwd=ROOT, stdout=log, stderr=log
        )


@contextlib.contextmanager
def running(
    folder: Path, people: Mapping[str, object], port: int, rest: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a daemon that knows these people, and end it with the block; nobody waits until it listens."""
    directory = folder / "people.json"
    directory.write_text(json.dumps(people), encoding="utf-8")
    process = serve(prepare(folder, directory, port, rest))
    try:
        yield process
    finally:
        end(process)
