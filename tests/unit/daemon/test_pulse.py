"""Signs of life of an event loop."""

import asyncio
import os
import signal

import pytest

from bccd.daemon import pulse as pulse_module
from bccd.daemon.pulse import Pulse
from bccd.daemon.supervisor import Links


def test_no_beat_is_expected_of_a_loop_that_does_what_it_was_asked() -> None:
    """While an operation of the door runs it may take what it takes; then the loop is watched again."""
    pulse, seen = Pulse(), []

    def operation(argument: int) -> int:
        seen.append(pulse.beats)
        return 1 // argument

    pulse.beat()
    watched = pulse.unwatched({"divide": operation})["divide"]
    assert watched(1) == 1 and pulse.beats == 1
    with pytest.raises(ZeroDivisionError):
        watched(0)
    assert seen == [0, 0] and pulse.beats == 1


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
