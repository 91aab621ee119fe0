"""Tokens that nobody can forge: a purpose and numbers under an HMAC, short enough for a local part."""

import hashlib
import hmac
from base64 import b32decode, b32encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime

MAC_SIZE = 12  # octets: 96 bits, as nobody can try offline
_MAX_TOKEN = 128  # characters


@dataclass(frozen=True, slots=True)
class Signed:
    """What a token says, once its signature holds."""

    company_id: int
    numbers: tuple[int, ...]


class Signer:
    """Signs and reads tokens with one secret key, apart for each purpose."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, purpose: str, company_id: int, *numbers: int, expires: datetime | None = None) -> str:
        """Return a token of lower-case letters and digits; numbers are not negative."""
        end = int(expires.timestamp()) if expires else 0
        said = b"".join(_varint(number) for number in (company_id, end, *numbers))
        return b32encode(said + self._mac(purpose, said)).decode("ascii").rstrip("=").lower()

    def read(self, purpose: str, text: str, now: datetime) -> Signed | None:
        """Read what sign wrote, in either case; None where it is forged, or over."""
        if len(text) > _MAX_TOKEN or not text.isascii():
            return None
        try:
            raw = b32decode(text.upper() + "=" * (-len(text) % 8))
        except (Error, ValueError):
            return None
        said, mac = raw[:-MAC_SIZE], raw[-MAC_SIZE:]
        if not hmac.compare_digest(mac, self._mac(purpose, said)):
            return None
        company_id, end, *numbers = _varints(said)
        if end and now >= datetime.fromtimestamp(end, UTC):
            return None
        return Signed(company_id, tuple(numbers))

    def digest(self, purpose: str, text: str) -> bytes:
        """Return a keyed digest of a text, 32 octets: to keep a code that must not be read back."""
        return hmac.digest(self._of(purpose), b"digest\0" + text.encode(), hashlib.sha256)

    def _mac(self, purpose: str, said: bytes) -> bytes:
        return hmac.digest(self._of(purpose), b"token\0" + said, hashlib.sha256)[:MAC_SIZE]

    def _of(self, purpose: str) -> bytes:
        """Return the key of one purpose: a token for one thing is none for another."""
        return hmac.digest(self._key, purpose.encode(), hashlib.sha256)


def _varint(number: int) -> bytes:
    """Write a number in groups of seven bits, the lowest first."""
    if number < 0:
        raise ValueError("a token holds no negative numbers")
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _varints(octets: bytes) -> list[int]:
    """Read what _varint wrote, number after number; signed octets are whole."""
    found, number, shift = [], 0, 0
    for octet in octets:
        number |= (octet & 0x7F) << shift
        shift += 7
        if not octet & 0x80:
            found.append(number)
            number, shift = 0, 0
    return found
