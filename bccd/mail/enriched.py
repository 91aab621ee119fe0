"""text/enriched and its forerunner text/richtext (RFC 1896) as plain text."""

import re

_COMMAND = re.compile(r"<(?:(<)|/?[\w-]{1,60}>)")
_PARAM = re.compile(r"<param>[^<]{0,2000}</param>", re.IGNORECASE)
_LINES = re.compile(r"\n+")


def unenriched(text: str) -> str:
    """Return the text without commands; one line end is a space, of several one goes (RFC 1896 2)."""
    text = _LINES.sub(lambda match: "\n" * (len(match[0]) - 1) or " ", text.rstrip("\n"))
    return _COMMAND.sub(lambda match: match[1] or "", _PARAM.sub("", text))
