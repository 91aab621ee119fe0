"""A letter as a mail: whom it is from and to, by what it is known, what cannot get into it."""

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bccd.model.notice import Choice, Letter
from bccd.outbound.compose import UnsendableError
from bccd.rules.codes import code_of
from bccd.rules.links import read_path
from bccd.rules.loops import TAG
from bccd.rules.ownmail import OWN_HEADER, own_mark
from bccd.rules.signing import Signed
from tests.unit.outbound.letters import NOON, SIGNER, composer, item, letter, question

FIELDS = [
    "message-id", "x-bccd-notice", "from", "to", "subject", "date", "auto-submitted",
    "x-auto-response-suppress", "mime-version", "content-type", "content-language",
]  # fmt: skip


def read(octets: bytes) -> EmailMessage:
    return email.message_from_bytes(octets, policy=email.policy.SMTP)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Return text and HTML."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and html is not None
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def written(made: Letter, *, public_url: str = "") -> EmailMessage:
    return read(composer(public_url=public_url).compose(made, NOON))


def test_a_notice_is_known_for_what_it_is() -> None:
    """RFC 3834: an automatic answer that nobody answers automatically, from the company, to one user."""
    mail = written(letter())
    assert sorted(name.lower() for name in mail) == sorted(FIELDS)
    assert (str(mail["From"]), str(mail["To"])) == (
        "Seller Ltd <crm@drop.example>",
        "Anna <anna@seller.example>",
    )
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("A mail waits for you: Offer", "auto-replied")
    assert (mail["X-Auto-Response-Suppress"], mail["Precedence"]) == ("All", None)
    assert SIGNER.read("notice", mail[OWN_HEADER], NOON) == Signed(1, (5,))
    assert own_mark(composer().compose(letter(), NOON).partition(b"\r\n\r\n")[0] + b"\r\n\r\n", SIGNER, NOON)
    assert written(letter(reason="digest"))["Auto-Submitted"] == "auto-generated"
    sender = read(composer("crm@seller.example").compose(letter(), NOON))
    assert sender["From"].addresses[0].addr_spec == "crm@seller.example"


def test_a_letter_keeps_its_id() -> None:
    """Each attempt has the same Message-ID, no other letter has it; it names what it answers."""
    first, again = written(letter()), written(letter(item("failed")))
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@drop.example>")
    assert len({composer().message_id(letter(**more)) for more in ({}, {"id": 6}, {"company_id": 2})}) == 3
    assert TAG not in first["Message-ID"]
    assert f"{TAG}@drop.example>" in composer().message_id(letter(reason="loop"))
    long = f"<{'A' * 300}@mail.example>"
    octets = composer().compose(letter(in_reply_to=long), NOON)
    assert f"\r\nIn-Reply-To: {long}\r\nReferences: {long}\r\n".encode() in octets


def test_numbers_are_answered_by_mail_or_by_links() -> None:
    """Reply-To is the drop address under a signature; each number has a link where there is a web page."""
    mail = written(letter(question()), public_url="https://crm.example/bccd/")
    reply = mail["Reply-To"].addresses[0].addr_spec
    local, _, domain = reply.partition("@")
    assert (local[:5], domain) == ("crm+r", "drop.example") and len(local) <= 64
    assert SIGNER.read("reply", local[5:], NOON) == Signed(1, (5,))
    text, html = bodies(mail)
    assert "  1. Cleo Case: Chairs & Tables (deal 77) [it is yours; its name has: chairs;" in text
    assert "\n  2. Desks (deal 78)\n" in text
    assert "Chairs &amp; Tables" in html
    links = [word for word in text.split() if word.startswith("https://")]
    assert all(link.startswith("https://crm.example/bccd/l/") for link in links) and len(links) == 3
    read_links = [read_path(link.removeprefix("https://crm.example")) for link in links]
    chosen = [SIGNER.read(found[0], found[1], NOON) for found in read_links if found]
    assert chosen == [Signed(1, (5, 1)), Signed(1, (5, 2)), Signed(1, (5, 0))]
    assert all(link in html for link in links)
    plain = written(letter(question()))
    assert plain["Reply-To"] is not None and "https://" not in bodies(plain)[0]
    assert "or answer this mail with the number alone: 2" in text and "where you see" not in text
    assert "To choose, answer this mail with the number alone: 2" in bodies(plain)[0]


def test_an_answer_to_an_answer_is_one_to_the_question() -> None:
    """What tells what became of a choice can be answered with undo; without numbers nothing is asked."""
    mail = written(letter(item("answer_settled", args={"notice": 3, "chosen": "Desks"})))
    token = mail["Reply-To"].addresses[0].username.partition("+r")[2]
    assert SIGNER.read("reply", token, NOON) == Signed(1, (3,))
    contacts = question(choices=(Choice("Jan"), Choice("Maria")))
    mail = written(letter(contacts), public_url="https://crm.example")
    assert mail["Reply-To"] is None
    assert "\n   - Jan\n" in bodies(mail)[0]


def test_a_reason_brings_its_link_and_code() -> None:
    """Each links to the page that its reason is for; a code and lines of a report stand by themselves."""
    args = {"link": [9, 1], "code": "123 456", "lines": ["SPF: pass", "<b>"], "from": "<b>@x.example"}
    text, html = bodies(written(letter(item("customer_reply", args=args)), public_url="https://crm.example"))
    (link,) = (word for word in text.split() if word.startswith("https://"))
    found = read_path(link.removeprefix("https://crm.example"))
    assert found is not None and found[0] == "release"
    assert SIGNER.read(*found, NOON) == Signed(1, (9, 1))
    assert "The code is: 123 456" in text and "\n  SPF: pass\n  <b>\n" in text
    assert "SPF: pass\n&lt;b&gt;" in html and link in html
    assert f"\nOr here: {link}\n" in text and "\nFrom: <b>@x.example\n" in text
    assert "From: &lt;b&gt;@x.example" in html


def test_the_code_of_a_claim_is_worked_out() -> None:
    """It stands in the mail, and nowhere before that."""
    args = {"address": "anna@home.example", "confirmation": 41, "link": [41], "name": "Anna"}
    made = letter(item("confirm_address", args=args, about="", delivery_id=None), to="anna@home.example")
    text, _ = bodies(written(made, public_url="https://crm.example"))
    assert f"The code is: {code_of(SIGNER, 1, 41)}\n" in text
    assert SIGNER.sign("confirm", 1, 41, expires=NOON + timedelta(days=60)) in text


def test_a_digest_counts_and_puts_questions_first() -> None:
    """14 filed, 2 need you, 1 refused; the numbers run on from question to question."""
    filed = [item("filed", filed_with=("Cleo Case", "Chairs"), delivery_id=78)] * 13 + [item("filed")]
    second = question(choices=(Choice("Desks", 3, "78"), Choice("", 4)), about="Another")
    made = letter(*filed, item("never_log"), question(), second, reason="digest")
    mail = written(made)
    assert mail["Subject"] == "Your mail of the day: 14 filed, 2 need you, 1 refused"
    text, _ = bodies(mail)
    assert (
        text.index("Hello Anna,")
        < text.index("14 filed, 2 need you, 1 refused")
        < text.index("These need you")
    )
    assert text.index("  1. ") < text.index("  3. Desks") < text.index("  4. a deal that was deleted")
    assert text.index("  4. ") < text.index("These were not filed") < text.index("These were filed")
    assert text.count("It is filed with: Cleo Case, Chairs") == 13
    assert text.count("The mail was filed.") == 13  # the last one is asked about above
    assert mail["Reply-To"] is not None


def test_a_letter_speaks_its_readers_language() -> None:
    """Dates in his zone and form, plurals as his language has them; an unknown language is English."""
    mail = written(letter(item("filed"), item("filed"), reason="digest", language="pl"))
    assert mail["Subject"] == "Podsumowanie dnia: 2 zapisane, 0 czeka na Ciebie, 0 odrzuconych"
    text, html = bodies(mail)
    assert "Dzień dobry, Anna," in text and "20 lis 2026, 13:30)" in text
    assert mail["Content-Language"] == "pl" and '<html lang="pl"' in html
    assert "(20 Nov 2026, 13:30)" in bodies(written(letter(language="en-GB")))[0]
    assert "(Nov 20, 2026, 1:30\u202fPM)" in bodies(written(letter(language="xx")))[0]


def test_a_long_list_is_cut() -> None:
    """A digest of a thousand mails names a hundred and counts the rest."""
    text, _ = bodies(written(letter(*[item("filed")] * 1_000, reason="digest")))
    assert text.count("The mail was filed.") == 100
    assert "900 more are not listed here." in text


def test_an_address_that_no_mail_can_have_is_refused() -> None:
    """No header is made of it; an address in UTF-8 is written as it is (RFC 6532)."""
    with pytest.raises(UnsendableError):
        composer().compose(letter(to="a\r\nBcc: x@evil.example"), NOON)
    octets = composer().compose(letter(to="żółć@seller.example"), NOON)
    assert "To: Anna <żółć@seller.example>".encode() in octets


TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "a\r\nBcc: x@evil.example",
            "\r\n\r\nbody",
            "=?utf-8?q?a=0d=0aBcc:_x?=",
            "<script>",
            "\u202egnp",
            "a\u2028b",
        ]
    ),
)


@settings(max_examples=60)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_nothing_breaks_out_of_a_notice(subject: str, name: str, company: str, title: str) -> None:
    """Whatever a subject, a name or a deal is called: the same fields, in ASCII, nothing unseen."""
    asked = question(about=subject, choices=(Choice(title, 1, title, (name,)), Choice(title)))
    octets = composer().compose(letter(asked, user=name, company=company), NOON)
    assert octets.isascii()
    mail = read(octets)
    assert sorted(field.lower() for field in mail) == sorted([*FIELDS, "reply-to"])
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == len(mail["Reply-To"].addresses) == 1
    assert mail["To"].addresses[0].addr_spec == "anna@seller.example"
    assert not any(category(letter_) in ("Cc", "Cf") for letter_ in mail["Subject"])
    assert "<script>" not in bodies(mail)[1]
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998


def test_answers_and_links_are_good_for_a_while() -> None:
    """What is found in an old mailbox decides nothing any more."""
    mail = written(letter(question()), public_url="https://crm.example")
    token = mail["Reply-To"].addresses[0].username[5:]
    link = next(word for word in bodies(mail)[0].split() if "/l/c" in word)
    found = read_path(link.removeprefix("https://crm.example"))
    assert found is not None
    for purpose, signed in (("reply", token), found):
        assert SIGNER.read(purpose, signed, NOON + timedelta(days=59)) is not None
        assert SIGNER.read(purpose, signed, NOON + timedelta(days=61)) is None


def test_an_answer_fits_into_an_address() -> None:
    """RFC 5321 4.5.3.1.1: where the company's own address is long, the token stands behind r+ alone."""
    mail = written(letter(question(), drop="the.sales.department.of.everything@drop.example"))
    local = mail["Reply-To"].addresses[0].username
    assert local.startswith("r+") and len(local) <= 64
    assert SIGNER.read("reply", local[2:], NOON) == Signed(1, (5,))
