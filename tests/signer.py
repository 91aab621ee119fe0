"""A DKIM signer for tests, by the letter of RFC 6376 and with nothing of the verifier's code.

Every tag can be set, left out or be wrong, which no honest signer allows.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bccd.testing import Zone

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


@cache
def rsa_key(bits: int = 1024) -> RSAPrivateKey:
    """Return a key, the same for the whole run."""
    return generate_private_key(65_537, bits)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    """Return a key, the same for ever."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def record(key: PrivateKey, more: str = "", *, bare: bool = False) -> str:
    """Return a key record; `bare` publishes an RSAPublicKey instead of a SubjectPublicKeyInfo."""
    public = key.public_key()
    if isinstance(key, Ed25519PrivateKey):
        kind, octets = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        form = PublicFormat.PKCS1 if bare else PublicFormat.SubjectPublicKeyInfo
        kind, octets = "rsa", public.public_bytes(Encoding.DER, form)
    return f"v=DKIM1; k={kind};{more} p={b64encode(octets).decode()}"


@dataclass(frozen=True)
class Signer:
    """Signs for a domain; the zone has its key."""

    domain: str = "a.example"
    selector: str = "s1"
    key: PrivateKey | None = None

    @property
    def private(self) -> PrivateKey:
        return self.key or rsa_key()

    def zone(self, more: str = "", *, bare: bool = False) -> Zone:
        """Return the DNS in which the signatures hold."""
        name = f"{self.selector}._domainkey.{self.domain}"
        return {name: {"TXT": [record(self.private, more, bare=bare)]}}

    def sign(
        self, mail: bytes, tags: Mapping[str, str | None] | None = None, name: str = "DKIM-Signature"
    ) -> bytes:
        """Return the mail with a signature on top; a tag of None is left out, "b" is made here."""
        header, _, body = mail.partition(b"\r\n\r\n")
        kind = "ed25519" if isinstance(self.private, Ed25519PrivateKey) else "rsa"
        given = {
            "v": "1",
            "a": f"{kind}-sha256",
            "c": "relaxed/relaxed",
            "d": self.domain,
            "s": self.selector,
            "h": "from:to:subject",
        } | dict(tags or {})
        forms = (given["c"] or "simple/simple").partition("/")
        if "bh" not in given:
            given["bh"] = b64encode(hashlib.sha256(canonical_body(body, forms[2])).digest()).decode()
        told = "; ".join(f"{tag}={value}" for tag, value in given.items() if value is not None)
        field = f"{name}: {told}; b=".encode()
        fields = [one + b"\r\n" for one in re.split(rb"\r\n(?![ \t])", header)]
        signed = b"".join(
            canonical_field(one, forms[0]) for one in chosen(fields, (given["h"] or "").encode())
        ) + canonical_field(field + b"\r\n", forms[0]).removesuffix(b"\r\n")
        digest = hashlib.sha256(signed).digest()
        return field + b64encode(self._signature(digest)) + b"\r\n" + mail

    def seal(
        self,
        mail: bytes,
        results: str,
        verdict: str = "",
        message: Mapping[str, str | None] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the mail with one more ARC set on top: what was found, a message signature, a seal.

        `verdict` is cv=, right if not given; `message` and `more` are tags of the signature and the seal.
        """
        number = len(_arc_fields(mail)) // 3 + 1
        mail = f"ARC-Authentication-Results: i={number}; {results}\r\n".encode() + mail
        mail = self.sign(mail, {"v": None, "i": str(number), **(message or {})}, "ARC-Message-Signature")
        tags = {
            "i": str(number),
            "a": "ed25519-sha256" if isinstance(self.private, Ed25519PrivateKey) else "rsa-sha256",
            "cv": verdict or ("none" if number == 1 else "pass"),
            "d": self.domain,
            "s": self.selector,
        } | dict(more or {})
        told = "; ".join(f"{tag}={value}" for tag, value in tags.items())
        field = f"ARC-Seal: {told}; b=".encode()
        # Each set stands on top of the one before, its results lowest: from the bottom they are in order.
        signed = b"".join(canonical_field(one, "relaxed") for one in reversed(_arc_fields(mail)))
        signed += canonical_field(field, "relaxed").removesuffix(b"\r\n")
        return field + b64encode(self._signature(hashlib.sha256(signed).digest())) + b"\r\n" + mail

    def _signature(self, digest: bytes) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(digest)
        return self.private.sign(digest, PKCS1v15(), Prehashed(SHA256()))


def _arc_fields(mail: bytes) -> list[bytes]:
    header = mail.partition(b"\r\n\r\n")[0]
    return [one + b"\r\n" for one in re.split(rb"\r\n(?![ \t])", header) if one.startswith(b"ARC-")]


def chosen(fields: list[bytes], names: bytes) -> Iterator[bytes]:
    """Choose the fields that h= names, from the bottom (RFC 6376 5.4.2)."""
    left = list(fields)
    for name in names.lower().split(b":"):
        for at in reversed(range(len(left))):
            if left[at].partition(b":")[0].strip().lower() == name.strip():
                yield left.pop(at)
                break


def canonical_field(field: bytes, form: str) -> bytes:
    """Return a field with its CRLF as RFC 6376 3.4.1 or 3.4.2 has it."""
    if form != "relaxed":
        return field
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", re.sub(rb"\r\n", b"", value))
    return name.strip(b" \t").lower() + b":" + value.strip(b" ") + b"\r\n"


def canonical_body(body: bytes, form: str) -> bytes:
    """Return a body as RFC 6376 3.4.3 or 3.4.4 has it."""
    lines = body.split(b"\r\n")
    if form == "relaxed":
        lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if form == "relaxed" else b"\r\n"
    return b"".join(line + b"\r\n" for line in lines)
