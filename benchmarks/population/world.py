"""One company: who works there, whom they sell to, what is being sold; and the clock that gives out ids."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from bccd.model.policy import Policy
from bccd.store.rows import to_json
from bccd.store.tables import to_text
from benchmarks.company import local_part
from benchmarks.population.rows import Rows, no_rows
from benchmarks.population.scale import Scale
from benchmarks.words import FIRM_HEADS, FIRM_TAILS, FIRST_NAMES, LAST_NAMES

END = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # the moment of the newest mail
SPAN = timedelta(days=730)
STATUSES = ("open",) * 60 + ("won",) * 25 + ("lost",) * 13 + ("deleted",) * 2
_ADDRESSES = (1,) * 70 + (2,) * 22 + (3,) * 8  # of a contact
_PRIVATE_USERS = 10  # one user in so many files privately unless he says otherwise
_DELIVERIES = 10**9  # so many of each company
_PEOPLE, _CONTACTS, _DEALS = 5, 5, 7  # conversations for each contact and deal; contacts for each firm


def stamp(moment: datetime) -> str:
    """Write a moment as both databases read it."""
    return to_text(moment) or ""


@dataclass(frozen=True, slots=True)
class User:
    """A salesperson."""

    id: int
    name: str
    address: str
    private: bool


@dataclass(frozen=True, slots=True)
class Firm:
    """A customer's organisation."""

    id: int
    name: str
    domain: str


@dataclass(slots=True)
class Person:
    """Somebody outside: a contact, or not known."""

    name: str
    addresses: tuple[str, ...]
    contact_id: int | None = None
    firm: Firm | None = None
    deals: list[tuple[int, str]] = field(default_factory=list)  # id and status, oldest first
    last_activity_at: str | None = None
    row: int = -1  # among the contacts of its company
    created: tuple[str, int, int] | None = None  # by filing: when, by which delivery, by whom

    def open_deals(self) -> list[int]:
        """Return the ids of the deals that are still open."""
        return [id_ for id_, status in self.deals if status == "open"]


class World:
    """A company's people, and the rows made so far."""

    def __init__(self, company_id: int, scale: Scale) -> None:
        self.id = company_id
        self.chance = Random(f"{scale.seed}-{company_id}")
        self.rows: Rows = no_rows()
        self.change_seq = 0
        self._next_id = 1
        self._deliveries = company_id * _DELIVERIES
        self.address = f"file@company-{company_id}.example"
        self.domain = f"seller-{company_id}.example"
        self._at = stamp(END - SPAN)
        self._company()
        self.users = [self._user(number) for number in range(1, scale.users + 1)]
        contacts = scale.contacts or max(4, scale.conversations // _CONTACTS)
        self.firms = [self._firm(number) for number in range(1, contacts // _PEOPLE + 2)]
        self.people = [self._contact(number) for number in range(1, contacts + 1)]
        deals = scale.deals or max(4, scale.conversations // _DEALS)
        for number in range(1, deals + 1):
            self._deal(number)

    def take_id(self) -> int:
        """Return the next id of the company's clock."""
        self._next_id += 1
        return self._next_id - 1

    def take_delivery(self) -> int:
        """Return the id of the next delivery, which the spool gives out."""
        self._deliveries += 1
        return self._deliveries

    def announce(self, at: str, kind: str, audience: int = 0, *what: int | None) -> None:
        """Write an event; `what` is conversation, message, actor, record."""
        self.change_seq += 1
        told = (*what, None, None, None, None)[:4]
        self.rows["change"].append((self.id, self.change_seq, at, kind, audience, *told))

    def taken(self) -> Rows:
        """Return the rows made since this was last asked."""
        rows, self.rows = self.rows, no_rows()
        return rows

    def close(self) -> None:
        """Write what is known only in the end: the clock, and what contacts did last."""
        for person in self.people:
            self._put_contact(person)
        self.rows["company_clock"].append((self.id, self.change_seq, self._next_id, 1))

    def _put_contact(self, person: Person) -> None:
        at, delivery_id, user_id = person.created or (self._at, None, None)
        known = person.created is None
        self.rows["contact"].append((
            self.id, person.contact_id, f"c{person.contact_id}" if known else None, person.name,
            self.users[person.row % len(self.users)].id if known else None,
            person.firm.id if person.firm else None, "crm" if known else "auto", not known, False,
            person.last_activity_at, at, delivery_id, user_id,
        ))  # fmt: skip

    def name(self) -> str:
        """Make up a name."""
        return f"{self.chance.choice(FIRST_NAMES)} {self.chance.choice(LAST_NAMES)}"

    def _company(self) -> None:
        settings = to_json(Policy(internal_domains=frozenset({self.domain})))
        name = f"company-{self.id}"
        self.rows["company"].append((self.id, name, name.title(), settings, self._at))
        self.rows["company_address"].append((self.address, self.id))

    def _user(self, number: int) -> User:
        name, id_ = self.name(), self.take_id()
        user = User(id_, name, f"{local_part(name)}{number}@{self.domain}", number % _PRIVATE_USERS == 0)
        sharing = "private" if user.private else "shared"
        self.rows["app_user"].append((self.id, id_, f"u{id_}", name, sharing, True))
        self.rows["user_address"].append((self.id, user.address, id_, "login", None))
        if number % 4 == 0:
            alternative = (self.id, f"home{number}@private-{self.id}.example", id_, "alternative", self._at)
            self.rows["user_address"].append(alternative)
        return user

    def _firm(self, number: int) -> Firm:
        id_ = self.take_id()
        name = f"{self.chance.choice(FIRM_HEADS)} {self.chance.choice(FIRM_TAILS)} {number}"
        firm = Firm(id_, name, f"{name.lower().replace(' ', '-')}-{self.id}.example")
        self.rows["organisation"].append((self.id, id_, f"o{id_}", name))
        self.rows["organisation_domain"].append((self.id, firm.domain, id_))
        return firm

    def _contact(self, number: int) -> Person:
        name, firm = self.name(), self.chance.choice(self.firms)
        count = self.chance.choice(_ADDRESSES)
        first = f"{local_part(name)}{number}"
        addresses = (f"{first}@{firm.domain}", f"c{number}@{firm.domain}", f"{first}@post-{self.id}.example")
        person = Person(name, addresses[:count], self.take_id(), firm, row=number - 1)
        for place, address in enumerate(person.addresses):
            self.rows["contact_address"].append((self.id, address, person.contact_id, place == 0))
        return person

    def _deal(self, number: int) -> None:
        id_, status = self.take_id(), self.chance.choice(STATUSES)
        people = {self.customer().row for _ in range(self.chance.choice((1, 1, 1, 2, 3)))}
        taking_part = [self.people[row] for row in sorted(people)]
        first = taking_part[0]
        title = f"{first.firm.name if first.firm else first.name} {number}"
        owner = self.chance.choice(self.users).id
        firm = first.firm.id if first.firm else None
        self.rows["deal"].append(
            (self.id, id_, str(number), title, status, owner, firm, stamp(END - self.chance.random() * SPAN))
        )
        for person in taking_part:
            person.deals.append((id_, status))
            self.rows["deal_contact"].append((self.id, person.contact_id, id_))

    def customer(self) -> Person:
        """Return a contact; some are written to much more than others."""
        return self.people[int(len(self.people) * self.chance.random() ** 2)]
