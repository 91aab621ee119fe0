"""The source of the walk: its text between "<" and "<", and how to go on behind what is not shown."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import length_hint

from bccd.mail.markup.tags import Does, Known, Tag, tag_of

_COMMENT_END = re.compile(r"--!?>")
# Elements that close an open one inside them, or that one inside them cannot close.
_AROUND = frozenset({"div", "table", "blockquote", "td", "th", "body", "section", "article", "center"})
_ALONE = frozenset({"p", "li", "tr", "td", "th", "dd", "dt", "option"})  # the next of its name ends it


@lru_cache(maxsize=1)  # a page is read for what is safe of it, for clients' signs and for its lines
def split_at_tags(html: str) -> Sequence[str]:
    """Return what stands before the first "<", and behind each."""
    return html.split("<")


class Source:
    """HTML split at each "<", read from the front to the back."""

    __slots__ = ("_all", "_passed", "after", "at", "chunks", "first", "html", "known", "unclosed")

    def __init__(self, html: str) -> None:
        self.html = html
        self._all = split_at_tags(html)
        self.chunks: Iterator[str] = iter(self._all)
        self.first = next(self.chunks)
        self.at = 0  # offset of the "<" of the tag being read
        self.after = len(self.first)  # offset of the next
        self._passed = 1  # how many chunks stand before that
        self.known = Known()
        self.unclosed = False  # an element to skip went on to the end

    def tags_at_most(self, count: int) -> bool:
        """Tell whether there are no more tags than so many."""
        return len(self._all) <= count + 1

    def locate(self) -> None:
        """Tell where the tag stands that was last taken: few ask for it."""
        taken = len(self._all) - length_hint(self.chunks)
        between = self._all[self._passed : taken - 1]
        self.at = self.after + sum(map(len, between)) + len(between)
        self.after = self.at + 1 + len(self._all[taken - 1])
        self._passed = taken

    def skip_to(self, offset: int) -> str:
        """Go on at an offset ahead; return the text from there to the next tag."""
        while self.after < offset:
            chunk = next(self.chunks, None)
            if chunk is None:
                return ""
            self._passed += 1
            self.after += len(chunk) + 1
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
        for chunk in self.chunks:
            self.at = self.after
            self.after += len(chunk) + 1
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
