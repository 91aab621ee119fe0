"""Mail as four common clients write it: their header fields, their encodings, their HTML."""

import base64
import binascii
import html
import textwrap
from dataclasses import dataclass
from datetime import datetime
from random import Random

from benchmarks.company import Person
from benchmarks.words import POLISH, Tongue

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LINE = 74
_ENCODED_WORD = 30  # characters of a subject in one encoded word
_STYLE = "".join(
    f'{selector}\n\t{{margin:0cm;\n\tfont-size:{size}.0pt;\n\tfont-family:"Calibri",sans-serif;}}\n'
    for selector, size in (
        ("p.MsoNormal, li.MsoNormal, div.MsoNormal", 11),
        ("p.MsoListParagraph, li.MsoListParagraph, div.MsoListParagraph", 11),
        ("span.EmailStyle17", 11),
        ("span.EmailStyle20", 11),
        (".MsoChpDefault", 10),
        ("div.WordSection1", 10),
        ("a:link, span.MsoHyperlink", 11),
    )
)


@dataclass(frozen=True, slots=True)
class File:
    """What is attached."""

    name: str
    media_type: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail before its client writes it down."""

    client: str  # outlook, gmail, apple or thunderbird
    tongue: Tongue
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    date: datetime
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    thread: bytes  # 16 octets that all mail of a conversation shares
    text: str
    html: str
    files: tuple[File, ...] = ()
    attached: bytes = b""  # a whole mail, forwarded as an attachment


def rfc_date(moment: datetime) -> str:
    """Write a date as RFC 5322 3.3 does, in any locale."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day} {month} {moment.year} {moment:%H:%M:%S} +0100"


def words(text: str) -> str:
    """Write text for a header field: as it is, or as encoded words (RFC 2047)."""
    if text.isascii():
        return text
    pieces = [text[start : start + _ENCODED_WORD] for start in range(0, len(text), _ENCODED_WORD)]
    return "\r\n ".join(f"=?UTF-8?B?{base64.b64encode(piece.encode()).decode()}?=" for piece in pieces)


def mailbox(person: Person) -> str:
    """Write a name and an address."""
    name = f'"{person.name}"' if person.name.isascii() else words(person.name)
    return f"{name} <{person.address}>"


def as_html(client: str, paragraphs: list[str], tongue: Tongue) -> str:
    """Write paragraphs the way a client does."""
    escaped = [html.escape(paragraph) for paragraph in paragraphs]
    if client == "outlook":
        language = "PL" if tongue is POLISH else "EN-GB"
        return "".join(
            f'<p class="MsoNormal"><span lang="{language}" style="font-size:11.0pt;font-family:'
            f'&quot;Calibri&quot;,sans-serif;mso-fareast-language:EN-US">{text}<o:p></o:p></span></p>\n'
            '<p class="MsoNormal"><span style="mso-fareast-language:EN-US"><o:p>&nbsp;</o:p></span></p>\n'
            for text in escaped
        )
    if client == "gmail":
        return "".join(f"<div>{text}</div><div><br></div>" for text in escaped)
    if client == "apple":
        return "".join(f'<div class="">{text}</div><div class=""><br class=""></div>' for text in escaped)
    return "".join(f"<p>{text}<br>\n</p>\n" for text in escaped)


def page(draft: Draft) -> str:
    """Put the HTML into the frame its client sends."""
    if draft.client == "outlook":
        return (
            '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">\n<head>\n'
            '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
            '<meta name="Generator" content="Microsoft Word 15 (filtered medium)">\n'
            f"<style><!--\n{_STYLE}--></style>\n</head>\n"
            '<body lang="EN-GB" link="#0563C1" vlink="#954F72" style="word-wrap:break-word">\n'
            f'<div class="WordSection1">\n{draft.html}</div>\n</body>\n</html>\n'
        )
    if draft.client == "gmail":
        return f'<div dir="ltr">{draft.html}</div>\n'
    head = '<meta http-equiv="content-type" content="text/html; charset=utf-8">'
    return f"<html><head>{head}</head><body>{draft.html}</body></html>\n"


def _octets(chance: Random, count: int) -> str:
    return base64.b64encode(chance.randbytes(count)).decode()


def _folded(text: str) -> str:
    return "\r\n ".join(text[start : start + 72] for start in range(0, len(text), 72))


def _received(chance: Random, draft: Draft, hops: int) -> list[str]:
    when = rfc_date(draft.date)
    return [
        f"Received: from out{hop}.relay.example"
        f" (out{hop}.relay.example [192.0.2.{chance.randrange(1, 255)}])\r\n"
        f" by in{hop}.relay.example (Postfix) with ESMTPS id {chance.randbytes(6).hex()}\r\n"
        f" (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n {when}"
        for hop in range(hops)
    ]


def _dkim(chance: Random, name: str) -> str:
    return (
        f"{name}: v=1; a=rsa-sha256; c=relaxed/relaxed; d=seller.example; s=k1;\r\n"
        " h=from:to:cc:subject:date:message-id:mime-version:content-type:references;\r\n"
        f" bh={_octets(chance, 32)};\r\n b={_folded(_octets(chance, 256))}"
    )


def _client_fields(chance: Random, draft: Draft) -> list[str]:
    match draft.client:
        case "outlook":
            return [
                _dkim(chance, "DKIM-Signature"),
                f"Thread-Topic: {words(draft.subject)}",
                "Thread-Index: " + base64.b64encode(b"\x01" + chance.randbytes(5) + draft.thread).decode(),
                "Accept-Language: pl-PL, en-GB, en-US",
                "Content-Language: en-GB",
                "X-MS-Has-Attach:" + (" yes" if draft.files else ""),
                "X-MS-TNEF-Correlator:",
                "x-ms-publictraffictype: Email",
                "x-ms-exchange-senderadcheck: 1",
                f"x-microsoft-antispam-message-info: {_folded(_octets(chance, 700))}",
                f"X-MS-Exchange-CrossTenant-Network-Message-Id: {chance.randbytes(16).hex()}",
                "X-OriginatorOrg: seller.example",
            ]
        case "gmail":
            number = chance.randbytes(8).hex()
            return [
                _dkim(chance, "DKIM-Signature"),
                _dkim(chance, "X-Google-DKIM-Signature"),
                f"X-Gm-Message-State: {_folded(_octets(chance, 90))}",
                f"X-Google-Smtp-Source: {_folded(_octets(chance, 60))}",
                f"X-Received: by 2002:a17:906:{number}:b0 with SMTP id {number};\r\n {rfc_date(draft.date)}",
            ]
        case "apple":
            return [_dkim(chance, "DKIM-Signature"), "X-Mailer: Apple Mail (2.3774.500.171.1.1)"]
        case _:
            return ["User-Agent: Mozilla Thunderbird", "Content-Language: pl"]


def _header(chance: Random, draft: Draft) -> list[str]:
    fields = [
        *_received(chance, draft, 3 if draft.client == "outlook" else 2),
        *_client_fields(chance, draft),
        f"From: {mailbox(draft.sender)}",
        "To: " + ",\r\n ".join(map(mailbox, draft.to)),
    ]
    if draft.cc:
        fields.append("Cc: " + ",\r\n ".join(map(mailbox, draft.cc)))
    fields += [
        f"Subject: {words(draft.subject)}",
        f"Date: {rfc_date(draft.date)}",
        f"Message-ID: {draft.message_id}",
    ]
    if draft.references:
        fields.append("References: " + "\r\n ".join(draft.references))
    if draft.in_reply_to:
        fields.append(f"In-Reply-To: {draft.in_reply_to}")
    return [*fields, "MIME-Version: 1.0"]


def _lines(octets: bytes) -> bytes:
    return octets.replace(b"\n", b"\r\n")


def _wrapped(text: str, end: str) -> str:
    """Keep lines short where nothing encodes them (RFC 5322 2.1.1 allows 998 octets)."""
    lines = (textwrap.wrap(line, _LINE) if len(line) > _LINE else [line] for line in text.splitlines())
    return "\n".join(end.join(pieces) for pieces in lines) + "\n"


def _text_part(draft: Draft, kind: str, text: str) -> bytes:
    if draft.client == "thunderbird":
        flowed = kind == "plain"
        body = _lines(_wrapped(text, " \n" if flowed else "\n").encode())
        return _part(f"text/{kind}; charset=UTF-8{'; format=flowed' if flowed else ''}", "8bit", body)
    if draft.client == "outlook" and kind == "plain" and not text.isascii():
        body = _lines(base64.encodebytes(_lines(text.encode())))
        return _part(f'text/{kind}; charset="utf-8"', "base64", body)
    charset = "iso-8859-2" if draft.tongue is POLISH and draft.client == "apple" else "utf-8"
    body = _lines(binascii.b2a_qp(text.encode(charset, "xmlcharrefreplace"), istext=True))
    return _part(f'text/{kind}; charset="{charset}"', "quoted-printable", body)


def _part(content_type: str, encoding: str, body: bytes) -> bytes:
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def _file_part(file: File) -> bytes:
    name = words(file.name)
    head = (
        f'Content-Type: {file.media_type}; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"; size={len(file.octets)}\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + _lines(base64.encodebytes(file.octets))


def _multipart(chance: Random, draft: Draft, subtype: str, parts: list[bytes]) -> bytes:
    mark = chance.randbytes(10).hex()
    boundary = {
        "outlook": f"_000_{mark.upper()}seller_",
        "gmail": f"000000000000{mark}",
        "apple": f"Apple-Mail=_{mark.upper()}",
    }.get(draft.client, f"------------{mark}")
    line = f"--{boundary}".encode()
    body = b"".join(b"%s\r\n%s\r\n" % (line, part) for part in parts)
    head = f'Content-Type: multipart/{subtype};\r\n\tboundary="{boundary}"\r\n\r\n'.encode()
    return head + body + line + b"--\r\n"


def render(chance: Random, draft: Draft) -> bytes:
    """Write a mail as it goes over the wire: CRLF line ends, no dots stuffed."""
    parts = [_text_part(draft, "plain", draft.text), _text_part(draft, "html", page(draft))]
    body = _multipart(chance, draft, "alternative", parts)
    more = [_file_part(file) for file in draft.files]
    if draft.attached:
        more.append(
            b'Content-Type: message/rfc822; name="original.eml"\r\nContent-Disposition: attachment\r\n\r\n'
        )
        more[-1] += draft.attached
    if more:
        body = _multipart(chance, draft, "mixed", [body, *more])
    return "".join(f"{field}\r\n" for field in _header(chance, draft)).encode() + body
