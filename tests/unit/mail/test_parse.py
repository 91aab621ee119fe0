"""A whole mail: text, forwards, notes, digests."""

import hashlib
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from bccd.mail.addresses import ADDRESSES_CAP
from bccd.mail.defects import Defect
from bccd.mail.digest import content_digest, digest_of, normal_text, weak_digest
from bccd.mail.parse import parse, to_file
from bccd.model.message import ForwardKind, Mailbox

INLINE = """Please file.

---------- Forwarded message ---------
From: Carl Customer <carl@customer.example>
Date: Mon, 16 Nov 2026 at 10:00
Subject: Offer
To: Anna Nowak <anna@acme.example>


We accept.
"""


def alternative(plain: str, html: str) -> bytes:
    """Make a text in two forms."""
    return (
        "Content-Type: multipart/alternative; boundary=a\r\n\r\n"
        f"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"
        f"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--a--\r\n"
    ).encode()


def test_every_field_of_a_plain_mail() -> None:
    """A plain mail gives all that its header section says."""
    raw = (
        b"From: Anna <Anna@acme.example>\r\nSender: s@acme.example\r\nReply-To: r@acme.example\r\n"
        b"To: b@x.example\r\nTo: b2@x.example\r\nCc: C <c@x.example>\r\nBcc: d@x.example\r\n"
        b"Date: Mon, 16 Nov 2026 11:00:00 +0100\r\nSubject: a\r\n  b\r\nMessage-ID: <A@acme>\r\n"
        b"In-Reply-To: <p@x>\r\nReferences: <o@x> <p@x>\r\n\r\nbody\r\n"
    )
    message = parse(raw)
    content = message.content
    assert content.sender == Mailbox("Anna", "anna@acme.example")
    assert content.actual_sender == Mailbox("", "s@acme.example")
    assert [one.address for one in content.reply_to] == ["r@acme.example"]
    assert [one.address for one in content.to] == ["b@x.example", "b2@x.example"]
    assert content.cc == (Mailbox("C", "c@x.example"),)
    assert content.bcc == (Mailbox("", "d@x.example"),)
    assert content.date == datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
    assert (content.subject, content.message_id) == ("a b", "a@acme")
    assert (content.in_reply_to, content.references) == (("p@x",), ("o@x", "p@x"))
    assert (content.text, content.new_text) == ("body", "body")
    assert (message.forwards, message.note, message.defects, message.size) == ((), "", (), len(raw))


@pytest.mark.parametrize(
    ("raw", "text", "files"),
    [
        (alternative("plain", "<p>html</p>"), "plain", []),
        (alternative(" ", "<p>html</p>"), "html", []),
        (alternative("see HTML", "<p>" + "word " * 200 + "</p>"), ("word " * 200).strip(), []),
        (b"Content-Type: text/html\r\n\r\n<p>only</p>", "only", []),
        (
            b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
            + alternative("one", "<p>one</p>")
            + b"\r\n--m\r\n\r\ntwo\r\n--m\r\nContent-Disposition: attachment\r\n\r\nthree\r\n--m--\r\n",
            "one\n\ntwo",
            ["text/plain"],
        ),
        (
            (
                b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nsigned\r\n"
                b"--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n"
            ),
            "signed",
            ["application/pgp-signature"],
        ),
        (
            b"Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\n"
            + alternative("p", "<p>h</p>")
            + b"\r\n--r\r\nContent-Type: image/png\r\nContent-ID: <i>\r\n\r\nx\r\n--r--\r\n",
            "p",
            ["image/png"],
        ),
        (
            (
                b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nsee\r\n"
                b"--m\r\nContent-Type: text/plain; name=log.txt\r\n"
                b"Content-Disposition: inline\r\n\r\nlog\r\n--m--\r\n"
            ),
            "see",
            ["text/plain"],
        ),
        (b"Content-Type: application/pdf\r\n\r\nx", "", ["application/pdf"]),
    ],
)
def test_text_and_files(raw: bytes, text: str, files: list[str]) -> None:
    """The readable form is the text; what is not shown is attached."""
    content = parse(b"From: a@acme.example\r\n" + raw).content
    assert (content.text, [file.media_type for file in content.attachments]) == (text, files)


def test_an_inline_forward_takes_note_files_and_ids() -> None:
    """The original has the wrapper's attachments and the ids that its fields give away; the note is ours."""
    raw = (
        b"From: anna@acme.example\r\nSubject: Fwd: Offer\r\nReferences: <first@x> <orig@x>\r\n"
        b"In-Reply-To: <orig@x>\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\n"
        + INLINE.replace("\n", "\r\n").encode()
        + b"\r\n--m\r\nContent-Type: application/pdf\r\n\r\nx\r\n--m--\r\n"
    )
    message = parse(raw)
    (forward,) = message.forwards
    original = forward.original
    assert (message.note, message.content.new_text) == ("Please file.", "Please file.")
    assert forward.kind is ForwardKind.INLINE
    assert original.sender == Mailbox("Carl Customer", "carl@customer.example")
    assert (original.message_id, original.references) == ("orig@x", ("first@x",))
    assert "header:references" in forward.evidence
    assert original.attachments == message.content.attachments != ()


@pytest.mark.parametrize(
    ("fields", "message_id"),
    [
        ("X-Forwarded-Message-Id: <x@y>\r\nReferences: <a@b>\r\n", "x@y"),
        ("In-Reply-To: <a@b>\r\n", "a@b"),
        ("", ""),
    ],
)
def test_ids_of_an_inline_original(fields: str, message_id: str) -> None:
    """X-Forwarded-Message-Id is surer than References, and nothing is made up."""
    raw = f"From: anna@acme.example\r\nSubject: Fwd: Offer\r\n{fields}\r\n{INLINE}".encode()
    (forward,) = parse(raw).forwards
    assert forward.original.message_id == message_id


def test_a_reply_says_that_it_is_one() -> None:
    """A header block in a reply is found, and marked for the rules to judge."""
    raw = f"From: anna@acme.example\r\nSubject: Re: Offer\r\nIn-Reply-To: <a@b>\r\n\r\n{INLINE}".encode()
    assert "header:reply" in parse(raw).forwards[0].evidence


def test_resent_mail() -> None:
    """A resent mail is its own original, and tells who resent it."""
    raw = b"From: c@customer.example\r\nResent-From: Anna <anna@acme.example>\r\nSubject: x\r\n\r\nhi"
    message = parse(raw)
    (forward,) = message.forwards
    assert forward.kind is ForwardKind.RESENT
    assert forward.original == message.content
    assert forward.evidence == ("header:resent-from", "resent-from:anna@acme.example")
    assert message.note == ""


def test_forwards_of_forwards() -> None:
    """An attached mail that holds another gives a chain, the outermost first."""
    inner = b"Content-Type: message/rfc822\r\n\r\n"
    raw = (
        b"From: a@x.example\r\n" + inner + b"From: b@x.example\r\n" + inner + b"From: c@x.example\r\n\r\ndeep"
    )
    outer = parse(raw).forwards[0]
    assert [one.original.sender for one in (outer, outer.inner[0])] == [
        Mailbox("", "b@x.example"),
        Mailbox("", "c@x.example"),
    ]
    assert outer.inner[0].original.text == "deep"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("We  accept.\nAnna", "> we accept\n> Anna"),
        ("We accept", "[EXTERNAL] Do not click links from unknown senders.\nWe accept"),
        (
            "see https://a.example/x?y=1",
            "see https://eu1.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1&data=05%7C",
        ),
        ("see https://a.example/x", "see https://urldefense.com/v3/__https://a.example/x__;!!abc$"),
        (
            "see https://a.example/x",
            "see https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_x&d=Dw",
        ),
    ],
)
def test_the_digest_overlooks_what_gateways_do(one: str, other: str) -> None:
    """Quoting, wrapping, banners and rewritten links do not make another mail."""
    assert normal_text(one) == normal_text(other)


def test_the_digest_sees_words_and_files() -> None:
    """Other words or another file make another mail; the order of files does not."""
    first, second = hashlib.sha256(b"1").digest(), hashlib.sha256(b"2").digest()
    assert content_digest("a", [first, second]) == content_digest("a", [second, first])
    assert content_digest("a", [first]) != content_digest("a", [second])
    assert content_digest("a", []) != content_digest("b", [])
    assert content_digest("see https://a.example", []) != content_digest("see https://b.example", [])
    message = parse(b"From: a@b.example\r\n\r\nhi")
    assert message.content.digest == digest_of(replace(message.content, digest=b""))


def test_other_ids_of_a_mail() -> None:
    """Ids that a provider replaced or a resender added are kept beside the mail's own, each once."""
    raw = (
        b"From: a@acme.example\r\nMessage-ID: <own@x>\r\nX-Microsoft-Original-Message-ID: <Sent@y>\r\n"
        b"Resent-Message-ID: <r1@z> <own@x>\r\nResent-Message-ID: <r2@z>\r\n"
        b"X-Google-Original-Message-ID: <sent@y>\r\nX-Other-Message-ID: <no@x>\r\n\r\nx"
    )
    assert parse(raw).content.other_ids == ("sent@y", "r1@z", "r2@z")
    many = b"".join(b"Resent-Message-ID: <%d@x>\r\n" % number for number in range(90))
    assert len(parse(many + b"\r\nx").content.other_ids) == 20
    twice = parse(b"Message-ID: <1@x>\r\nMessage-ID: <2@x>\r\nMessage-Id: <1@x>\r\n\r\nx").content
    assert (twice.message_id, twice.other_ids) == ("1@x", ("2@x",))
    late = parse(b"Message-ID:\r\nMessage-ID: <2@x>\r\n\r\nx").content
    assert (late.message_id, late.other_ids) == ("", ("2@x",))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("We accept your offer of Monday.", "> We accept\n> your OFFER\n> of Monday", True),
        ("x" * 512 + "a", "x" * 512 + "b", True),
        ("x" * 511 + "a", "x" * 511 + "b", False),
        ("[EXTERNAL] This email originated from outside\n\nWe accept your offer of Monday.",
         "We accept your offer of Monday.", True),
        ("We accept your offer of Monday.", "We reject your offer of Monday.", False),
    ],
)  # fmt: skip
def test_weak_digest(one: str, other: str, same: bool) -> None:
    """It sees the first 512 letters and digits of the own words, as digest does."""
    assert (weak_digest(one) == weak_digest(other)) is same
    assert len(weak_digest(one)) == 16


@pytest.mark.parametrize(
    "line",
    ["A line of words.\n", "Zażółć gęślą jaźń!\n", "[image:\npicture of words] see <https://x.example/>\n"],
)
def test_a_weak_digest_needs_the_beginning_alone(line: str) -> None:
    """It is the digest of the first 512 letters, whatever follows and wherever reading could have stopped."""
    letters = normal_text(line * 100)[:512]
    assert {weak_digest(line * times) for times in (100, 200, 400)} == {weak_digest(letters)}
    assert weak_digest(line * 100, "above\n" + line * 100) == weak_digest(letters)
    assert weak_digest(line * 100 + "External sender", line * 100) == weak_digest(letters)


def test_few_letters_have_no_weak_digest() -> None:
    """Nineteen letters are what many mails say."""
    assert (weak_digest("a" * 19 + " !?"), len(weak_digest("a" * 20))) == (b"", 16)


def test_more_addresses_than_the_cap_are_told() -> None:
    """A field with more addresses than are read says so."""
    many = b", ".join(b"u%d@x.example" % number for number in range(ADDRESSES_CAP + 1))
    message = parse(b"From: a@acme.example\r\nTo: " + many + b"\r\n\r\nx")
    assert len(message.content.to) == ADDRESSES_CAP
    assert Defect.ADDRESSES_CUT in message.defects
    assert parse(b"To: " + many[: len(many) // 2] + b"\r\n\r\nx").defects == ()


def test_what_is_filed_has_all_but_the_history_in_originals() -> None:
    """The filer's reading is the whole one without chains, of originals in the text and attached."""
    history = "On 15 Nov 2026 at 9:00, Eve <eve@customer.example> wrote:\n> Well?\n"
    text = f"{INLINE}\n{history}".replace("\n", "\r\n").encode()
    inner = b"From: Eve <eve@customer.example>\r\n\r\nHello\r\n" + history.encode()
    attached = b"Content-Type: message/rfc822\r\n\r\n" + inner
    for raw in (b"Subject: Fwd: Offer\r\n\r\n" + text, attached):
        whole, filed = parse(raw), to_file(raw)
        assert len(whole.forwards) == 1 and whole.forwards[0].chain
        assert filed == replace(whole, forwards=(replace(whole.forwards[0], chain=()),))


def test_safe_html_is_left_out_on_request() -> None:
    """Everything but the safe HTML is read the same without it."""
    raw = b"From: a@acme.example\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>"
    with_html, without = parse(raw), parse(raw, safe_html=False)
    assert (with_html.content.html, without.content.html) == ("<p>Hello</p>", "")
    assert replace(with_html.content, html="") == without.content
