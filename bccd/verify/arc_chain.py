"""The chain of ARC sets in a mail, and whether it holds (RFC 8617 5.2)."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bccd.mail.headers import unfold
from bccd.verify.dkim.check import find_key, header_hash
from bccd.verify.dkim.faults import FAIL, FaultError, malformed
from bccd.verify.dkim.header import Field, Header
from bccd.verify.dkim.mail import SignedMail
from bccd.verify.dkim.signature import (
    RELAXED,
    Signature,
    blank_of,
    read_algorithm,
    read_canon,
    read_key_name,
    read_signed,
    refuse_length,
    tags_of,
)
from bccd.verify.dkim.tags import Tag, base64, number, required
from bccd.verify.dns import Resolver

SETS_CAP = 50  # RFC 8617 4.2.1
_INSTANCE = re.compile(rb"[1-9][0-9]?")
_RESULTS = re.compile(rb"i[ \t]*=[ \t]*([1-9][0-9]?)[ \t]*;(.*)", re.DOTALL)
_VERDICTS = {b"none": "none", b"pass": "pass", b"fail": "fail"}
_PARTS = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")


@dataclass(frozen=True, slots=True)
class ArcSet:
    """What one forwarding server has added: what it found, its signature of the mail, its seal."""

    results_at: int  # which field of the header says what it found
    message: Signature
    seal: Signature
    verdict: str  # cv=: how it found the chain before it


def read_chain(header: Header) -> tuple[ArcSet, ...]:
    """Return the sets of a mail, the oldest first, none if it has none; raises FaultError."""
    results = _numbered(header, _PARTS[0], _results_number)
    messages = _numbered(header, _PARTS[1], _tagged_number)
    seals = _numbered(header, _PARTS[2], _tagged_number)
    if not (results or messages or seals):
        return ()
    whole = set(range(1, len(seals) + 1))
    if len(seals) > SETS_CAP or any(set(each) != whole for each in (results, messages, seals)):
        raise malformed("a set of the chain is not complete")
    return tuple(_read_set(header, results[at], messages[at], seals[at]) for at in sorted(whole))


def _numbered(header: Header, name: bytes, number_of: Callable[[Field], int]) -> dict[int, int]:
    """Return where the field of each set stands."""
    found: dict[int, int] = {}
    for at in header.named(name)[: SETS_CAP + 1]:
        instance = number_of(header.field(at))
        if instance in found:
            raise malformed(f"set {instance} of the chain has a field twice")
        found[instance] = at
    return found


def _tagged_number(field: Field) -> int:
    value = required(tags_of(field), b"i")
    if not _INSTANCE.fullmatch(value) or int(value) > SETS_CAP:
        raise malformed("i= is no number of a set")
    return int(value)


def _results_number(field: Field) -> int:
    match = _RESULTS.fullmatch(unfold(field.raw[field.value_at :]))
    if match is None or int(match[1]) > SETS_CAP:
        raise malformed("a field of results has no number")
    return int(match[1])


def results_value(field: Field) -> bytes:
    """Return what stands behind the number in an ARC-Authentication-Results field (RFC 8617 4.1.1)."""
    match = _RESULTS.fullmatch(unfold(field.raw[field.value_at :]))
    return match[2] if match else b""


def _read_set(header: Header, results: int, message: int, seal: int) -> ArcSet:
    seal_tags = tags_of(header.field(seal))
    if b"h" in seal_tags:
        raise malformed("a seal names fields")
    verdict = _VERDICTS.get(required(seal_tags, b"cv"))
    if verdict is None:
        raise malformed("cv= is not known")
    return ArcSet(results, _read_message(header, message), _read(seal, seal_tags), verdict)


def _read_message(header: Header, at: int) -> Signature:
    tags = tags_of(header.field(at))
    refuse_length(tags)
    signed = read_signed(tags)
    if b"arc-seal" in signed:
        raise malformed("a message signature signs a seal")
    return _read(at, tags, signed)


def _read(at: int, tags: dict[bytes, Tag], signed: tuple[bytes, ...] | None = None) -> Signature:
    """Read what seals and message signatures share, and of the latter the rest."""
    algorithm = read_algorithm(tags)
    domain, selector = read_key_name(tags)
    number(tags, b"t")
    octets = base64(required(tags, b"b"), "b")
    if signed is None:
        return Signature(at, blank_of(tags), domain, selector, algorithm, octets, identity=domain)
    body_hash = base64(required(tags, b"bh"), "bh")
    canon = read_canon(tags, RELAXED)
    return Signature(
        at, blank_of(tags), domain, selector, algorithm, octets, signed, canon, body_hash, identity=domain
    )


async def check_chain(chain: Sequence[ArcSet], mail: SignedMail, resolver: Resolver) -> None:
    """Hold a chain of at least one set against the mail; raises FaultError where it fails.

    Raises DnsTemporaryError where it cannot be told now. The newest set is looked at first: nobody has to
    follow a chain whose last seal is forged.
    """
    for number_of, each in enumerate(chain, 1):
        wanted = "none" if number_of == 1 else "pass"
        if each.verdict != wanted:
            raise FaultError(FAIL, f"seal {number_of} says that the chain was {each.verdict}")
    newest = chain[-1].message
    if mail.body_hash(relaxed=newest.canon.body) != newest.body_hash:
        raise FaultError(FAIL, "the body was changed")
    await find_key(newest, header_hash(newest, mail.header), resolver)
    for length in range(len(chain), 0, -1):
        await find_key(chain[length - 1].seal, _seal_hash(chain[:length], mail.header), resolver)


def _seal_hash(chain: Sequence[ArcSet], header: Header) -> bytes:
    """Return the hash of what the last seal of a chain signs: all sets in their order (RFC 8617 5.1.1)."""
    total = hashlib.sha256()
    for at in _fields_of(chain):
        total.update(header.canonical(at, relaxed=True))
        total.update(b"\r\n")
    seal = chain[-1].seal
    total.update(header.without(seal.at, *seal.blank, relaxed=True))
    return total.digest()


def _fields_of(chain: Sequence[ArcSet]) -> Iterator[int]:
    """Tell which fields a seal signs, itself left out."""
    for each in chain:
        yield each.results_at
        yield each.message.at
        if each is not chain[-1]:
            yield each.seal.at
