"""What the checks ask of the DNS: a small Protocol, so that they can be asked of a fake."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class DnsTemporaryError(Exception):
    """The DNS gave no answer now: a time limit, SERVFAIL, or an answer that cannot be read."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The records of one name and type; none where there is no such record, or no such name."""

    records: tuple[T, ...] = ()
    exists: bool = True  # False: NXDOMAIN


class Resolver(Protocol):
    """Asks the DNS; every method raises DnsTemporaryError where it cannot be told now.

    Names are A-labels, with a final dot or without. What cannot be a name (a label over 63 octets or empty,
    letters beyond ASCII) does not exist. Names in answers are lower case, without the final dot.
    """

    async def txt(self, name: str) -> Answer[bytes]:
        """Return TXT records, the strings of each joined (RFC 7208 3.3)."""
        ...

    async def mx(self, name: str) -> Answer[tuple[int, str]]:
        """Return (preference, host) pairs, best first; the host "" is the null MX (RFC 7505)."""
        ...

    async def addresses(self, name: str, *, v6: bool = False) -> Answer[str]:
        """Return A or AAAA records."""
        ...

    async def ptr(self, ip: str) -> Answer[str]:
        """Return the names of an address."""
        ...

    def for_mail(self) -> "Resolver":
        """Return a resolver for one mail, whose questions together have a time limit."""
        ...
