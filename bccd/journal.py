"""The journal of attempts: what was offered in the last 30 days and how it was answered, for `bccd trace`.

A line for each mail that was answered, each sender, recipient and login that was refused. Addresses and ids
are in it as keyed hashes alone. It is no table: a flood of refusals must not write to the database, and what
is refused while the database is away is what one asks about most. It is a file a day, which a thread appends
to twice a second and does not sync: the hot path pays for hashing, and a power cut costs half a second of
it.
"""

import asyncio
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bccd.mail.addresses import mailboxes, normalise
from bccd.mail.msgid import message_id
from bccd.meters.families import UNRECORDED
from bccd.model.envelope import Envelope, Peer
from bccd.model.reply import Reply
from bccd.observe import digest, hash_address

FOLDER = "attempts"
KEPT = timedelta(days=30)
LARGEST = 256 * 2**20  # octets of all days; beyond it the oldest day goes, and in the end what is new
_REFUSED_AN_HOUR = 2**20  # octets of refusals that one front writes
_ACCEPTED_AN_HOUR = 16 * 2**20
_OF_ONE_HOST = 200  # refusals of one host in an hour: a flood must not use up what is everybody's
_HELD = 2**20  # octets of lines that wait for room on the disk
_PAUSE = 0.5  # seconds between two writes
_HOUR = 3600.0
_LOOKED_AT = 16 * 1024  # octets of a header section
_LONGEST_FROM = 1024  # octets: what is quoted and never ends takes the square of its length to read
_HOPS = 3  # Received fields whose ids are kept
_OWN_IDS = 3  # Message-ID fields that are kept; one too many is a mistake, more are mischief
_MESSAGE_ID = b"\nmessage-id:"
_QUEUE_ID = re.compile(rb"[a-z0-9._-]{4,64}")
_ID = re.compile(rb"id(?<!\Sid)\s+(\S+)")  # the word, not the end of one; begun so, it is leapt to
# One mailbox, as nearly everybody writes it. Who wrote is all that counts here: to decode a name as well
# took a quarter of what an attempt takes.
_ONE_AUTHOR = re.compile(
    rb"""(?:"[^"\\]*+"|[^"\\<>@,;:()]*+)[ \t]*+"""
    rb"<([a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}+@[a-z0-9_-]{1,63}+(?:\.[a-z0-9_-]{1,63}+){0,3})>"
)
_WHITE = (b" ", b"\t")


class Attempt(msgspec.Struct, array_like=True, frozen=True):
    """One line: what somebody tried, in hashes, and what he was told."""

    at: float  # seconds since 1970
    step: str  # "mail", "from", "rcpt", "login"
    session: str
    peer: str
    sender: str  # of the envelope
    recipients: tuple[str, ...]
    authors: tuple[str, ...] = ()
    message: str = ""  # Message-ID
    hops: tuple[str, ...] = ()  # the ids that mail servers gave it, the last server first
    size: int = 0
    reply: str = ""
    reason: str = ""
    others: tuple[str, ...] = ()  # of further Message-ID fields

    @property
    def moment(self) -> datetime:
        """When it was."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def hashes(self) -> frozenset[str]:
        """What it can be found by."""
        ids = (self.message, *self.others, *self.hops)
        return frozenset((self.sender, *self.recipients, *self.authors, *ids)) - {""}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Attempt).decode


def hash_message(said: str) -> str:
    """Return the hash of a Message-ID, "" where it is none."""
    known = message_id(said)
    return digest(f"message {known}") if known else ""


def hash_hop(said: str) -> str:
    """Return the hash of a mail server's id for a mail."""
    return digest(f"hop {said.lower()}")


def needles(said: str) -> frozenset[str]:
    """Return all hashes that an address, a Message-ID or a mail server's id may stand under."""
    said = said.strip()
    address = normalise(said)
    return frozenset({hash_address(address), hash_message(said), hash_hop(said.strip("<>"))}) - {""}


def _value(lowered: bytes, start: int) -> bytes:
    """Return what stands from a place to the end of its field, folds and all."""
    end = lowered.find(b"\n", start)
    while end >= 0 and lowered[end + 1 : end + 2] in _WHITE:
        end = lowered.find(b"\n", end + 1)
    return lowered[start:end] if end >= 0 else lowered[start:]


def _field(lowered: bytes, name: bytes) -> bytes:
    """Return the value of the first field of that name in a lower-case header section."""
    start = lowered.find(name)
    return _value(lowered, start + len(name)) if start >= 0 else b""


def _ids(lowered: bytes) -> list[str]:
    """Return the hashes of the first Message-ID fields, "" for one that holds no id."""
    found: list[str] = []
    place = lowered.find(_MESSAGE_ID)
    while place >= 0 and len(found) < _OWN_IDS:
        value = _value(lowered, place + len(_MESSAGE_ID))
        found.append(hash_message(value.decode("utf-8", "replace")))
        place = lowered.find(_MESSAGE_ID, place + len(_MESSAGE_ID))
    return found


def _hops(lowered: bytes) -> Iterator[str]:
    """Return what stands behind `id` in the Received fields (RFC 5321 4.4), the last server's first."""
    place = 0
    for _ in range(_HOPS):
        place = lowered.find(b"\nreceived:", place) + 10
        if place < 10:  # noqa: PLR2004 - there is none
            return
        if word := _ID.search(_value(lowered, place)):
            found = word[1].strip(b"<>;")
            if _QUEUE_ID.fullmatch(found):
                yield hash_hop(found.decode())


def _of_relay(peer: Peer) -> tuple[str, ...]:
    """Return under which id a listed relay said that it has the mail; a refused recipient has no other."""
    known = _QUEUE_ID.fullmatch(peer.relay_id.lower().encode())
    return (hash_hop(peer.relay_id),) if known else ()


def _authors(value: bytes) -> list[str]:
    """Return the addresses of a From field's first two mailboxes, in lower case."""
    if one := _ONE_AUTHOR.fullmatch(value):
        return [one[1].decode("ascii")]
    return [box.address for box in mailboxes(value)[:2]]


class Journal:
    """Writes attempts down; to be used within one event loop, and closed when it ends."""

    def __init__(
        self,
        folder: Path,
        host: Callable[[str], str] = lambda _: "",
        clock: Callable[[], float] = time.time,
        *,
        largest: int = LARGEST,
    ) -> None:
        self._folder = folder
        self._host = host  # as which a peer is counted; "" for one that sends for many
        self._clock = clock
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writer = ThreadPoolExecutor(1, "journal")
        self._torn = False  # the last line in the file has no end
        self._held = b""  # lines that the disk had no room for
        self._largest = largest
        self._today = Path()
        self._earlier = 0  # octets of the days before it
        self._hour = 0.0
        self._left = {True: 0, False: 0}  # octets of this hour, for what was accepted and what was not
        self._of_host: dict[str, int] = {}

    def mail(self, envelope: Envelope, replies: Sequence[Reply]) -> None:
        """Note how a whole mail was answered: one line for each reply that differs."""
        lowered = b"\n" + envelope.raw.header[:_LOOKED_AT].lower()
        wrote = _authors(_field(lowered, b"\nfrom:").strip()[:_LONGEST_FROM])
        authors = {hash_address(address) for address in wrote}
        known, *others = _ids(lowered) or [""]
        hops = tuple(dict.fromkeys((*_of_relay(envelope.peer), *_hops(lowered))))
        for reply in dict.fromkeys(replies):
            answered = zip(envelope.targets, replies, strict=True)
            attempt = Attempt(
                round(self._clock(), 3), "mail", envelope.session_id, envelope.peer.ip,
                hash_address(envelope.mail_from),
                tuple(hash_address(target.address) for target, one in answered if one == reply),
                tuple(authors - {""}), known, hops, envelope.raw.size, str(reply), reply.reason,
                tuple(others),
            )  # fmt: skip
            self._note(attempt, accepted=reply.accepted)

    def refused(
        self,
        step: str,
        session: str,
        peer: Peer,
        reply: Reply,
        *,
        sender: str,
        recipients: Sequence[str] = (),
    ) -> None:
        """Note what was refused before there was a mail; `recipients` as they were given."""
        attempt = Attempt(
            round(self._clock(), 3),
            step,
            session,
            peer.ip,
            hash_address(sender),
            tuple(hash_address(normalise(one) or one) for one in recipients),
            hops=_of_relay(peer),
            reply=str(reply),
            reason=reply.reason,
        )
        self._note(attempt, accepted=False)

    def close(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._hand_over()  # once more, if only for what found no room
        self._writer.shutdown()

    def _note(self, attempt: Attempt, *, accepted: bool) -> None:
        line = _encode(attempt) + b"\n"
        if not self._has_room(attempt, len(line), accepted=accepted):
            UNRECORDED.add_from_any_thread()
            return
        self._lines.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._hand_over)

    def _has_room(self, attempt: Attempt, size: int, *, accepted: bool) -> bool:
        if not self._hour <= attempt.at < self._hour + _HOUR:
            self._hour = attempt.at
            self._left = {True: _ACCEPTED_AN_HOUR, False: _REFUSED_AN_HOUR}
            self._of_host.clear()
        if self._left[accepted] < size:
            return False
        if not accepted and (host := self._host(attempt.peer)):
            count = self._of_host.get(host, 0)
            if count >= _OF_ONE_HOST:
                return False
            self._of_host[host] = count + 1
        self._left[accepted] -= size
        return True

    def _hand_over(self) -> None:
        self._timer = None
        octets = b"".join(self._lines)
        self._lines.clear()
        self._writer.submit(self._write, octets)

    def _write(self, octets: bytes) -> None:
        """Append in one call, so that several processes may write to one file."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        lines = left = self._held + octets
        if not lines:
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            path = self._folder / f"{now:%Y-%m-%d}"
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                end = b"\n" * self._torn
                if self._fits(path, os.fstat(file).st_size, len(end) + len(lines), now):
                    written = os.write(file, end + lines) - len(end)
                    self._torn = written < len(lines)
                    left = lines[lines.rfind(b"\n", 0, written) + 1 :] if self._torn else b""
                else:
                    UNRECORDED.add_from_any_thread(amount=lines.count(b"\n"))
                    left = b""
            finally:
                os.close(file)
        except OSError:
            pass  # a disk that is full refuses mail, and need not stop for this
        self._hold(left)

    def _hold(self, lines: bytes) -> None:
        """Keep what found no room until there is some; of too much of it the oldest is given up."""
        start = lines.find(b"\n", len(lines) - _HELD - 1) + 1 if len(lines) > _HELD else 0
        if start:
            UNRECORDED.add_from_any_thread(amount=lines.count(b"\n", 0, start))
        self._held = lines[start:]

    def _fits(self, today: Path, size: int, more: int, now: datetime) -> bool:
        """Make room for more by dropping the oldest days; False where today's file alone takes too much."""
        if today != self._today:
            self._today, self._earlier = today, _size(self._folder, today)
        if size + self._earlier + more > self._largest:
            sweep(self._folder, now, self._largest - more)
            self._earlier = _size(self._folder, today)
        return size + self._earlier + more <= self._largest


def days(folder: Path) -> list[Path]:
    """List the files, oldest first."""
    return sorted(path for path in folder.glob("????-??-??") if path.is_file())


def _size(folder: Path, today: Path) -> int:
    """Return how many octets the other days take."""
    total = 0
    for path in days(folder):
        with suppress(FileNotFoundError):  # swept meanwhile
            total += 0 if path == today else path.stat().st_size
    return total


def find(folder: Path, hashes: Collection[str], since: datetime) -> Iterator[Attempt]:
    """Return the attempts that one of the hashes stands in, oldest first; torn lines are passed over."""
    wanted = frozenset(hashes)
    sought = [each.encode() for each in wanted]
    for attempt in _attempts(folder, since, lambda line: any(each in line for each in sought)):
        if wanted & attempt.hashes:
            yield attempt


def since(folder: Path, moment: datetime) -> Iterator[Attempt]:
    """Return all attempts from a moment on, oldest first."""
    return _attempts(folder, moment, lambda _: True)


def _attempts(folder: Path, since: datetime, fits: Callable[[bytes], bool]) -> Iterator[Attempt]:
    first, least = f"{since:%Y-%m-%d}", since.timestamp()
    for path in days(folder):
        if path.name < first:
            continue
        with suppress(FileNotFoundError), path.open("rb") as lines:  # swept meanwhile
            for line in lines:
                if fits(line):
                    with suppress(msgspec.DecodeError, UnicodeDecodeError):
                        attempt = _decode(line)
                        if attempt.at >= least:
                            yield attempt


def sweep(folder: Path, now: datetime, largest: int = LARGEST) -> int:
    """Delete what is older than 30 days, and the oldest of what is too much; returns how many files."""
    kept: list[tuple[Path, int]] = []
    gone = 0
    oldest = f"{now - KEPT:%Y-%m-%d}"
    for path in days(folder):
        if path.name < oldest:
            path.unlink(missing_ok=True)
            gone += 1
            continue
        with suppress(FileNotFoundError):  # several fronts may sweep at once
            kept.append((path, path.stat().st_size))
    while len(kept) > 1 and sum(size for _, size in kept) > largest:
        path, _ = kept.pop(0)
        path.unlink(missing_ok=True)
        gone += 1
    return gone
