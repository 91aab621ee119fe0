"""Links as text: the words, then the target, unless the words are the target."""

import re
from urllib.parse import unquote

from bccd.mail.markup.sheet import Lines, shown

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_MAILTO = "mailto:"


class Link:
    """The open link."""

    __slots__ = ("_ended", "_from", "_lines", "_target")

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._target = ""
        self._from = 0  # index of the part that begins its words
        self._ended = 0  # how many lines had ended then

    def open(self, target: str) -> None:
        """Begin a link; none is open."""
        self._target = target
        self._from = len(self._lines.parts)
        self._ended = self._lines.ended

    def close(self) -> None:
        """Write the target behind the words."""
        target, self._target = self._target, ""
        if not target:
            return
        parts = self._lines.parts
        words = "".join(parts[self._from :] if self._ended == self._lines.ended else parts).strip()
        if target[:1] in "mM":
            target = _address(target)
            if "@" in words or not target:
                return
        elif "." in words and _bare(words) == _bare(target):
            return
        parts.append(f" <{target}>" if words else f"<{target}>")


def _address(target: str) -> str:
    """Return whom a mailto link is for, as in the source."""
    name = shown(target[len(_MAILTO) :]).partition("?")[0]
    return (unquote(name) if "%" in name else name).replace("&", "&amp;")


def _bare(target: str) -> str:
    return _SCHEME.sub("", target, count=1).rstrip("/")
