"""Address lists (RFC 5322 3.4), read tolerantly, and the one normal form of an address."""

import re
import unicodedata

import idna

from bccd.mail.charset import decode
from bccd.mail.words import unquoted, unstructured
from bccd.model.message import Mailbox

ADDRESSES_CAP = 5_000
_ADDRESS_CAP = 320  # 64 + "@" + 255, RFC 3696 3
_DOMAIN_CAP = 253

_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_MAILTO_IN = 100  # octets before a colon in which "mailto" is looked for
_MAILTO = re.compile(rb"\[?mailto:\Z", re.IGNORECASE)
_QUOTED_STRING = re.compile(rb'"(?:[^"\\]|\\.|(?!))*+"', re.DOTALL)
_QUOTED = re.compile(r"(['\"])(.+)\1", re.DOTALL)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
_LIST_TOKEN = re.compile(
    rb"""
    "(?:[^"\\]|\\.|(?!))*+"                                    # quoted-string
    | \((?:[^()\\]|\\.|\((?:[^()\\]|\\.|(?!))*+\)|(?!))*+\)         # comment, nested once
    | <[^<>]*+>                                           # angle-addr
    | [,;:]
    | [^",;:(<\\]++
    | \\.
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
# What nearly all lists are made of: a name of plain letters, quoted or not, and an address in angles, or an
# address alone. Each alternative is told by its first octet or its last, so that nothing is tried twice.
_COMMON_BOX = rb"""
    [ \t]*+ (?:
        (?:"([^"\\<>@=\x80-\xff]*+)"[ \t]*+ | ([^"\\<>@,;:()=\x80-\xff]*+))
        <([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]++@[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++|(?!))*+)>
      | ([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]++@[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++|(?!))*+)
    ) [ \t]*+
"""
_COMMON_BOXES = re.compile(_COMMON_BOX + rb"(?:,|\Z)", re.VERBOSE)
_WORD_OR_QUOTE = re.compile(rb"[^\s<>,;:\"()\[\]]++|\"")
_QUOTE = 0x22
_NAME_ENDS = b"<>,; \t\r\n"  # what a list that is out of order leaves round a name


def domain_of(address: str) -> str:
    """Return what stands after the last "@", empty where there is none."""
    return address.rpartition("@")[2] if "@" in address else ""


def ascii_domain(domain: str) -> str:
    """Return a domain as lower-case A-labels (RFC 5891), empty where it cannot be one."""
    domain = domain.strip().rstrip(".")
    if not domain or len(domain) > _DOMAIN_CAP:
        return ""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True, std3_rules=False).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    domain = domain.lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


def normalise(address: str) -> str:
    """Return the form in which addresses are compared, empty where it is unusable as one."""
    address = address.strip()
    if len(address) > _ADDRESS_CAP:
        return ""
    if _PLAIN.fullmatch(address):
        return address.lower()
    address = "".join(char for char in address if unicodedata.category(char) not in _UNSEEN)
    address = address.removeprefix("<").removesuffix(">")
    # Quotes round the whole, as in 'a@b' of a careless address book.
    while quoted := _QUOTED.fullmatch(address):
        address = quoted[2]
    local, at, domain = address.rpartition("@")
    if (quoted := _QUOTED.fullmatch(local)) and quoted[1] == '"':
        local = quoted[2].replace("\\", "")
    domain = ascii_domain(domain)
    if not at or not local or not domain or "@" in local or "<" in local or ">" in local:
        return ""
    return f"{unicodedata.normalize('NFC', local.casefold())}@{domain}"


def mailboxes(value: bytes | str, hint: str = "") -> tuple[Mailbox, ...]:
    """Return the mailboxes of a list, groups opened; "," and ";" part them, and a mere name is one too."""
    if not value:
        return ()
    octets = value.encode("utf-8", "replace") if isinstance(value, str) else value
    common = _common_mailboxes(octets)
    if common is not None:
        return common
    reader = _ListReader(octets, hint)
    for match in _LIST_TOKEN.finditer(octets):
        reader.take(match[0], match.start())
        if len(reader.found) >= ADDRESSES_CAP:
            break
    else:
        reader.finish(len(octets), last=True)
    if b"=?" in octets and not any(one.address for one in reader.found):
        # Some encode a name and the address behind it as one word.
        words = unstructured(octets, hint)
        if "@" in words and "=?" not in words:
            return mailboxes(words) or tuple(reader.found)
    return tuple(reader.found)


def _common_mailboxes(octets: bytes) -> tuple[Mailbox, ...] | None:
    """Return the mailboxes of a list that needs no tolerance; None for any other."""
    found: list[Mailbox] = []
    end = 0
    while match := _COMMON_BOXES.match(octets, end):
        quoted, name, angle, bare = match.groups()
        address = angle or bare
        if len(address) > _ADDRESS_CAP:
            return None
        shown = " ".join((quoted or name or b"").decode("ascii").split())
        if not shown.isprintable():
            return None
        found.append(Mailbox(shown, address.decode("ascii").lower()))
        end = match.end()
        if len(found) >= ADDRESSES_CAP:
            return tuple(found)
    return tuple(found) if end == len(octets) and octets[-1:] != b"," else None


class _ListReader:
    """Collects one list, token after token."""

    def __init__(self, octets: bytes, hint: str) -> None:
        self.found: list[Mailbox] = []
        self._octets = octets
        self._hint = hint
        self._start = 0  # of the mailbox being read, with names carried over a comma
        self._bare_from = 0  # of what stands after that comma
        self._angle = b""
        self._name_end = 0
        self._comment = b""
        self._sign = -1  # of the first "@" behind `_start`, or the end, once that was asked

    def take(self, token: bytes, at: int) -> None:
        """Look at one token that begins at offset `at`."""
        first = token[:1]
        if first in (b",", b";"):
            self.finish(at, last=first == b";")
        elif first == b":" and not self._angle:
            self._group(at)
        elif first == b"<" and len(token) > 1:
            if self._angle.lower() == token.lower():
                return
            if b"@" in self._angle and b"@" in token:
                # A comma is missing: what stood before is a mailbox of its own.
                self._add(self._octets[self._start : self._name_end], self._angle[1:-1])
                self._restart(self._name_end + len(self._angle))
            if b"@" in token or not self._angle:
                self._angle, self._name_end = token, at
        elif first == b"(" and len(token) > 1:
            self._comment = token[1:-1]

    def _group(self, at: int) -> None:
        """Drop a group's name, which ends here (RFC 5322 3.4)."""
        if self._sign < self._start:
            found = self._octets.find(b"@", self._start)
            self._sign = found if found >= 0 else len(self._octets)
        name_end = self._octets[max(self._start, at - _MAILTO_IN) : at].rstrip().lower()
        if self._sign >= at and not name_end.endswith(b"mailto"):
            self._restart(at + 1)

    def _restart(self, at: int) -> None:
        self._start = self._bare_from = at
        self._angle = self._comment = b""
        self._name_end = 0

    def finish(self, end: int, *, last: bool) -> None:
        """Close the mailbox that ends before `end`; `last` tells that no comma of a name may follow."""
        if b"@" in self._angle:
            self._add(self._octets[self._start : self._name_end], self._angle[1:-1])
        else:
            found = _bare_address(self._octets, self._bare_from, end)
            if found:
                self._add_bare(*found)
            elif self._angle:
                self._add(self._octets[self._start : self._name_end], self._angle[1:-1])
            elif not last:
                # "Miller, Hans <h@e.example>": the first half of a name, which goes on after the comma.
                self._bare_from = end + 1
                return
            else:
                self._add_name(self._octets[self._start : end])
        self._restart(end + 1)

    def _add_bare(self, start: int, end: int) -> None:
        if self._bare_from > self._start:
            self._add_name(self._octets[self._start : self._bare_from - 1])
        before = self._octets[self._bare_from : start].strip()
        name = self._comment or before.partition(b"(")[0]
        self._add(_MAILTO.sub(b"", name), self._octets[start:end])

    def _add(self, name: bytes, address: bytes) -> None:
        text = decode(address.strip(), "", self._hint)
        if text[:7].lower() == "mailto:":
            text = text[7:]
        if text[:1] == "@":
            text = text.rpartition(":")[2]  # a route (RFC 5322 4.4)
        normal = normalise(text)
        name = name.strip(_NAME_ENDS)
        if name[:1] == b"(" and name[-1:] == b")":
            name = b""  # a comment alone
        shown = display_name(name or self._comment, self._hint)
        if normal or any(char.isalnum() for char in shown):
            self.found.append(Mailbox(shown, normal))

    def _add_name(self, name: bytes) -> None:
        shown = display_name(name.strip(_NAME_ENDS), self._hint)
        if any(char.isalnum() for char in shown):
            self.found.append(Mailbox(shown, ""))


def _bare_address(octets: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Return where the first word with an "@" in it begins and ends; None where there is none.

    A quoted string right before the "@" belongs to it. Strings are gone through once: of all quotes up to the
    one that ends a string, each would be ended by that very one.
    """
    closed = start  # behind the last string; beyond `end` where no quote is ever closed
    at = start
    while word := _WORD_OR_QUOTE.search(octets, at, end):
        first, at = word.span()
        if octets[first] == _QUOTE:
            if first >= closed - 1:
                string = _QUOTED_STRING.match(octets, first, end)
                closed = string.end() if string else end + 2
            if octets[closed : closed + 1] != b"@" or closed >= end:
                continue
            at = _WORD_OR_QUOTE.match(octets, closed, end).end()  # type: ignore[union-attr]  # it is a word
        if octets.find(b"@", first + 1, at - 1) >= 0:
            return first, at
    return None


def display_name(raw: bytes, hint: str = "") -> str:
    """Return a display name as text: quotes taken off, encoded words read, white space single."""
    raw = raw.strip()
    if raw[:1] == b'"' and (raw.find(b'"', 1) < 0 or _QUOTED_STRING.fullmatch(raw)):
        return " ".join(unstructured(unquoted(raw), hint).split())
    if b'"' in raw:
        raw = raw.replace(b'\\"', b"").replace(b'"', b"")
    if b"\\" in raw:
        raw = raw.replace(b"\\", b"")
    return " ".join(unstructured(raw, hint).split())
