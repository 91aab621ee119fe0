"""The six digits that are mailed beside a link: made of a claim's number by the secret, kept nowhere."""

import hmac

from bccd.rules.signing import Signer

LINK = "confirm"  # the purpose of links that carry a claim's number
_DIGITS = 6


def code_of(signer: Signer, company_id: int, claim_id: int) -> str:
    """Return the code of a claim: whoever renders the mail works it out again."""
    octets = signer.digest("code", f"{company_id}/{claim_id}")
    return f"{int.from_bytes(octets[:8]) % 10**_DIGITS:0{_DIGITS}}"


def digest_of(signer: Signer, company_id: int, claim_id: int, code: str) -> bytes:
    """Return what is kept of a code."""
    return signer.digest("code digest", f"{company_id}/{claim_id}/{code}")


def is_code(signer: Signer, company_id: int, claim_id: int, said: str, kept: bytes) -> bool:
    """Tell whether this is the code of which the digest was kept; in the same time for every answer."""
    return hmac.compare_digest(digest_of(signer, company_id, claim_id, said), kept)
