"""Which messages are one: identity fields plus a digest of the content (decisions.md 5, data.md 1.7)."""

from datetime import datetime
from hashlib import blake2b

from bccd.mail.digest import digest_of
from bccd.mail.subject import base_subject
from bccd.model.message import Content
from bccd.rules.direction import Reading


def identity(reading: Reading) -> tuple[bytes, bytes, bytes]:
    """Return (id_key, identity_key, content digest), 16 bytes each.

    The identity fields are the sender's to forge, so the digest is always part of the key: a second submitter
    becomes an owner of a message only if he sent the very same content.
    """
    content = reading.content
    digest = digest_of(content)
    name = content.message_id or _recipients(content)  # without an id the recipients tell two mails apart
    id_key = _key(name, _sender(content), _instant(content.date), base_subject(content.subject))
    return id_key, _key(id_key.hex(), digest.hex()), digest


def _sender(content: Content) -> str:
    return content.sender.address if content.sender else ""


def _recipients(content: Content) -> str:
    return ",".join(sorted({box.address for box in (*content.to, *content.cc) if box.address}))


def _instant(date: datetime | None) -> str:
    return str(int(date.timestamp())) if date else ""


def _key(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).digest()
