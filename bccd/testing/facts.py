"""Query to Facts over dictionaries, by looking at every row."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Company, Notices, Sharing, TrustedSender, User, UserAddress
from bccd.model.facts import CREATION_WINDOW, AutomaticMail, Facts, Query
from bccd.model.plan import Outcome
from bccd.model.ruling import Ruling
from bccd.store.tables import to_text
from bccd.testing.standing import standing
from bccd.testing.tables import Row, Tables


def gather(tables: Tables, company: Company, query: Query) -> Facts:
    """Read all that the query names."""
    return _Reader(tables, company.id).facts(company, query)


class _Reader:
    def __init__(self, tables: Tables, company_id: int) -> None:
        self._tables = tables
        self._company_id = company_id

    def facts(self, company: Company, query: Query) -> Facts:
        clock = self._tables["company_clock"][self._company_id,]
        rulings = {
            row["delivery_id"]: msgspec.json.decode(row["args"], type=Ruling)
            for row in self._rows("ruling")
            if row["delivery_id"] in query.deliveries
        }
        asked = query.users | {ruling.actor_id for ruling in rulings.values()}
        user_addresses = self._user_addresses(query.addresses)
        users = {row["id"]: self._user(row["id"]) for row in self._rows("app_user") if row["id"] in asked}
        people = (*users.values(), *(entry.user for entry in user_addresses.values()))
        wide = replace(query, users=frozenset(id_ for user in people for id_ in (user.id, *user.members)))
        never_log = self._never_log(query.never_log)
        contacts = self._contacts(query.addresses)
        matched = {contact.id for found in contacts.values() for contact in found}
        firms = {c.organisation_id for found in contacts.values() for c in found if c.organisation_id}
        stands = standing(self._tables, self._company_id, wide, matched)
        return Facts(
            company=company,
            next_id=clock["next_id"],
            change_seq=clock["change_seq"],
            users=users,
            user_addresses=user_addresses,
            service_addresses=frozenset(row["address"] for row in self._rows("company_address")),
            contacts=contacts,
            deals_by_contact=self._deals_by_contact(matched),
            deals_by_tag=self._deals_by_tag(query.deal_tags),
            organisations=self._organisations(query.domains),
            never_log=never_log.pop(0, frozenset()),
            own_never_log=never_log,
            created=self._created(query),
            automatic=self._automatic(query),
            token_conversations=stands.tokens,
            by_hand=stands.by_hand,
            strands=stands.strands,
            overrides=stands.overrides,
            broadcasts=stands.broadcasts,
            carried=stands.carried,
            verdicts=stands.verdicts,
            messages=stands.messages,
            deals_by_organisation=self._deals_by_organisation(
                firms if company.policy.organisation_deals else set()
            ),
            delivered=self._delivered(query.deliveries),
            rulings=rulings,
            trusted=self._trusted(query.addresses),
        )

    def _trusted(self, addresses: Collection[str]) -> dict[str, tuple[TrustedSender, ...]]:
        found: defaultdict[str, set[TrustedSender]] = defaultdict(set)
        for row in self._rows("trusted_sender"):
            if row["address"] in addresses:
                found[row["address"]].add(TrustedSender(row["evidence"], row["user_id"]))
        return {address: tuple(sorted(rows)) for address, rows in found.items()}

    def _rows(self, table: str) -> Iterator[Row]:
        return (row for row in self._tables[table].values() if row["company_id"] == self._company_id)

    def _row(self, table: str, id_: int) -> Row:
        return self._tables[table][self._company_id, id_]

    def _user_addresses(self, addresses: Collection[str]) -> dict[str, UserAddress]:
        found = {}
        for row in self._rows("user_address"):
            if row["address"] in addresses:
                confirmed = row["kind"] == "login" or row["confirmed_at"] is not None
                user = self._user(row["user_id"])
                found[row["address"]] = UserAddress(row["address"], user, row["kind"], confirmed)
        return found

    def _user(self, id_: int) -> User:
        row = self._row("app_user", id_)
        team = [other["user_id"] for other in self._rows("team_member") if other["team_id"] == id_]
        members = sorted(member for member in team if self._row("app_user", member)["active"])
        sharing = Sharing(row["default_sharing"])
        return User(
            id_, row["name"], sharing, row["active"], row["is_team"], tuple(members), row["language"],
            Notices(row["notices"]),
        )  # fmt: skip

    def _never_log(self, entries: Collection[str]) -> dict[int, frozenset[str]]:
        found: defaultdict[int, set[str]] = defaultdict(set)
        for row in self._rows("never_log"):
            if row["entry"] in entries:
                found[row["user_id"]].add(row["entry"])
        return {user_id: frozenset(listed) for user_id, listed in found.items()}

    def _created(self, query: Query) -> dict[int, tuple[datetime, ...]]:
        if query.received is None:
            return {}
        first, last = query.received
        found: defaultdict[int, list[datetime]] = defaultdict(list)
        for row in self._rows("contact"):
            close = first - CREATION_WINDOW < row["created_at"] < last + CREATION_WINDOW
            if row["created_by"] in query.users and close:
                found[row["created_by"]].append(row["created_at"])
        return {user_id: tuple(sorted(moments)) for user_id, moments in found.items()}

    def _automatic(self, query: Query) -> dict[int, tuple[AutomaticMail, ...]]:
        if query.received is None:
            return {}
        first, last = query.received
        found: defaultdict[int, list[AutomaticMail]] = defaultdict(list)
        for row in sorted(self._rows("delivery"), key=lambda row: int(row["id"])):
            close = first - CREATION_WINDOW < row["received_at"] < last + CREATION_WINDOW
            if row["automatic_of"] in query.users and close:
                looped = row["reason"] == "loop"
                found[row["automatic_of"]].append(AutomaticMail(row["id"], row["received_at"], looped))
        return {user_id: tuple(mails) for user_id, mails in found.items()}

    def _contacts(self, addresses: Collection[str]) -> dict[str, tuple[Contact, ...]]:
        found: defaultdict[str, dict[int, Contact]] = defaultdict(dict)
        for row in self._rows("contact_address"):
            if row["address"] in addresses:
                contact = self._row("contact", row["contact_id"])
                if contact["merged_into"]:
                    contact = self._row("contact", contact["merged_into"])
                found[row["address"]][contact["id"]] = Contact(
                    contact["id"],
                    contact["name"],
                    contact["owner_id"],
                    contact["organisation_id"],
                    not contact["archived"],
                    to_text(contact["last_activity_at"]) or "",
                )
        return {address: _in_order(contacts) for address, contacts in found.items()}

    def _deals_by_organisation(self, organisations: Collection[int]) -> dict[int, tuple[Deal, ...]]:
        found: defaultdict[int, dict[int, Deal]] = defaultdict(dict)
        for row in self._rows("deal"):
            if row["organisation_id"] in organisations:
                found[row["organisation_id"]][row["id"]] = _deal(row)
        return {firm: _in_order(deals) for firm, deals in found.items()}

    def _deals_by_tag(self, tags: frozenset[str]) -> dict[str, Deal]:
        found: dict[str, list[Deal]] = {}
        for row in self._rows("deal"):
            if row["external_id"].lower() in tags:
                found.setdefault(row["external_id"].lower(), []).append(_deal(row))
        return {tag: deals[0] for tag, deals in found.items() if len(deals) == 1}

    def _deals_by_contact(self, contacts: Collection[int]) -> dict[int, tuple[Deal, ...]]:
        found: defaultdict[int, dict[int, Deal]] = defaultdict(dict)
        for row in self._rows("deal_contact"):
            if row["contact_id"] in contacts:
                found[row["contact_id"]][row["deal_id"]] = _deal(self._row("deal", row["deal_id"]))
        return {contact: _in_order(deals) for contact, deals in found.items()}

    def _organisations(self, domains: Collection[str]) -> dict[str, tuple[Organisation, ...]]:
        found: defaultdict[str, dict[int, Organisation]] = defaultdict(dict)
        for row in self._rows("organisation_domain"):
            if row["domain"] in domains:
                name = self._row("organisation", row["organisation_id"])["name"]
                found[row["domain"]][row["organisation_id"]] = Organisation(row["organisation_id"], name)
        return {domain: _in_order(organisations) for domain, organisations in found.items()}

    def _delivered(self, ids: Collection[int]) -> dict[int, Outcome]:
        undone = (DeliveryState.RECEIVED, DeliveryState.FAILED)
        found = (row for row in self._rows("delivery") if row["id"] in ids)
        return {
            row["id"]: Outcome(
                row["id"],
                DeliveryState(row["state"]),
                row["reason"],
                row["user_id"],
                row["message_id"],
                row["copy_id"],
            )
            for row in found
            if row["state"] not in undone
        }


def _deal(row: Row) -> Deal:
    return Deal(
        row["id"],
        row["external_id"],
        row["title"],
        DealStatus(row["status"]),
        row["owner_id"],
        row["organisation_id"],
        to_text(row["updated_at"]) or "",
    )


def _in_order(found: dict[int, Any]) -> tuple[Any, ...]:
    return tuple(found[id_] for id_ in sorted(found))
