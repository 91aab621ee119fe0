"""The addresses of mailing lists that a mail came through, by its header section (RFC 2369, RFC 2919)."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from bccd.mail.addresses import normalise
from bccd.mail.charset import decode
from bccd.mail.part import Part

_FIELDS = frozenset({b"list-post", b"x-beenthere", b"mailing-list", b"x-mailing-list"})
_VALUE_CAP = 1_000  # octets
_ADDRESSES_CAP = 20
_ADDRESS = re.compile(r"(mailto:)?([^\s<>,;:\"()?]+@[^\s<>,;:\"()?]+)", re.IGNORECASE)


def list_addresses(root: Part) -> tuple[str, ...]:
    """Return the lists' addresses as this mail and the mails attached to it name them, sorted."""
    found: set[str] = set()
    for part in _mails(root):
        for name, value in part.fields:
            if name in _FIELDS:
                found |= _addresses(decode(value[:_VALUE_CAP]))
    return tuple(sorted(found)[:_ADDRESSES_CAP])


def _addresses(value: str) -> set[str]:
    """Read "<mailto:list@x>" (RFC 2369 2), "list@x" and "list list@x; contact list-owner@x"."""
    found = (unquote(match[2]) if match[1] else match[2] for match in _ADDRESS.finditer(value))
    return {address for one in found if (address := normalise(one))}


def _mails(root: Part) -> Iterable[Part]:
    """Yield the top part of the mail and of each mail inside it; the others' fields describe parts."""
    yield root
    waiting = list(root.children)
    while waiting:
        part = waiting.pop()
        waiting += part.children
        if part.is_message:
            yield part.children[0]
