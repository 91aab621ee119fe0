"""Whatever a domain publishes and a peer says, SPF gives one of its seven results."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bccd.testing import FakeResolver, Zone
from bccd.verify.spf import check_spf

RESULTS = {"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"}
WORDS = """a mx ptr all include: exists: ip4: ip6: redirect= exp= a.example b.example %{l} %{p} %{ir} %{d2r.-}
%% %{ /24 //64 - ~ 192.0.2.1 ::1 = ."""
PIECES = st.sampled_from(WORDS.split())
SPACED = st.lists(st.one_of(PIECES, st.just(" ")), max_size=12).map("".join)
RECORDS = st.one_of(
    SPACED.map(lambda terms: f"v=spf1 {terms}".encode()),
    st.binary(max_size=60).map(lambda octets: b"v=spf1 " + octets),
    st.binary(max_size=60),
)
NAMES = st.sampled_from(["a.example", "b.example", "1.2.0.192.in-addr.arpa"])
TYPES = st.fixed_dictionaries(
    {},
    optional={
        "TXT": st.one_of(st.none(), st.lists(RECORDS, max_size=2)),
        "A": st.one_of(st.none(), st.just(["192.0.2.1"])),
        "MX": st.one_of(st.none(), st.just(["1 a.example", "2 ."])),
        "PTR": st.one_of(st.none(), st.just(["a.example", "x" * 70, "..", ""])),
    },
)
TEXT = st.one_of(
    st.text(max_size=30), st.sampled_from(["ann@a.example", "@a.example", "ż@a.example", "", "a.example"])
)


@given(
    zone=st.dictionaries(NAMES, TYPES),
    ip=st.one_of(st.sampled_from(["192.0.2.1", "::1", "::ffff:192.0.2.1", ""]), st.text(max_size=20)),
    mail_from=TEXT,
    helo=TEXT,
)
def test_spf_never_raises(zone: Zone, ip: str, mail_from: str, helo: str) -> None:
    """It asks at most 1 + 10 times 11 names, each by a bounded number of questions."""
    fake = FakeResolver(zone)
    found = asyncio.run(check_spf(fake, ip, mail_from, helo))
    assert found.result in RESULTS
    assert found.domain.isascii()
    assert len(fake.asked) <= 150
