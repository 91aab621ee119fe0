"""Envelope senders as servers rewrite them: who sent the mail, by VERP, BATV and SRS.

What a mailbox is named in because it has sent on whatever it got is left out (`user+caf_=...` of Gmail,
`user+SRS=...` of Exchange): anybody may have written that; see forwarders.py.
"""

import re

from bccd.mail.addresses import normalise

_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"

_EXTENDED = re.compile(rf"([^+=]+?)[+-][^=+]+={_HOST}")  # behind the sign the recipient, "=" for "@" (VERP)
_SIGNED = re.compile(r"(?:prvs=[0-9a-z]{10}|btv1==[0-9a-f]+=)=(.+)")  # BATV: one that takes bounces only so
_SRS0 = re.compile(rf"(?:bounces\+)?srs0?[=+-][^=]+=[^=]+=({_HOST})=(.+)")
_SRS1 = re.compile(rf"srs1[=+-][^=]+={_HOST}=[=+-][^=]+=[^=]+=({_HOST})=(.+)")


def originals(address: str) -> tuple[str, ...]:
    """Return the address, and what it says it was made of; `address` is in normal form."""
    local, _, domain = address.rpartition("@")
    found = [address]
    if extended := _EXTENDED.fullmatch(local):
        found.append(f"{extended[1]}@{domain}")
    if signed := _SIGNED.fullmatch(local):
        found.append(f"{signed[1]}@{domain}")
    if rewritten := _SRS0.fullmatch(local) or _SRS1.fullmatch(local):
        found.append(f"{rewritten[2]}@{rewritten[1]}")
    return tuple(one for one in found if one and normalise(one) == one)
