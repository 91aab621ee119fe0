"""A made-up company: who works there, whom they sell to, and what is being sold."""

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.words import FIRM_HEADS, FIRM_TAILS, FIRST_NAMES, LAST_NAMES

SLUG = "bench"
ADDRESS = "file@bench.example"
DOMAIN = "seller.example"
USERS, ORGANISATIONS, CONTACTS, DEALS = 30, 250, 1_000, 400
_SECOND_ADDRESS = 0.15  # the share of contacts with two addresses
_STATUSES = ("open",) * 6 + ("won",) * 3 + ("lost",)
_PLAIN = str.maketrans("łŁ", "lL")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes or gets mail."""

    external_id: str
    name: str
    addresses: tuple[str, ...]
    organisation: str = ""  # external id

    @property
    def address(self) -> str:
        """The first address."""
        return self.addresses[0]


@dataclass(frozen=True, slots=True)
class Deal:
    """A sales opportunity; people and firms by their external ids."""

    external_id: str
    title: str
    status: str
    owner: str
    organisation: str
    contact: str


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody the corpus knows."""

    users: tuple[Person, ...]
    contacts: tuple[Person, ...]
    strangers: tuple[Person, ...]  # customers whom the directory does not hold
    organisations: tuple[tuple[str, str, str], ...]  # external id, name, domain
    deals: tuple[Deal, ...]


def local_part(name: str) -> str:
    """Write a name as the left side of an address."""
    folded = unicodedata.normalize("NFKD", name.translate(_PLAIN)).encode("ascii", "ignore").decode()
    return folded.lower().replace(" ", ".")


def _person(chance: Random, number: int, prefix: str, domain: str, organisation: str = "") -> Person:
    name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
    first = f"{local_part(name)}{number}@{domain}"
    second = (f"{prefix}{number}@{domain}",) if chance.random() < _SECOND_ADDRESS else ()
    return Person(f"{prefix}{number}", name, (first, *second), organisation)


def make_strangers(chance: Random, count: int) -> tuple[Person, ...]:
    """Make up people whom no directory holds."""
    return tuple(_person(chance, number, "s", f"newcomer-{number}.example") for number in range(1, count + 1))


def make_company(chance: Random) -> Company:
    """Make up a company."""
    users = tuple(_person(chance, number, "u", DOMAIN) for number in range(1, USERS + 1))
    organisations = []
    for number in range(1, ORGANISATIONS + 1):
        name = f"{chance.choice(FIRM_HEADS)} {chance.choice(FIRM_TAILS)} {number}"
        organisations.append((f"o{number}", name, f"{name.lower().replace(' ', '-')}.example"))
    contacts = []
    for number in range(1, CONTACTS + 1):
        external_id, _, domain = chance.choice(organisations)
        contacts.append(_person(chance, number, "c", domain, external_id))
    strangers = make_strangers(chance, CONTACTS // 5)
    deals = []
    for number in range(1, DEALS + 1):
        customer = chance.choice(contacts)
        deals.append(
            Deal(
                external_id=f"d{number}",
                title=f"Deal {number}",
                status=chance.choice(_STATUSES),
                owner=chance.choice(users).external_id,
                organisation=customer.organisation,
                contact=customer.external_id,
            )
        )
    return Company(users, tuple(contacts), strangers, tuple(organisations), tuple(deals))


def document(company: Company) -> dict[str, Any]:
    """Write the company in the form that `bccd directory load` takes."""
    return {
        "company": {
            "slug": SLUG,
            "name": "Benchmark Ltd",
            "addresses": [ADDRESS],
            "internal_domains": [DOMAIN],
        },
        "organisations": [
            {"external_id": external_id, "name": name, "domains": [domain]}
            for external_id, name, domain in company.organisations
        ],
        "users": [
            {
                "external_id": user.external_id,
                "name": user.name,
                "login": user.address,
                "alternatives": list(user.addresses[1:]),
            }
            for user in company.users
        ],
        "contacts": [
            {
                "external_id": contact.external_id,
                "name": contact.name,
                "addresses": list(contact.addresses),
                "organisation": contact.organisation,
                "owner": company.users[number % USERS].external_id,
            }
            for number, contact in enumerate(company.contacts)
        ],
        "deals": [
            {
                "external_id": deal.external_id,
                "title": deal.title,
                "status": deal.status,
                "contacts": [deal.contact],
                "organisation": deal.organisation,
                "owner": deal.owner,
            }
            for deal in company.deals
        ],
    }
