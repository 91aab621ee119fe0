"""Links that a mail gateway rewrote, told by their host and undone where the target stands in them.

A target is never more dangerous than what stood there: it is a web address, or the link stays as it is, and
no character of it can end the line, the attribute or the angle brackets that it stands in.
"""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import NamedTuple
from urllib.parse import unquote

_WRAPPED = 5  # gateways one behind the other
_LONGEST = 16_000  # characters of one link

_LINK = re.compile(r"https?://([A-Za-z0-9.-]{4,253})(?::\d{1,5})?[/?][^\s<>\"]*", re.IGNORECASE)
_HOST = re.compile(r"://([A-Za-z0-9.-]{4,253})")
_TAIL = "].,:;!?)}'*_"  # of the sentence, not of a query that goes anyway
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
# What ends a link, or turns the writing round it: C0, space, quotes, angles, back-slash and format controls.
_UNSAFE = re.compile(
    r"[\x00-\x20\"<>\\^`{|}\x7f-\xa0\xad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
    r"\ud800-\udfff]"
)
_RUN = {letter: count for count, letter in enumerate(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 2
)}  # fmt: skip
_ENTITIES = re.compile(r"&(?:amp|#38|#x26);", re.IGNORECASE)


class Undone(NamedTuple):
    """A text with the links as they were sent, and whether a gateway had been at any."""

    text: str
    rewritten: bool


def undone(text: str, *, markup: bool = False) -> Undone:
    """Put the targets in place of links that a gateway rewrote; `markup` says that the text is HTML."""
    if "://" not in text or not _may_hold(text):
        return Undone(text, rewritten=False)
    found = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal found
        if _decoder_of(match[1]) is None:
            return match[0]
        found = True
        link = match[0].rstrip(_TAIL)
        target = _target(_ENTITIES.sub("&", link))
        if not target:
            return match[0]
        return (escape(target) if markup else target) + match[0][len(link) :]

    return Undone(_LINK.sub(replaced, text), rewritten=found)


def _may_hold(text: str) -> bool:
    # A page has hundreds of links, mostly to the same few hosts, and nearly none is a gateway's.
    return any(_decoder_of(host) for host in set(_HOST.findall(text)))


def _target(link: str) -> str:
    """Return what a rewritten link leads to, through all its gateways; empty where it hides that."""
    target = ""
    for _ in range(_WRAPPED):
        match = _LINK.match(target or link)
        decoder = _decoder_of(match[1]) if match else None
        if match is None or decoder is None or len(match[0]) > _LONGEST:
            break
        inner = decoder(target or link)
        inner = _UNSAFE.sub(_encoded, inner.strip()) if inner else ""
        if not _WEB.match(inner):
            break
        target = inner
    return target


def _encoded(match: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "replace"))


def _parameter(*names: str) -> Callable[[str], str]:
    """Make a decoder of links that carry the target as a parameter, percent-encoded."""
    found = re.compile(rf"[?&](?:{'|'.join(names)})=([^&]*)", re.IGNORECASE)

    def decoder(link: str) -> str:
        match = found.search(link)
        return unquote(match[1]) if match else ""

    return decoder


def _proofpoint(link: str) -> str:
    """Undo URL Defense, whose versions differ in the path."""
    if "/v3/" in link:
        return _defense_3(link)
    match = re.search(r"[?&]u=([^&]*)", link)
    if match is None:
        return ""
    return unquote(match[1].replace("-", "%").replace("_", "/") if "/v2/" in link else match[1])


def _defense_3(link: str) -> str:
    """Undo version 3: an asterisk stands for one octet-string character kept behind, `**X` for a run."""
    start, end = link.find("/v3/__"), link.rfind("__;")
    if start < 0 or end < start:
        return ""
    target = unquote(
        re.sub(r"\A([a-z0-9+.-]{1,20}:/)([^/])", r"\1/\2", link[start + 6 : end], flags=re.IGNORECASE)
    )
    kept = link[end + 3 :].partition("!")[0]
    if not kept:
        return target
    try:
        characters = urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()
    except (Error, ValueError):
        return ""
    return _filled(target, characters)


def _filled(target: str, characters: str) -> str:
    out: list[str] = []
    at = used = 0
    while (star := target.find("*", at)) >= 0:
        out.append(target[at:star])
        run = _RUN.get(target[star + 2 : star + 3], 0) if target.startswith("**", star) else 0
        out.append(characters[used : used + (run or 1)])
        used += run or 1
        at = star + (3 if run else 1)
    return "".join((*out, target[at:]))


def _in_path(link: str) -> str:
    """Undo what appends the encoded target to its path (Cisco)."""
    at = link.lower().rfind("/http")
    return unquote(link[at + 1 :]) if at > len("https://") else ""


def _between_marks(link: str) -> str:
    """Undo Check Point, which puts the target between three underscores."""
    _, first, rest = link.partition("___")
    target, second, _ = rest.partition("___")
    if not (first and second):
        return ""
    return target if "://" in target[:8] else unquote(target)


def _sophos(link: str) -> str:
    match = re.search(r"[?&]u=([A-Za-z0-9+/_=%-]*)", link)
    return _base64(match[1]) if match else ""


def _bitdefender(link: str) -> str:
    return _base64(link.partition("/scan/")[2].partition("/")[0])


def _base64(kept: str) -> str:
    kept = unquote(kept).replace("+", "-").replace("/", "_").rstrip("=")
    try:
        return urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()
    except (Error, ValueError):
        return ""


def _hidden(link: str) -> str:
    """Say that the target is known to the gateway alone."""
    del link
    return ""


_URL = _parameter("url")
_U = _parameter("u")

# The end of the host, and what undoes its links. The makers' own pages and public samples of rewritten mail.
_GATEWAYS: dict[str, Callable[[str], str]] = {
    "safelinks.protection.outlook.com": _URL,  # Microsoft, all regions
    "safelinks.protection.outlook.us": _URL,
    "safelinks.protection.office365.us": _URL,
    "safelinks.protection.partner.outlook.cn": _URL,
    "statics.teams.cdn.office.net": _URL,
    "statics.teams.microsoft.com": _URL,
    "urldefense.com": _proofpoint,
    "urldefense.us": _proofpoint,
    "urldefense.proofpoint.com": _proofpoint,
    "linkprotect.cudasvc.com": _parameter("a"),  # Barracuda
    "secure-web.cisco.com": _in_path,
    "protection.sophos.com": _sophos,
    "fireeye.com": _U,
    "fireeye.one": _U,
    "trellix.com": _U,
    "clicktime.symantec.com": _U,
    "clicktime.cloud.postoffice.net": _U,
    "trendmicro.com": _URL,
    "trendmicro.eu": _URL,
    "trendmicro.co.jp": _URL,
    "checkpoint.com": _between_marks,
    "url.avanan.click": _between_marks,
    "fortimailcloud.com": _URL,
    "linklock.titanhq.com": _URL,
    "urlsand.esvalabs.com": _U,
    "urlsand.com": _U,
    "link.edgepilot.com": _U,
    "linkscan.io": _parameter("url", "u"),
    "lsems.gravityzone.bitdefender.com": _bitdefender,
    "content.exclaimer.net": _URL,  # links of signatures, counted
    "mimecast.com": _hidden,
    "mimecastprotect.com": _hidden,
    "url.emailprotection.link": _hidden,
    "atpscan.global.hornetsecurity.com": _hidden,
    "mailanyone.net": _hidden,
    "zixcentral.com": _hidden,
}
# Below these a maker has pages of his own as well: only such hosts rewrite.
_ONLY_IF = {
    "fireeye.com": ("protect",),
    "fireeye.one": ("protect",),
    "trellix.com": ("protect",),
    "trendmicro.com": ("ctp", "wis", "ca-", "hesurl", "tmes"),
    "trendmicro.eu": ("ctp", "wis", "ca-", "tmes"),
    "trendmicro.co.jp": ("ctp", "wis", "ca-", "tmes"),
    "checkpoint.com": ("protect",),
    "mimecast.com": ("protect", "url"),
    "mailanyone.net": ("url",),
    "zixcentral.com": ("link",),
}
_MOST_LABELS = 5


@lru_cache(maxsize=512)  # mail leads to the same few hosts
def _decoder_of(host: str) -> Callable[[str], str] | None:
    labels = host.lower().rstrip(".").split(".")
    for count in range(2, min(_MOST_LABELS, len(labels)) + 1):
        end = ".".join(labels[-count:])
        decoder = _GATEWAYS.get(end)
        if decoder:
            wanted = _ONLY_IF.get(end, ("",))
            first = ".".join(labels[:-count])
            return decoder if any(sign in first for sign in wanted) else None
    return None
