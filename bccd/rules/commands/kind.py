"""What a kind of command is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bccd.model.command import Arguments, Code, Refusal, Ruled, Scene
from bccd.rules.commands.arguments import Form

RuleFunction = Callable[[Arguments, Scene], Ruled | Refusal]
Fields = dict[str, tuple[Form, str]]  # name -> its form, what it means


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of command."""

    name: str
    does: str  # one sentence
    rule: RuleFunction
    result: Mapping[str, str]  # field -> what it means
    refusals: tuple[Code, ...]  # besides those that every command may meet
    needed: Fields = field(default_factory=dict)  # must be given
    one_of: tuple[Fields, ...] = ()  # of each group exactly one must be given
    some_of: Fields = field(default_factory=dict)  # at least one must be given
    optional: Fields = field(default_factory=dict)
    default: Arguments = field(default_factory=Arguments)
    people: bool = False  # the rule looks at whose an address is, or at what was mailed
    whole: bool = False  # the rule looks at all of the conversations that are named, or whose messages are

    @property
    def fields(self) -> Fields:
        """All arguments."""
        found = dict(self.needed)
        for group in self.one_of:
            found |= group
        return found | self.some_of | self.optional
