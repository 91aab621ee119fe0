"""Which messages are one: identity fields plus a digest of the content (decisions.md 5, data.md 1.7)."""

from datetime import datetime
from hashlib import blake2b

from bccd.mail.digest import digest_of
from bccd.mail.subject import base_subject, untagged
from bccd.model.message import Content


def id_key(content: Content) -> bytes:
    """Return 16 bytes that are equal where the identity fields are; those are the sender's to forge."""
    name = content.message_id or _recipients(content)  # without an id the recipients tell two mails apart
    return _key(name, _sender(content), _instant(content.date), base_subject(content.subject))


def identity_key(content: Content) -> bytes:
    """Return 16 bytes that are equal where identity fields, people, subject and content are.

    All that is shown of a message is part of the key: a second submitter becomes an owner of it, and sees all
    of it, only if he sent the very same.
    """
    return _key(
        id_key(content).hex(),
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
    one = {"from": content.sender, "sender": content.actual_sender}
    named = [(role, box) for role, box in one.items() if box]
    many = {"reply_to": content.reply_to, "to": content.to, "cc": content.cc}
    named += [(role, box) for role, boxes in many.items() for box in boxes]
    return tuple(sorted((role, box.address, box.name) for role, box in named))


def _instant(date: datetime | None) -> str:
    return str(int(date.timestamp())) if date else ""


def _key(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).digest()
