"""What servers of all makes write into a header, and what is believed of it."""

import pytest

from bccd.config import Trust
from bccd.model.auth import AuthReport
from bccd.model.envelope import Peer
from bccd.verify.trust import Trusted
from tests.unit.verify.shapes import SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_is_believed_of_a_relays_mail(shape: Shape) -> None:
    """The fields of a listed id above the second Received, whole and in order; from no relay none of them."""
    octets = shape.header.replace("\n", "\r\n").encode()
    trust = Trusted(Trust(relays=("192.0.2.7/32",), authserv_ids=shape.ids))
    for ip, expected in (
        ("192.0.2.7", AuthReport("", "192.0.2.7/32", shape.authserv_id, shape.results)),
        ("203.0.113.9", AuthReport()),
    ):
        assert trust.told(trust.standing(Peer(ip)), octets) == expected
