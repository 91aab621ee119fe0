"""Which mailbox a server forwarded a mail from by itself: as its envelope says, and as fields say.

The envelope is the forwarding server's own word, and SPF tells whether it is that server's. Fields can be
written by anyone: they name a mailbox, and prove nothing.
"""

import re
from collections.abc import Iterable

from bccd.mail.addresses import domain_of, mailboxes, normalise
from bccd.mail.headers import fields

# Gmail: user+caf_=where=domain@gmail.com. Exchange: user+SRS=hash=time=domain=user@its-domain.
_NAMES_MAILBOX = re.compile(r"(?P<user>.+?)\+(?:caf_=.+|srs=[^=]*=[^=]*=[^=]+=.+)")
# This hides the mailbox, but shows whose server forwarded (SRS0, SRS1; Exchange when relaying).
_REWRITTEN = re.compile(r"srs[01][=+-].+|bounces\+srs=.+")
# Fields in which servers name the mailbox: Gmail and others, RFC 5322 3.6.6, Exchange (a rule; a setting),
# Sieve's redirect, and what Postfix, qmail and Exim note before a .forward or an alias is followed.
_NAMING = frozenset({
    b"x-forwarded-for",
    b"resent-from",
    b"x-ms-exchange-inbox-rules-loop",
    b"x-ms-exchange-forwardingloop",
    b"x-sieve-redirected-from",
    b"delivered-to",
    b"x-original-to",
    b"envelope-to",
})  # fmt: skip
_MOST = 50  # addresses that are looked at
_READ = 8 * 1024  # octets of all such fields; what reads a list tolerantly takes its time
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def named_by_envelope(mail_from: str) -> str:
    """Return the mailbox that a rewritten MAIL FROM names, if it does; of any other the address itself."""
    local, _, domain = mail_from.rpartition("@")
    if _REWRITTEN.fullmatch(local):
        return ""
    found = _NAMES_MAILBOX.fullmatch(local)
    return f"{found['user']}@{domain}" if found else mail_from


def is_rewritten(mail_from: str) -> bool:
    """Tell whether a server put its own domain into MAIL FROM in order to send the mail on (SRS)."""
    return bool(_REWRITTEN.fullmatch(mail_from.rpartition("@")[0]))


def named_by_fields(header: bytes) -> tuple[str, ...]:
    """Return the addresses that a header section's fields name as mailboxes it went through, in order."""
    found: list[str] = []
    left = _READ
    for name, value in fields(header):
        if name in _NAMING:
            found += _addresses(value[:left])
            left -= min(len(value), left)
    return tuple(dict.fromkeys(found))[:_MOST]


def same_mailbox(one: str, other: str) -> bool:
    """Tell whether two normalised addresses are one mailbox: at Gmail dots do not count."""
    return one == other or plain_mailbox(one) == plain_mailbox(other)


def plain_mailbox(address: str) -> str:
    """Return the form in which a provider keeps a mailbox that may be written in several."""
    if domain_of(address) not in _GMAIL:
        return address
    return address.rpartition("@")[0].replace(".", "") + "@gmail.com"


def _addresses(value: bytes) -> Iterable[str]:
    """Read a list with commas, or as Gmail writes it with blanks; Exchange adds words behind semicolons."""
    for box in mailboxes(value):
        if box.address:
            yield box.address
    for word in value.decode("ascii", "replace").replace(";", " ").replace(",", " ").split()[:_MOST]:
        if "@" in word and (address := normalise(word)):
            yield address
