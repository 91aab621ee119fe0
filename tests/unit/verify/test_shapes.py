"""What servers of all makes write into a header, and what is believed of it."""

import hashlib
from datetime import UTC, datetime

import pytest

from bccd.config import Trust
from bccd.model.auth import AuthReport
from bccd.model.envelope import Envelope, Peer, Raw
from bccd.verify.trust import TrustVerifier
from tests.unit.verify.shapes import SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_is_believed_of_a_relays_mail(shape: Shape) -> None:
    """The fields of a listed id above the second Received, whole and in order; from no relay none of them."""
    octets = shape.header.replace("\n", "\r\n").encode()
    raw = Raw(hashlib.sha256(octets).digest(), len(octets), octets, octets)
    trust = TrustVerifier(Trust(relays=("192.0.2.7/32",), authserv_ids=shape.ids))
    for ip, expected in (
        ("192.0.2.7", AuthReport("", "192.0.2.7/32", shape.authserv_id, shape.results)),
        ("203.0.113.9", AuthReport()),
    ):
        envelope = Envelope(Peer(ip), "ann@seller.example", (), raw, datetime(2026, 11, 16, tzinfo=UTC))
        assert trust.report(envelope) == expected
