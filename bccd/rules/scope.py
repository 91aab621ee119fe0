"""How much of a mail the rules look at: the same lists for what is asked and for what is decided."""

import dataclasses

from msgspec.structs import replace

from bccd.model.delivery import Mail
from bccd.model.message import Content, Forward, Mailbox

# Mailboxes a field; real mail has fewer. What is cut here is cut before anything is asked, so that a batch
# never knows more than a mail by itself.
_MOST = {"to": 1_000, "cc": 1_000, "bcc": 200, "reply_to": 20}
_LEAST = min(_MOST.values())  # no list of nearly all mail is longer


def bounded(mail: Mail) -> Mail:
    """Return the mail with its lists of people cut; the very same mail where nothing is too long."""
    message = mail.message
    content, forwards = _content(message.content), message.forwards
    if forwards:
        forwards = tuple(_forward(f) for f in forwards)
    if content is message.content and all(a is b for a, b in zip(forwards, message.forwards, strict=True)):
        return mail
    return dataclasses.replace(mail, message=replace(message, content=content, forwards=forwards))


def _content(content: Content) -> Content:
    longest = max(len(content.to), len(content.cc), len(content.bcc), len(content.reply_to))
    if longest <= _LEAST:
        return content
    long: dict[str, tuple[Mailbox, ...]] = {
        field: boxes[:most] for field, most in _MOST.items() if len(boxes := getattr(content, field)) > most
    }
    return replace(content, **long) if long else content


def _forward(forward: Forward) -> Forward:
    original, inner = _content(forward.original), tuple(_forward(f) for f in forward.inner)
    if original is forward.original and all(a is b for a, b in zip(inner, forward.inner, strict=True)):
        return forward
    return replace(forward, original=original, inner=inner)
