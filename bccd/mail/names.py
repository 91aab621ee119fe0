"""A display name as a person's name: without what mail programs and list managers put round it."""

import re
import unicodedata

_CAP = 200  # characters
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›"
_AT = "@＠﹫"
_SAID_BY_LIST = re.compile(r"\s+via\s+\S.*\Z|\s*\(via\s[^()]*\)\s*\Z", re.DOTALL)
_TAGS = re.compile(r"\[[^\[\]]*\]|<[^<>]*>?")
_ADDRESS = re.compile(rf"\S*[{_AT}]\S*")
_COMMA = re.compile(r"\s*,[\s,]*")
_WRAPPED = re.compile(r"\(([^()]*)\)")
_ENDS = " ,;:-–—_/|[]<>*" + _QUOTES
_STARTS = _ENDS + ".)"


def person_name(display: str, address: str) -> str:
    """Return the name under which a new contact is kept; never an address, never empty for an address.

    "Last, First" stays as it is, for the second may be a title or a firm's form as well.
    Where the display name says nothing it is the local part without its +tag.
    """
    for said in (display, address.rpartition("@")[0].partition("+")[0]):
        name = _cleaned(said)
        if any(char.isalnum() for char in name):
            return name
    return address.replace("@", " ").strip()


def _cleaned(said: str) -> str:
    shown = "".join(" " if char.isspace() else char for char in said if _is_visible(char))
    bare = _SAID_BY_LIST.sub("", shown).strip()
    bare = _ADDRESS.sub(" ", _TAGS.sub(" ", bare))
    name = _COMMA.sub(", ", " ".join(bare.split()))
    name = name.lstrip(_STARTS).rstrip(_ENDS)[:_CAP]
    return _WRAPPED.sub(r"\1", name).strip() if _WRAPPED.fullmatch(name) else name.rstrip(_ENDS)


def _is_visible(char: str) -> bool:
    """Tell whether a character is shown as itself; what turns the direction of writing is not."""
    return char.isspace() or unicodedata.category(char)[0] != "C"
