"""Contacts to deals: the order of rules.md 7, each candidate with the reason why it was taken or not."""

from collections.abc import Iterable
from dataclasses import dataclass

from bccd.model.crm import Deal, DealStatus
from bccd.model.envelope import Tag, Target
from bccd.model.plan import LinkOrigin, LinkState, Step
from bccd.rules.overlay import Overlay


@dataclass(frozen=True, slots=True)
class DealLink:
    """A deal to link, or to offer when state is suggested."""

    deal_id: int
    state: LinkState
    origin: LinkOrigin
    rule: str
    score: float | None = None


def link_deals(  # noqa: PLR0917  (six facts, all of different types)
    targets: Iterable[Target],
    conversations: Iterable[int],
    contact_ids: tuple[int, ...],
    addresses: set[str],
    overlay: Overlay,
    submitter: int,
) -> tuple[list[DealLink], list[Step]]:
    """Find a message's deals: by tag, by its conversation, or the one open deal; several are offered.

    `contact_ids` are the main counterparties' contacts (decisions.md 7.10), `addresses` all external ones.
    """
    links, steps = _by_tag(targets, overlay)
    if links:
        return links, steps
    inherited = sorted(overlay.inheritable(conversations, set(contact_ids), addresses))
    if inherited:
        rule = "conversation"
        steps += [
            Step("deal", f"deal {i}", "linked", "the conversation carries this deal") for i in inherited
        ]
        return [DealLink(i, LinkState.ACTIVE, LinkOrigin.INHERITED, rule) for i in inherited], steps
    if not overlay.company.policy.auto_link_deal:
        steps.append(Step("deal", "", "none", "the company has switched automatic deal links off"))
        return [], steps
    found, why = _by_open_deals(contact_ids, overlay, submitter)
    return found, steps + why


def _by_tag(targets: Iterable[Target], overlay: Overlay) -> tuple[list[DealLink], list[Step]]:
    links: list[DealLink] = []
    steps: list[Step] = []
    for wish in sorted({target.argument for target in targets if target.tag is Tag.DEAL}):
        deal = overlay.deal_by_tag(wish)
        if deal is None or deal.status is DealStatus.DELETED:
            steps.append(Step("deal", f"+deal{wish}", "not linked", "the company has no such deal"))
            continue
        closed = "" if deal.status is DealStatus.OPEN else f", though it is {deal.status}"
        steps.append(Step("deal", f"deal {deal.id}", "linked", f"named in the address{closed}"))
        links.append(DealLink(deal.id, LinkState.ACTIVE, LinkOrigin.TAG, "tag"))
    return links, steps


def _by_open_deals(
    contact_ids: tuple[int, ...], overlay: Overlay, submitter: int
) -> tuple[list[DealLink], list[Step]]:
    deals = {deal.id: deal for contact in contact_ids for deal in overlay.deals_of(contact)}
    opened = [deal for deal in deals.values() if deal.status is DealStatus.OPEN]
    steps = [
        Step("deal", f"deal {deal.id}", "not a candidate", f"it is {deal.status}")
        for deal in sorted(deals.values(), key=lambda deal: deal.id)
        if deal.status is not DealStatus.OPEN
    ]
    if not opened:
        return [], [*steps, Step("deal", "", "none", "the main counterparty has no open deal")]
    if len(opened) == 1:
        reason = "the only open deal of the main counterparty"
        steps.append(Step("deal", f"deal {opened[0].id}", "linked", reason))
        return [DealLink(opened[0].id, LinkState.ACTIVE, LinkOrigin.AUTO, "one_open_deal")], steps
    ranked = sorted(opened, key=lambda deal: _rank(deal, submitter), reverse=True)
    reason = f"one of {len(ranked)} open deals, the user chooses"
    steps += [Step("deal", f"deal {deal.id}", "suggested", reason) for deal in ranked]
    links = [
        DealLink(
            deal.id, LinkState.SUGGESTED, LinkOrigin.AUTO, "several_open_deals", _score(place, len(ranked))
        )
        for place, deal in enumerate(ranked)
    ]
    return links, steps


def _rank(deal: Deal, submitter: int) -> tuple[bool, str, int]:
    """Order suggestions: the submitter's own first, then the latest activity, then the newest."""
    return deal.owner_id == submitter, deal.updated_at, deal.id


def _score(place: int, count: int) -> float:
    return round(1 - place / count, 3)
