"""Mail that other programs packed, as whole mails."""

import base64
from collections.abc import Mapping

from tests.unit.mail.sealed.build import (
    ATTACHMENT,
    BINARY,
    LONG,
    MESSAGE,
    OBJECT,
    STRING,
    TIME,
    UNICODE,
    attribute,
    compound,
    filetime,
    fixed,
    properties,
    tnef,
)

PAGE = "<html><body><p>Zażółć <b>gęślą</b> jaźń</p></body></html>"
TEXT = "Zażółć gęślą jaźń"
PDF = b"%PDF-1.4\0\0\0"
INNER = "From: anna@acme.example\r\nSubject: Inner\r\n\r\nInside the message\r\n"


def utf_16(text: str) -> bytes:
    """Return the octets of a Unicode property."""
    return text.encode("utf-16-le")


def winmail(*more: bytes, body: Mapping[tuple[int, int], object] | None = None) -> bytes:
    """Return a winmail.dat with a text in two forms and two files."""
    said = body or {(BINARY, 0x1013): PAGE.encode(), (LONG, 0x3FDE): 65001, (STRING, 0x1000): TEXT}
    embedded = properties(
        {(UNICODE, 0x37): "Inner", (UNICODE, 0x1000): "Inside", (UNICODE, 0x5D01): "anna@acme.example"}
    )
    inner = bytes.fromhex("0703020000000000c000000000000046") + tnef(attribute(MESSAGE, 0x00069003, embedded))
    return tnef(
        attribute(MESSAGE, 0x00078008, b"IPM.Microsoft Mail.Note\0"),
        attribute(MESSAGE, 0x00069003, properties(said)),
        attribute(ATTACHMENT, 0x00069002, bytes(14)),
        attribute(ATTACHMENT, 0x00018010, b"OFERTA~1.PDF\0"),
        attribute(ATTACHMENT, 0x0006800F, PDF),
        attribute(
            ATTACHMENT,
            0x00069005,
            properties({(UNICODE, 0x3707): "Oferta żółta.pdf", (STRING, 0x370E): "application/pdf"}),
        ),
        attribute(ATTACHMENT, 0x00069002, bytes(14)),
        attribute(ATTACHMENT, 0x00069005, properties({(LONG, 0x3705): 5, (OBJECT, 0x3701): inner})),
        *more,
    )


def saved_message(**more: bytes) -> bytes:
    """Return a .msg file: a mail of Anna's to Jan and Ewa with one file; `more` are its values by tag."""
    to, cc, file = (
        "__recip_version1.0_#00000000",
        "__recip_version1.0_#00000001",
        "__attach_version1.0_#00000000",
    )
    return compound(
        {
            "__properties_version1.0": fixed(
                32, {(TIME, 0x39): filetime(1_763_287_200), (LONG, 0x3FDE): 65001}
            ),
            "__substg1.0_001A001F": utf_16("IPM.Note"),
            "__substg1.0_0037001F": utf_16("Oferta ż"),
            "__substg1.0_0C1A001F": utf_16('Nowak, "Anna"'),
            "__substg1.0_5D01001F": utf_16("anna@acme.example"),
            "__substg1.0_1000001F": utf_16(f"{TEXT}\r\n"),
            "__substg1.0_10130102": PAGE.encode() + b" " * 5_000,
            f"{to}/__properties_version1.0": fixed(8, {(LONG, 0xC15): 1}),
            f"{to}/__substg1.0_3001001F": utf_16("Jan"),
            f"{to}/__substg1.0_39FE001F": utf_16("jan@firm.example"),
            f"{cc}/__properties_version1.0": fixed(8, {(LONG, 0xC15): 2}),
            f"{cc}/__substg1.0_3001001F": utf_16("Ewa"),
            f"{cc}/__substg1.0_3003001F": utf_16("/O=FIRM/CN=EWA"),
            f"{file}/__properties_version1.0": fixed(8, {(LONG, 0x3705): 1}),
            f"{file}/__substg1.0_3707001F": utf_16("Oferta.pdf"),
            f"{file}/__substg1.0_37010102": PDF * 1_000,
            **{f"__substg1.0_{tag}": value for tag, value in more.items()},
        }
    )


def mail(*parts: tuple[str, bytes], subtype: str = "mixed") -> bytes:
    """Return a mail of parts, each a Content-Type and octets."""
    out = [
        b"From: jan@firm.example\r\nTo: b@drop.example\r\nSubject: Offer\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/%b; boundary="q"\r\n\r\n' % subtype.encode()
    ]
    for content_type, octets in parts:
        encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
        out.append(
            b"--q\r\nContent-Type: %b\r\nContent-Transfer-Encoding: base64\r\n\r\n%b"
            % (content_type.encode(), encoded)
        )
    return b"".join((*out, b"--q--\r\n"))


def single(content_type: str, octets: bytes) -> bytes:
    """Return a mail of one part."""
    head = b"From: jan@firm.example\r\nTo: b@drop.example\r\nSubject: Offer\r\nMIME-Version: 1.0\r\n"
    encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return head + (
        b"Content-Type: %b\r\nContent-Transfer-Encoding: base64\r\n\r\n%b" % (content_type.encode(), encoded)
    )
