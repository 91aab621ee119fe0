"""What a mail's outcome gives reason to tell its user: the proven one, and never a machine (rules.md 11)."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.directory import Notices
from bccd.model.envelope import Tag
from bccd.model.message import AutoKind
from bccd.model.plan import LinkState, NewLink, NewMessage, NewNotice, Plan
from bccd.rules.addressed import MISADDRESSED
from bccd.rules.admit import base_of
from bccd.rules.forwarded import is_forwarded
from bccd.rules.links import RELEASE
from bccd.rules.loops import LOOP
from bccd.rules.overlay import Overlay
from bccd.rules.reasons import code_of, reason_of
from bccd.rules.waits import is_claimed

LONGEST_ABOUT = 200  # characters of a subject

# Held though nobody submitted it: of these it is proven for whom it waits, or that he is meant.
_FOR_A_USER = frozenset({
    "unconfirmed_address", "redirected", "customer_reply", "forward_unproven", *MISADDRESSED
})  # fmt: skip
# Of these he is told the author, for it is not the address that he usually writes from.
_OF_ANOTHER = frozenset({"unconfirmed_address", "redirected", "customer_reply", "forward_unproven"})
# Set aside as no person's mail: whoever let a machine write knows, or need not.
_NO_PERSONS = frozenset({"auto_reply", "dsn", "mdn", "list", "bulk", "own_mail", LOOP})
_TOLD_OF_ALL = frozenset({Notices.ALL, Notices.DIGEST})
_ANSWERED_APART = frozenset({Tag.TEST, Tag.REPLY})
# By rule and verdict of a step: a piece of its reason, and the remark that it is worth.
_REMARKS = {
    ("deal", "not linked"): (("the company has no such deal", "no_such_deal"),),
    ("deal", "linked"): (("named in the address, though", "deal_closed"),),
    ("direction", "visible"): (("", "exposed_address"),),
    ("contact", "not created"): (
        ("too many for one mail", "contacts_not_created"),
        ("contacts were created for the user", "contacts_not_created"),
    ),
    ("sharing", "as it was"): (("", "already_private"),),
}


def with_notices(plan: Plan, mail: Mail, overlay: Overlay) -> Plan:
    """Add what the user is to be told to what is planned, and number all notices of the plan."""
    told = (*plan.notices, *_raised(plan, mail, overlay))
    if not told:
        return plan
    return replace(plan, notices=tuple(replace(one, id=overlay.take_id()) for one in told))


def _raised(plan: Plan, mail: Mail, overlay: Overlay) -> Iterator[NewNotice]:
    user_id = _whom(plan, mail)
    if user_id is None:
        return
    user = overlay.user(user_id)  # None for a team's member; whoever sends asks again who he is
    if user is not None and (user.is_team or not user.active):
        return
    told_of_all = user is not None and user.notices in _TOLD_OF_ALL
    delivery, filed = mail.delivery, plan.outcome.message_id
    codes, asked = dict.fromkeys(_codes(plan, told_of_all=told_of_all)), _asked(plan)
    if not codes and not asked and not overlay.company.retiring:
        return
    about = (
        {} if delivery.held and is_claimed(delivery.held, overlay) else _about(mail.message.content.subject)
    )
    about |= _author(mail) if plan.outcome.reason in _OF_ANOTHER else {}
    for code in codes:
        args = {**about, "link": [delivery.id, user_id]} if reason_of(code).link == RELEASE else about
        yield NewNotice(user_id, code, delivery.received_at, delivery.id, None, filed, args)
    for conversation_id, (link, message) in asked.items():
        own = _about(message.subject) if message else about
        yield NewNotice(
            user_id, "needs_choice", delivery.received_at, delivery.id, conversation_id, link.message_id, own
        )
    yield from _reminders(delivery, user_id, overlay, about)


def _reminders(
    delivery: Delivery, user_id: int, overlay: Overlay, about: Mapping[str, object]
) -> Iterator[NewNotice]:
    """Tell him of the address that replaced the one he wrote to, as long as that still works."""
    for old, ends in overlay.company.retiring.items():
        if any(base_of(target.address) == old or target.address == old for target in delivery.targets):
            until = ends.until.date().isoformat()
            args = {**about, "old": old, "new": ends.successor, "until": until}
            yield NewNotice(user_id, "address_retiring", delivery.received_at, delivery.id, args=args)


def of_failure(delivery: Delivery, reason: str) -> tuple[NewNotice, ...]:
    """Tell the proven user of a mail that could not be filed; nothing else is known of it."""
    if delivery.sender is None or not _asks_to_be_told(delivery):
        return ()
    return (NewNotice(delivery.sender.user_id, code_of(reason), delivery.received_at, delivery.id),)


def _whom(plan: Plan, mail: Mail) -> int | None:
    """Return who sent it in, or for whom it waits; None where that is not proven, or a machine's doing."""
    delivery, outcome = mail.delivery, plan.outcome
    if mail.message.content.auto is not AutoKind.NONE or not _asks_to_be_told(delivery):
        return None
    if outcome.state is DeliveryState.SET_ASIDE and is_forwarded(delivery):
        return None  # he has not sent it: his server sends all that comes
    held = outcome.state is DeliveryState.HELD and delivery.sender is None
    if held and outcome.reason in _FOR_A_USER:
        return outcome.user_id
    if held and delivery.held is not None and delivery.held.reason == outcome.reason:
        return None
    # On behalf of somebody: the mail is his, the notice is theirs who sent it (decisions.md 7.7).
    return next((copy.filed_by for copy in plan.copies if copy.filed_by), outcome.user_id)


def _asks_to_be_told(delivery: Delivery) -> bool:
    """Tell whether an answer would reach a person, and nobody else gives it.

    An answer from an address that its user has not confirmed waits with it, which nobody else tells him.
    """
    claimed = delivery.held is not None and delivery.held.reason == "unconfirmed_address"
    apart = _ANSWERED_APART - {Tag.REPLY} if claimed else _ANSWERED_APART
    return bool(delivery.mail_from) and all(target.tag not in apart for target in delivery.targets)


def _codes(plan: Plan, *, told_of_all: bool) -> Iterator[str]:
    outcome = plan.outcome
    if outcome.state is not DeliveryState.FILED:
        told_apart = bool(plan.notices) or outcome.reason in _NO_PERSONS
        yield from () if told_apart else (code_of(outcome.reason),)
    elif told_of_all:
        yield outcome.reason or "filed"
    for step in plan.steps:
        for reason, code in _REMARKS.get((step.rule, step.verdict), ()):
            if reason in step.reason:
                yield code


def _asked(plan: Plan) -> dict[int, tuple[NewLink, NewMessage | None]]:
    """Return the conversations in which several deals or contacts fit, each with the first offer there."""
    asked: dict[int, tuple[NewLink, NewMessage | None]] = {}
    for part in (plan, *plan.more):
        for link in part.links:
            if link.state is LinkState.SUGGESTED and link.organisation_id is None:
                asked.setdefault(link.conversation_id, (link, part.message))
    return asked


def _author(mail: Mail) -> dict[str, object]:
    """Return who wrote a mail that waits, as its user sees it in his held mail, too."""
    held, author = mail.delivery.held, mail.message.content.sender
    address = held.address if held and held.address else author.address if author else ""
    return {"from": address} if address else {}


def _about(subject: str) -> dict[str, object]:
    """Return the mail's subject for its user to know it by, on one line."""
    text = " ".join(subject.split())[:LONGEST_ABOUT]
    return {"about": text} if text else {}
