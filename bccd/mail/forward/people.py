"""Sender and recipients of a forwarded block, in every way that clients print an address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bccd.mail.addresses import normalise
from bccd.mail.forward.facts.more import ON_BEHALF_OF
from bccd.model.message import Mailbox

_LONGEST_ITEM = 1000  # characters; a display name and an address of RFC 5321's size fit well
_LONGEST_NAME = 200
_MANY = 2

_BRACKETED = re.compile(r"\[\s*(?:mailto:)?\s*([^\[\]\s<>]*@[^\[\]\s<>]*)\s*\]", re.IGNORECASE)
_LINK = re.compile(r"<\s*mailto:([^<>\s]*)\s*>", re.IGNORECASE)
_TOKEN = re.compile(r'"[^"]*"|<[^<>]*>|[;,；，]|[^;,；，"<]+|.', re.DOTALL)
_ANGLE = re.compile(r"<([^<>]*)>")
_EDGE = " \t<>\"'„”“«»‘’(),;:*"
_AROUND = frozenset(" \t<>\"'„”“«»(),;:[]{}")
_BEHALF = re.compile(
    r"\s(?:"
    + "|".join(re.escape(phrase) for phrase in sorted(ON_BEHALF_OF, key=len, reverse=True))
    + r")(?:\s|$)",
    re.IGNORECASE,
)
_AUTOMATIC = ("bounce", "noreply", "no-reply", "mailer-daemon", "listserv")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, who sent it for him, and where an answer would go instead."""

    sender: Mailbox | None
    actual_sender: Mailbox | None = None
    reply_to: tuple[Mailbox, ...] = ()


def author(value: str) -> Author:
    """Read the From line: one mailbox, or "Sender on behalf of Author"."""
    value = value[: 4 * _LONGEST_ITEM]
    match = _BEHALF.search(value)
    if match is None:
        several = len({box.address for box in mailbox_list(value) if box.address}) > 1
        return Author(None if several else mailbox(value))
    agent, writer = mailbox(value[: match.start()]), mailbox(value[match.end() :])
    if agent is None or writer is None:
        return Author(writer or agent)
    if _is_person(agent) and writer.address and not writer.name:
        # A person who writes for a nameless shared mailbox is whom we know; answers go to the mailbox.
        return Author(agent, agent, (writer,))
    return Author(writer, agent)


def _is_person(box: Mailbox) -> bool:
    local = box.address.partition("@")[0]
    return bool(box.name and local) and not any(word in local for word in _AUTOMATIC)


def mailbox_list(value: str) -> tuple[Mailbox, ...]:
    """Read a To, Cc or Reply-To line; a recipient printed without his address keeps his name."""
    boxes: list[Mailbox] = []
    for item in _items(value):
        boxes.extend(box for part in _persons(item) if (box := mailbox(part)))
    return tuple(dict.fromkeys(boxes))


def mailbox(item: str) -> Mailbox | None:
    """Read one mailbox; None where there is neither name nor address."""
    item = _BRACKETED.sub(r" <\1> ", item[:_LONGEST_ITEM])
    bare = _LINK.sub(" ", item)
    if "@" not in bare:
        bare = _LINK.sub(r" <\1> ", item)
    if "@" not in bare:
        name = _name(bare)
        return Mailbox(name, "") if name and not bare.rstrip().endswith(":") else None
    start, end, address = _address(bare)
    address = normalise(address)
    name = _name(bare[:start]) or _name(bare[end:])
    if "@" in name and (not address or normalise(name) == address or "<" in name):
        name = "" if address else name
    return Mailbox(name, address) if name or address else None


def _address(item: str) -> tuple[int, int, str]:
    """Find the address: the last in angle brackets, else the word around the first @."""
    angles = [match for match in _ANGLE.finditer(item) if "@" in match[1]]
    if angles:
        return angles[-1].start(), angles[-1].end(), angles[-1][1].strip(_EDGE)
    at = item.index("@")
    start = end = at
    while start > 0 and item[start - 1] not in _AROUND:
        start -= 1
    while end < len(item) and item[end] not in _AROUND:
        end += 1
    return start, end, item[start:end].strip(_EDGE)


def _name(text: str) -> str:
    words = " ".join(_ANGLE.sub(" ", text).replace('\\"', '"').split())
    return words.strip(_EDGE)[:_LONGEST_NAME]


def _items(value: str) -> Iterator[str]:
    """Split a list at each semicolon, and at a comma only behind an address: "Last, First" holds one too."""
    item: list[str] = []
    complete = False
    for match in _TOKEN.finditer(value):
        token = match[0]
        if token in {";", "；"} or (token in {",", "，"} and complete):
            yield "".join(item)
            item, complete = [], False
        else:
            item.append(token)
            complete = complete or ("@" in token and token[0] != '"')
    yield "".join(item)


def _persons(item: str) -> list[str]:
    """Part names that stand before the first address: two names of two words each are two persons."""
    head, at, tail = item.partition("<")
    if '"' in head or "@" in head or ("," not in head and "，" not in head):
        return [item]
    names = [name.strip() for name in head.replace("，", ",").split(",")]
    if len([name for name in names if name]) <= _MANY and not all(" " in name for name in names if name):
        return [item]
    return [*names[:-1], f"{names[-1]} {at}{tail}"]
