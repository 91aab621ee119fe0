"""How much there is, and how it is spread over companies and conversations."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from random import Random

_LONG_SHARE, _LONGEST = 0.0015, 400  # conversations of hundreds of messages
_LONG_FROM = 100


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a database; the same scale gives the same rows."""

    companies: int = 5
    users: int = 50
    conversations: int = 100_000
    messages: int = 500_000
    seed: int = 1
    contacts: int = 0  # 0: as many as so many conversations are had with
    deals: int = 0

    def of_companies(self) -> list["Scale"]:
        """Return the share of each company, the first the largest by far."""
        weights = [1 / place for place in range(1, self.companies + 1)]
        users = spread(self.users, weights, least=2)
        conversations = spread(self.conversations, weights, least=1)
        messages = spread(self.messages, [float(count) for count in conversations], least=1)

        def part(total: int, of_conversations: int) -> int:
            return total * of_conversations // self.conversations

        return [
            Scale(1, *sizes, self.seed, part(self.contacts, sizes[1]), part(self.deals, sizes[1]))
            for sizes in zip(users, conversations, messages, strict=True)
        ]


SIZES = tuple(field.name for field in fields(Scale))  # as the command line names them


def spread(total: int, weights: Sequence[float], least: int) -> list[int]:
    """Cut a number into whole parts by weight; the first part takes what is left over."""
    whole = sum(weights)
    parts = [max(least, int(total * weight / whole)) for weight in weights]
    parts[0] += total - sum(parts)
    return parts


def lengths(chance: Random, conversations: int, messages: int) -> list[int]:
    """Return how many messages each conversation has: most have few, a few have hundreds."""
    if messages < conversations:
        raise ValueError("a conversation has a message at least")
    mean = messages / conversations
    usual = max(0.01, mean - 1 - _LONG_SHARE * (_LONG_FROM + _LONGEST) / 2)
    found = [
        chance.randrange(_LONG_FROM, _LONGEST)
        if mean > 2 and chance.random() < _LONG_SHARE  # noqa: PLR2004 - else there is no room for long ones
        else 1 + int(chance.expovariate(1 / usual) + 0.5)
        for _ in range(conversations)
    ]
    missing = messages - sum(found)
    step = 1 if missing > 0 else -1
    while missing:
        place = chance.randrange(conversations)
        if found[place] + step >= 1:
            found[place] += step
            missing -= step
    return found
