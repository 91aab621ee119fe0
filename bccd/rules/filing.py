"""One reading to its rows: contacts, conversation, identity, links, message, copy, changes."""

from dataclasses import dataclass, replace

from bccd.mail.subject import base_subject
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.directory import Sharing
from bccd.model.facts import KnownMessage
from bccd.model.message import AutoKind
from bccd.model.plan import (
    Direction,
    LinkOrigin,
    LinkState,
    Merge,
    MessageUpdate,
    NewConversation,
    NewCopy,
    NewLink,
    NewParticipant,
    Outcome,
    Plan,
    Step,
)
from bccd.model.strand import Token
from bccd.rules import announce
from bccd.rules.case import Case, asks_private, create_contacts, match_people, open_case
from bccd.rules.contact_links import ContactLink, contact_links
from bccd.rules.dedupe import id_key, identity_key
from bccd.rules.direction import Reading
from bccd.rules.link import Asking, DealLink, link_deals
from bccd.rules.lookups import participants
from bccd.rules.match import MAX_NEW_CONTACTS
from bccd.rules.overlay import Overlay
from bccd.rules.rows import attachment_rows, message_row, participant_rows
from bccd.rules.thread import strand, tokens

MASS = 5  # more external parties than this make a mass mail (decisions.md 7.6)


def file_reading(mail: Mail, reading: Reading, overlay: Overlay, room: int = MAX_NEW_CONTACTS) -> Plan:
    """Plan all rows of one original that a proven submitter files, and let the overlay know them.

    `room` says how many contacts this mail may still create.
    """
    case = open_case(mail, reading, overlay)
    plan = _plan(case, room)
    # Who stood in Bcc hands nothing on: others cannot see that he took part.
    seen = {box.address for box in participants(replace(reading.content, bcc=()))}
    parties = [match for match in case.outside() if match.address in seen]
    overlay.learn(plan, [(match.address, match.contact.id if match.contact else None) for match in parties])
    return plan


def _plan(case: Case, room: int) -> Plan:
    reading, overlay = case.reading, case.overlay
    match_people(case)
    create_contacts(case, room)
    known = overlay.message(identity_key(reading.content))
    found = tokens(strand(reading), split_on_subject=overlay.company.policy.split_on_subject)
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
    tokens: tuple[tuple[Token, int], ...]


def _join(
    case: Case, found: tuple[Token, ...], known: KnownMessage | None
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
    case.steps.append(Step("sharing", "", str(case.sharing), _why_shared(case)))
    copies = _copies(case, message_id, case.owners)
    links = _links(case, message_id, common)
    linked = any(link.state is LinkState.ACTIVE and link.organisation_id is None for link in links)
    keys = (id_key(case.reading.content), identity_key(case.reading.content))
    reused = case.overlay.shares_id(*keys, case.user_id)
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
    added = announce.first(case, common.conversation, message_id, is_open=shared and linked)
    return Plan(
        Outcome(case.mail.delivery.id, DeliveryState.FILED, "", case.user_id, message_id, copies[0].id),
        tuple(case.steps),
        contacts=tuple(case.contacts),
        conversation=common.started,
        merge=common.merge,
        tokens=common.tokens,
        message=message,
        participants=participant_rows(case.reading.content, case.matches, message_id, copies),
        attachments=attachment_rows(case.reading.content, case.mail, message_id),
        copies=copies,
        links=links,
        changes=(*announce.general(case.contacts, common.merge), *added),
    )


def _second_arrival(case: Case, known: KnownMessage, common: _Common) -> Plan:
    """Add an owner to a stored message, or find that he has it already (decisions.md 5, rules.md 9)."""
    fresh = tuple(owner for owner in case.owners if owner not in known.owners)
    copies = _copies(case, known.id, fresh)
    shared = known.shared or (bool(copies) and case.sharing is Sharing.SHARED)
    links = _links(case, known.id, common, again=True, widened=shared and not known.shared)
    linked = known.linked or any(
        link.state is LinkState.ACTIVE and link.organisation_id is None for link in links
    )
    _explain_again(case, owned=not fresh)
    verdict = f"owner {', '.join(map(str, fresh))} added" if fresh else "already owned"
    case.steps.append(Step("identity", f"message {known.id}", verdict, "the same mail stands already"))
    changes = announce.again(
        case,
        known,
        common.conversation,
        is_open=shared and linked,
        fresh=fresh,
        altered=bool(links) or linked != known.linked,
    )
    touched = copies or links or (shared, linked) != (known.shared, known.linked)
    reason = "owner_added" if fresh else "already_owned"
    copy_id = copies[0].id if copies else None
    return Plan(
        Outcome(case.mail.delivery.id, DeliveryState.FILED, reason, case.user_id, known.id, copy_id),
        tuple(case.steps),
        contacts=tuple(case.contacts),
        conversation=common.started,
        merge=common.merge,
        tokens=common.tokens,
        update=MessageUpdate(known.id, common.conversation, shared, linked, _known_since(case, links))
        if touched
        else None,
        copies=copies,
        participants=_own_bcc(case, known.id, copies),
        links=links,
        changes=(*announce.general(case.contacts, common.merge), *changes),
    )


def _explain_again(case: Case, *, owned: bool) -> None:
    """Say what a later mail does not change; his copy is its owner's to change (rules.md 10)."""
    if not owned:
        case.steps.append(Step("sharing", "", str(case.sharing), _why_shared(case)))
        return
    if asks_private(case.mail):
        case.steps.append(Step("sharing", "", "as it was", "+private changes no copy that stands"))
    if case.reading.note:
        case.steps.append(Step("note", "", "in the raw mail only", "a copy keeps the note that came first"))


def _why_shared(case: Case) -> str:
    return "the address says +private" if asks_private(case.mail) else "the user's default"


def _known_since(case: Case, links: tuple[NewLink, ...]) -> tuple[tuple[str, int], ...]:
    """Return the participants that this arrival tied to a contact."""
    tied = {link.contact_id for link in links if link.contact_id is not None}
    found = ((m.address, m.contact.id) for m in case.matches.values() if m.contact and m.contact.id in tied)
    return tuple(sorted(found))


def _own_bcc(case: Case, message_id: int, copies: tuple[NewCopy, ...]) -> tuple[NewParticipant, ...]:
    rows = participant_rows(case.reading.content, case.matches, message_id, copies)
    return tuple(row for row in rows if row.copy_id)


def _copies(case: Case, message_id: int, owners: tuple[int, ...]) -> tuple[NewCopy, ...]:
    return tuple(
        NewCopy(
            case.overlay.take_id(),
            message_id,
            owner,
            case.mail.delivery.id,
            case.reading.provenance,
            case.sharing,
            case.reading.note,
            case.mail.delivery.raw_sha256,
            case.at,
            case.filed_by if case.filed_by != owner else None,
        )
        for owner in owners
    )


def _asking(case: Case, common: _Common) -> Asking:
    found = case.matches.values()
    main = (case.matches.get(box.address) for box in case.main)
    parties = len(case.reading.main) + len(case.reading.others)
    return Asking(
        targets=case.mail.delivery.targets,
        conversations=frozenset({common.conversation, *(common.merge.losers if common.merge else ())}),
        contact_ids=tuple(contact.id for match in main if match for contact in match.contacts),
        all_contact_ids=frozenset(contact.id for match in found for contact in match.contacts),
        addresses=frozenset(match.address for match in case.outside()),
        submitter=case.user_id,
        owners=case.owners,
        subject=case.reading.content.subject,
        is_mass=case.reading.direction is Direction.OUTGOING and parties > MASS,
        auto=case.reading.content.auto,
    )


def _links(
    case: Case, message_id: int, common: _Common, *, again: bool = False, widened: bool = False
) -> tuple[NewLink, ...]:
    """Link contacts, organisations and deals; on a second arrival only what it adds by itself."""
    deals, steps = link_deals(_asking(case, common), case.overlay)
    if again:
        deals = [deal for deal in deals if deal.origin is LinkOrigin.TAG]
        steps = [step for step in steps if deals or step.verdict == "not linked"]
    case.steps.extend(steps)
    made = {contact.id for contact in case.contacts}
    people = _people(case)
    wanted = [link for link in people if not again or widened or link.contact_id in made]
    bounce = case.reading.content.auto is AutoKind.DSN
    firms = dict.fromkeys(
        m.organisation.id
        for m in case.matches.values()
        if m.organisation and not m.contact and not again and not bounce
    )
    return (
        *(_contact_link(case, message_id, common, link) for link in wanted),
        *(_organisation_link(case, message_id, common, i) for i in firms),
        *(_deal_link(case, message_id, common, deal) for deal in deals),
    )


def _people(case: Case) -> list[ContactLink]:
    """Return the contacts to link; a bounce has none, and no machine's answer asks who is meant."""
    found = contact_links(case.matches.values())
    match case.reading.content.auto:
        case AutoKind.DSN:
            return []
        case AutoKind.AUTO_REPLY | AutoKind.MDN:
            return [link for link in found if link.state is LinkState.ACTIVE]
        case _:
            return found


def _contact_link(case: Case, message_id: int, common: _Common, link: ContactLink) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        common.conversation,
        message_id,
        link.state,
        LinkOrigin.AUTO,
        link.rule,
        case.at,
        contact_id=link.contact_id,
        score=link.score,
        reason=link.reason,
    )


def _organisation_link(case: Case, message_id: int, common: _Common, organisation_id: int) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        common.conversation,
        message_id,
        LinkState.ACTIVE,
        LinkOrigin.AUTO,
        "domain",
        case.at,
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
