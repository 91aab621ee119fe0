"""The source of the walk: its runs of tags, the texts between, and how to go on behind what is not shown."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import length_hint

from bccd.mail.markup.tags import Does, Known, Tag, tag_of

_COMMENT_END = re.compile(r"--!?>")
# Elements that close an open one inside them, or that one inside them cannot close.
_AROUND = frozenset({"div", "table", "blockquote", "td", "th", "body", "section", "article", "center"})
_ALONE = frozenset({"p", "li", "tr", "td", "th", "dd", "dt", "option"})  # the next of its name ends it
# What no ">" closes takes in all up to the next one. No text holds a "<".
# Twelve tags at most are one run: longer ones are no two alike.
_RUN = re.compile(r"(<[^>]*+>?(?:[ \t\n]*+<[^>]*+>?|(?!)){0,11}+)")


@lru_cache(maxsize=1)  # a page is read for what is safe of it, for clients' signs and for its lines
def split_at_tags(html: str) -> Sequence[str]:
    """Return what stands before the first "<"; then in turn tags that stand side by side, and what follows.

    The runs of tags repeat: 146 tags in 28 runs, 5 of them different, are the mean of a business mail. Taking
    them as one takes a fifth off rewriting and a seventh off the walk.
    """
    return _RUN.split(html)


class Source:
    """HTML as runs of tags, read from the front to the back; what is odd is read tag by tag."""

    __slots__ = (
        *("after", "at", "chunks", "first", "html", "known", "runs", "unclosed"),
        *("_chunks", "_passed", "_pieces", "_rest", "_start", "_taken"),
    )

    def __init__(self, html: str) -> None:
        self.html = html
        self._pieces = split_at_tags(html)
        self._rest = iter(self._pieces)
        self.first = next(self._rest)
        self.runs = zip(self._rest, self._rest, strict=False)  # each with the text behind it
        self._chunks: Sequence[str] = ()  # of the run that is read tag by tag
        self.chunks: Iterator[str] = iter(
            ()
        )  # what is left of them: tags without "<", and what stands behind
        self._taken = 0  # how many of them stand before `after`; below 0 where that is not known
        self._passed = 1  # how many pieces stand before `_start`
        self._start = len(self.first)  # offset of a run that was read
        self.at = 0  # offset of the "<" of the tag being read
        self.after = 0  # offset of the next
        self.known = Known()
        self.unclosed = False  # an element to skip went on to the end

    def tags_at_most(self, count: int) -> bool:
        """Tell whether there are no more tags than so many."""
        return len(self.html) <= count or self.html.count("<") <= count

    def enter(self, run: str, text: str, at: int = -1) -> None:
        """Begin to read a run tag by tag; who knows where it stands gives the offset."""
        chunks = run[1:].split("<")
        chunks[-1] += text
        self._chunks, self.chunks = chunks, iter(chunks)
        self._taken = 0 if at >= 0 else -1
        self.after = at

    def locate(self) -> None:
        """Tell where the tag stands that was last taken: few ask for it."""
        if self._taken < 0:
            run = len(self._pieces) - length_hint(self._rest) - 2
            self._start += sum(map(len, self._pieces[self._passed : run]))
            self._passed = run
            self.after = self._start
            self._taken = 0
        taken = len(self._chunks) - length_hint(self.chunks)
        between = self._chunks[self._taken : taken - 1]
        self.at = self.after + sum(map(len, between)) + len(between)
        self.after = self.at + 1 + len(self._chunks[taken - 1])
        self._taken = taken

    def _next(self) -> str | None:
        """Take the next tag, in whatever run it stands."""
        chunk = next(self.chunks, None)
        if chunk is None and (found := next(self.runs, None)):
            self.enter(*found, self.after)
            chunk = next(self.chunks)
        if chunk is not None:
            self._taken += 1
            self.at = self.after
            self.after += len(chunk) + 1
        return chunk

    def skip_to(self, offset: int) -> str:
        """Go on at an offset ahead; return the text from there to the next tag."""
        at = self.at
        while self.after < offset and self._next() is not None:
            pass
        self.at = at
        return self.html[offset : self.after]

    def skip_markup(self) -> str:
        """Skip the comment or declaration that begins here; return the text behind it."""
        start = self.at + 1
        if self.html.startswith("!--", start):
            match = _COMMENT_END.search(self.html, start + 1)
            end = match.end() if match else len(self.html)
        else:
            end = self.html.find(">", start) + 1 or len(self.html)
        return self.skip_to(end)

    def skip_raw(self, name: str) -> str:
        """Skip the element that begins here and holds no mark-up; return the text behind it."""
        match = re.compile(rf"</(?i:{name})[^>]*+(?:>|\Z)").search(self.html, self.at)
        return self.skip_to(match.end() if match else len(self.html))

    def skip_element(self, name: str) -> tuple[Tag | None, str]:
        """Skip the element that begins here.

        Returns the tag that ended it if that is not its own, and the text behind.
        """
        depth, around = 1, 0
        while (chunk := self._next()) is not None:
            source, _, text = chunk.partition(">")
            tag = self.known.get(source) or self.known.setdefault(source, tag_of(source))
            if tag.does is Does.MARKUP:
                self.skip_markup()
            elif tag.does is Does.RAW and not tag.closes:
                self.skip_raw(tag.name)
            elif tag.name == name:
                if name in _ALONE and not around and not tag.closes:
                    return tag, text
                depth += -1 if tag.closes else 1
                if not depth:
                    return None, text
            elif tag.name in _AROUND:
                around += -1 if tag.closes else 1
                if around < 0:
                    return tag, text
        self.unclosed = True
        return None, ""
