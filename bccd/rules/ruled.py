"""What a user has said about mail that waited for him, and whether it was his to say."""

from dataclasses import replace

from msgspec import structs

from bccd.model.auth import AuthMethod, HeldSender, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.message import Forward, Mailbox
from bccd.rules.direction import has_author, is_bounce
from bccd.rules.overlay import Overlay
from bccd.rules.owners import submission

# What a user may let in. Of strangers it is filed as theirs, of his own addresses as his own mail.
STRANGERS = frozenset({"redirected", "customer_reply", "forward_unproven"})
_HIS_OWN = frozenset({"unverified_sender", "unconfirmed_address"})


def released(delivery: Delivery, overlay: Overlay) -> Sender | None:
    """Return the user, or team, whose held mail was let in by whom it waited for."""
    held, ruling = delivery.held, overlay.ruling(delivery.id)
    if held is None or ruling is None or not ruling.release:
        return None
    team = _team(held.user_id, overlay)
    if held.user_id not in (None, ruling.actor_id) and ruling.actor_id not in team:
        return None
    his = held.reason in STRANGERS or (held.reason in _HIS_OWN and is_his_own(held, overlay))
    whose = held.user_id if team and held.user_id else ruling.actor_id
    return Sender(whose, held.address, AuthMethod.RULING) if his else None


def is_his_own(held: HeldSender, overlay: Overlay) -> bool:
    """Tell whether the author's address is proven to be the user's for whom the mail is held.

    Whoever merely claims an address must not get at the mail of whose it is.
    """
    entry = overlay.user_address(held.address)
    return entry is not None and entry.confirmed and entry.user.id == held.user_id


def _team(user_id: int | None, overlay: Overlay) -> tuple[int, ...]:
    """Return the members of a team; nobody where it is a user."""
    found = overlay.user(user_id) if user_id else None
    return found.members if found and found.is_team else ()


def wants_filed(mail: Mail, overlay: Overlay) -> bool:
    """Tell whether an owner has let a mail in that had a proven sender, and waited all the same."""
    ruling = overlay.ruling(mail.delivery.id)
    return ruling is not None and ruling.release and _owns(ruling.actor_id, mail, overlay)


def named_recipients(mail: Mail, overlay: Overlay) -> tuple[Mailbox, ...]:
    """Return to whom a mail without visible recipients went, as one of its owners has said."""
    ruling = overlay.ruling(mail.delivery.id)
    return ruling.recipients if ruling and _owns(ruling.actor_id, mail, overlay) else ()


def ruled(mail: Mail, overlay: Overlay) -> Mail:
    """Return the mail with what its user has said written into it; the same mail where that is nothing.

    What he names must be looked up like what the mail itself names, so this comes before deciding.
    """
    ruling = overlay.ruling(mail.delivery.id)
    author = ruling.author if ruling and _owns(ruling.actor_id, mail, overlay) else None
    recipients = named_recipients(mail, overlay)
    if author is None and not recipients:
        return mail
    message = mail.message
    if author is not None:
        forwards = tuple(_by(author, forward) for forward in message.forwards)
        message = structs.replace(message, forwards=forwards)
    if recipients:
        content = structs.replace(message.content, bcc=(*message.content.bcc, *recipients))
        message = structs.replace(message, content=content)
    return replace(mail, message=message)


def _owns(user_id: int, mail: Mail, overlay: Overlay) -> bool:
    who = submission(mail, overlay)
    return who is not None and user_id in who.owners


def _by(author: Mailbox, forward: Forward) -> Forward:
    """Name the author of the outermost original that does not tell him."""
    original = forward.original
    if has_author(forward) or is_bounce(original):
        return structs.replace(forward, inner=tuple(_by(author, inner) for inner in forward.inner))
    named = structs.replace(original, sender=author, from_count=1)
    evidence = (*forward.evidence, "author named by the user")
    return structs.replace(forward, original=named, evidence=evidence, confidence=1.0)
