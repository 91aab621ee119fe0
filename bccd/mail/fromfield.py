"""The one reader of From that grants identity: over raw octets, exact, and in doubt it refuses.

Its answer serves the look-up of the user, the alignment with the domain, and display alike: two readers that
understood a From differently would be the hole ("Composition Kills", USENIX Security 2020).
"""

import re
import unicodedata
from functools import lru_cache

import idna
from msgspec import Struct

from bccd.mail.addresses import display_name
from bccd.mail.headers import has_bare_line_ends

_VALUE_CAP = 8 * 1024
_LOCAL_CAP = 64
_DOMAIN_CAP = 253
_ADDRESS_CAP = 254  # RFC 5321 4.5.3.1.3, less the angle brackets

_FIELDS = re.compile(rb"(?:(?:[!-9;-~]++[ \t]*+:[^\n]*+|\r)\n|(?!))*+")  # unfolded, and empty lines
_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_LABEL = rb"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]*[A-Za-z0-9\x80-\xff])?"
_DOMAIN = _LABEL + rb"(?:\." + _LABEL + rb")+"
_ADDRESS = re.compile(rb"(" + _ATEXT + rb"++(?:\." + _ATEXT + rb"++|(?!))*+)@(" + _DOMAIN + rb")")
_TOKEN = re.compile(
    rb"""
    (?P<space>[ \t]++)
    | (?P<quoted>"(?:[^"\\\x00-\x08\x0a-\x1f]|\\[\x20-\x7e]|(?!))*+")
    | (?P<comment>\((?:[^()\\]|\\.|(?!))*+\))
    | (?P<angle><[^<>]*+>)
    | (?P<word>[^\s"(),:;<>\\]++)
    """,
    re.VERBOSE,
)
# What nearly all mail has: a name of letters that mean nothing else, and one address. What is below finds the
# same in it; to take it apart there was half of the time that a From takes.
_COMMON = re.compile(rb"""(?:"([A-Za-z0-9 .,'-]*+)"|([A-Za-z0-9 .'-]*+))[ ]*+<([^<>]*+)>""")
_ASCII_LABELS = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)")
# Tried only where a word begins: a long one without a sign would be gone through from each of its letters.
_NAMED = re.compile(r"(?<![^\s<>\"(),:;@])[^\s<>\"(),:;@]++@[^\s<>\"(),:;@]++")


class StrictFrom(Struct, frozen=True):
    """The address in normal form, or the defect for which there is none."""

    address: str
    name: str
    defect: str


class _RefusedError(Exception):
    """Carries a defect to strict_from()."""


def strict_from(header: bytes) -> StrictFrom:
    """Read the From field of a header section; the address is empty exactly when `defect` says why."""
    return strict_mailbox(header, b"from")


def strict_mailbox(header: bytes, field: bytes) -> StrictFrom:
    """Read a field that must hold one mailbox as exactly as From; `field` is its name in lower case."""
    try:
        value = _the_value(header, field)
        name, address = _mailbox(value)
        return StrictFrom(address, name, "")
    except _RefusedError as refused:
        return StrictFrom("", "", str(refused))


def _the_value(header: bytes, wanted: bytes) -> bytes:
    """Return the unfolded value of the only such field, in a section that nobody can read otherwise."""
    if b"\0" in header or has_bare_line_ends(header):
        raise _RefusedError("control")
    lines = b"\n" + header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t") + b"\r\n"
    end = _FIELDS.match(lines, 1).end()  # type: ignore[union-attr]  # it matches nothing, too
    found: list[tuple[bytes, bytes]] = _field(wanted).findall(lines, 0, end)
    if any(blank for blank, _ in found):
        raise _RefusedError("space_before_colon")
    if end < len(lines):
        # Some readers end the section here, some go on: they would see different fields.
        raise _RefusedError("malformed_header")
    if len(found) != 1:
        raise _RefusedError(f"{'many' if found else 'no'}_{wanted.decode()}")
    value = found[0][1].strip(b" \t")
    if len(value) > _VALUE_CAP:
        raise _RefusedError("too_long")
    if not value:
        raise _RefusedError("empty")
    return value


@lru_cache(maxsize=16)
def _field(name: bytes) -> re.Pattern[bytes]:
    """Return what finds a field by its name: the blanks before the colon, the value."""
    return re.compile(rb"\n" + re.escape(name) + rb"([ \t]*+):([^\r\n]*+)", re.IGNORECASE)


def _mailbox(value: bytes) -> tuple[str, str]:
    """Return (display name, normal address) of a value that is exactly one mailbox (RFC 5322 3.4)."""
    if common := _COMMON.fullmatch(value):
        return " ".join((common[1] or common[2] or b"").decode("ascii").split()), _address(common[3])
    tokens = _tokens(value)
    angles = [index for index, (kind, _) in enumerate(tokens) if kind == "angle"]
    if len(angles) > 1:
        raise _RefusedError("many_addresses")
    if angles:
        before, after = tokens[: angles[0]], tokens[angles[0] + 1 :]
        if any(kind != "comment" for kind, _ in after):
            raise _RefusedError("text_after_address")
        address = _address(tokens[angles[0]][1][1:-1])
        _check_name(before, address)
    else:
        words = [token for kind, token in tokens if kind != "comment"]
        if len(words) != 1:
            raise _RefusedError("many_addresses" if value.count(b"@") > 1 else "bad_address")
        before, address = [], _address(words[0])
    comments = b" ".join(token[1:-1] for kind, token in tokens if kind == "comment")
    _check_comments(tokens, address)
    shown = b" ".join(token for kind, token in before if kind != "comment")
    return _name(shown) or _name(comments), address


def _name(raw: bytes) -> str:
    name = display_name(raw)
    if name.isprintable():
        return name
    return "".join(char for char in name if unicodedata.category(char)[0] != "C")


def _tokens(value: bytes) -> list[tuple[str, bytes]]:
    """Split a value into (kind, octets), white space left out."""
    tokens = []
    at = 0
    while at < len(value):
        match = _TOKEN.match(value, at)
        if match is None:
            raise _RefusedError(_defect_of(value, at))
        if match.lastgroup != "space":
            tokens.append((str(match.lastgroup), match[0]))
        at = match.end()
    return tokens


def _defect_of(value: bytes, at: int) -> str:
    """Name what cannot stand at this place."""
    match value[at : at + 1]:
        case b",":
            return "many_addresses"
        case b":" | b";":
            return "group"
        case _:
            return "bad_syntax"


def _address(raw: bytes) -> str:
    """Return the normal form of an addr-spec that is a dot-atom at a domain of letters, digits, hyphens."""
    if raw[:1] == b"@" or b"," in raw or b":" in raw:
        raise _RefusedError("route")
    if b"=?" in raw and b"?=" in raw:
        raise _RefusedError("encoded_address")
    match = _ADDRESS.fullmatch(raw)
    if match is None or len(raw) > _ADDRESS_CAP or len(match[1]) > _LOCAL_CAP:
        raise _RefusedError("bad_address")
    local, domain = match[1], match[2]
    return f"{_local(local)}@{_domain(domain)}"


def _local(octets: bytes) -> str:
    """Return a local part casefolded; beyond ASCII only letters, marks and digits in their normal form."""
    if octets.isascii():
        return octets.decode("ascii").lower()
    local = _utf8(octets)
    folded = local.casefold()
    # A sign that folds into ASCII (the Kelvin sign) would make two mailboxes one.
    if not unicodedata.is_normalized("NFKC", local) or folded.isascii():
        raise _RefusedError("bad_address")
    if any(not char.isascii() and unicodedata.category(char)[0] not in "LMN" for char in local):
        raise _RefusedError("bad_address")
    return unicodedata.normalize("NFC", folded)


def _domain(octets: bytes) -> str:
    """Return a domain as lower-case A-labels; U-labels must be in the form of IDNA (RFC 5891)."""
    if octets.isascii():
        domain = octets.decode("ascii").lower()
    else:
        try:
            domain = idna.encode(_utf8(octets).lower()).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise _RefusedError("bad_address") from error
    if len(domain) > _DOMAIN_CAP or not _ASCII_LABELS.fullmatch(domain):
        raise _RefusedError("bad_address")
    return domain


def _utf8(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _RefusedError("bad_address") from error


def _check_name(before: list[tuple[str, bytes]], address: str) -> None:
    """Refuse a display name that shows another address outside quotes: a careless reader takes that one."""
    loose = b" ".join(token for kind, token in before if kind == "word")
    if b"@" not in loose and b"=?" not in loose:
        return
    for text in (loose.decode("utf-8", "replace"), display_name(loose)):
        named = _NAMED.findall(text)
        if any(other.lower() != address for other in named) or text.count("@") > len(named):
            raise _RefusedError("address_in_name")


def _check_comments(tokens: list[tuple[str, bytes]], address: str) -> None:
    for kind, token in tokens:
        if kind == "comment" and b"@" in token and token[1:-1].strip().lower() != address.encode():
            raise _RefusedError("address_in_name")
