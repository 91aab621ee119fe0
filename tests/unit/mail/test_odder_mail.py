"""Mail odder still: names, boundaries, charsets, encodings as nobody should send them, and some do."""

from base64 import b64encode

import pytest

from bccd.mail.mime import split
from bccd.mail.parse import parse
from bccd.mail.part import Part
from bccd.mail.parts import part_list

FROM = b"From: A <a@acme.example>\r\n"


def one(content_type: str, body: bytes, encoding: str = "") -> bytes:
    """Make a mail of one part."""
    coded = f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    return FROM + f"Content-Type: {content_type}\r\n{coded}\r\n".encode() + body


def file(*fields: str | bytes) -> bytes:
    """Make a mail of one file, named by these fields."""
    lines = [field.encode() if isinstance(field, str) else field for field in fields]
    return FROM + b"\r\n".join(lines) + b"\r\n\r\nx"


def named(value: str | bytes) -> bytes:
    """Make a mail of one file with this disposition."""
    octets = value.encode() if isinstance(value, str) else value
    return file(b"Content-Type: application/pdf", b"Content-Disposition: attachment; " + octets)


NAMES = {
    "charset named in a later section": (
        named("filename*0=\"a \"; filename*1*=utf-8''%C3%B6.pdf"),
        "a ö.pdf",
    ),
    "sections quoted and not": (named('filename*0="off"; filename*1=er; filename*2=".pdf"'), "offer.pdf"),
    "encoded word over sections": (named('filename*0="=?utf-8?Q?Gr=C3"; filename*1="=B6.pdf?="'), "Grö.pdf"),
    "twelve sections": (
        named("; ".join(f"filename*{n}={chr(97 + n)}" for n in reversed(range(12)))),
        "abcdefghijkl",
    ),
    "character over two sections": (
        named("filename*0*=utf-8''Gr%C3; filename*1*=%B6.pdf"),
        "Grö.pdf",
    ),
    "no charset": (named("filename*=Gr%C3%B6.pdf"), "Grö.pdf"),
    "latin-1 by RFC 2231": (named("filename*=iso-8859-1'de'Gr%F6.pdf"), "Grö.pdf"),
    "quoted by RFC 2231": (named("filename*=\"utf-8''Gr%C3%B6.pdf\""), "Grö.pdf"),
    "raw latin-1": (named('filename="Größe.pdf"'.encode("latin-1")), "Größe.pdf"),
    "RFC 2047 unquoted": (named("filename==?utf-8?B?R3LDti5wZGY=?="), "Grö.pdf"),
    "RFC 2047 in gb2312": (
        named(f'filename="=?gb2312?B?{b64encode("报价.pdf".encode("gb2312")).decode()}?="'),
        "报价.pdf",
    ),
    "path of Windows": (named(r'filename="C:\Users\a\offer.pdf"'), "offer.pdf"),
    "path of a share": (named(r'filename="\\server\x\offer.pdf"'), "offer.pdf"),
    "RFC 2231 climbs": (named("filename*=utf-8''..%2F..%2Fetc%2Fpasswd"), "passwd"),
    "right to left": (named("filename*=utf-8''a%E2%80%AEfdp.exe"), "afdp.exe"),
    "device": (named('filename="AUX.txt"'), "_AUX.txt"),
    "device with a blank": (named('filename="con .txt"'), "_con .txt"),
    "300 characters": (named(f'filename="{"x" * 300}.pdf"'), "x" * 150 + ".pdf"),
    "5,000 characters": (named(f'filename="{"x" * 5_000}.pdf"'), "x" * 150 + ".pdf"),
    "no semicolon after the type": (file('Content-Type: application/pdf name="a.pdf"'), "a.pdf"),
    "no semicolon after a quote": (named('filename="a.pdf" size=3'), "a.pdf"),
    "quote never closed": (named('filename="a.pdf'), "a.pdf"),
    "parentheses": (named("filename=offer (1).pdf"), "offer (1).pdf"),
    "empty filename, good name": (
        file('Content-Type: application/pdf; name="b.pdf"', 'Content-Disposition: attachment; filename=""'),
        "b.pdf",
    ),
    "disposition without a word": (
        file("Content-Type: application/pdf", 'Content-Disposition: ;\r\n filename="a.pdf"'),
        "a.pdf",
    ),
    "folded inside": (named('filename="a very long\r\n name.pdf"'), "a very long name.pdf"),
    "upper case": (named("FILENAME=A.PDF"), "A.PDF"),
}

JIS = b"\x1b$B\x2d\x6a\x3b\x33\x45\x44\x1b(B"
TEXTS = {
    "UTF-16 with a mark": (one("text/plain; charset=utf-16", "Größe".encode("utf-16")), "Größe"),
    "UTF-16 without a label": (one("text/plain", b64encode("Größe".encode("utf-16")), "base64"), "Größe"),
    "UTF-16 without mark or label": (
        one("text/plain", b64encode("Größe".encode("utf-16-be")), "base64"),
        "Größe",
    ),
    "UTF-16 that is ASCII": (one("text/plain; charset=utf-16", b"hello!"), "hello!"),
    "UTF-7": (one("text/plain; charset=utf-7", b"Gr+APY-"), "Grö"),
    "iso-2022-jp": (one("text/plain; charset=iso-2022-jp", "見積".encode("iso-2022-jp")), "見積"),
    "iso-2022-jp of a vendor": (one("text/plain; charset=ISO-2022-JP", JIS), "㈱山田"),
    "iso-2022-jp without a label": (one("text/plain", JIS + b" abc"), "㈱山田 abc"),
    "euc-jp of a vendor": (one("text/plain; charset=euc-jp", b"\xad\xea\xbb\xb3"), "㈱山"),
    "iso-2022-kr": (one("text/plain; charset=iso-2022-kr", "견적".encode("iso-2022-kr")), "견적"),
    "gb18030 as gb2312": (one("text/plain; charset=gb2312", "镕😀".encode("gb18030")), "镕😀"),
    "hz": (one("text/plain; charset=hz-gb-2312", "报价".encode("hz")), "报价"),
    "cp949 as ks_c_5601-1987": (one("text/plain; charset=ks_c_5601-1987", "똠".encode("cp949")), "똠"),
    "cp932 as shift_jis": (one("text/plain; charset=shift_jis", "①髙".encode("cp932")), "①髙"),
    "cp950 as big5": (one("text/plain; charset=big5", "碁銹恒".encode("cp950")), "碁銹恒"),
    "windows-874": (one("text/plain; charset=windows-874", "ราคา".encode("cp874")), "ราคา"),
    "macintosh": (one("text/plain; charset=macintosh", "Größe".encode("mac_roman")), "Größe"),
    "x-mac-ce": (one("text/plain; charset=x-mac-ce", "zażółć".encode("mac_latin2")), "zażółć"),
    "cp1250 as iso-8859-2": (one("text/plain; charset=iso-8859-2", "„część”".encode("cp1250")), "„część”"),
    "quotes of cp1250 in iso-8859-2": (
        one("text/plain; charset=iso-8859-2", b"\x84" + "ręką".encode("iso-8859-2") + b"\x94"),
        "„ręką”",
    ),
    "koi8-r": (one("text/plain; charset=KOI8-R", "Привет".encode("koi8-r")), "Привет"),
    "charset of the page": (
        one("text/html", b"<meta charset=windows-1250><p>" + "zażółć".encode("cp1250")),
        "zażółć",
    ),
    "charset of the page beside a label": (
        one("text/html; charset=utf-8", "<meta charset=iso-8859-1><p>ö".encode()),
        "ö",
    ),
    "mark of UTF-8": (one("text/plain; charset=utf-8", b"\xef\xbb\xbfGr\xc3\xb6"), "Grö"),
    "read as Latin-1 once too often": (
        one("text/plain; charset=utf-8", "Größe".encode().decode("latin-1").encode()),
        "GrÃ¶Ã\x9fe",
    ),
    "charset with a comment": (one("text/plain; charset=utf-8 (Unicode)", "ö".encode()), "ö"),
    "two charsets": (one("text/plain; charset=utf-8; charset=koi8-r", "ö".encode()), "ö"),
    "base64 with line ends anywhere": (one("text/plain", b"R3\r\nLD\r\n\r\ntg=\r\n=", "base64"), "Grö"),
    "base64 in two pieces": (one("text/plain", b"YWI=\r\nY2Q=\r\n", "base64"), "abcd"),
    "base64 and a footer, unpadded": (
        one(
            "text/plain",
            b"R3LDtsOf\r\n" + b"_" * 40 + b"\r\nUnsubscribe here: http://x.example\r\n",
            "base64",
        ),
        "Größ",
    ),
    "base64 that is none": (
        one("text/plain", b"Dear Anna, this is plain.\r\n", "base64"),
        "Dear Anna, this is plain.",
    ),
    "two encodings": (one("text/plain", b"a=3Db", "quoted-printable, 8bit"), "a=b"),
    "encoding in quotes": (one("text/plain", b"YT1i", '"Base64";'), "a=b"),
    "url-safe base64": (one("text/plain", b"Pz8_Pj4-fn5-", "base64"), "???>>>~~~"),
    "quoted-printable in lower case": (one("text/plain", b"Gr=c3=b6", "quoted-printable"), "Grö"),
    "soft break at the end": (one("text/plain", b"abc=", "quoted-printable"), "abc"),
    "soft break with blanks": (one("text/plain", b"abc= \t\r\ndef", "quoted-printable"), "abcdef"),
    "soft break inside a character": (one("text/plain", b"Gr=C3=\r\n=B6", "quoted-printable"), "Grö"),
    "uuencode": (
        one("text/plain", b"begin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n", "x-uuencode"),
        "Cat",
    ),
    "flowed, quoted": (
        one("text/plain; format=flowed", b"> a \r\n> b\r\n>> c \r\n> d\r\n -- \r\nx \r\n-- \r\nsig"),
        "> a b\n>> c \n> d\n-- \nx \n-- \nsig",
    ),
    "flowed, stuffed": (one("text/plain; format=Flowed", b" From x \r\n  y\r\n"), "From x  y"),
    "flowed, delsp, quoted": (one("text/plain; format=flowed; delsp=yes", b">a \r\n>b\r\n"), "> ab"),
    "enriched": (one("text/enriched", b"<bold>Big</bold> << x\r\ny\r\n\r\nz"), "Big < x y\nz"),
    "CR CR LF": (one("text/plain", b"a\r\r\nb"), "a\nb"),
    "line ends of all kinds": (one("text/plain", b"a\r\nb\rc\r\r\nd\r\0\ne\nf"), "a\nb\nc\nd\ne\nf"),
    "mixed line ends": (one("text/plain", b"a\nb\r\nc\rd"), "a\nb\nc\nd"),
    "NULs": (one("text/plain", b"a\0b"), "ab"),
    "type with blanks": (one("text / html ; charset=utf-8", b"<p>x"), "x"),
    "type of no known kind": (one("text/plain/x", b"hello"), "hello"),
    "folded type": (one("text/html;\r\n\tcharset=utf-8", "<b>ö</b>".encode()), "ö"),
    "no field at all": (b"Dear Anna,\r\n\tthis is all.\r\n\r\nBob", "Dear Anna,\n\tthis is all.\n\nBob"),
    "no colon in a field": (FROM + b"X nonsense\r\nSubject: s\r\n\r\nhello", "hello"),
}


@pytest.mark.parametrize(("raw", "expected"), NAMES.values(), ids=NAMES)
def test_the_name_of_a_file(raw: bytes, expected: str) -> None:
    """A file's name is shown as its sender meant it, and deceives nobody."""
    (found,) = parse(raw).content.attachments
    assert found.filename == expected


@pytest.mark.parametrize(("raw", "expected"), TEXTS.values(), ids=TEXTS)
def test_the_text(raw: bytes, expected: str) -> None:
    """A body reads as its sender meant it."""
    assert parse(raw).content.text == expected


def tree(raw: bytes) -> list[tuple[str, str]]:
    """Return number and type of every part."""
    return [(part.part, part.media_type) for part in part_list(raw)]


def lines(*pieces: str) -> bytes:
    """Join lines of a mail."""
    return FROM + "\r\n".join(pieces).encode()


MIXED = "Content-Type: multipart/mixed; boundary=x"
PLAIN = ("Content-Type: text/plain", "", "plain")
PAGE = ("Content-Type: text/html", "", "<p>page")
PDF = ("Content-Type: application/pdf", "", "%PDF")
TREES = {
    "boundary with odd characters": (
        lines(
            "Content-Type: multipart/mixed; boundary=\"a b'()+_,-./:=?\"", "",
            "--a b'()+_,-./:=?", *PLAIN, "--a b'()+_,-./:=?--",
        ),
        ["multipart/mixed", "text/plain"],
    ),
    "boundary that looks like an encoded word": (
        lines(
            'Content-Type: multipart/mixed; boundary="=?utf-8?Q?a?="', "",
            "--=?utf-8?Q?a?=", *PLAIN, "--=?utf-8?Q?a?=--",
        ),
        ["multipart/mixed", "text/plain"],
    ),
    "boundary nobody declared": (
        lines("Content-Type: multipart/mixed", "", "text", "--x", *PLAIN, "--x", *PDF, "--x--"),
        ["multipart/mixed", "text/plain", "application/pdf"],
    ),
    "no semicolon before the boundary": (
        lines("Content-Type: multipart/mixed", '\tboundary="x"', "", "--x", *PLAIN, "--x--"),
        ["multipart/mixed", "text/plain"],
    ),
    "preamble that looks like a part": (
        lines(MIXED, "", *PDF, "--xy", "--x", *PLAIN, "--x--"),
        ["multipart/mixed", "text/plain"],
    ),
    "epilogue that looks like a part": (
        lines(MIXED, "", "--x", *PLAIN, "--x--", "--x", *PDF),
        ["multipart/mixed", "text/plain"],
    ),
    "last delimiter cut off": (
        lines(MIXED, "", "--x", *PLAIN, "--x\r\n"),
        ["multipart/mixed", "text/plain"],
    ),
    "delimiters in a row": (
        lines(MIXED, "", "--x", "--x", *PLAIN, "--x", "--x", "--x", *PDF, "--x", "--x--"),
        ["multipart/mixed", "text/plain", "application/pdf"],
    ),
    "no empty line before the first delimiter": (
        lines(MIXED, "--x", *PLAIN, "--x--"),
        ["multipart/mixed", "text/plain"],
    ),
    "nested with one boundary": (
        lines(
            MIXED, "",
            "--x", "Content-Type: multipart/alternative; boundary=x", "",
            "--x", *PLAIN, "--x", *PAGE, "--x--",
            "--x", *PDF, "--x--",
        ),
        ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"],
    ),
    "nested thrice with one boundary": (
        lines(
            MIXED, "",
            "--x", "Content-Type: multipart/related; boundary=x", "",
            "--x", "Content-Type: multipart/alternative; boundary=x", "", "--x", *PLAIN, "--x--",
            "--x--", "--x", *PDF, "--x--",
        ),
        ["multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "application/pdf"],
    ),
    "two types": (
        lines(MIXED, "Content-Type: text/plain", "", "--x", *PLAIN, "--x--"),
        ["multipart/mixed", "text/plain"],
    ),
    "mail that is no mail": (
        lines(MIXED, "", "--x", "Content-Type: message/rfc822", "", "no mail", "--x--"),
        ["multipart/mixed", "message/rfc822"],
    ),
    "mail below an empty line": (
        lines("Content-Type: message/rfc822", "", "", "Subject: s", "", "x"),
        ["message/rfc822", "text/plain"],
    ),
    "mail below a line of an mbox": (
        lines("Content-Type: message/rfc822", "", ">From a@b Mon", "Subject: s", "", "x"),
        ["message/rfc822", "text/plain"],
    ),
    "mail below a mark": (
        lines("Content-Type: message/rfc822", "", "\ufeffSubject: s", "", "x"),
        ["message/rfc822", "text/plain"],
    ),
    "mail that nothing calls one": (
        lines(
            "Content-Type: application/octet-stream", "", "From: b@c.example", "Date: x", "Subject: s", "",
            "x",
        ),
        ["application/octet-stream", "text/plain"],
    ),
    "octets that are no mail": (
        lines("Content-Type: application/octet-stream", "", "Version: 1", "", "x"),
        ["application/octet-stream"],
    ),
    "text that says it is a mail": (
        lines("Content-Type: text/rfc822", "", "From: b@c.example", "", "x"),
        ["text/rfc822", "text/plain"],
    ),
    "mail in a mail of a digest": (
        lines(
            "Content-Type: multipart/digest; boundary=x", "", "--x",
            "", "From: b@c.example", "", "one", "--x",
            "", "From: c@c.example", "", "two", "--x--",
        ),
        ["multipart/digest", "message/rfc822", "text/plain", "message/rfc822", "text/plain"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), TREES.values(), ids=TREES)
def test_the_tree(raw: bytes, expected: list[str]) -> None:
    """Parts are found where their sender meant them to be."""
    assert [media_type for _, media_type in tree(raw)] == expected


def test_what_stands_between_lone_cr_is_a_header_section() -> None:
    """CR alone ends the lines of a header section, even where the body has LF, and offsets stay."""
    raw = b"From: a@acme.example\rSubject: s\rContent-Type: application/pdf\r\rab\ncd"
    content = parse(raw).content
    assert (content.subject, content.attachments[0].size) == ("s", 5)


def _count(part: Part) -> int:
    return 1 + sum(_count(child) for child in part.children)


def test_every_mail_of_several_is_a_forward() -> None:
    """Attached mails are read each by itself: side by side, in a digest, as octets, in an illegal base64."""
    inner = "From: c{0}@x.example\r\nSubject: s{0}\r\nDate: Mon, 16 Nov 2026 10:00:00 +0100\r\n\r\ntext {0}"
    eml = 'Content-Type: application/octet-stream; name="b.eml"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    encoded = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    parts = [
        "Content-Type: text/plain\r\n\r\nlook",
        "Content-Type: message/rfc822\r\n\r\n" + inner.format(1),
        eml + b64encode(inner.format(2).encode()).decode(),
        encoded + b64encode(inner.format(3).encode()).decode(),
        'Content-Type: text/plain; name="d.EML"\r\n\r\n' + inner.format(4),
        "Content-Type: multipart/digest; boundary=y\r\n\r\n--y\r\n\r\n"
        + inner.format(5) + "\r\n--y\r\n\r\n" + inner.format(6) + "\r\n--y--",
    ]  # fmt: skip
    body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
    message = parse(FROM + MIXED.encode() + b"\r\n\r\n" + body.encode())
    originals = [forward.original for forward in message.forwards]
    assert [(one.subject, one.text) for one in originals] == [(f"s{n}", f"text {n}") for n in range(1, 7)]
    assert (message.note, message.content.text) == ("look", "look")


@pytest.mark.parametrize(
    ("media_type", "mark"), [("message/partial; number=1", "partial"), ("message/external-body", "external")]
)
def test_a_part_that_stands_for_another_is_kept_and_marked(media_type: str, mark: str) -> None:
    """A part of a split mail, or one that only says where the file is, is a file, and the mail says so."""
    content = parse(one(media_type, b"Content-Type: text/plain\r\n\r\nx")).content
    assert (content.marks, len(content.attachments)) == ((mark,), 1)


def pictures(*, html: str, text: str = "", fields: str = "") -> list[bool]:
    """Return whether each file of a mail is shown in its place."""
    parts = [
        f"Content-Type: text/plain\r\n\r\n{text}",
        f"Content-Type: text/html\r\n\r\n{html}",
        f"Content-Type: image/png\r\n{fields}\r\n\r\nPNG",
    ]
    body = "".join(f"--x\r\n{part}\r\n" for part in parts[not text :]) + "--x--\r\n"
    raw = FROM + MIXED.encode() + b"\r\n\r\n" + body.encode()
    return [attachment.shown for attachment in parse(raw).content.attachments]


def test_pictures_in_their_place_are_told_from_files() -> None:
    """A picture is shown if the page cites it or if it stands there without a name; else it is a file."""
    named_id = 'Content-Disposition: attachment; filename="a.png"\r\nContent-ID: <a@b>'
    assert pictures(html='<p>x<img src="cid:a@b">', fields=named_id) == [True]
    assert pictures(html='<p>x<img src="cid:a%40b">', fields=named_id) == [True]
    assert pictures(html="<p>no picture", fields=named_id) == [False]
    assert pictures(html="", text="see [cid:a@b]", fields=named_id) == [True]
    assert pictures(html="<p>x", fields="Content-Disposition: inline") == [True]
    assert pictures(html="<p>x", fields='Content-Disposition: inline; filename="a.png"') == [False]
    assert pictures(html="<p>x", fields="Content-ID: <other@b>") == [False]


def test_both_forms_of_an_alternative_are_whole() -> None:
    """Of a text in pieces, as Apple Mail sends it, no piece of either form is lost."""
    image = "Content-Type: image/png\r\n\r\nPNG"
    pieces = ["Content-Type: text/html\r\n\r\n<p>one</p>", image, "Content-Type: text/html\r\n\r\n<p>two</p>"]
    inner = "".join(f"--y\r\n{piece}\r\n" for piece in pieces) + "--y--"
    parts = [
        "Content-Type: text/plain\r\n\r\none and two, as a text of its own",
        f"Content-Type: multipart/mixed; boundary=y\r\n\r\n{inner}",
    ]
    body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
    raw = FROM + b"Content-Type: multipart/alternative; boundary=x\r\n\r\n" + body.encode()
    assert [str(part.role) for part in part_list(raw)] == [
        "container",
        "text",
        "container",
        "html",
        "attachment",
        "html",
    ]
    assert _count(split(raw).root) == 6


def test_raw_octets_are_in_the_charset_of_the_text() -> None:
    """Raw subject, name and file name of a multipart are read in the charset that its text declares."""
    fields = "From: 李 <l@x.example>\r\nSubject: 报价\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    text = "--x\r\nContent-Type: text/plain; charset=gbk\r\n\r\n你好\r\n"
    pdf = '--x\r\nContent-Type: application/pdf; name="报价.pdf"\r\n\r\nx\r\n--x--\r\n'
    content = parse((fields + text + pdf).encode("gbk")).content
    assert content.sender is not None
    assert (content.sender.name, content.subject, content.text) == ("李", "报价", "你好")
    assert content.attachments[0].filename == "报价.pdf"
