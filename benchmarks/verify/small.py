"""Mails of 4 KB in one process, the DNS at hand: CPU time of the checks, one by one and together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from bccd.config import Trust, Verify
from bccd.mail.headers import header_section
from bccd.model.envelope import Envelope, Peer, Raw
from bccd.verify.dkim.mail import SignedMail
from bccd.verify.examination import MailVerifier
from bccd.verify.resolver import DnsResolver
from bccd.verify.spf import check_spf
from benchmarks.reader.table import Row
from benchmarks.verify.world import CLIENT, ED25519, RSA, SENDER, ZONE, digest, small
from tests.nameserver import name_server

_TIMES = 300
_ROUNDS = 7  # the best counts: others use the machine as well
_DKIM_MOST, _SPF_MOST = 0.3, 2.0  # milliseconds
_NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def measure() -> Iterator[Row]:
    """Give the rows."""
    with name_server(ZONE) as server:
        yield from asyncio.run(_rows(server.address))


async def _rows(nameserver: str) -> list[Row]:
    resolver = DnsResolver([nameserver])

    def dkim(mail: bytes) -> Callable[[], Awaitable[object]]:
        async def check() -> None:
            signed = SignedMail()
            signed.feed(mail)
            signed.finish()
            found = await signed.dkim(resolver.for_mail(), _NOW)
            assert all(one.result in ("pass", "none") for one in found)  # noqa: S101 - else it measures nothing

        return check

    async def spf() -> None:
        found = await check_spf(resolver.for_mail(), CLIENT, SENDER, "mail.seller.example")
        assert found.result == "pass"  # noqa: S101 - as above

    rsa = _rsa_check()
    one = await _milliseconds(dkim(small(RSA)))
    return [
        Row("4 KB", "the RSA check alone, 2048 bits", rsa, None, "ms"),
        Row("4 KB", "DKIM beyond it", one - rsa, _DKIM_MOST, "ms", least=False),
        Row("4 KB", "DKIM, Ed25519", await _milliseconds(dkim(small(ED25519))), None, "ms"),
        Row("4 KB", "DKIM, two signatures", await _milliseconds(dkim(small(RSA, ED25519))), None, "ms"),
        Row("4 KB", "DKIM of mail that is not signed", await _milliseconds(dkim(small())), None, "ms"),
        Row("4 KB", "SPF, eleven names, cache warm", await _milliseconds(spf), _SPF_MOST, "ms", least=False),
        Row("4 KB", "SPF, DKIM and DMARC", await _milliseconds(_examine(resolver, Trust())), None, "ms"),
        Row(
            "4 KB",
            "the same from a trusted network",
            await _milliseconds(_examine(resolver, Trust(networks=(f"{CLIENT}/32",)))),
            None,
            "ms",
        ),
    ]


def _examine(resolver: DnsResolver, trust: Trust) -> Callable[[], Awaitable[object]]:
    mail = small(RSA)
    raw = Raw(digest(mail), len(mail), header_section(mail), mail)
    peer = Peer(CLIENT, "mail.seller.example")
    verifier = MailVerifier(trust, Verify(), resolver, lambda: _NOW)
    envelope = Envelope(peer, SENDER, (), raw, _NOW)

    async def examine() -> None:
        examination = verifier.examine(peer, SENDER)
        examination.feed(mail)
        await examination.report(envelope, "seller.example")

    return examine


async def _milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """Return the CPU time of one piece of work, the best of several rounds; the first fills the cache."""
    await work()
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(_TIMES):
            await work()
        best = min(best, time.process_time() - began)
    return 1000 * best / _TIMES


def _rsa_check() -> float:
    private = RSA.private
    assert isinstance(private, RSAPrivateKey)  # noqa: S101 - the signer was made with one
    hashed = digest(b"")
    octets = private.sign(hashed, PKCS1v15(), Prehashed(SHA256()))
    public = private.public_key()
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(_TIMES):
            public.verify(octets, hashed, PKCS1v15(), Prehashed(SHA256()))
        best = min(best, time.process_time() - began)
    return 1000 * best / _TIMES
