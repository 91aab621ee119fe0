"""The outbound worker: asks the filer for letters, sends them, and tells it what became of each."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog

from bccd.failures import place
from bccd.meters.families import NOTICES
from bccd.model.errors import BccdError
from bccd.model.notice import Letter
from bccd.observe import shown
from bccd.outbound.compose import Composer, UnsendableError
from bccd.outbound.relay import Relay, Sending

Ask = Callable[[str, Mapping[str, object]], Awaitable[Any]]

AT_ONCE = 10  # letters taken under one lease
_POLL_SECONDS = 1.0
_ADDRESS = re.compile(r"[^\s<>,;:\"'()]+@[^\s<>,;:\"'()]+")  # in what went wrong, for the log
_SAID = re.compile(r"([245]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?)\b.*", re.DOTALL)  # by a server, in its words
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0  # between two tries while the smarthost is away
_IDLE_SECONDS = 30.0  # how long the connection is kept without mail
_LAST_TRIES = 5  # at telling what became of a letter, once the worker is to stop
_TAKEN_SECONDS = 240.0  # how long after they were taken letters are begun to be sent: less than the lease


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a letter, as the operation outbox.settle takes it."""

    company_id: int
    mail_id: int
    outcome: str
    error: str = ""
    seconds: float = 0.0


class Worker:
    """Sends what is due until it is told to stop; `name` tells its host from others that share a database."""

    def __init__(
        self, ask: Ask, composer: Composer, relay: Relay, name: str, now: Callable[[], datetime]
    ) -> None:
        self._ask, self._composer, self._relay = ask, composer, relay
        self._name, self._now = name, now
        self._fresh = True
        self._pause = 0.0
        self._log = structlog.get_logger()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set, then end what is being sent."""
        loop = asyncio.get_running_loop()
        idle_since = loop.time()
        try:
            while not stopping.is_set():
                busy = await self._turn(stopping)
                if busy:
                    idle_since = loop.time()
                elif loop.time() - idle_since > _IDLE_SECONDS:
                    await self._relay.close()
                if not busy:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stopping.wait(), self._pause or _POLL_SECONDS)
        finally:
            await self._relay.close()

    async def _turn(self, stopping: asyncio.Event) -> bool:
        """Take and send some letters; returns whether there may be more at once."""
        try:
            letters = await self._take()
        except BccdError as error:  # the filer starts, or its database is away: that passes
            self._fresh = True  # what it may have given us meanwhile has no other owner
            self._log.debug("outbox_away", error=str(error))
            return False
        if not letters:
            return False
        until = asyncio.get_running_loop().time() + _TAKEN_SECONDS
        for place_, letter in enumerate(letters):
            result = await self._send(letter)
            await self._settle([result], stopping)
            over = result.outcome == "away" or stopping.is_set()
            if over or asyncio.get_running_loop().time() > until:
                await self._settle([self._back(left) for left in letters[place_ + 1 :]], stopping)
                return not over
        return True

    async def _take(self) -> list[Letter]:
        wanted = {"worker": self._name, "limit": AT_ONCE, "fresh": self._fresh}
        letters = msgspec.convert(await self._ask("outbox.take", wanted), type=list[Letter])
        self._fresh = False
        return letters

    async def _send(self, letter: Letter) -> _Result:
        try:
            octets = self._composer.compose(letter, self._now())
        except UnsendableError as error:
            sending = Sending("failed", str(error))
        except Exception as error:  # noqa: BLE001 - one letter must not stop those behind it
            self._log.error("letter_failed", mail=letter.id, error=place(error))
            sending = Sending("later", f"it could not be written: {type(error).__name__}")
        else:
            sending = await self._handed_in(letter, octets)
        away = sending.outcome == "away"
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE) if away else 0.0
        NOTICES.add(sending.outcome)
        self._log.info(
            "notice",
            company=letter.company_id,
            mail=letter.id,
            user=letter.user_id,
            to=shown(letter.to),
            reason=letter.reason,
            items=len(letter.items),
            outcome=sending.outcome,
            error=_loggable(sending.error),
        )
        seconds = self._pause if away else 0.0
        return _Result(letter.company_id, letter.id, sending.outcome, sending.error, seconds)

    async def _handed_in(self, letter: Letter, octets: bytes) -> Sending:
        try:
            return await self._relay.send(letter.to, octets)
        except Exception as error:  # noqa: BLE001 - it would come again with this letter at each start
            self._log.error("letter_failed", mail=letter.id, error=place(error))
            await self._relay.close()
            return Sending("unknown", type(error).__name__)

    def _back(self, letter: Letter) -> _Result:
        """Give a letter back that there was no time for, or no server."""
        return _Result(letter.company_id, letter.id, "away", "", self._pause)

    async def _settle(self, results: Sequence[_Result], stopping: asyncio.Event) -> None:
        """Have results written down; until they are, no other letter is touched."""
        wanted = {"worker": self._name, "results": [asdict(result) for result in results]}
        last_tries = _LAST_TRIES
        while results and last_tries:
            try:
                await self._ask("outbox.settle", wanted)
            except BccdError as error:
                self._log.warning("outbox_away", error=str(error))
                last_tries -= stopping.is_set()
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return


def _loggable(error: str) -> str:
    """Return of a server's answer its codes: the words, which may quote the mail, stand with the notice."""
    return _ADDRESS.sub(lambda found: shown(found[0].lower()), _SAID.sub(r"\1", error))
