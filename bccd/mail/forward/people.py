"""Sender and recipients of a forwarded block, in every way that clients print an address."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bccd.mail.addresses import domain_of, normalise
from bccd.mail.forward.facts import more, zimbra
from bccd.mail.words import unstructured
from bccd.model.message import Mailbox

_LONGEST_ITEM = 1000  # characters; a display name and an address of RFC 5321's size fit well
_LONGEST_NAME = 200
_MOST = 5000  # people of one list
_MANY = 2
_REMEMBERED = 16  # authors, and lists: text and HTML of a mail name the same people
_AUTOMATIC = ("bounce", "noreply", "no-reply", "mailer-daemon", "listserv")

_BRACKETED = re.compile(r"\[\s*(?:mailto:|smtp:)?\s*([^\[\]\s<>]*@[^\[\]\s<>]*)\s*\]", re.IGNORECASE)
_SMTP = re.compile(r"\A(?:smtp|mailto):", re.IGNORECASE)  # of Exchange, in front of an address
_LINK = re.compile(r"<\s*mailto:\s?([^<>\s]*)\s*>", re.IGNORECASE)
# An X.500 address, which Exchange shows where it knows no other: </O=ACME/OU=.../CN=CBERG>
_LEGACY = re.compile(r"[<\[](?:mailto:)?\s?/o=[^<>\[\]]*[>\]]|(?<=\s)/o=[^<>\[\];,]*", re.IGNORECASE)
_ENTITY = re.compile(r"&(lt|gt|quot|amp|#39|nbsp);", re.IGNORECASE)
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "amp": "&", "#39": "'", "nbsp": " "}
# As public archives print addresses: <jan at x.example>
_HIDDEN = re.compile(
    r"(?<=[<\[(:])\s?([^\s<>()\[\]@,;:]{1,64})(?: at |\(at\)|\[at\])"
    r"([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?=[>\])])",
    re.IGNORECASE,
)
_HIDDEN_SIGNS = (" at ", "(at)", "[at]")
_GROUP = re.compile(r"\s*[^<>@,;:\"]{1,100}:(?=\s?[^;]*;\s*\Z)")
_TOKEN = re.compile(r'"[^"<>]*"|<[^<>]*>|[;,；，、]|[^;,；，、"<]+|.', re.DOTALL)
_ANGLE = re.compile(r"<([^<>]*)>")
_EDGE = " \t<>\"'„”“«»‘’(),;:*"
_NAME_EDGE = _EDGE.replace("(", "").replace(")", "")
_REPEATED = " '\""
_AROUND_REPEATED = {"(": ")", "[": "]", "'": "'", '"': '"', "<": ">"}
_PAIRS = (("(", ")"), ("[", "]"))
_AROUND = frozenset(" \t<>\"'„”“«»(),;:[]{}")
_NOTES = re.compile(r"[^<>;,@]{1,100}/[^<>;,@]{1,100}@[^<>;,.@\s]{1,60}(?:@[^<>;,.@\s]{1,60})?\s*\Z")


def _any_of(phrases: Iterable[str]) -> str:
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))


_LONG = _any_of({*more.ON_BEHALF_OF, *zimbra.ON_BEHALF_OF} - {*more.ON_BEHALF_OF_SHORT})
_SHORT = _any_of(more.ON_BEHALF_OF_SHORT)
# "; im Auftrag von; " has its phrase between semicolons in some languages.
_BEHALF = re.compile(
    rf"(?:(?<=[\s>\]])(?:{_LONG})|(?<=[>\]])[;,]?\s(?!{_LONG})(?:{_SHORT}))(?=[\s;,:]|\Z)[;,:]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, who sent it for him, and where an answer would go instead."""

    sender: Mailbox | None
    actual_sender: Mailbox | None = None
    reply_to: tuple[Mailbox, ...] = ()


@lru_cache(maxsize=_REMEMBERED)
def author(value: str) -> Author:
    """Read the From line: one mailbox, or "Sender on behalf of Author"."""
    value = _plain(value[: 4 * _LONGEST_ITEM])
    match = _BEHALF.search(value)
    if match is None:
        return Author(None if value.count("@") > 1 and _are_several(value) else mailbox(value))
    agent, writer = mailbox(value[: match.start()].rstrip(" ;,")), mailbox(value[match.end() :])
    if agent is None or writer is None:
        return Author(writer or agent)
    if _is_delegate(agent, writer):
        # A colleague who writes for a nameless shared mailbox is whom we know; answers go to the mailbox.
        return Author(agent, agent, (writer,))
    return Author(writer, agent)


def _are_several(value: str) -> bool:
    return len({box.address for box in mailbox_list(value) if box.address}) > 1


def _is_delegate(agent: Mailbox, writer: Mailbox) -> bool:
    """Tell a person of the same house from a list or robot that passes mail on."""
    local, _, domain = agent.address.partition("@")
    if writer.name or not local or " " not in agent.name or domain != domain_of(writer.address):
        return False
    return not any(word in local for word in _AUTOMATIC)


def _plain(value: str) -> str:
    """Undo what HTML or an archive made of a line, and drop addresses that only Exchange understands."""
    if "&" in value:
        value = _ENTITY.sub(lambda match: _ENTITIES[match[1].lower()], value)
    if any(sign in value for sign in _HIDDEN_SIGNS):
        value = _HIDDEN.sub(r"\1@\2", value)
    return _LEGACY.sub(" ", value) if "/" in value else value


def mailbox_list(value: str) -> tuple[Mailbox, ...]:
    """Read a To, Cc or Reply-To line; a recipient printed without his address keeps his name."""
    return _list(_plain(value)) if value else ()


@lru_cache(maxsize=_REMEMBERED)
def _list(value: str) -> tuple[Mailbox, ...]:
    group = _GROUP.match(value[:_LONGEST_ITEM]) if ":" in value else None
    boxes: list[Mailbox] = []
    for item in _items(value[group.end() :] if group else value):
        for each in _unseparated(item) if item.count("@") > 1 else (item,):
            boxes.extend(box for part in _persons(each) if (box := mailbox(part)))
            if len(boxes) >= _MOST:
                return tuple(dict.fromkeys(boxes))
    return tuple(dict.fromkeys(boxes))


def _unseparated(item: str) -> list[str]:
    """Split what a conversion from HTML left without separators: behind each address that is another."""
    bare = _LINK.sub(" ", _BRACKETED.sub(r" <\1> ", item))
    angles = [match for match in _ANGLE.finditer(bare) if "@" in match[1]]
    if len({match[1].strip().casefold() for match in angles}) > 1:
        ends = [match.end() for match in angles]
        return [bare[start:end] for start, end in pairwise([0, *ends])]
    words = bare.split()
    return words if not angles and all("@" in word[1:-1] for word in words) else [item]


def mailbox(item: str) -> Mailbox | None:
    """Read one mailbox; None where there is neither name nor address."""
    item = _BRACKETED.sub(r" <\1> ", item[:_LONGEST_ITEM])
    bare = _LINK.sub(" ", item)
    if "@" not in bare:
        bare = _LINK.sub(r" <\1> ", item)
    if "@" not in bare or _NOTES.match(bare):
        name = _name(bare)
        return Mailbox(name, "") if name and not bare.rstrip().endswith(":") else None
    start, end, address = _address(bare)
    address = normalise(_SMTP.sub("", address))
    name = _name(bare[:start].removesuffix("mailto:")) or _name(bare[end:])
    if "=?" in name:  # an encoded word (RFC 2047) that some program on the way has left as it was
        name = unstructured(name.encode())
    if "@" in name and address:
        name = _without_address(name, address)
    return Mailbox(name, address) if name or address else None


def _without_address(name: str, address: str) -> str:
    """Take the address out of the name that repeats it: `Jan (jan@x.example)`, `'jan@x.example'`."""
    while (at := name.casefold().find(address)) >= 0:
        before, after = name[:at], name[at + len(address) :]
        while before[-1:] in _AROUND_REPEATED and before and after[:1] == _AROUND_REPEATED[before[-1]]:
            before, after = before[:-1], after[1:]
        name = f"{before.strip(_REPEATED)} {after.strip(_REPEATED)}".strip()
    return "" if "<" in name else name


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
    words = " ".join(_ANGLE.sub(" ", text).replace('\\"', '"').split()).strip(_NAME_EDGE)
    if words[:1] == "(" and words[-1:] == ")" and words.count("(") == 1:
        return words[1:-1].strip(_NAME_EDGE)[:_LONGEST_NAME]  # a comment (RFC 5322 3.2.2)
    for opened, closed in _PAIRS:
        if words.count(opened) != words.count(closed):
            words = words.strip(opened + closed + _NAME_EDGE)
    return words[:_LONGEST_NAME]


def _items(value: str) -> Iterator[str]:
    """Split a list at each semicolon, and at a comma only behind an address: "Last, First" holds one too."""
    item: list[str] = []
    complete = False
    for match in _TOKEN.finditer(value):
        token = match[0]
        if token in {";", "；"} or (token in {",", "，", "、"} and complete):
            yield "".join(item)
            item, complete = [], False
        else:
            item.append(token)
            complete = complete or ("@" in token and token[0] != '"')
    yield "".join(item)


def _persons(item: str) -> list[str]:
    """Part names that stand before the first address: two names of two words each are two persons."""
    if "，" in item or "、" in item:
        item = item.replace("，", ",").replace("、", ",")
    head, at, tail = item.partition("<")
    if not at and "@" in item and '"' not in item:
        return _bare_at_end(item.split(","))
    if '"' in head or "@" in head or "," not in head:
        return [item]
    names = [name.strip() for name in head.split(",")]
    if len([name for name in names if name]) <= _MANY and not all(" " in name for name in names if name):
        return [item]
    return [*names[:-1], f"{names[-1]} {at}{tail}"]


def _bare_at_end(pieces: list[str]) -> list[str]:
    """Part names, each of two words, from a bare address that ends their list."""
    *names, last = pieces
    if not names or "@" not in last or " " in last.strip() or any("@" in name for name in names):
        return [",".join(pieces)]
    whole = len(names) == 1 or all(" " in name.strip() for name in names)
    return [*(names if whole else [",".join(names)]), last]
