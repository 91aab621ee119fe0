"""The parts of a mail as a plain list, for whoever looks at one: what is where, and what for."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from bccd.mail.attachments import shown_id, shown_name
from bccd.mail.body import read_body
from bccd.mail.decode import transfer_decoded
from bccd.mail.part import Part, filename_of
from bccd.mail.sealed import open_tree


@unique
class Role(StrEnum):
    """What a part is for."""

    TEXT = "text"  # shown as plain text
    HTML = "html"  # shown as HTML, beside a plain form or alone
    CONTAINER = "container"  # a multipart, which only holds others
    MESSAGE = "message"  # a whole mail; its only child is that mail's top part
    INLINE = "inline"  # a picture or the like that the text has in its place
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class PartFacts:
    """One part of the tree, as its own fields declare it."""

    part: str  # as IMAP numbers parts (RFC 9051 6.4.5); not unique, for a message and its multipart share one
    parent: int | None  # index in the list; None for the top part
    depth: int
    role: Role
    media_type: str
    charset: str  # as declared, lower case; may be empty or nonsense
    encoding: str  # "base64", "quoted-printable" or ""
    disposition: str  # the first word, lower case; may be empty
    filename: str  # decoded, made safe for display
    content_id: str  # without angle brackets
    size: int  # octets: decoded of a leaf, as they stand of a multipart or a message


def part_list(raw: bytes) -> tuple[PartFacts, ...]:
    """Return every part of a mail, each before the parts it holds, in the order in which they stand."""
    tree = open_tree(raw)  # stays alive, so that each part keeps its identity
    roles: dict[int, Role] = {}
    found: list[PartFacts] = []
    waiting: list[tuple[Part, int | None]] = [(tree.root, None)]
    while waiting:
        part, parent = waiting.pop()
        if parent is None or found[parent].role is Role.MESSAGE:
            roles |= _shown(part)
        found.append(_facts(part, parent, roles.get(id(part), _role(part))))
        index = len(found) - 1
        waiting += ((child, index) for child in reversed(part.children))
    return tuple(found)


def _shown(top: Part) -> dict[int, Role]:
    """Return what is shown of the mail whose top part this is, by the part's identity."""
    body = read_body(top)
    in_place = {file.part for file in body.attachments if file.shown}
    roles = {id(part): Role.INLINE for part in _leaves(top) if part.number in in_place}
    roles |= {id(part): Role.TEXT for part in body.plain_parts}
    return roles | {id(part): Role.HTML for part in body.html_parts}


def _leaves(top: Part) -> Iterator[Part]:
    """Yield the leaves of one mail, without those of mails inside it."""
    waiting = [top]
    while waiting:
        part = waiting.pop()
        if not part.children:
            yield part
        elif not part.is_message:
            waiting += part.children


def _role(part: Part) -> Role:
    if part.is_message:
        return Role.MESSAGE
    held = part.opened or part.media_type.startswith("multipart/")
    return Role.CONTAINER if held else Role.ATTACHMENT


def _facts(part: Part, parent: int | None, role: Role) -> PartFacts:
    encoded = part.buffer[part.start : part.end]
    size = len(encoded) if part.children else len(transfer_decoded(encoded, part.encoding)[0])
    return PartFacts(
        part=part.number,
        parent=parent,
        depth=part.depth,
        role=role,
        media_type=part.media_type,
        charset=part.params.get("charset", "").lower(),
        encoding=part.encoding,
        disposition=part.disposition,
        filename=shown_name(filename_of(part)),
        content_id=shown_id(part.first(b"content-id")),
        size=size,
    )
