"""What proved the sender of a mail, or why nothing did, in words."""

from collections.abc import Mapping
from typing import Any

from bccd.mail.authres import read
from bccd.mail.authres_write import write
from bccd.mail.headers import fields, header_section
from bccd.model.auth import AuthReport, AuthResult

_MOST_IDS = 10
_UNSAID = "(malformed)"
_NAMELESS = "(without an id)"


def evidence(auth: AuthReport, ip: str, raw: bytes | None) -> Mapping[str, Any]:
    """Say what was known about the peer and from its relay, as it was stored; the ids seen are read anew."""
    return {
        "handed in by": _peer(auth, ip),
        "results": _results(auth),
        "checked here": _checks(auth),
        "ids in the mail": _ids(raw) if raw is not None else "the octets are not kept",
    }


def of_import() -> Mapping[str, Any]:
    """Say the same of a mail that nobody sent us."""
    return {"handed in by": "an administrator, who has read it out of the user's mailbox with bccd import"}


def _peer(auth: AuthReport, ip: str) -> str:
    who = ip or "a UNIX socket"
    if auth.client_ip and auth.client_ip != ip:
        who += f" for {auth.client_ip}{f' ({auth.client_helo})' if auth.client_helo else ''}"
    if auth.login is not None:
        return f"{who}, logged in as {auth.login.name}"
    if auth.trusted_network:
        return f"{who}, in the trusted network {auth.trusted_network}"
    if auth.relay:
        return (
            f"{who}, a relay by trust.relays" if auth.relay != "unix" else f"{who}, which counts as a relay"
        )
    return f"{who}, in no trusted network and no listed relay: its word does not count"


def _results(auth: AuthReport) -> str:
    if not auth.relay:
        return "none looked for: only a relay's Authentication-Results count"
    if not auth.authserv_id:
        return "no Authentication-Results of an id in trust.authserv_ids above the second Received field"
    said = ", ".join(map(_result, auth.results)) or "no result at all"
    return f"{auth.authserv_id} says: {said}"


def _checks(auth: AuthReport) -> str:
    """Return our own results in the form of RFC 8601, each with how it came about."""
    if not auth.checks:
        return "nothing: what was known before was enough, or this mail came in before bccd checked mail"
    return "; ".join(write("bccd", auth.checks).split(";\r\n\t")[1:])


def _result(result: AuthResult) -> str:
    return f"{result.method}={result.result}{f' ({result.domain})' if result.domain else ''}"


def _ids(raw: bytes) -> str:
    """Name whose Authentication-Results the mail carries, from the top, listed or not, forged or not."""
    values = [value for name, value in fields(header_section(raw)) if name == b"authentication-results"]
    found = list(dict.fromkeys(map(_id, values)))
    more = f" and {len(found) - _MOST_IDS} more" if len(found) > _MOST_IDS else ""
    return ", ".join(found[:_MOST_IDS]) + more if found else "no Authentication-Results field"


def _id(value: bytes) -> str:
    field = read(value)
    return field.authserv_id or (_NAMELESS if field.results else _UNSAID)
