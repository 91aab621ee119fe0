"""Signed links in notices: where they point, and what they are for."""

import re
from collections.abc import Mapping

NONE = 0  # the number of a choice that is none of those offered
# What a token holds, behind its company: choose an outbox row and a number of its offers, confirm a
# confirmation, release a delivery and a user.
CHOOSE, CONFIRM, RELEASE = "choose", "confirm", "release"
_LETTERS: Mapping[str, str] = {CHOOSE: "c", CONFIRM: "a", RELEASE: "h"}
_PURPOSES = {letter: purpose for purpose, letter in _LETTERS.items()}
_PATH = re.compile(r"(?:/[^\s]*)?/l/([a-z])([a-z2-7]{16,128})/?", re.IGNORECASE | re.ASCII)


def link(public_url: str, purpose: str, token: str) -> str:
    """Return the address of a page; `token` is what Signer.sign made for this purpose."""
    return f"{public_url.rstrip('/')}/l/{_LETTERS[purpose]}{token}"


def read_path(path: str) -> tuple[str, str] | None:
    """Return purpose and token of a page's path, whatever prefix a proxy leaves in front of it."""
    found = _PATH.fullmatch(path)
    purpose = _PURPOSES.get(found[1].lower()) if found else None
    return (purpose, found[2].lower()) if found and purpose else None
