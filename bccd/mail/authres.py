"""Authentication-Results (RFC 8601), read so that what is malformed proves nothing."""

import re
from dataclasses import dataclass

from bccd.mail.addresses import ascii_domain, normalise
from bccd.mail.headers import fields
from bccd.model.auth import AuthResult

_VALUE_CAP = 16 * 1024
_RESULTS_CAP = 100

# Within a comment a quote is a letter like any other (RFC 5322 3.2.2): who may write into one, as envelope
# senders may, must not be able to hide its end.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.|(?!))*+"|[^"()\\;]++|\\.|[();]', re.DOTALL)
_COMMENT = re.compile(rb"[^()\\]++|\\.|[()]", re.DOTALL)
_ID = re.compile(r'\s*("(?:[^"\\]|\\.|(?!))*+"|[^\s";=]+)(?:\s+\d+)?\s*', re.DOTALL)
_METHOD = re.compile(r"\s*([a-z][a-z0-9_-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z][a-z0-9_-]*)(?=\s|\Z)", re.IGNORECASE)
# A property, or what is none: a quoted string is taken as a whole, so that nothing in it looks like one.
_PROPERTY = re.compile(
    r'(?<!\S)([a-z][a-z0-9_-]*)\s*\.\s*([a-z][a-z0-9_-]*)\s*=\s*((?:"(?:[^"\\]|\\.|(?!))*+"|[^\s";])+)'
    r'|"(?:[^"\\]|\\.|(?!))*+"|[^\s"]++',
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

# Which properties say what a method speaks of, the best first (RFC 8601 2.7). For "auth" it is the login
# alone: what else may stand there is the client's own word.
_SUBJECT = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail"),
    "auth": ("smtp.auth",),
    "arc": ("header.oldest-pass", "arc.chain"),
}
# A mail has one verdict of each; a pass in a second, lower field could only be older or forged.
_SINGLE = frozenset({"dmarc", "spf", "arc"})
_AGAINST = frozenset({"fail", "hardfail", "softfail", "permerror", "temperror", "policy"})
# What milters put between the fields of one relay.
_BESIDE = frozenset({b"dkim-filter", b"dmarc-filter", b"received-spf"})


@dataclass(frozen=True, slots=True)
class AuthResHeader:
    """One Authentication-Results field; no id and no results if it is malformed."""

    authserv_id: str  # empty also where there is none, as Microsoft 365 writes it: nobody's word then
    results: tuple[AuthResult, ...] = ()


def read(value: bytes) -> AuthResHeader:
    """Read the value of one field; never raises."""
    parts = _parts(value) if len(value) <= _VALUE_CAP else None
    if not parts:
        return AuthResHeader("")
    first = _ID.fullmatch(parts[0])
    authserv_id = _plain(first[1]).lower() if first else ""
    results: list[AuthResult] = []
    for part in parts[bool(first) :][:_RESULTS_CAP]:
        word = part.strip().lower()
        # Exchange Online says an id again before the verdict on DMARC.
        if (
            word
            and word not in ("none", authserv_id)
            and not (first is None and results and _ID.fullmatch(part))
        ):
            result = _result(part)
            if result is None:
                return AuthResHeader("")
            results.append(result)
    return AuthResHeader(authserv_id, _settled(results))


def _parts(value: bytes) -> list[str] | None:
    """Split at the semicolons that stand outside quotes and comments; None if one of those stays open."""
    parts = [b""]
    depth = at = 0
    while at < len(value):
        found = (_COMMENT if depth else _TOKEN).match(value, at)
        if found is None:
            return None
        at = found.end()
        token = found[0]
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
    if depth:
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
        value = _plain(found[3])
        if properties.setdefault(name, value) != value:
            return None  # two values for one property: nobody knows which was checked
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


def _settled(results: list[AuthResult]) -> tuple[AuthResult, ...]:
    """Take what contradicts itself at its worst.

    Of a method that has one verdict for a mail the first one stands and what speaks against it joins; then no
    pass of the same subject is left, for DMARC none at all. Of DKIM each signature has a result of its own.
    """
    kept: list[AuthResult] = []
    seen: set[tuple[str, bool]] = set()
    for result in results:
        single = (result.method, bool(result.domain))  # SPF may speak of the HELO name beside the sender
        if result.method not in _SINGLE or single not in seen or result.result in _AGAINST:
            kept.append(result)
            seen.add(single)
    denied = {(r.method, r.domain) for r in kept if r.method in _SINGLE and r.result in _AGAINST}
    none_left = any(method == "dmarc" for method, _ in denied)
    return tuple(
        result
        for result in kept
        if result.result != "pass"
        or not ((result.method, result.domain) in denied or (none_left and result.method == "dmarc"))
    )


def trusted_results(header: bytes, ids: frozenset[str]) -> tuple[str, tuple[AuthResult, ...]]:
    """Return (id, results) of the contiguous fields of a configured id above the second Received field.

    A relay adds its fields on top, so what stands lower came with the mail (RFC 8601 5).
    """
    wanted = {known.lower() for known in ids if known}
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
                results += found.results
            elif trusted:
                break
        elif trusted and name not in _BESIDE:
            break
    return trusted, _settled(results)
