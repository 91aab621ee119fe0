"""The evidence about a mail's sender as steps of the decision record, and what it lacks, in words."""

from collections.abc import Iterator

from bccd.mail.addresses import domain_of
from bccd.model.auth import AuthReport
from bccd.model.plan import Step
from bccd.model.policy import Mode
from bccd.rules.align import aligned

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


def shortcoming(address: str, report: AuthReport, mode: Mode) -> str:
    """Say what kept a user's mail from being proven, in the order in which a person would ask."""
    stated = report.results if report.relay and report.authserv_id else ()
    results = (*stated, *report.checks)
    if report.login is not None:
        return "the address is not one of the login's"
    if not results:
        return "no relay said anything about it"
    if any(result.method == "dmarc" and result.result == "fail" for result in results):
        return "it fails DMARC"
    passed = [
        (result.method, result.domain.rpartition("@")[2])
        for result in results
        if result.result == "pass" and result.method in ("dkim", "spf")
    ]
    return _of_passed(passed, domain_of(address), report, mode) if passed else "neither DKIM nor SPF passed"


def _of_passed(passed: list[tuple[str, str]], author: str, report: AuthReport, mode: Mode) -> str:
    if not any(aligned(report, method, domain, author) for method, domain in passed):
        others = ", ".join(sorted({domain for _, domain in passed}))
        return f"what passed is of another domain: {others}"
    if mode is Mode.STRICT:
        return "SPF alone proves nothing in mode strict"
    return "SPF passed, but the envelope's sender is no address of his"
