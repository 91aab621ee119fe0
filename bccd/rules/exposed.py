"""Where somebody outside can read a drop address, and may write to it or give it on (rules.md 2.7)."""

import re
from collections.abc import Iterator

from bccd.mail.addresses import normalise
from bccd.model.plan import Step
from bccd.rules.admit import without_secret
from bccd.rules.direction import Reading
from bccd.rules.overlay import Overlay

_TEXT_READ = 200_000  # characters
_MANY_SIGNS = 100  # from here on the text is folded at once
_LETTERS = r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]"
# Each run of letters is looked at once: possessive, and begun only where it begins.
_ADDRESS = re.compile(rf"(?<!{_LETTERS}){_LETTERS}++@[a-z0-9-]++(?:\.[a-z0-9-]++|(?!))++")


def exposed(reading: Reading, overlay: Overlay) -> Iterator[Step]:
    """Say so for each place: a field that all recipients see, or the text, where quoted headers stand."""
    if not reading.main and not reading.others:
        return
    content, seen = reading.content, set[str]()
    for box in (*content.to, *content.cc):
        if overlay.sides.is_service(box.address):
            seen.add(box.address)
            yield Step(
                "direction", without_secret(box.address), "visible", "the customer could see the drop address"
            )
    for address in _in_text(content.text[:_TEXT_READ], overlay):
        if address not in seen:
            seen.add(address)
            yield Step(
                "direction", without_secret(address), "visible", "the customer could read it in the text"
            )


def _in_text(text: str, overlay: Overlay) -> Iterator[str]:
    """Yield the drop addresses in a text, which nearly always has none."""
    if not _may_name(text, overlay.sides.at_service):
        return
    for match in _ADDRESS.finditer(text.lower()):
        address = normalise(match[0].strip(".-'"))
        if address and overlay.sides.is_service(address):
            yield address


def _may_name(text: str, named: tuple[str, ...]) -> bool:
    """Tell whether one of these "@domain" stands in a text, in any case.

    Looking behind each @ is several times as fast as folding the whole text, which few of them stand in.
    """
    longest = max(map(len, named), default=0)
    if text.count("@") > _MANY_SIGNS:
        folded = text.lower()
        return any(name in folded for name in named)
    at = text.find("@")
    while at >= 0:
        if text[at : at + longest].lower().startswith(named):
            return True
        at = text.find("@", at + 1)
    return False
