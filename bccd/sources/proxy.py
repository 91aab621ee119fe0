"""The PROXY protocol, versions 1 and 2: how a load balancer tells whom it has a connection from."""

import ipaddress
import re
import struct

LONGEST_V2 = 4096  # octets behind the fixed part: addresses take 216 at most, the rest are TLVs, not read
NO_HEADER = "no header of the PROXY protocol"
_LONGEST_V1 = 107
_SHORTEST_V1 = 15  # "PROXY UNKNOWN" with its line end; so much can be read without reading too much
_V1 = b"PROXY "
_V2 = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = 16
_LOCAL, _PROXIED = 0x20, 0x21
_STREAM = 1
_FAMILIES = {
    1: (4, 12),
    2: (16, 36),
    3: (0, 216),
}  # IPv4, IPv6, UNIX: octets of an address, of all four fields
_LINE = re.compile(
    rb"PROXY TCP([46]) ([0-9A-Fa-f.:]{1,45}) ([0-9A-Fa-f.:]{1,45}) ([0-9]{1,5}) ([0-9]{1,5})\r\n"
)
_LAST_PORT = 65_535


class ProxyError(Exception):
    """What came is no header of the PROXY protocol."""


class ProxyHeader:
    """Reads one header from octets that come in pieces of any size; bounded, whatever comes."""

    def __init__(self) -> None:
        self._octets = b""
        self.ip = ""  # whom the connection is from; "" where the header does not tell

    @property
    def wants(self) -> int:
        """Return how many octets can be read without taking what follows the header."""
        return self._size() - len(self._octets)

    def feed(self, piece: bytes) -> bytes | None:
        """Take octets; return None while the header goes on, and at its end whatever follows it.

        Raises ProxyError where it is none.
        """
        before = len(self._octets)
        self._octets += piece[: _FIXED + LONGEST_V2 - before]
        if not self._octets:
            return None
        size = self._read_v2() if self._octets[:1] == _V2[:1] else self._read_v1()
        return None if size is None else piece[size - before :]

    def _size(self) -> int:
        """Return how long the header is, or how long at least as far as it is known."""
        octets = self._octets
        if octets[:1] != _V2[:1]:
            return max(_SHORTEST_V1, len(octets) + (1 if octets.endswith(b"\r") else 2))
        if len(octets) < _FIXED:
            return _FIXED
        return _FIXED + int(struct.unpack_from("!H", octets, 14)[0])

    def _read_v1(self) -> int | None:
        """Read a line such as `PROXY TCP4 192.0.2.1 192.0.2.9 56324 25`; return its length at its end."""
        line = self._octets[:_LONGEST_V1]
        if not line.startswith(_V1[: len(line)]):
            raise ProxyError(NO_HEADER)
        end = line.find(b"\r\n")
        if end < 0:
            if len(line) == _LONGEST_V1:
                raise ProxyError(NO_HEADER)
            return None
        line = line[: end + 2]
        if not re.match(rb"PROXY UNKNOWN[ \r]", line):
            self.ip = _told(line)
        return len(line)

    def _read_v2(self) -> int | None:
        """Read the fixed part, then the addresses; return the length of all, TLVs too, once complete."""
        octets = self._octets
        if not octets.startswith(_V2[: len(octets)]):
            raise ProxyError(NO_HEADER)
        if len(octets) < _FIXED:
            return None
        command, family, size = struct.unpack_from("!BBH", octets, 12)
        if command not in {_LOCAL, _PROXIED} or size > LONGEST_V2:
            raise ProxyError(NO_HEADER)
        if len(octets) < _FIXED + size:
            return None
        if command == _PROXIED and family != 0:
            self.ip = _packed(family, octets[_FIXED : _FIXED + size])
        return _FIXED + int(size)


def _told(line: bytes) -> str:
    """Return the source's address of a line of version 1."""
    found = _LINE.fullmatch(line)
    if found is None or max(int(found[4]), int(found[5])) > _LAST_PORT:
        raise ProxyError(NO_HEADER)
    try:
        ips = [ipaddress.ip_address(found[number].decode()) for number in (2, 3)]
    except ValueError:
        raise ProxyError(NO_HEADER) from None
    if {str(ip.version) for ip in ips} != {found[1].decode()}:
        raise ProxyError(NO_HEADER)
    return _plain(ips[0])


def _packed(family: int, addresses: bytes) -> str:
    """Return the source's address of a header of version 2, empty for a UNIX socket."""
    octets, fields = _FAMILIES.get(family >> 4, (0, 0))
    if not fields or family & 15 != _STREAM or len(addresses) < fields:
        raise ProxyError(NO_HEADER)
    return _plain(ipaddress.ip_address(addresses[:octets])) if octets else ""


def _plain(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)
