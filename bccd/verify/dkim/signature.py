"""One DKIM-Signature field, read (RFC 6376 3.5); the fields of ARC share most of it (RFC 8617 4.1)."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from bccd.mail.addresses import ascii_domain
from bccd.verify.dkim.faults import PERMERROR, POLICY, FaultError, malformed
from bccd.verify.dkim.header import Field
from bccd.verify.dkim.tags import Tag, Tags, base64, listed, number, read_tags, required

FIELD_CAP = 16 * 1024
_ALGORITHMS = {b"rsa-sha256": "rsa", b"ed25519-sha256": "ed25519"}
_CANONICAL = {b"simple": False, b"relaxed": True}
_LABELS = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_QUERY_CAP = 253
_TOLD_CAP = 64


class Canon(NamedTuple):
    """How a signature saw header and body: relaxed, or as they are (simple)."""

    header: bool = False
    body: bool = False


SIMPLE = Canon()
RELAXED = Canon(header=True, body=True)  # what ARC takes where nothing is said


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says of itself; domains as lower-case A-labels."""

    at: int  # which field of the header it is
    blank: tuple[int, int]  # where in that field the value of b= stands
    domain: str  # d=, the domain that takes responsibility
    selector: str
    algorithm: str  # "rsa" or "ed25519", with SHA-256
    octets: bytes  # b=
    signed: tuple[bytes, ...] = ()  # h=, lower-case names
    canon: Canon = SIMPLE
    body_hash: bytes = b""
    identity: str = ""  # the domain of i=
    created: int | None = None
    expires: int | None = None

    @property
    def query(self) -> str:
        """The name of its key in the DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    def __str__(self) -> str:
        return f"{self.selector}, {self.algorithm}-sha256"


def read_signature(at: int, field: Field) -> Signature:
    """Read a DKIM-Signature field; raises FaultError for one that proves nothing, whatever its key says."""
    tags = tags_of(field)
    if required(tags, b"v") != b"1":
        raise malformed("its version is not 1")
    algorithm = read_algorithm(tags)
    domain, selector = read_key_name(tags)
    identity = _identity(tags, domain)
    signed = read_signed(tags)
    if b"from" not in signed:
        raise FaultError(PERMERROR, "From is not signed")
    if b"dns/txt" not in listed(tags[b"q"].value if b"q" in tags else b"dns/txt"):
        raise malformed("its key is not in the DNS")
    refuse_length(tags)
    created, expires = number(tags, b"t"), number(tags, b"x")
    if created is not None and expires is not None and expires <= created:
        raise malformed("it expires before it was made")
    return Signature(
        at,
        blank_of(tags),
        domain,
        selector,
        algorithm,
        base64(required(tags, b"b"), "b"),
        signed,
        read_canon(tags),
        base64(required(tags, b"bh"), "bh"),
        identity,
        created,
        expires,
    )


def tags_of(field: Field) -> dict[bytes, Tag]:
    """Return the tags of a field that is short enough to be looked at."""
    if len(field.raw) > FIELD_CAP:
        raise malformed("it is too long")
    return read_tags(field.raw, field.value_at)


def claims(field: Field) -> tuple[str, str]:
    """Return d= of a field that is malformed otherwise, and its selector and algorithm; for evidence only."""
    try:
        tags = tags_of(field)
    except FaultError:
        return "", ""
    told = [tags[name].value[:_TOLD_CAP].decode("utf-8", "replace") for name in (b"s", b"a") if name in tags]
    return _domain(tags.get(b"d")), "".join(char for char in ", ".join(told) if char.isprintable())


def blank_of(tags: Tags) -> tuple[int, int]:
    """Return where the value of b= stands, which was empty when the signature was made (RFC 6376 3.7)."""
    required(tags, b"b")
    return tags[b"b"].start, tags[b"b"].end


def read_algorithm(tags: Tags) -> str:
    """Return the kind of key that a= asks for; SHA-1 is refused (RFC 8301 3.1)."""
    value = required(tags, b"a")
    if value == b"rsa-sha1":
        raise FaultError(POLICY, "rsa-sha1 is not accepted")
    if value not in _ALGORITHMS:
        raise malformed("its algorithm is not known")
    return _ALGORITHMS[value]


def read_key_name(tags: Tags) -> tuple[str, str]:
    """Return d= and s=."""
    required(tags, b"d")
    domain = _domain(tags[b"d"])
    if "." not in domain:
        raise malformed("d= is no domain")
    selector = _ascii(required(tags, b"s"))
    if not _LABELS.fullmatch(selector) or len(selector) + len(domain) + len("._domainkey.") > _QUERY_CAP:
        raise malformed("s= is no selector")
    return domain, selector


def _domain(tag: Tag | None) -> str:
    domain = _ascii(tag.value) if tag else ""
    return domain if _LABELS.fullmatch(domain) else ""


def _ascii(value: bytes) -> str:
    """Return a domain or selector, which may hold U-labels (RFC 8616 4), as lower-case A-labels."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if text.endswith(".") else ascii_domain(text)


def _identity(tags: Tags, domain: str) -> str:
    """Return the domain of i=, which must be d= or below it."""
    if b"i" not in tags:
        return domain
    _, sign, named = tags[b"i"].value.rpartition(b"@")
    identity = _ascii(named) if sign else ""
    if identity != domain and not identity.endswith("." + domain):
        raise malformed("i= is not within d=")
    return identity


def read_signed(tags: Tags) -> tuple[bytes, ...]:
    """Return the names of h= in lower case."""
    if b"h" not in tags:
        raise malformed("h= is missing")
    return tuple(name.lower() for name in listed(tags[b"h"].value))


def read_canon(tags: Tags, default: Canon = SIMPLE) -> Canon:
    """Return c=; a body of which nothing is said is simple."""
    if b"c" not in tags:
        return default
    header, _, body = tags[b"c"].value.partition(b"/")
    body = body or b"simple"
    if header not in _CANONICAL or body not in _CANONICAL:
        raise malformed("c= is not known")
    return Canon(_CANONICAL[header], _CANONICAL[body])


def refuse_length(tags: Tags) -> None:
    """Refuse l=: whoever hands such a mail on may add to it, or replace what is shown."""
    if b"l" in tags:
        raise FaultError(POLICY, "l= leaves a part of the body unsigned")
