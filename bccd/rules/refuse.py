"""What becomes of mail whose submitter is not proven: kept for a person, put off, or refused in one text."""

from dataclasses import replace
from hashlib import sha256

from bccd.model.auth import AuthReport, HeldSender
from bccd.model.delivery import show_id
from bccd.model.envelope import Envelope, Peer, Protocol
from bccd.model.reply import DNS_LATER, NO_SINGLE_FROM, NOT_ACCEPTED, SPF_LATER, Reply
from bccd.rules.identify import DNS_UNKNOWN, SPF_UNKNOWN
from bccd.rules.ruled import STRANGERS

_ID_BITS = 20  # of an id that stand behind the milliseconds of its moment
_KEPT = frozenset({"unconfirmed_address"}) | STRANGERS
_LATER = {SPF_UNKNOWN: SPF_LATER, DNS_UNKNOWN: DNS_LATER}

# It depends on nothing that we know of users, so it may be told at once, and as it is.
PLAIN = {"no_single_from": NO_SINGLE_FROM, **_LATER}


def keeps(peer: Peer, auth: AuthReport, verdict: HeldSender) -> bool:
    """Tell whether unproven mail is kept for a person to look at instead of being refused.

    Behind another server a refusal would make that server bounce to a forged address (rules.md 2.8); an alias
    that is only waiting for its confirmation, and what a user may let in, are kept on every way
    (decisions.md 7.4, 7.5, 7.8). What the DNS could not tell is asked for again on every way.
    """
    if verdict.reason in _LATER:
        return False
    behind = peer.protocol is not Protocol.SMTP or bool(auth.relay)
    return behind or verdict.reason in _KEPT or verdict.lenient


def refusal(envelope: Envelope, verdict: HeldSender, help_url: str) -> Reply:
    """Answer alike whatever is known, so that nobody can list our users (decisions.md 7.13)."""
    if verdict.reason in PLAIN:
        return PLAIN[verdict.reason]
    text = f"{NOT_ACCEPTED.text}, see {help_url}" if help_url else NOT_ACCEPTED.text
    return replace(NOT_ACCEPTED, text=f"{text} ({_refusal_id(envelope)})", reason=verdict.reason)


def _refusal_id(envelope: Envelope) -> str:
    """Return an id by which the log line of a refusal is found; it looks like a delivery's, and is none."""
    moment = int(envelope.received_at.timestamp() * 1000)
    mark = sha256(envelope.session_id.encode() + envelope.raw.sha256).digest()
    return show_id(moment << _ID_BITS | int.from_bytes(mark[:8]) >> (64 - _ID_BITS))
