"""Query to Facts: at most twelve statements a batch, however many mails it holds (decisions.md 4)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    and_,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Company, Sharing, User, UserAddress
from bccd.model.facts import ConversationFacts, Facts, KnownMessage, Query
from bccd.store import tables as t
from bccd.store.tables import to_text

MAX_LIST = 10_000  # values in one IN list; SQLite takes 32,766 parameters in all
NOT_YET = (DeliveryState.RECEIVED.value, DeliveryState.FAILED.value)

_company: Any = bindparam("company")


def _listed(name: str) -> Any:
    return bindparam(name, expanding=True)


_USERS = union_all(
    select(
        t.app_user.c.id,
        t.app_user.c.name,
        t.app_user.c.default_sharing,
        t.app_user.c.active,
        t.user_address.c.address,
        t.user_address.c.kind,
        t.user_address.c.confirmed_at,
    )
    .join_from(
        t.user_address,
        t.app_user,
        and_(
            t.app_user.c.company_id == t.user_address.c.company_id,
            t.app_user.c.id == t.user_address.c.user_id,
        ),
    )
    .where(t.user_address.c.company_id == _company, t.user_address.c.address.in_(_listed("addresses"))),
    select(
        t.app_user.c.id,
        t.app_user.c.name,
        t.app_user.c.default_sharing,
        t.app_user.c.active,
        null(),
        null(),
        null(),
    ).where(t.app_user.c.company_id == _company, t.app_user.c.id.in_(_listed("users"))),
)

_named = t.contact.alias("named")
_CONTACTS = (
    select(
        t.contact_address.c.address,
        t.contact.c.id,
        t.contact.c.name,
        t.contact.c.owner_id,
        t.contact.c.organisation_id,
        t.contact.c.archived,
        t.contact.c.last_activity_at,
    )
    .join_from(
        t.contact_address,
        _named,
        and_(
            _named.c.company_id == t.contact_address.c.company_id,
            _named.c.id == t.contact_address.c.contact_id,
        ),
    )
    .join(
        t.contact,
        and_(
            t.contact.c.company_id == _named.c.company_id,
            t.contact.c.id == func.coalesce(_named.c.merged_into, _named.c.id),
        ),
    )
    .where(t.contact_address.c.company_id == _company, t.contact_address.c.address.in_(_listed("addresses")))
)

_DEAL = (
    t.deal.c.id,
    t.deal.c.external_id,
    t.deal.c.title,
    t.deal.c.status,
    t.deal.c.owner_id,
    t.deal.c.organisation_id,
    t.deal.c.updated_at,
)
_DEALS = union_all(
    select(*_DEAL, t.deal_contact.c.contact_id)
    .join_from(
        t.deal_contact,
        t.deal,
        and_(t.deal.c.company_id == t.deal_contact.c.company_id, t.deal.c.id == t.deal_contact.c.deal_id),
    )
    .where(t.deal_contact.c.company_id == _company, t.deal_contact.c.contact_id.in_(_listed("contacts"))),
    select(*_DEAL, null()).where(
        t.deal.c.company_id == _company, func.lower(t.deal.c.external_id).in_(_listed("external_ids"))
    ),
)

_ORGANISATIONS = (
    select(t.organisation_domain.c.domain, t.organisation.c.id, t.organisation.c.name)
    .join_from(
        t.organisation_domain,
        t.organisation,
        and_(
            t.organisation.c.company_id == t.organisation_domain.c.company_id,
            t.organisation.c.id == t.organisation_domain.c.organisation_id,
        ),
    )
    .where(
        t.organisation_domain.c.company_id == _company,
        t.organisation_domain.c.domain.in_(_listed("domains")),
    )
)

_NEVER_LOG = select(t.never_log.c.entry).where(
    t.never_log.c.company_id == _company, t.never_log.c.entry.in_(_listed("entries"))
)

_TOKENS = (
    select(
        t.conversation_token.c.token,
        func.coalesce(t.conversation.c.merged_into, t.conversation.c.id).label("id"),
    )
    .join_from(
        t.conversation_token,
        t.conversation,
        and_(
            t.conversation.c.company_id == t.conversation_token.c.company_id,
            t.conversation.c.id == t.conversation_token.c.conversation_id,
        ),
    )
    .where(t.conversation_token.c.company_id == _company, t.conversation_token.c.token.in_(_listed("tokens")))
)

_MESSAGES = (
    select(
        t.message.c.id,
        t.message.c.conversation_id,
        t.message.c.id_key,
        t.message.c.identity_key,
        t.message.c.shared,
        t.message.c.linked,
        t.message_copy.c.owner_id,
    )
    .join_from(
        t.message,
        t.message_copy,
        and_(
            t.message_copy.c.company_id == t.message.c.company_id,
            t.message_copy.c.message_id == t.message.c.id,
        ),
        isouter=True,
    )
    .where(t.message.c.company_id == _company, t.message.c.id_key.in_(_listed("id_keys")))
)

_LINKS = (
    select(t.link.c.conversation_id, t.link.c.contact_id, t.link.c.deal_id)
    .distinct()
    .where(
        t.link.c.company_id == _company,
        t.link.c.conversation_id.in_(_listed("conversations")),
        t.link.c.state == literal("active", literal_execute=True),
        or_(t.link.c.contact_id.is_not(None), t.link.c.deal_id.is_not(None)),
    )
)

_COUNTERPARTIES = (
    select(t.message.c.conversation_id, t.participant.c.address)
    .distinct()
    .join_from(
        t.message,
        t.participant,
        and_(
            t.participant.c.company_id == t.message.c.company_id,
            t.participant.c.message_id == t.message.c.id,
        ),
    )
    .where(
        t.message.c.company_id == _company,
        t.message.c.conversation_id.in_(_listed("conversations")),
        t.participant.c.address.in_(_listed("addresses")),
        t.participant.c.verdict.in_(["contact", "unknown"]),
        t.participant.c.copy_id == 0,
    )
)

_DELIVERED = select(t.delivery.c.id, t.delivery.c.state).where(
    t.delivery.c.company_id == _company,
    t.delivery.c.id.in_(_listed("deliveries")),
    t.delivery.c.state.not_in(NOT_YET),
)


class Gatherer:
    """Reads one company's facts over one connection."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        self._connection = connection
        self._company_id = company_id

    def gather(
        self, query: Query, company: Company, service_addresses: frozenset[str], clock: tuple[int, int]
    ) -> Facts:
        """Read all that the query names; `clock` is (next id, last event) as locked."""
        users, user_addresses = self._users(query)
        contacts = self._contacts(query.addresses)
        of_contact, by_tag = self._deals(
            {c.id for found in contacts.values() for c in found}, query.deal_tags
        )
        tokens = dict(self._rows(_TOKENS, tokens=query.tokens))
        messages = self._messages(query.id_keys)
        known = set(tokens.values()) | {message.conversation_id for message in messages.values()}
        return Facts(
            company=company,
            next_id=clock[0],
            change_seq=clock[1],
            users=users,
            user_addresses=user_addresses,
            service_addresses=service_addresses,
            contacts=contacts,
            deals_by_contact=of_contact,
            deals_by_tag=by_tag,
            organisations=self._organisations(query.domains),
            never_log=self._never_log(query),
            token_conversations=tokens,
            conversations=self._conversations(known, query.addresses),
            messages=messages,
            delivered={
                id_: DeliveryState(state)
                for id_, state in self._rows(_DELIVERED, deliveries=query.deliveries)
            },
        )

    def _rows(self, statement: Executable, **lists: Collection[Any]) -> Iterator[Any]:
        """Run a statement; lists too long for one are cut, and every combination of their pieces is asked."""
        if not any(lists.values()):
            return
        pieces = [_cut(list(values)) for values in lists.values()]
        for piece in product(*pieces):
            parameters: dict[str, Any] = dict(zip(lists, piece, strict=True))
            parameters["company"] = self._company_id
            yield from self._connection.execute(statement, parameters)

    def _users(self, query: Query) -> tuple[dict[int, bool], dict[str, UserAddress]]:
        users: dict[int, bool] = {}
        addresses: dict[str, UserAddress] = {}
        rows = self._rows(_USERS, addresses=query.addresses, users=query.users)
        for id_, name, sharing, active, address, kind, confirmed_at in rows:
            if address is None:
                users[id_] = active
            else:
                user = User(id_, name, Sharing(sharing), active)
                confirmed = kind == "login" or confirmed_at is not None
                addresses[address] = UserAddress(address, user, kind, confirmed)
        return users, addresses

    def _contacts(self, addresses: Collection[str]) -> dict[str, tuple[Contact, ...]]:
        found: defaultdict[str, dict[int, Contact]] = defaultdict(dict)
        rows = self._rows(_CONTACTS, addresses=addresses)
        for address, id_, name, owner_id, organisation_id, archived, last_activity_at in rows:
            last = iso(last_activity_at)
            found[address][id_] = Contact(id_, name, owner_id, organisation_id, not archived, last)
        return {address: in_order(contacts) for address, contacts in found.items()}

    def _deals(
        self, contacts: Collection[int], external_ids: Collection[str]
    ) -> tuple[dict[int, tuple[Deal, ...]], dict[str, Deal]]:
        of_contact: defaultdict[int, dict[int, Deal]] = defaultdict(dict)
        by_tag: defaultdict[str, list[Deal]] = defaultdict(list)
        for row in self._rows(_DEALS, contacts=contacts, external_ids=external_ids):
            id_, external_id, title, status, owner_id, organisation_id, updated_at, contact_id = row
            updated = iso(updated_at)
            deal = Deal(id_, external_id, title, DealStatus(status), owner_id, organisation_id, updated)
            if contact_id is None:
                by_tag[external_id.lower()].append(deal)
            else:
                of_contact[contact_id][id_] = deal
        in_turn = {contact: in_order(deals) for contact, deals in of_contact.items()}
        # Ids that differ by case alone cannot be told apart in an address: then neither is meant.
        return in_turn, {tag: deals[0] for tag, deals in by_tag.items() if len(deals) == 1}

    def _organisations(self, domains: Collection[str]) -> dict[str, tuple[Organisation, ...]]:
        found: defaultdict[str, dict[int, Organisation]] = defaultdict(dict)
        for domain, id_, name in self._rows(_ORGANISATIONS, domains=domains):
            found[domain][id_] = Organisation(id_, name)
        return {domain: in_order(organisations) for domain, organisations in found.items()}

    def _never_log(self, query: Query) -> frozenset[str]:
        return frozenset(entry for (entry,) in self._rows(_NEVER_LOG, entries=never_log_entries(query)))

    def _messages(self, id_keys: Collection[bytes]) -> dict[bytes, KnownMessage]:
        found: dict[bytes, KnownMessage] = {}
        owners: defaultdict[bytes, set[int]] = defaultdict(set)
        for id_, conversation_id, id_key, key, shared, linked, owner_id in self._rows(
            _MESSAGES, id_keys=id_keys
        ):
            if owner_id is not None:
                owners[key].add(owner_id)
            holders = frozenset(owners[key])
            found[key] = KnownMessage(id_, conversation_id, id_key, key, holders, shared, linked)
        return found

    def _conversations(
        self, ids: Collection[int], addresses: Collection[str]
    ) -> dict[int, ConversationFacts]:
        if not ids:
            return {}
        parties: defaultdict[int, set[str]] = defaultdict(set)
        contacts: defaultdict[int, set[int]] = defaultdict(set)
        deals: defaultdict[int, set[int]] = defaultdict(set)
        for conversation_id, address in self._rows(_COUNTERPARTIES, conversations=ids, addresses=addresses):
            parties[conversation_id].add(address)
        for conversation_id, contact_id, deal_id in self._rows(_LINKS, conversations=ids):
            if contact_id is not None:
                contacts[conversation_id].add(contact_id)
            else:
                deals[conversation_id].add(deal_id)
        return {
            id_: ConversationFacts(
                id_, frozenset(parties[id_]), frozenset(contacts[id_]), frozenset(deals[id_])
            )
            for id_ in ids
        }


def iso(moment: datetime | None) -> str:
    """Write a moment as the rules compare it: text that sorts as time does, empty for none."""
    return to_text(moment) or ""


def in_order(found: Mapping[int, Any]) -> tuple[Any, ...]:
    """Return records in the order of their ids, so that no database's own order ever shows."""
    return tuple(found[id_] for id_ in sorted(found))


def never_log_entries(query: Query) -> set[str]:
    """Return the entries of the never-log list that would concern the query."""
    domains = {f"@{domain}" for domain in query.domains}
    return {*query.addresses, *domains, *("@" + address.rpartition("@")[2] for address in query.addresses)}


def _cut(values: list[Any]) -> list[list[Any]]:
    return [values[at : at + MAX_LIST] for at in range(0, len(values), MAX_LIST)] or [[]]
