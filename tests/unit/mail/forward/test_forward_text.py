"""Inline forwards in text parts: each client, English and Polish."""

from datetime import UTC, datetime

import pytest

from bccd.mail.forward import find_inline
from bccd.model.message import SURE, ForwardKind, Mailbox

ANNA = Mailbox("Anna Zielińska", "anna@klient.example")
PIOTR = Mailbox("Piotr Lis", "piotr@sprzedaz.example")
EWA = Mailbox("Ewa Maj", "ewa@klient.example")
BODY = "Dzień dobry,\n\nproszę o ofertę na 20 sztuk.\n\nAnna"

# name, text, evidence that must be there, UTC minute
SHAPES = [
    (
        "outlook desktop, en",
        (
            "Please file.\n\nFrom: Anna Zielińska <anna@klient.example>\nSent: Tuesday, March 5, "
            "2024 2:07 PM\n"
            "To: Piotr Lis <piotr@sprzedaz.example>\nCc: Ewa Maj <ewa@klient.example>\nSubject: "
            "Oferta\n\n{body}\n"
        ),
        "labels:en",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "outlook desktop, en, original message",
        (
            "Please file.\n\n-----Original Message-----\nFrom: Anna Zielińska [mailto:anna@klient.example]\n"
            "Sent: Tuesday, March 05, 2024 2:07 PM\nTo: Piotr Lis <piotr@sprzedaz.example>\n"
            "Cc: Ewa Maj <ewa@klient.example>\nSubject: Oferta\n\n{body}\n"
        ),
        "separator:original",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "outlook desktop, pl",
        (
            "Please file.\n\nOd: Anna Zielińska <anna@klient.example> \nWysłano: wtorek, 5 marca 2024 14:07\n"
            "Do: Piotr Lis <piotr@sprzedaz.example>\nDW: Ewa Maj <ewa@klient.example>\nTemat: "
            "Oferta\n\n{body}\n"
        ),
        "labels:pl",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "new outlook, en, no blank line",
        (
            "Please file.\n\nFrom: Anna Zielińska <anna@klient.example>\nDate: Tuesday, 5 March 2024 "
            "at 14:07\n"
            "To: Piotr Lis <piotr@sprzedaz.example>\nCc: Ewa Maj <ewa@klient.example>\nSubject: "
            "Oferta\n{body}\n"
        ),
        "labels:en",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "new outlook, pl",
        (
            "Please file.\n\nOd: Anna Zielińska <anna@klient.example>\nData: wtorek, 5 marca 2024 14:07\n"
            "Do: Piotr Lis <piotr@sprzedaz.example>\nDW: Ewa Maj <ewa@klient.example>\nTemat: "
            "Oferta\n{body}\n"
        ),
        "labels:pl",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "outlook web, en",
        (
            "Please file.\n\n________________________________\nFrom: Anna Zielińska <anna@klient.example>\n"
            "Sent: Tuesday, March 5, 2024 14:07\nTo: Piotr Lis <piotr@sprzedaz.example>\n"
            "Cc: Ewa Maj <ewa@klient.example>\nSubject: Oferta\n\n{body}\n"
        ),
        "separator:underscores",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "outlook web, pl",
        (
            "Please file.\n________________________________\nOd: Anna Zielińska <anna@klient.example>\n"
            "Wysłane: wtorek, 5 marca 2024 14:07\nDo: Piotr Lis <piotr@sprzedaz.example>\n"
            "DW: Ewa Maj <ewa@klient.example>\nTemat: Oferta\n\n{body}\n"
        ),
        "separator:underscores",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "outlook mobile, en",
        (
            "Please file.\n________________________________\n"
            "From: Anna Zielińska <anna@klient.example<mailto:anna@klient.example>>\n"
            "Sent: Tuesday, March 5, 2024 2:07:09 PM\n"
            "To: Piotr Lis <piotr@sprzedaz.example<mailto:piotr@sprzedaz.example>>\n"
            "Cc: Ewa Maj <ewa@klient.example<mailto:ewa@klient.example>>\nSubject: Oferta\n\n{body}\n"
        ),
        "labels:en",
        datetime(2024, 3, 5, 14, 7, 9, tzinfo=UTC),
    ),
    (
        "gmail, en",
        (
            "Please file.\n\n---------- Forwarded message ---------\nFrom: Anna Zielińska "
            "<anna@klient.example>\n"
            "Date: Tue, Mar 5, 2024 at 2:07 PM\nSubject: Oferta\nTo: Piotr Lis <piotr@sprzedaz.example>\n"
            "Cc: Ewa Maj <ewa@klient.example>\n\n\n{body}\n"
        ),
        "marker:forwarded",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "gmail, pl",
        (
            "Please file.\n\n---------- Forwarded message ---------\nOd: Anna Zielińska "
            "<anna@klient.example>\n"
            "Date: wt., 5 mar 2024 o 14:07\nSubject: Oferta\nTo: Piotr Lis <piotr@sprzedaz.example>\n"
            "Cc: Ewa Maj <ewa@klient.example>\n\n\n{body}\n"
        ),
        "labels:pl",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "gmail, bold",
        (
            "Please file.\n\n---------- Forwarded message ---------\n"
            "*From:* Anna Zielińska <anna@klient.example>\n*Date:* Tue, Mar 5, 2024 at "
            "2:07\u202fPM\n*Subject:* Oferta\n"
            "*To:* Piotr Lis <piotr@sprzedaz.example>\n*Cc:* Ewa Maj <ewa@klient.example>\n\n{body}\n"
        ),
        "marker:forwarded",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "apple, en",
        (
            "Please file.\n\n> Begin forwarded message:\n> \n> From: Anna Zielińska <anna@klient.example>\n"
            "> Subject: Oferta\n> Date: 5 March 2024 at 15:07:21 CET\n"
            "> To: Piotr Lis <piotr@sprzedaz.example>\n> Cc: Ewa Maj <ewa@klient.example>\n> \n{quoted}\n"
        ),
        "marker:apple",
        datetime(2024, 3, 5, 14, 7, 21, tzinfo=UTC),
    ),
    (
        "apple, pl",
        (
            "Please file.\n\nPoczątek przekazywanej wiadomości:\n\n> Od: Anna Zielińska "
            "<anna@klient.example>\n"
            "> Temat: Oferta\n> Data: 5 marca 2024 o 15:07:21 CET\n"
            "> Do: Piotr Lis <piotr@sprzedaz.example>\n> Dw: Ewa Maj <ewa@klient.example>\n> \n{quoted}\n"
        ),
        "marker:apple",
        datetime(2024, 3, 5, 14, 7, 21, tzinfo=UTC),
    ),
    (
        "thunderbird, pl",
        (
            "Please file.\n\n--- Treść przekazanej wiadomości ---\nTemat: \tOferta\n"
            "Data: \tTue, 5 Mar 2024 15:07:21 +0100\nNadawca: \tAnna Zielińska <anna@klient.example>\n"
            "Adresat: \tPiotr Lis <piotr@sprzedaz.example>\nKopia: \tEwa Maj "
            "<ewa@klient.example>\n\n\n\n{body}\n"
        ),
        "marker:forwarded",
        datetime(2024, 3, 5, 14, 7, 21, tzinfo=UTC),
    ),
    (
        "fields as paragraphs, no-break spaces and bidi marks",
        (
            "Please file.\n\n\u202aFrom\u202c:\u00a0Anna Zielińska "
            "<anna@klient.example>\n\nSent:\u00a02024-03-05 14:07\n\n"
            "To:\u00a0Piotr Lis <piotr@sprzedaz.example>\n\nCc:\u00a0Ewa Maj <ewa@klient.example>\n\n"
            "Subject:\u00a0Oferta\n\n{body}\n"
        ),
        "labels:en",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "indented block",
        (
            "Please file.\n\n    From: Anna Zielińska <anna@klient.example>\n    Sent: 2024-03-05 14:07\n"
            "    To: Piotr Lis <piotr@sprzedaz.example>\n    Cc: Ewa Maj <ewa@klient.example>\n"
            "    Subject: Oferta\n\n{indented}\n"
        ),
        "labels:en",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "chinese, full-width colons and inner spaces",
        (
            "Please file.\n\n发 件人： Anna Zielińska <anna@klient.example>\n发送时间： 2024年3月5日 14:07\n"
            "收件人： Piotr Lis <piotr@sprzedaz.example>\n抄　送： Ewa Maj <ewa@klient.example>\n主题： "
            "Oferta\n\n{body}\n"
        ),
        "labels:zh",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
    (
        "yahoo, all on one line",
        (
            "Please file.\n   ----- Przekazana wiadomość ----- Od: Anna Zielińska <anna@klient.example>"
            "Do: Piotr Lis <piotr@sprzedaz.example>Dw Ewa Maj <ewa@klient.example>"
            "Wysłano: wtorek, 5 marca 2024, 15:07:00 CETTemat: Oferta\n{body}\n"
        ),
        "marker:forwarded",
        datetime(2024, 3, 5, 14, 7, tzinfo=UTC),
    ),
]


def _filled(text: str) -> str:
    quoted = "\n".join(f"> {line}" if line else ">" for line in BODY.split("\n"))
    indented = "\n".join(f"    {line}" if line else "" for line in BODY.split("\n"))
    return text.format(body=BODY, quoted=quoted, indented=indented)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "evidence", "when"),
    [pytest.param(text, evidence, when, id=name) for name, text, evidence, when in SHAPES],
)
def test_every_shape_gives_the_whole_original(text: str, evidence: str, when: datetime, ends: str) -> None:
    """Each client's block yields sender, recipients, date, subject and body, and the note above it."""
    inline = find_inline(_filled(text).replace("\n", ends), "")
    assert inline is not None
    assert inline.note == "Please file."
    (forward,) = inline.forwards
    original = forward.original
    assert forward.kind is ForwardKind.INLINE
    assert original.sender == ANNA
    assert original.from_count == 1
    assert original.to == (PIOTR,)
    assert original.cc == (EWA,)
    assert original.subject == "Oferta"
    assert original.date == when
    assert original.text == BODY
    assert original.new_text == BODY
    assert evidence in forward.evidence
    assert forward.inner == ()
    assert forward.confidence >= 0.9


def test_only_a_client_s_own_word_is_a_marker() -> None:
    """Outlook draws the same block above answers, so that its forwards carry no "marker:" evidence."""
    for name, text, _evidence, _when in SHAPES:
        inline = find_inline(_filled(text), "")
        assert inline is not None
        marked = any(item.startswith("marker:") for item in inline.forwards[0].evidence)
        assert marked is name.startswith(("gmail", "apple", "thunderbird", "yahoo")), name


def test_an_unknown_zone_is_told() -> None:
    """A time without its zone is read as UTC, and the evidence says that this was assumed."""
    text = "From: A <a@x.example>\nSent: 2024-03-05 14:07{zone}\nTo: b@x.example\nSubject: S\n\nHi"
    assumed = find_inline(text.format(zone=""), "")
    given = find_inline(text.format(zone=" +0200"), "")
    assert assumed is not None
    assert given is not None
    assert "date:zone-unknown" in assumed.forwards[0].evidence
    assert assumed.forwards[0].original.date == datetime(2024, 3, 5, 14, 7, tzinfo=UTC)
    assert "date:zone-unknown" not in given.forwards[0].evidence
    assert given.forwards[0].original.date == datetime(2024, 3, 5, 12, 7, tzinfo=UTC)


def test_folded_lists_are_joined() -> None:
    """A list that Gmail wrapped at 78 columns is read whole, and so is a wrapped subject."""
    inline = find_inline(
        "---------- Forwarded message ---------\nFrom: Anna Zielińska <anna@klient.example>\n"
        "Date: Tue, Mar 5, 2024 at 2:07 PM\n"
        "Subject: A long subject about the delivery of twenty pieces to the warehouse in\n Gdynia\n"
        "To: Piotr Lis <piotr@sprzedaz.example>, Ewa Maj <ewa@klient.example>, Karol\nNowak "
        "<karol@klient.example>\nCc: Jan Dąb <jan@klient.example>,\n<ola@klient.example>\n\nHello\n",
        "",
    )
    assert inline is not None
    original = inline.forwards[0].original
    assert original.subject.endswith("to the warehouse in Gdynia")
    assert [box.address for box in original.to] == [
        "piotr@sprzedaz.example",
        "ewa@klient.example",
        "karol@klient.example",
    ]
    assert original.to[2].name == "Karol Nowak"
    assert [box.address for box in original.cc] == ["jan@klient.example", "ola@klient.example"]
    assert original.text == "Hello"


def test_a_wrapped_last_subject_takes_one_line_only() -> None:
    """Outlook's Subject comes last: what overflows 76 columns belongs to it, the greeting below does not."""
    head = "From: A <a@x.example>\nSent: 2024-03-05 14:07\nTo: b@x.example\n"
    long = "Subject: Enquiry about forty two pallets of roofing tiles, delivery to Gdynia"
    wrapped = find_inline(f"{head}{long}\nharbour\n\nHello", "")
    short = find_inline(f"{head}Subject: Enquiry\nHello Jan,\n\nbye", "")
    assert wrapped is not None
    assert short is not None
    assert wrapped.forwards[0].original.subject.endswith("Gdynia harbour")
    assert short.forwards[0].original.subject == "Enquiry"
    assert short.forwards[0].original.text == "Hello Jan,\n\nbye"


def test_fields_that_nothing_reads_do_not_end_the_block() -> None:
    """Attachments, Importance and an empty field may stand between the fields."""
    inline = find_inline(
        "Od: A <a@x.example>\nWysłano: wtorek, 5 marca 2024 14:07\nDo: b@x.example\nDW:\n"
        "Temat: Oferta\nZałączniki: oferta.pdf\nWażność: Wysoka\n\nTreść",
        "",
    )
    assert inline is not None
    original = inline.forwards[0].original
    assert original.cc == ()
    assert original.subject == "Oferta"
    assert original.text == "Treść"


def test_a_field_that_is_not_known_is_no_part_of_the_sender() -> None:
    """A line with a label of its own between two fields is left out, not joined to the name above it."""
    inline = find_inline(
        "Da: Anna Zielińska <anna@klient.example>\nRisposta: Ewa Maj <ewa@klient.example>\n"
        "Data: martedì 5 marzo 2024 14:07\nA: b@x.example\nOggetto: S\n\nCiao",
        "",
    )
    assert inline is not None
    assert inline.forwards[0].original.sender == ANNA


def test_a_rule_makes_up_for_a_missing_clock() -> None:
    """A bare block needs a clock, as memos and invoices have a day only; below a rule the day is enough."""
    block = "From: Anna\nSent: 2024-03-05\nTo: b@x.example\nSubject: S\n\nHello"
    assert find_inline(f"Please file.\n\n{block}", "") is None
    inline = find_inline(f"Please file.\n\n------------------------------\n\n{block}", "")
    assert inline is not None
    assert inline.note == "Please file."
    assert "date:day-only" in inline.forwards[0].evidence


def test_deeper_blocks_become_inner_in_order() -> None:
    """The outermost mail is the original and keeps the whole history; deeper ones follow in order."""

    def block(name: str, minute: int) -> str:
        return (
            f"From: {name} <{name}@x.example>\nSent: Tuesday, March 5, 2024 14:{minute:02}\n"
            f"To: b@x.example\nSubject: RE: S\n\nwords of {name}\n\n"
        )

    inline = find_inline("fyi\n\n" + block("ann", 30) + block("ben", 20) + block("cat", 10), "")
    assert inline is not None
    (outer,) = inline.forwards
    assert outer.original.sender == Mailbox("ann", "ann@x.example")
    assert outer.original.new_text == "words of ann"
    assert "words of cat" in outer.original.text
    assert [forward.original.new_text for forward in outer.inner] == ["words of ben", "words of cat"]


def test_new_text_ends_at_the_original_s_own_quoting() -> None:
    """An attribution line, folded or not, and the quote below it are no new words of the original."""
    head = (
        "---------- Forwarded message ---------\nFrom: A <a@x.example>\nTo: b@x.example\nSubject: S\n\n"
        "Yes.\n\n"
    )
    for attribution in (
        "W dniu 4.03.2024 o 10:11, Jan Dąb pisze:",
        "On Mon, Mar 4, 2024 at 10:11, Jan\n<j@x.example> wrote:",
    ):
        inline = find_inline(f"{head}{attribution}\n> And?\n", "")
        assert inline is not None
        assert inline.forwards[0].original.new_text == "Yes."
        assert "And?" in inline.forwards[0].original.text


def test_the_note_keeps_the_signature_and_drops_the_rule() -> None:
    """All that stands above the block is the forwarder's own, but for the line the client drew."""
    inline = find_inline(
        "Proszę dopisać.\n\n-- \nPiotr Lis\n\n________________________________\n"
        "Od: A <a@x.example>\nWysłane: wtorek, 5 marca 2024 14:07\nDo: b@x.example\nTemat: S\n\nTreść",
        "",
    )
    assert inline is not None
    assert inline.note == "Proszę dopisać.\n\n-- \nPiotr Lis"


def test_outlook_for_mac_marks_its_forward_with_a_byte_order_mark() -> None:
    """Outlook 2019 for Mac writes one line with U+FEFF before it: mark, clock and address are enough."""
    line = "Dnia 05/03/2024, 14:07 użytkownik „Anna Zielińska” <anna@klient.example> napisał:\n\n    Treść"
    assert find_inline(f"FYI\n\n{line}", "") is None
    inline = find_inline(f"FYI\n\n\ufeff{line}", "")
    assert inline is not None
    assert inline.note == "FYI"
    (forward,) = inline.forwards
    assert forward.original.sender == ANNA
    assert forward.original.text == "Treść"
    assert forward.evidence[0] == "attribution:outlook-mac"
    assert forward.confidence >= SURE
