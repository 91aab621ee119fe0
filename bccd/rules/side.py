"""Whose an address is before any contact is asked for: ours, kept out by the company, or an outsider's."""

import re
from enum import StrEnum, unique
from functools import lru_cache

from bccd.mail.addresses import domain_of
from bccd.mail.domains import parent_domains
from bccd.model.facts import Facts

_REPLY = "r"  # r+<token>@ is where an answer to us goes (rules.md 1.2)


@unique
class Side(StrEnum):
    """Where an address stands for the whole company (rules.md 4 and 5), the first that holds."""

    SERVICE = "service"  # a drop address or a reply address
    USER = "user"  # a confirmed user's
    INTERNAL = "internal"  # of one of the company's own domains
    NEVER_LOG = "never_log"  # on the company's list
    OUTSIDE = "outside"


_OURS = (Side.SERVICE, Side.USER, Side.INTERNAL)


class Sides(dict[str, Side]):
    """The sides of a batch's addresses, each worked out when first asked: one mail asks ten times."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts
        self._internal = facts.company.policy.internal_domains
        self._service_domains = frozenset(domain_of(address) for address in facts.service_addresses)
        self.at_service = _behind_at(self._service_domains)  # finds how drop addresses end

    def __missing__(self, address: str) -> Side:
        side = self[address] = self._side(address)
        return side

    def _side(self, address: str) -> Side:
        if self._is_service(address):
            return Side.SERVICE
        entry = self._facts.user_addresses.get(address)
        if entry is not None and entry.confirmed:
            return Side.USER
        if self._internal and not self._internal.isdisjoint(parent_domains(domain_of(address))):
            return Side.INTERNAL
        return Side.NEVER_LOG if self.is_never_log(address) else Side.OUTSIDE

    def _is_service(self, address: str) -> bool:
        if address in self._facts.service_addresses:
            return True
        local, _, domain = address.rpartition("@")
        base, plus, _ = local.partition("+")
        if not plus:
            return False
        return f"{base}@{domain}" in self._facts.service_addresses or (
            base == _REPLY and domain in self._service_domains
        )

    def is_service(self, address: str) -> bool:
        """Tell whether the address is a drop address of the company, with any tag, or a reply address."""
        return self[address] is Side.SERVICE

    def is_ours(self, address: str) -> bool:
        """Tell whether an address is a confirmed user's, a drop address or of an internal domain."""
        return self[address] in _OURS

    def is_never_log(self, address: str, user_id: int = 0) -> bool:
        """Tell whether the address, its domain or a parent is on the company's never-log list (rules.md 3.5).

        With a user, his own list counts too.
        """
        own, listed = self._facts.own_never_log.get(user_id), self._facts.never_log
        if not own and not listed:  # nearly always: only what concerns this batch was read
            return False
        entries = never_log_entries(address)
        return not listed.isdisjoint(entries) or bool(own and not own.isdisjoint(entries))

    def has_own_list(self, user_id: int) -> bool:
        """Tell whether a user keeps out of his mail somebody here whom the company does not."""
        return bool(self._facts.own_never_log.get(user_id))


@lru_cache(maxsize=4_096)  # one a company; to compile it takes as long as to decide a mail
def _behind_at(domains: frozenset[str]) -> re.Pattern[str] | None:
    """Return what finds one of these domains behind an @, in any case and nearly as fast as the @ itself."""
    listed = "|".join(map(re.escape, sorted(domains)))
    return re.compile(f"@(?:{listed})", re.IGNORECASE) if listed else None


def never_log_entries(address: str) -> tuple[str, ...]:
    """Return the entries of a never-log list that would concern this address."""
    return (address, *domain_entries(domain_of(address)))


@lru_cache(maxsize=10_000)  # the same few domains write day after day
def domain_entries(domain: str) -> tuple[str, ...]:
    """Return the entries of a never-log list that would concern every address of this domain."""
    return tuple("@" + parent for parent in parent_domains(domain))
