"""Whose mail a proven mail is: its submitter's, a team's, or that of someone on whose behalf it was sent."""

from msgspec import Struct

from bccd.model.auth import AuthMethod, Sender
from bccd.model.delivery import Mail
from bccd.model.directory import Sharing
from bccd.rules.overlay import Overlay

# The Sender field has nothing to do with what a user let in, his server forwarded, or his mailbox held.
_NOT_SENT_BY_HIM = frozenset({
    AuthMethod.RULING, AuthMethod.TRUSTED, AuthMethod.SECRET, AuthMethod.IMPORT
})  # fmt: skip


class Submission(Struct, frozen=True):
    """Who files a mail, and who gets a copy of it."""

    user_id: int  # who acts: the mail waits for him if it must, and his own deals come first
    owners: tuple[int, ...]  # he himself first
    sharing: Sharing  # of every copy, unless the address says +private
    filed_by: int | None = None  # who sent it in, where that is not the owner; a team may leave it open
    why: str = ""


def submission(mail: Mail, overlay: Overlay) -> Submission | None:
    """Return whose mail it is, as of the locked clock; None where nobody is left who may file it."""
    sender = mail.delivery.sender
    user = overlay.user(sender.user_id) if sender else None
    if sender is None or user is None or not user.active:
        return None
    sharing, other = user.default_sharing, _other(mail, sender, overlay)
    if user.is_team:
        if not user.members:
            return None
        filed_by = other if other in user.members else None
        first = filed_by or user.members[0]
        owners = (first, *(member for member in user.members if member != first))
        return Submission(first, owners, sharing, filed_by, f"team {user.id}: a copy for each member")
    if other is not None and other != user.id:
        why = f"sent by user {other} on behalf of user {user.id}: a copy for each"
        return Submission(user.id, (user.id, other), sharing, other, why)
    return Submission(user.id, (user.id,), sharing)


def _other(mail: Mail, sender: Sender, overlay: Overlay) -> int | None:
    """Return the user whom the Sender field names; it grants nothing, and says who did the sending.

    Of mail that was let in it is whoever let a team's in.
    """
    if sender.method in _NOT_SENT_BY_HIM:
        ruling, user = overlay.ruling(mail.delivery.id), overlay.user(sender.user_id)
        return ruling.actor_id if ruling and user and user.is_team else None
    box = mail.message.content.actual_sender
    entry = overlay.user_address(box.address) if box else None
    if entry is None:
        return None
    named = entry.confirmed and entry.user.active and not entry.user.is_team
    return entry.user.id if named else None
