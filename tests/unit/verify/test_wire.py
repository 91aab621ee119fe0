"""DNS messages as octets, against dnspython's, and against what a stranger may send."""

import struct

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.verify.wire import KINDS, Reply, WireError, name, question, read

ASKED = (b"a", b"example")
HEAD = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0) + b"\x01a\x07example\x00" + struct.pack("!HH", 1, 1)
RECORD = struct.pack("!HHIH", 1, 1, 300, 4) + bytes([192, 0, 2, 1])


def answer(kind: str, *rrsets: tuple[str, int, str, list[str]], rcode: int = 0) -> bytes:
    """Have dnspython write an answer to the question for a.example."""
    message = dns.message.make_response(dns.message.make_query("a.example", kind, id=7))
    for owner, ttl, its_kind, records in rrsets:
        section = message.authority if its_kind == "SOA" else message.answer
        section.append(dns.rrset.from_text_list(owner, ttl, "IN", its_kind, records))
    message.set_rcode(dns.rcode.Rcode(rcode))
    return message.to_wire()


SOA = ("example.", 900, "SOA", [". . 1 1 1 1 60"])


def test_a_question_is_what_dnspython_reads() -> None:
    """Name, type, the wish for recursion, and room for an answer that no network takes apart."""
    for kind in KINDS:
        message = dns.message.from_wire(question(7, ASKED, kind))
        asked = message.question[0]
        assert (message.id, asked.name, dns.rdatatype.to_text(asked.rdtype)) == (
            7,
            dns.name.from_text("a.example"),
            kind,
        )
        assert (message.payload, message.flags) == (1232, 0x0100)


def test_answers_are_read_as_they_were_meant() -> None:
    """Records of every type, through aliases, with the TTL of the least lasting; the rest is left."""
    for kind, octets, expected in (
        (
            "TXT",
            answer("TXT", ("a.example.", 60, "TXT", ['"v=spf1 " "-all"'])),
            Reply(0, False, (b"v=spf1 -all",), 60),
        ),
        (
            "AAAA",
            answer("AAAA", ("a.example.", 60, "AAAA", ["2001:db8::1"])),
            Reply(0, False, ("2001:db8::1",), 60),
        ),
        (
            "MX",
            answer("MX", ("a.example.", 60, "MX", ["5 MX.a.example."])),
            Reply(0, False, ((5, "mx.a.example"),), 60),
        ),
        ("MX", answer("MX", ("a.example.", 60, "MX", ["0 ."])), Reply(0, False, ((0, ""),), 60)),
        (
            "PTR",
            answer("PTR", ("a.example.", 60, "PTR", ["b.example."])),
            Reply(0, False, ("b.example",), 60),
        ),
        (
            "A",
            answer(
                "A",
                ("A.Example.", 90, "CNAME", ["b.example."]),
                ("b.example.", 30, "A", ["192.0.2.1"]),
                ("other.example.", 5, "A", ["192.0.2.66"]),
            ),
            Reply(0, False, ("192.0.2.1",), 30),
        ),
        ("A", answer("A", SOA), Reply(0, False, (), 60)),
        ("A", answer("A"), Reply(0, False, (), 0)),
        ("A", answer("A", SOA, rcode=3), Reply(3, False, (), 60)),
        ("A", answer("A", ("a.example.", 5, "CNAME", ["b.example."]), SOA), Reply(0, False, (), 5)),
        ("A", answer("A", ("a.example.", 5, "CNAME", ["a.example."])), Reply(2, False)),
        ("A", answer("A", rcode=5), Reply(5, False)),
        ("A", HEAD[:2] + b"\x83\x80" + HEAD[4:], Reply(0, True)),
        (
            "A",
            HEAD + b"\xc0\x0c" + RECORD[:4] + b"\xff\xff\xff\xff" + RECORD[8:],
            Reply(0, False, ("192.0.2.1",), 0),
        ),
        ("A", HEAD + b"\xc0\x0c" + b"\x00\x01\x00\x03" + RECORD[4:], Reply(0, False, (), 0)),
    ):
        assert read(octets, 7, ASKED, kind) == expected


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        HEAD[:20],
        HEAD,
        HEAD + b"\xc0\x0c" + RECORD[:-1],
        HEAD + b"\xc0\x1b" + RECORD,
        HEAD + b"\xc0\xff" + RECORD,
        HEAD + b"\x80a\x00" + RECORD,
        HEAD + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 3) + b"abc",
        b"\x00\x08" + HEAD[2:] + b"\xc0\x0c" + RECORD,
        HEAD[:2] + b"\x01\x00" + HEAD[4:] + b"\xc0\x0c" + RECORD,
        HEAD[:4] + b"\x00\x02" + HEAD[6:] + b"\xc0\x0c" + RECORD,
        HEAD.replace(b"example", b"exampel") + b"\xc0\x0c" + RECORD,
        HEAD[:-4] + b"\x00\x10\x00\x01" + b"\xc0\x0c" + RECORD,
    ],
)
def test_what_is_no_answer_is_told(octets: bytes) -> None:
    """Cut short, of another number, name or type, with names that lead nowhere, records of a wrong length."""
    with pytest.raises(WireError):
        read(octets, 7, ASKED, "A")


def test_pointers_that_lead_to_pointers_cost_little() -> None:
    """However long they lead on, none is followed twice; a name beyond the length of names is none."""
    start = len(HEAD) + 2 + len(RECORD) - 4
    for label, count in ((b"", 6000), (b"\x3f" + b"x" * 63, 4)):
        size = len(label) + 2
        targets = [12] + [start + size * at for at in range(count - 1)]
        chain = b"".join(label + struct.pack("!H", 0xC000 | target) for target in targets)
        first = b"\xc0\x0c" + struct.pack("!HHIH", 99, 1, 1, len(chain)) + chain
        owner = struct.pack("!H", 0xC000 | (start + size * (count - 1)))
        octets = HEAD[:6] + b"\x00\x02" + HEAD[8:] + first + owner + RECORD
        if label:
            with pytest.raises(WireError):
                read(octets, 7, ASKED, "A")
        else:
            assert read(octets, 7, ASKED, "A").records == ("192.0.2.1",)


@given(st.binary(max_size=80), st.integers(0, 40), st.sampled_from(sorted(KINDS)))
def test_reading_never_raises_anything_else(octets: bytes, kept: int, kind: str) -> None:
    """Whatever comes is an answer or WireError."""
    if kind in ("CNAME", "SOA"):
        kind = "TXT"
    head = HEAD[:-4] + struct.pack("!HH", KINDS[kind], 1)
    try:
        found = read(
            head[:kept] + octets if kept < len(head) else head + b"\xc0\x0c" + octets, 7, ASKED, kind
        )
    except WireError:
        return
    assert isinstance(found, Reply)


def test_names_are_split_at_dots_alone() -> None:
    """A backslash is a letter like any other; what is too long, empty or beyond ASCII is no name."""
    assert name("A\\b.Example.") == (b"a\\b", b"example")
    for text in ("", ".", "a..b", "x" * 64, "ż.example", ".a", "a." * 130):
        assert name(text) is None
