"""What is shown of a mail that is not filed: who and what it says it is, why it waits, and until when."""

from datetime import timedelta

from bccd.model.delivery import DeliveryState, Mail
from bccd.model.plan import Outcome, Waits
from bccd.model.policy import Policy
from bccd.rules.reasons import reason_of
from bccd.rules.trusted import lasting


def waits(mail: Mail, outcome: Outcome, policy: Policy) -> Waits:
    """Return what the mail shows; of one that is filed in part there is no end, for its octets are needed."""
    delivery, content = mail.delivery, mail.message.content
    held = delivery.held
    author = content.sender
    told = reason_of(outcome.reason)
    whole = outcome.message_id is None
    ends = outcome.state is DeliveryState.HELD and whole
    lets = ends and held is not None and held.reason == outcome.reason
    return Waits(
        from_address=held.address if held and held.address else author.address if author else "",
        from_name=author.name if author else "",
        subject=content.subject,
        sentence=told.sentence,
        advice=told.advice,
        always=lasting(held, delivery.auth, delivery.mail_from, policy) if lets and held else "",
        expires_at=delivery.received_at + timedelta(days=policy.held_days) if ends else None,
    )


def unread(reason: str) -> Waits:
    """Return what is shown of a mail that could not be read."""
    told = reason_of(reason)
    return Waits(sentence=told.sentence, advice=told.advice)
