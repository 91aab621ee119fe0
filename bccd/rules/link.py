"""Contacts to deals: the order of rules.md 7, each candidate with the reason why it was taken or not."""

import re
from collections.abc import Iterable

from msgspec import Struct

from bccd.model.crm import Deal, DealStatus
from bccd.model.envelope import Tag, Target
from bccd.model.message import AutoKind
from bccd.model.plan import LinkOrigin, LinkState, Step
from bccd.model.policy import MultiDeal
from bccd.rules.overlay import Overlay

# A machine's answer to our own mail, which a user has filed: it chooses nothing (rules.md 3.2, 3.3).
ANSWERS = frozenset({AutoKind.AUTO_REPLY, AutoKind.DSN, AutoKind.MDN})
_WORD = re.compile(r"\w{3,}")


class DealLink(Struct, frozen=True):
    """A deal to link, or to offer when state is suggested."""

    deal_id: int
    state: LinkState
    origin: LinkOrigin
    rule: str
    score: float | None = None
    reason: str = ""  # what speaks for it


class Asking(Struct, frozen=True):
    """What a message has to do with deals."""

    targets: tuple[Target, ...]
    conversations: frozenset[int]  # those it joins
    contact_ids: tuple[int, ...]  # of the main counterparties: they alone choose a deal (decisions.md 7.10)
    organisation_ids: tuple[int, ...]  # theirs, where the company counts an organisation's deals
    all_contact_ids: frozenset[int]
    addresses: frozenset[str]  # of all counterparties
    submitter: int
    owners: tuple[int, ...]  # who gets a copy
    subject: str
    is_mass: bool  # decisions.md 7.6
    auto: AutoKind = AutoKind.NONE
    is_old: bool = False  # read out of a mailbox: it may be of a time before its counterparty's deals


Found = tuple[list[DealLink], list[Step]]


def link_deals(asking: Asking, overlay: Overlay) -> Found:
    """Find a message's deals: by tag, by its conversation, or the one open deal; several are offered."""
    links, steps = _by_tag(asking.targets, overlay)
    if links:
        return links, steps
    if asking.auto in ANSWERS:
        return [], [*steps, Step("deal", "", "none", f"an automatic mail raises no deal: {asking.auto}")]
    if asking.is_mass:
        return [], [*steps, Step("deal", "", "none", "mass mail is linked to contacts alone")]
    refused, asked = _said(asking, overlay)
    opened, closed = _candidates(asking, overlay, refused)
    steps += [
        Step("deal", f"deal {id_}", "not a candidate", "a user rejected it here") for id_ in sorted(refused)
    ]
    found, why = _by_conversation(asking, overlay, refused, asked, opened)
    if asking.is_old and not any(link.state is LinkState.ACTIVE for link in found):
        reason = "imported mail is linked to a deal by the address or by its conversation alone"
        return [], [*steps, Step("deal", "", "none", reason)]
    if not found and not why:
        found, why = _by_contacts(opened, closed, asking, overlay)
    return found, steps + why


def _by_conversation(
    asking: Asking, overlay: Overlay, refused: set[int], asked: set[int], opened: list[Deal]
) -> Found:
    """Take over what the conversation is linked to (rules.md 7, step 2)."""
    carried = [_inheritable(asking, overlay, home, refused) for home in sorted(asking.conversations)]
    inherited = {deal_id: status for deals in carried for deal_id, status in deals.items()}
    if not inherited:
        return [], []
    if len(inherited) > 1 and (asked.issuperset(inherited) or _conflict(carried)):
        reason = "the conversation has several deals: the user chooses"
        return _offer_ids(sorted(inherited), reason, opened, asking)
    return _inherit(inherited, opened, asking)


def _conflict(carried: list[dict[int, DealStatus]]) -> bool:
    """Tell whether conversations that become one carry different deals: none of them is guessed."""
    alive = [frozenset(i for i, s in deals.items() if s is DealStatus.OPEN) for deals in carried]
    return len({deals for deals in alive if deals}) > 1


def _said(asking: Asking, overlay: Overlay) -> tuple[set[int], set[int]]:
    """Return the deals that users have rejected for these conversations, and those they are asked about."""
    latest: dict[int, LinkState] = {}
    asked: set[int] = set()
    for verdict in overlay.verdicts(asking.conversations, asking.owners):
        if verdict.deal_id is None:
            continue
        if verdict.state is LinkState.SUGGESTED:
            asked.add(verdict.deal_id)
        else:
            latest[verdict.deal_id] = verdict.state
    refused = {deal_id for deal_id, state in latest.items() if state is LinkState.REJECTED}
    return refused, asked - latest.keys()


def _inheritable(asking: Asking, overlay: Overlay, home: int, refused: set[int]) -> dict[int, DealStatus]:
    found = overlay.inheritable([home], asking.owners, asking.all_contact_ids, asking.addresses)
    return {deal_id: status for deal_id, status in found.items() if deal_id not in refused}


def _by_contacts(opened: list[Deal], closed: list[Deal], asking: Asking, overlay: Overlay) -> Found:
    if not overlay.company.policy.auto_link_deal:
        return [], [Step("deal", "", "none", "the company has switched automatic deal links off")]
    return _by_open_deals(opened, closed, asking, overlay.company.policy.multi_deal)


def _by_tag(targets: Iterable[Target], overlay: Overlay) -> Found:
    links: list[DealLink] = []
    steps: list[Step] = []
    for wish in sorted({target.argument for target in targets if target.tag is Tag.DEAL}):
        deal = overlay.deal_by_tag(wish)
        if deal is None or deal.status is DealStatus.DELETED:
            steps.append(Step("deal", f"+deal{wish}", "not linked", "the company has no such deal"))
            continue
        closed = "" if deal.status is DealStatus.OPEN else f", though it is {deal.status}"
        steps.append(Step("deal", _name(deal), "linked", f"named in the address{closed}"))
        links.append(DealLink(deal.id, LinkState.ACTIVE, LinkOrigin.TAG, "tag"))
    return links, steps


def _candidates(asking: Asking, overlay: Overlay, refused: set[int]) -> tuple[list[Deal], list[Deal]]:
    """Return the main counterparties' deals, the open ones ranked, the others by id."""
    deals = {deal.id: deal for contact in asking.contact_ids for deal in overlay.deals_of(contact)}
    for organisation in asking.organisation_ids:
        deals |= {deal.id: deal for deal in overlay.deals_of_organisation(organisation)}
    left = [deal for deal in deals.values() if deal.id not in refused]
    opened = [deal for deal in left if deal.status is DealStatus.OPEN]
    closed = [deal for deal in left if deal.status is not DealStatus.OPEN]
    if len(opened) > 1:
        words = _words(asking.subject)
        opened.sort(key=lambda deal: _rank(deal, asking.submitter, words), reverse=True)
    return opened, sorted(closed, key=lambda deal: deal.id)


def _inherit(inherited: dict[int, DealStatus], opened: list[Deal], asking: Asking) -> Found:
    """Take over the conversation's deals; closed ones beside a new open one are a question (rules.md 7)."""
    alive = sorted(deal_id for deal_id, status in inherited.items() if status is DealStatus.OPEN)
    if not alive and opened:
        old = ", ".join(f"deal {deal_id} is {status}" for deal_id, status in sorted(inherited.items()))
        return _offer(opened, f"the conversation's {old}: the user chooses", asking)
    taken = alive or sorted(inherited)
    links = [DealLink(i, LinkState.ACTIVE, LinkOrigin.INHERITED, "conversation") for i in taken]
    reason = "a mail of this conversation with the same counterparty carries it"
    return links, [Step("deal", f"deal {i}", "linked", reason) for i in taken]


def _by_open_deals(opened: list[Deal], closed: list[Deal], asking: Asking, several: MultiDeal) -> Found:
    steps = [Step("deal", _name(deal), "not a candidate", f"it is {deal.status}") for deal in closed]
    if not opened:
        return [], [*steps, Step("deal", "", "none", "the main counterparty has no open deal")]
    if len(opened) == 1:
        return _take(opened, "one_open_deal", "the only open deal of the main counterparty", steps)
    if several is MultiDeal.LATEST:
        latest = max(opened, key=lambda deal: (deal.updated_at, deal.id))
        reason = f"the latest of {len(opened)} open deals, as the company wants"
        return _take([latest], "latest_open_deal", reason, steps)
    if several is MultiDeal.ALL:
        return _take(opened, "all_open_deals", "all open deals, as the company wants", steps)
    links, why = _offer(opened, f"one of {len(opened)} open deals: the user chooses", asking)
    return links, steps + why


def _take(deals: list[Deal], rule: str, reason: str, steps: list[Step]) -> Found:
    links = [DealLink(deal.id, LinkState.ACTIVE, LinkOrigin.AUTO, rule) for deal in deals]
    return links, [*steps, *(Step("deal", _name(deal), "linked", reason) for deal in deals)]


def _offer(ranked: list[Deal], reason: str, asking: Asking) -> Found:
    """Suggest deals, best first; the reason says what speaks for each."""
    words = _words(asking.subject)
    links, steps = [], []
    for place, deal in enumerate(ranked):
        score = round(1 - place / len(ranked), 3)
        hints = []
        if deal.owner_id == asking.submitter:
            hints.append("it is his own")
        if shared := sorted(words & _words(deal.title)):
            hints.append(f"its name shares: {', '.join(shared)}")
        why = "; ".join([reason, *hints])
        links.append(
            DealLink(deal.id, LinkState.SUGGESTED, LinkOrigin.AUTO, "several_open_deals", score, why)
        )
        steps.append(Step("deal", _name(deal), "suggested", why))
    return links, steps


def _offer_ids(deal_ids: list[int], reason: str, ranked: list[Deal], asking: Asking) -> Found:
    """Suggest the conversation's deals, those that are candidates by themselves first."""
    known = [deal for deal in ranked if deal.id in deal_ids]
    links, steps = _offer(known, reason, asking)
    rest = [id_ for id_ in deal_ids if id_ not in {deal.id for deal in known}]
    links += [
        DealLink(id_, LinkState.SUGGESTED, LinkOrigin.INHERITED, "conversation", 0.0, reason) for id_ in rest
    ]
    return links, steps + [Step("deal", f"deal {id_}", "suggested", reason) for id_ in rest]


def _rank(deal: Deal, submitter: int, words: set[str]) -> tuple[bool, int, str, int]:
    """Order suggestions: the submitter's own, then words of the subject, the latest activity, the newest."""
    return deal.owner_id == submitter, len(words & _words(deal.title)), deal.updated_at, deal.id


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _name(deal: Deal) -> str:
    return f"deal {deal.external_id}, {deal.title}" if deal.title else f"deal {deal.external_id}"
