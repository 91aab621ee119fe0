"""One mail to its plan: reads direction, matches, links, threads, and writes down why."""

from dataclasses import replace

from bccd.mail.addresses import domain_of
from bccd.model.auth import Sender
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Tag
from bccd.model.events import EventKind
from bccd.model.message import AutoKind
from bccd.model.plan import Change, Outcome, Plan, Step
from bccd.rules.direction import Reading, Sides, Unread, read_directions
from bccd.rules.filing import file_reading
from bccd.rules.identify import proof
from bccd.rules.match import MAX_NEW_CONTACTS, is_never_log, is_ours
from bccd.rules.overlay import Overlay

# Automatic mail is kept aside unless it carries a forward, which is a server rule's work (decisions.md 7.2).
_SET_ASIDE_KINDS = frozenset({AutoKind.DSN, AutoKind.MDN, AutoKind.AUTO_REPLY})

_ADVICE = {
    "no_visible_recipient": "nobody but the drop address can be seen: write the customer into To",
    "original_sender_unknown": "the forwarded mail does not say who wrote it: the user must",
    "internal_only": "only our own people take part",
    "never_log": "nobody takes part but parties on the never-log list",
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
    outcome = Outcome(delivery.id, DeliveryState.FAILED, reason, user_id)
    return Plan(outcome, (step,), changes=_owner_change(EventKind.DELIVERY_FAILED, delivery, user_id))


def _held(delivery: Delivery) -> Plan:
    held = delivery.held
    reason = held.reason if held else "unknown_sender"
    about = held.address if held else ""
    step = Step("submitter", about, "held", reason)
    user_id = held.user_id if held else None
    outcome = Outcome(delivery.id, DeliveryState.HELD, reason, user_id)
    return Plan(outcome, (step,), changes=_owner_change(EventKind.DELIVERY_HELD, delivery, user_id))


def _ended(delivery: Delivery, state: DeliveryState, reason: str, steps: tuple[Step, ...]) -> Plan:
    user_id = delivery.sender.user_id if delivery.sender else None
    changes = _owner_change(EventKind(f"delivery.{state}"), delivery, user_id)
    return Plan(Outcome(delivery.id, state, reason, user_id), steps, changes=changes)


def _owner_change(kind: EventKind, delivery: Delivery, user_id: int | None) -> tuple[Change, ...]:
    """Announce a delivery to its user alone; nobody else may learn of it (rules.md 10)."""
    return (Change(kind, user_id, entity_id=delivery.id),) if user_id else ()


def _read(mail: Mail, overlay: Overlay, proven: Step) -> Plan:
    targeted = any(target.tag is Tag.DEAL for target in mail.delivery.targets)
    sides = Sides(
        ours=lambda address: is_ours(address, overlay),
        service=overlay.is_service,
        never_log=lambda address: is_never_log(address, overlay),
    )
    readings = read_directions(mail.message, sides, targeted=targeted)
    auto = mail.message.content.auto
    if auto in _SET_ASIDE_KINDS and not any(_is_filing(reading) for reading in readings):
        step = Step("automatic", "", "set aside", f"the mail is automatic: {auto}")
        return _ended(mail.delivery, DeliveryState.SET_ASIDE, str(auto), (proven, step))
    filed = [reading for reading in readings if isinstance(reading, Reading)]
    unread = [reading for reading in readings if isinstance(reading, Unread)]
    return (
        _filed(mail, filed, unread, overlay, proven) if filed else _unread(mail.delivery, unread[0], proven)
    )


def _is_filing(reading: Reading | Unread) -> bool:
    return isinstance(reading, Reading) and reading.wrapper is not None


def _filed(mail: Mail, filed: list[Reading], unread: list[Unread], overlay: Overlay, proven: Step) -> Plan:
    """File each original on its own; if one needs the user, the delivery waits for him all the same."""
    plans: list[Plan] = []
    room = MAX_NEW_CONTACTS
    for reading in filed:
        plans.append(file_reading(mail, reading, overlay, room))
        room -= len(plans[-1].contacts)
    steps = [proven, *(step for plan in plans for step in plan.steps)]
    steps += [Step("direction", f"rule {u.rule}", str(u.state), _ADVICE[u.reason]) for u in unread]
    first, changes = plans[0], plans[0].changes
    outcome = first.outcome
    waiting = next((u for u in unread if u.state is DeliveryState.HELD), None)
    if waiting:
        outcome = replace(outcome, state=DeliveryState.HELD, reason=waiting.reason)
        changes += _owner_change(EventKind.DELIVERY_HELD, mail.delivery, outcome.user_id)
    more = tuple(replace(plan, steps=()) for plan in plans[1:])
    return replace(first, outcome=outcome, steps=tuple(steps), more=more, changes=changes)


def _unread(delivery: Delivery, unread: Unread, proven: Step) -> Plan:
    step = Step("direction", f"rule {unread.rule}", str(unread.state), _ADVICE[unread.reason])
    return _ended(delivery, unread.state, unread.reason, (proven, step))
