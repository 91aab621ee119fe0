"""Who is a stranger by his envelope alone, before anything is asked about him (decisions.md 7.14)."""

from hashlib import blake2b

from bccd.mail.addresses import domain_of
from bccd.mail.headers import fields
from bccd.model.auth import AuthMethod
from bccd.model.directory import Directory
from bccd.model.envelope import Tag, Target

# Addresses that nobody can guess, or that we gave out ourselves: whoever knows one is no stranger.
_KNOWN_BY = frozenset({Tag.FORWARD, Tag.REPLY, Tag.USER})

# By these a mail is proven whoever hands it in, as often as he likes; and what nearly all signers sign of it.
_REPLAYED = frozenset({AuthMethod.DKIM, AuthMethod.ARC, AuthMethod.RELAY_DKIM, AuthMethod.RELAY_DMARC})
_MARKING = (b"from", b"date", b"message-id", b"subject")


def acquainted(mail_from: str, directory: Directory) -> frozenset[int]:
    """Return the companies whose users have addresses in an envelope sender's domain or above it.

    Above it, for bulk senders and bounce handlers write from bounces.example.com for example.com.
    """
    domain = domain_of(mail_from)
    found: frozenset[int] = frozenset()
    while domain:
        found |= directory.domains.get(domain, frozenset())
        domain = domain.partition(".")[2]
    return found


def is_stranger(mail_from: str, target: Target, directory: Directory) -> bool:
    """Tell whether neither the sender's domain nor the address he writes to shows that he may be a user."""
    if any(wish.tag in _KNOWN_BY for wish in target.wishes):
        return False
    return target.company_id not in acquainted(mail_from, directory)


def mark_of(header: bytes, method: AuthMethod) -> bytes:
    """Return what a mail has in common with all its replays; empty where its way in proves it, not itself."""
    if method not in _REPLAYED:
        return b""
    found = dict(reversed(fields(header)))  # of two the upper one, as readers take it
    return blake2b(b"\0".join(found.get(name, b"") for name in _MARKING), digest_size=16).digest()
