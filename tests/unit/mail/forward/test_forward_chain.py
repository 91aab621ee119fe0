"""The mails below an original, read from header blocks and attribution lines at any depth."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import NamedTuple

import pytest

from bccd.mail.forward import Around, chain_of
from bccd.mail.forward.chain import MAX_HOPS
from bccd.mail.parse import parse
from bccd.model.message import ForwardKind, Mailbox, Quoted


class Hop(NamedTuple):
    """One mail of a made-up history."""

    name: str
    address: str
    sent: datetime
    text: str


HOPS = (
    Hop(
        "Anna Nowak",
        "anna@acme.example",
        datetime(2026, 11, 16, 10, 5, tzinfo=UTC),
        "Dear all,\n\nwe accept.",
    ),
    Hop("Jan Kowal", "jan@globex.example", datetime(2026, 11, 13, 9, 7, tzinfo=UTC), "Oto oferta.\n\nJan"),
    Hop(
        "Max Berg",
        "max@berg.example",
        datetime(2026, 11, 12, 8, 9, tzinfo=UTC),
        "Bitte ein Angebot:\n\n- 10 Stück",
    ),
)


class Client(NamedTuple):
    """How a client writes what stands above a quoted mail, and whether it quotes."""

    head: Callable[[Hop], str]
    quoting: str


POLISH = ("pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz.")


CLIENTS = {
    "gmail-en": Client(
        lambda h: f"On {h.sent:%a, %b %-d, %Y} at {h.sent:%-I:%M %p} {h.name} <{h.address}> wrote:\n", "> "
    ),
    "gmail-en-folded": Client(
        lambda h: f"On {h.sent:%a, %b %-d, %Y} at {h.sent:%-I:%M %p} {h.name} <\n{h.address}> wrote:\n", "> "
    ),
    "gmail-pl": Client(
        lambda h: (
            f"{POLISH[h.sent.weekday()]}, {h.sent.day} lis 2026 o {h.sent:%H:%M} "
            f"{h.name} <{h.address}> napisał(a):\n"
        ),
        "> ",
    ),
    "gmail-zh": Client(
        lambda h: f"{h.name} <{h.address}> 于2026年11月{h.sent.day}日周五 {h.sent:%H:%M}写道：\n", "> "
    ),
    "apple-de": Client(
        lambda h: f"Am {h.sent:%d.%m.%Y} um {h.sent:%H:%M} schrieb {h.name} <{h.address}>:\n", "> "
    ),
    "apple-ar": Client(
        lambda h: f"في {h.sent.day} نوفمبر 2026، {h.sent:%H:%M}، كتب {h.name} <{h.address}>:\n", "> "
    ),
    "thunderbird-fr": Client(
        lambda h: f"Le {h.sent:%d/%m/%Y} à {h.sent:%H:%M}, {h.name} <{h.address}> a écrit :", "> "
    ),
    "outlook-en": Client(
        lambda h: (
            f"From: {h.name} <{h.address}>\nSent: {h.sent:%A, %B %-d, %Y %-I:%M %p}\n"
            "To: Eve <eve@fish.example>\nSubject: RE: offer\n"
        ),
        "",
    ),
    "outlook-de-web": Client(
        lambda h: (
            f"________________________________\nVon: {h.name} <{h.address}>\n"
            f"Gesendet: {h.sent.day}. November 2026 {h.sent:%H:%M}\n"
            "An: Eve <eve@fish.example>\nBetreff: AW: Angebot\n"
        ),
        "",
    ),
    "outlook-zh": Client(
        lambda h: (
            f"-----邮件原件-----\n发件人: {h.name} <{h.address}>\n"
            f"发送时间: 2026年11月{h.sent.day}日 {h.sent:%H:%M}\n"
            "收件人: Eve <eve@fish.example>\n主题: 答复: offer\n"
        ),
        "",
    ),
    "outlook-ar": Client(
        lambda h: (
            f"من: {h.name} <{h.address}>\nتم الإرسال: {h.sent.day} نوفمبر 2026 {h.sent:%H:%M}\n"
            "إلى: Eve <eve@fish.example>\nالموضوع: offer\n"
        ),
        "",
    ),
    "thunderbird-pl-forward": Client(
        lambda h: (
            "-------- Treść przekazanej wiadomości --------\nTemat: offer\n"
            f"Data: {h.sent:%a, %d %b %Y %H:%M:%S} +0000\n"
            f"Nadawca: {h.name} <{h.address}>\nAdresat: Eve <eve@fish.example>\n"
        ),
        "",
    ),
}


def thread(clients: Sequence[Client]) -> str:
    """Write an original that quotes the hops one inside the other, each by its client."""
    text = ""
    for client, hop in reversed(list(zip(clients, HOPS, strict=False))):
        below = f"{hop.text}\n\n{text}".rstrip("\n")
        quoted = "\n".join(f"{client.quoting}{line}".rstrip() for line in below.split("\n"))
        text = f"{client.head(hop)}\n{quoted}"
    return f"Thank you, fine.\n\n{text}\n"


def told(chain: Sequence[Quoted]) -> list[tuple[Mailbox | None, datetime | None, str]]:
    return [(quoted.sender, quoted.date, quoted.text) for quoted in chain]


def expected(count: int) -> list[tuple[Mailbox | None, datetime | None, str]]:
    return [(Mailbox(hop.name, hop.address), hop.sent, hop.text) for hop in HOPS[:count]]


def test_chains_of_two_clients_are_read_whole() -> None:
    """Two deep, in every pair of clients and languages: sender, minute and own words of each mail."""
    for (one, first), (two, second) in product(CLIENTS.items(), repeat=2):
        assert told(chain_of(thread([first, second]))) == expected(2), (one, two)


def test_chains_of_three_clients_are_read_whole() -> None:
    """Three deep, in a walk over the clients that has each at every place."""
    clients = list(CLIENTS.values())
    for at in range(len(clients)):
        three = [clients[at], clients[(at + 5) % len(clients)], clients[(at + 7) % len(clients)]]
        assert told(chain_of(thread(three))) == expected(3), list(CLIENTS)[at]


def test_blocks_tell_subject_and_recipients() -> None:
    """A hop under a header block has what stands in the block; one under an attribution has not."""
    block, line = chain_of(thread([CLIENTS["outlook-de-web"], CLIENTS["gmail-pl"]]))
    assert (block.subject, block.to) == ("AW: Angebot", (Mailbox("Eve", "eve@fish.example"),))
    assert (line.subject, line.to) == ("", ())
    assert block.evidence[:2] == ("separator:underscores", "labels:de")
    assert line.evidence == ("attribution:quoted", "date:zone-unknown")


def test_answers_between_and_below_quotes_are_their_authors() -> None:
    """A line belongs to the mail at whose depth of quoting it stands: above, between or below."""
    chain = chain_of(
        "Mine.\n\nOn 16 Nov 2026 10:00, Anna <a@acme.example> wrote:\n> Hers above.\n>\n"
        "> On 15 Nov 2026 10:00, Jan <j@globex.example> wrote:\n>> First.\n> Hers between.\n"
        ">> Second.\n> Hers below.\n\nMine."
    )
    assert [quoted.text for quoted in chain] == [
        "Hers above.\n\nHers between.\nHers below.",
        "First.\nSecond.",
    ]


def test_names_without_addresses_are_believed_less() -> None:
    """An attribution may name nobody's address, or tell no day; one that tells neither is no hop."""
    named, dated, address = (
        chain_of(f"Yes.\n\n{line}\n> the offer")[0]
        for line in (
            "W dniu 16.11.2026 o 10:05, Anna Nowak pisze:",
            "On 16 Nov 2026 10:05, you wrote:",
            "Anna Nowak <anna@acme.example> wrote:",
        )
    )
    assert (named.sender, named.confidence) == (Mailbox("Anna Nowak", ""), 0.7)
    assert (dated.sender, dated.confidence) == (None, 0.7)
    assert (address.date, address.confidence) == (None, 0.7)


def test_dates_without_a_zone_are_in_the_forwarders() -> None:
    """The zone of the mail around holds where the line names none, and says so."""
    around = Around(datetime(2026, 11, 20, tzinfo=UTC), timedelta(hours=1))
    (quoted,) = chain_of("Yes.\n\nOn 16 Nov 2026 10:05, Anna <a@acme.example> wrote:\n> offer", around)
    assert quoted.date == datetime(2026, 11, 16, 9, 5, tzinfo=UTC)
    assert "date:zone-of-wrapper" in quoted.evidence


def test_chains_are_bounded() -> None:
    """At most MAX_HOPS mails are told, however many there are."""
    text = "Yes.\n\n" + "On 16 Nov 2026 10:05, Anna <a@acme.example> wrote:\n> offer\n\n" * (MAX_HOPS + 20)
    assert len(chain_of(text)) == MAX_HOPS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dear Anna,\n\nthe prices:\n- 10: 4 EUR\n- 20: 3 EUR\n\nTel.: 123\n",
        "As I wrote on Monday:\n\nnothing changes.\n",
        "> only quoted\n> words: nobody's\n",
    ],
)
def test_text_without_history_has_no_chain(text: str) -> None:
    """Lists, labels, sentences and quotes of nobody are no mails."""
    assert chain_of(text) == ()


def _mail(subject: str, body: str) -> bytes:
    head = "From: Me <me@sales.example>\nTo: drop@bcc.example\nDate: Tue, 17 Nov 2026 10:00:00 +0100\n"
    return f"{head}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}".encode()


def test_a_forward_has_the_history_of_its_original() -> None:
    """The outermost mail is the original; what it quotes is its chain, by blocks and attributions alike."""
    block = (
        "---------- Forwarded message ---------\nFrom: Eve Fisher <eve@fish.example>\n"
        "Date: Mon, Nov 16, 2026 at 5:00 PM\nSubject: Re: offer\nTo: Me <me@sales.example>\n\n"
    )
    (forward,) = parse(_mail("Fwd: offer", f"FYI\n\n{block}{thread(list(CLIENTS.values())[:3])}")).forwards
    assert forward.original.sender == Mailbox("Eve Fisher", "eve@fish.example")
    assert [quoted.sender and quoted.sender.name for quoted in forward.chain] == [hop.name for hop in HOPS]
    assert forward.chain[0].date == HOPS[0].sent - timedelta(hours=1)


def test_an_answer_under_an_attribution_alone_is_no_forward() -> None:
    """A reply that quotes below "On ... wrote:" re-attributes nothing, in any language."""
    for name in ("gmail-en", "gmail-pl", "gmail-zh", "apple-de", "apple-ar", "thunderbird-fr"):
        assert parse(_mail("Re: offer", thread([CLIENTS[name]]))).forwards == (), name


def test_a_marker_above_an_attribution_is_a_forward() -> None:
    """Some phones announce a forward and print no block but one line, folded or not."""
    for name in ("gmail-en", "gmail-en-folded", "gmail-pl", "apple-de", "thunderbird-fr"):
        head = CLIENTS[name].head(HOPS[0]).rstrip("\n")
        (forward,) = parse(
            _mail("Fwd: offer", f"FYI\n\n---------- Forwarded message ---------\n{head}\n\n{HOPS[0].text}")
        ).forwards
        assert forward.kind is ForwardKind.INLINE
        assert forward.original.sender == Mailbox(HOPS[0].name, HOPS[0].address), name
        assert forward.original.date == HOPS[0].sent - timedelta(hours=1), name
        assert forward.original.text == HOPS[0].text, name


def test_mails_attached_inside_a_forward_are_its_chain() -> None:
    """A whole mail inside the attached one is told as history, too."""
    inner = "From: Jan <jan@globex.example>\nDate: Fri, 13 Nov 2026 09:07:00 +0000\nSubject: offer\n\nHere."
    outer = (
        "From: Anna <anna@acme.example>\nSubject: Fwd: offer\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\n\nSee.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    )
    raw = (
        "From: Me <me@sales.example>\nTo: drop@bcc.example\nSubject: Fwd: Fwd: offer\n"
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n\n"
        f"--a\nContent-Type: message/rfc822\n\n{outer}\n--a--\n"
    )
    (forward,) = parse(raw.encode()).forwards
    assert [(quoted.sender, quoted.text) for quoted in forward.chain] == [
        (Mailbox("Jan", "jan@globex.example"), "Here.")
    ]
