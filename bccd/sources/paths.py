"""MAIL and RCPT arguments, read strictly (RFC 5321 4.1.2, 6531 3.3; parameters: 1870, 3461, 4954, 6152)."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bccd.model.reply import TOO_BIG, Reply
from bccd.sources.replies import (
    BAD_PARAMETER,
    BAD_RECIPIENT,
    BAD_SENDER,
    UNKNOWN_PARAMETER,
    UTF8_RECIPIENT,
    UTF8_SENDER,
)

# RFC 5321 4.5.3.1 asks for 64 and 256 at least; rewritten bounce addresses (SRS, VERP) are longer than that.
MAX_LOCAL = 255
MAX_DOMAIN = 255

# Each class names what it leaves out of ASCII and takes the rest of Unicode, which is compiled at once.
_ATOM = r'[^\x00-\x20"(),.:;<>@\[\\\]\x7f]+'
_LETTERS = r"[^\x00-/:-@\[-`{-\x7f]+"
_LABEL = rf"{_LETTERS}(?:-+{_LETTERS})*"
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED = r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"'
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL = r"\[[0-9A-Za-z.:]+\]"
_ROUTE = rf"@{_DOMAIN}(?:,@{_DOMAIN})*:"  # RFC 5321 4.1.1.3: accepted and ignored
_MAILBOX = rf"(?P<local>{_DOT_STRING}|{_QUOTED})@(?P<domain>{_DOMAIN}|{_LITERAL})"

# Spaces after the colon are against the grammar, and every other server lets them pass.
_FROM = re.compile(rf"(?i:FROM): *<(?:(?:{_ROUTE})?{_MAILBOX})?>(?P<rest>(?: .*)?)", re.DOTALL)
_TO = re.compile(
    rf"(?i:TO): *<(?:(?P<postmaster>(?i:postmaster))|(?:{_ROUTE})?{_MAILBOX})>(?P<rest>(?: .*)?)", re.DOTALL
)
_DOT_ATOM = re.compile(_DOT_STRING)
_XTEXT = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+"  # RFC 3461 4

_MAIL_PARAMETERS: Mapping[str, re.Pattern[str]] = {
    "SIZE": re.compile(r"[0-9]{1,20}"),
    "BODY": re.compile(r"7BIT|8BITMIME", re.IGNORECASE),
    "SMTPUTF8": re.compile(r""),
    "AUTH": re.compile(rf"<>|{_XTEXT}"),  # RFC 4954 5; it proves nothing, so it is not kept
    "RET": re.compile(r"FULL|HDRS", re.IGNORECASE),
    "ENVID": re.compile(_XTEXT),
}
_NOTICE = "(?:SUCCESS|FAILURE|DELAY)"
_RCPT_PARAMETERS: Mapping[str, re.Pattern[str]] = {
    "NOTIFY": re.compile(rf"NEVER|{_NOTICE}(?:,{_NOTICE})*", re.IGNORECASE),
    "ORCPT": re.compile(r"[A-Za-z0-9-]+;[^\x00-\x20\x7f]+"),  # xtext, or a form of RFC 6533 3
}


@dataclass(frozen=True, slots=True)
class MailFrom:
    """A MAIL command: the address as given, empty for the null sender, and what its parameters ask for."""

    address: str
    utf8: bool = False
    size: int = 0  # octets, as the peer says; 0 where it does not


def read_mail(argument: str, *, extended: bool, max_size: int) -> MailFrom | Reply:
    """Read what follows MAIL; return the reply that refuses it where it is wrong."""
    found = _FROM.fullmatch(argument)
    if found is None:
        return BAD_SENDER
    address = _address(found)
    if address is None:
        return BAD_SENDER
    parameters = _parameters(found["rest"], _MAIL_PARAMETERS if extended else {})
    if isinstance(parameters, Reply):
        return parameters
    utf8 = "SMTPUTF8" in parameters
    if not (utf8 or address.isascii()):
        return UTF8_SENDER
    size = int(parameters.get("SIZE", "0"))
    return TOO_BIG if size > max_size else MailFrom(address, utf8, size)


def sender_named(argument: str) -> str:
    """Return the address that a MAIL command names, whatever else is wrong; "" where it names none."""
    found = _FROM.fullmatch(argument)
    return (_address(found) or "") if found is not None else ""


def read_rcpt(argument: str, *, extended: bool, utf8: bool) -> str | Reply:
    """Read what follows RCPT into the recipient's address; return the reply that refuses it otherwise."""
    found = _TO.fullmatch(argument)
    if found is None:
        return BAD_RECIPIENT
    address = "postmaster" if found["postmaster"] else _address(found)
    if not address:
        return BAD_RECIPIENT
    parameters = _parameters(found["rest"], _RCPT_PARAMETERS if extended else {})
    if isinstance(parameters, Reply):
        return parameters
    if not (utf8 or address.isascii()):
        return UTF8_RECIPIENT
    return address


def _address(found: re.Match[str]) -> str | None:
    """Put the mailbox together without needless quotes; "" for the null path, None where it is no address."""
    local, domain = found["local"], found["domain"]
    if local is None:
        return ""
    if local[0] == '"':
        plain = re.sub(r"\\(.)", r"\1", local[1:-1])
        local = plain if _DOT_ATOM.fullmatch(plain) else local
    if _octets(local) > MAX_LOCAL or _octets(domain) > MAX_DOMAIN:
        return None
    if domain[0] == "[" and not _is_literal(domain[1:-1]):
        return None
    address = f"{local}@{domain}"
    # Not printable: octets that are no UTF-8, controls, line separators, invisible marks of direction.
    return address if address.isprintable() else None


def _octets(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _is_literal(text: str) -> bool:
    """Tell whether this is what may stand in an address literal (RFC 5321 4.1.3)."""
    try:
        if text[:5].upper() == "IPV6:":
            ipaddress.IPv6Address(text[5:])
        else:
            ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _parameters(rest: str, known: Mapping[str, re.Pattern[str]]) -> dict[str, str] | Reply:
    """Read parameters, each of which may stand once and must be known."""
    parameters: dict[str, str] = {}
    for word in rest.split():
        keyword, equals, value = word.partition("=")
        keyword = keyword.upper()
        grammar = known.get(keyword)
        if grammar is None:
            return UNKNOWN_PARAMETER
        if keyword in parameters or bool(equals) != bool(value) or not grammar.fullmatch(value):
            return BAD_PARAMETER
        parameters[keyword] = value
    return parameters
