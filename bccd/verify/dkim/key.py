"""The key of a signature, from the TXT records of its name (RFC 6376 3.6.1, RFC 8301 3.2, RFC 8463 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bccd.verify.dkim.faults import PERMERROR, POLICY, FaultError, malformed
from bccd.verify.dkim.tags import base64, listed, read_tags

LEAST_BITS = 1024
_MOST_BITS = 8192  # what can be larger costs its reader more than its writer
_MOST_EXPONENT = 2**18  # all that is used is 3, 17 and 65537
_RECORD_CAP = 4096  # octets; an RSA key of 8192 bits has 1,500
_RECORDS_CAP = 10
_ED25519_OCTETS = 32
_KEPT = 1024
_DIGEST = Prehashed(SHA256())
_PADDING = PKCS1v15()


@dataclass(frozen=True, slots=True)
class Key:
    """A usable key with what its record says of its use."""

    public: RSAPublicKey | Ed25519PublicKey
    bits: int
    strict: bool  # t=s: i= must be at d= itself
    testing: bool  # t=y: as if the mail had not been signed

    def holds(self, signature: bytes, digest: bytes) -> bool:
        """Tell whether a signature of that SHA-256 hash was made with this key."""
        try:
            if isinstance(self.public, RSAPublicKey):
                self.public.verify(signature, digest, _PADDING, _DIGEST)
            else:
                self.public.verify(signature, digest)
        except InvalidSignature:
            return False
        return True


def usable_keys(records: Sequence[bytes], algorithm: str) -> list[Key]:
    """Return the keys that can have made a signature of that algorithm; raises FaultError if there is none.

    A name may have several records, for several algorithms or while a key is replaced: each is tried.
    """
    keys = []
    fault = malformed("its key is not in the DNS")
    for record in records[:_RECORDS_CAP]:
        found = _read(record, algorithm)
        if isinstance(found, Key):
            keys.append(found)
        else:
            fault = malformed(found[1]) if found[0] == PERMERROR else FaultError(*found)
    if not keys:
        raise fault
    return keys


@lru_cache(_KEPT)
def _read(record: bytes, algorithm: str) -> Key | tuple[str, str]:
    """Read one record, or say as what and why it cannot be used; the same domains send day after day."""
    try:
        return read_key(record, algorithm)
    except FaultError as fault:
        return fault.result, fault.why


def read_key(record: bytes, algorithm: str) -> Key:
    """Read a key record that must hold a key of that kind; raises FaultError."""
    if len(record) > _RECORD_CAP:
        raise malformed("its key record is too long")
    tags = read_tags(record)
    values = {name: tag.value for name, tag in tags.items()}
    if values.get(b"v", b"DKIM1") != b"DKIM1" or (b"v" in values and next(iter(values)) != b"v"):
        raise malformed("its key record has another version")
    if b"p" not in values:
        raise malformed("its key record has no key")
    if not values[b"p"]:
        raise malformed("its key was revoked")
    if values.get(b"k", b"rsa") != algorithm.encode("ascii"):
        raise malformed("its key is of another kind")
    if b"h" in values and b"sha256" not in listed(values[b"h"]):
        raise malformed("its key is not for sha256")
    if b"s" in values and not {b"*", b"email"} & set(listed(values[b"s"])):
        raise malformed("its key is not for mail")
    flags = listed(values.get(b"t", b""))
    octets = base64(values[b"p"], "p")
    public, bits = _rsa(octets) if algorithm == "rsa" else _ed25519(octets)
    return Key(public, bits, b"s" in flags, b"y" in flags)


def _rsa(octets: bytes) -> tuple[RSAPublicKey, int]:
    """Load a SubjectPublicKeyInfo or, as some publish it, a bare RSAPublicKey (RFC 6376 erratum 3017)."""
    try:
        key = load_der_public_key(octets)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise malformed("its key cannot be read") from error
    if not isinstance(key, RSAPublicKey):
        raise malformed("its key is of another kind")
    if not LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise FaultError(POLICY, f"a key of {key.key_size} bits is not accepted")
    if key.public_numbers().e >= _MOST_EXPONENT:
        raise FaultError(POLICY, "its key has too large an exponent")
    return key, key.key_size


def _ed25519(octets: bytes) -> tuple[Ed25519PublicKey, int]:
    if len(octets) != _ED25519_OCTETS:
        raise malformed("its key cannot be read")
    return Ed25519PublicKey.from_public_bytes(octets), _ED25519_OCTETS * 8
