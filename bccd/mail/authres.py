"""Authentication-Results (RFC 8601), read so that what is malformed proves nothing."""

import re
from dataclasses import dataclass

from bccd.mail.addresses import ascii_domain, normalise
from bccd.mail.headers import fields
from bccd.model.auth import AuthResult

_VALUE_CAP = 16 * 1024
_RESULTS_CAP = 100

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.|(?!))*+"|[^"()\\;]++|\\.|[();]', re.DOTALL)
_ID = re.compile(r'\s*("(?:[^"\\]|\\.|(?!))*+"|[^\s";=]+)(?:\s+\d+)?\s*', re.DOTALL)
_METHOD = re.compile(r"\s*([a-z][a-z0-9_-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z][a-z0-9_-]*)(?=\s|\Z)", re.IGNORECASE)
# A property, or what is none: a quoted string is taken as a whole, so that nothing in it looks like one.
_PROPERTY = re.compile(
    r'(?<!\S)([a-z][a-z0-9_-]*)\s*\.\s*([a-z][a-z0-9_-]*)\s*=\s*((?:"(?:[^"\\]|\\.|(?!))*+"|[^\s";])+)'
    r'|"(?:[^"\\]|\\.|(?!))*+"|[^\s"]++',
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

# Which properties say what a method speaks of, the best first (RFC 8601 2.7).
_SUBJECT = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail"),
    "auth": ("smtp.auth", "smtp.mailfrom"),
    "arc": ("header.oldest-pass", "arc.chain"),
}
# A mail has one verdict of each; a second, lower field could only be older or forged.
_SINGLE = frozenset({"dmarc", "spf", "arc"})


@dataclass(frozen=True, slots=True)
class AuthResHeader:
    """One Authentication-Results field; no id and no results if it is malformed."""

    authserv_id: str
    results: tuple[AuthResult, ...] = ()


def read(value: bytes) -> AuthResHeader:
    """Read the value of one field."""
    parts = _parts(value) if len(value) <= _VALUE_CAP else None
    if not parts:
        return AuthResHeader("")
    first = _ID.fullmatch(parts[0])
    if first is None:
        return AuthResHeader("")
    results = []
    for part in parts[1 : _RESULTS_CAP + 1]:
        if part.strip() and part.strip().lower() != "none":
            result = _result(part)
            if result is None:
                return AuthResHeader("")
            results.append(result)
    return AuthResHeader(_plain(first[1]).lower(), tuple(results))


def _parts(value: bytes) -> list[str] | None:
    """Split at the semicolons that stand outside quotes and comments; None if one of those stays open."""
    parts = [b""]
    depth = 0
    end = 0
    for match in _TOKEN.finditer(value):
        if match.start() != end:
            return None
        end = match.end()
        token = match[0]
        if token == b"(":
            depth += 1
        elif token == b")":
            depth -= 1
            parts[-1] += b" "
            if depth < 0:
                return None
        elif not depth:
            if token == b";":
                parts.append(b"")
            else:
                parts[-1] += token
    if depth or end != len(value):
        return None
    try:
        return [part.decode("utf-8") for part in parts]
    except UnicodeDecodeError:
        return None


def _result(part: str) -> AuthResult | None:
    """Return what one "method=result" with its properties says."""
    match = _METHOD.match(part)
    if match is None:
        return None
    method = match[1].lower()
    properties: dict[str, str] = {}
    for found in _PROPERTY.finditer(part, match.end()):
        if found[1] is None:
            continue
        name = f"{found[1]}.{found[2]}".lower()
        if name in properties:
            return None  # two values for one property: nobody knows which was checked
        properties[name] = _plain(found[3])
    about = next((properties[name] for name in _SUBJECT.get(method, ()) if name in properties), "")
    return AuthResult(method, match[2].lower(), _subject(about))


def _plain(value: str) -> str:
    """Take quotes off, of a part of the value too: "a b"@c.example."""
    if '"' not in value:
        return value
    return _ESCAPED.sub(r"\1", value.replace('\\"', "").replace('"', ""))


def _subject(value: str) -> str:
    """Return an address or domain in normal form, empty for anything else; "@d" is the domain d."""
    value = value.removeprefix("@")
    return normalise(value) if "@" in value else ascii_domain(value)


def _add_results(results: list[AuthResult], more: tuple[AuthResult, ...]) -> None:
    seen = {result.method for result in results}
    for result in more:
        if result.method not in seen or result.method not in _SINGLE:
            results.append(result)
            seen.add(result.method)


def trusted_results(header: bytes, ids: frozenset[str]) -> tuple[str, tuple[AuthResult, ...]]:
    """Return (id, results) of the contiguous fields of a configured id above the second Received field.

    A relay adds its fields on top, so what stands lower came with the mail (RFC 8601 5).
    """
    wanted = {known.lower() for known in ids}
    trusted = ""
    results: list[AuthResult] = []
    received = 0
    for name, value in fields(header):
        if name == b"received":
            received += 1
            if trusted or received > 1:
                break
        elif name == b"authentication-results":
            found = read(value)
            if found.authserv_id in wanted and trusted in ("", found.authserv_id):
                trusted = found.authserv_id
                _add_results(results, found.results)
            elif trusted:
                break
        elif trusted:
            break
    return trusted, tuple(results)
