"""What a user is written to after his answer: what it has settled, or why it changed nothing."""

from datetime import datetime
from typing import cast

from bccd.model.command import Arguments, Code, ItemKind, Named, Refusal, Ruled, Scene
from bccd.model.crm import DealStatus
from bccd.model.plan import NewNotice

_CLOSED = frozenset({DealStatus.WON, DealStatus.LOST})
_REFUSED = {
    Code.ALREADY_RESOLVED: "answer_too_late",
    Code.NOTHING_TO_DO: "answer_too_late",
    Code.BAD_ARGUMENTS: "answer_unclear",
    Code.CONFLICT: "answer_overtaken",
    Code.NOT_FOUND: "answer_overtaken",
}


def told(
    kind: str, given: Arguments, scene: Scene, ruled: Ruled | Refusal, now: datetime
) -> NewNotice | None:
    """Return what to write to the actor of a command that wants him told."""
    if not given.tell or given.notice is None:
        return None
    asked = scene.notices.get(given.notice)
    args: dict[str, object] = {}
    if isinstance(ruled, Refusal):
        reason = _why(kind, ruled.code) if asked else "answer_not_yours"
    elif kind == "choice.reopen":
        reason = "answer_undone"
    else:
        reason, args = _settled(ruled, scene)
    if asked is not None:  # so that an answer to this notice is one to that
        args |= {"notice": asked.id, "about": asked.about}
    return NewNotice(scene.actor_id, reason, now, message_id=asked.message_id if asked else None, args=args)


def _why(kind: str, code: Code) -> str:
    return "answer_not_undone" if kind == "choice.reopen" else _REFUSED[code]


def _settled(ruled: Ruled, scene: Scene) -> tuple[str, dict[str, object]]:
    settled = cast("list[dict[str, int | None]]", ruled.result["settled"])
    chosen = [scene.items[Named(ItemKind.DEAL, one["deal"])] for one in settled if one["deal"] is not None]
    args: dict[str, object] = {"chosen": "; ".join(dict.fromkeys(one.title for one in chosen))}
    if ruled.result["refused"]:
        return "answer_partly", args
    if not chosen:
        return "answer_none", {}
    closed = any(one.status in _CLOSED for one in chosen)
    return ("answer_closed" if closed else "answer_settled"), args
