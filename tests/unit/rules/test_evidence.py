"""What a user's mail lacked to be proven, in words."""

import pytest

from bccd.model.auth import AuthReport, AuthResult, Login
from bccd.model.policy import Mode
from bccd.rules.evidence import shortcoming

DKIM = AuthResult("dkim", "pass", "esp.example")
SPF = AuthResult("spf", "pass", "www@seller.example")
FAILED = AuthResult("dmarc", "fail", "seller.example")


@pytest.mark.parametrize(
    ("report", "mode", "said"),
    [
        (AuthReport(), Mode.STANDARD, "no relay said anything"),
        (AuthReport(results=(DKIM,)), Mode.STANDARD, "no relay said anything"),
        (AuthReport(login=Login(7, 2, "ben")), Mode.STANDARD, "not one of the login's"),
        (AuthReport(checks=(DKIM, FAILED)), Mode.STANDARD, "fails DMARC"),
        (AuthReport("", "unix", "mx", (FAILED,)), Mode.STANDARD, "fails DMARC"),
        (AuthReport(checks=(AuthResult("dkim", "none", ""),)), Mode.STANDARD, "neither DKIM nor SPF"),
        (AuthReport(checks=(DKIM,)), Mode.STANDARD, "another domain: esp.example"),
        (AuthReport(checks=(DKIM, SPF)), Mode.STRICT, "nothing in mode strict"),
        (AuthReport(checks=(DKIM, SPF)), Mode.STANDARD, "no address of his"),
    ],
)
def test_what_a_mail_lacked_is_told(report: AuthReport, mode: Mode, said: str) -> None:
    """The first thing that would have to be mended."""
    assert said in shortcoming("anna@seller.example", report, mode)
