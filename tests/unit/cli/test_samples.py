"""The demo's sample mails."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime

import pytest

from bccd.cli.samples import _FORMATS, FOLDER, SAMPLES, render
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import header_section

NOW = datetime(2026, 3, 4, 22, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("template", sorted({sample.template for sample in SAMPLES}))
def test_a_sample_is_a_right_mail(template: str) -> None:
    """Every template makes a mail with CRLF, ASCII headers, one From and a date in the near past."""
    raw = render(template, "run1", NOW)
    head = header_section(raw)
    assert b"{{" not in raw and head.isascii() and not re.search(rb"(?<!\r)\n", raw)
    assert strict_from(head).defect == ""
    parsed = message_from_bytes(raw)
    assert timedelta(0) < NOW - parsedate_to_datetime(parsed["Date"]) < timedelta(days=3)
    assert "run1" in parsed["Message-ID"]


def test_every_template_is_used() -> None:
    """No mail lies about that the demo never sends."""
    assert {path.stem for path in FOLDER.glob("*.eml")} == {sample.template for sample in SAMPLES}


def test_there_are_samples_enough() -> None:
    """The demo shows at least a dozen different mails."""
    assert len({sample.template for sample in SAMPLES}) >= 12


def test_the_same_mail_twice_is_the_same() -> None:
    """Within one run a template is rendered to the same octets, in another run to others."""
    assert render("bcc-one-deal", "a", NOW) == render("bcc-one-deal", "a", NOW)
    assert render("bcc-one-deal", "a", NOW) != render("bcc-one-deal", "b", NOW)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rfc", "Wed, 04 Mar 2026 22:05:06 +0000"),
        ("outlook-en", "Wednesday, 4 March 2026 22:05"),
        ("outlook-pl", "środa, 4 marca 2026 22:05"),
        ("gmail-en", "Wed, Mar 4, 2026 at 10:05\u202fPM"),
        ("gmail-pl", "śr., 4 mar 2026 o 22:05"),
        ("apple-en", "4 March 2026 at 22:05:06 CET"),
    ],
)
def test_dates_are_written_as_each_client_writes_them(name: str, expected: str) -> None:
    """The forms are those of the clients whose forwards the samples show."""
    assert _FORMATS[name](NOW) == expected


@pytest.mark.parametrize(
    ("hour", "expected"), [(0, "12:05\u202fAM"), (11, "11:05\u202fAM"), (12, "12:05\u202fPM")]
)
def test_noon_and_midnight_are_twelve(hour: int, expected: str) -> None:
    """Gmail's English clock has no hour 0."""
    assert _FORMATS["gmail-en"](NOW.replace(hour=hour)).endswith(expected)
