"""The DKIM vectors of other projects, with the DNS in memory and through a real name server."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from bccd.testing import FakeResolver, Zone
from bccd.verify.dns import Resolver
from bccd.verify.resolver import DnsResolver
from tests.corpus.vectors import CHASQUID, CORPORA, NOW, RFC, chasquid_zone, dkim, read, stalwart, wire
from tests.nameserver import NameServer, name_server

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of mail"),
]
Serve = Callable[[Zone], Resolver]
# chasquid takes l=; RFC 6376 8.2 tells what that is good for.
REFUSED_HERE = {("09-limited_body", 0): "policy"}
STATES = {"SUCCESS": {"pass"}, "TEMPFAIL": {"temperror"}, "PERMFAIL": {"fail", "permerror", "policy"}}


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server() as running:
        yield running


@pytest.fixture(params=["in memory", "by a name server"])
def serve(request: pytest.FixtureRequest, server: NameServer) -> Serve:
    """A maker of resolvers for a zone."""

    def real(zone: Zone) -> Resolver:
        server.zone.clear()
        server.add(zone)
        return DnsResolver([server.address], query_seconds=30, mail_seconds=60)

    return FakeResolver if request.param == "in memory" else real


def test_chasquid(serve: Serve) -> None:
    """Each of chasquid's vectors comes out as it says, but for l=, and after five signatures it is enough."""
    names = [path.stem for path in sorted(CHASQUID.glob("*.msg"))]
    assert len(names) == 11
    for name in names:
        has_zone = (CHASQUID / f"{name}.dns").exists()
        resolver = serve(chasquid_zone(read(CHASQUID, f"{name}.dns")) if has_zone else {})
        found = dkim(wire(read(CHASQUID, f"{name}.msg").encode()), resolver)
        if not (CHASQUID / f"{name}.result").exists():  # no mail at all
            assert [one.result for one in found] == ["none"]
            continue
        wanted = json.loads(read(CHASQUID, f"{name}.result"))["Results"]
        told = [one for one in found if one.result != "neutral"]
        assert len(told) == len(wanted), name
        for at, (one, other) in enumerate(zip(told, wanted, strict=True)):
            assert one.result in {REFUSED_HERE.get((name, at))} | STATES[other["State"]], (name, one)
            assert not other["Domain"] or one.domain == other["Domain"]
            assert not other["Selector"] or one.detail.startswith(other["Selector"])
    assert (
        "2 more signatures are not looked at"
        in dkim(
            wire(read(CHASQUID, "02-too_many_headers.msg").encode()),
            serve(chasquid_zone(read(CHASQUID, "01-rfc8463.dns"))),
        )[-1].detail
    )


def test_stalwart(serve: Serve) -> None:
    """Real mail with the keys of its day verifies; one signature has expired since, and held in its time."""
    results = {name: [one.result for one in dkim(mail, serve(zone))] for name, zone, mail in stalwart("dkim")}
    assert results.pop("005.txt") == ["fail"]
    assert results == {
        "001.txt": ["pass", "pass"],
        "002.txt": ["pass"],
        "003.txt": ["pass", "pass"],
        "004.txt": ["pass"],
        "006.txt": ["pass"],
    }
    [(zone, mail)] = [(zone, mail) for name, zone, mail in stalwart("dkim") if name == "005.txt"]
    [result] = dkim(mail, serve(zone), datetime(2022, 11, 8, tzinfo=UTC))
    assert result.result == "pass"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("rfc6376.signed.msg", ["pass", "pass"]),
        ("rfc6376.signed.rsa.msg", ["pass"]),
        ("test.message.baddomain", ["permerror"]),
        ("test.message", ["none"]),
        ("rfc6376.msg", ["none"]),
        ("test_nofrom.message", ["none"]),
    ],
)
def test_rfc_examples(serve: Serve, name: str, wanted: list[str]) -> None:
    """The examples of the RFCs verify, and a domain that is none proves nothing."""
    zone: Zone = {
        "test._domainkey.football.example.com": {"TXT": [(RFC / "test.txt").read_text().strip()]},
        "brisbane._domainkey.football.example.com": {
            "TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
        },
    }
    found = dkim(wire((RFC / name).read_bytes()), serve(zone), NOW)
    assert [one.result for one in found] == wanted
