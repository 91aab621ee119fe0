"""conversation.merge, conversation.split: which messages belong together, said by a user."""

from collections import defaultdict

from bccd.model.command import Arguments, Code, Detach, Join, Refusal, Ruled, Scene


def merge(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Join conversations by the oldest message that the actor sees of each."""
    del given  # the scene holds the messages of what is named
    oldest: dict[int, int] = {}
    for message in sorted(scene.messages.values(), key=lambda it: (it.sort_at, it.id)):
        oldest.setdefault(message.conversation_id, message.id)
    into, *others = (oldest[id_] for id_ in sorted(oldest))
    if not others:
        return Refusal(Code.NOTHING_TO_DO, "These are one conversation already.")
    return Ruled(tuple(Join(other, into) for other in others), {})


def split(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Have messages of one conversation stand apart from the rest of it."""
    seen: defaultdict[int, set[int]] = defaultdict(set)
    for message in scene.messages.values():
        seen[message.conversation_id].add(message.id)
    if len(seen) > 1:
        return Refusal(
            Code.BAD_ARGUMENTS, "These messages are of several conversations: split one at a time."
        )
    (all_of_it,) = seen.values()
    if all_of_it == set(given.messages):
        return Refusal(Code.NOTHING_TO_DO, "That would be the whole conversation: nothing would stay behind.")
    return Ruled((Detach(given.messages),), {})
