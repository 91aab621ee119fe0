"""Query to Facts: at most twelve statements a batch, however many mails it holds (decisions.md 4)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, product
from typing import Any

import msgspec
from sqlalchemy import Connection, Executable

from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Company, Notices, Sharing, TrustedSender, User, UserAddress
from bccd.model.facts import CREATION_WINDOW, AutomaticMail, Facts, Query
from bccd.model.plan import Outcome
from bccd.model.ruling import Ruling
from bccd.store import queries
from bccd.store.standing import standing
from bccd.store.tables import to_text

MAX_LIST = 10_000  # values in one IN list; SQLite takes 32,766 parameters in all
NOTHING: Mapping[str, Any] = {}
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _People:
    """Users, addresses, when whose mail made contacts, what machines wrote, what was let in for good."""

    users: dict[int, User]
    addresses: dict[str, UserAddress]
    created: dict[int, tuple[datetime, ...]]
    automatic: dict[int, tuple[AutomaticMail, ...]]
    trusted: dict[str, tuple[TrustedSender, ...]]


class Gatherer:
    """Reads one company's facts over one connection."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        self._connection = connection
        self._company_id = company_id

    def gather(
        self, query: Query, company: Company, service_addresses: frozenset[str], clock: tuple[int, int]
    ) -> Facts:
        """Read all that the query names; `clock` is (next id, last event) as locked."""
        delivered, rulings = self._delivered(query.deliveries)
        # Whoever has said something of a mail may be the one who files it now.
        query = replace(query, users=query.users | {ruling.actor_id for ruling in rulings.values()})
        found = self._users(query)
        people = chain(found.users.values(), (entry.user for entry in found.addresses.values()))
        # Whose mail it will be, and so who must be one to see what is handed on, the rules decide.
        query = replace(query, users=frozenset(id_ for user in people for id_ in (user.id, *user.members)))
        contacts = self._contacts(query.addresses)
        matched = {contact.id for found in contacts.values() for contact in found}
        organisations = {c.organisation_id for found in contacts.values() for c in found if c.organisation_id}
        wanted = organisations if company.policy.organisation_deals else set()
        of_contact, by_tag, of_organisation = self._deals(matched, query.deal_tags, wanted)
        firms, never_log = self._listed(query)
        stands = standing(self._rows, query, matched)
        return Facts(
            company=company,
            next_id=clock[0],
            change_seq=clock[1],
            users=found.users,
            user_addresses=found.addresses,
            service_addresses=service_addresses,
            contacts=contacts,
            deals_by_contact=of_contact,
            deals_by_tag=by_tag,
            deals_by_organisation=of_organisation,
            organisations=firms,
            never_log=never_log.pop(0, frozenset()),
            own_never_log=never_log,
            created=found.created,
            automatic=found.automatic,
            trusted=found.trusted,
            token_conversations=stands.tokens,
            by_hand=stands.by_hand,
            strands=stands.strands,
            overrides=stands.overrides,
            broadcasts=stands.broadcasts,
            carried=stands.carried,
            verdicts=stands.verdicts,
            messages=stands.messages,
            delivered=delivered,
            rulings=rulings,
        )

    def _rows(
        self, statement: Executable, fixed: Mapping[str, Any] = NOTHING, **lists: Collection[Any]
    ) -> Iterator[Any]:
        """Run a statement; lists too long for one are cut, and every combination of their pieces is asked."""
        if not any(lists.values()):
            return
        pieces = [_cut(list(values)) for values in lists.values()]
        for piece in product(*pieces):
            parameters: dict[str, Any] = dict(zip(lists, piece, strict=True))
            parameters |= {"company": self._company_id, **fixed}
            yield from self._connection.execute(statement, parameters)

    def _users(self, query: Query) -> "_People":
        users: dict[int, User] = {}
        listed: list[tuple[User, str, str, bool]] = []
        members: defaultdict[int, set[int]] = defaultdict(set)
        made: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
        automatic: defaultdict[int, dict[int, AutomaticMail]] = defaultdict(dict)
        trusted: defaultdict[str, set[TrustedSender]] = defaultdict(set)
        rows = self._rows(queries.USERS, near(query), addresses=query.addresses, users=query.users)
        for id_, name, sharing, active, is_team, language, notices, address, kind, moment in rows:
            if kind == queries.MADE:
                made[id_][name] = moment
                continue
            if kind == queries.AUTOMATIC:
                automatic[id_][int(name)] = AutomaticMail(int(name), moment, sharing == "loop")
                continue
            if kind == queries.TRUSTED:
                trusted[address].add(TrustedSender(name, id_))
                continue
            if kind == queries.MEMBER:
                members[id_] |= {int(name)} if active else set()
                continue
            user = User(
                id_, name, Sharing(sharing), active, is_team, language=language, notices=Notices(notices)
            )
            if address is None:
                users[id_] = user
            else:
                listed.append((user, address, kind, kind == "login" or moment is not None))
        return _People(
            {id_: _whole(user, members) for id_, user in users.items()},
            {
                address: UserAddress(address, _whole(user, members), kind, confirmed)
                for user, address, kind, confirmed in listed
            },
            {user_id: tuple(sorted(found.values())) for user_id, found in made.items()},
            {user_id: in_order(found) for user_id, found in automatic.items()},
            {address: tuple(sorted(rows)) for address, rows in trusted.items()},
        )

    def _contacts(self, addresses: Collection[str]) -> dict[str, tuple[Contact, ...]]:
        found: defaultdict[str, dict[int, Contact]] = defaultdict(dict)
        rows = self._rows(queries.CONTACTS, addresses=addresses)
        for address, id_, name, owner_id, organisation_id, archived, last_activity_at in rows:
            last = iso(last_activity_at)
            found[address][id_] = Contact(id_, name, owner_id, organisation_id, not archived, last)
        return {address: in_order(contacts) for address, contacts in found.items()}

    def _deals(
        self, contacts: Collection[int], external_ids: Collection[str], organisations: Collection[int]
    ) -> tuple[dict[int, tuple[Deal, ...]], dict[str, Deal], dict[int, tuple[Deal, ...]]]:
        of_contact: defaultdict[int, dict[int, Deal]] = defaultdict(dict)
        of_organisation: defaultdict[int, dict[int, Deal]] = defaultdict(dict)
        by_tag: defaultdict[str, list[Deal]] = defaultdict(list)
        rows = self._rows(
            queries.DEALS, contacts=contacts, external_ids=external_ids, organisations=organisations
        )
        for row in rows:
            id_, external_id, title, status, owner_id, organisation_id, updated_at, contact_id, firm = row
            updated = iso(updated_at)
            deal = Deal(id_, external_id, title, DealStatus(status), owner_id, organisation_id, updated)
            if contact_id is not None:
                of_contact[contact_id][id_] = deal
            elif firm is not None:
                of_organisation[firm][id_] = deal
            else:
                by_tag[external_id.lower()].append(deal)
        in_turn = {contact: in_order(deals) for contact, deals in of_contact.items()}
        of_firm = {firm: in_order(deals) for firm, deals in of_organisation.items()}
        # Ids that differ by case alone cannot be told apart in an address: then neither is meant.
        return in_turn, {tag: deals[0] for tag, deals in by_tag.items() if len(deals) == 1}, of_firm

    def _listed(self, query: Query) -> tuple[dict[str, tuple[Organisation, ...]], dict[int, frozenset[str]]]:
        """Return organisations by domain, and never-log entries by whose list they are on (0: company)."""
        found: defaultdict[str, dict[int, Organisation]] = defaultdict(dict)
        never_log: defaultdict[int, set[str]] = defaultdict(set)
        rows = self._rows(queries.LISTED, domains=query.domains, entries=query.never_log)
        for said, id_, name in rows:
            if name is None:
                never_log[id_].add(said)
            else:
                found[said][id_] = Organisation(id_, name)
        firms = {domain: in_order(organisations) for domain, organisations in found.items()}
        return firms, {user_id: frozenset(entries) for user_id, entries in never_log.items()}

    def _delivered(self, ids: Collection[int]) -> tuple[dict[int, Outcome], dict[int, Ruling]]:
        """Return how deliveries ended, and what users said of those that waited."""
        ended: dict[int, Outcome] = {}
        rulings: dict[int, Ruling] = {}
        for id_, state, *how, args in self._rows(queries.DELIVERED, deliveries=ids):
            if state not in queries.NOT_YET:
                ended[id_] = Outcome(id_, DeliveryState(state), *how)
            if args is not None:
                rulings[id_] = msgspec.json.decode(args, type=Ruling)
        return ended, rulings


def _whole(user: User, members: Mapping[int, set[int]]) -> User:
    return replace(user, members=tuple(sorted(members.get(user.id, ())))) if user.is_team else user


def near(query: Query) -> dict[str, datetime]:
    """Return the bounds, not included, between which new contacts count; where none do they hold nothing."""
    if query.received is None:
        return {"since": NEVER, "until": NEVER}
    first, last = query.received
    return {"since": first - CREATION_WINDOW, "until": last + CREATION_WINDOW}


def iso(moment: datetime | None) -> str:
    """Write a moment as the rules compare it: text that sorts as time does, empty for none."""
    return to_text(moment) or ""


def in_order(found: Mapping[int, Any]) -> tuple[Any, ...]:
    """Return records in the order of their ids, so that no database's own order ever shows."""
    return tuple(found[id_] for id_ in sorted(found))


def _cut(values: list[Any]) -> list[list[Any]]:
    return [values[at : at + MAX_LIST] for at in range(0, len(values), MAX_LIST)] or [[]]
