"""A pool of texts to put into messages, each with what filing works out of it."""

from dataclasses import dataclass
from random import Random

from bccd.mail.digest import content_digest, weak_digest
from benchmarks.words import Tongue

_POOL = 300  # texts of each language
_SNIPPET = 160


@dataclass(frozen=True, slots=True)
class Letter:
    """The text of a message."""

    body: str
    new: str
    snippet: str
    digest: bytes
    weak: bytes


def letters(chance: Random, tongue: Tongue) -> list[Letter]:
    """Write some texts: most of a few lines, half of them above a quoted one."""
    found: list[Letter] = []
    for number in range(_POOL):
        lines = [_sentence(chance, tongue) for _ in range(1 + min(25, int(chance.expovariate(1 / 5))))]
        new = "\n".join([f"{chance.choice(tongue.hello)},", *lines, chance.choice(tongue.bye)])
        quoted = found[chance.randrange(number)].new if number % 2 else ""
        body = new + "".join(f"\n> {line}" for line in quoted.split("\n") if quoted)
        snippet = " ".join(new.split())[:_SNIPPET]
        found.append(Letter(body, new, snippet, content_digest(body, ()), weak_digest(new)))
    return found


def _sentence(chance: Random, tongue: Tongue) -> str:
    line = " ".join(chance.choices(tongue.words, k=chance.randrange(6, 16)))
    return f"{line[0].upper()}{line[1:]}."
