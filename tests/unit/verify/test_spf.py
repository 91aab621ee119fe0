"""SPF: results, limits and what is never done; the suites of others are in tests/corpus."""

import asyncio
import time

import pytest

from bccd.model.auth import AuthResult
from bccd.testing import FakeResolver, Zone
from bccd.verify.spf import check_spf
from bccd.verify.spf.macros import SpfSyntaxError, expand, read
from bccd.verify.spf.record import parse

V4, V6 = "192.0.2.1", "2001:db8::1"
ZONE: Zone = {
    "plain.example": {"TXT": ["unrelated", "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"]},
    "host.example": {"TXT": ["v=spf1 a/30//64 ~all"], "A": ["192.0.2.2"], "AAAA": ["2001:db8::ffff"]},
    "mx.example": {"TXT": ["v=spf1 mx ?all"], "MX": ["10 a.mx.example", "20 b.mx.example"]},
    "a.mx.example": {"A": ["198.51.100.1"]},
    "b.mx.example": {"A": [V4]},
    "nullmx.example": {"TXT": ["v=spf1 mx -all"], "MX": ["0 ."]},
    "many.example": {"TXT": ["v=spf1 mx -all"], "MX": [f"1 h{n}.example" for n in range(11)]},
    "outer.example": {"TXT": ["v=spf1 include:host.example include:plain.example -all"]},
    "moved.example": {"TXT": ["v=spf1 redirect=plain.example"]},
    "nowhere.example": {"TXT": ["v=spf1 redirect=nobody.example"]},
    "lost.example": {"TXT": ["v=spf1 include:nobody.example +all"]},
    "loop.example": {"TXT": ["v=spf1 include:loop.example +all"]},
    "broad.example": {"TXT": [f"v=spf1 {' '.join(f'a:h{n}.plain.example' for n in range(3))} +all"]},
    "again.example": {"TXT": ["v=spf1 a:h.plain.example a:h.plain.example a:h.plain.example ~all"]},
    "wide.example": {"TXT": ["v=spf1 a -all"], "A": [f"10.0.{n // 250}.{n % 250}" for n in range(201)]},
    "twice.example": {"TXT": ["v=spf1 +all", "v=spf1 -all"]},
    "bad.example": {"TXT": ["v=spf1 +all nonsense"]},
    "silent.example": {"TXT": None},
    "half.example": {"TXT": ["v=spf1 include:silent.example +all"]},
    "ptr.example": {"TXT": ["v=spf1 ptr exists:%{p}.seen.example -all"]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["liar.ptr.example", "silent.example", "true.other.example"]},
    "liar.ptr.example": {"A": ["198.51.100.9"]},
    "silent.example.": {"TXT": None, "A": None},
    "true.other.example": {"A": [V4]},
    "true.other.example.seen.example": {"A": ["127.0.0.2"]},
    "macro.example": {"TXT": ["v=spf1 exists:%{l}.%{o}.%{ir}.%{v}.%{h}.%{d1r}.m.example -all"]},
    "ann.macro.example.1.2.0.192.in-addr.helo.example.macro.m.example": {"A": ["127.0.0.2"]},
    "xn--w-uga1v8h.example": {"TXT": ["v=spf1 exists:%{l}.m.example +ip4:192.0.2.1 -all"]},
    "neutral.example": {"TXT": ["v=spf1 exp=told.example moon=%{c}%{t}%_%%"]},
    "told.example": {"TXT": ["%{i} is not welcome"]},
    "long.example": {"TXT": ["v=spf1 " + "ip4:192.0.2.1 " * 2000 + "+all"]},
}
CASES = [
    (V4, "ann@plain.example", "pass", "ip4:192.0.2.0/24 of plain.example"),
    (V6, "ann@plain.example", "pass", "ip6:2001:db8::/32 of plain.example"),
    ("::ffff:192.0.2.1", "ann@plain.example", "pass", "ip4:192.0.2.0/24 of plain.example"),
    ("fe80::1%eth0", "ann@plain.example", "fail", "-all of plain.example"),
    ("198.51.100.7", "ann@plain.example", "fail", "-all of plain.example"),
    (V4, "ann@host.example", "pass", "a/30//64 of host.example"),
    (V6, "ann@host.example", "pass", "a/30//64 of host.example"),
    ("192.0.2.4", "ann@host.example", "softfail", "~all of host.example"),
    (V4, "ann@mx.example", "pass", "mx of mx.example"),
    ("192.0.2.9", "ann@mx.example", "neutral", "?all of mx.example"),
    (V4, "ann@nullmx.example", "fail", "-all of nullmx.example"),
    (V4, "ann@many.example", "permerror", "many.example has more than 10 mail exchangers"),
    ("192.0.2.9", "ann@outer.example", "pass", "include:plain.example of outer.example"),
    (V4, "ann@moved.example", "pass", "ip4:192.0.2.0/24 of plain.example"),
    (V4, "ann@nowhere.example", "permerror", "nowhere.example redirects to where no record is"),
    (V4, "ann@lost.example", "permerror", "include:nobody.example: nobody.example has no record"),
    (V4, "ann@loop.example", "permerror", "more than 10 terms that ask the DNS"),
    (V4, "ann@broad.example", "permerror", "more than 2 questions to which there is no answer"),
    (V4, "ann@again.example", "softfail", "~all of again.example"),
    (V4, "ann@wide.example", "permerror", "wide.example has more than 200 addresses"),
    (V4, "ann@twice.example", "permerror", "twice.example has 2 records"),
    (V4, "ann@bad.example", "permerror", "nonsense is no mechanism"),
    (V4, "ann@long.example", "permerror", "the record is too long"),
    (V4, "ann@silent.example", "temperror", "TXT silent.example: told to fail"),
    (V4, "ann@half.example", "temperror", "TXT silent.example: told to fail"),
    (V4, "ann@ptr.example", "pass", "exists:%{p}.seen.example of ptr.example"),
    (V6, "ann@ptr.example", "fail", "-all of ptr.example"),
    (V4, "ann@macro.example", "pass", "exists:%{l}.%{o}.%{ir}.%{v}.%{h}.%{d1r}.m.example of macro.example"),
    (V4, "bob@macro.example", "fail", "-all of macro.example"),
    (V4, "ann@żółw.example", "pass", "+ip4:192.0.2.1 of xn--w-uga1v8h.example"),
    (V4, "zażółć@xn--w-uga1v8h.example", "pass", "+ip4:192.0.2.1 of xn--w-uga1v8h.example"),
    (V4, "ann@neutral.example", "neutral", "nothing in the record of neutral.example matches"),
    (V4, "ann@nobody.example", "none", "nobody.example has no record"),
    (V4, "ann@localhost", "none", "no domain to ask"),
    (V4, "ann", "none", "no domain to ask"),
    ("", "ann@plain.example", "none", "no client address"),
]


def spf(ip: str, mail_from: str, helo: str = "helo.example", zone: Zone = ZONE) -> AuthResult:
    return asyncio.run(check_spf(FakeResolver(zone), ip, mail_from, helo))


def test_each_record_gives_its_result_and_what_decided() -> None:
    """The result is the RFC's, and the evidence names the mechanism with the domain whose record has it."""
    for ip, mail_from, result, why in CASES:
        found = spf(ip, mail_from)
        assert (found.method, found.result, found.detail) == ("spf", result, f"mailfrom: {why}"), mail_from
    assert spf(V4, "ann@Plain.Example").domain == "plain.example"
    assert spf(V4, "ann@żółw.example").domain == "xn--w-uga1v8h.example"


def test_the_null_sender_is_asked_about_by_its_helo_name() -> None:
    """The identity is then the HELO name, and the evidence says so (RFC 7208 2.4)."""
    assert spf(V4, "", "Plain.Example") == AuthResult(
        "spf", "pass", "plain.example", "helo: ip4:192.0.2.0/24 of plain.example"
    )
    for name in ("[192.0.2.1]", "localhost", "", "a b.example"):
        assert spf(V4, "", name).result == "none"


def test_an_explanation_is_not_fetched() -> None:
    """It is a stranger's text: nobody would be shown it."""
    fake = FakeResolver({**ZONE, "no.example": {"TXT": ["v=spf1 -all exp=told.example"]}})
    assert asyncio.run(check_spf(fake, V4, "ann@no.example", "")).result == "fail"
    assert fake.asked == [("no.example", "TXT")]


def test_a_local_part_beyond_ascii_matches_no_term_that_holds_it() -> None:
    """The term is passed over without a question, a redirection leads nowhere (RFC 8616 4)."""
    zone: Zone = {
        "x.example": {"TXT": ["v=spf1 exists:%{l}.y.example ~all"]},
        "z.example": {"TXT": ["v=spf1 redirect=%{l}.y.example"]},
        "ż.y.example": {"A": ["127.0.0.2"]},
    }
    assert spf(V4, "ż@x.example", zone=zone).result == "softfail"
    assert spf(V4, "ż@z.example", zone=zone).result == "permerror"


@pytest.mark.parametrize(
    "terms",
    [
        "a:",
        "a:/24",
        "a:example.com/33",
        "a:example.com//129",
        "a:example.com/024",
        "a:example.12",
        "a:ex%(d).com",
        "a:%{c}",
        "a:%{d0}.example",
        "a:%{d",
        "all:x.example",
        "include",
        "include:",
        "exists",
        "ip4",
        "ip4:192.0.2",
        "ip4:192.0.2.1/33",
        "ip4:192.0.2.1/",
        "ip4:2001:db8::1",
        "ip6:2001:db8::1%eth0",
        "ip6:2001:db8::1/129",
        "-redirect=a.example",
        "redirect=a.example redirect=b.example",
        "exp=a.example exp=a.example",
        "redirect=",
        "moon=%{x}",
        "+",
        "=x",
        "spf2.0",
    ],
)
def test_what_breaks_the_grammar_is_an_error(terms: str) -> None:
    """Wherever it stands, also behind `all`."""
    with pytest.raises(SpfSyntaxError):
        parse(f"v=spf1 +all {terms}".encode())


@pytest.mark.parametrize(
    ("text", "local", "name"),
    [
        ("%{l}.x.example", "a", "a.x.example"),
        ("%{l}.x.example.", "a", "a.x.example"),
        ("%{l}.x.example", "a." * 200 + "b", "a." * 121 + "b.x.example"),
        ("%{l}.x.example", "aa." * 200 + "b", "aa." * 80 + "b.x.example"),
        ("x" * 300 + ".y.example", "a", "y.example"),
        ("y.example." + "x" * 300, "a", "x" * 300),  # no name, and looked up by nobody
    ],
)
def test_a_long_name_is_cut_from_the_left_at_a_label(text: str, local: str, name: str) -> None:
    """To 253 octets, as many whole labels as there is room for (RFC 7208 7.3)."""
    assert expand(read(text), {"l": local}) == name


def test_a_record_of_macros_holds_no_session_up() -> None:
    """A stranger's record of 8 KB means a text of a megabyte, of which a name is made and no more.

    The limit is a guard only: each such name once took seconds.
    """
    values = {"s": "a." * 120 + "b@attack.test"}
    begun = time.process_time()
    for _ in range(10):  # as many as one record may ask for
        assert len(expand(read("%{s}" * 2_000 + ".x.example"), values)) == 253
    assert time.process_time() - begun < 5
