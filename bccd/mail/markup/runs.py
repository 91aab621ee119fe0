"""Tags that stand side by side, read once as one: clients write the same few runs over and over."""

from functools import lru_cache
from typing import NamedTuple

from bccd.mail.markup.tags import Does, Tag, tag_of

_KNOWN = 2_048  # runs remembered from mail to mail
LONGEST = 400  # characters of one that is; longer ones hold links or styles, of which each is another
# These end the open line, and no line is open behind them.
_ENDS = (Does.BLOCK, Does.BREAK, Does.CELL, Does.ROW, Does.TABLE, Does.LIST, Does.ITEM, Does.RULE)
# What is left to do of paragraphs: to leave an empty line before the next, or to if the open one does.
GAP, OWN_GAP = Tag(Does.NOTHING, "gap"), Tag(Does.NOTHING, "own gap")


class Run(NamedTuple):
    """All that a run of tags does that hide nothing, have no sign and are no links or pictures."""

    end: int = -1  # offset in the run of a block that ends the open line before all else; -1 for none
    acts: tuple[tuple[Tag, int], ...] = ()  # what else is to do, in order, each with the offset of its tag
    spaced: bool | None = None  # whether a paragraph that is open behind it has an empty line around it
    # For each name of a block: the fewest that are open inside the run, and how many more are behind it.
    counts: tuple[tuple[str, int, int], ...] = ()
    simple: bool = True  # it holds blocks and line breaks alone


_INERT = Run()
BLANK = Run()  # tags that do nothing, and a space


class Runs(dict[str, Run | None]):
    """The runs of one page by their source; None for what is read tag by tag."""

    __slots__ = ()

    def __missing__(self, source: str) -> Run | None:
        """Read a run."""
        # So many different ones are nobody's mail.
        known = run_of(source) if len(source) <= LONGEST and len(self) < _KNOWN else None
        self[source] = known
        return known


@lru_cache(maxsize=_KNOWN)
def run_of(source: str) -> Run | None:
    """Read a run; None where one of its tags does more."""
    tags: list[tuple[Tag, int]] = []
    at, blank = 0, False
    for chunk in source[1:].split("<"):
        inside, closed, space = chunk.partition(">")
        tag = tag_of(inside)
        if not closed or tag.special or not (tag.inert or tag.does in _ENDS):
            return None
        if not tag.inert:
            tags.append((tag, at))
        blank = blank or bool(space)
        at += len(chunk) + 1
    return _run(tags) if tags else BLANK if blank else _INERT


def _run(tags: list[tuple[Tag, int]]) -> Run:
    acts: list[tuple[Tag, int]] = []
    counts: dict[str, tuple[int, int]] = {}
    spaced: bool | None = None
    for tag, at in tags:
        if not tag.plain:
            acts.append((tag, at))
            continue
        fewest, count = counts.get(tag.name, (0, 0))
        count += -1 if tag.closes else 1
        counts[tag.name] = (min(fewest, count), count)
        if tag.name == "p":
            if tag.closes and spaced is None:
                acts.append((OWN_GAP, at))
            elif spaced if tag.closes else tag.gap:
                acts.append((GAP, at))
            spaced = tag.gap
    first, at = tags[0]
    simple = all(tag.plain or tag.does is Does.BREAK for tag, _ in tags)
    counted = tuple((name, *found) for name, found in counts.items())
    return Run(at if first.plain else -1, tuple(acts), spaced, counted, simple)
