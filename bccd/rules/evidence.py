"""The evidence about a mail's sender as steps of the decision record."""

from collections.abc import Iterator

from bccd.model.auth import AuthReport
from bccd.model.plan import Step

_RULE = "evidence"


def evidence_steps(report: AuthReport) -> tuple[Step, ...]:
    """Return a step for each thing found out about the sender, by a relay or here; none for a network."""
    return tuple(_steps(report))


def _steps(report: AuthReport) -> Iterator[Step]:
    if report.login is not None:
        yield Step(_RULE, f"login {report.login.name}", "pass", "the password was given in SMTP AUTH")
    for result in report.results:
        said = f"{report.authserv_id} says so{f': {result.detail}' if result.detail else ''}"
        yield Step(_RULE, f"{result.method} {result.domain}".rstrip(), result.result, said)
    for result in report.checks:
        detail = result.detail or "found here"
        yield Step(_RULE, f"{result.method} {result.domain}".rstrip(), result.result, detail)
