"""The original inside a forward that carries it in its text."""

from bccd.mail.forward.chain import attached_in, chain_of
from bccd.mail.forward.inline import Inline, find_inline, may_hold_inline
from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.forward.tail import Frame, files_of, frame_of, markup_of, without_tail

__all__ = [
    "NOWHERE",
    "Around",
    "Frame",
    "Inline",
    "attached_in",
    "chain_of",
    "files_of",
    "find_inline",
    "frame_of",
    "markup_of",
    "may_hold_inline",
    "without_tail",
]
