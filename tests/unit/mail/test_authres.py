"""Authentication-Results: forms of RFC 8601, and forgeries."""

import pytest

from bccd.mail.authres import AuthResHeader, read, trusted_results
from bccd.mail.authres_write import write
from bccd.model.auth import AuthResult

PASS = AuthResult("dmarc", "pass", "acme.example")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.example; none", ()),
        ("mx.example 1; none", ()),
        ("mx.example", ()),
        ("MX.example; dmarc=pass header.from=ACME.example", (PASS,)),
        ('"mx.example"; dmarc=pass header.from=acme.example', (PASS,)),
        ("mx.example; dmarc=pass (p=none; dis=none) header.from=acme.example", (PASS,)),
        ("mx.example (a (nested) \\) comment;); dmarc (x) = pass header . from = acme.example", (PASS,)),
        ('mx.example; dmarc=pass reason="all; good" header.from=acme.example;', (PASS,)),
        ("mx.example; dmarc=fail header.from=acme.example", (AuthResult("dmarc", "fail", "acme.example"),)),
        ("mx.example; dmarc/1=pass header.from=acme.example", (PASS,)),
        ("mx.example; dmarc=pass", (AuthResult("dmarc", "pass", ""),)),
        (
            "mx.example; spf=pass smtp.mailfrom=Anna@acme.example",
            (AuthResult("spf", "pass", "anna@acme.example"),),
        ),
        ("mx.example; spf=pass smtp.mailfrom=acme.example", (AuthResult("spf", "pass", "acme.example"),)),
        ("mx.example; spf=pass smtp.helo=acme.example", (AuthResult("spf", "pass", ""),)),
        (
            'mx.example; spf=pass smtp.mailfrom="a b"@acme.example',
            (AuthResult("spf", "pass", "ab@acme.example"),),
        ),
        (
            "mx.example; dkim=pass header.i=@acme.example header.b=abc/+=; dkim=fail header.d=b.example",
            (AuthResult("dkim", "pass", "acme.example"), AuthResult("dkim", "fail", "b.example")),
        ),
        (
            "mx.example; auth=pass smtp.auth=anna@acme.example",
            (AuthResult("auth", "pass", "anna@acme.example"),),
        ),
        (
            (
                "mx.example (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
                " policy (A dot can go here) . (like that) expired (this surprised me)\r\n"
                " = (as I wasn't expecting it) 1362471462"
            ),  # RFC 8601 B.7
            (AuthResult("dkim", "fail", ""),),
        ),
        ("mx.example; dmarc=pass header.from=acme.example header.from=acme.example", (PASS,)),
        ("mx.example; x-new=pass a.b=c", (AuthResult("x-new", "pass", ""),)),
        (
            "mx.example; dmarc=pass header.from=münchen.example",
            (AuthResult("dmarc", "pass", "xn--mnchen-3ya.example"),),
        ),
    ],
)
def test_forms(value: str, expected: tuple[AuthResult, ...]) -> None:
    """Comments, quotes, versions and properties read as the RFC says."""
    assert read(value.encode()) == AuthResHeader("mx.example", expected)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b";",
        b"mx.example; dmarc",
        b"mx.example; =pass",
        b"mx.example; dmarc=",
        b"mx.example evil.example; dmarc=pass header.from=acme.example",
        b"mx.example; dmarc=pass (open header.from=acme.example",
        b"mx.example; dmarc=pass close) header.from=acme.example",
        b'mx.example; dmarc=pass reason="open header.from=acme.example',
        b"mx.example; dmarc=pass header.from=a.example header.from=b.example",
        b"mx.example; dmarc=pass\xff",
        b"mx.example; " + b"x" * 20_000,
    ],
)
def test_what_is_malformed_proves_nothing(value: bytes) -> None:
    """A field that cannot be read in one way only has neither id nor results."""
    assert read(value) == AuthResHeader("")


@pytest.mark.parametrize(
    "value",
    [
        'mx.example; spf=fail smtp.mailfrom="x; dmarc=pass header.from=acme.example"@evil.example',
        "mx.example; spf=fail (x; dmarc=pass header.from=acme.example) smtp.mailfrom=evil.example",
        'mx.example; spf=fail reason="x; dmarc=pass header.from=acme.example"',
    ],
)
def test_quoted_results_are_no_results(value: str) -> None:
    """What a sender can put into quotes or comments never becomes a result."""
    assert [result.method for result in read(value.encode()).results] == ["spf"]


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ('dkim=pass reason="ok header.d=victim.example" header.i=@evil.example', "evil.example"),
        ('dkim=pass reason="ok header.d=victim.example"', ""),
        ('dkim=pass reason="a \\" header.d=victim.example" header.d=evil.example', "evil.example"),
        ('dkim=pass reason= "\n header.d=victim.example " header.d=evil.example', "evil.example"),
        ('dkim=pass header.b="x header.d=victim.example" header.d=evil.example', "evil.example"),
    ],
)
def test_quoted_properties_are_no_properties(value: str, domain: str) -> None:
    """What stands in a quoted string never says what a method speaks of."""
    assert read(f"mx.example; {value}".encode()).results == (AuthResult("dkim", "pass", domain),)


MINE = b"Authentication-Results: mx.example; dmarc=pass header.from=acme.example\r\n"
FORGED = b"Authentication-Results: mx.example; dmarc=pass header.from=corp.example\r\n"
OTHER = b"Authentication-Results: other.example; dmarc=pass header.from=corp.example\r\n"
HOP = b"Received: from a by b; Mon, 16 Nov 2026 10:00:00 +0000\r\n"
DKIM = b"Authentication-Results: mx.example; dkim=pass header.d=acme.example\r\n"
FROM = b"From: a@acme.example\r\n"
IDS = frozenset({"MX.example"})


@pytest.mark.parametrize(
    ("header", "methods"),
    [
        (MINE + HOP + FROM, ["dmarc"]),
        (HOP + MINE + FROM, ["dmarc"]),
        (MINE + DKIM + HOP + FROM, ["dmarc", "dkim"]),
        (HOP + HOP + MINE + FROM, []),
        (OTHER + HOP + FROM, []),
        (OTHER + MINE + HOP, ["dmarc"]),
        (MINE + OTHER + DKIM + HOP, ["dmarc"]),
        (MINE + FROM + DKIM, ["dmarc"]),
        (MINE + HOP + DKIM, ["dmarc"]),
        (FROM, []),
        (b"", []),
    ],
)
def test_only_the_relays_own_fields_count(header: bytes, methods: list[str]) -> None:
    """Results come from one run of fields of a configured id above the second Received field."""
    trusted, results = trusted_results(header, IDS)
    assert [result.method for result in results] == methods
    assert trusted == ("mx.example" if methods else "")


def test_the_topmost_verdict_stands() -> None:
    """A forged verdict below the relay's own does not replace or join it."""
    assert trusted_results(MINE + FORGED + HOP, IDS)[1] == (PASS,)
    assert trusted_results(MINE, frozenset()) == ("", ())


def test_what_contradicts_itself_is_taken_at_its_worst() -> None:
    """No pass is left beside a failure of the same subject, in one field or several, in any order."""
    for value, expected in (
        ("dmarc=pass header.from=a.example; dmarc=fail header.from=a.example", ["dmarc=fail"]),
        ("dmarc=fail header.from=b.example; dmarc=pass header.from=a.example", ["dmarc=fail"]),
        ("dmarc=pass header.from=a.example; dmarc=temperror", ["dmarc=temperror"]),
        ("spf=pass smtp.mailfrom=a.example; spf=fail smtp.mailfrom=a.example", ["spf=fail"]),
        ("spf=pass smtp.mailfrom=a.example; spf=none smtp.helo=h.example", ["spf=pass", "spf=none"]),
        ("spf=pass smtp.helo=h.example; spf=pass smtp.mailfrom=a.example", ["spf=pass", "spf=pass"]),
        ("spf=pass smtp.mailfrom=a.example; spf=pass smtp.mailfrom=b.example", ["spf=pass"]),
        ("dkim=fail header.d=a.example; dkim=pass header.d=a.example", ["dkim=fail", "dkim=pass"]),
    ):
        parts = value.split("; ")
        fields = "".join(f"Authentication-Results: mx.example; {part}\r\n" for part in parts).encode()
        for results in (read(f"mx.example; {value}".encode()).results, trusted_results(fields, IDS)[1]):
            assert [f"{result.method}={result.result}" for result in results] == expected, value


def test_a_field_without_an_id_is_read_and_nobodys_word() -> None:
    """Microsoft 365 names no id, or names one again before the verdict on DMARC."""
    dkim, dmarc = AuthResult("dkim", "none", "none"), AuthResult("dmarc", "pass", "a.example")
    text = (
        b"dkim=none (message not signed)\r\n header.d=none;dmarc=pass action=none\r\n header.from=a.example;"
    )
    assert read(text) == AuthResHeader("", (dkim, dmarc))
    for start, authserv_id in ((b"", ""), (b"a.example; ", "a.example")):
        again = start + text.replace(b";dmarc", b";a.example; dmarc")
        assert read(again) == AuthResHeader(authserv_id, (dkim, dmarc))
    assert trusted_results(b"Authentication-Results: " + text + b"\r\n", frozenset({"", "a.example"})) == (
        "",
        (),
    )


def test_a_quote_in_a_comment_hides_nothing() -> None:
    """A comment ends at its own bracket, whatever a sender has had written into it (RFC 5322 3.2.2)."""
    spf = AuthResult("spf", "pass", "evil.example")
    for comment in ('"', 'it"s', '"(x)', '\\"', '"x" y"', "a(b(c))d"):
        value = f"mx.example; spf=pass ({comment}) smtp.mailfrom=evil.example"
        assert read(value.encode()).results == (spf,), comment
    assert read(b'mx.example; spf=pass (") ; dmarc=pass header.from=a.example ("') == AuthResHeader("")


def test_a_login_is_what_was_logged_in_with() -> None:
    """What the client says of itself in MAIL is no login, and neither is a name that is no address."""
    for text, subject in (
        ("smtp.mailfrom=ann@a.example", ""),
        ("smtp.mailfrom=boss@a.example smtp.auth=ann@a.example", "ann@a.example"),
        ("(PLAIN) smtp.auth=ann", "ann"),
        ('smtp.auth="ann@a.example"', "ann@a.example"),
    ):
        assert read(f"mx.example; auth=pass {text}".encode()).results == (
            AuthResult("auth", "pass", subject),
        )


def test_fields_of_milters_stand_between_those_of_one_relay() -> None:
    """Other fields end the run: what stands below them came with the mail."""
    beside = b"DKIM-Filter: OpenDKIM Filter v2.11.0 mx 4Zx\r\nReceived-SPF: pass\r\nDMARC-Filter: x\r\n"
    assert len(trusted_results(HOP + MINE + beside + DKIM, IDS)[1]) == 2
    assert len(trusted_results(HOP + MINE + b"X-Mine: x\r\n" + DKIM, IDS)[1]) == 1


def test_our_own_field_says_what_we_found() -> None:
    """Each result with its subject on a line, how it came about as a comment that nothing in it can end."""
    assert write("mx.example", ()) == "mx.example;\r\n\tnone"
    found = (
        AuthResult("spf", "fail", "a.example", "mailfrom: -all of a.example"),
        AuthResult("spf", "none", "h.example", "helo: h.example has no record"),
        AuthResult("dkim", "pass", "a.example", "x) ; dmarc=pass (\r\nBcc: y\\"),
        AuthResult("dkim", "neutral", ""),
        AuthResult("dmarc", "fail", "a.example"),
        AuthResult("auth", "pass", 'a"b c@a.example'),
        AuthResult("no method", "pass", "a.example"),
    )
    assert write("mx.example", found).split("\r\n\t") == [
        "mx.example;",
        "spf=fail (mailfrom: -all of a.example) smtp.mailfrom=a.example;",
        "spf=none (helo: h.example has no record) smtp.helo=h.example;",
        "dkim=pass (x\\) ; dmarc=pass \\(  Bcc: y\\\\) header.d=a.example;",
        "dkim=neutral;",
        "dmarc=fail header.from=a.example;",
        'auth=pass smtp.auth="a\\"b c@a.example"',
    ]
