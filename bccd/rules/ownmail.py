"""Our own notices, known by their header when they come back (rules.md 3.1)."""

from datetime import datetime

from bccd.mail.headers import fields, values
from bccd.rules.signing import Signer

OWN_HEADER = "X-Bccd-Notice"  # besides the Message-ID, which servers on the way may rewrite
OWN_MAIL = "own_mail"  # the reason for which it is set aside
PURPOSE = "notice"
_NAME = OWN_HEADER.lower().encode()


def is_own(header: bytes, signer: Signer, now: datetime) -> bool:
    """Tell whether this installation has written the mail, for any company; a forged header is nothing."""
    found = values(fields(header), _NAME) if _NAME in header.lower() else []
    return any(signer.read(PURPOSE, value.decode("latin-1").strip(), now) for value in found)
