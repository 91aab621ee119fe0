"""Where somebody outside can read a drop address, and may write to it or give it on (rules.md 2.7)."""

import re
from collections.abc import Iterator

from bccd.mail.addresses import normalise
from bccd.model.plan import Step
from bccd.rules.admit import without_secret
from bccd.rules.direction import Reading
from bccd.rules.overlay import Overlay

_TEXT_READ = 200_000  # characters
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
    at_service = overlay.sides.at_service
    if at_service is None or not at_service.search(text):
        return
    for match in _ADDRESS.finditer(text.lower()):
        address = normalise(match[0].strip(".-'"))
        if address and overlay.sides.is_service(address):
            yield address
