"""Compound files (MS-CFB), the file system inside a .msg: streams by path, every chain bounded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_HEADER_SIZE = 512
_ENTRY_SIZE = 128
_ENTRY = struct.Struct("<64sHBBIII36xIQ")
_LAST = 0xFFFFFFF9  # above it a sector number says "end", "free" or "table"
_IN_HEADER = 109  # table sectors that the header lists
_ENTRIES_CAP = 20_000
_STORAGE, _STREAM = 1, 2
_SHIFTS = (9, 12)


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class _Place(NamedTuple):
    """Where chains run: which sector follows which, and where each stands."""

    table: tuple[int, ...]
    source: bytes
    step: int
    offset: int


@dataclass(slots=True)
class Storage:
    """A folder: streams and folders by name, in lower case."""

    streams: dict[str, bytes] = field(default_factory=dict)
    storages: dict[str, "Storage"] = field(default_factory=dict)


def read_compound(octets: bytes) -> Storage | None:
    """Return the root folder; None where the octets are no compound file."""
    if len(octets) < _HEADER_SIZE or not octets.startswith(_MAGIC):
        return None
    try:
        return _Reader(octets).storage()
    except (struct.error, IndexError):
        return None


class _Reader:
    """Reads a compound file; all that is read together is at most three times the file."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        shift, mini = struct.unpack_from("<HH", octets, 30)
        self._size = 1 << (shift if shift in _SHIFTS else _SHIFTS[0])
        self._mini_size = 1 << (mini if mini in range(4, 10) else 6)
        first_entry, self._cutoff = struct.unpack_from("<I4xI", octets, 48)
        self._left = 3 * len(octets)  # octets that may still be read
        self._table = self._read_table()
        self._entries = list(self._read_entries(self._stream(first_entry, len(octets))))
        first_mini = struct.unpack_from("<I", octets, 60)[0]
        self._mini_table = _longs(self._stream(first_mini, len(octets)))
        root = self._entries[0]
        self._mini = self._stream(root.start, min(root.size, len(octets)))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._octets[start : start + self._size]

    def _read_table(self) -> tuple[int, ...]:
        """Return the table of sectors; the sectors it stands in are listed in the header and in a chain."""
        places = list(struct.unpack_from(f"<{_IN_HEADER}I", self._octets, 76))
        following = struct.unpack_from("<I", self._octets, 68)[0]
        sectors = len(self._octets) // self._size
        for _ in range(sectors):
            if following > _LAST:
                break
            listed = _longs(self._sector(following))
            if not listed:
                break
            places += listed[:-1]
            following = listed[-1]
        pieces = [self._sector(place) for place in places[:sectors] if place <= _LAST]
        return _longs(b"".join(pieces))

    def _stream(self, start: int, size: int) -> bytes:
        """Return the octets of a chain of sectors; the first sector of the file is its header."""
        return self._chain(_Place(self._table, self._octets, self._size, self._size), start, size)

    def _chain(self, place: _Place, at: int, size: int) -> bytes:
        size = min(size, self._left)
        pieces: list[bytes] = []
        for _ in range((size + place.step - 1) // place.step):
            if at > _LAST or at >= len(place.table):
                break
            start = at * place.step + place.offset
            pieces.append(place.source[start : start + place.step])
            at = place.table[at]
        found = b"".join(pieces)[:size]
        self._left -= len(found)
        return found

    def _read_entries(self, octets: bytes) -> Iterator[_Entry]:
        for at in range(0, min(len(octets), _ENTRIES_CAP * _ENTRY_SIZE) - _ENTRY_SIZE + 1, _ENTRY_SIZE):
            name, length, kind, _, left, right, child, start, size = _ENTRY.unpack_from(octets, at)
            text = name[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").lower()
            yield _Entry(text, kind, left, right, child, start, size & 0xFFFFFFFF)

    def storage(self) -> Storage:
        """Put the folders together."""
        root = Storage()
        seen = {0}
        waiting = [(self._entries[0].child, root)]
        while waiting:
            number, folder = waiting.pop()
            if number >= len(self._entries) or number in seen:
                continue
            seen.add(number)
            entry = self._entries[number]
            waiting += ((entry.left, folder), (entry.right, folder))
            if entry.kind == _STREAM:
                folder.streams[entry.name] = self._content(entry)
            elif entry.kind == _STORAGE:
                inner = folder.storages.setdefault(entry.name, Storage())
                waiting.append((entry.child, inner))
        return root

    def _content(self, entry: _Entry) -> bytes:
        if entry.size >= self._cutoff:
            return self._stream(entry.start, entry.size)
        return self._chain(_Place(self._mini_table, self._mini, self._mini_size, 0), entry.start, entry.size)


def _longs(octets: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(octets) // 4}I", octets[: len(octets) & ~3])
