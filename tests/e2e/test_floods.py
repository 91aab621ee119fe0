"""A flood of strangers against a real daemon that asks a real name server."""

import smtplib
from collections import Counter

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, mail
from tests.nameserver import NameServer
from tests.signer import Signer

pytestmark = pytest.mark.e2e
ANN = USERS[0]


def test_users_get_through_a_flood(make_daemon: MakeDaemon) -> None:
    """Beyond the threshold strangers get 450, nothing is asked about them; users' proven mail is filed."""
    signer = Signer("example.com")
    dns = NameServer(signer.zone())
    try:
        daemon = make_daemon(
            trust={"networks": []},
            verify={"nameservers": [dns.address]},
            limits={"strangers_per_minute": 3},
        ).start()
        codes: Counter[int] = Counter()
        with smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=20) as client:
            for number in range(30):
                stranger = f"x@d{number}.spam.example"
                try:
                    client.sendmail(stranger, [DROP], mail(f"spam-{number}", sender=stranger))
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                    refused = getattr(error, "recipients", {DROP: (getattr(error, "smtp_code", 0), b"")})
                    codes[refused[DROP][0]] += 1
            # In the envelope somebody of the user's domain, whom only the signature proves.
            client.sendmail(f"bounces@mail.{ANN.partition('@')[2]}", [DROP], signer.sign(mail("proven")))
        assert codes == {550: 3, 450: 27}
        labels = {label for name, _ in dns.asked for label in name.split(".")}
        assert {f"d{number}" for number in range(30)} & labels == {"d0", "d1", "d2"}
        assert [row.state for row in daemon.wait_filed(1)] == ["filed"]
        [flood] = daemon.events("flood")
        assert flood["limit"] == "strangers_per_minute"
    finally:
        dns.close()
