"""What a listed forwarding server vouches for: ARC (RFC 8617), as evidence.

Anybody can seal what he likes, so a chain is looked at only if its newest seal is of a domain in [verify]
arc_sealers. What that server says it found stands beside the verdict on the chain, as "arc.dmarc", "arc.dkim"
and "arc.spf": it is his word, not a check of ours.
"""

from collections.abc import Iterator

from bccd.mail.authres import read
from bccd.model.auth import AuthResult
from bccd.verify.arc_chain import ArcSet, check_chain, read_chain, results_value
from bccd.verify.dkim.check import check_doubles
from bccd.verify.dkim.faults import POLICY, FaultError
from bccd.verify.dkim.mail import SignedMail
from bccd.verify.dns import DnsTemporaryError, Resolver

_VOUCHED = ("dmarc", "dkim", "spf")


async def check_arc(mail: SignedMail, sealers: frozenset[str], resolver: Resolver) -> tuple[AuthResult, ...]:
    """Say whether the chain of a finished mail holds, and if so what its newest, listed sealer had found.

    Nothing for a mail without a chain, or where no sealer is listed; never raises.
    """
    if not sealers or mail.header.defect:
        return ()
    domain = ""
    try:
        chain = read_chain(mail.header)
        if not chain:
            return ()
        domain = chain[-1].seal.domain
        _check_trust(chain[-1], mail, sealers)
        await check_chain(chain, mail, resolver)
    except DnsTemporaryError:
        return (AuthResult("arc", "temperror", domain, "the DNS did not give a key"),)
    except FaultError as fault:
        return (AuthResult("arc", "fail" if fault.result != POLICY else POLICY, domain, fault.why),)
    held = AuthResult("arc", "pass", domain, f"{len(chain)} sets" if len(chain) > 1 else "1 set")
    return (held, *_vouched(chain[-1], mail))


def _check_trust(newest: ArcSet, mail: SignedMail, sealers: frozenset[str]) -> None:
    """Refuse a seal of somebody who is not listed, or one that leaves From to anybody."""
    if newest.seal.domain not in sealers:
        raise FaultError(POLICY, "its sealer is not listed")
    if newest.message.domain != newest.seal.domain:
        raise FaultError(POLICY, "its message signature is of another domain")
    if b"from" not in newest.message.signed:
        raise FaultError(POLICY, "From is not signed")
    check_doubles(newest.message, mail.header)


def _vouched(newest: ArcSet, mail: SignedMail) -> Iterator[AuthResult]:
    told = read(results_value(mail.header.field(newest.results_at)))
    for result in told.results:
        if result.method in _VOUCHED:
            yield AuthResult(
                f"arc.{result.method}", result.result, result.domain, f"said by {told.authserv_id}"
            )
