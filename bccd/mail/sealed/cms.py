"""What a CMS object holds (RFC 5652): the content of signed data, and which objects hide theirs.

A walk over BER (X.690 8), indefinite lengths included, that opens only what lies on the way. No signature is
verified: who signed, and whether he did, is not told by this.
"""

from enum import StrEnum, unique

_SEQUENCE, _SET, _INTEGER, _OID = 0x30, 0x31, 0x02, 0x06
_OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x04, 0x24, 0xA0
_PIECES_CAP = 200_000  # of a content; OpenSSL makes pieces of 1,000 to 4,096 octets
_SKIPPED_CAP = 10_000  # elements walked over to find the end of one without a length
_LENGTH_OCTETS = 4
_LONG_FORM = 0x80  # of a length; alone it says that the end is marked
_LONG_TAG = 0x1F

_SIGNED = bytes.fromhex("2a864886f70d010702")
_HIDDEN = frozenset(
    {
        bytes.fromhex("2a864886f70d010703"),  # enveloped data
        bytes.fromhex("2a864886f70d010706"),  # encrypted data
        bytes.fromhex("2a864886f70d0109100117"),  # authenticated enveloped data (RFC 5083)
    }
)


@unique
class Cms(StrEnum):
    """What a CMS object is."""

    SIGNED = "signed"
    HIDDEN = "hidden"
    OTHER = ""


class _BrokenError(Exception):
    """The octets are no BER, or not what was expected."""


def cms_kind(octets: bytes) -> Cms:
    """Tell what an object is by its content type."""
    try:
        kind, _, _ = _content_info(octets)
    except _BrokenError:
        return Cms.OTHER
    return Cms.SIGNED if kind == _SIGNED else Cms.HIDDEN if kind in _HIDDEN else Cms.OTHER


def signed_content(octets: bytes) -> bytes | None:
    """Return what was signed; None where the object is no signed data or holds the signature alone."""
    try:
        kind, at, end = _content_info(octets)
        if kind != _SIGNED:
            return None
        _, at, end = _expect(octets, at, end, _SEQUENCE)
        at = _skip(octets, at, end)  # version
        at = _skip(octets, at, end)  # digest algorithms
        _, at, end = _expect(octets, at, end, _SEQUENCE)
        at = _skip(octets, at, end)  # content type
        _, at, end = _expect(octets, at, end, _EXPLICIT)
        return _string(octets, at, end)
    except _BrokenError:
        return None


def _content_info(octets: bytes) -> tuple[bytes, int, int]:
    """Return the content type of ContentInfo, and where the content stands."""
    _, at, end = _expect(octets, 0, len(octets), _SEQUENCE)
    _, start, stop = _expect(octets, at, end, _OID)
    _, at, end = _expect(octets, stop, end, _EXPLICIT)
    return octets[start:stop], at, end


def _element(octets: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag of the element at `at`, where its content begins, and where it ends; -1 for unsaid."""
    if at + 2 > end:
        raise _BrokenError
    tag, length = octets[at], octets[at + 1]
    at += 2
    if tag & _LONG_TAG == _LONG_TAG:  # a tag of several octets stands nowhere in CMS
        raise _BrokenError
    if length < _LONG_FORM:
        return tag, at, at + length
    if length == _LONG_FORM:
        return tag, at, -1
    count = length - _LONG_FORM
    if count > _LENGTH_OCTETS or at + count > end:
        raise _BrokenError
    return tag, at + count, at + count + int.from_bytes(octets[at : at + count], "big")


def _expect(octets: bytes, at: int, end: int, wanted: int) -> tuple[int, int, int]:
    """Open an element of that tag; what claims to be longer than its holder is cut there."""
    tag, start, stop = _element(octets, at, end)
    if tag != wanted:
        raise _BrokenError
    return tag, start, end if stop < 0 else min(stop, end)


def _skip(octets: bytes, at: int, end: int) -> int:
    """Return where the element at `at` ends, walking over those inside if it does not say so itself."""
    open_ = 0
    for _ in range(_SKIPPED_CAP):
        tag, start, stop = _element(octets, at, end)
        if not tag and stop == start:  # the end of contents
            open_ -= 1
            at = start
        elif stop < 0:
            open_ += 1
            at = start
        else:
            at = stop
        if open_ <= 0:
            return at
    raise _BrokenError


def _string(octets: bytes, at: int, end: int) -> bytes:
    """Return an octet string, put together from its pieces (X.690 8.7)."""
    tag, start, stop = _element(octets, at, end)
    if tag == _OCTETS and stop >= 0:
        return octets[start : min(stop, end)]
    if tag != _OCTETS_IN_PIECES:
        raise _BrokenError
    end = end if stop < 0 else min(stop, end)
    open_ = 1 if stop < 0 else 0
    at = start
    pieces: list[bytes] = []
    for _ in range(_PIECES_CAP):
        if at >= end:
            break
        tag, start, stop = _element(octets, at, end)
        if tag == _OCTETS and stop >= 0:
            pieces.append(octets[start : min(stop, end)])
            at = stop
        elif tag == _OCTETS_IN_PIECES:
            open_ += stop < 0
            at = start
        elif not tag and stop == start and open_:
            open_ -= 1
            at = start
            if not open_:
                break
        else:
            break
    return b"".join(pieces)
