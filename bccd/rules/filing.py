"""One reading to its rows: contacts, conversation, identity, links, message, copy, changes."""

from typing import Any

from msgspec.structs import replace

from bccd.mail.digest import digest_of
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.directory import Sharing
from bccd.model.facts import KnownMessage
from bccd.model.plan import (
    Change,
    LinkState,
    MessageUpdate,
    Named,
    NewCopy,
    NewLink,
    NewParticipant,
    Outcome,
    Plan,
    Provenance,
    Step,
)
from bccd.model.strand import Strand
from bccd.rules import announce
from bccd.rules.bounces import arrived, bounces
from bccd.rules.case import Case, create_contacts, match_people, open_case
from bccd.rules.direction import Reading
from bccd.rules.linking import is_mass, make_links, parties, settle
from bccd.rules.overlay import Overlay
from bccd.rules.owners import Submission
from bccd.rules.place import Place, find_place
from bccd.rules.rows import attachment_rows, message_row, moments, participant_rows
from bccd.rules.same import same_message
from bccd.rules.thread import strand, ties_of, united


def file_reading(
    mail: Mail, reading: Reading, overlay: Overlay, who: Submission, *, steps: list[Step], room: int
) -> Plan:
    """Plan all rows of one original that a proven submitter files, and let the overlay know them.

    `steps` are those of the mail so far, and get those of this reading; `room` says how many contacts this
    mail may still create.
    """
    case = open_case(mail, reading, overlay, who, steps)
    match_people(case)
    known = _known(case)
    stays_private = known is not None and not known.shared and known.owners.issuperset(case.owners)
    create_contacts(case, room, private=stays_private or case.sharing is Sharing.PRIVATE)
    message_id = known.id if known else overlay.take_id()
    tied = _strand(case, message_id, known)
    place = find_place(case, tied, known)
    plan = (
        _second_arrival(case, known, place, tied) if known else _first_arrival(case, message_id, place, tied)
    )
    handed_on = overlay.learn(plan, tied, parties(case), mass=is_mass(case))
    return replace(plan, handed_on=handed_on) if handed_on else plan


def _known(case: Case) -> KnownMessage | None:
    """Return the stored message that this mail is, whichever way the two came (decisions.md 5)."""
    content, overlay = case.reading.content, case.overlay
    known = overlay.message(case.keys.identity)
    if known is not None:
        return known
    candidates = overlay.weak_matches(case.keys.weak)
    if not candidates:
        return None
    found = same_message(
        content, case.reading.provenance, digest_of(content), candidates, overlay.sides.is_ours
    )
    seen = [it for it in candidates if case.user_id in it.owners or (it.shared and it.linked)]
    if found is None and seen:
        like = ", ".join(f"message {it.id}" for it in seen)
        case.steps.append(Step("identity", like, "related", "much the same mail, and not surely the same"))
    return found


def _strand(case: Case, message_id: int, known: KnownMessage | None) -> Strand:
    """Return what ties the message to others: of one that stands, all that either way of it names."""
    mine = strand(case.reading, message_id)
    if known is None:
        return mine
    own = tuple(dict.fromkeys(id_ for id_ in (known.msgid, *_aliases(case, known)) if id_)) or mine.own_ids
    return united(mine, own, known.ties)


def _aliases(case: Case, known: KnownMessage) -> tuple[str, ...]:
    """Return further ids of a stored message; what a text only forwards has no id of its own for sure."""
    if case.reading.provenance is Provenance.FORWARD_INLINE:
        return ()
    own = strand(case.reading).own_ids
    return tuple(id_ for id_ in own if id_ != known.msgid)


def _first_arrival(case: Case, message_id: int, place: Place, tied: Strand) -> Plan:
    case.steps.append(Step("sharing", "", str(case.sharing), _why_shared(case)))
    copies = _copies(case, message_id, case.owners)
    links = make_links(case, message_id, place)
    linked = any(link.state is LinkState.ACTIVE and link.organisation_id is None for link in links)
    reused = case.overlay.shares_id(case.keys.id, case.keys.identity, case.user_id)
    if reused:
        case.steps.append(Step("identity", "", "kept apart", "another mail has this id and other content"))
    shared = case.sharing is Sharing.SHARED
    message = message_row(
        case.mail,
        case.reading,
        tied,
        place.conversation,
        case.keys,
        shared=shared,
        linked=linked,
        reused=reused,
    )
    changes = announce.first(case, place.conversation, message_id, is_open=shared and linked)
    return Plan(
        Outcome(case.mail.delivery.id, DeliveryState.FILED, "", case.user_id, message_id, copies[0].id),
        message=message,
        participants=participant_rows(case.reading.content, case.matches, message_id, copies),
        attachments=attachment_rows(case.reading.content, case.mail, message_id),
        copies=copies,
        links=links,
        aliases=tuple((id_, message_id) for id_ in tied.own_ids if id_ != message.msgid),
        bounces=bounces(case.reading, message, case.overlay),
        arrived=arrived(case.reading),
        **_common(case, place, links, changes),
    )


def _second_arrival(case: Case, known: KnownMessage, place: Place, tied: Strand) -> Plan:
    """Add an owner to a stored message, or find that he has it already (decisions.md 5, rules.md 9)."""
    fresh = tuple(owner for owner in case.owners if owner not in known.owners)
    copies = _copies(case, known.id, fresh)
    shared = known.shared or (bool(copies) and case.sharing is Sharing.SHARED)
    links = make_links(case, known.id, place, again=True, widened=shared and not known.shared)
    linked = known.linked or any(
        link.state is LinkState.ACTIVE and link.organisation_id is None for link in links
    )
    _explain_again(case, owned=not fresh)
    verdict = f"owner {', '.join(map(str, fresh))} added" if fresh else "already owned"
    case.steps.append(Step("identity", f"message {known.id}", verdict, "the same mail stands already"))
    ties, named = ties_of(tied), _named(case, known)
    aliases = tuple(
        (id_, known.id) for id_ in tied.own_ids if id_ not in (known.msgid, named and named.msgid)
    )
    update = MessageUpdate(
        known.id,
        place.conversation,
        shared,
        linked,
        _known_since(case, links),
        ties if ties != known.ties else None,
        named,
    )
    names_more = update.ties is not None and update.ties.refs != known.ties.refs  # which views show
    altered = bool(links or named) or linked != known.linked or names_more
    changes = announce.again(
        case, known, place.conversation, is_open=shared and linked, fresh=fresh, altered=altered
    )
    touched = copies or altered or update.ties is not None or shared != known.shared
    reason = "owner_added" if fresh else "already_owned"
    copy_id = copies[0].id if copies else None
    return Plan(
        Outcome(case.mail.delivery.id, DeliveryState.FILED, reason, case.user_id, known.id, copy_id),
        update=update if touched else None,
        copies=copies,
        participants=_own_bcc(case, known.id, copies),
        links=links,
        aliases=aliases,
        **_common(case, place, links, changes),
    )


def _common(
    case: Case, place: Place, links: tuple[NewLink, ...], changes: tuple[Change, ...]
) -> dict[str, Any]:
    """Return what both arrivals write: contacts, the conversation, what became of suggestions, events."""
    settled = settle(case, links, place)
    return {
        "steps": tuple(case.steps),
        "contacts": tuple(case.contacts),
        "conversation": place.started,
        "merge": place.merge,
        "regroup": place.regroup,
        "tokens": place.tokens,
        "settled": settled,
        "changes": (
            *announce.general(case.contacts, place.merge, place.regroup),
            *announce.settled(settled),
            *changes,
        ),
    }


def _named(case: Case, known: KnownMessage) -> Named | None:
    """Return how the mail itself names what was known by a forward in a text alone."""
    content, way = case.reading.content, case.reading.provenance
    if known.provenance is not Provenance.FORWARD_INLINE or way is Provenance.FORWARD_INLINE:
        return None
    if known.identity_key == case.keys.identity:
        return None
    sent_at, sort_at = moments(content, case.at)
    parent = content.in_reply_to[0] if content.in_reply_to else ""
    return Named(content.message_id, parent, case.keys.id, case.keys.identity, sent_at, sort_at, way)


def _explain_again(case: Case, *, owned: bool) -> None:
    """Say what a later mail does not change; his copy is its owner's to change (rules.md 10)."""
    if not owned:
        case.steps.append(Step("sharing", "", str(case.sharing), _why_shared(case)))
        return
    if case.wants_private:
        case.steps.append(Step("sharing", "", "as it was", "+private changes no copy that stands"))
    if case.reading.note:
        case.steps.append(Step("note", "", "in the raw mail only", "a copy keeps the note that came first"))


def _why_shared(case: Case) -> str:
    return "the address says +private" if case.wants_private else "the user's default"


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
