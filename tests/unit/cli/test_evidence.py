"""What proved a sender or why nothing did, as people are told."""

import pytest

from bccd.cli.evidence import evidence
from bccd.model.auth import AuthReport, AuthResult, Login

FORGED = b"Authentication-Results: mx.other.example; spf=pass\r\nAuthentication-Results: =\r\n\r\n"
IP = "192.0.2.1"
FAILED = (AuthResult("dmarc", "fail", "b.example"), AuthResult("spf", "none", ""))


@pytest.mark.parametrize(
    ("auth", "ip", "peer", "results"),
    [
        (AuthReport(), IP, f"{IP}, in no trusted network and no listed relay", "none looked for"),
        (AuthReport("192.0.2.0/24"), IP, f"{IP}, in the trusted network 192.0.2.0/24", "none looked for"),
        (AuthReport(login=Login(1, 7, "ann")), IP, f"{IP}, logged in as ann", "none looked for"),
        (AuthReport("", "unix"), "", "a UNIX socket, which counts as a relay", "no Authentication-Results"),
        (AuthReport("", IP), IP, f"{IP}, a relay by trust.relays", "no Authentication-Results of an id"),
        (AuthReport("", "unix", "mx.example"), "", "a UNIX socket", "mx.example says: no result at all"),
        (
            AuthReport("", "unix", "mx.example", FAILED),
            "",
            "a UNIX socket",
            "mx.example says: dmarc=fail (b.example), spf=none",
        ),
    ],
)
def test_the_peer_and_its_word_are_told(auth: AuthReport, ip: str, peer: str, results: str) -> None:
    """Who handed the mail in, whether his word counts, and what he said."""
    told = evidence(auth, ip, b"From: a@b.example\r\n\r\n")
    assert told["handed in by"].startswith(peer) and told["results"].startswith(results)
    assert told["ids in the mail"] == "no Authentication-Results field"


def test_ids_that_nobody_listed_are_told() -> None:
    """They are what a wrong trust.authserv_ids is found by; forged and malformed ones are told alike."""
    nameless = b"Authentication-Results: spf=pass (sender IP is x) smtp.mailfrom=a.example\r\n"
    told = evidence(AuthReport(), "", nameless + FORGED)["ids in the mail"]
    assert told == "(without an id), mx.other.example, (malformed)"
    many = b"".join(b"Authentication-Results: mx%d.example; none\r\n" % n for n in range(15))
    assert evidence(AuthReport(), "", many + b"\r\n")["ids in the mail"].endswith("mx9.example and 5 more")


def test_octets_that_are_gone_are_told() -> None:
    """What is stored is shown all the same."""
    assert evidence(AuthReport(), "", None)["ids in the mail"] == "the octets are not kept"


def test_what_was_checked_here_is_told_with_the_client_it_is_about() -> None:
    """In the form of RFC 8601, with how each result came about; and whom a relay had the mail from."""
    checks = (
        AuthResult("spf", "fail", "a.example", "mailfrom: -all of a.example"),
        AuthResult("dkim", "pass", "b.example", "selector s1 (rsa)"),
    )
    auth = AuthReport("", "192.0.2.0/24", checks=checks, client_ip="198.51.100.7", client_helo="x.example")
    told = evidence(auth, IP, None)
    assert told["handed in by"].startswith(f"{IP} for 198.51.100.7 (x.example), a relay")
    assert told["checked here"] == (
        "spf=fail (mailfrom: -all of a.example) smtp.mailfrom=a.example;"
        " dkim=pass (selector s1 \\(rsa\\)) header.d=b.example"
    )
    assert evidence(AuthReport(client_ip=IP), IP, None)["handed in by"].startswith(f"{IP}, in no trusted")
    assert evidence(AuthReport(), IP, None)["checked here"].startswith("nothing: ")
