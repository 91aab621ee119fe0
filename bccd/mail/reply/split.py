"""A text split into new words, history, signature and what no person wrote."""

from bccd.mail.reply.history import history_of
from bccd.mail.reply.marked import mark_by_markup
from bccd.mail.reply.parts import Kind, Part, Reply, parts_of, settle_blanks, viewed
from bccd.mail.reply.tail import mark_tails
from bccd.model.message import Mailbox

_NOBODY = Mailbox("", "")
_OWN = frozenset({Kind.NEW, Kind.SIGNATURE, Kind.DISCLAIMER})


def split_reply(text: str, *, sender: Mailbox | None = None, html: str = "") -> tuple[Part, ...]:
    """Split a text into parts that add up to it; lines end at LF.

    `sender` is who wrote it: a block that names him and how to reach him is his signature. `html` is the
    other form of the text, or what it was made from: clients mark there what they quote. What is not surely
    something else is new.
    """
    lines = text.split("\n")
    kinds = history_of(lines, blocks=True, keep_top=True)
    if _all_quoted(lines, kinds):
        return (Part(Kind.NEW, 0, len(lines)),)
    mark_by_markup(lines, kinds, html)
    mark_tails(lines, kinds, sender or _NOBODY)
    return parts_of(lines, kinds)


def _all_quoted(lines: list[str], kinds: list[Kind]) -> bool:
    """Tell whether a text is one quote that names nobody, as somebody pastes it."""
    if any(kind is not Kind.QUOTED for kind, line in zip(kinds, lines, strict=True) if line.strip()):
        return False
    return not any("@" in line or line.rstrip().endswith((":", "：")) for line in lines)


def read_reply(text: str, *, sender: Mailbox | None = None, html: str = "") -> Reply:
    """Return the new text, the quoted text with its attributions, and the signature with its disclaimers."""
    return viewed(text.split("\n"), split_reply(text, sender=sender, html=html))


def new_text(text: str, *, reply: bool) -> str:
    """Return the sender's own words, signature included; `reply` says that a header block is history, too."""
    lines = text.split("\n")
    kinds = history_of(lines, blocks=reply, keep_top=False)
    if kinds.count(Kind.NEW) == len(lines):
        return text.strip("\n \t\r")
    settle_blanks(lines, kinds)
    return "\n".join([line for line, kind in zip(lines, kinds, strict=True) if kind in _OWN]).strip("\n \t\r")
