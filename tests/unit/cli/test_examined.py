"""What is found out about a mail that lies in a file: by the daemon's own checks, from a real name server."""

import pytest

from bccd.cli.examined import examine
from bccd.config import Config, Trust, Verify
from bccd.model.errors import MistakeError
from tests.nameserver import name_server
from tests.signer import Signer, ed25519_key

KEY = Signer(key=ed25519_key())
MAIL = KEY.sign(b"From: ann@a.example\r\nSubject: x\r\n\r\nhello\r\n")


def test_the_daemons_own_checks_are_run() -> None:
    """With an envelope sender that is said, or the author's address; a trusted network asks nothing."""
    with name_server({"a.example": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}, **KEY.zone()}) as server:
        config = Config(trust=Trust(networks=("10.0.0.0/8",)), verify=Verify(nameservers=(server.address,)))
        found = examine(config, MAIL, "192.0.2.1", "")
        assert found.mail_from == "ann@a.example"
        said = [(one.method, one.result) for one in found.auth.checks]
        assert said == [("spf", "pass"), ("dkim", "pass"), ("dmarc", "none")]
        other = examine(config, MAIL, "192.0.2.1", "Bounce@B.example")
        assert other.mail_from == "bounce@b.example"
        assert [one.result for one in other.auth.checks] == ["none", "pass", "none"]
        server.asked.clear()
        assert examine(config, MAIL, "10.1.1.1", "").auth.trusted_network == "10.0.0.0/8"
        assert server.asked == []
    with pytest.raises(MistakeError, match="no IP address"):
        examine(config, MAIL, "here", "")
