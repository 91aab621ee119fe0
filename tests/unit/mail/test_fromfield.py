"""The strict From reader: what it takes, and every trick that it must refuse."""

import time

import pytest

from bccd.mail.fromfield import StrictFrom, strict_from
from bccd.mail.headers import header_section

ACCEPTED = [
    (b"From: anna@acme.example\r\n", "anna@acme.example", ""),
    (b"From: <anna@acme.example>\r\n", "anna@acme.example", ""),
    (b"from:anna@acme.example\r\n", "anna@acme.example", ""),
    (b"FROM: Anna@ACME.Example\r\n", "anna@acme.example", ""),
    (b"From: Anna Nowak <anna@acme.example>\r\n", "anna@acme.example", "Anna Nowak"),
    (b'From: "Nowak, Anna" <anna@acme.example>\r\n', "anna@acme.example", "Nowak, Anna"),
    (b'From: "Anna \\"A\\" Nowak" <anna@acme.example>\r\n', "anna@acme.example", 'Anna "A" Nowak'),
    (b'From: "" <anna@acme.example>\r\n', "anna@acme.example", ""),
    (b'From: " " <anna@acme.example>\r\n', "anna@acme.example", ""),
    (b"From: '' <anna@acme.example>\r\n", "anna@acme.example", "''"),
    (b'From: "Anna\r\n Nowak" <anna@acme.example>\r\n', "anna@acme.example", "Anna Nowak"),
    (b"From:\r\n anna@acme.example\r\n", "anna@acme.example", ""),
    (b"From: J. R. Nowak <j.r@acme.example>\r\n", "j.r@acme.example", "J. R. Nowak"),
    (b"From: [x] <anna@acme.example>\r\n", "anna@acme.example", "[x]"),
    (b"From: anna@acme.example (Anna Nowak)\r\n", "anna@acme.example", "Anna Nowak"),
    (b"From: anna@acme.example <anna@acme.example>\r\n", "anna@acme.example", "anna@acme.example"),
    (b'From: "boss@corp.example" <anna@acme.example>\r\n', "anna@acme.example", "boss@corp.example"),
    (b"From: =?utf-8?Q?Zo=C5=82a?= <z@acme.example>\r\n", "z@acme.example", "Zoła"),
    ("From: Jörg <joerg@acme.example>\r\n".encode(), "joerg@acme.example", "Jörg"),
    ("From: Jörg <joerg@acme.example>\r\n".encode("latin-1"), "joerg@acme.example", "Jörg"),
    ("From: <żółw@acme.example>\r\n".encode(), "żółw@acme.example", ""),
    ("From: <ŻÓŁW@acme.example>\r\n".encode(), "żółw@acme.example", ""),
    ("From: <a@münchen.example>\r\n".encode(), "a@xn--mnchen-3ya.example", ""),
    ("From: <a@MÜNCHEN.example>\r\n".encode(), "a@xn--mnchen-3ya.example", ""),
    # A homograph is another domain, and is told apart as such.
    ("From: <admin@c\u043erp.example>\r\n".encode(), "admin@xn--crp-sed.example", ""),
    (b"Sender: s@evil.example\r\nFrom: <anna@acme.example>\r\n", "anna@acme.example", ""),
    (b"Resent-From: s@evil.example\r\nFrom: <anna@acme.example>\r\n", "anna@acme.example", ""),
    (b"Subject : odd but harmless\r\nFrom: <anna@acme.example>\r\n", "anna@acme.example", ""),
    (b"From: o'hara+tag@acme.example\r\n", "o'hara+tag@acme.example", ""),
]

REFUSED = [
    ("two fields", b"From: <a@evil.example>\r\nFrom: <boss@corp.example>\r\n", "many_from"),
    ("two fields in two cases", b"FROM: <a@evil.example>\r\nfrom: <boss@corp.example>\r\n", "many_from"),
    ("the same twice", b"From: a@corp.example\r\nFrom: a@corp.example\r\n", "many_from"),
    ("none", b"To: a@corp.example\r\n", "no_from"),
    ("no header at all", b"", "no_from"),
    ("empty", b"From:\r\n", "empty"),
    ("blank", b"From: \t \r\n", "empty"),
    (
        "section begins folded",
        b" From: <boss@corp.example>\r\nFrom: <a@evil.example>\r\n",
        "malformed_header",
    ),
    ("space before colon", b"From: <a@evil.example>\r\nFrom : <boss@corp.example>\r\n", "space_before_colon"),
    ("only one, with space", b"From : <boss@corp.example>\r\n", "space_before_colon"),
    ("tab before colon", b"From\t: <boss@corp.example>\r\n", "space_before_colon"),
    ("folded before colon", b"From\r\n : <boss@corp.example>\r\n", "space_before_colon"),
    ("line that is no field", b"nonsense\r\nFrom: <boss@corp.example>\r\n", "malformed_header"),
    ("mbox line", b"From a@b Mon Nov 16\r\nFrom: <boss@corp.example>\r\n", "malformed_header"),
    ("no-break space in the name", b"From\xa0: <boss@corp.example>\r\n", "malformed_header"),
    ("two bare addresses", b"From: a@evil.example, boss@corp.example\r\n", "many_addresses"),
    ("two in angles", b"From: <a@evil.example>, <boss@corp.example>\r\n", "many_addresses"),
    ("two in angles, no comma", b"From: <a@evil.example> <boss@corp.example>\r\n", "many_addresses"),
    ("list without space", b"From: <boss@corp.example>,<a@evil.example>\r\n", "many_addresses"),
    ("semicolon list", b"From: boss@corp.example; a@evil.example\r\n", "group"),
    ("two words", b"From: boss@corp.example a@evil.example\r\n", "many_addresses"),
    ("trailing comma", b"From: <boss@corp.example>,\r\n", "many_addresses"),
    ("unquoted comma in the name", b"From: Nowak, Anna <anna@acme.example>\r\n", "many_addresses"),
    ("address in the name", b"From: boss@corp.example <a@evil.example>\r\n", "address_in_name"),
    ("address and words", b"From: Boss boss@corp.example <a@evil.example>\r\n", "address_in_name"),
    ("tabs between", b"From: boss@corp.example\t\t\t<a@evil.example>\r\n", "address_in_name"),
    ("raw at sign in the name", b"From: boss@ <a@evil.example>\r\n", "address_in_name"),
    (
        "encoded address in the name",
        b"From: =?utf-8?B?PGFkbWluQGNvcnAuY29tPgA=?=<a@evil.example>\r\n",
        "address_in_name",
    ),
    (
        "address hidden by Q",
        b"From: =?utf-8?Q?boss=40corp.example?= <a@evil.example>\r\n",
        "address_in_name",
    ),
    ("address in a comment", b"From: a@evil.example (boss@corp.example)\r\n", "address_in_name"),
    ("route", b"From: <@evil.example,@any.example:boss@corp.example>\r\n", "route"),
    ("route of one", b"From: <@evil.example:boss@corp.example>\r\n", "route"),
    ("list in one angle", b"From: <a@evil.example,boss@corp.example>\r\n", "route"),
    ("group", b"From: Managers: boss@corp.example;\r\n", "group"),
    ("empty group", b"From: undisclosed:;\r\n", "group"),
    ("encoded word in the address", b"From: <=?utf-8?Q?boss?=@corp.example>\r\n", "encoded_address"),
    ("whole address encoded", b"From: =?utf-8?B?Ym9zc0Bjb3JwLmV4YW1wbGU=?=\r\n", "encoded_address"),
    ("NUL", b"From: <boss@corp.example\x00@evil.example>\r\n", "control"),
    ("NUL elsewhere", b"From: <boss@corp.example>\r\nSubject: a\x00b\r\n", "control"),
    ("bare CR", b"Subject: z\rFrom: boss@corp.example\r\nFrom: a@evil.example\r\n", "control"),
    ("bare LF", b"Subject: z\nFrom: boss@corp.example\r\n", "control"),
    ("bare LF all over", b"From: boss@corp.example\n", "control"),
    ("comment inside the address", b"From: boss@corp.example(x)@evil.example\r\n", "many_addresses"),
    ("comment between", b"From: boss(x)@corp.example\r\n", "bad_address"),
    ("text after the angle", b"From: <boss@corp.example> a\r\n", "text_after_address"),
    ("address after the angle", b"From: <boss@corp.example> a@evil.example\r\n", "text_after_address"),
    ("open angle", b"From: <boss@corp.example\r\n", "bad_syntax"),
    ("closed angle only", b"From: boss@corp.example>\r\n", "bad_syntax"),
    ("open quote", b'From: "boss <a@evil.example>\r\n', "bad_syntax"),
    ("open comment", b"From: a@evil.example (boss\r\n", "bad_syntax"),
    ("backslash outside quotes", b"From: b\\oss <a@evil.example>\r\n", "bad_syntax"),
    ("no domain", b"From: boss\r\n", "bad_address"),
    ("name only", b"From: The Boss\r\n", "bad_address"),
    ("null sender", b"From: MAILER-DAEMON <>\r\n", "bad_address"),
    ("single label", b"From: boss@corp\r\n", "bad_address"),
    ("trailing dot", b"From: <boss@corp.example.>\r\n", "bad_address"),
    ("empty label", b"From: <boss@corp..example>\r\n", "bad_address"),
    ("hyphen at the edge", b"From: <boss@-corp.example>\r\n", "bad_address"),
    ("underscore in the domain", b"From: <boss@co_rp.example>\r\n", "bad_address"),
    ("domain literal", b"From: <boss@[192.0.2.1]>\r\n", "bad_address"),
    ("quoted local part", b'From: <"boss"@corp.example>\r\n', "bad_address"),
    ("dot at the end of the local part", b"From: boss.@corp.example\r\n", "bad_address"),
    ("double dot", b"From: bo..ss@corp.example\r\n", "bad_address"),
    ("two at signs", b"From: <boss@corp.example@evil.example>\r\n", "bad_address"),
    ("space inside the angle", b"From: < boss@corp.example >\r\n", "bad_address"),
    ("long local part", b"From: " + b"a" * 65 + b"@corp.example\r\n", "bad_address"),
    ("long label", b"From: a@" + b"b" * 64 + b".example\r\n", "bad_address"),
    ("broken UTF-8 local part", b"From: <b\xf6ss@corp.example>\r\n", "bad_address"),
    ("broken UTF-8 domain", b"From: <boss@c\xf6rp.example>\r\n", "bad_address"),
    ("Kelvin sign", "From: <mi\u212ae@corp.example>\r\n".encode(), "bad_address"),
    ("long s", "From: <bo\u017fs@corp.example>\r\n".encode(), "bad_address"),
    ("sharp s that would be ss", "From: <straße@corp.example>\r\n".encode(), "bad_address"),
    ("full-width local part", "From: <ｂoss@corp.example>\r\n".encode(), "bad_address"),
    ("full-width domain", "From: <boss@ｃorp.example>\r\n".encode(), "bad_address"),
    ("ideographic dot", "From: <boss@corp。example>\r\n".encode(), "bad_address"),
    ("zero-width space", "From: <bo\u200bss@corp.example>\r\n".encode(), "bad_address"),
    ("bidi control", "From: <bo\u202ess@corp.example>\r\n".encode(), "bad_address"),
    ("emoji", "From: <boss\U0001f600@corp.example>\r\n".encode(), "bad_address"),
    ("over-long", b"From: " + b"a " * 5000 + b"<boss@corp.example>\r\n", "too_long"),
]


@pytest.mark.parametrize(("header", "address", "name"), ACCEPTED)
def test_one_plain_mailbox_is_taken(header: bytes, address: str, name: str) -> None:
    """A From field that can be read in one way only gives its address in normal form, and its name."""
    assert strict_from(header) == StrictFrom(address, name, "")


@pytest.mark.parametrize(
    ("header", "defect"), [(row[1], row[2]) for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_doubt_is_refused(header: bytes, defect: str) -> None:
    """A From field that two readers could understand differently gives no address, and says why."""
    assert strict_from(header) == StrictFrom("", "", defect)


def test_the_body_is_not_looked_at() -> None:
    """A From line below the empty line is text."""
    raw = b"From: a@acme.example\r\n\r\nFrom: b@evil.example\r\n"
    assert strict_from(header_section(raw)).address == "a@acme.example"


def test_a_section_ended_by_a_bare_line_feed_is_refused() -> None:
    """Where some readers see the end of the fields and others do not, nobody is believed."""
    raw = b"From: a@evil.example\r\n\nFrom: boss@corp.example\r\n\r\nhi"
    assert strict_from(header_section(raw)).defect == "control"


def test_the_name_holds_no_control_characters() -> None:
    """A display name cannot turn the direction of the text around it or end its line."""
    header = b"From: =?utf-8?B?" + b"YeKArmIKYw==" + b"?= <a@acme.example>\r\n"
    assert strict_from(header).name == "ab c"


def test_no_from_holds_a_session_up() -> None:
    """A stranger's longest From is read in a millisecond or so, whatever stands in it: all sessions wait.

    The limit is a guard only: names of such length once took a second each.
    """
    rest = b" @ <a@acme.example>"
    begun = time.process_time()
    for value in (b"a" * 8_000 + rest, b"a." * 4_000 + rest, b"=?" * 3_900 + b" <a@acme.example>"):
        for _ in range(20):
            strict_from(b"From: " + value + b"\r\n")
    assert time.process_time() - begun < 6
