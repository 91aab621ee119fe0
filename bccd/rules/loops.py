"""Machines that write to us in circles, and the guard that ends it (rules.md 3.6, decisions.md 7.2)."""

import re

from bccd.model.delivery import Mail
from bccd.model.facts import CREATION_WINDOW
from bccd.model.message import AutoKind
from bccd.model.plan import NewNotice, Step
from bccd.rules.forwarded import is_forwarded
from bccd.rules.imported import is_imported
from bccd.rules.overlay import Overlay

# What a machine writes in a user's name. What he sends to many or by way of a list is his own mail.
LOOP = "loop"  # the reason of a mail that is set aside so, and of the one notice about it
TAG = ".loop"  # stands in the Message-ID of that notice, so that whatever answers it is known
_TAGGED = re.compile(rf"notice\.([0-9]+)\.[0-9]+\.[0-9a-f]{{20}}{re.escape(TAG)}@")
_MACHINES = frozenset({AutoKind.AUTO_REPLY, AutoKind.DSN, AutoKind.MDN})


def automatic_of(mail: Mail) -> int | None:
    """Return in whose name a machine wrote the mail; None for a person's mail, however much he writes.

    An answer to an invitation is a click, and what comes to a forwarding address is somebody else's mail; so
    may be what a mailbox held.
    """
    content, sender = mail.message.content, mail.delivery.sender
    if sender is None or content.auto not in _MACHINES:
        return None
    if is_forwarded(mail.delivery) or is_imported(mail.delivery):
        return None
    return None if content.auto_reason.startswith("calendar:") else sender.user_id


def loop_step(mail: Mail, overlay: Overlay) -> Step | None:
    """Say that the mail is part of a loop; None where it is not.

    It is if too many automatic mails came in a user's name about this time, or if it answers the notice about
    that, marked as automatic or not.
    """
    if named := _answered(mail, overlay):
        return Step(LOOP, named, "set aside", "it answers the notice about a loop")
    user_id, most = automatic_of(mail), overlay.company.policy.max_automatic
    if user_id is None or not most:
        return None
    others = len(_around(user_id, mail, overlay))
    if others < most:
        return None
    minutes = int(CREATION_WINDOW.total_seconds()) // 60
    why = f"{others} other automatic mails of the user within {minutes} minutes"
    return Step(LOOP, "", "set aside", why)


def loop_notice(mail: Mail, overlay: Overlay) -> tuple[NewNotice, ...]:
    """Tell the user once what is going on, by the first mail that is set aside; an answer to that is none."""
    user_id = automatic_of(mail)
    user = overlay.user(user_id) if user_id is not None and not _answered(mail, overlay) else None
    if user is None or user.is_team or not user.active or any(_around(user.id, mail, overlay)):
        return ()
    return (NewNotice(user.id, LOOP, mail.delivery.received_at, mail.delivery.id),)


def _answered(mail: Mail, overlay: Overlay) -> str:
    """Return the id of the notice about a loop of this company that the mail answers, or an empty string."""
    content = mail.message.content
    ids = (*content.in_reply_to, *content.references)
    tagged = (found for each in ids if (found := _TAGGED.match(each)))
    return next((found.string for found in tagged if int(found[1]) == overlay.company.id), "")


def _around(user_id: int, mail: Mail, overlay: Overlay) -> list[bool]:
    """Return for each other automatic mail near this one whether it was set aside by this guard."""
    delivery = mail.delivery
    return overlay.automatic_near(user_id, delivery.received_at, CREATION_WINDOW, besides=delivery.id)
