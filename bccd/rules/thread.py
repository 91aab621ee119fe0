"""Tokens to conversations: connected components, whatever the order of arrival (data.md 1)."""

from collections.abc import Iterable
from hashlib import blake2b

from bccd.mail.subject import base_subject
from bccd.model.message import Content, Mailbox
from bccd.rules.direction import Reading

RECIPE = "1"  # part of every token; a new recipe means `rethread`
MAX_REFERENCES = 99  # of References, the first one and the last ones


def tokens(reading: Reading, *, split_on_subject: bool) -> tuple[bytes, ...]:
    """Return the 16-byte tokens that join this message to others, sorted.

    A filing forward's own id is none of them: nobody answers it (decisions.md 5).
    """
    base = base_subject(reading.content.subject) if split_on_subject else ""
    found = {_token("id", value, "", base) for value in _ids(reading)}
    guid = reading.content.thread_index or (reading.wrapper.thread_index if reading.wrapper else b"")
    if guid:
        # Outlook reuses Thread-Index for copied templates, so it counts only between the same people.
        found |= {_token("ti", guid.hex(), party, base) for party in _parties(reading.main)}
    return tuple(sorted(found))


def _ids(reading: Reading) -> Iterable[str]:
    yield from _own_ids(reading.content)
    if reading.wrapper:
        # Clients put the original's id into the forward's In-Reply-To and References.
        yield from reading.wrapper.in_reply_to
        yield from _capped(reading.wrapper.references)


def _own_ids(content: Content) -> Iterable[str]:
    if content.message_id:
        yield content.message_id
    yield from content.in_reply_to
    yield from _capped(content.references)


def _capped(references: tuple[str, ...]) -> tuple[str, ...]:
    return references if len(references) <= MAX_REFERENCES else (references[0], *references[-MAX_REFERENCES:])


def _parties(main: tuple[Mailbox, ...]) -> set[str]:
    return {box.address for box in main}


def _token(kind: str, value: str, scope: str, base: str) -> bytes:
    text = f"{RECIPE}\x1f{kind}\x1f{value}\x1f{scope}\x1f{base}"
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
