"""XFORWARD: what a listed relay tells of the client that it has the mail from (Postfix's XFORWARD_README)."""

import ipaddress
import re
from dataclasses import dataclass

from bccd.model.reply import Reply
from bccd.sources.replies import BAD_PARAMETER

EXTENSION = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"
NO_XFORWARD = Reply(550, "5.7.0", "this command is for listed relays")

_KNOWN = frozenset(EXTENSION.split()[1:])
_UNKNOWN = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})
_ATTRIBUTE = re.compile(r"([A-Za-z]{1,20})=((?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})+)")  # xtext, RFC 3461 4
_HEX = re.compile(r"\+([0-9A-Fa-f]{2})")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Told:
    """What one command says; None: it says nothing of it, "": the relay does not know it."""

    ip: str | None = None
    helo: str | None = None
    ident: str | None = None


def read_xforward(argument: str) -> Told | Reply:
    """Read what follows XFORWARD; return the reply that refuses it where it is wrong.

    Of the attributes ADDR, HELO and IDENT are kept: nothing that is decided here depends on the others, and
    IDENT, the id that the mail has in the relay's log, is for whoever looks for it later.
    """
    found: dict[str, str] = {}
    for word in argument.split():
        attribute = _ATTRIBUTE.fullmatch(word)
        name = attribute[1].upper() if attribute else ""
        if attribute is None or name not in _KNOWN or name in found:
            return BAD_PARAMETER
        value = _HEX.sub(lambda code: chr(int(code[1], 16)), attribute[2])
        found[name] = "" if value.upper() in _UNKNOWN else value
    ip = _ip(found["ADDR"]) if "ADDR" in found else None
    if not found or (ip is None and "ADDR" in found):
        return BAD_PARAMETER
    return Told(ip, *(_visible(found[name]) if name in found else None for name in ("HELO", "IDENT")))


def _ip(text: str) -> str | None:
    """Return an address in its usual form, empty where it is not known, None where it is none."""
    if not text:
        return ""
    try:
        if text[:5].upper() == "IPV6:":
            address = ipaddress.IPv6Address(text[5:])
            return str(address.ipv4_mapped or address)
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def _visible(text: str) -> str:
    return "".join(letter if "!" <= letter <= "~" else "?" for letter in text[:_LONGEST])
