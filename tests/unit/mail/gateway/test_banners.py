"""Banners are found in their languages and shapes, and nobody hides words behind one."""

import textwrap
import time
from pathlib import Path

import pytest

from bccd.mail.gateway import may_hold, without_banners, without_page_banners
from bccd.mail.gateway.stems import top_may_hold

HERE = Path(__file__).parent
BANNERS = (HERE / "banners.txt").read_text(encoding="utf-8").splitlines()
TAGS = (HERE / "tags.txt").read_text(encoding="utf-8").splitlines()
WORDS_OF_PEOPLE = (HERE / "words_of_people.txt").read_text(encoding="utf-8").splitlines()
BLOCK = "From: Anna <anna@acme.example>\nSent: Monday, 16 November 2026\nTo: Jan\nSubject: Offer\n\n"


def test_banners_go_wherever_they_stand() -> None:
    """A banner goes above the text, wrapped in a quote, below a forwarded block, and in HTML."""
    for banner in BANNERS:
        assert without_banners(f"{banner}\n\nHello Anna") == ("Hello Anna", True), banner
        lines = textwrap.wrap(banner, 72, break_long_words=False, break_on_hyphens=False)
        quoted = "\n".join(f"> {line}" for line in [*lines, "Hello Anna"])
        assert without_banners(quoted) == ("> Hello Anna", True), banner
        forwarded = f"See below\n\n{BLOCK}{banner}\n\nHello Anna"
        assert without_banners(forwarded).text == f"See below\n\n{BLOCK}Hello Anna", banner
        plain = banner.replace("<", "&lt;").replace(">", "&gt;")
        page = f'<table><tr><td bgcolor="yellow"><b>{plain[:9]}</b>{plain[9:]}</td></tr></table><p>Hello</p>'
        bare = '<table><tr><td bgcolor="yellow"><b></b></td></tr></table><p>Hello</p>'
        assert without_page_banners(page) == bare, banner


def test_tags_go_at_the_top_of_a_mail_alone() -> None:
    """A lone tag goes where a mail begins: at the top or below header lines, not in the midst of a text."""
    for tag in TAGS:
        assert without_banners(f"{tag}\n\nHello Anna").text == "Hello Anna", tag
        assert without_banners(f"See below\n\n{BLOCK}{tag}\nHello").text == f"See below\n\n{BLOCK}Hello", tag
        deep = "A line of the text.\n" * 20 + f"{tag}\nHello"
        assert without_banners(deep) == (deep, False), tag


def test_the_cheap_question_overlooks_no_banner() -> None:
    """Each banner and tag is seen in a text and in a page, in any case."""
    for banner in [*BANNERS, *TAGS]:
        for shown in (banner, banner.upper(), banner.lower()):
            assert may_hold(f"Hello\n{shown}\n"), shown
            markup = shown.replace("<", "&lt;").replace(">", "&gt;")
            assert top_may_hold(f"<p>{markup}</p>"), shown
    assert not may_hold("Dzień dobry, w załączeniu oferta. 您好")
    assert not top_may_hold('<p class="external sender">Dzień dobry &amp; do widzenia</p>')


@pytest.mark.parametrize(
    "page", ["<p>{}</p>", "a < b<p>{}", "<p title='a > b'>{}</p>", "<p>x &gt; {}<!-- > -->"]
)
def test_the_top_of_a_page_is_asked_for_its_words(page: str) -> None:
    """Blanks of any kind, entities and signs that look like mark-up hide no banner from the question."""
    for said in (
        "You don&#39;t&nbsp;often get email",
        "External&#x20;sender",
        "don't\noften",
        "don't\xa0often",
    ):
        html = page.format(f"{said} <a href='https://aka.ms/LearnAboutSenderIdentification'>why</a>")
        assert top_may_hold(html), html


@pytest.mark.parametrize("words", WORDS_OF_PEOPLE)
def test_words_of_people_stay(words: str) -> None:
    """What a person says stays, however near a banner it is; so does a line that says more than a banner."""
    text = f"{words}\n\nHello Anna"
    assert without_banners(text) == (text, False)
    page = f"<p>{words}</p><p>Hello Anna</p>"
    assert without_page_banners(page) == page


def test_boxes_go_with_their_banner() -> None:
    """Rules, headings and advice round a banner go with it; the rule above a forwarded block stays."""
    box = (
        "***********\nCAUTION\nThis email originated from outside of the organization.\nDo not click links.\n"
    )
    assert without_banners(f"{box}***********\n\nHello").text == "Hello"
    bars = "!------------|\n  This Message Is From an External Sender\n|------------!\n\nHello"
    assert without_banners(bars).text == "Hello"
    rule = "_" * 32
    forwarded = f"CAUTION: External email.\n\n{rule}\n{BLOCK}Hello"
    assert without_banners(forwarded).text == f"{rule}\n{BLOCK}Hello"
    proofpoint = (
        "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\n"
        "This message came from outside your organization.\n\u200c \u200c\n"
        "Report Suspicious <https://us-phishalarm-ewt.proofpoint.com/EWT/v1/abc!def$>\n\u200c\n"
        "ZjQcmQRYFpfptBannerEnd\n\nHello"
    )
    assert without_banners(proofpoint).text == "Hello"


def test_the_preview_above_a_banner_goes_if_the_text_says_it_again() -> None:
    """Proofpoint puts the beginning of the text above its banner; what stands there and not below stays."""
    banner = (
        "ZjQcmQRYFpfptBannerStart\nThis message was sent from outside of Acme Instruments.\n"
        "Do not click links or\nopen attachments unless you recognize the source of this email and know the\n"
        "content is safe.\nReport Suspicious\n"
        "<https://us-phishalarm-ewt.proofpoint.com/EWT/v1/G3vK!uXdg$>\n\nZjQcmQRYFpfptBannerEnd\n"
    )
    text = "Hi Jan,\n\nour offer is at www.acme.example/offer and ends soon.\n\nAnna"
    preview = "Hi Jan, our offer is at www. acme. example/offer\nand ends"
    assert without_banners(f"{BLOCK}{preview}\n{banner}{text}").text == BLOCK + text
    assert without_banners(f"{preview} \u200c {banner}{text}").text == text
    other = "Please pay 500 EUR to the account below"
    assert without_banners(f"{other}\n{banner}{text}").text == f"{other}\n\n{text}"


def test_names_end_where_the_sender_begins() -> None:
    """A company's name may be of several words and lines; the greeting below a banner is no part of it."""
    outside = "This email originated from outside of"
    assert without_banners(f"{outside} the University of\nAcme. Do not click links.\nHi").text == "Hi"
    for greeting in ("Hello Anna,\n\nSee you", "Hello Anna\n\nSee you"):
        assert without_banners(f"{outside} Acme\n{greeting}").text == greeting


def test_what_follows_a_banner_stays() -> None:
    """A sentence right below a banner that warns of nothing is the sender's."""
    banner = "CAUTION: This email originated from outside of the organization. Do not click links."
    for words in (
        "Please see attached.",
        "Please click the link.",
        "Please open attachments, they are safe.",
    ):
        for gap in ("\n", "\n\n"):
            assert without_banners(f"{banner}{gap}{words}").text == words
        assert not without_banners(f"{banner} {words}").found


@pytest.mark.parametrize(
    "hostile",
    [
        "extern caution\n" * 60_000,
        ("caution: external email link click\n" * 7 + "\n") * 8_000,
        ("outside of " + "Acme " * 120 + "\n") * 1_500,
        ("often a@" + "a." * 300 + "\n") * 1_500,
        "[external]\n" * 60_000,
        ("外部" * 300 + "\n") * 1_000,
        "<div>extern" * 60_000,
        "<!--" * 250_000,
        "<" * 500_000,
    ],
)
def test_hostile_texts_take_no_time(hostile: str) -> None:
    """Time is linear, whatever is repeated."""
    started = time.perf_counter()
    without_banners(hostile)
    without_page_banners(hostile)
    assert time.perf_counter() - started < 5
