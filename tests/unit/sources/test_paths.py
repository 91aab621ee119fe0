"""MAIL and RCPT arguments: what is an address, and which parameters pass."""

import pytest

from bccd.model.reply import TOO_BIG, Reply
from bccd.sources import replies
from bccd.sources.paths import MailFrom, read_mail, read_rcpt

LIMIT = 1000


def mail(argument: str) -> MailFrom | Reply:
    return read_mail(argument, extended=True, max_size=LIMIT)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("<>", ""),
        ("<a@b.example>", "a@b.example"),
        ("<A.b+c=d@B.Example>", "A.b+c=d@B.Example"),
        ("<a@b>", "a@b"),
        ("<a@b-c--d.example>", "a@b-c--d.example"),
        ("<@relay.example,@two.example:a@b.example>", "a@b.example"),
        ('<"a b"@c.example>', '"a b"@c.example'),
        ('<"a>b@c"@d.example>', '"a>b@c"@d.example'),
        ('<"plain"@c.example>', "plain@c.example"),
        (r'<"pl\ain"@c.example>', "plain@c.example"),
        (r'<"a\"b"@c.example>', r'"a\"b"@c.example'),
        ('<""@c.example>', '""@c.example'),
        ("<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        ("<!#$%&'*+-/=?^_`{|}~@b.example>", "!#$%&'*+-/=?^_`{|}~@b.example"),
        (f"<{'x' * 255}@b.example>", f"{'x' * 255}@b.example"),
    ],
)
def test_a_path_is_read(path: str, address: str) -> None:
    """A path of RFC 5321 gives its mailbox, without route and needless quotes."""
    assert mail(f"FROM:{path}") == MailFrom(address)
    assert mail(f"from: {path}") == MailFrom(address)


@pytest.mark.parametrize(
    "path",
    [
        "", "<", ">", "a@b.example", "<a@b.example", "a@b.example>", "<<a@b.example>>", "<a@b.example>x",
        "<a>", "<@b.example>", "<a@>", "<a b@c.example>", "<a@b c>", "<.a@b.example>", "<a.@b.example>",
        "<a..b@c.example>", "<a@-b.example>", "<a@b-.example>", "<a@.example>", "<a@b..example>",
        "<a@b.example.>", "<a@b_c.example>", "<(a)b@c.example>", "<(any@corp.example>", "<a@b@c.example>",
        '<"a@b.example>', '<"a"b@c.example>', '<"a\r\n"@b.example>', "<a\rb@c.example>", "<a\0@b.example>",
        "<a@[>", "<a@[]>", "<a@[192.0.2]>", "<a@[192.0.2.1>", "<a@[IPv6:x]>", "<a@[x:y]>", '<"',
        "<a,b@c.example>", "<a;b@c.example>", "<a:b@c.example>", "< a@b.example>", "<a@b.example >",
        "<@r.example:>", f"<{'x' * 256}@b.example>", f"<a@{'b.' * 127}bb>", "<a@b.example>\tSIZE=1",
        "\t<a@b.example>", "<postmaster>",
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(path: str) -> None:
    """Whatever the grammar does not hold is 501, never guessed at."""
    assert mail(f"FROM:{path}") == replies.BAD_SENDER
    assert mail(f"TO:{path}") == replies.BAD_SENDER


@pytest.mark.parametrize("argument", ["", "FROM", "FROM<a@b.example>", "TO:<a@b.example>"])
def test_the_keyword_is_needed(argument: str) -> None:
    """MAIL without FROM: is 501."""
    assert mail(argument) == replies.BAD_SENDER


@pytest.mark.parametrize(
    ("parameters", "read"),
    [
        ("SIZE=1000", MailFrom("a@b.example", size=1000)),
        ("size=0 body=7bit", MailFrom("a@b.example")),
        ("SIZE=1001", TOO_BIG),
        ("SIZE=99999999999999999999", TOO_BIG),
        ("SIZE=999999999999999999999", replies.BAD_PARAMETER),
        ("SIZE=", replies.BAD_PARAMETER),
        ("SIZE", replies.BAD_PARAMETER),
        ("SIZE=x", replies.BAD_PARAMETER),
        ("SIZE=-1", replies.BAD_PARAMETER),
        ("SIZE=\u0661", replies.BAD_PARAMETER),
        ("SIZE=1 SIZE=2", replies.BAD_PARAMETER),
        ("BODY=8bitmime", MailFrom("a@b.example")),
        ("BODY=BINARYMIME", replies.BAD_PARAMETER),
        ("BODY", replies.BAD_PARAMETER),
        ("SMTPUTF8", MailFrom("a@b.example", utf8=True)),
        ("SMTPUTF8=1", replies.BAD_PARAMETER),
        ("SMTPUTF8=", replies.BAD_PARAMETER),
        ("AUTH=<>", MailFrom("a@b.example")),
        ("AUTH=e+3Dmc2@example.com", MailFrom("a@b.example")),
        ("AUTH=", replies.BAD_PARAMETER),
        ("RET=FULL ENVID=QQ314159", MailFrom("a@b.example")),
        ("RET=HALF", replies.BAD_PARAMETER),
        ("ENVID=a=b", replies.BAD_PARAMETER),
        ("NOTIFY=NEVER", replies.UNKNOWN_PARAMETER),
        ("MT-PRIORITY=3", replies.UNKNOWN_PARAMETER),
        ("REQUIRETLS", replies.UNKNOWN_PARAMETER),
        ("=", replies.UNKNOWN_PARAMETER),
    ],
)
def test_mail_parameters(parameters: str, read: MailFrom | Reply) -> None:
    """Known parameters are checked and taken, unknown ones are 555."""
    assert mail(f"FROM:<a@b.example> {parameters}") == read


def test_helo_has_no_parameters() -> None:
    """After HELO every parameter is unknown; spaces at the end are none."""
    assert read_mail("FROM:<a@b.example> SIZE=1", extended=False, max_size=9) == replies.UNKNOWN_PARAMETER
    assert read_mail("FROM:<a@b.example> ", extended=False, max_size=9) == MailFrom("a@b.example")


@pytest.mark.parametrize(
    ("parameters", "read"),
    [
        ("", "d@c.example"),
        ("NOTIFY=NEVER ORCPT=rfc822;d@c.example", "d@c.example"),
        ("notify=success,FAILURE,delay", "d@c.example"),
        ("ORCPT=utf-8;d\u00fc@c.example", "d@c.example"),
        ("NOTIFY=SOMETIMES", replies.BAD_PARAMETER),
        ("NOTIFY=NEVER,DELAY", replies.BAD_PARAMETER),
        ("ORCPT=d@c.example", replies.BAD_PARAMETER),
        ("SIZE=1", replies.UNKNOWN_PARAMETER),
        ("RRVS=2014-04-03T23:01:00Z", replies.UNKNOWN_PARAMETER),
    ],
)
def test_rcpt_parameters(parameters: str, read: str | Reply) -> None:
    """RCPT takes those of RFC 3461."""
    assert read_rcpt(f"TO:<d@c.example> {parameters}", extended=True, utf8=False) == read


@pytest.mark.parametrize("path", ["<>", "<d>", "d@c.example", "<@r.example:>", "<Postmaster@>", ""])
def test_a_recipient_is_an_address(path: str) -> None:
    """A recipient is never empty."""
    assert read_rcpt(f"TO:{path}", extended=True, utf8=False) == replies.BAD_RECIPIENT


def test_postmaster_needs_no_domain() -> None:
    """<Postmaster> alone is an address (RFC 5321 4.1.1.3)."""
    assert read_rcpt("TO:<PostMaster>", extended=False, utf8=False) == "postmaster"


def test_non_ascii_needs_smtputf8() -> None:
    """An address beyond ASCII is taken only in a transaction with SMTPUTF8 (RFC 6531 3.5)."""
    assert mail("FROM:<\u00fc@b\u00fccher.example> SMTPUTF8") == MailFrom(
        "\u00fc@b\u00fccher.example", utf8=True
    )
    assert mail("FROM:<\u00fc@b.example>") == replies.UTF8_SENDER
    assert read_rcpt("TO:<\u00fc@b.example>", extended=True, utf8=False) == replies.UTF8_RECIPIENT
    assert read_rcpt('TO:<"\u00fc x"@b.example>', extended=True, utf8=True) == '"\u00fc x"@b.example'


@pytest.mark.parametrize("letter", ["\udcff", "\u2028", "\u202e", "\u200b", "\x85", "\xa0", "\x1b", "\x7f"])
def test_invisible_letters_are_refused(letter: str) -> None:
    """Octets that are no UTF-8, controls and invisible letters are no part of an address."""
    assert mail(f"FROM:<a{letter}@b.example> SMTPUTF8") == replies.BAD_SENDER
    assert mail(f"FROM:<a@b{letter}.example> SMTPUTF8") == replies.BAD_SENDER
