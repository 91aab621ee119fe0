"""Lines above a quote that say who wrote it."""

from bccd.mail.attribution import attribution_at, holds_verb

ALONE = """
On Mon, Nov 16, 2026 at 10:00 AM Anna Nowak <anna@acme.example> wrote:
On 16 Nov 2026, at 10:00, Anna Nowak <anna@acme.example> wrote:
On 16/11/2026 10:00, Anna Nowak wrote:
At 11/16/2026 10:00 AM, you wrote:
---- On Mon, 16 Nov 2026 10:00:00 +0100 Anna Nowak <anna@acme.example> wrote ----
Anna Nowak <anna@acme.example> wrote:
W dniu 16.11.2026 o 10:00, Anna Nowak pisze:
pon., 16 lis 2026 o 10:00 Anna Nowak <anna@acme.example> napisał(a):
Dnia 16 listopada 2026 10:00 Anna Nowak <anna@acme.example> napisał(a):
Am 16.11.2026 um 10:00 schrieb Anna Nowak:
Anna Nowak <anna@acme.example> schrieb am Mo., 16. Nov. 2026, 10:00:
El lun, 16 nov 2026 a las 10:00, Anna Nowak (<anna@acme.example>) escribió:
Il giorno lun 16 nov 2026 alle ore 10:00 Anna Nowak <anna@acme.example> ha scritto:
Le lun. 16 nov. 2026 à 10:00, Anna Nowak <anna@acme.example> a écrit :
Em seg., 16 de nov. de 2026 às 10:00, Anna Nowak <anna@acme.example> escreveu:
Op ma 16 nov. 2026 om 10:00 schreef Anna Nowak <anna@acme.example>:
Op 16 nov. 2026 om 10:00 heeft Anna Nowak <anna@acme.example> het volgende geschreven:
Den mån 16 nov. 2026 kl 10:00 skrev Anna Nowak <anna@acme.example>:
man. 16. nov. 2026 kl. 10:00 skrev Anna Nowak <anna@acme.example>:
ma 16. marrask. 2026 klo 10.00 Anna Nowak (anna@acme.example) kirjoitti:
po 16. 11. 2026 v 10:00 odesílatel Anna Nowak <anna@acme.example> napsal:
Dňa 16.11.2026 o 10:00 Anna Nowak napísal(a):
Anna Nowak <anna@acme.example> ezt írta (időpont: 2026. nov. 16., H, 10:00):
În lun., 16 nov. 2026 la 10:00, Anna Nowak <anna@acme.example> a scris:
пн, 16 нояб. 2026 г. в 10:00, Анна Новак <anna@acme.example>:
16 ноября 2026 г., в 10:00, Анна Новак <anna@acme.example> написал(а):
пн, 16 лист. 2026 р. о 10:00 Анна Новак <anna@acme.example> пише:
16 Kas 2026 Pzt 10:00 tarihinde Anna Nowak <anna@acme.example> şunu yazdı:
Στις Δευ 16 Νοε 2026 στις 10:00 π.μ., ο/η Άννα <anna@acme.example> έγραψε:
2026年11月16日(月) 10:00 Anna Nowak <anna@acme.example>:
在 2026年11月16日，10:00，王伟 <wang@acme.example> 写道：
王伟 <wang@acme.example> 於 2026年11月16日 週一 上午10:00寫道：
2026년 11월 16일 (월) 오전 10:00, 홍길동 <hong@acme.example>님이 작성:
בתאריך יום ב׳, 16 בנוב׳ 2026 ב-10:00 מאת אנה <anna@acme.example>:
في الاثنين، 16 نوفمبر 2026 في 10:00 ص كتب آنا <anna@acme.example>:
در تاریخ 16 نوامبر 2026 ساعت 10:00 آنا <anna@acme.example> نوشت:
Vào Th 2, 16 thg 11, 2026 vào lúc 10:00 Anna <anna@acme.example> đã viết:
ในวันที่ จ. 16 พ.ย. 2026 เวลา 10:00 Anna <anna@acme.example> เขียนว่า:
Pada Sen, 16 Nov 2026 pukul 10.00 Anna <anna@acme.example> menulis:
""".strip().split("\n")


def test_attributions_of_clients_are_read_above_a_quote() -> None:
    """Any client's line stands right above what it quotes, with an empty line or two between."""
    for line in ALONE:
        for gap in (0, 1, 2):
            lines = ["Thanks, agreed.", "", line, *[""] * gap, "> the offer", "> is fine"]
            found = attribution_at(lines, 2)
            assert found is not None, line
            assert (found.first, found.last, found.quoted) == (2, 2, True), line


def test_attributions_are_read_above_text_that_is_not_quoted() -> None:
    """Where the client quotes without ">", the verb, the day and the person tell the line."""
    missed = [line for line in ALONE if attribution_at(["Hi,", "", line, "", "the offer"], 2) is None]
    assert [line for line in missed if holds_verb(line)] == []
    assert len(missed) <= 4  # of clients that print no verb


def test_attributions_are_read_folded_anywhere() -> None:
    """A line that a client folded at any blank into two or three is one attribution, quoted itself or not."""
    for line in ALONE:
        words = line.split(" ")
        if line.startswith("--") or words[0] in {"Anna", "王伟"}:
            continue
        for at in range(len(words) // 2, len(words)):
            for quoting in ("", "> "):
                folded = [" ".join(words[:at]), " ".join(words[at:])]
                lines = [f"{quoting}{text}" for text in ("Dear all.", "", *folded, "", "> the offer")]
                found = attribution_at(lines, 3)
                assert found is not None, lines
                assert (found.first, found.words) == (2, line), lines


def test_what_only_looks_like_an_attribution_is_none() -> None:
    """Sentences, headings and agenda points that end in a colon say nothing about who wrote."""
    for line in (
        "Agenda for 16.11.2026 10:00:",
        "On Monday I wrote:",
        "figured it out, I wrote one of my own:",
        "Please note:",
        "From 1 November 2026 the prices are:",
        "Anna wrote to us about it in 2024 and we did not answer, as the mail was lost: it happens",
        "",
        ":",
        "a" * 1000 + ":",
    ):
        assert attribution_at(["Hi,", "", line, "", "the offer"], 2) is None, line


def test_a_bare_name_with_a_verb_needs_a_quote_below() -> None:
    """ "Anna wrote:" is an attribution above quoted lines only."""
    assert attribution_at(["Anna wrote:", "> the offer"], 0) is not None
    assert attribution_at(["Anna wrote:", "the offer"], 0) is None
    assert attribution_at(["Anna wrote on 16 Nov 2026:", "", "the offer"], 0, cited=True) is not None


def test_a_quote_mark_that_ends_an_address_is_no_quoting() -> None:
    """A fold between an address and its bracket leaves a line that begins with ">"."""
    lines = ["On Mon, Nov 16, 2026 at 10:00 AM, Anna <anna@acme.example", "> wrote:", "", ">> the offer"]
    found = attribution_at(lines, 1)
    assert found is not None
    assert found.first == 0
    assert found.words.endswith("<anna@acme.example> wrote:")
