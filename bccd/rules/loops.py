"""Machines that write to us in circles, and the guard that ends it (rules.md 3.6, decisions.md 7.2)."""

from bccd.model.delivery import Mail
from bccd.model.facts import CREATION_WINDOW
from bccd.model.message import AutoKind
from bccd.model.plan import NewNotice, Step
from bccd.rules.forwarded import is_forwarded
from bccd.rules.overlay import Overlay

# What a machine writes in a user's name. What he sends to many or by way of a list is his own mail.
_MACHINES = frozenset({AutoKind.AUTO_REPLY, AutoKind.DSN, AutoKind.MDN})


def automatic_of(mail: Mail) -> int | None:
    """Return in whose name a machine wrote the mail; None for a person's mail, however much he writes.

    An answer to an invitation is a click, and what comes to a forwarding address is somebody else's mail.
    """
    content, sender = mail.message.content, mail.delivery.sender
    if sender is None or content.auto not in _MACHINES or is_forwarded(mail.delivery):
        return None
    return None if content.auto_reason.startswith("calendar:") else sender.user_id


def loop_step(mail: Mail, overlay: Overlay) -> Step | None:
    """Say that too many automatic mails came in a user's name about this time; None where they did not."""
    user_id, most = automatic_of(mail), overlay.company.policy.max_automatic
    if user_id is None or not most:
        return None
    others = len(_around(user_id, mail, overlay))
    if others < most:
        return None
    minutes = int(CREATION_WINDOW.total_seconds()) // 60
    why = f"{others} other automatic mails of the user within {minutes} minutes"
    return Step("loop", "", "set aside", why)


def loop_notice(mail: Mail, overlay: Overlay) -> tuple[NewNotice, ...]:
    """Tell the user once what is going on, by the first mail that is set aside."""
    user_id = automatic_of(mail)
    user = overlay.user(user_id) if user_id is not None else None
    if user is None or user.is_team or not user.active or any(_around(user.id, mail, overlay)):
        return ()
    return (NewNotice(user.id, "loop", mail.delivery.received_at, mail.delivery.id),)


def _around(user_id: int, mail: Mail, overlay: Overlay) -> list[bool]:
    """Return for each other automatic mail near this one whether it was set aside by this guard."""
    delivery = mail.delivery
    return overlay.automatic_near(user_id, delivery.received_at, CREATION_WINDOW, besides=delivery.id)
