"""The facts of a batch plus what its earlier mail has planned, so that the size of a batch never shows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bccd.model.crm import Contact, Deal, Organisation, sortable
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Company, UserAddress
from bccd.model.facts import ConversationFacts, Facts, KnownMessage
from bccd.model.plan import LinkState, NewMessage, Outcome, Plan


@dataclass(slots=True)
class _Conversation:
    counterparties: set[str] = field(default_factory=set)
    contact_ids: set[int] = field(default_factory=set)
    deal_ids: set[int] = field(default_factory=set)

    def absorb(self, other: "_Conversation | ConversationFacts") -> None:
        self.counterparties |= other.counterparties
        self.contact_ids |= other.contact_ids
        self.deal_ids |= other.deal_ids


class Overlay:
    """What decide() may ask; lives for one batch and learns each plan as it is made."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._next_id = facts.next_id
        self._contacts = dict(facts.contacts)
        self._tokens = dict(facts.token_conversations)
        self._merged: dict[int, int] = {}
        self._conversations: dict[int, _Conversation] = {}
        for known in facts.conversations.values():
            self._conversation(known.id).absorb(known)
        self._messages = dict(facts.messages)
        self._delivered = dict(facts.delivered)
        self._activity: dict[int, str] = {}

    @property
    def company(self) -> Company:
        """The company whose mail this batch holds."""
        return self._facts.company

    def take_id(self) -> int:
        """Return the next id of the company's clock; ids grow in the order in which they are taken."""
        taken = self._next_id
        self._next_id += 1
        return taken

    def user_active(self, user_id: int) -> bool:
        """Tell whether the user may still file mail, as of the locked clock."""
        entries = self._facts.user_addresses.values()
        known = any(entry.user.id == user_id and entry.user.active for entry in entries)
        return self._facts.users.get(user_id, known)

    def user_address(self, address: str) -> UserAddress | None:
        """Return the user's entry behind an address."""
        return self._facts.user_addresses.get(address)

    def is_service(self, address: str) -> bool:
        """Tell whether the address is one of the company's own drop addresses, with any tag."""
        local, _, domain = address.rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self._facts.service_addresses

    def is_never_log(self, address: str) -> bool:
        """Tell whether the address or its domain is on the company's never-log list."""
        return address in self._facts.never_log or "@" + address.rpartition("@")[2] in self._facts.never_log

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

    def conversations_of(self, tokens: Iterable[bytes]) -> set[int]:
        """Return the conversations that hold any of the tokens, merged ones resolved."""
        return {self.resolve(self._tokens[token]) for token in tokens if token in self._tokens}

    def has_token(self, token: bytes) -> bool:
        """Tell whether the token is recorded already."""
        return token in self._tokens

    def resolve(self, conversation_id: int) -> int:
        """Follow merges of this batch to the surviving conversation."""
        while conversation_id in self._merged:
            conversation_id = self._merged[conversation_id]
        return conversation_id

    def inheritable(
        self, conversations: Iterable[int], contact_ids: set[int], addresses: set[str]
    ) -> set[int]:
        """Return the deals of the conversations that share a counterparty with the asker (data.md 2.4)."""
        deals: set[int] = set()
        for conversation_id in conversations:
            known = self._conversations.get(conversation_id)
            if known and (known.contact_ids & contact_ids or known.counterparties & addresses):
                deals |= known.deal_ids
        return deals

    def message(self, identity_key: bytes) -> KnownMessage | None:
        """Return the stored message with this identity."""
        return self._messages.get(identity_key)

    def shares_id(self, id_key: bytes, identity_key: bytes) -> bool:
        """Tell whether another message carries the same identity fields with other content."""
        return any(m.id_key == id_key and m.identity_key != identity_key for m in self._messages.values())

    def delivered(self, delivery_id: int) -> DeliveryState | None:
        """Return how the delivery ended, if it is recorded already."""
        return self._delivered.get(delivery_id)

    def end(self, outcome: Outcome) -> None:
        """Remember how a delivery ended."""
        self._delivered[outcome.delivery_id] = outcome.state

    def learn(self, plan: Plan) -> None:
        """Add what the plan will write, so that whatever is decided next sees it."""
        for contact in plan.contacts:
            fresh = Contact(contact.id, contact.name, organisation_id=contact.organisation_id)
            self._contacts[contact.address] = (*self._contacts.get(contact.address, ()), fresh)
        self._learn_conversation(plan)
        self._learn_links(plan)
        if plan.message:
            self._learn_message(plan.message, plan)
        elif plan.update:
            self._learn_copy(plan)

    def _learn_conversation(self, plan: Plan) -> None:
        if plan.merge:
            winner = self._conversation(plan.merge.winner)
            for loser in plan.merge.losers:
                self._merged[loser] = plan.merge.winner
                winner.absorb(self._conversations.pop(loser, _Conversation()))
        self._tokens.update(plan.tokens)
        if plan.message:
            known = self._conversation(plan.message.conversation_id)
            known.counterparties |= {
                p.address for p in plan.participants if p.verdict in ("contact", "unknown") and not p.copy_id
            }

    def _learn_links(self, plan: Plan) -> None:
        for link in plan.links:
            if link.state is not LinkState.ACTIVE:
                continue
            known = self._conversation(link.conversation_id)
            if link.contact_id is not None:
                known.contact_ids.add(link.contact_id)
            if link.deal_id is not None:
                known.deal_ids.add(link.deal_id)

    def _learn_message(self, message: NewMessage, plan: Plan) -> None:
        if message.shared:  # private mail leaves no trace in the directory
            at = sortable(message.sort_at)
            for who in plan.participants:
                if who.contact_id is not None:
                    self._activity[who.contact_id] = max(at, self._activity.get(who.contact_id, ""))
        owners = frozenset({plan.copy.owner_id}) if plan.copy else frozenset[int]()
        self._messages[message.identity_key] = KnownMessage(
            message.id,
            message.conversation_id,
            message.id_key,
            message.identity_key,
            owners,
            message.shared,
            message.linked,
        )

    def _learn_copy(self, plan: Plan) -> None:
        for key, known in self._messages.items():
            if plan.update and known.id == plan.update.message_id:
                added = {plan.copy.owner_id} if plan.copy else set[int]()
                self._messages[key] = replace(
                    known, owners=known.owners | added, shared=plan.update.shared, linked=plan.update.linked
                )
                return

    def _conversation(self, conversation_id: int) -> _Conversation:
        return self._conversations.setdefault(conversation_id, _Conversation())
