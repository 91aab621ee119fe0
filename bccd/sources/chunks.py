"""BDAT (RFC 3030): a mail in chunks, each with its size in front, so that nothing in it can mean its end."""

import re
from collections.abc import Callable
from pathlib import Path

from bccd.mail.headers import has_bare_line_ends
from bccd.sources.kept import Kept
from bccd.sources.room import Room

SMALL = 1024  # octets: chunks below that are no way to send a mail

_ARGUMENT = re.compile(r"([0-9]{1,20})(?: +(LAST))?", re.ASCII | re.IGNORECASE)


def read_bdat(argument: str) -> tuple[int, bool] | None:
    """Read what follows BDAT: how many octets come, and whether they are the last; None where it is wrong."""
    found = _ARGUMENT.fullmatch(argument)
    return None if found is None else (int(found[1]), found[2] is not None)


class Chunk:
    """Tells the octets of one chunk from what follows them; `feed` it while it is not complete."""

    def __init__(self, size: int, take: Callable[[bytes], None]) -> None:
        self.left = size
        self._take = take

    def feed(self, piece: bytes) -> bytes | None:
        """Take octets; return None while some are missing, then whatever follows the chunk."""
        own = piece[: self.left]
        if own:
            self.left -= len(own)
            self._take(own)
        return None if self.left else piece[len(own) :]


class Chunks(Kept):
    """Collects the chunks of one mail, octet for octet: a lone dot is text, and nothing is unstuffed."""

    def __init__(self, limit: int, tmp_dir: Path, hand_on: Callable[[bytes], None], room: Room) -> None:
        super().__init__(limit, tmp_dir, hand_on, room)
        self._held = b""  # a CR of which nobody knows yet what follows it

    def take(self, octets: bytes) -> None:
        """Keep octets of a chunk, which may end anywhere, also between CR and LF."""
        self.received += len(octets)
        text = self._held + octets
        self._held = b"\r" if text.endswith(b"\r") else b""
        if self._held:
            text = text[:-1]
        if text:
            self.add(text, odd=has_bare_line_ends(text))

    def finish(self) -> None:
        """Note that the last chunk is complete."""
        if self._held:
            held, self._held = self._held, b""
            self.add(held, odd=True)
