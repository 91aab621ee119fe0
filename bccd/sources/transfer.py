"""One mail from its first octet to its answer: DATA (RFC 5321 4.1.1.4) and BDAT (RFC 3030)."""
# ruff: noqa: N802  aiosmtpd finds verbs by these names

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bccd.model.envelope import Envelope, Target
from bccd.model.reply import IDLE_TOO_LONG, Reply
from bccd.ports import Examination
from bccd.sources.chunks import SMALL, Chunk, Chunks, read_bdat
from bccd.sources.connection import Connection
from bccd.sources.data import Body
from bccd.sources.kept import DRAIN, Kept
from bccd.sources.pace import Pace
from bccd.sources.paths import MailFrom
from bccd.sources.replies import (
    BAD_CHUNK,
    DATA_CHUNKED,
    FAR_TOO_BIG,
    MAIL_FIRST,
    NO_ARGUMENT,
    NO_RECIPIENTS,
    NO_ROOM_NOW,
    SEND_DATA,
    TOO_SLOW,
    worst,
)
from bccd.sources.stream import ClosingError

Feed = Callable[[bytes], bytes | None]


@dataclass(slots=True)
class _Clocks:
    """The times that one mail has, over all its chunks."""

    pace: Pace
    ends_at: float

    def excuse(self, seconds: float) -> None:
        """Let these not count: the peer waited for us."""
        self.pace.excuse(seconds)
        self.ends_at += seconds


@dataclass(slots=True)
class _Chunked:
    """A mail of which some chunks have come."""

    body: Chunks
    clocks: _Clocks
    refused: Reply | None = None


class Transfer(Connection):
    """What a transaction holds, and how its mail comes in."""

    _mail: MailFrom | None = None
    _mail_from = ""
    _accepted: list[Target]
    _examination: Examination | None = None
    _chunked: _Chunked | None = None

    def reset(self) -> None:
        """Forget the transaction (RFC 5321 4.1.1.5)."""
        self._mail = None
        self._mail_from = ""
        self._accepted = []
        if self._examination is not None:
            self._examination.abandon()
            self._examination = None
        if self._chunked is not None:
            self._chunked.body.discard()
            self._chunked = None
        if self.peer.client_ip or self.peer.client_helo or self.peer.relay_id:  # told for one mail
            self.peer = replace(self.peer, client_ip="", client_helo="", relay_id="")

    def in_transaction(self) -> bool:
        """Tell whether a mail has been begun."""
        return self._mail is not None

    def patience(self) -> float:
        """Wait for the rest of a mail as long as for its next octet, even where others want to get in.

        Who has a recipient here is no idler; for how many seconds he keeps us is limited all the same.
        """
        patience, settings = super().patience(), self.settings
        if self._accepted and not self.connections.stopping:
            patience = max(patience, min(settings.data_idle_seconds, settings.idle_seconds))
        if self._chunked is None:
            return patience
        left = self._chunked.clocks.ends_at - self.clock.time()
        return min(patience, settings.data_idle_seconds, left)

    async def smtp_DATA(self, arg: str | None) -> None:
        """Take the mail and answer for it."""
        if arg:
            self.say(NO_ARGUMENT)
            return
        examination = self._examination  # begun at MAIL FROM
        if not self._accepted or examination is None:
            self.say(NO_RECIPIENTS if self._mail is not None else MAIL_FIRST)
            return
        if self._chunked is not None:  # RFC 3030 2: a mail comes by one of the two
            self.say(DATA_CHUNKED)
            return
        if not self.room.holds(1, filed=False):
            self._note(NO_ROOM_NOW)
            self.say(NO_ROOM_NOW)
            return
        self.say(SEND_DATA)
        body = Body(self.settings.message_size, self.settings.tmp_dir, examination.feed, self.room)
        try:
            await self._to_its_end(body, self._read(body.feed, self._clocks()), examination)
        finally:
            body.discard()
            self.reset()

    async def smtp_BDAT(self, arg: str | None) -> None:
        """Take a chunk of the mail, and answer for the mail after the last one.

        Whatever becomes of a chunk, its octets are read: none of them may be taken for a command.
        """
        told = read_bdat(arg or "")
        if told is None:  # nobody knows how many octets follow
            raise ClosingError(BAD_CHUNK)
        size, last = told
        examination = self._examination
        if not self._accepted or examination is None:
            await self._pass_over(size)
            self.say(NO_RECIPIENTS if self._mail is not None else MAIL_FIRST)
            return
        if self._chunked is None:
            body = Chunks(self.settings.message_size, self.settings.tmp_dir, examination.feed, self.room)
            self._chunked = _Chunked(body, self._clocks())
        chunked = self._chunked
        if not last:
            await self._take_chunk(chunked, size)
            return
        try:
            await self._to_its_end(chunked.body, self._read_chunk(chunked, size, last=True), examination)
        finally:
            self.reset()

    async def _take_chunk(self, chunked: _Chunked, size: int) -> None:
        """Take a chunk that others follow, and answer for it alone, in LMTP as well (RFC 2033 4.3)."""
        if size < SMALL:
            self.budget.junk()
        try:
            await self._read_chunk(chunked, size, last=False)
        except ClosingError as closing:
            self._note(closing.reply)
            self.reset()
            raise
        if chunked.refused is None and (refusal := self._refusal(chunked.body)):
            chunked.refused = refusal
            chunked.body.discard()
            targets = tuple(dict.fromkeys(self._accepted))
            self.handler.refuse(self._envelope(chunked.body, targets), refusal)
        self.say(chunked.refused or Reply(250, "2.0.0", f"{size} octets taken"))

    async def _read_chunk(self, chunked: _Chunked, size: int, *, last: bool) -> None:
        body = chunked.body
        if body.received + size > DRAIN * self.settings.message_size:
            raise ClosingError(FAR_TOO_BIG)
        if size:
            take = body.take if chunked.refused is None else _forget
            await self._read(Chunk(size, take).feed, chunked.clocks, to_the_end=last)
        if last and chunked.refused is None:
            body.finish()

    async def _pass_over(self, size: int) -> None:
        """Read the octets of a chunk that belongs to no mail."""
        if size > DRAIN * self.settings.message_size:
            raise ClosingError(FAR_TOO_BIG)
        if size:
            await self._read(Chunk(size, _forget).feed, self._clocks())

    def _clocks(self) -> _Clocks:
        settings, now = self.settings, self.clock.time()
        pace = Pace(settings.data_rate, settings.data_rate_after, settings.data_idle_seconds, now)
        return _Clocks(pace, now + settings.data_seconds)

    async def _to_its_end(self, body: Kept, reading: Awaitable[None], examination: Examination) -> None:
        """Read a mail to its end and answer for it, whatever happens."""
        accepted = self._accepted
        try:
            await reading
            # One reply for each target once, then one for each RCPT: a recipient may be named twice.
            targets = tuple(dict.fromkeys(accepted))
            replies = await self._take(body, targets, examination)
            if len(targets) < len(accepted):
                of = dict(zip(targets, replies, strict=True))
                replies = [of[target] for target in accepted]
            self.answer(replies)
        except ClosingError as closing:
            if closing.reply is None:
                raise
            self._note(closing.reply)
            self.answer([closing.reply] * len(accepted))
            raise ClosingError from None
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001  every recipient hears of it
            failed = self.handler.failed(error, self.session_id)
            self._note(failed)
            self.answer([failed] * len(accepted))

    def _note(self, reply: Reply | None) -> None:
        """Note how a mail was answered of which there is no whole; nothing where its peer is gone."""
        if reply is not None:
            to = [target.address for target in self._accepted]
            self.handler.noted("mail", self.peer, self._mail_from, reply, self.session_id, to)

    async def _read(self, feed: Feed, clocks: _Clocks, *, to_the_end: bool = True) -> None:
        """Read as far as `feed` wants, as long as the peer keeps sending; there a mail ends, or a chunk."""
        idle, clock = self.settings.data_idle_seconds, self.clock.time
        await self.flush()
        rest: bytes | None = None
        while rest is None:
            self._until(min(clock() + idle, clocks.ends_at))
            octets = await self._some(clocks)
            if not self.turns.free(octets):
                self._until(None)
                since = clock()
                await self.turns.wait(octets)
                clocks.excuse(clock() - since)
            piece = self.input.take()
            rest = self._fed(feed, piece)
            now = clock()  # not before the piece: a trickle would be cut one piece too late
            more = rest is None or not to_the_end
            came = len(piece) - len(rest or b"")
            if more and (now >= clocks.ends_at or not clocks.pace.enough(came, now)):
                raise ClosingError(TOO_SLOW)
        self._until(None)
        if rest:
            self.input.unread(rest)

    async def _some(self, clocks: _Clocks) -> int:
        """Wait for octets; whoever sends on and on and is not done by the end of his time was not idle."""
        try:
            return await self.input.some()
        except ClosingError as closing:
            if closing.reply is IDLE_TOO_LONG and self.clock.time() >= clocks.ends_at:
                raise ClosingError(TOO_SLOW) from None
            raise

    def _fed(self, feed: Feed, piece: bytes) -> bytes | None:
        """Hand a piece on; an error of ours ends the session, for what follows of the mail is no command."""
        try:
            return feed(piece)
        except ClosingError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is
            raise ClosingError(self.handler.failed(error, self.session_id)) from None

    def _envelope(self, body: Kept, targets: tuple[Target, ...]) -> Envelope:
        return Envelope(
            self.peer,
            self._mail_from,
            targets,
            body.raw(),
            datetime.now(UTC),
            self.session_id,
            body.defects,
        )

    def _refusal(self, body: Kept) -> Reply | None:
        refusal = body.refusal()
        if refusal is None and body.failure is not None:
            refusal = self.handler.failed(body.failure, self.session_id)
        return refusal

    async def _take(
        self, body: Kept, targets: tuple[Target, ...], examination: Examination
    ) -> Sequence[Reply]:
        if self._chunked is not None and self._chunked.refused is not None:  # and told of already
            return [self._chunked.refused] * len(targets)
        refusal = self._refusal(body)
        if refusal is not None:
            body.discard()
            return self.handler.refuse(self._envelope(body, targets), refusal)
        self._examination = None  # it goes along with the mail: a session that ends does not abandon it now
        replies = await self.handler.message(self._envelope(body, targets), examination)
        if any(reply.accepted for reply in replies):
            self.budget.mail_accepted()
        return replies

    def answer(self, replies: Sequence[Reply]) -> None:
        """Answer for a whole mail: SMTP has one reply for all its recipients."""
        self.say(worst(replies))


def _forget(_: bytes) -> None:
    """Keep nothing of a chunk that is refused."""
