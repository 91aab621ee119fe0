"""Query to Facts: at most twelve statements a batch, however many mails it holds (decisions.md 4)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.delivery import DeliveryState
from bccd.model.facts import CREATION_WINDOW, AutomaticMail, Facts, Query, Span
from bccd.model.plan import Outcome
from bccd.model.ruling import Ruling
from bccd.store import queries
from bccd.store.direct import Row, Statement
from bccd.store.master import Master
from bccd.store.standing import standing
from bccd.store.tables import to_text


class Gatherer:
    """Reads one company's facts over one connection; what its directory says is known already."""

    def __init__(self, connection: Connection, master: Master) -> None:
        self._connection = connection
        self._master = master

    def gather(self, query: Query, clock: tuple[int, int]) -> Facts:
        """Read all that the query names; `clock` is (next id, last event) as locked."""
        master, company = self._master, self._master.company
        delivered, rulings = self._delivered(query.deliveries)
        # Whoever has said something of a mail may be the one who files it now.
        asked = query.users | {ruling.actor_id for ruling in rulings.values()}
        users = {id_: master.users[id_] for id_ in asked if id_ in master.users}
        addresses = {one: master.addresses[one] for one in query.addresses & master.addresses.keys()}
        created, automatic = self._recent(asked, query.received)
        people = chain(users.values(), (entry.user for entry in addresses.values()))
        # Whose mail it will be, and so who must be one to see what is handed on, the rules decide.
        query = replace(query, users=frozenset(id_ for user in people for id_ in (user.id, *user.members)))
        contacts = self._contacts(query.addresses)
        matched = {contact.id for found in contacts.values() for contact in found}
        organisations = {c.organisation_id for found in contacts.values() for c in found if c.organisation_id}
        wanted = organisations if company.policy.organisation_deals else set()
        of_contact, by_tag, of_organisation = self._deals(matched, query.deal_tags, wanted)
        never_log = {whose: entries & query.never_log for whose, entries in master.never_log.items()}
        stands = standing(self._rows, query, matched)
        return Facts(
            company=company,
            next_id=clock[0],
            change_seq=clock[1],
            users=users,
            user_addresses=addresses,
            service_addresses=master.service_addresses,
            contacts=contacts,
            deals_by_contact=of_contact,
            deals_by_tag=by_tag,
            deals_by_organisation=of_organisation,
            organisations=self._organisations(query.domains),
            never_log=never_log.pop(0, frozenset()),
            own_never_log={whose: entries for whose, entries in never_log.items() if entries},
            created=created,
            automatic=automatic,
            trusted={one: master.trusted[one] for one in query.addresses & master.trusted.keys()},
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

    def _rows(self, statement: Statement, **lists: Collection[Any]) -> list[Row]:
        """Run a statement; where every list is empty there is nothing to find."""
        if not any(lists.values()):
            return []
        return statement.rows(self._connection, {"company": self._master.company.id, **lists})

    def _recent(
        self, users: Collection[int], received: Span | None
    ) -> tuple[dict[int, tuple[datetime, ...]], dict[int, tuple[AutomaticMail, ...]]]:
        """Return when these users' mail made contacts, and what machines wrote in their names."""
        if received is None or not users:
            return {}, {}
        first, last = received
        bounds = {"since": first - CREATION_WINDOW, "until": last + CREATION_WINDOW}
        of = {"company": self._master.company.id, "users": users}
        made: defaultdict[int, list[datetime]] = defaultdict(list)
        automatic: defaultdict[int, dict[int, AutomaticMail]] = defaultdict(dict)
        for user_id, id_, at, reason in queries.RECENT.rows(self._connection, of | bounds):
            if reason is None:
                made[user_id].append(at)
            else:
                automatic[user_id][id_] = AutomaticMail(id_, at, reason == "loop")
        return (
            {user_id: tuple(sorted(moments)) for user_id, moments in made.items()},
            {user_id: in_order(found) for user_id, found in automatic.items()},
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

    def _organisations(self, domains: Collection[str]) -> dict[str, tuple[Organisation, ...]]:
        found: defaultdict[str, dict[int, Organisation]] = defaultdict(dict)
        for domain, id_, name in self._rows(queries.ORGANISATIONS, domains=domains):
            found[domain][id_] = Organisation(id_, name)
        return {domain: in_order(organisations) for domain, organisations in found.items()}

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


def iso(moment: datetime | None) -> str:
    """Write a moment as the rules compare it: text that sorts as time does, empty for none."""
    return to_text(moment) or ""


def in_order(found: Mapping[int, Any]) -> tuple[Any, ...]:
    """Return records in the order of their ids, so that no database's own order ever shows."""
    return tuple(found[id_] for id_ in sorted(found))
