"""Which messages are one: identity fields plus a digest of the content (decisions.md 5, data.md 1.7)."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b

from msgspec import Struct

from bccd.mail.digest import digest_of
from bccd.mail.subject import base_subject, untagged
from bccd.model.message import Content, Mailbox


class Keys(Struct, frozen=True):
    """What a content is known by; see id_key, identity_key and weak_key."""

    id: bytes
    identity: bytes
    weak: bytes | None


def keys_of(content: Content) -> Keys:
    """Return all keys of a content."""
    by_id = id_key(content)
    return Keys(by_id, identity_key(content, by_id), weak_key(content))


def id_key(content: Content) -> bytes:
    """Return 16 bytes that are equal where the identity fields are; those are the sender's to forge."""
    name = content.message_id or _recipients(content)  # without an id the recipients tell two mails apart
    return _key(name, _sender(content), _instant(content.date), base_subject(content.subject))


def identity_key(content: Content, by_id: bytes | None = None) -> bytes:
    """Return 16 bytes that are equal where identity fields, people, subject and content are.

    `by_id` is its id key, where that is known. All that is shown of a message is part of the key: a second
    submitter becomes an owner of it, and sees all of it, only if he sent the very same.
    """
    return _key(
        (by_id or id_key(content)).hex(),
        whole_subject(content.subject),
        "\x1e".join("\x1d".join(one) for one in people(content)),
        " ".join((*content.in_reply_to, "", *content.references)),
        digest_of(content).hex(),
    )


def weak_key(content: Content) -> bytes | None:
    """Return 16 bytes that a mail and any forward of it in a text share; None where too little is said."""
    if not content.weak_text or not _sender(content):
        return None
    return _key("weak", _sender(content), base_subject(content.subject), content.weak_text.hex())


def _sender(content: Content) -> str:
    return content.sender.address if content.sender else ""


def _recipients(content: Content) -> str:
    return ",".join(sorted({box.address for box in (*content.to, *content.cc) if box.address}))


def whole_subject(subject: str) -> str:
    """Return a subject with its white space folded, and nothing taken away but tags of gateways."""
    return untagged(subject)


def people(content: Content) -> tuple[tuple[str, str, str], ...]:
    """Return everyone who is named openly: role, address and name, sorted."""
    named = [(role, box.address, box.name) for role, boxes in roles(content) for box in boxes]
    return tuple(sorted(named))


def roles(content: Content) -> Iterator[tuple[str, tuple[Mailbox, ...]]]:
    """Yield who is named openly, by the field that names them; fields that name nobody are left out."""
    if content.sender:
        yield "from", (content.sender,)
    if content.actual_sender:
        yield "sender", (content.actual_sender,)
    if content.reply_to:
        yield "reply_to", content.reply_to
    if content.to:
        yield "to", content.to
    if content.cc:
        yield "cc", content.cc


def _instant(date: datetime | None) -> str:
    return str(int(date.timestamp())) if date else ""


def _key(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).digest()
