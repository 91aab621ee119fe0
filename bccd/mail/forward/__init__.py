"""The original inside a forward that carries it in its text."""

from bccd.mail.forward.inline import Inline, find_inline

__all__ = ["Inline", "find_inline"]
