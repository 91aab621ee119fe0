"""message.share, message.private, copy.delete, state.set: what is a user's own (rules.md 10)."""

from bccd.model.command import (
    Arguments,
    Code,
    DeleteCopy,
    Refusal,
    Ruled,
    Scene,
    SetMarks,
    SetSharing,
    StandingMessage,
)
from bccd.model.directory import Sharing

NOT_OWNER = Refusal(
    Code.NOT_OWNER, "This message is a colleague's: only who owns a copy may change that copy."
)


def share(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Share the actor's copy."""
    return _set_sharing(given, scene, Sharing.SHARED)


def make_private(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Make the actor's copy private."""
    return _set_sharing(given, scene, Sharing.PRIVATE)


def _set_sharing(given: Arguments, scene: Scene, wanted: Sharing) -> Ruled | Refusal:
    edits = []
    for id_ in given.messages:
        copy = scene.messages[id_].copy_of(scene.actor_id)
        if copy is None:
            return NOT_OWNER
        if copy.sharing is not wanted:
            edits.append(SetSharing(id_, copy.id, wanted))
    return Ruled(tuple(edits), {"changed": len(edits)})


def delete_copy(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Delete the actor's copy; the last one takes the message with it."""
    (message,) = (scene.messages[id_] for id_ in given.messages)
    copy = message.copy_of(scene.actor_id)
    if copy is None:
        return NOT_OWNER
    return Ruled((DeleteCopy(message.id, copy.id),), {"erased": len(message.copies) == 1})


def set_marks(given: Arguments, scene: Scene) -> Ruled:
    """Mark messages as seen or flagged, for the actor alone."""
    edits = tuple(
        SetMarks(message.id, given.seen, given.flagged)
        for message in scene.messages.values()
        if _differs(message, given)
    )
    return Ruled(edits, {"changed": len(edits)})


def _differs(message: StandingMessage, given: Arguments) -> bool:
    return given.seen not in (None, message.seen) or given.flagged not in (None, message.flagged)
