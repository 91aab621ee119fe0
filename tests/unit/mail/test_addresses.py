"""Addresses: the one normal form, and lists as people write them."""

import re

import pytest

from bccd.mail import addresses
from bccd.mail.addresses import ADDRESSES_CAP, _common_mailboxes, domain_of, mailboxes, normalise
from bccd.mail.msgid import IDS_CAP, message_id, message_ids
from bccd.mail.thread_index import thread_guid


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Anna@ACME.Example", "anna@acme.example"),
        ("  anna@acme.example\t", "anna@acme.example"),
        ("<anna@acme.example>", "anna@acme.example"),
        ("'anna@acme.example'", "anna@acme.example"),
        ('"anna@acme.example"', "anna@acme.example"),
        ('"anna"@acme.example', "anna@acme.example"),
        ("an\u200bna@acme.example", "anna@acme.example"),
        ("anna@acme.example.", "anna@acme.example"),
        ("anna@MÜNCHEN.example", "anna@xn--mnchen-3ya.example"),
        ("ŻÓŁW@acme.example", "żółw@acme.example"),
        ("anna@localhost", "anna@localhost"),
        ("john.@docomo.example", "john.@docomo.example"),
        ("", ""),
        ("anna", ""),
        ("@acme.example", ""),
        ("anna@", ""),
        ("a@b@acme.example", ""),
        ("anna@acme example", "anna@acmeexample"),
        ("anna@[192.0.2.1]", ""),
        ("anna@" + "x" * 400, ""),
        ("a@xn--\u0661.example", ""),
    ],
)
def test_normal_form(address: str, expected: str) -> None:
    """Addresses are compared trimmed, folded, with the domain in A-labels; what is no address is empty."""
    assert normalise(address) == expected


@pytest.mark.parametrize(
    ("address", "domain"), [("a@b.example", "b.example"), ("b.example", ""), ("", ""), ("a@b@c", "c")]
)
def test_domain(address: str, domain: str) -> None:
    """The domain stands after the last at sign."""
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@x.example", [("", "a@x.example")]),
        ("A B <a@x.example>, b@y.example", [("A B", "a@x.example"), ("", "b@y.example")]),
        ('"B, A" <a@x.example>,,', [("B, A", "a@x.example")]),
        ("B, A <a@x.example>; D, C <c@x.example>", [("B, A", "a@x.example"), ("D, C", "c@x.example")]),
        ("Kowalski, Jan; Nowak, Anna", [("Kowalski, Jan", ""), ("Nowak, Anna", "")]),
        ("Anna", [("Anna", "")]),
        ("Managers: a@x.example, b@x.example;, c@x.example", [("", f"{c}@x.example") for c in "abc"]),
        ("undisclosed-recipients:;", []),
        ("A <mailto:a@x.example>", [("A", "a@x.example")]),
        ("a@x.example<mailto:a@x.example>", [("a@x.example", "a@x.example")]),
        ("A [mailto:a@x.example]", [("A", "a@x.example")]),
        ("a@x.example (A (the) B)", [("A (the) B", "a@x.example")]),
        ('"a@x.example" <b@y.example>', [("a@x.example", "b@y.example")]),
        ("A <>", [("A", "")]),
        ("<@r.example:a@x.example>", [("", "a@x.example")]),
        ("A <@r.example,@s.example:a@x.example>", [("A", "a@x.example")]),
        ('"a\\"b"@x.example', [("", 'a"b@x.example')]),
        ("<a@x.example> <b@y.example>", [("", "a@x.example"), ("", "b@y.example")]),
        ("A <a@x.example> B <b@y.example>", [("A", "a@x.example"), ("B", "b@y.example")]),
        ("A <a@x.example> <A@x.example>", [("A", "a@x.example")]),
        ("=?utf-8?Q?A_=3Ca=40x.example=3E?=", [("A", "a@x.example")]),
        ("A <a@x.example", [("A", "a@x.example")]),
        ("<<a@x.example>>", [("", "a@x.example")]),
        ("<A B> a@x.example", [("A B", "a@x.example")]),
        ("(A) <a@x.example>", [("A", "a@x.example")]),
        ("A <a@x.example>,,, <b@y.example>", [("A", "a@x.example"), ("", "b@y.example")]),
        ("G: a@x.example; H: b@y.example;", [("", "a@x.example"), ("", "b@y.example")]),
        ("A B <a@x.example>, C\\, D <b@y.example>", [("A B", "a@x.example"), ("C, D", "b@y.example")]),
        ('()<>,;:\\"[]@', []),
    ],
)
def test_lists(value: str, expected: list[tuple[str, str]]) -> None:
    """Commas and semicolons part mailboxes, but a comma inside a name does not."""
    found = [(one.name, one.address) for one in mailboxes(value)]
    assert found == expected
    assert [(one.name, one.address) for one in mailboxes(value.encode())] == expected


def test_lists_are_capped() -> None:
    """No field gives more mailboxes than the cap."""
    for unit in (b"a@x.example, ", b"M\xfcller <a@x.example>, "):
        assert len(mailboxes(unit * ADDRESSES_CAP * 2)) == ADDRESSES_CAP


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<A@B.Example>", ("a@b.example",)),
        ("<a@b> <c@d>\r\n <a@b>", ("a@b", "c@d")),
        ("<a\r\n b@c>", ("ab@c",)),
        ("Your message of Monday <a@b> (x)", ("a@b",)),
        ("anna@acme.example", ()),
        ("<> < > <<a@b>>", ("a@b",)),
        ("<[a]@b>", ("[a]@b",)),
        ("<local>", ("local",)),
        ("<" + "x" * 1_000 + "@b>", ()),
        ("", ()),
    ],
)
def test_message_ids(value: str, expected: tuple[str, ...]) -> None:
    """Ids are lower case, each once, and only what stands in angle brackets."""
    assert message_ids(value) == message_ids(value.encode()) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("<A@b>", "a@b"), ("A@b", "a@b"), ("A@b c", ""), ("word", ""), ("", "")]
)
def test_own_message_id(value: str, expected: str) -> None:
    """A Message-ID without brackets counts too."""
    assert message_id(value) == expected


def test_message_ids_are_capped() -> None:
    """A References field cannot grow without end."""
    assert len(message_ids("".join(f"<{number}@x>" for number in range(5_000)))) == IDS_CAP


def test_thread_index() -> None:
    """The GUID is the 16 octets after the first six; children after it do not matter."""
    guid = "AQHZAQIDBAUGBwgJCgsMDQ4PEBESEw=="
    assert thread_guid(guid.encode()) == bytes.fromhex("0405060708090a0b0c0d0e0f10111213")
    assert thread_guid(b"AQHZ") == b""
    assert thread_guid(b"") == b""


@pytest.mark.parametrize(
    "value",
    [
        "a@x.example",
        " A.B+c@X.Example ",
        "<a@x.example>,b@y.example",
        'A B <a@x.example>, "C  D" <c@x.example> , d@x.example',
        '"A, B; (C)" <a@x.example>',
        "[A] 'B' <a@x.example>",
        "A\tB<a@x.example>",
    ],
)
def test_the_short_way_reads_as_the_long_one(value: str) -> None:
    """A list that needs no tolerance is read at once, to the same mailboxes."""
    short = _common_mailboxes(value.encode())
    # A second list behind it, whose name is not ASCII, takes the long way.
    longer = mailboxes(f"{value}, Müller <m@x.example>")
    assert short == longer[:-1]


class _Counting:
    """A pattern that adds up the octets that it is tried on."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self.octets = 0

    def match(self, octets: bytes, start: int, end: int) -> re.Match[bytes] | None:
        """Match as the pattern does."""
        found = self._pattern.match(octets, start, end)
        self.octets += (found.end() if found else end) - start
        return found


@pytest.mark.parametrize("part", [b'\\"', b'" \\', b'\\"a', b'(\\"'])
@pytest.mark.parametrize("tail", [b"", b'"', b'"@'])
def test_no_octet_is_looked_at_for_a_string_again_and_again(
    part: bytes, tail: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of quotes that are never closed, or all by the same one, is gone through twice at most."""
    strings = _Counting(addresses._QUOTED_STRING)
    monkeypatch.setattr(addresses, "_QUOTED_STRING", strings)
    value = b'"x' + part * 2_000 + tail
    addresses._bare_address(value, 0, len(value))
    assert 0 < strings.octets <= 2 * len(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"a\\"b"@e.example', [("", 'a"b@e.example')]),
        ('\\"a"b"@e.example', [("a", "b@e.example")]),
        ('x "a b"@e.example', [("x", "ab@e.example")]),
        ('"see h@e.example" x', [("see", "h@e.example")]),
        ('"never closed h@e.example', [("never closed", "h@e.example")]),
        ("mailto:h@e.example", [("", "h@e.example")]),
        ("Sales : h@e.example, i@e.example;", [("", "h@e.example"), ("", "i@e.example")]),
    ],
)
def test_a_quoted_string_right_before_the_sign_belongs_to_a_bare_address(
    value: str, expected: list[tuple[str, str]]
) -> None:
    """Quotes that are not right before it only surround it."""
    assert [(one.name, one.address) for one in mailboxes(value)] == expected
