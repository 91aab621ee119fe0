"""Transfer encodings (RFC 2045 6), read tolerantly."""

import binascii

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_ENCODINGS = {
    "": "",
    "7bit": "",
    "8bit": "",
    "binary": "",
    "7-bit": "",
    "8-bit": "",
    "base64": "base64",
    "base-64": "base64",
    "x-base64": "base64",
    "quoted-printable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
}


def encoding_of(value: bytes) -> tuple[str, bool]:
    """Return "base64", "quoted-printable" or "" for a Content-Transfer-Encoding, and whether it is known."""
    word = value.partition(b"(")[0].strip(b" \t\r\n;\"'").lower()
    name = word[:40].decode("ascii", "replace")
    return _ENCODINGS.get(name, ""), name in _ENCODINGS


def base64_octets(encoded: bytes) -> tuple[bytes, bool]:
    """Return the octets, and whether they decoded as they stood; what follows the padding is not base64."""
    try:
        return binascii.a2b_base64(encoded), True
    except binascii.Error:
        pass
    if b"+" not in encoded and b"/" not in encoded:
        encoded = encoded.translate(_URL_SAFE)
    encoded = encoded.partition(b"=")[0].translate(None, _OTHERS)
    # A single character left over holds six bits: no octet.
    encoded = encoded[: len(encoded) - 1] if len(encoded) % 4 == 1 else encoded
    return binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4)), False


def transfer_decoded(encoded: bytes, encoding: str) -> tuple[bytes, bool]:
    """Return the octets of a body in the encoding that encoding_of() named, and whether it was in order."""
    if encoding == "base64":
        return base64_octets(encoded)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(encoded), True
    return encoded, True
