"""A mail that came through a gateway reads as it was sent."""

from bccd.mail.gateway import without_top_banner
from bccd.mail.parse import parse
from bccd.mail.subject import base_subject, is_forward, is_reply, untagged
from bccd.rules.dedupe import identity_key

BANNER = "CAUTION: This email originated from outside of the organization. Do not click links."
SAFE = (
    "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.example%2Foffer%3Fa%3D1&data=05"
)
HEAD = (
    b"From: anna@acme.example\r\nTo: jan@firm.example\r\nSubject: [EXTERNAL] Offer\r\n"
    b"Message-ID: <a@acme.example>\r\n"
)


def mail(text: str, page: str) -> bytes:
    """Build a mail of two forms."""
    return (
        HEAD
        + (
            'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}\r\n--b--\r\n"
        ).encode()
    )


def test_a_mail_reads_as_it_was_sent() -> None:
    """Text, new text and the digest are those of the mail before the gateway; the marks say what went."""
    sent = parse(mail("Our offer <https://acme.example/offer?a=1>", "<p>Our offer</p>")).content
    page = f'<div>{BANNER}</div><p>Our <a href="{SAFE.replace("&", "&amp;")}">offer</a></p>'
    came = parse(mail(f"{BANNER}\r\n\r\nOur offer <{SAFE}>", page)).content
    assert came.text == came.new_text == sent.text
    assert came.digest == sent.digest
    assert came.marks == ("gateway:banner", "gateway:links")
    assert not sent.marks
    assert base_subject(came.subject) == "offer"


def test_a_banner_in_the_page_alone_goes() -> None:
    """Some gateways write into the HTML and not into the text beside it."""
    rest = "<p>Our offer</p>" + "<p>and more of it</p>" * 500
    page = f"<html><head></head><body><div>{BANNER}</div>{rest}</body></html>"
    text = "Our offer\n" + "\nand more of it" * 500
    content = parse(mail(text.replace("\n", "\r\n"), page)).content
    assert content.text == text
    assert content.marks == ("gateway:banner",)
    assert "CAUTION" not in content.html
    assert "Our offer" in content.html
    half = f"<body><div>{BANNER}{'<b></b>' * 1_000} Call me.</div>"
    assert not without_top_banner(half).found


def test_what_is_a_banner_from_end_to_end_is_its_authors() -> None:
    """A warning that somebody writes himself is all he says: it is not taken away."""
    content = parse(HEAD + b"\r\nDo not open attachments from unknown senders.\r\n").content
    assert content.text == content.new_text == "Do not open attachments from unknown senders."
    assert not content.marks


def test_an_inline_original_reads_as_it_was_sent() -> None:
    """A banner inside a forwarded original is no part of its text."""
    text = (
        f"For the file\r\n\r\n________________________________\r\nFrom: Anna <anna@acme.example>\r\n"
        f"Sent: Monday, 16 November 2026 10:00\r\nTo: Jan <jan@firm.example>\r\nSubject: [EXT] Offer\r\n\r\n"
        f"{BANNER}\r\n\r\nOur offer"
    )
    (forward,) = parse(HEAD.replace(b"[EXTERNAL]", b"FW: [EXT]") + b"\r\n" + text.encode()).forwards
    assert forward.original.text == "Our offer"
    assert forward.original.sender
    assert forward.original.sender.address == "anna@acme.example"


def test_tags_of_gateways_are_no_part_of_a_subject() -> None:
    """However a gateway tags a subject, the conversation and the kind of mail stay the same."""
    for tag in (
        "[EXTERNAL] ",
        "EXTERNAL: ",
        "*EXT* ",
        "(External) ",
        "{Spam?} ",
        "【外部】",
        "Extern: ",
        "#EXT# ",
    ):
        assert base_subject(f"{tag}Re: Offer") == "offer", tag
        assert is_reply(f"{tag}Re: Offer"), tag
        assert is_forward(f"{tag}Fwd: Offer"), tag
        assert untagged(f"{tag}Re:  Offer") == untagged(f"Re: {tag}Offer") == "Re: Offer", tag
        assert untagged(f"{tag}Offer") == "Offer", tag
    assert base_subject("External audit") == "externalaudit"
    assert untagged("External audit") == "External audit"
    assert untagged("Re: Extra: [ext. 5] Offer") == "Re: Extra: [ext. 5] Offer"


def test_a_tagged_copy_is_the_same_mail() -> None:
    """Two colleagues' copies of one mail, one through a gateway that tags and warns, are one message."""
    page = f'<div>{BANNER}</div><p>Our <a href="{SAFE.replace("&", "&amp;")}">offer</a></p>'
    tagged = parse(mail(f"{BANNER}\r\n\r\nOur offer <{SAFE}>", page)).content
    sent = mail("Our offer <https://acme.example/offer?a=1>", "<p>Our offer</p>").replace(b"[EXTERNAL] ", b"")
    assert identity_key(tagged) == identity_key(parse(sent).content)
