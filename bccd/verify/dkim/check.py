"""One signature against mail, key and time: evidence with its reason, whatever the mail (RFC 6376 6.1)."""

import hashlib
from datetime import datetime, timedelta

from bccd.model.auth import AuthResult
from bccd.verify.dkim.faults import FAIL, PERMERROR, POLICY, FaultError
from bccd.verify.dkim.header import Header
from bccd.verify.dkim.key import Key, usable_keys
from bccd.verify.dkim.signature import Signature
from bccd.verify.dns import DnsTemporaryError, Resolver

CLOCKS_DIFFER = timedelta(hours=1)  # a signature may seem to come from so far in the future
_CRLF = b"\r\n"
# What a mail has once, and of which readers take the first while signers begin with the last: where there are
# more than were signed, somebody may have put one on top of a mail that is not his.
_ONCE = frozenset(
    {
        b"from",
        b"sender",
        b"reply-to",
        b"to",
        b"cc",
        b"subject",
        b"date",
        b"message-id",
        b"in-reply-to",
        b"references",
        b"mime-version",
        b"content-type",
        b"content-transfer-encoding",
    }
)


async def check(
    signature: Signature, header: Header, body_hash: bytes, resolver: Resolver, now: datetime
) -> AuthResult:
    """Say what one DKIM signature proves; never raises, and "temperror" is the DNS's alone."""
    try:
        key = await _prove(signature, header, body_hash, resolver, now)
    except DnsTemporaryError:
        result, why = "temperror", ": the DNS did not give its key"
    except FaultError as fault:
        result, why = fault.result, f": {fault.why}"
    else:
        result, why = "pass", f", {key.bits} bits"
    return AuthResult("dkim", result, signature.domain, f"{signature}{why}")


async def _prove(
    signature: Signature, header: Header, body_hash: bytes, resolver: Resolver, now: datetime
) -> Key:
    """Return the key by which a signature holds; what needs no question to the DNS comes first."""
    _check_time(signature, now)
    check_doubles(signature, header)
    if body_hash != signature.body_hash:
        raise FaultError(FAIL, "the body was changed")
    key = await find_key(signature, header_hash(signature, header), resolver)
    if key.strict and signature.identity != signature.domain:
        raise FaultError(PERMERROR, "its key is not for addresses below d=")
    if key.testing:
        raise FaultError(POLICY, "its key is for tests only")
    return key


def _check_time(signature: Signature, now: datetime) -> None:
    seconds = now.timestamp()
    if signature.expires is not None and signature.expires <= seconds:
        raise FaultError(FAIL, "it has expired")
    if signature.created is not None and signature.created > seconds + CLOCKS_DIFFER.total_seconds():
        raise FaultError(FAIL, "it was made in the future")


def check_doubles(signature: Signature, header: Header) -> None:
    """Refuse a mail in which a field stands once more than was signed, or twice where it was not signed."""
    for name in _ONCE:
        if len(header.named(name)) > (signature.signed.count(name) or 1):
            raise FaultError(POLICY, f"{name.decode('ascii').title()} stands twice, and not both are signed")


def header_hash(signature: Signature, header: Header) -> bytes:
    """Return the SHA-256 hash of what a signature signs: the chosen fields, then itself (RFC 6376 3.7)."""
    total = hashlib.sha256()
    relaxed = signature.canon.header
    for at in header.chosen(signature.signed, signature.at):
        total.update(header.canonical(at, relaxed=relaxed))
        total.update(_CRLF)
    total.update(header.without(signature.at, *signature.blank, relaxed=relaxed))
    return total.digest()


async def find_key(signature: Signature, digest: bytes, resolver: Resolver) -> Key:
    """Return the key that made a signature; raises FaultError if none did, and DnsTemporaryError."""
    answer = await resolver.txt(signature.query)
    keys = usable_keys(answer.records, signature.algorithm)
    for key in keys:
        if key.holds(signature.octets, digest):
            return key
    raise FaultError(FAIL, "the signature does not hold")
