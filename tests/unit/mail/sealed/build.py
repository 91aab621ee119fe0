"""Writers of what Outlook and signing programs pack mail into: BER, TNEF, compressed RTF, compound files."""

import struct
from collections.abc import Mapping, Sequence

SIGNED, ENVELOPED, DATA = "2a864886f70d010702", "2a864886f70d010703", "2a864886f70d010701"

STRING, UNICODE, BINARY, LONG, TIME, BOOLEAN, OBJECT = 0x1E, 0x1F, 0x102, 3, 0x40, 0xB, 0xD
MESSAGE, ATTACHMENT = 1, 2


def element(tag: int, *content: bytes) -> bytes:
    """Write an element with a length."""
    body = b"".join(content)
    length = bytes([len(body)]) if len(body) < 128 else b"\x84" + len(body).to_bytes(4, "big")
    return bytes([tag]) + length + body


def unsaid(tag: int, *content: bytes) -> bytes:
    """Write an element whose end is marked."""
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


def oid(digits: str) -> bytes:
    """Write an object identifier."""
    return element(6, bytes.fromhex(digits))


def signed_data(content: bytes) -> bytes:
    """Write signed data with its content, in DER."""
    held = element(0x30, oid(DATA), element(0xA0, element(4, content)))
    data = element(0x30, element(2, b"\1"), element(0x31), held, element(0x31))
    return element(0x30, oid(SIGNED), element(0xA0, data))


def streamed_data(content: bytes, piece: int = 7) -> bytes:
    """Write the same as programs do that stream: no lengths, and the content in pieces."""
    pieces = [element(4, content[at : at + piece]) for at in range(0, len(content), piece)]
    held = unsaid(0x30, oid(DATA), unsaid(0xA0, unsaid(0x24, *pieces)))
    data = unsaid(0x30, element(2, b"\1"), unsaid(0x31, unsaid(0x30, oid(DATA))), held, element(0x31))
    return unsaid(0x30, oid(SIGNED), unsaid(0xA0, data))


def attribute(level: int, tag: int, data: bytes) -> bytes:
    """Write an attribute of a TNEF stream with its checksum; the tag holds its type and id."""
    head = struct.pack("<BII", level, tag, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def tnef(*attributes: bytes) -> bytes:
    """Write a TNEF stream."""
    version = attribute(MESSAGE, 0x00089006, struct.pack("<I", 0x10000))
    page = attribute(MESSAGE, 0x00069007, struct.pack("<II", 1250, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + version + page + b"".join(attributes)


def padded(data: bytes) -> bytes:
    """Pad to four octets."""
    return data + bytes(-len(data) % 4)


def properties(values: Mapping[tuple[int, int], object]) -> bytes:
    """Write MAPI properties, by type and id, as TNEF holds them."""
    out = [struct.pack("<I", len(values))]
    for (kind, key), value in values.items():
        out.append(struct.pack("<HH", kind, key))
        match value:
            case int():
                out.append(struct.pack("<q", value) if kind == TIME else padded(struct.pack("<i", value)))
            case str():
                text = (
                    value.encode("utf-16-le") + b"\0\0" if kind == UNICODE else value.encode("cp1250") + b"\0"
                )
                out.append(struct.pack("<II", 1, len(text)) + padded(text))
            case _:
                assert isinstance(value, bytes)
                out.append(struct.pack("<II", 1, len(value)) + padded(value))
    return b"".join(out)


def compressed(rtf: bytes) -> bytes:
    """Write RTF in the compressed form, as literals."""
    runs = [rtf[at : at + 8] for at in range(0, len(rtf), 8)]
    body = b"".join(b"\0" + run for run in runs)
    return struct.pack("<IIII", len(body) + 12, len(rtf), 0x75465A4C, 0) + body


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Write a compound file of 512-octet sectors; a path's folders are parted by "/"."""
    names: list[list[str]] = [[]]
    for path in streams:
        steps = path.split("/")
        names += [steps[:at] for at in range(1, len(steps) + 1) if steps[:at] not in names]
    mini = b"".join(data + bytes(-len(data) % 64) for data in streams.values() if len(data) < 4096)
    large = [data + bytes(-len(data) % 512) for data in streams.values() if len(data) >= 4096]
    entries = -(-len(names) // 4)
    links = -(-len(mini) // 64 * 4 // 512) or 1
    chains = [entries, links, -(-len(mini) // 512), *(len(data) // 512 for data in large)]
    tables = 1
    while tables * 128 < tables + sum(chains):
        tables += 1
    table: list[int] = [0xFFFFFFFD] * tables
    starts: list[int] = []
    for count in chains:
        starts.append(len(table))
        table += [*range(len(table) + 1, len(table) + count), 0xFFFFFFFE] if count else []
    table += [0xFFFFFFFF] * (tables * 128 - len(table))
    mini_table: list[int] = []
    places: dict[str, int] = {}
    free = iter(starts[3:])
    for path, data in streams.items():
        if len(data) >= 4096:
            places[path] = next(free)
            continue
        places[path] = len(mini_table)
        count = -(-len(data) // 64)
        mini_table += [*range(len(mini_table) + 1, len(mini_table) + count), 0xFFFFFFFE] if count else []
    mini_table += [0xFFFFFFFF] * (links * 128 - len(mini_table))
    directory = b"".join(
        _entry(names, steps, streams, places, (starts[2], len(mini))) for steps in names
    ).ljust(entries * 512, b"\0")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 62, 3, 0xFFFE, 9, 6, b"", 0,
        tables, starts[0], 0, 4096, starts[1], links, 0xFFFFFFFE, 0, 0,
    )[:76] + struct.pack("<109I", *range(tables), *[0xFFFFFFFF] * (109 - tables))  # fmt: skip
    fat = struct.pack(f"<{len(table)}I", *table)
    mini_fat = struct.pack(f"<{len(mini_table)}I", *mini_table)
    return header + fat + directory + mini_fat + mini.ljust(chains[2] * 512, b"\0") + b"".join(large)


def _entry(
    names: Sequence[Sequence[str]],
    steps: Sequence[str],
    streams: Mapping[str, bytes],
    places: Mapping[str, int],
    root: tuple[int, int],
) -> bytes:
    """Write a directory entry; brothers hang on each other's right side."""
    none = 0xFFFFFFFF
    path = "/".join(steps)
    brothers = [at for at, other in enumerate(names) if len(other) == len(steps) and other[:-1] == steps[:-1]]
    own = names.index(steps)
    right = next((at for at in brothers if at > own), none) if steps else none
    child = next(
        (at for at, other in enumerate(names) if len(other) == len(steps) + 1 and other[:-1] == steps), none
    )
    name = (steps[-1] if steps else "Root Entry").encode("utf-16-le") + b"\0\0"
    kind = 5 if not steps else 2 if path in streams else 1
    start = root[0] if not steps else places.get(path, 0)
    length = root[1] if not steps else len(streams.get(path, b""))
    return struct.pack("<64sHBBIII36xIQ", name, len(name), kind, 1, none, right, child, start, length)


def fixed(header: int, values: Mapping[tuple[int, int], int]) -> bytes:
    """Write the stream of a .msg that holds its properties of fixed size."""
    rows = [
        struct.pack("<HHI", kind, key, 6)
        + (struct.pack("<q", value) if kind == TIME else struct.pack("<ii", value, 0))
        for (kind, key), value in values.items()
    ]
    return bytes(header) + b"".join(rows)


def filetime(seconds: int) -> int:
    """Return a time of MAPI from seconds since 1970."""
    return (seconds + 11_644_473_600) * 10_000_000
