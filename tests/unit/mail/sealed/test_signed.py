"""Signed mail is read, encrypted mail is kept, and neither is more than it says."""

from base64 import encodebytes

import pytest
from asn1crypto import cms  # type: ignore[import-untyped]

from bccd.mail.attachments import octets
from bccd.mail.defects import Defect
from bccd.mail.parse import parse
from bccd.mail.parts import part_list
from bccd.mail.sealed.cms import Cms, cms_kind, signed_content
from bccd.mail.sealed.pgp import unarmoured
from tests.unit.mail.sealed.build import (
    ENVELOPED,
    SIGNED,
    element,
    oid,
    signed_data,
    streamed_data,
    unsaid,
)
from tests.unit.mail.sealed.samples import INNER, mail, single

INSIDE = (
    b'Content-Type: multipart/mixed; boundary="i"\r\n\r\n'
    b"--i\r\nContent-Type: text/plain\r\n\r\nHello Jan\r\n"
    b"--i\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
    b"--i--\r\n"
)
P7M = 'application/pkcs7-mime; name="smime.p7m"'


@pytest.mark.parametrize("made", [signed_data, streamed_data])
@pytest.mark.parametrize(
    "declared",
    [
        f"{P7M}; smime-type=signed-data",
        P7M,
        'application/x-pkcs7-mime; name="smime.p7m"',
        'application/octet-stream; name="smime.p7m"',
    ],
)
def test_opaque_signed_mail_is_read(made: object, declared: str) -> None:
    """The text and the files inside are the mail's; their octets are found again."""
    assert made in (signed_data, streamed_data)
    raw = single(declared, signed_data(INSIDE) if made is signed_data else streamed_data(INSIDE))
    message = parse(raw)
    assert message.content.text == "Hello Jan"
    assert message.content.marks == ("signed:smime",)
    assert not message.defects
    (file,) = message.content.attachments
    assert (file.part, file.filename, file.within) == ("1.2", "a.pdf", "smime:1")
    assert octets(raw, file) == b"%PDF"


def test_a_signed_mail_behind_a_text_is_a_file() -> None:
    """Others' words that somebody attached are none of the mail's; in front of a text they are its own."""
    wrapped = encodebytes(signed_data(INSIDE)).replace(b"\n", b"\r\n")
    signed = (
        f"Content-Type: {P7M}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + wrapped
    text = b"Content-Type: text/plain\r\n\r\nSee what he sent\r\n"
    head = b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n'
    behind = parse(head + b"--m\r\n" + text + b"--m\r\n" + signed + b"--m--\r\n").content
    assert behind.text == "See what he sent"
    assert [file.filename for file in behind.attachments] == ["smime.p7m"]
    before = parse(head + b"--m\r\n" + signed + b"--m\r\n" + text + b"--m--\r\n").content
    assert before.text == "Hello Jan\n\nSee what he sent"


def test_the_reader_agrees_with_the_library() -> None:
    """asn1crypto finds the same content in the same octets, and its own way of writing them is read."""
    for made in (signed_data, streamed_data):
        known = cms.ContentInfo.load(made(INSIDE))["content"]["encap_content_info"]["content"]
        assert known.native == signed_content(made(INSIDE)) == INSIDE
    written = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [{"algorithm": "sha256"}],
                    "encap_content_info": {"content_type": "data", "content": INSIDE},
                    "signer_infos": [],
                }
            ),
        }
    )
    assert signed_content(written.dump()) == INSIDE


def test_a_mail_signed_twice_is_read() -> None:
    """Signed data inside signed data, which some gateways make, is opened as well."""
    inner = (
        b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + signed_data(INSIDE)
    )
    content = parse(single(P7M, signed_data(inner))).content
    assert content.text == "Hello Jan"
    assert content.attachments[0].within == "smime:1 smime:1.1"


def test_signed_and_bare_copies_are_one_mail() -> None:
    """The digest of a mail is the same signed in either way, and bare."""
    bare = parse(b"From: a@acme.example\r\n" + INSIDE).content
    opaque = parse(single(P7M, signed_data(INSIDE))).content
    clear = parse(
        b"From: a@acme.example\r\nContent-Type: multipart/signed; boundary=s; protocol="
        b'"application/pkcs7-signature"\r\n\r\n--s\r\n' + INSIDE + b"\r\n--s\r\nContent-Type: "
        b"application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIF\r\n--s--\r\n"
    ).content
    assert clear.text == "Hello Jan"
    assert clear.marks == ("signed:smime",)
    assert bare.digest == opaque.digest == clear.digest


def test_a_signed_document_is_a_file() -> None:
    """What was signed is a part of a mail only if it begins as one: a signed invoice stays an attachment."""
    invoice = signed_data(b"<?xml version='1.0'?><Invoice>Content-Type: none</Invoice>")
    content = parse(
        mail(("text/plain", b"Attached"), ('application/pkcs7-mime; name="invoice.xml.p7m"', invoice))
    ).content
    assert content.text == "Attached"
    assert not content.marks
    assert [file.filename for file in content.attachments] == ["invoice.xml.p7m"]


def test_encrypted_mail_is_kept_and_marked() -> None:
    """What only its recipient can read is an attachment, whatever the type says of it."""
    hidden = element(0x30, oid(ENVELOPED), element(0xA0, element(0x30, element(2, b"\0"))))
    for declared in (f"{P7M}; smime-type=enveloped-data", P7M, f"{P7M}; smime-type=signed-data"):
        message = parse(single(declared, hidden))
        assert message.content.marks == ("encrypted:smime",)
        assert message.defects == (Defect.ENCRYPTED,)
        assert [file.filename for file in message.content.attachments] == ["smime.p7m"]
    parts = (("application/pgp-encrypted", b"Version: 1\r\n"), ("application/octet-stream", b"-----BEGIN"))
    pgp = parse(mail(*parts, subtype="encrypted"))
    assert pgp.content.marks == ("encrypted:pgp",)
    assert pgp.defects == (Defect.ENCRYPTED,)


def test_protected_mail_is_kept_and_marked() -> None:
    """A message that Outlook put under rights management is told from other attachments."""
    declared = 'application/x-microsoft-rpmsg-message; name="message.rpmsg"'
    content = parse(mail(("text/plain", b"Protected"), (declared, b"\x76\xe8"))).content
    assert content.text == "Protected"
    assert content.marks == ("protected:rms",)
    assert [file.filename for file in content.attachments] == ["message.rpmsg"]


def test_clear_signed_text_loses_its_armour() -> None:
    """The lines of the armour go, escaped dashes are undone, what stands around stays."""
    text = (
        "Before\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHello\n- -- \n- - item\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n_____\nlist footer"
    )
    content = parse(b"From: a@acme.example\r\n\r\n" + text.encode()).content
    assert content.text == "Before\nHello\n-- \n- item\n_____\nlist footer"
    assert content.marks == ("signed:pgp",)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PGP SIGNED MESSAGE-----\n\nno signature",
        "-----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----",
        "> -----BEGIN PGP SIGNED MESSAGE-----\n>\n> Hello\n> -----BEGIN PGP SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----",
    ],
)
def test_armour_that_is_not_whole_stays(text: str) -> None:
    """Without its signature nothing was signed."""
    assert unarmoured(text) == (text, ())


def test_encrypted_text_is_kept_and_marked() -> None:
    """Inline PGP stays as it is."""
    text = "-----BEGIN PGP MESSAGE-----\n\nhQIM\n-----END PGP MESSAGE-----"
    message = parse(b"From: a@acme.example\r\n\r\n" + text.encode())
    assert message.content.text == text
    assert message.content.marks == ("encrypted:pgp",)
    assert message.defects == (Defect.ENCRYPTED,)


def test_broken_objects_hold_nothing() -> None:
    """Cut, lying and endless objects are none, and no attachment is lost over them."""
    whole, streamed = signed_data(INSIDE), streamed_data(INSIDE)
    for octets_ in (whole, streamed):
        for at in range(0, len(octets_), 3):
            signed_content(octets_[:at])
            signed_content(octets_[:at] + b"\xff" + octets_[at + 1 :])
    for hostile in (
        b"\x30\x80" * 100_000,
        b"\x30\x84\xff\xff\xff\xff" + oid(SIGNED),
        unsaid(0x30, oid(SIGNED), b"\xa0\x80\x30\x80\x02\x01\x01" + b"\x31\x80" * 50_000),
        unsaid(0x30, oid(SIGNED), unsaid(0xA0, unsaid(0x30, b"\2\1\1", b"\x31\0", unsaid(0x30, oid(SIGNED),
            b"\xa0\x80" + b"\x24\x80" * 100_000)))),
        b"",
        b"\x30",
    ):  # fmt: skip
        assert not signed_content(hostile)
        assert len(parse(single(P7M, hostile)).content.attachments) == 1
    assert cms_kind(b"\x30\x03\x02\x01\x01") is Cms.OTHER


def test_a_mail_inside_signed_data_is_a_forward() -> None:
    """A message that was attached before signing is an original like any other."""
    inside = b"Content-Type: message/rfc822\r\n\r\n" + INNER.encode()
    (forward,) = parse(single(P7M, signed_data(inside))).forwards
    assert forward.original.subject == "Inner"


def test_deep_nesting_inside_signed_data_is_read_to_a_bound() -> None:
    """Mails inside mails inside signed data, many times over, end as an attachment and nobody raises."""
    inner = b"Content-Type: text/plain\r\n\r\nHello\r\n"
    for _ in range(5):
        inner = b"Content-Type: message/rfc822\r\n\r\n" * 45 + inner
        inner = b"Content-Type: application/pkcs7-mime\r\n\r\n" + signed_data(inner)
    message = parse(inner)
    assert message.content.marks == ("signed:smime",)
    assert len(message.forwards) == 1
    assert len(part_list(inner)) > 100
