"""One mail to its plan: reads direction, matches, links, threads, and writes down why."""

from collections.abc import Iterable
from dataclasses import replace

from bccd.mail.addresses import domain_of
from bccd.model.auth import Sender
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Tag
from bccd.model.message import AutoKind
from bccd.model.plan import Change, Outcome, Plan, Step
from bccd.rules.direction import Reading, Unread, read_directions
from bccd.rules.filing import file_reading
from bccd.rules.identify import proof
from bccd.rules.match import is_ours
from bccd.rules.overlay import Overlay

# Automatic mail is kept aside unless it carries a forward, which is a server rule's work (decisions.md 7.2).
_SET_ASIDE_KINDS = frozenset({AutoKind.DSN, AutoKind.MDN, AutoKind.AUTO_REPLY})

# What waits for its user, and what merely stays listed (decisions.md 7.3, 7.6, 7.11).
_UNREAD_STATES = {
    "no_visible_recipient": DeliveryState.HELD,
    "original_sender_unknown": DeliveryState.HELD,
    "internal_only": DeliveryState.SET_ASIDE,
}
_ADVICE = {
    "no_visible_recipient": "nobody but the drop address can be seen: write the customer into To",
    "original_sender_unknown": "the forwarded mail does not say who wrote it: the user must",
    "internal_only": "only our own people take part",
}


def decide(mail: Mail, overlay: Overlay) -> Plan:
    """Return every row that this mail writes, and let the overlay know them for the next mail."""
    plan = _decide(mail, overlay)
    overlay.end(plan.outcome)
    return plan


def _decide(mail: Mail, overlay: Overlay) -> Plan:
    delivery = mail.delivery
    if delivery.sender is None:
        sender = _proven_since(delivery, overlay)
        if sender is None:
            return _held(delivery)
        return _decide(replace(mail, delivery=replace(delivery, sender=sender, held=None)), overlay)
    proven = Step(
        "submitter", delivery.sender.address, f"user {delivery.sender.user_id}", delivery.sender.method
    )
    if not overlay.user_active(delivery.sender.user_id):
        step = Step("submitter", delivery.sender.address, "held", "the user is no longer active")
        return _ended(delivery, DeliveryState.HELD, "user_inactive", (proven, step))
    if mail.message.auto in _SET_ASIDE_KINDS and not mail.message.forwards:
        step = Step("automatic", "", "set aside", f"the mail is automatic: {mail.message.auto}")
        return _ended(delivery, DeliveryState.SET_ASIDE, str(mail.message.auto), (proven, step))
    return _read(mail, overlay, proven)


def _proven_since(delivery: Delivery, overlay: Overlay) -> Sender | None:
    """Judge held mail again when it is retried: the evidence stays, the directory may have learned."""
    entry = overlay.user_address(delivery.held.address) if delivery.held else None
    if entry is None or not entry.confirmed or not entry.user.active:
        return None
    method = proof(delivery.auth, domain_of(entry.address))
    return Sender(entry.user.id, entry.address, method) if method else None


def failed(delivery: Delivery, reason: str) -> Plan:
    """Return the plan that records a mail that could not be filed; its octets stay in the spool."""
    user_id = delivery.sender.user_id if delivery.sender else None
    step = Step("failure", "", "failed", reason)
    return Plan(Outcome(delivery.id, DeliveryState.FAILED, reason, user_id), (step,))


def _held(delivery: Delivery) -> Plan:
    held = delivery.held
    reason = held.reason if held else "unknown_sender"
    about = held.address if held else ""
    step = Step("submitter", about, "held", reason)
    user_id = held.user_id if held else None
    outcome = Outcome(delivery.id, DeliveryState.HELD, reason, user_id)
    return Plan(outcome, (step,), changes=_owner_change("delivery.held", delivery, user_id))


def _ended(delivery: Delivery, state: DeliveryState, reason: str, steps: tuple[Step, ...]) -> Plan:
    user_id = delivery.sender.user_id if delivery.sender else None
    changes = _owner_change(f"delivery.{state}", delivery, user_id)
    return Plan(Outcome(delivery.id, state, reason, user_id), steps, changes=changes)


def _owner_change(kind: str, delivery: Delivery, user_id: int | None) -> tuple[Change, ...]:
    """Announce a delivery to its user alone; nobody else may learn of it (rules.md 10)."""
    return (Change(kind, user_id, entity_id=delivery.id),) if user_id else ()


def _read(mail: Mail, overlay: Overlay, proven: Step) -> Plan:
    targeted = any(target.tag is Tag.DEAL for target in mail.delivery.targets)
    readings = read_directions(
        mail.message, lambda address: is_ours(address, overlay), overlay.is_service, targeted=targeted
    )
    filed = [reading for reading in readings if isinstance(reading, Reading)]
    unread = [reading for reading in readings if isinstance(reading, Unread)]
    if not filed:
        return _unread(mail.delivery, unread, proven)
    # Several originals in one forward: each is filed on its own, against what the ones before it planned.
    plans: list[Plan] = []
    for reading in filed:
        plans.append(file_reading(mail, reading, overlay))
        overlay.learn(plans[-1])
    skipped = tuple(Step("direction", "", "left out", _ADVICE[u.reason]) for u in unread)
    steps = (proven, *_all_steps(plans), *skipped)
    return replace(plans[0], steps=steps, more=tuple(replace(plan, steps=()) for plan in plans[1:]))


def _all_steps(plans: Iterable[Plan]) -> Iterable[Step]:
    for plan in plans:
        yield from plan.steps


def _unread(delivery: Delivery, unread: list[Unread], proven: Step) -> Plan:
    first = unread[0]
    state = _UNREAD_STATES[first.reason]
    step = Step("direction", f"rule {first.rule}", str(state), _ADVICE[first.reason])
    return _ended(delivery, state, first.reason, (proven, step))
