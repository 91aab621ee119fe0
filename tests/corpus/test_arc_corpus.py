"""The ARC validation suite, case by case, and real chains."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bccd.testing import FakeResolver, Zone
from bccd.verify.arc import check_arc
from bccd.verify.arc_chain import check_chain, read_chain
from bccd.verify.dkim.faults import FaultError
from bccd.verify.dkim.mail import SignedMail
from bccd.verify.dns import Resolver
from bccd.verify.resolver import DnsResolver
from tests.corpus.vectors import CORPORA, signed_mail, stalwart, wire
from tests.nameserver import name_server

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of mail"),
]
SUITE = CORPORA / "arc/arc-draft-validation-tests.yml"


def suites() -> Iterator[dict[str, Any]]:
    return iter(list(yaml.safe_load_all(SUITE.read_text(encoding="utf-8"))))


def zone_of(suite: dict[str, Any]) -> Zone:
    return {name: {"TXT": [record]} for name, record in (suite.get("txt-records") or {}).items()}


def verdict(mail: SignedMail, resolver: Resolver) -> str:
    """What the chain of a mail comes to, whoever has sealed it."""
    if mail.header.defect:
        return "Fail"
    try:
        chain = read_chain(mail.header)
        if not chain:
            return "None"
        asyncio.run(check_chain(chain, mail, resolver))
    except FaultError:
        return "Fail"
    return "Pass"


def run(make: Any) -> int:
    """Run every case; a chain that says of itself that it has failed is a failed one (RFC 8617 5.2)."""
    cases = 0
    for suite in suites():
        resolver = make(zone_of(suite))
        for name, case in suite["tests"].items():
            mail = signed_mail(wire(case["message"].encode()), arc=True)
            assert verdict(mail, resolver) == (case["cv"].strip() or "Fail"), name
            cases += 1
    return cases


def test_every_case() -> None:
    """All 171 chains of the suite are judged as it says."""
    assert run(FakeResolver) == 171


def test_every_case_by_a_name_server() -> None:
    """The same, with the keys from a real name server."""
    with name_server() as server:

        def real(zone: Zone) -> Resolver:
            server.zone.clear()
            server.add(zone)
            return DnsResolver([server.address], query_seconds=30, mail_seconds=60)

        assert run(real) == 171


def test_real_chains() -> None:
    """Real chains hold and give what their newest sealer found, if he is listed; else nothing is asked."""
    vouched = {}
    for name, zone, octets in stalwart("arc"):
        mail = signed_mail(octets, arc=True)
        resolver = FakeResolver(zone)
        [refused] = asyncio.run(check_arc(mail, frozenset({"other.example"}), resolver))
        assert (refused.result, resolver.asked) == ("policy", [])
        held, *told = asyncio.run(check_arc(mail, frozenset({refused.domain}), resolver))
        assert (held.method, held.result, held.domain) == ("arc", "pass", refused.domain)
        vouched[name] = {(one.method, one.result, one.domain) for one in told}
    assert vouched == {
        "001.txt": {
            ("arc.dkim", "pass", "ietf.org"),
            ("arc.dkim", "neutral", "stalw.art"),
            ("arc.spf", "pass", "jmap-bounces@ietf.org"),
            ("arc.dmarc", "fail", "stalw.art"),
        },
        "002.txt": {("arc.dkim", "pass", "manchego.org")},
    }
