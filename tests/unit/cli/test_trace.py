"""What `bccd trace` tells while the database is away."""

import asyncio
from pathlib import Path

import pytest

from bccd.cli.trace import follow
from bccd.config import Config, Log
from bccd.journal import FOLDER, Journal
from bccd.model.envelope import Peer
from bccd.model.errors import BccdError
from bccd.model.reply import NO_SUCH_ADDRESS
from bccd.observe import configure


def test_what_was_refused_is_told_without_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each attempt once, and on standard error why nothing is said of what became of mail."""
    config = Config(data_dir=tmp_path, log=Log(key_file=str(tmp_path / "log.key")))
    configure(config.log, "front-1")

    async def refuse() -> None:
        kept = Journal(tmp_path / FOLDER)
        kept.refused("rcpt", "s", Peer("192.0.2.1"), NO_SUCH_ADDRESS, sender="ann@acme.example")
        kept.close()

    asyncio.run(refuse())
    (step,) = follow(config, "ann@acme.example", 30, 9)
    assert (step.step, step.reply) == ("recipient", str(NO_SUCH_ADDRESS))
    assert "it is not told what became of mail" in capsys.readouterr().err
    with pytest.raises(BccdError, match="there is no database"):
        follow(config, "bob@acme.example", 30, 9)
