"""Mails by which a provider asks whether it may forward to us: recognised by sender and form, not by words.

Gmail writes in the language of whoever set it up, so no sentence is looked for: only the sender, the number
in the subject or behind a colon, and the link to the provider's own host. A link by which forwarding is
cancelled is never taken.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bccd.mail.addresses import domain_of, normalise
from bccd.model.message import Content

_TEXT_READ = 20_000  # characters
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_NUMBER_IN_SUBJECT = re.compile(r"[(\[（【][^()\[\]（）【】]{0,12}?([0-9]{6,12})[)\]）】]")
_NUMBER_ALONE = re.compile(r"[:：]\s*([0-9]{4,12})(?!\S)|^\s*([0-9]{4,12})\s*$", re.MULTILINE)
_LINK = re.compile(r"https://[^\s<>\"'()]+")
_SPOKEN = (".", ",", ";", "!", "。")  # what may stand behind a link and is none of it


@dataclass(frozen=True, slots=True)
class _Provider:
    """A provider that asks first, and how its question is known."""

    name: str
    sender: re.Pattern[str]  # the whole address in From
    link: re.Pattern[str]  # a link that says yes


_PROVIDERS = (
    _Provider(
        "Gmail",
        re.compile(r"(?:forwarding-noreply|mail-noreply)@google\.com"),
        re.compile(r"https://mail(?:-settings)?\.google\.com/mail/(?:[^/\s]+/)*vf-\S+"),
    ),
    _Provider(
        "Microsoft",
        re.compile(
            r"(?:account-security-noreply@accountprotection|(?:no-?reply|postmaster)@(?:[a-z-]+\.)*)"
            r"\.?(?:microsoft|outlook|office365|hotmail|live)\.com"
        ),
        re.compile(r"https://(?:[a-z0-9-]+\.)*(?:live|microsoft|outlook|office|office365)\.com/\S+"),
    ),
    _Provider(
        "Yahoo",
        re.compile(r"(?:no-?reply|mail-?forwarding)@(?:[a-z-]+\.)*yahoo(?:-inc|mail)?\.com"),
        re.compile(r"https://(?:[a-z0-9-]+\.)*yahoo\.com/\S+"),
    ),
    _Provider(
        "Apple",
        re.compile(r"(?:no-?reply|noreply)@(?:[a-z-]+\.)*(?:apple|icloud)\.com"),
        re.compile(r"https://(?:[a-z0-9-]+\.)*(?:apple|icloud)\.com/\S+"),
    ),
    _Provider(
        "Fastmail",
        re.compile(r"(?:no-?reply|support)@(?:[a-z-]+\.)*(?:fastmail|fastmailteam|messagingengine)\.com"),
        re.compile(r"https://(?:[a-z0-9-]+\.)*fastmail\.com/\S+"),
    ),
    _Provider(
        "Zoho",
        re.compile(r"no-?reply@(?:[a-z-]+\.)*zoho(?:mail|accounts)?\.(?:com|eu|in)"),
        re.compile(r"https://(?:[a-z0-9-]+\.)*zoho\.(?:com|eu|in)/\S+"),
    ),
)
_NO = re.compile(r"/uf-|cancel|unsubscribe|revoke|report-?abuse", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a provider asks: who wants to forward to us, and by which number or link that is allowed."""

    provider: str
    accounts: tuple[str, ...]  # normalised, those that the mail names, without our own and the provider's
    code: str  # digits; may be empty where there is a link
    link: str


def asks_from(address: str) -> str:
    """Return the provider that asks from this normalised address; empty where it is nobody's."""
    return next((known.name for known in _PROVIDERS if known.sender.fullmatch(address)), "")


def confirmation(content: Content, ours: Iterable[str] = ()) -> Confirmation | None:
    """Read a provider's question; None where the mail is none, or says neither a number nor a link.

    Whether the provider wrote it is for others to prove. `ours` are domains whose addresses are no accounts.
    """
    sender = content.sender.address if content.sender else ""
    provider = next((known for known in _PROVIDERS if known.sender.fullmatch(sender)), None)
    if provider is None:
        return None
    text = content.text[:_TEXT_READ]
    code, link = _code(content.subject, text), _link(provider, text)
    if not code and not link:
        return None
    own = {domain_of(sender), *ours}
    named = _accounts(content.subject, own) or _accounts(text, own)
    return Confirmation(provider.name, named, code, link)


def _code(subject: str, text: str) -> str:
    found = _NUMBER_IN_SUBJECT.search(subject)
    if found:
        return found[1]
    behind = _NUMBER_ALONE.search(text)
    return (behind[1] or behind[2]) if behind else ""


def _link(provider: _Provider, text: str) -> str:
    for found in _LINK.finditer(text):
        link = found[0]
        while link.endswith(_SPOKEN):
            link = link[:-1]
        if provider.link.fullmatch(link) and not _NO.search(link):
            return link
    return ""


def _accounts(text: str, own: set[str]) -> tuple[str, ...]:
    found = (normalise(match[0].rstrip(".-")) for match in _ADDRESS.finditer(text))
    return tuple(dict.fromkeys(it for it in found if it and domain_of(it) not in own))
