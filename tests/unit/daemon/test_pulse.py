"""Signs of life of an event loop."""

import asyncio
import os
import signal

import pytest

from bccd.daemon import pulse as pulse_module
from bccd.daemon.pulse import Pulse
from bccd.daemon.supervisor import Links


def test_a_child_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a loop in another process beats is counted here, from its first turn on."""
    monkeypatch.setattr(pulse_module, "_BEAT_SECONDS", 0.001)
    pulse = Pulse()
    assert pulse.beats == 0
    if (pid := os.fork()) == 0:
        signal.alarm(30)

        async def turn() -> None:
            Links(-1, -1, os.pipe()[0], pulse).tie()
            while pulse.beats < 3:  # noqa: ASYNC110 - that is what is waited for
                await asyncio.sleep(0.001)

        try:
            asyncio.run(turn())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert pulse.beats >= 3
    pulse.reset()
    assert pulse.beats == 0
