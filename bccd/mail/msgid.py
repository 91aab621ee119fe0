"""Message ids (RFC 5322 3.6.4) in the form in which they are compared."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bccd.mail.charset import decode

IDS_CAP = 1_000
ANSWERED_CAP = 100
_ID_CAP = 998
_OTHERS_CAP = 20
_OWN = b"message-id"
# Exchange Online, Gmail and others give mail a new id and keep the one it came with.
_OTHERS = frozenset(
    {
        b"x-microsoft-original-message-id",
        b"x-google-original-message-id",
        b"x-original-message-id",
        b"original-message-id",
        b"resent-message-id",
    }
)

_ANGLE = re.compile(r"<([^<>]{1,1100})>")
_USABLE = re.compile(r"[^\s<>@]+(?:@[^\s<>]+)?|[^\s<>]+@[^\s<>]+")


def _normal(inside: str) -> str:
    # A fold may have put white space into a long id; the id itself has none.
    found = "".join(inside.split()).lower()
    return found if len(found) <= _ID_CAP and _USABLE.fullmatch(found) else ""


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else decode(value)


def message_ids(value: bytes | str) -> tuple[str, ...]:
    """Return the ids in angle brackets: lower case, each once, in order; words outside brackets are none."""
    if not value:
        return ()
    found: dict[str, None] = {}
    for inside in _ANGLE.findall(_text(value)):
        if normal := _normal(inside):
            found[normal] = None
            if len(found) == IDS_CAP:
                break
    return tuple(found)


def answered(found: Iterable[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """Return the ids that a header section's fields answer, the nearest first, at most ANSWERED_CAP."""
    nearest: list[str] = []
    older: list[str] = []
    for name, value in found:
        if name == b"in-reply-to":
            nearest += message_ids(value)
        elif name == b"references":
            older += message_ids(value)
    return tuple(dict.fromkeys((*nearest, *reversed(older))))[:ANSWERED_CAP]


def message_id(value: bytes | str) -> str:
    """Return the one id of a Message-ID field; without brackets too if it is a single word with an "@"."""
    ids = message_ids(value)
    if ids:
        return ids[0]
    bare = _text(value).strip().strip("<>")
    return bare.lower() if "@" in bare and len(bare) <= _ID_CAP and _USABLE.fullmatch(bare) else ""


def other_ids(
    own_id: str, found: Iterable[tuple[bytes, bytes]], named: Mapping[bytes, Sequence[bytes]]
) -> tuple[str, ...]:
    """Return the ids that systems on the way have replaced, or put beside the mail's own.

    `found` are a header section's fields, `named` their values by name. A second Message-ID field counts as
    one of these: answers name the one or the other.
    """
    again = len(named.get(_OWN, ())) > 1
    if not again and _OTHERS.isdisjoint(named):
        return ()
    wanted = _OTHERS | {_OWN} if again else _OTHERS
    ids = message_ids(b" ".join(value for name, value in found if name in wanted))
    return tuple(other for other in ids if other != own_id)[:_OTHERS_CAP]
