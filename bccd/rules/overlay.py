"""The facts of a batch plus what its earlier mail has planned, so that the size of a batch never shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bccd.mail.addresses import domain_of
from bccd.model.crm import Contact, Deal, DealStatus, Organisation, sortable
from bccd.model.directory import Company, User, UserAddress
from bccd.model.facts import CarriedDeal, Facts, KnownMessage
from bccd.model.plan import LinkState, NewMessage, Outcome, Plan
from bccd.model.ruling import Ruling
from bccd.model.strand import Token

_REPLY = "r"  # r+<token>@ is where an answer to us goes (rules.md 1.2)


class Overlay:
    """What decide() may ask; lives for one batch and learns each plan as it is made."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._next_id = facts.next_id
        self._contacts = dict(facts.contacts)
        self._tokens = dict(facts.token_conversations)
        self._merged: dict[int, int] = {}
        self._carried = {conversation: set(deals) for conversation, deals in facts.carried.items()}
        self._messages = dict(facts.messages)
        self._delivered = dict(facts.delivered)
        self._activity: dict[int, str] = {}
        self._service_domains = {domain_of(address) for address in facts.service_addresses}
        self._created = {user: list(moments) for user, moments in facts.created.items()}
        self._statuses = {deal.id: deal.status for deal in facts.deals_by_tag.values()}
        for deals in facts.deals_by_contact.values():
            self._statuses |= {deal.id: deal.status for deal in deals}
        for carried in facts.carried.values():
            self._statuses |= {deal.deal_id: deal.status for deal in carried}

    @property
    def company(self) -> Company:
        """The company whose mail this batch holds."""
        return self._facts.company

    def take_id(self) -> int:
        """Return the next id of the company's clock; ids grow in the order in which they are taken."""
        taken = self._next_id
        self._next_id += 1
        return taken

    def user(self, user_id: int) -> User | None:
        """Return a user as of the locked clock, if he was asked for by id or by address."""
        found = (entry.user for entry in self._facts.user_addresses.values() if entry.user.id == user_id)
        return self._facts.users.get(user_id) or next(found, None)

    def user_address(self, address: str) -> UserAddress | None:
        """Return the user's entry behind an address."""
        return self._facts.user_addresses.get(address)

    def is_service(self, address: str) -> bool:
        """Tell whether the address is a drop address of the company, with any tag, or a reply address."""
        if address in self._facts.service_addresses:
            return True
        local, _, domain = address.rpartition("@")
        base, plus, _ = local.partition("+")
        if not plus:
            return False
        return f"{base}@{domain}" in self._facts.service_addresses or (
            base == _REPLY and domain in self._service_domains
        )

    def created_near(self, user_id: int, moment: datetime, span: timedelta) -> int:
        """Count the contacts made from this user's mail received within a span of the moment, on either side.

        Also later ones count: mail that waited may be filed after mail that came after it.
        """
        return sum(abs(made - moment) < span for made in self._created.get(user_id, ()))

    def never_log(self, user_id: int) -> frozenset[str]:
        """Return what of the company's never-log list and of the user's own may matter here."""
        return self._facts.never_log | self._facts.own_never_log.get(user_id, frozenset())

    def contacts(self, address: str) -> tuple[Contact, ...]:
        """Return the contacts that have this address, with their activity as of now."""
        found = self._contacts.get(address, ())
        return tuple(
            replace(contact, last_activity=max(contact.last_activity, self._activity.get(contact.id, "")))
            for contact in found
        )

    def deals_of(self, contact_id: int) -> tuple[Deal, ...]:
        """Return all deals the contact takes part in, whatever their status."""
        return self._facts.deals_by_contact.get(contact_id, ())

    def deal_by_tag(self, external_id: str) -> Deal | None:
        """Return the deal with this external id."""
        return self._facts.deals_by_tag.get(external_id)

    def organisations(self, domain: str) -> tuple[Organisation, ...]:
        """Return the organisations registered for exactly this domain."""
        return self._facts.organisations.get(domain, ())

    def conversations_of(self, tokens: Iterable[Token]) -> set[int]:
        """Return the conversations that hold any of the tokens, merged ones resolved."""
        return {self.resolve(self._tokens[token]) for token in tokens if token in self._tokens}

    def has_token(self, token: Token) -> bool:
        """Tell whether the token is recorded already."""
        return token in self._tokens

    def resolve(self, conversation_id: int) -> int:
        """Follow merges of this batch to the surviving conversation."""
        while conversation_id in self._merged:
            conversation_id = self._merged[conversation_id]
        return conversation_id

    def inheritable(
        self,
        conversations: Collection[int],
        owners: Collection[int],
        contact_ids: set[int],
        addresses: set[str],
    ) -> dict[int, DealStatus]:
        """Return the deals that these conversations hand on to a mail of these owners (data.md 2.4).

        A message that carries the deal must share a counterparty with the mail, since References can be
        forged, and each owner must be one who may see such a message.
        """
        found: dict[int, DealStatus] = {}
        viewers: defaultdict[int, set[int]] = defaultdict(set)
        for conversation_id in conversations:
            for deal in self._carried.get(conversation_id, ()):
                if deal.contact_id in contact_ids or deal.address in addresses:
                    found[deal.deal_id] = deal.status
                    viewers[deal.deal_id].add(deal.viewer)
        everyone = set(owners)
        return {id_: status for id_, status in found.items() if 0 in viewers[id_] or everyone <= viewers[id_]}

    def message(self, identity_key: bytes) -> KnownMessage | None:
        """Return the stored message with this identity."""
        return self._messages.get(identity_key)

    def shares_id(self, id_key: bytes, identity_key: bytes, viewer: int) -> bool:
        """Tell whether the viewer may see another message with these identity fields and other content."""
        return any(
            known.id_key == id_key and known.identity_key != identity_key and _sees(known, viewer)
            for known in self._messages.values()
        )

    def delivered(self, delivery_id: int) -> Outcome | None:
        """Return how the delivery ended, if it is recorded already."""
        return self._delivered.get(delivery_id)

    def ruling(self, delivery_id: int) -> Ruling | None:
        """Return what a user has said about the delivery."""
        return self._facts.rulings.get(delivery_id)

    def end(self, outcome: Outcome) -> None:
        """Remember how a delivery ended."""
        self._delivered[outcome.delivery_id] = outcome

    def learn(self, plan: Plan, parties: Iterable[tuple[str, int | None]]) -> None:
        """Add what the plan will write, so that whatever is decided next sees it.

        `parties` are the counterparties of the message it files, each with his contact.
        """
        for contact in plan.contacts:
            fresh = Contact(contact.id, contact.name, organisation_id=contact.organisation_id)
            self._contacts[contact.address] = (*self._contacts.get(contact.address, ()), fresh)
            self._created.setdefault(contact.created_by, []).append(contact.created_at)
        self._learn_merge(plan)
        self._tokens.update(plan.tokens)
        known = self._learn_message(plan)
        if known is not None:
            self._messages[known.identity_key] = known
            self._hand_on(known, tuple(parties))

    def _learn_merge(self, plan: Plan) -> None:
        if plan.merge is None:
            return
        winner = self._carried.setdefault(plan.merge.winner, set())
        for loser in plan.merge.losers:
            self._merged[loser] = plan.merge.winner
            winner |= self._carried.pop(loser, set())

    def _learn_message(self, plan: Plan) -> KnownMessage | None:
        """Return the message that the plan writes or touches, as it stands afterwards."""
        known = self._before(plan)
        if known is None:
            return None
        if plan.update is not None:
            known = replace(known, shared=plan.update.shared, linked=plan.update.linked)
        owners = known.owners | {copy.owner_id for copy in plan.copies}
        deals = {
            (link.deal_id, self._statuses.get(link.deal_id, DealStatus.OPEN))
            for link in plan.links
            if link.deal_id is not None and link.state is LinkState.ACTIVE
        }
        return replace(known, owners=owners, deals=known.deals | deals)

    def _before(self, plan: Plan) -> KnownMessage | None:
        new = plan.message
        if new is None:
            return next((m for m in self._messages.values() if m.id == plan.outcome.message_id), None)
        self._learn_activity(new, plan)
        return KnownMessage(
            new.id, new.conversation_id, new.id_key, new.identity_key, frozenset(), new.shared, new.linked
        )

    def _learn_activity(self, message: NewMessage, plan: Plan) -> None:
        if not message.shared:  # private mail leaves no trace in the directory
            return
        at = sortable(message.sort_at)
        for who in plan.participants:
            if who.contact_id is not None:
                self._activity[who.contact_id] = max(at, self._activity.get(who.contact_id, ""))

    def _hand_on(self, known: KnownMessage, parties: tuple[tuple[str, int | None], ...]) -> None:
        """Let the message's deals be inherited by whoever shares a party with it and may see it."""
        viewers = (*known.owners, *((0,) if known.shared and known.linked else ()))
        carried = self._carried.setdefault(self.resolve(known.conversation_id), set())
        for deal_id, status in known.deals:
            for viewer in viewers:
                carried.update(CarriedDeal(deal_id, status, viewer, *party) for party in parties)


def _sees(known: KnownMessage, viewer: int) -> bool:
    return viewer in known.owners or (known.shared and known.linked)
