"""Thread-Index, which Outlook sets beside References (MS-OXOMSG 2.2.1.3)."""

from bccd.mail.decode import base64_octets

_GUID = slice(6, 22)  # after one reserved octet and five of the time
_SHORTEST = 22


def thread_guid(value: bytes) -> bytes:
    """Return the 16-byte GUID of the conversation, empty where the field holds none."""
    octets, _ = base64_octets(value[:20_000].replace(b" ", b"").replace(b"\t", b""))
    return octets[_GUID] if len(octets) >= _SHORTEST else b""
