"""The original inside a forward that carries it in its text."""

from bccd.mail.forward.inline import Inline, find_inline
from bccd.mail.forward.tail import files_of, frame_of, markup_of, without_tail

__all__ = ["Inline", "files_of", "find_inline", "frame_of", "markup_of", "without_tail"]
