"""Who wrote, and when, as an attribution line says."""

from datetime import UTC, datetime, timedelta

import pytest

from bccd.mail.forward.attributed import read_attribution
from bccd.mail.forward.order import Around
from bccd.model.message import Mailbox

BOTH = Mailbox("Anna Nowak", "anna@acme.example")
NAME = Mailbox("Anna Nowak", "")


@pytest.mark.parametrize(
    ("words", "sender"),
    [
        ("On Mon, Nov 16, 2026 at 10:00 AM Anna Nowak <anna@acme.example> wrote:", BOTH),
        ('On 16 Nov 2026, at 10:00, "Anna Nowak" <anna@acme.example> wrote:', BOTH),
        ("On 16 Nov 2026, at 10:00, Anna Nowak [mailto:anna@acme.example] wrote:", BOTH),
        ("On 16 Nov 2026 at 10:00, Anna Nowak <anna@acme.example<mailto:anna@acme.example>> wrote:", BOTH),
        ("---- On Mon, 16 Nov 2026 10:00:00 +0000 Anna Nowak&lt;anna@acme.example&gt; wrote ----", BOTH),
        (
            "On 16 Nov 2026 10:00, anna@acme.example <anna@acme.example> wrote:",
            Mailbox("", "anna@acme.example"),
        ),
        (
            "On 16 Nov 2026 10:00, Nowak, Anna <anna@acme.example> wrote:",
            Mailbox("Nowak, Anna", "anna@acme.example"),
        ),
        ("On 16 Nov 2026 10:00, Jan van der Berg wrote:", Mailbox("Jan van der Berg", "")),
        (
            "On 16 Nov 2026 10:00, anna2 via Board <b@acme.example> wrote:",
            Mailbox("anna2 via Board", "b@acme.example"),
        ),
        ("On 16 Nov 2026 10:00 Anna Nowak < mailto:Anna Nowak <anna@acme.example> > wrote:", BOTH),
        ("On 16 Nov 2026 10:00, you wrote:", None),
        ("Le 16/11/2026 10:00, « Anna Nowak » <anna@acme.example> a écrit :", BOTH),
        ("Dnia 16.11.2026 10:00 użytkownik „Anna Nowak” <anna@acme.example> napisał:", BOTH),
        ("W dniu 16.11.2026 o 10:00, Jan Maj pisze:", Mailbox("Jan Maj", "")),
        ("Op 16 nov. 2026 om 10:00 heeft Anna Nowak het volgende geschreven:", NAME),
        ("Den 16. nov. 2026 kl. 10.00 skrev Anna Nowak <anna@acme.example>:", BOTH),
        ("Anna Nowak kirjoitti 16.11.2026 klo 10.00:", NAME),
        ("Anna Nowak je 16.11.2026 ob 10:00 napisal:", NAME),
        ('"Anna Nowak" <anna@acme.example>, 16 Kas 2026 10:00 tarihinde şunu yazdı:', BOTH),
        ("16.11.2026 10:00 keltezéssel, Anna Nowak írta:", NAME),
        ("Anna Nowak <anna@acme.example> ezt írta (időpont: 2026. nov. 16., H, 10:00):", BOTH),
        ("Στις Δευ 16 Νοε 2026 10:00, ο/η Anna Nowak <anna@acme.example> έγραψε:", BOTH),
        ("16 ноября 2026 г., в 10:00, пользователь Anna Nowak <anna@acme.example> написал:", BOTH),
        (
            "在 2026年11月16日，上午10:00，王伟 <wang@acme.example> 写道：",
            Mailbox("王伟", "wang@acme.example"),
        ),
        ("王伟 於 2026-11-16 10:00 寫到：", Mailbox("王伟", "")),
        ("2026年11月16日(月) 10:00 田中 <tanaka@acme.example>:", Mailbox("田中", "tanaka@acme.example")),
        ("2026-11-16 10:00 に 田中 さんは書きました:", Mailbox("田中", "")),
        (
            "2026년 11월 16일 오전 10:00, 홍길동 <hong@acme.example>님이 작성:",
            Mailbox("홍길동", "hong@acme.example"),
        ),
        ("2026-11-16 10:00에 홍길동 이(가) 쓴 글:", Mailbox("홍길동", "")),
        ("في 16 نوفمبر 2026، 10:00 ص، كتب آنا <anna@acme.example>:", Mailbox("آنا", "anna@acme.example")),
        ("Vào 10:00 16/11/2026, Anna Nowak đã viết:", NAME),
    ],
)
def test_attributions_name_their_author_and_minute(words: str, sender: Mailbox | None) -> None:
    """Name and address are told from the date, the verb and the words between, in any order."""
    read = read_attribution(words)
    assert read.sender == sender
    assert read.date.when == datetime(2026, 11, 16, 10, tzinfo=UTC)


def test_the_language_of_the_verb_settles_day_and_month() -> None:
    """Of English alone the month may come first; the mail around settles it."""
    assert read_attribution("Le 03/04/2026 à 10:00, Anna a écrit :").date.when == datetime(
        2026, 4, 3, 10, tzinfo=UTC
    )
    english = "On 03/04/2026 10:00, Anna wrote:"
    assert read_attribution(english).date.when is None
    east = Around(offset=timedelta(hours=1))
    assert read_attribution(english, east).date.when == datetime(2026, 4, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "words", ["", ":", "@:", "<>:", "<@> wrote:", "wrote:", "写道：", "> " * 200, "1" * 500]
)
def test_any_words_are_read(words: str) -> None:
    """Whatever stands in the line, nothing is raised, and nobody made up."""
    read = read_attribution(words)
    assert read.sender is None or "@" not in read.sender.name
    assert read.date.when is None
