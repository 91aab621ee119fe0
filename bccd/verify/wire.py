"""DNS messages as octets (RFC 1035 4): one question put, and of an answer only what was asked for.

An answer may be 64 KiB that a stranger has made up. A general library takes half a second to read such a one,
in which no session goes on; this reads a record in some microseconds and keeps none that was not asked for.
"""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

KINDS = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NO_ERROR, _FAILURE, NO_NAME = 0, 2, 3  # RFC 1035 4.1.1

_IN = 1
_EDNS_SIZE = 1232  # octets of an answer by UDP that no network takes apart (DNS flag day 2020)
_OPT = struct.pack("!BHHIH", 0, 41, _EDNS_SIZE, 0, 0)  # RFC 6891 6.1.2
_HEADER, _RECORD = struct.Struct("!HHHHHH"), struct.Struct("!HHIH")
_RESPONSE, _TRUNCATED, _ASKING = 0x8000, 0x0200, 0x0100
_OPCODE, _RCODE = 0x7800, 0x000F
_POINTER = 0xC0
_LONGEST_LABEL, _LONGEST_NAME = 63, 253
_MOST_ALIASES = 16

Name = tuple[bytes, ...]


class WireError(ValueError):
    """Octets are no answer to the question."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a name server said."""

    rcode: int
    truncated: bool
    records: tuple[object, ...] = ()
    ttl: int = 0  # seconds for which it holds; 0: not at all


def name(text: str) -> Name | None:
    """Return the labels of a name, None if it cannot be one; a backslash in it is no escape."""
    text = text.removesuffix(".")
    if not text or not text.isascii() or len(text) > _LONGEST_NAME:
        return None
    labels = tuple(text.lower().encode("ascii").split(b"."))
    return labels if all(0 < len(label) <= _LONGEST_LABEL for label in labels) else None


def question(number: int, asked: Name, kind: str) -> bytes:
    """Write a question with a number by which the answer is known."""
    labels = b"".join(bytes([len(label)]) + label for label in asked)
    return (
        _HEADER.pack(number, _ASKING, 1, 0, 0, 1) + labels + struct.pack("!BHH", 0, KINDS[kind], _IN) + _OPT
    )


def read(octets: bytes, number: int, asked: Name, kind: str) -> Reply:
    """Read the answer to a question; raises WireError for what is none."""
    try:
        return _Reader(octets).reply(number, asked, kind)
    except (IndexError, struct.error, ValueError) as error:
        raise WireError("no message") from error


class _Reader:
    """One message, read from its beginning to its end."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = _HEADER.size
        self._names: dict[int, Name] = {}

    def reply(self, number: int, asked: Name, kind: str) -> Reply:
        mine, flags, questions, answers, authorities, _ = _HEADER.unpack_from(self.octets)
        if mine != number or not flags & _RESPONSE or flags & _OPCODE or questions != 1:
            raise WireError("no answer to this question")
        if self.name() != asked or struct.unpack_from("!HH", self.octets, self.at) != (KINDS[kind], _IN):
            raise WireError("an answer to another question")
        self.at += 4
        rcode = flags & _RCODE
        if flags & _TRUNCATED or rcode not in (NO_ERROR, NO_NAME):
            return Reply(rcode, bool(flags & _TRUNCATED))
        found = self.answers(answers, asked, kind)
        if found is None:
            return Reply(_FAILURE, truncated=False)
        records, ttl = found
        if not records or rcode == NO_NAME:
            ttl = min(ttl, self.absence(authorities))
        return Reply(rcode, truncated=False, records=records if rcode == NO_ERROR else (), ttl=ttl)

    def answers(self, count: int, asked: Name, kind: str) -> tuple[tuple[object, ...], int] | None:
        """Return the records of the name, or of the one that it stands for, and how long they hold.

        None: it stands for names without end.
        """
        wanted, alias = KINDS[kind], KINDS["CNAME"]
        found: dict[Name, list[tuple[object, int]]] = {}
        aliases: dict[Name, tuple[Name, int]] = {}
        for _ in range(count):
            owner, number, ttl, start, end = self.record()
            if number == wanted:
                found.setdefault(owner, []).append((_READERS[kind](self, start, end), ttl))
            elif number == alias:
                aliases[owner] = (self.name_at(start), ttl)
        ttls = []
        for _ in range(_MOST_ALIASES):
            if asked in found or asked not in aliases:
                break
            asked, ttl = aliases[asked]
            ttls.append(ttl)
        else:
            return None
        pairs = found.get(asked, [])
        return tuple(record for record, _ in pairs), min([*ttls, *(ttl for _, ttl in pairs)], default=2**31)

    def absence(self, count: int) -> int:
        """Return how long "there is none" holds: as the SOA record says, else not at all (RFC 2308 5)."""
        for _ in range(count):
            _, number, ttl, start, end = self.record()
            if number == KINDS["SOA"] and end - start > 4:  # noqa: PLR2004 - octets of the last number
                return min(ttl, int(struct.unpack_from("!I", self.octets, end - 4)[0]))
        return 0

    def record(self) -> tuple[Name, int, int, int, int]:
        """Return (owner, type, TTL, where its data begins, where they end) of the next record."""
        owner = self.name()
        number, klass, ttl, size = _RECORD.unpack_from(self.octets, self.at)
        start = self.at + _RECORD.size
        self.at = start + size
        if self.at > len(self.octets):
            raise WireError("cut short")
        if klass != _IN:
            number = 0
        return owner, number, ttl if ttl < 2**31 else 0, start, self.at  # RFC 2181 8

    def name(self) -> Name:
        """Return the name that comes next, in lower case."""
        start = self.at
        while (size := self.octets[self.at]) & _POINTER != _POINTER:
            self.at += size + 1
            if not size:
                break
        else:
            self.at += 2
        return self.name_at(start)

    def name_at(self, start: int) -> Name:
        """Return the name that begins there; a pointer leads to what stood before it (RFC 1035 4.1.4)."""
        parts: list[tuple[int, list[bytes]]] = []
        while start not in self._names:
            labels, target = self._labels(start)
            parts.append((start, labels))
            if target is None:
                self._names.setdefault(-1, ())
                start = -1
            else:
                start = target
        whole = self._names[start]
        for begun, labels in reversed(parts):  # not by recursion: pointers may lead to pointers for long
            whole = (*labels, *whole)
            if sum(map(len, whole)) + len(whole) > _LONGEST_NAME + 1:
                raise WireError("no name")
            self._names[begun] = whole
        return whole

    def _labels(self, at: int) -> tuple[list[bytes], int | None]:
        """Return the labels that stand there, and where a pointer after them leads."""
        start = at
        labels: list[bytes] = []
        while size := self.octets[at]:
            if size & _POINTER == _POINTER:
                target = int(struct.unpack_from("!H", self.octets, at)[0]) & 0x3FFF
                if target >= start:
                    raise WireError("a pointer that leads nowhere")
                return labels, target
            if size > _LONGEST_LABEL or at + size >= len(self.octets):
                raise WireError("no label")
            labels.append(self.octets[at + 1 : at + 1 + size].lower())
            at += size + 1
        return labels, None


def _text(message: _Reader, start: int, end: int) -> bytes:
    """Join the strings of a TXT record (RFC 7208 3.3)."""
    strings = []
    while start < end:
        size = message.octets[start]
        strings.append(message.octets[start + 1 : start + 1 + size])
        start += size + 1
    if start != end:
        raise WireError("a text that goes beyond its record")
    return b"".join(strings)


def _host(message: _Reader, start: int) -> str:
    """Return a name as text, without its final dot; octets that no host name has are left as they are."""
    return b".".join(message.name_at(start)).decode("latin-1")


_READERS: dict[str, Callable[[_Reader, int, int], object]] = {
    "TXT": _text,
    "MX": lambda message, start, _: (
        struct.unpack_from("!H", message.octets, start)[0],
        _host(message, start + 2),
    ),
    "A": lambda message, start, end: socket.inet_ntop(socket.AF_INET, message.octets[start:end]),
    "AAAA": lambda message, start, end: socket.inet_ntop(socket.AF_INET6, message.octets[start:end]),
    "PTR": lambda message, start, _: _host(message, start),
}
