"""A mail to +test: decided like any other, then all of it forgotten but the answer to who sent it."""

from collections.abc import Collection

from msgspec.structs import replace

from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Tag, Target
from bccd.model.message import AutoKind, Forward
from bccd.model.plan import NewNotice, Outcome, Plan, Step
from bccd.rules.evidence import evidence_steps

_MOST_STEPS = 80  # what a mail can show of


def is_rehearsal(targets: Collection[Target]) -> bool:
    """Tell whether a mail asks what would become of it."""
    return any(wish.tag is Tag.TEST for target in targets for wish in target.wishes)


def rehearsed(mail: Mail, plan: Plan) -> Plan:
    """Return what is left of a plan that was only rehearsed: an answer to its proven sender.

    The answer's row has the delivery's own number, so that the company's clock is not moved, and a second run
    finds that it was answered.
    """
    delivery, would = mail.delivery, plan.outcome
    ended = Outcome(delivery.id, DeliveryState.SET_ASIDE, "rehearsal", would.user_id, vanishes=True)
    sender = delivery.sender
    if sender is None or not _is_a_persons(mail):
        return Plan(ended, ())
    steps = (*evidence_steps(delivery.auth), *_forwards(mail), *map(_unnumbered, plan.steps))
    told = {
        "address": sender.address,
        "about": " ".join(mail.message.content.subject.split())[:200],
        "would": f"{would.state}: {would.reason}" if would.reason else str(would.state),
        "steps": [[step.rule, step.about, step.verdict, step.reason] for step in dict.fromkeys(steps)][
            :_MOST_STEPS
        ],
    }
    notice = NewNotice(sender.user_id, "rehearsal", delivery.received_at, args=told, id=delivery.id)
    return Plan(ended, (), notices=(notice,))


def failed_rehearsal(delivery: Delivery, reason: str) -> Plan:
    """Return the answer to a rehearsal that could not be held: what the mail would have failed of."""
    ended = Outcome(delivery.id, DeliveryState.FAILED, "rehearsal", None, vanishes=True)
    sender = delivery.sender
    if sender is None or not delivery.mail_from:
        return Plan(ended, ())
    told = {"address": sender.address, "would": "failed", "steps": [["failure", "", "failed", reason]]}
    notice = NewNotice(sender.user_id, "rehearsal", delivery.received_at, args=told, id=delivery.id)
    return Plan(ended, (), notices=(notice,))


def _unnumbered(step: Step) -> Step:
    """Leave out the numbers of what would be new: nothing will ever have them."""
    if step.rule == "contact" and step.reason == "created, to be checked":
        return replace(step, verdict="would be created", reason="")
    return replace(step, about="") if step.verdict == "started" else step


def _is_a_persons(mail: Mail) -> bool:
    """Tell whether an answer can start no loop."""
    return bool(mail.delivery.mail_from) and mail.message.content.auto is AutoKind.NONE


def _forwards(mail: Mail) -> tuple[Step, ...]:
    """Say what was read as forwarded, whether or not it would be filed."""
    return tuple(_forward(forward) for forward in mail.message.forwards)


def _forward(forward: Forward) -> Step:
    author = forward.original.sender
    by = (author.address or author.name) if author else ""
    subject = " ".join(forward.original.subject.split())[:80]
    return Step("original", subject, by or "nobody", ", ".join(forward.evidence))
