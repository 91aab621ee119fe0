"""Which messages are one: identity fields plus a digest of the content (decisions.md 5, data.md 1.7)."""

from datetime import datetime
from hashlib import blake2b

from bccd.mail.digest import digest_of
from bccd.mail.subject import base_subject
from bccd.model.message import Content


def id_key(content: Content) -> bytes:
    """Return 16 bytes that are equal where the identity fields are; those are the sender's to forge."""
    name = content.message_id or _recipients(content)  # without an id the recipients tell two mails apart
    return _key(name, _sender(content), _instant(content.date), base_subject(content.subject))


def identity_key(content: Content) -> bytes:
    """Return 16 bytes that are equal where identity fields, recipients and content are.

    Recipients and digest are always part of the key: a second submitter becomes an owner of a message, and
    sees all of it, only if he sent the very same.
    """
    return _key(id_key(content).hex(), _recipients(content), digest_of(content).hex())


def weak_key(content: Content) -> bytes | None:
    """Return 16 bytes that a mail and any forward of it in a text share; None where too little is said."""
    if not content.weak_text or not _sender(content):
        return None
    return _key("weak", _sender(content), base_subject(content.subject), content.weak_text.hex())


def _sender(content: Content) -> str:
    return content.sender.address if content.sender else ""


def _recipients(content: Content) -> str:
    return ",".join(sorted({box.address for box in (*content.to, *content.cc) if box.address}))


def _instant(date: datetime | None) -> str:
    return str(int(date.timestamp())) if date else ""


def _key(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).digest()
