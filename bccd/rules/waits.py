"""What is shown of a mail that is not filed: who and what it says it is, why it waits, and until when."""

from datetime import timedelta

from bccd.model.auth import HeldSender
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.plan import Outcome, Waits
from bccd.rules.imported import is_imported
from bccd.rules.overlay import Overlay
from bccd.rules.reasons import reason_of
from bccd.rules.trusted import lasting


def waits(mail: Mail, outcome: Outcome, overlay: Overlay) -> Waits:
    """Return what the mail shows; of one that is filed in part there is no end, for its octets are needed.

    Nor is there of imported mail, whose days would have passed before anybody could look at it.

    Of what somebody wrote at an address that a user only claims he sees that it came, and no more.
    """
    delivery, content = mail.delivery, mail.message.content
    held = delivery.held
    author = content.sender
    told = reason_of(outcome.reason)
    whole = outcome.message_id is None
    ends = outcome.state is DeliveryState.HELD and whole and not is_imported(delivery)
    claimed = held is not None and is_claimed(held, overlay)
    policy = overlay.company.policy
    lets = ends and held is not None and held.reason == outcome.reason
    return Waits(
        from_address=held.address if held and held.address else author.address if author else "",
        from_name=author.name if author and not claimed else "",
        subject="" if claimed else content.subject,
        sentence=told.sentence,
        advice=told.advice,
        always=lasting(held, delivery.auth, delivery.mail_from, policy) if lets and held else "",
        expires_at=delivery.received_at + timedelta(days=policy.held_days) if ends else None,
    )


def is_claimed(held: HeldSender, overlay: Overlay) -> bool:
    """Tell whether mail is held for a user who has not proven that its author's address is his."""
    entry = overlay.user_address(held.address)
    return entry is not None and not entry.confirmed


def unread(reason: str) -> Waits:
    """Return what is shown of a mail that could not be read."""
    told = reason_of(reason)
    return Waits(sentence=told.sentence, advice=told.advice)
