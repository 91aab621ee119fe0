"""One command to what it changes: its kind, its arguments, what of that exists, and then its rule."""

from collections.abc import Collection, Mapping

from bccd.model.command import Arguments, Code, Refusal, Ruled, Scene, Scope
from bccd.model.delivery import show_id
from bccd.rules.commands.arguments import BadArgumentError
from bccd.rules.commands.kind import Fields, Kind
from bccd.rules.commands.kinds import KINDS

_FEWEST_TO_MERGE = 2


def kind_of(name: str) -> Kind | Refusal:
    """Return the kind of a command."""
    known = KINDS.get(name)
    return known or Refusal(Code.UNKNOWN_KIND, f"There is no kind of command {name!r}.")


def read_arguments(kind: Kind, given: object) -> Arguments | Refusal:
    """Read the arguments of a command as its kind wants them; `given` is what JSON says."""
    if not isinstance(given, Mapping):
        return _bad("Arguments must be one JSON object.")
    if mistake := _unfit(kind, given):
        return _bad(mistake)
    found = kind.default
    for name, (form, _) in kind.fields.items():
        if name in given:
            try:
                found = form.read(found, given[name])
            except BadArgumentError:
                return _bad(f"{name}: must be {form.meaning}.")
    if found.conversations and not found.messages and found.scope not in (None, Scope.CONVERSATION):
        return _bad(f"scope {found.scope}: name the message from which on it is meant.")
    if "conversations" in given and len(found.conversations) < _FEWEST_TO_MERGE:
        return _bad("conversations: name at least two.")
    return found


def _unfit(kind: Kind, given: Mapping[object, object]) -> str:
    if unknown := [str(name) for name in given if name not in kind.fields]:
        return f"{unknown[0]}: {kind.name} has no such argument; it has {', '.join(kind.fields)}."
    if missing := [name for name in kind.needed if name not in given]:
        return f"{missing[0]}: is missing."
    for group in kind.one_of:
        if len(group.keys() & given.keys()) != 1:
            return (
                f"Give {_either(group)}, and only one of them."
                if len(group) > 1
                else f"{_either(group)}: is missing."
            )
    if kind.some_of and not kind.some_of.keys() & given.keys():
        return f"Give {_either(kind.some_of)}."
    return ""


def _either(group: Fields) -> str:
    return " or ".join(group)


def _bad(sentence: str) -> Refusal:
    return Refusal(Code.BAD_ARGUMENTS, sentence)


def decide(kind: Kind, given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Return what a command changes, unless something that it names is not there for its actor."""
    named = [item for item in (given.item, given.origin) if item is not None]
    missing = (
        _missing("message", given.messages, scene.messages),
        _missing("conversation", given.conversations, scene.conversations),
        _delivery(given, scene),
        f"notice {given.notice}" if given.notice is not None and given.notice not in scene.notices else "",
        next((f"{item.kind} {item.name}" for item in named if item not in scene.items), ""),
    )
    if absent := next((what for what in missing if what), ""):
        return Refusal(Code.NOT_FOUND, f"There is no {absent}.")
    return kind.rule(given, scene)


def _missing(what: str, ids: Collection[int], known: Collection[int]) -> str:
    return next((f"{what} {id_}" for id_ in ids if id_ not in known), "")


def _delivery(given: Arguments, scene: Scene) -> str:
    absent = given.delivery is not None and given.delivery not in scene.deliveries
    return f"delivery {show_id(given.delivery or 0)}" if absent else ""
