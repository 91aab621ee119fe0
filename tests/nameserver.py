"""A real DNS server on loopback, by UDP and TCP: its zone is a mapping, and it can fail in every way."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from bccd.testing import Zone

Mode = Literal["answer", "dead", "slow", "servfail", "refused", "truncated", "nxdomain", "garbage"]
_CHUNK = 255  # octets of one string of a TXT record


class NameServer:
    """A server in threads of its own; `mode` holds for all names, `modes` for single ones and all below.

    `slow` answers after `delay` seconds; `truncated` says by UDP only that there is more by TCP. `asked`
    lists the questions in order, each as name and type.
    """

    def __init__(self, zone: Zone | None = None, *, mode: Mode = "answer", ttl: int = 300) -> None:
        self.zone: dict[str, Mapping[str, Sequence[str | bytes] | None]] = {}
        self.mode: Mode = mode
        self.modes: dict[str, Mode] = {}
        self.delay = 1.0
        self.ttl = ttl
        self.asked: list[tuple[str, str]] = []
        self.by_tcp: list[tuple[str, str]] = []
        self.add(zone or {})
        self._over = threading.Event()
        self._udp, self._tcp = _sockets()
        self.port = self._udp.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._threads = [
            threading.Thread(target=one, daemon=True) for one in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, zone: Zone) -> None:
        """Add names, or replace them."""
        self.zone |= {name.lower().removesuffix("."): types for name, types in zone.items()}

    def close(self) -> None:
        """Stop."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while not self._over.is_set():
            try:
                query, peer = self._udp.recvfrom(65_535)
            except TimeoutError:
                continue
            answer, delay = self._answer(query, tcp=False)
            if answer is None:
                continue
            if delay:
                self._later(delay, answer, peer)
            else:
                self._udp.sendto(answer, peer)

    def _later(self, delay: float, answer: bytes, peer: tuple[str, int]) -> None:
        def send() -> None:
            if not self._over.wait(delay):
                self._udp.sendto(answer, peer)

        threading.Thread(target=send, daemon=True).start()

    def _serve_tcp(self) -> None:
        while not self._over.is_set():
            try:
                peer, _ = self._tcp.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(10)
            try:
                (size,) = struct.unpack("!H", peer.recv(2, socket.MSG_WAITALL))
                answer, delay = self._answer(peer.recv(size, socket.MSG_WAITALL), tcp=True)
                if answer is None:
                    self._over.wait(10)
                elif not self._over.wait(delay):
                    peer.sendall(struct.pack("!H", len(answer)) + answer)
            except (OSError, struct.error):
                return

    def _mode(self, name: str) -> Mode:
        labels = name.split(".")
        above = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self.modes[one] for one in above if one in self.modes), self.mode)

    def _answer(self, octets: bytes, *, tcp: bool) -> tuple[bytes | None, float]:
        """Return the answer and how long to hold it back; None: there is none."""
        query = dns.message.from_wire(octets)
        asked = query.question[0]
        name, kind = _plain(asked.name), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if tcp:
            self.by_tcp.append((name, kind))
        mode = self._mode(name)
        types = self.zone.get(name, {})
        if mode == "dead":
            return None, 0
        if types.get(kind, ()) is None:
            mode = "servfail"
        if mode == "garbage":
            return octets[:2] + b"\xff" * 37, 0
        response = dns.message.make_response(query, recursion_available=True)
        if mode == "truncated" and not tcp:
            response.flags |= dns.flags.TC
        elif mode in ("servfail", "refused"):
            response.set_rcode(dns.rcode.SERVFAIL if mode == "servfail" else dns.rcode.REFUSED)
        else:
            self._fill(response, name, kind, gone=mode == "nxdomain")
        return _packed(response, tcp=tcp), self.delay if mode == "slow" else 0

    def _fill(self, response: dns.message.Message, name: str, kind: str, *, gone: bool) -> None:
        owner = name
        types = {} if gone else self.zone.get(owner, {})
        for _ in range(8):
            if kind in types or "CNAME" not in types:
                break
            response.answer.append(self._rrset(owner, "CNAME", types["CNAME"] or ()))
            owner = _bare(types["CNAME"])
            types = self.zone.get(owner, {})
        records = types.get(kind) or ()
        if records:
            response.answer.append(self._rrset(owner, kind, records))
            return
        below = "." + owner
        if gone or not any(known == owner or known.endswith(below) for known in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        soa = f". . 1 1 1 1 {self.ttl}"
        response.authority.append(self._rrset(owner.rpartition(".")[2], "SOA", [soa]))

    def _rrset(self, owner: str, kind: str, records: Sequence[str | bytes]) -> dns.rrset.RRset:
        rdatas = [_rdata(kind, record) for record in records]
        rrset = _InOrder(_dns_name(owner), rdatas[0].rdclass, rdatas[0].rdtype)
        for rdata in rdatas:
            rrset.add(rdata, self.ttl)
        return rrset


class _InOrder(dns.rrset.RRset):
    """Records that are sent in the order of the zone, so that a test's outcome is always the same."""

    def to_wire(self, *args: Any, **options: Any) -> int:
        return super().to_wire(*args, **options, want_shuffle=False)


def _sockets() -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on one port of loopback."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen(64)
        for one in (udp, tcp):
            one.settimeout(0.05)
        return udp, tcp


def _plain(name: dns.name.Name) -> str:
    return b".".join(name.labels).decode("latin-1").rstrip(".").lower()


def _bare(records: Sequence[str | bytes] | None) -> str:
    return str((records or [""])[0]).lower().removesuffix(".")


def _dns_name(text: str) -> dns.name.Name:
    """Return a name label by label, for tests ask for names that a zone file would have to escape."""
    return dns.name.Name(
        [label.encode("latin-1") for label in f"{text.removesuffix('.')}.".lstrip(".").split(".")]
    )


def _wire(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in _dns_name(text).labels)


def _rdata(kind: str, record: str | bytes) -> dns.rdata.Rdata:
    if kind == "TXT":
        octets = record if isinstance(record, bytes) else record.encode()
        chunks = [octets[at : at + _CHUNK] for at in range(0, len(octets) or 1, _CHUNK)]
        wire = b"".join(bytes([len(chunk)]) + chunk for chunk in chunks)
        return dns.rdata.from_wire("IN", "TXT", wire, 0, len(wire))
    text = str(record)
    if kind == "MX":
        preference, host = text.split()
        wire = struct.pack("!H", int(preference)) + _wire(host)
        return dns.rdata.from_wire("IN", "MX", wire, 0, len(wire))
    if kind in ("CNAME", "PTR"):
        wire = _wire(text)
        return dns.rdata.from_wire("IN", kind, wire, 0, len(wire))
    return dns.rdata.from_text("IN", kind, text)


def _packed(response: dns.message.Message, *, tcp: bool) -> bytes:
    """Return the octets; what is too long for a datagram is left to TCP."""
    limit = 65_535 if tcp else max(response.request_payload, 512)
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        response.answer.clear()
        response.authority.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()


@contextmanager
def name_server(zone: Zone | None = None, *, mode: Mode = "answer", ttl: int = 300) -> Iterator[NameServer]:
    """Run a name server while the block lasts; its `address` is what [verify] nameservers takes."""
    server = NameServer(zone, mode=mode, ttl=ttl)
    try:
        yield server
    finally:
        server.close()
