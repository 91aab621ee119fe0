"""Our own notices, known by their header when they come back (rules.md 3.1)."""

from datetime import datetime

from bccd.mail.headers import fields, values
from bccd.rules.signing import Signer

OWN_HEADER = "X-Bccd-Notice"  # besides the Message-ID, which servers on the way may rewrite
OWN_MAIL = "own_mail"  # the reason for which it is set aside
PURPOSE = "notice"
_NAME = OWN_HEADER.lower().encode()


def own_mark(header: bytes, signer: Signer, now: datetime) -> bytes:
    """Return which mail of this installation's own it is, for any company; empty where none is proven."""
    if _NAME not in header.lower():
        return b""
    found = values(fields(header), _NAME)
    read = (signer.read(PURPOSE, value.decode("latin-1").strip(), now) for value in found)
    # Not the token itself, which can be written in several ways.
    return next((repr((one.company_id, one.numbers)).encode() for one in read if one), b"")
