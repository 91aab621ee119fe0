"""Query to Facts over dictionaries, by looking at every row."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Company, Sharing, User, UserAddress
from bccd.model.facts import ConversationFacts, Facts, KnownMessage, Query
from bccd.store.tables import to_text
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
        contacts = self._contacts(query.addresses)
        matched = {contact.id for found in contacts.values() for contact in found}
        tokens = {
            row["token"]: self._living(row["conversation_id"])
            for row in self._rows("conversation_token")
            if row["token"] in query.tokens
        }
        messages = self._messages(query.id_keys)
        known = {*tokens.values(), *(message.conversation_id for message in messages.values())}
        return Facts(
            company=company,
            next_id=clock["next_id"],
            change_seq=clock["change_seq"],
            users={row["id"]: row["active"] for row in self._rows("app_user") if row["id"] in query.users},
            user_addresses=self._user_addresses(query.addresses),
            service_addresses=frozenset(row["address"] for row in self._rows("company_address")),
            contacts=contacts,
            deals_by_contact=self._deals_by_contact(matched),
            deals_by_tag=self._deals_by_tag(query.deal_tags),
            organisations=self._organisations(query.domains),
            never_log=self._never_log(query),
            token_conversations=tokens,
            conversations={id_: self._conversation(id_, query.addresses) for id_ in known},
            messages=messages,
            delivered=self._delivered(query.deliveries),
        )

    def _rows(self, table: str) -> Iterator[Row]:
        return (row for row in self._tables[table].values() if row["company_id"] == self._company_id)

    def _row(self, table: str, id_: int) -> Row:
        return self._tables[table][self._company_id, id_]

    def _living(self, conversation_id: int) -> int:
        row = self._row("conversation", conversation_id)
        return int(row["merged_into"] or row["id"])

    def _user_addresses(self, addresses: Collection[str]) -> dict[str, UserAddress]:
        found = {}
        for row in self._rows("user_address"):
            if row["address"] in addresses:
                user = self._row("app_user", row["user_id"])
                sharing = Sharing(user["default_sharing"])
                confirmed = row["kind"] == "login" or row["confirmed_at"] is not None
                known = User(user["id"], user["name"], sharing, user["active"])
                found[row["address"]] = UserAddress(row["address"], known, row["kind"], confirmed)
        return found

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

    def _never_log(self, query: Query) -> frozenset[str]:
        asked = set(query.addresses)
        for domain in (*query.domains, *(address.rpartition("@")[2] for address in query.addresses)):
            asked.add(f"@{domain}")
        return frozenset(row["entry"] for row in self._rows("never_log") if row["entry"] in asked)

    def _messages(self, id_keys: Collection[bytes]) -> dict[bytes, KnownMessage]:
        return {
            row["identity_key"]: KnownMessage(
                row["id"],
                row["conversation_id"],
                row["id_key"],
                row["identity_key"],
                frozenset(
                    copy["owner_id"] for copy in self._rows("message_copy") if copy["message_id"] == row["id"]
                ),
                row["shared"],
                row["linked"],
            )
            for row in self._rows("message")
            if row["id_key"] in id_keys
        }

    def _conversation(self, id_: int, addresses: Collection[str]) -> ConversationFacts:
        messages = {row["id"] for row in self._rows("message") if row["conversation_id"] == id_}
        links = [
            row for row in self._rows("link") if row["conversation_id"] == id_ and row["state"] == "active"
        ]
        return ConversationFacts(
            id_,
            frozenset(
                row["address"]
                for row in self._rows("participant")
                if row["message_id"] in messages
                and row["address"] in addresses
                and row["verdict"] in ("contact", "unknown")
                and row["copy_id"] == 0
            ),
            frozenset(row["contact_id"] for row in links if row["contact_id"] is not None),
            frozenset(row["deal_id"] for row in links if row["deal_id"] is not None),
        )

    def _delivered(self, ids: Collection[int]) -> dict[int, DeliveryState]:
        rows = (row for row in self._rows("delivery") if row["id"] in ids)
        states = {row["id"]: DeliveryState(row["state"]) for row in rows}
        undone = (DeliveryState.RECEIVED, DeliveryState.FAILED)
        return {id_: state for id_, state in states.items() if state not in undone}


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
