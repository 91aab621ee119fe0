"""The links of one message as rows: contacts, organisations, deals, and suggestions that are answered."""

from msgspec.structs import replace

from bccd.model.directory import Sharing
from bccd.model.envelope import Tag
from bccd.model.message import AutoKind
from bccd.model.plan import Direction, LinkOrigin, LinkState, NewLink, Settled, Step
from bccd.rules.case import OUTSIDE, Case
from bccd.rules.contact_links import ContactLink, contact_links
from bccd.rules.imported import is_imported
from bccd.rules.link import Asking, DealLink, link_deals
from bccd.rules.lookups import participants
from bccd.rules.match import Match
from bccd.rules.place import Place

MASS = 5  # more external parties than this make a mass mail (decisions.md 7.6)


def is_mass(case: Case) -> bool:
    """Tell whether so many external parties take part that none of them speaks for a deal."""
    parties = len(case.reading.main) + len(case.reading.others)
    return case.reading.direction is Direction.OUTGOING and parties > MASS


def parties(case: Case) -> list[str]:
    """Return the counterparties that all who see the message can see; who stood in Bcc is none."""
    hidden = _hidden(case)
    return [match.address for match in case.outside() if match.address not in hidden]


def _hidden(case: Case) -> set[str]:
    """Return the addresses that stand in Bcc alone."""
    content = case.reading.content
    if not content.bcc:
        return set()
    named = {box.address for box in participants(replace(content, bcc=()))}
    return {box.address for box in content.bcc} - named


def _linkable(case: Case) -> list[Match]:
    """Return who may be linked: not who stood in Bcc, for all see links, unless the user has named him."""
    hidden = _hidden(case)
    if not hidden:
        return list(case.matches.values())
    hidden -= {box.address for box in case.main}
    return [match for match in case.matches.values() if match.address not in hidden]


def _explain_bcc(case: Case, linkable: list[Match]) -> None:
    """Say whose contact is not linked for having stood in Bcc (rules.md 10)."""
    if len(linkable) == len(case.matches):
        return
    linked = {match.address for match in linkable}
    for match in case.matches.values():
        if match.contact and match.address not in linked:
            reason = "he stood in Bcc, and others would see it"
            case.steps.append(Step("match", match.address, "not linked", reason))


def make_links(
    case: Case, message_id: int, place: Place, *, again: bool = False, widened: bool = False
) -> tuple[NewLink, ...]:
    """Link contacts, organisations and deals; on a second arrival only what it adds by itself."""
    linkable = _linkable(case)
    deals, steps = link_deals(_asking(case, place, linkable), case.overlay)
    if again:
        deals = [deal for deal in deals if deal.origin is LinkOrigin.TAG]
        steps = [step for step in steps if deals or step.verdict == "not linked"]
    case.steps.extend(steps)
    _explain_bcc(case, linkable)
    people = _people(case, linkable)
    if again and not widened:
        made = {contact.id for contact in case.contacts}
        people = [link for link in people if link.contact_id in made]
    bounce = case.reading.content.auto is AutoKind.DSN
    firms = dict.fromkeys(
        m.organisation.id for m in linkable if m.organisation and not m.contact and not again and not bounce
    )
    gone_people, gone_firms = _rejected(case, place)
    return (
        *(
            _contact_link(case, message_id, place, link)
            for link in people
            if link.contact_id not in gone_people
        ),
        *(_organisation_link(case, message_id, place, id_) for id_ in firms if id_ not in gone_firms),
        *(_deal_link(case, message_id, place, deal) for deal in deals),
    )


def _people(case: Case, linkable: list[Match]) -> list[ContactLink]:
    """Return the contacts to link; a bounce has none, and no machine's answer asks who is meant."""
    found = contact_links(linkable)
    match case.reading.content.auto:
        case AutoKind.DSN:
            return []
        case AutoKind.AUTO_REPLY | AutoKind.MDN:
            return [link for link in found if link.state is LinkState.ACTIVE]
        case _:
            return found


def settle(case: Case, links: tuple[NewLink, ...], place: Place) -> tuple[Settled, ...]:
    """Answer what the submitter is still asked here by the deal that he names in the address."""
    named = {link.deal_id for link in links if link.origin is LinkOrigin.TAG}
    if not named or case.sharing is Sharing.PRIVATE:  # a private mail says nothing on what others may see
        return ()
    waiting = [
        said
        for said in case.overlay.verdicts(place.joined, case.owners)
        if said.state is LinkState.SUGGESTED and said.deal_id
    ]
    mine = {said.link_id for said in waiting if said.viewer in case.owners}
    seen_by_all = {said.link_id for said in waiting if said.viewer == 0}
    found = {
        said.link_id: Settled(
            said.link_id,
            place.conversation,
            said.message_id,
            LinkState.ACTIVE if said.deal_id in named else LinkState.REJECTED,
            case.user_id,
            case.at,
            0 if said.link_id in seen_by_all else case.user_id,
        )
        for said in waiting
        if said.link_id in mine
    }
    if found:
        count = len({settled.message_id for settled in found.values()})
        reason = "the deal named in the address answers what was asked"
        case.steps.append(Step("deal", "", f"{count} earlier mails settled", reason))
    return tuple(found[link_id] for link_id in sorted(found))


def _rejected(case: Case, place: Place) -> tuple[set[int], set[int]]:
    """Return the contacts and organisations that users have taken away from these conversations."""
    verdicts = case.overlay.verdicts(place.joined, case.owners)
    if not verdicts:
        return set(), set()
    people: dict[int, LinkState] = {}
    firms: dict[int, LinkState] = {}
    for said in verdicts:
        if said.contact_id is not None:
            people[said.contact_id] = said.state
        elif said.organisation_id is not None:
            firms[said.organisation_id] = said.state
    gone = tuple(
        {id_ for id_, state in said.items() if state is LinkState.REJECTED} for said in (people, firms)
    )
    for id_ in sorted(gone[0]):
        case.steps.append(Step("match", f"contact {id_}", "not linked", "a user took it away from here"))
    return gone[0], gone[1]


def _asking(case: Case, place: Place, linkable: list[Match]) -> Asking:
    outside = [match for match in linkable if match.verdict in OUTSIDE]
    main = [case.matches[box.address] for box in case.main if box.address in case.matches]
    people = [contact for match in main for contact in match.contacts]
    firms = [contact.organisation_id for contact in people if contact.organisation_id]
    return Asking(
        targets=tuple(target for target in case.mail.delivery.targets if target.tag is Tag.DEAL),
        conversations=place.joined,
        contact_ids=tuple(contact.id for contact in people),
        organisation_ids=tuple(dict.fromkeys(firms)),
        all_contact_ids=frozenset(contact.id for match in linkable for contact in match.contacts),
        addresses=frozenset(match.address for match in outside),
        submitter=case.user_id,
        owners=case.owners,
        subject=case.reading.content.subject,
        is_mass=is_mass(case),
        auto=case.reading.content.auto,
        is_old=is_imported(case.mail.delivery),
    )


def _contact_link(case: Case, message_id: int, place: Place, link: ContactLink) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        place.conversation,
        message_id,
        link.state,
        LinkOrigin.AUTO,
        link.rule,
        case.at,
        contact_id=link.contact_id,
        score=link.score,
        reason=link.reason,
    )


def _organisation_link(case: Case, message_id: int, place: Place, organisation_id: int) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        place.conversation,
        message_id,
        LinkState.ACTIVE,
        LinkOrigin.AUTO,
        "domain",
        case.at,
        organisation_id=organisation_id,
    )


def _deal_link(case: Case, message_id: int, place: Place, deal: DealLink) -> NewLink:
    return NewLink(
        case.overlay.take_id(),
        place.conversation,
        message_id,
        deal.state,
        deal.origin,
        deal.rule,
        case.at,
        deal_id=deal.deal_id,
        score=deal.score,
        reason=deal.reason,
    )
