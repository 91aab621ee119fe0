"""Mail as careless programs write it: what a reader sees all the same."""

from base64 import b64encode

import pytest

from bccd.mail.mime import split
from bccd.mail.parse import parse
from bccd.mail.part import Part, filename_of

FROM = b"From: A <a@acme.example>"


def mail(*fields: str | bytes, body: bytes = b"hi\r\n", end: bytes = b"\r\n") -> bytes:
    """Join a header section and a body."""
    lines = [field.encode() if isinstance(field, str) else field for field in fields]
    return end.join(lines) + end + end + body


def typed(content_type: str, encoding: str, body: bytes) -> bytes:
    """Make a mail of one part."""
    fields = [f"Content-Type: {content_type}"]
    if encoding:
        fields.append(f"Content-Transfer-Encoding: {encoding}")
    return mail(FROM, *fields, body=body)


def mixed(*parts: bytes, boundary: str = "BB", closed: bool = True) -> bytes:
    """Make a multipart/mixed whose delimiter lines are those of BB, whatever it declares."""
    body = b"".join(b"--BB\r\n" + part + b"\r\n" for part in parts) + (b"--BB--\r\n" if closed else b"")
    return mail(FROM, f'Content-Type: multipart/mixed; boundary="{boundary}"', body=body)


def word(text: str, charset: str, label: str = "") -> str:
    """Encode a word in B."""
    return f"=?{label or charset}?B?{b64encode(text.encode(charset)).decode()}?="


TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nhello"


def named(*fields: str) -> bytes:
    """Make a mail with a text and one file, whose fields name it."""
    raw = "\r\n".join(fields).encode()
    return mixed(TEXT, b"Content-Type: application/pdf\r\n" + raw + b"\r\n\r\nhi")


SUBJECTS = {
    "neighbouring words": ("Subject: =?utf-8?Q?Gr=C3=B6?=\r\n =?utf-8?Q?=C3=9Fe?=", "Größe"),
    "character split over two words": ("Subject: =?utf-8?B?R3LD?=\r\n =?utf-8?B?tsOfZQ==?=", "Größe"),
    "words of two charsets": ("Subject: =?utf-8?Q?Gr=C3=B6?= =?iso-8859-1?Q?=DFe?=", "Größe"),
    "iso-2022-jp": (f"Subject: {word('見積書', 'iso-2022-jp')}", "見積書"),
    "raw utf-8": ("Subject: Größe 42", "Größe 42"),
    "raw latin-1": ("Subject: Größe 42".encode("latin-1"), "Größe 42"),
    "unknown charset": ("Subject: =?x-unknown?Q?Gr=F6=DFe?=", "Größe"),
    "cp1252 as iso-8859-1": ("Subject: =?iso-8859-1?Q?price_80_=80?=", "price 80 €"),
    "gbk as gb2312": (f"Subject: {word('镕基', 'gbk', 'gb2312')}", "镕基"),
    "windows-874": (f"Subject: {word('ราคา', 'cp874', 'windows-874')}", "ราคา"),
    "iso-8859-2": (f"Subject: {word('zażółć', 'iso-8859-2')}", "zażółć"),
    "windows-1250": (f"Subject: {word('zażółć', 'cp1250', 'Windows-1250')}", "zażółć"),
    "koi8-r": (f"Subject: {word('Привет', 'koi8-r')}", "Привет"),
    "ks_c_5601-1987": (f"Subject: {word('견적서', 'euc-kr', 'ks_c_5601-1987')}", "견적서"),
    "cp949 as ks_c_5601-1987": (f"Subject: {word('똠방각하', 'cp949', 'ks_c_5601-1987')}", "똠방각하"),
    "x-sjis": (f"Subject: {word('見積', 'shift-jis', 'x-sjis')}", "見積"),
    "iso-8859-8-i": (f"Subject: {word('שלום', 'iso-8859-8', 'iso-8859-8-i')}", "שלום"),
    "utf-7": ("Subject: =?utf-7?Q?Gr+APY-?=", "Grö"),
    "utf8 without dash": ("Subject: =?utf8?Q?Gr=C3=B6?=", "Grö"),
    "B without padding": ("Subject: =?utf-8?B?R3LDtg?=", "Grö"),
    "B with a stray character": ("Subject: =?utf-8?B?R3LD*tg==?=", "Grö"),
    "no space before the word": ("Subject: Re:=?utf-8?Q?Gr=C3=B6?=", "Re:Grö"),
    "Q with a raw space": ("Subject: =?utf-8?Q?Gr=C3=B6 sse?=", "Grö sse"),
    "language suffix": ("Subject: =?utf-8*de?Q?Gr=C3=B6?=", "Grö"),
    "lower-case q": ("Subject: =?UTF-8?q?a=5Fb_c?=", "a_b c"),
    "not quite a word": ("Subject: =?utf-8?X?abc?= d", "=?utf-8?X?abc?= d"),
    "NUL": (b"Subject: x\x005", "x5"),
    "space before colon": ("Subject : x6", "x6"),
    "folded with tabs": ("Subject: a\r\n\tb", "a b"),
    "no subject": ("X-Other: 1", ""),
}

SENDERS = {
    "quoted encoded word": (
        '"=?utf-8?Q?M=C3=BCller=2C_Hans?=" <h@e.example>',
        [("Müller, Hans", "h@e.example")],
    ),
    "encoded comma": ("=?utf-8?Q?M=C3=BCller=2C_Hans?= <h@e.example>", [("Müller, Hans", "h@e.example")]),
    "unquoted comma": ("Miller, Hans <h@e.example>", [("Miller, Hans", "h@e.example")]),
    "raw utf-8": ("Müller Hans <h@e.example>", [("Müller Hans", "h@e.example")]),
    "raw latin-1": ("Müller Hans <h@e.example>".encode("latin-1"), [("Müller Hans", "h@e.example")]),
    "address in the name": ('"c@corp.example" <e@bad.example>', [("c@corp.example", "e@bad.example")]),
    "encoded address": (
        "=?utf-8?Q?c=40corp=2Eexample?= <e@bad.example>",
        [("c@corp.example", "e@bad.example")],
    ),
    "IDN": ("<a@münchen.example>", [("", "a@xn--mnchen-3ya.example")]),
    "empty group": ("undisclosed:;", []),
    "brackets in the name": ("[x] <a@e.example>", [("[x]", "a@e.example")]),
    "dot before the at sign": ("john.@docomo.example", [("", "john.@docomo.example")]),
    "two dots": ("jo..hn@docomo.example", [("", "jo..hn@docomo.example")]),
    "two": ("a@x.example, b@y.example", [("", "a@x.example"), ("", "b@y.example")]),
    "comment": ("a@x.example (Alice X)", [("Alice X", "a@x.example")]),
    "trailing comma": ("A <a@x.example>,", [("A", "a@x.example")]),
    "lone quote": ('"', []),
    "semicolons": ("A <a@x.example>; B <b@y.example>", [("A", "a@x.example"), ("B", "b@y.example")]),
}

TEXTS = {
    "no charset, utf-8": (typed("text/plain", "8bit", "Größe".encode()), "Größe"),
    "no charset, latin-1": (typed("text/plain", "8bit", "Größe".encode("latin-1")), "Größe"),
    "us-ascii that is utf-8": (typed("text/plain; charset=us-ascii", "8bit", "Größe".encode()), "Größe"),
    "iso-8859-1 that is cp1252": (
        typed("text/plain; charset=iso-8859-1", "8bit", "“x” €".encode("cp1252")),
        "“x” €",
    ),
    "utf-8 that is latin-1": (
        typed("text/plain; charset=utf-8", "", "Größe der Ware".encode("latin-1")),
        "Größe der Ware",
    ),
    "utf-8 with one bad octet": (
        typed("text/plain; charset=utf-8", "", "zażółć gęślą".encode() + b"\xff"),
        "zażółć gęślą\ufffd",
    ),
    "single quotes": (typed("text/plain; charset='utf-8'", "8bit", "Größe".encode()), "Größe"),
    "charset with junk": (typed('text/plain; charset="utf-8;"', "8bit", "Größe".encode()), "Größe"),
    "utf-7": (typed("text/plain; charset=unicode-1-1-utf-7", "7bit", b"Gr+APY-"), "Grö"),
    "cp-850": (typed("text/plain; charset=cp-850", "8bit", "Größe".encode("cp850")), "Größe"),
    "big5": (typed("text/plain; charset=big5", "8bit", "報價單".encode("big5")), "報價單"),
    "utf-16le": (
        typed("text/plain; charset=utf-16le", "base64", b64encode("Größe".encode("utf-16le"))),
        "Größe",
    ),
    "base64 as charset": (typed("text/plain; charset=base64", "8bit", b"hello"), "hello"),
    "rot13 as charset": (typed("text/plain; charset=rot13", "8bit", b"hello"), "hello"),
    "unicode_escape as charset": (typed("text/plain; charset=unicode_escape", "", rb"\ud800"), r"\ud800"),
    "base64 unpadded, with junk": (
        typed("text/plain; charset=utf-8", "base64", b"R3LD*tsOf\r\nZQ\r\n"),
        "Größe",
    ),
    "base64 with a footer": (
        typed("text/plain; charset=utf-8", "base64", b"R3LDtsOfZQ==\r\n-- \r\nfooter!\r\n"),
        "Größe",
    ),
    "encoding in capitals": (typed("text/plain; charset=utf-8", "BASE64 ", b"R3LDtsOfZQ=="), "Größe"),
    "encoding with comment": (typed("text/plain; charset=utf-8", "base64 (x)", b"R3LDtsOfZQ=="), "Größe"),
    "encoding unknown": (typed("text/plain; charset=utf-8", "x-none", "Größe".encode()), "Größe"),
    "bad quoted-printable": (
        typed("text/plain; charset=utf-8", "quoted-printable", b"Gr=C3=B6=C3=9Fe =ZZ ="),
        "Größe =ZZ ",
    ),
    "type without subtype": (typed("text", "8bit", b"hello"), "hello"),
    "type that is nonsense": (typed("?/;;", "8bit", b"hello"), "hello"),
    "two Content-Types": (
        mail(FROM, "Content-Type: text/plain", "Content-Type: text/html", body=b"a <b> c"),
        "a <b> c",
    ),
    "format=flowed": (typed("text/plain; format=flowed", "8bit", b"a \r\nb\r\n"), "a b"),
    "format=flowed, delsp": (typed("text/plain; format=flowed; delsp=yes", "8bit", b"a \r\nb\r\n"), "ab"),
    "bare LF": (
        mail(FROM, "Content-Type: text/plain; charset=utf-8", body="Größe".encode(), end=b"\n"),
        "Größe",
    ),
    "bare CR": (mail(FROM, body=b"y\rz", end=b"\r"), "y\nz"),
    "mbox line": (b"From a@b Mon Nov 16 10:00:00 2026\r\n" + mail(FROM, body=b"b"), "b"),
    "no empty line": (FROM + b"\r\nSubject: x\r\nthis is the body\r\n", "this is the body"),
    "empty line first": (b"\r\n" + FROM + b"\r\n", "From: A <a@acme.example>"),
    "no closing delimiter": (mixed(TEXT, closed=False), "hello"),
    "space after the boundary": (mixed(TEXT).replace(b"--BB\r\n", b"--BB  \r\n"), "hello"),
    "another boundary": (mixed(TEXT, boundary="CC"), ""),
    "boundary without parts": (
        mail(FROM, "Content-Type: multipart/mixed; boundary=x", body=b"hello"),
        "hello",
    ),
    "no boundary": (mail(FROM, "Content-Type: multipart/mixed", body=b"hello"), "hello"),
    "controls": (typed("text/plain; charset=utf-8", "", b"a\x00\x1b[1mb\x7f\tc"), "a[1mb\tc"),
}

NAMES = {
    "RFC 2231 sections": (
        named("Content-Disposition: attachment; filename*0*=utf-8''Gr%C3%B6; filename*1*=%C3%9Fe.pdf"),
        "Größe.pdf",
    ),
    "RFC 2231 sections, unordered": (
        named("Content-Disposition: attachment; filename*1=e.pdf; filename*0*=utf-8''Gr%C3%B6"),
        "Gröe.pdf",
    ),
    "RFC 2047 in quotes": (
        named('Content-Disposition: attachment; filename="=?utf-8?Q?Gr=C3=B6=C3=9Fe=2Epdf?="'),
        "Größe.pdf",
    ),
    "RFC 2047 in two words": (
        named(
            "Content-Disposition: attachment;",
            ' filename="=?utf-8?Q?Gr=C3=B6?=',
            ' =?utf-8?Q?=C3=9Fe=2Epdf?="',
        ),
        "Größe.pdf",
    ),
    "raw utf-8": (named('Content-Disposition: attachment; filename="Größe.pdf"'), "Größe.pdf"),
    "unquoted, with spaces": (
        named("Content-Disposition: attachment; filename=my offer 2.pdf"),
        "my offer 2.pdf",
    ),
    "only name=": (mixed(TEXT, b'Content-Type: application/pdf; name="a.pdf"\r\n\r\nhi'), "a.pdf"),
    "filename* beats filename": (
        named("Content-Disposition: attachment; filename=\"x.pdf\"; filename*=UTF-8''Gr%C3%B6.pdf"),
        "Grö.pdf",
    ),
    "escaped quote": (named(r'Content-Disposition: attachment; filename="a\"b.pdf"'), 'a"b.pdf'),
    "semicolon in quotes": (named('Content-Disposition: attachment; filename="a;b.pdf"'), "a;b.pdf"),
    "path": (named('Content-Disposition: attachment; filename="../../etc/passwd"'), "../../etc/passwd"),
}


@pytest.mark.parametrize(("field", "expected"), SUBJECTS.values(), ids=SUBJECTS)
def test_subject(field: str | bytes, expected: str) -> None:
    """A subject reads as its sender meant it."""
    assert parse(mail(FROM, field)).content.subject == expected


def test_raw_subject_in_the_charset_of_the_body() -> None:
    """Raw octets in a header section are read in the charset that the body declares."""
    raw = mail("Subject: 报价单合同".encode("gb18030"), "Content-Type: text/plain; charset=gb18030")
    assert parse(raw).content.subject == "报价单合同"


@pytest.mark.parametrize(("value", "expected"), SENDERS.values(), ids=SENDERS)
def test_sender(value: str | bytes, expected: list[tuple[str, str]]) -> None:
    """A From field reads as its sender meant it."""
    octets = value.encode() if isinstance(value, str) else value
    content = parse(mail(b"From: " + octets)).content
    first = (content.sender.name, content.sender.address) if content.sender else None
    assert (first, content.from_count) == (expected[0] if expected else None, len(expected))


@pytest.mark.parametrize(("raw", "expected"), TEXTS.values(), ids=TEXTS)
def test_text(raw: bytes, expected: str) -> None:
    """A body reads as its sender meant it."""
    assert parse(raw).content.text == expected


def _files(part: Part) -> list[str]:
    own = [filename_of(part)] if filename_of(part) else []
    return own + [name for child in part.children for name in _files(child)]


@pytest.mark.parametrize(("raw", "expected"), NAMES.values(), ids=NAMES)
def test_file_name(raw: bytes, expected: str) -> None:
    """A file name reads as its sender meant it."""
    assert _files(split(raw).root) == [expected]
