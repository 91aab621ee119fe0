"""One reading to its rows: contacts, conversation, identity, links, message, copy, changes."""

from dataclasses import dataclass, field
from datetime import datetime

from bccd.mail.subject import base_subject
from bccd.model.crm import Contact
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.directory import Sharing
from bccd.model.envelope import Tag
from bccd.model.facts import KnownMessage
from bccd.model.message import AutoKind
from bccd.model.plan import (
    Change,
    LinkOrigin,
    LinkState,
    Merge,
    MessageUpdate,
    NewContact,
    NewConversation,
    NewCopy,
    NewLink,
    NewParticipant,
    Outcome,
    Plan,
    Step,
)
from bccd.rules.dedupe import id_key, identity_key
from bccd.rules.direction import Reading
from bccd.rules.link import DealLink, link_deals
from bccd.rules.lookups import participants
from bccd.rules.match import MAX_NEW_CONTACTS, Match, Verdict, match_all, may_create
from bccd.rules.overlay import Overlay
from bccd.rules.rows import attachment_rows, message_row, participant_rows
from bccd.rules.thread import tokens


@dataclass(slots=True)
class Case:
    """The work sheet of one reading while its plan is made; never leaves this package."""

    mail: Mail
    reading: Reading
    overlay: Overlay
    user_id: int
    sharing: Sharing
    matches: dict[str, Match] = field(default_factory=dict)
    contacts: list[NewContact] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """When the mail was received; the time of everything that is written about it."""
        return self.mail.delivery.received_at


def file_reading(mail: Mail, reading: Reading, overlay: Overlay) -> Plan:
    """Plan all rows of one original that a proven submitter files."""
    case = _open(mail, reading, overlay)
    _match(case)
    _create_contacts(case)
    known = overlay.message(identity_key(reading.content))
    found = tokens(reading, split_on_subject=overlay.company.policy.split_on_subject)
    conversation, started, merge = _join(case, found, known)
    fresh = tuple((token, conversation) for token in found if not overlay.has_token(token))
    common = _Common(conversation, started, merge, fresh)
    if known is not None:
        return _second_arrival(case, known, common)
    return _first_arrival(case, common)


@dataclass(frozen=True, slots=True)
class _Common:
    """What both arrivals write about the conversation."""

    conversation: int
    started: NewConversation | None
    merge: Merge | None
    tokens: tuple[tuple[bytes, int], ...]


def _open(mail: Mail, reading: Reading, overlay: Overlay) -> Case:
    sender = mail.delivery.sender
    if sender is None:
        raise ValueError  # decide() files proven mail only
    entry = overlay.user_address(sender.address)
    sharing = entry.user.default_sharing if entry else Sharing.PRIVATE
    if any(target.tag is Tag.PRIVATE for target in mail.delivery.targets):
        sharing = Sharing.PRIVATE
    case = Case(mail, reading, overlay, sender.user_id, sharing)
    between = ", ".join(box.address for box in reading.main) or "our own people"
    case.steps.append(Step("direction", f"rule {reading.rule}", str(reading.direction), f"with {between}"))
    if reading.rule == "1b":
        case.steps.append(
            Step("forward", "", str(reading.provenance), "a filing forward: the original is filed")
        )
    case.steps.append(
        Step("sharing", "", str(sharing), "the address says +private" if _asked(mail) else "default")
    )
    return case


def _asked(mail: Mail) -> bool:
    return any(target.tag is Tag.PRIVATE for target in mail.delivery.targets)


def _match(case: Case) -> None:
    ordered = (*case.reading.main, *case.reading.others, *participants(case.reading.content))
    case.matches, left_out = match_all(ordered, case.overlay, case.user_id)
    for match in case.matches.values():
        verdict = f"contact {match.contact.id}" if match.contact else str(match.verdict)
        case.steps.append(Step("match", match.address, verdict, match.reason))
    if left_out:
        case.steps.append(
            Step("match", "", "left out", f"{len(left_out)} further addresses were not looked up")
        )


def _create_contacts(case: Case) -> None:
    """Make contacts of unknown main counterparties (rules.md 6.5) where that betrays no private mail."""
    unknown = [b for b in case.reading.main if _verdict(case, b.address) is Verdict.UNKNOWN]
    if not unknown:
        return
    refusal = _why_not(case, len(unknown))
    for box in unknown:
        match = case.matches[box.address]
        reason = refusal or ("" if may_create(box.address) else "it is the address of a role")
        if reason:
            case.steps.append(Step("contact", box.address, "not created", reason))
            continue
        organisation = match.organisation.id if match.organisation else None
        name = box.name or box.address.partition("@")[0]
        made = NewContact(
            case.overlay.take_id(), name, box.address, organisation, case.at, case.mail.delivery.id
        )
        case.contacts.append(made)
        contact = Contact(made.id, made.name, organisation_id=organisation)
        case.matches[box.address] = Match(box.address, Verdict.CONTACT, "created from this mail", contact)
        case.steps.append(Step("contact", box.address, f"contact {made.id}", "created, to be checked"))


def _why_not(case: Case, count: int) -> str:
    if not case.overlay.company.policy.auto_create_contact:
        return "the company creates no contacts by itself"
    if case.sharing is Sharing.PRIVATE:
        return "the mail is private"
    if case.mail.message.auto in (AutoKind.LIST, AutoKind.BULK):
        return "the mail is a list's or mass mail"
    return f"{count} unknown recipients are too many" if count > MAX_NEW_CONTACTS else ""


def _verdict(case: Case, address: str) -> Verdict | None:
    match = case.matches.get(address)
    return match.verdict if match else None


def _join(
    case: Case, found: tuple[bytes, ...], known: KnownMessage | None
) -> tuple[int, NewConversation | None, Merge | None]:
    """Join, start or merge conversations; the oldest id wins (data.md 1.6)."""
    joined = case.overlay.conversations_of(found)
    if known is not None:
        joined.add(case.overlay.resolve(known.conversation_id))
    if not joined:
        started = NewConversation(case.overlay.take_id(), case.at)
        case.steps.append(
            Step("conversation", f"conversation {started.id}", "started", "no message shares an id")
        )
        return started.id, started, None
    winner, *losers = sorted(joined)
    case.steps.append(Step("conversation", f"conversation {winner}", "joined", "a message shares an id"))
    if not losers:
        return winner, None, None
    names = ", ".join(str(loser) for loser in losers)
    case.steps.append(
        Step("conversation", f"conversation {winner}", "merged", f"this mail ties it to {names}")
    )
    return winner, None, Merge(winner, tuple(losers))


def _first_arrival(case: Case, common: _Common) -> Plan:
    message_id = case.overlay.take_id()
    copy = _copy(case, message_id)
    links = _links(case, message_id, common)
    linked = any(link.state is LinkState.ACTIVE and link.organisation_id is None for link in links)
    keys = (id_key(case.reading.content), identity_key(case.reading.content))
    reused = case.overlay.shares_id(*keys)
    if reused:
        case.steps.append(Step("identity", "", "kept apart", "another mail has this id and other content"))
    shared = case.sharing is Sharing.SHARED
    message = message_row(
        case.mail,
        case.reading,
        message_id,
        common.conversation,
        keys,
        base=base_subject(case.reading.content.subject),
        shared=shared,
        linked=linked,
        reused=reused,
    )
    audience = 0 if shared and linked else case.user_id
    changes = [Change("message.added", audience, common.conversation, message_id, actor_id=case.user_id)]
    return Plan(
        Outcome(case.mail.delivery.id, DeliveryState.FILED, "", case.user_id, message_id, copy.id),
        tuple(case.steps),
        contacts=tuple(case.contacts),
        conversation=common.started,
        merge=common.merge,
        tokens=common.tokens,
        message=message,
        participants=participant_rows(case.reading.content, case.matches, message_id, copy.id),
        attachments=attachment_rows(case.reading.content, case.mail, message_id),
        copy=copy,
        links=links,
        changes=(*_general_changes(case, common), *changes),
    )


def _second_arrival(case: Case, known: KnownMessage, common: _Common) -> Plan:
    """Add an owner to a stored message, or find that he has it already (decisions.md 5, rules.md 9)."""
    owned = case.user_id in known.owners
    copy = None if owned else _copy(case, known.id)
    links = _links(case, known.id, common, again=True)
    linked = known.linked or any(link.state is LinkState.ACTIVE for link in links)
    shared = known.shared or (copy is not None and case.sharing is Sharing.SHARED)
    verdict = "already owned" if owned else f"owner {case.user_id} added"
    case.steps.append(Step("identity", f"message {known.id}", verdict, "the same mail stands already"))
    changes: tuple[Change, ...] = ()
    if copy is not None or (shared, linked) != (known.shared, known.linked):
        audience = 0 if shared and linked else case.user_id
        changes = (Change("message.updated", audience, common.conversation, known.id, actor_id=case.user_id),)
    reason = "already_owned" if owned else "owner_added"
    return Plan(
        Outcome(
            case.mail.delivery.id,
            DeliveryState.FILED,
            reason,
            case.user_id,
            known.id,
            copy.id if copy else None,
        ),
        tuple(case.steps),
        contacts=tuple(case.contacts),
        conversation=common.started,
        merge=common.merge,
        tokens=common.tokens,
        update=MessageUpdate(known.id, common.conversation, shared, linked),
        copy=copy,
        participants=_own_bcc(case, known.id, copy),
        links=links,
        changes=(*_general_changes(case, common), *changes),
    )


def _own_bcc(case: Case, message_id: int, copy: NewCopy | None) -> tuple[NewParticipant, ...]:
    if copy is None:
        return ()
    rows = participant_rows(case.reading.content, case.matches, message_id, copy.id)
    return tuple(row for row in rows if row.copy_id == copy.id)


def _copy(case: Case, message_id: int) -> NewCopy:
    return NewCopy(
        case.overlay.take_id(),
        message_id,
        case.user_id,
        case.mail.delivery.id,
        case.reading.provenance,
        case.sharing,
        case.reading.note,
        case.mail.delivery.raw_sha256,
        case.at,
    )


def _links(case: Case, message_id: int, common: _Common, *, again: bool = False) -> tuple[NewLink, ...]:
    """Link contacts, organisations and deals; on a second arrival only what it adds by itself."""
    conversations = {common.conversation, *(common.merge.losers if common.merge else ())}
    externals = {m.address for m in case.matches.values() if m.verdict in (Verdict.CONTACT, Verdict.UNKNOWN)}
    main = tuple(
        match.contact.id
        for box in case.reading.main
        if (match := case.matches.get(box.address)) and match.contact
    )
    deals, steps = link_deals(
        case.mail.delivery.targets, conversations, main, externals, case.overlay, case.user_id
    )
    if again:
        deals = [deal for deal in deals if deal.origin is LinkOrigin.TAG]
        steps = [step for step in steps if deals or step.verdict == "not linked"]
    case.steps.extend(steps)
    made = {contact.id for contact in case.contacts}
    contact_ids = [m.contact.id for m in case.matches.values() if m.contact]
    wanted = dict.fromkeys(i for i in contact_ids if not again or i in made)
    firms = dict.fromkeys(
        m.organisation.id for m in case.matches.values() if m.organisation and not m.contact and not again
    )
    return (
        *(_link(case, message_id, common, rule="address", contact_id=i) for i in wanted),
        *(_link(case, message_id, common, rule="domain", organisation_id=i) for i in firms),
        *(_deal_link(case, message_id, common, deal) for deal in deals),
    )


def _link(
    case: Case,
    message_id: int,
    common: _Common,
    *,
    rule: str,
    contact_id: int | None = None,
    organisation_id: int | None = None,
) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        common.conversation,
        message_id,
        LinkState.ACTIVE,
        LinkOrigin.AUTO,
        rule,
        case.at,
        contact_id=contact_id,
        organisation_id=organisation_id,
    )


def _deal_link(case: Case, message_id: int, common: _Common, deal: DealLink) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        common.conversation,
        message_id,
        deal.state,
        deal.origin,
        deal.rule,
        case.at,
        deal_id=deal.deal_id,
        score=deal.score,
    )


def _general_changes(case: Case, common: _Common) -> tuple[Change, ...]:
    """Announce what carries no content: new contacts, started and merged conversations (decisions.md 6)."""
    changes = [Change("contact.added", 0, entity_id=contact.id) for contact in case.contacts]
    if common.merge:
        changes += [
            Change("conversation.merged", 0, common.merge.winner, entity_id=loser)
            for loser in common.merge.losers
        ]
    return tuple(changes)
