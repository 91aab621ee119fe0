"""The evidence about a mail that lies in a file, as if a peer handed it in now: the DNS is really asked."""

import asyncio
import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime

from bccd import bootstrap
from bccd.config import Config
from bccd.mail.addresses import domain_of, normalise
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import header_section
from bccd.model.auth import AuthReport
from bccd.model.envelope import Envelope, Peer, Raw
from bccd.model.errors import MistakeError

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Examined:
    """Who is to have handed the mail in, and what was found out about that."""

    peer: Peer
    mail_from: str
    auth: AuthReport


def examine(config: Config, raw: bytes, ip: str, mail_from: str) -> Examined:
    """Find out what the daemon would; without `mail_from` the author is the envelope's sender, too."""
    try:
        peer = Peer(str(ipaddress.ip_address(ip)))
    except ValueError:
        raise MistakeError(f"--peer: {ip} is no IP address") from None
    author = strict_from(header_section(raw)).address
    sender = normalise(mail_from) or mail_from or author

    async def run() -> AuthReport:
        examination = bootstrap.make_verifier(config).examine(peer, sender)
        for at in range(0, len(raw), _PIECE):
            examination.feed(raw[at : at + _PIECE])
        octets = Raw(hashlib.sha256(raw).digest(), len(raw), header_section(raw), raw)
        return await examination.report(
            Envelope(peer, sender, (), octets, datetime.now(UTC)), domain_of(author)
        )

    return Examined(peer, sender, asyncio.run(run()))
