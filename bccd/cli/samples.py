"""The demo's sample mails: templates of bccd/_demo with recent dates, sent through real SMTP."""

import re
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.header import Header
from email.utils import format_datetime
from pathlib import Path

from bccd.model.delivery import read_id

FOLDER = Path(__file__).parent.parent / "_demo"
DROP = "sales@drop.harbourpine.example"

STRANGER = "offers@lottery-prizes.example"
_ANNA = "anna@harbourpine.example"
_MAREK = "marek@harbourpine.example"
_OLIVE = "olive@harbourpine.example"
_SECONDS = 30.0
_PLACE = re.compile(r"\{\{(?:(run)|(\d+) ([a-z-]+))\}\}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f\s]\S*|\S*[^\x00-\x7f]\S*")
_ACCEPTED = re.compile(r"accepted as (\w+)(, seen before)?")
_ZONE = timezone(timedelta(hours=1), "CET")

_EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EN_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PL_DAYS = ("poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela")
_PL_SHORT_DAYS = ("pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz.")
_PL_MONTHS = (
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
    "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
)  # fmt: skip
_PL_SHORT_MONTHS = ("sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru")


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail of the demo: what it shows, its template, and its envelope."""

    title: str
    template: str
    mail_from: str
    rcpt_to: str = DROP


SAMPLES = (
    Sample("Bcc to a contact with one open deal", "bcc-one-deal", _ANNA),
    Sample("Bcc to a contact with three open deals", "bcc-three-deals", _MAREK),
    Sample("Outlook forward, English", "forward-outlook-en", _ANNA),
    Sample("Outlook forward, Polish", "forward-outlook-pl", _MAREK),
    Sample("Gmail forward, English, from an alias", "forward-gmail-en", "anna.lindqvist@postkasten.example"),
    Sample("Gmail forward, Polish, from an alias", "forward-gmail-pl", "m.zielinski@poczta.example"),
    Sample("Apple Mail forward, by a private user", "forward-apple", _OLIVE),
    Sample(
        "Forward as attachment, the only deal is lost",
        "forward-attached",
        _OLIVE,
        "sales+private@drop.harbourpine.example",
    ),
    Sample("A reply before its parent", "reply-before-parent", _ANNA),
    Sample("... and the parent", "parent-after-reply", _ANNA),
    Sample("Unknown contact", "unknown-contact", _ANNA),
    Sample("The first mail a second time", "bcc-one-deal", _ANNA),
    Sample("With +deal in the address", "tag-deal", _MAREK, "sales+deal202@drop.harbourpine.example"),
    Sample("With +private in the address", "tag-private", _ANNA, "sales+private@drop.harbourpine.example"),
    Sample("From an alias not confirmed yet", "unconfirmed-alias", "marek.z@skrzynka.example"),
    Sample("Unknown sender", "unknown-sender", STRANGER),
    Sample("Unknown company address", "bcc-one-deal", _ANNA, "nobody@drop.harbourpine.example"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """How the daemon answered a sample."""

    sample: Sample
    reply: str
    delivery_id: int | None = None  # None where it was refused
    seen_before: bool = False


def render(template: str, run: str, now: datetime) -> bytes:
    """Fill a template in: {{run}} makes ids unique, {{30 rfc}} is half an hour ago as RFC 5322 writes it."""
    source = (FOLDER / f"{template}.eml").read_text(encoding="utf-8")

    def fill(found: re.Match[str]) -> str:
        if found[1]:
            return run
        return _FORMATS[found[3]]((now - timedelta(minutes=int(found[2]))).astimezone(_ZONE))

    head, blank, body = _PLACE.sub(fill, source).partition("\n\n")
    text = _NOT_ASCII.sub(_encoded, head) + blank + body
    return text.replace("\n", "\r\n").encode()


def _encoded(found: re.Match[str]) -> str:
    """Write a word of a header field as RFC 2047 wants it."""
    return Header(found[0], "utf-8").encode()


def _outlook_en(at: datetime) -> str:
    day, month = _EN_DAYS[at.weekday()], _EN_MONTHS[at.month - 1]
    return f"{day}, {at.day} {month} {at.year} {at:%H:%M}"


def _outlook_pl(at: datetime) -> str:
    return f"{_PL_DAYS[at.weekday()]}, {at.day} {_PL_MONTHS[at.month - 1]} {at.year} {at:%H:%M}"


def _gmail_en(at: datetime) -> str:
    day, month = _EN_DAYS[at.weekday()][:3], _EN_MONTHS[at.month - 1][:3]
    half = "AM" if at.hour < 12 else "PM"  # noqa: PLR2004 - noon
    return f"{day}, {month} {at.day}, {at.year} at {(at.hour - 1) % 12 + 1}:{at:%M}\u202f{half}"


def _gmail_pl(at: datetime) -> str:
    return f"{_PL_SHORT_DAYS[at.weekday()]}, {at.day} {_PL_SHORT_MONTHS[at.month - 1]} {at.year} o {at:%H:%M}"


def _apple_en(at: datetime) -> str:
    return f"{at.day} {_EN_MONTHS[at.month - 1]} {at.year} at {at:%H:%M:%S} CET"


_FORMATS: Mapping[str, Callable[[datetime], str]] = {
    "rfc": format_datetime,
    "outlook-en": _outlook_en,
    "outlook-pl": _outlook_pl,
    "gmail-en": _gmail_en,
    "gmail-pl": _gmail_pl,
    "apple-en": _apple_en,
}


def send(host: str, port: int, sample: Sample, raw: bytes) -> Sent:
    """Hand one mail in by SMTP; a refusal is an answer too. Raises OSError, smtplib.SMTPException."""
    with smtplib.SMTP(host, port, "demo.harbourpine.example", timeout=_SECONDS) as smtp:
        smtp.ehlo()
        code, text = smtp.mail(sample.mail_from, ["BODY=8BITMIME", f"SIZE={len(raw)}"])
        if code < 300:  # noqa: PLR2004 - RFC 5321 4.2.1
            code, text = smtp.rcpt(sample.rcpt_to)
        if code < 300:  # noqa: PLR2004 - RFC 5321 4.2.1
            code, text = smtp.data(raw)
    said = " ".join(text.decode("ascii", "replace").split())
    found = _ACCEPTED.search(said)
    return Sent(
        sample,
        f"{code} {said}",
        read_id(found[1]) if found else None,
        seen_before=bool(found and found[2]),
    )
