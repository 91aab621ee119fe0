"""The facts of a batch plus what its earlier mail has planned, so that the size of a batch never shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from bccd.model.crm import Contact, Deal, DealStatus, Organisation, sortable
from bccd.model.directory import Company, TrustedSender, User, UserAddress
from bccd.model.facts import AutomaticMail, CarriedDeal, Facts, KnownMessage, Verdict
from bccd.model.plan import HandedOn, LinkState, NewMessage, Outcome, Plan, Regroup
from bccd.model.ruling import Ruling
from bccd.model.strand import Override, Strand, Ties, Token
from bccd.rules.side import Sides
from bccd.rules.thread import MARK


class Overlay:
    """What decide() may ask; lives for one batch and learns each plan as it is made."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.company: Company = facts.company  # whose mail this batch holds
        self.sides = Sides(facts)  # who is ours, who is kept out: nothing that is planned changes that
        self._next_id = facts.next_id
        self._contacts = dict(facts.contacts)
        self._tokens = dict(facts.token_conversations)
        self._scopes: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for name, scope in facts.token_conversations:
            self._scopes[name].add(scope)
        self._strands = {strand.message_id: strand for mine in facts.strands.values() for strand in mine}
        self._homes = {strand.message_id: strand.conversation_id for strand in self._strands.values()}
        self._weak: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for key, known in facts.messages.items():
            if known.weak_key:
                self._weak[known.weak_key].append(key)
        self._verdicts = defaultdict(list, {home: list(mine) for home, mine in facts.verdicts.items()})
        self._by_hand = set(facts.by_hand)
        self._merged: dict[int, int] = {}
        self._carried = {conversation: set(deals) for conversation, deals in facts.carried.items()}
        self._messages = dict(facts.messages)
        self._by_id: defaultdict[bytes, set[bytes]] = defaultdict(set)  # id key to identity keys
        for key, known in facts.messages.items():
            self._by_id[known.id_key].add(key)
        self._delivered = dict(facts.delivered)
        self._activity: dict[int, datetime] = {}
        self._created = {user: list(moments) for user, moments in facts.created.items()}
        self._automatic = {
            user: {each.delivery_id: each for each in mails} for user, mails in facts.automatic.items()
        }
        self._statuses = {deal.id: deal.status for deal in facts.deals_by_tag.values()}
        for deals in facts.deals_by_contact.values():
            self._statuses |= {deal.id: deal.status for deal in deals}
        for carried in facts.carried.values():
            self._statuses |= {deal.deal_id: deal.status for deal in carried}

    def take_id(self) -> int:
        """Return the next id of the company's clock; ids grow in the order in which they are taken."""
        taken = self._next_id
        self._next_id += 1
        return taken

    def user(self, user_id: int) -> User | None:
        """Return a user as of the locked clock, if he was asked for by id or by address."""
        known = self._facts.users.get(user_id)
        entries = () if known else self._facts.user_addresses.values()
        return known or next((entry.user for entry in entries if entry.user.id == user_id), None)

    def user_address(self, address: str) -> UserAddress | None:
        """Return the user's entry behind an address."""
        return self._facts.user_addresses.get(address)

    def created_near(self, user_id: int, moment: datetime, span: timedelta) -> int:
        """Count the contacts made from this user's mail received within a span of the moment, on either side.

        Also later ones count: mail that waited may be filed after mail that came after it.
        """
        return sum(abs(made - moment) < span for made in self._created.get(user_id, ()))

    def automatic_near(self, user_id: int, moment: datetime, span: timedelta, *, besides: int) -> list[bool]:
        """Return for each automatic mail of a user near a moment, but one, whether it was a loop's."""
        mails = self._automatic.get(user_id, {}).values()
        return [
            each.looped
            for each in mails
            if each.delivery_id != besides and abs(each.received_at - moment) < span
        ]

    def contacts(self, address: str) -> tuple[Contact, ...]:
        """Return the contacts that have this address, with their activity as of now."""
        found = self._contacts.get(address, ())
        return tuple(map(self._as_of_now, found)) if self._activity else found

    def _as_of_now(self, contact: Contact) -> Contact:
        at = self._activity.get(contact.id)
        last = sortable(at) if at else ""
        return replace(contact, last_activity=last) if last > contact.last_activity else contact

    def deals_of(self, contact_id: int) -> tuple[Deal, ...]:
        """Return all deals the contact takes part in, whatever their status."""
        return self._facts.deals_by_contact.get(contact_id, ())

    def deals_of_organisation(self, organisation_id: int) -> tuple[Deal, ...]:
        """Return all deals of an organisation, where the company counts those, too."""
        return self._facts.deals_by_organisation.get(organisation_id, ())

    def deal_by_tag(self, external_id: str) -> Deal | None:
        """Return the deal with this external id."""
        return self._facts.deals_by_tag.get(external_id)

    def organisations(self, domain: str) -> tuple[Organisation, ...]:
        """Return the organisations registered for exactly this domain."""
        return self._facts.organisations.get(domain, ())

    def conversations_of(self, tokens: Iterable[Token]) -> set[int]:
        """Return the conversations that hold any of the tokens, merged ones resolved."""
        return {self.resolve(self._tokens[token]) for token in tokens if token in self._tokens}

    def around(self, names: Iterable[bytes]) -> set[int]:
        """Return the conversations that know any of these names, whatever else would have to be equal."""
        return {
            self.resolve(self._tokens[name, scope]) for name in names for scope in self._scopes.get(name, ())
        }

    def broadcasts(self, names: Iterable[bytes]) -> frozenset[bytes]:
        """Return those of the names that are mails which went to many."""
        return frozenset(
            name for name in names if name in self._facts.broadcasts or MARK in self._scopes.get(name, ())
        )

    def is_by_hand(self, conversation_id: int) -> bool:
        """Tell whether a user has split what the conversation holds."""
        return conversation_id in self._by_hand

    def strands_of(self, conversations: Collection[int]) -> list[Strand]:
        """Return what ties the messages of these conversations to others."""
        return [
            replace(strand, conversation_id=home)
            for strand in self._strands.values()
            if (home := self.resolve(self._homes[strand.message_id])) in conversations
        ]

    @property
    def overrides(self) -> tuple[Override, ...]:
        """What users said about where messages belong."""
        return self._facts.overrides

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
        contact_ids: Collection[int],
        addresses: Collection[str],
    ) -> dict[int, DealStatus]:
        """Return the deals that these conversations hand on to a mail of these owners (data.md 2.4).

        A message that carries the deal must share a counterparty with the mail, since References can be
        forged, and each owner must be one who may see such a message.
        """
        carried = [
            deal
            for conversation_id in conversations
            for deal in self._carried.get(conversation_id, ())
            if deal.contact_id in contact_ids or deal.address in addresses
        ]
        if not carried:
            return {}
        viewers: defaultdict[int, set[int]] = defaultdict(set)
        for deal in carried:
            viewers[deal.deal_id].add(deal.viewer)
        seen = {id_ for id_, those in viewers.items() if 0 in those or those.issuperset(owners)}
        return {deal.deal_id: deal.status for deal in carried if deal.deal_id in seen}

    def message(self, identity_key: bytes) -> KnownMessage | None:
        """Return the stored message with this identity."""
        return self._messages.get(identity_key)

    def weak_matches(self, weak_key: bytes | None) -> list[KnownMessage]:
        """Return the stored messages that say the same, by the same author under the same subject."""
        return [self._messages[key] for key in self._weak.get(weak_key or b"", ())]

    def shares_id(self, id_key: bytes, identity_key: bytes, viewer: int) -> bool:
        """Tell whether the viewer may see another message with these identity fields and other content."""
        others = self._by_id.get(id_key, set()) - {identity_key}
        return any(_sees(self._messages[key], viewer) for key in others)

    def delivered(self, delivery_id: int) -> Outcome | None:
        """Return how the delivery ended, if it is recorded already."""
        return self._delivered.get(delivery_id)

    def ruling(self, delivery_id: int) -> Ruling | None:
        """Return what a user has said about the delivery."""
        return self._facts.rulings.get(delivery_id)

    def trusted(self, address: str) -> tuple[TrustedSender, ...]:
        """Return what was let in for good of an address."""
        return self._facts.trusted.get(address, ())

    def end(self, outcome: Outcome, received_at: datetime) -> None:
        """Remember how a delivery ended."""
        self._delivered[outcome.delivery_id] = outcome
        if outcome.automatic_of is not None:
            mails = self._automatic.setdefault(outcome.automatic_of, {})
            looped = outcome.reason == "loop"
            mails[outcome.delivery_id] = AutomaticMail(outcome.delivery_id, received_at, looped)

    def verdicts(self, conversations: Collection[int], owners: Collection[int]) -> list[Verdict]:
        """Return what users decided for these conversations, and are asked, as far as all owners see of it.

        In the order in which it was decided; of several about one target the last counts.
        """
        found = [verdict for home in conversations for verdict in self._verdicts.get(home, ())]
        if not found:  # nearly always
            return []
        everyone = set(owners)
        seen = [it for it in found if it.viewer == 0 or everyone == {it.viewer}]
        return sorted(seen, key=lambda verdict: (verdict.decided_at, verdict.link_id))

    def learn(
        self, plan: Plan, strand: Strand, parties: Iterable[str], *, mass: bool
    ) -> tuple[HandedOn, ...]:
        """Add what the plan will write, so that whatever is decided next sees it.

        `parties` are the addresses of the counterparties of the message it files. Returns what the message
        hands on to later mail.
        """
        for contact in plan.contacts:
            fresh = Contact(contact.id, contact.name, organisation_id=contact.organisation_id)
            self._contacts[contact.address] = (*self._contacts.get(contact.address, ()), fresh)
            self._created.setdefault(contact.created_by, []).append(contact.created_at)
        self._learn_merge(plan)
        if plan.regroup is not None:
            self._learn_regroup(plan.regroup)
        for token, home in plan.tokens:
            self._tokens[token] = home
            self._scopes[token[0]].add(token[1])
        known = self._learn_message(plan)
        self._keep(known)
        self._learn_strand(strand, known)
        self._learn_verdicts(plan, known)
        return self._hand_on(known, tuple(parties), mass=mass)

    def _learn_strand(self, strand: Strand, known: KnownMessage) -> None:
        """Keep what ties a message, with the further ids that it had before."""
        before = self._strands.get(known.id)
        if before is not None:
            own = tuple(dict.fromkeys((*strand.own_ids, *before.own_ids)))
            parents = tuple(id_ for id_ in strand.parents if id_ not in own)
            strand = replace(strand, own_ids=own, parents=parents)
        self._strands[known.id] = strand
        self._homes[known.id] = known.conversation_id

    def _learn_merge(self, plan: Plan) -> None:
        if plan.merge is None:
            return
        winner = self._carried.setdefault(plan.merge.winner, set())
        for loser in plan.merge.losers:
            self._merged[loser] = plan.merge.winner
            winner |= self._carried.pop(loser, set())
            self._verdicts[plan.merge.winner] += self._verdicts.pop(loser, [])

    def _learn_regroup(self, regroup: Regroup) -> None:
        """Follow messages to where they went.

        What conversations hand on cannot be told apart here; so a batch ends after such a mail, and only what
        else the same mail forwards is decided without it.
        """
        domain = set(regroup.domain)
        for token in [token for token, home in self._tokens.items() if self.resolve(home) in domain]:
            del self._tokens[token]
            self._scopes[token[0]].discard(token[1])
        self._merged.update(regroup.merged)
        for loser, _ in regroup.merged:
            self._verdicts[self.resolve(loser)] += self._verdicts.pop(loser, [])
        for message_id, _, home in regroup.moved:
            self._homes[message_id] = home
        for token, home in regroup.tokens:
            self._tokens[token] = home
            self._scopes[token[0]].add(token[1])
        self._by_hand = (self._by_hand - domain) | set(regroup.by_hand)

    def _learn_message(self, plan: Plan) -> KnownMessage:
        """Return the message that the plan writes or touches, as it stands afterwards."""
        owners = {copy.owner_id for copy in plan.copies}
        deals = {
            (link.deal_id, self._statuses.get(link.deal_id, DealStatus.OPEN))
            for link in plan.links
            if link.deal_id is not None and link.state is LinkState.ACTIVE
        }
        if plan.message is not None:
            self._learn_activity(plan.message, plan)
            return _as_known(plan.message, plan, frozenset(owners), frozenset(deals))
        known = next(m for m in self._messages.values() if m.id == plan.outcome.message_id)
        update = plan.update
        if update is not None:
            known = replace(known, shared=update.shared, linked=update.linked, ties=update.ties or known.ties)
        if update is not None and (named := update.named) is not None:
            del self._messages[known.identity_key]
            self._by_id[known.id_key].discard(known.identity_key)
            self._weak[known.weak_key or b""].remove(known.identity_key)  # by which it was found
            known = replace(
                known, id_key=named.id_key, identity_key=named.identity_key, msgid=named.msgid,
                sent_at=named.sent_at, provenance=named.provenance,
            )  # fmt: skip
        return replace(known, owners=known.owners | owners, deals=known.deals | deals)

    def _keep(self, known: KnownMessage) -> None:
        self._messages[known.identity_key] = known
        self._by_id[known.id_key].add(known.identity_key)
        if known.weak_key and known.identity_key not in self._weak[known.weak_key]:
            self._weak[known.weak_key].append(known.identity_key)

    def _learn_activity(self, message: NewMessage, plan: Plan) -> None:
        if not message.shared:  # private mail leaves no trace in the directory
            return
        at = message.sort_at
        for contact_id in plan.met():
            self._activity[contact_id] = max(at, self._activity.get(contact_id, at))

    def _learn_verdicts(self, plan: Plan, known: KnownMessage) -> None:
        """Remember what is asked now, and of whom, and forget what is answered."""
        if plan.settled:
            answered = {settled.link_id for settled in plan.settled}
            for home, mine in self._verdicts.items():
                self._verdicts[home] = [said for said in mine if said.link_id not in answered]
        for link in plan.links:
            if link.deal_id is None or link.state is not LinkState.SUGGESTED:
                continue
            home = self.resolve(known.conversation_id)
            for viewer in (*known.owners, *((0,) if known.shared and known.linked else ())):
                asked = Verdict(link.id, known.id, "", viewer, link.state, deal_id=link.deal_id)
                self._verdicts[home].append(asked)

    def _hand_on(self, known: KnownMessage, parties: tuple[str, ...], *, mass: bool) -> tuple[HandedOn, ...]:
        """Let the message's deals be inherited by whoever shares a party with it and may see it.

        Of a mass mail only by those who take part in the deal themselves (decisions.md 7.6).
        """
        if not known.deals:
            return ()
        home = self.resolve(known.conversation_id)
        viewers = (0,) if known.shared and known.linked else sorted(known.owners)
        carried = self._carried.setdefault(home, set())
        found: list[HandedOn] = []
        for deal_id, status in sorted(known.deals):
            for address in dict.fromkeys(parties):
                contacts = [contact.id for contact in self._contacts.get(address, ())]
                if mass and not any(deal.id == deal_id for id_ in contacts for deal in self.deals_of(id_)):
                    continue
                for viewer in viewers:
                    found.append(HandedOn(home, deal_id, viewer, address))
                    carried |= {
                        CarriedDeal(deal_id, status, viewer, address, id_) for id_ in (*contacts, None)
                    }
        return tuple(found)


def _as_known(
    new: NewMessage, plan: Plan, owners: frozenset[int], deals: frozenset[tuple[int, DealStatus]]
) -> KnownMessage:
    people = sorted((who.role, who.address, who.name) for who in plan.participants if not who.copy_id)
    return KnownMessage(
        new.id, new.conversation_id, new.id_key, new.identity_key, owners, new.shared, new.linked, deals,
        new.weak_key, new.content_digest, new.msgid, new.sent_at, new.provenance, tuple(people),
        Ties(new.refs, new.thread_index or b"", new.calendar_uid, new.parties, new.broadcast), new.subject,
    )  # fmt: skip


def _sees(known: KnownMessage, viewer: int) -> bool:
    return viewer in known.owners or (known.shared and known.linked)
