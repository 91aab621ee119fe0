"""What the spool keeps of an accepted mail, read back by later versions."""

from dataclasses import replace
from datetime import UTC, datetime

from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Login, Sender
from bccd.model.delivery import Intake
from bccd.model.envelope import Peer, Protocol, Raw, Target
from bccd.store.envelopes import read, write

# As the first released version wrote it: no login, no checks of our own, no client.
OLD = (
    '{"targets":[{"address":"crm@drop.example","company_id":1,"tag":"deal","argument":"42"}],'
    '"mail_from":"ann@a.example","peer":{"ip":"192.0.2.1","helo":"h","protocol":"lmtp","tls":true},'
    '"received_at":"2026-03-01T12:00:00Z","auth":{"trusted_network":"","relay":"192.0.2.0/24",'
    '"authserv_id":"mx.example","results":[{"method":"dmarc","result":"pass","domain":"a.example"}]},'
    '"sender":{"user_id":7,"address":"ann@a.example","method":"relay_dmarc"}}'
)
HELD = (
    OLD.partition(',"sender"')[0]
    + ',"held":{"reason":"unverified_sender","address":"a@b.example","user_id":7}}'
)


def test_an_envelope_of_an_older_version_is_read() -> None:
    """What it does not say has its default, and nothing of what it says is lost."""
    found = read(OLD)
    assert found.peer == Peer("192.0.2.1", "h", Protocol.LMTP, tls=True)
    assert found.auth == AuthReport(
        "", "192.0.2.0/24", "mx.example", (AuthResult("dmarc", "pass", "a.example"),)
    )
    assert found.sender == Sender(7, "ann@a.example", AuthMethod.RELAY_DMARC)
    assert read(HELD).held == HeldSender("unverified_sender", "a@b.example", 7)


def test_all_evidence_is_read_back() -> None:
    """Each field of the report, and who was told of by the relay."""
    login = Login(1, 7, "ann")
    auth = AuthReport(
        "10.0.0.0/8",
        "unix",
        "mx.example",
        (AuthResult("dkim", "pass", "a.example", "s1"),),
        login,
        (AuthResult("spf", "temperror", "a.example", "no answer"),),
        (("a.example", "a.example"), ("m.a.example", "a.example")),
        ("dkim", "spf"),
        "reject",
        "203.0.113.9",
        "client.example",
    )
    peer = Peer("", "h", client_ip="203.0.113.9", client_helo="client.example", login=login)
    target = Target("crm@drop.example", 1)
    held = HeldSender("unverified_sender", "a@b.example", 7, lenient=True)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    intake = Intake(1, (target,), "ann@a.example", peer, at, auth, Raw(b"", 0, b""), held=held)
    found = read(write(intake, (target,)))
    assert (found.auth, found.peer, found.held) == (auth, peer, held)
    assert all(getattr(auth, name) != getattr(AuthReport(), name) for name in AuthReport.__slots__)
    assert replace(auth) == auth
