"""All rows that one message writes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from bccd.mail.digest import content_digest
from bccd.model.message import Content
from bccd.model.plan import Step
from bccd.rules.dedupe import id_key, identity_key, weak_key
from benchmarks.population.joining import Filing, join, put_message
from benchmarks.population.links import add_links, deal_links
from benchmarks.population.paper import add_delivery, raw_sha256
from benchmarks.population.people import Party, parties
from benchmarks.population.world import World, stamp

_ATTACHED = 0.12  # the share of messages with files
_HIDDEN = 0.04  # and of outgoing ones with somebody else in Bcc
_AGAINST_TURN = 0.2  # messages of the side that wrote the last one, too
_FILES = (("offer.pdf", "application/pdf"), ("drawing.png", "image/png"), ("list.csv", "text/csv"))
_HEADERS = 2_000  # octets of a mail besides its text


@dataclass(frozen=True, slots=True)
class _Ids:
    """What a message's rows are known by; deliveries and copies in the order of its owners."""

    conversation: int  # which it is part of for now
    message: int
    copies: tuple[int, ...]
    deliveries: tuple[int, ...]


def file_message(world: World, filing: Filing) -> int:
    """Write all rows of a message; returns its id."""
    story, letter, chance = filing.story, filing.letter, world.chance
    sent, at = stamp(filing.sent_at), stamp(filing.received_at)
    incoming = (filing.place % 2 == 1) != (chance.random() < _AGAINST_TURN)
    deliveries = tuple(world.take_delivery() for _ in filing.owners)
    _create_contact(world, filing, deliveries[0], at)
    who = parties(story, chance.random(), incoming=incoming)
    content = _content(filing, who, f"{chance.getrandbits(80):020x}")
    home = join(world, filing, content.message_id, at)
    ids = _Ids(home, world.take_id(), tuple(world.take_id() for _ in filing.owners), deliveries)
    linked = add_links(world, story, ids.message, who, deals=deal_links(story, filing.place, sent), at=at)
    if files := _add_files(world, ids) if chance.random() < _ATTACHED else []:
        content = replace(content, digest=content_digest(letter.body, files))
    _add_participants(world, ids, who, hidden=not incoming and chance.random() < _HIDDEN)
    provenance = "forward_inline" if incoming else "bcc"
    shared = _add_copies(world, filing, ids, provenance, at, linked=linked)
    sender, parents = content.sender or who[0].box, filing.parents()
    row = (
        world.id, ids.message, story.conversation_id, id_key(content), identity_key(content),
        content.message_id, parents[-1] if parents else "", content.subject, story.base,
        "incoming" if incoming else "outgoing", sent, at, sent, sender.address, sender.name, letter.snippet,
        letter.body, letter.new, "", provenance, len(files), _HEADERS + len(letter.body), content.digest,
        shared, linked, False, "\n".join(reversed(parents)), story.address, weak_key(content),
    )  # fmt: skip
    put_message(world, filing, row)
    story.ids.append(content.message_id)
    if shared:
        _note_activity(who, sent)
    return ids.message


def _content(filing: Filing, who: Sequence[Party], name: str) -> Content:
    """Return what identity is worked out from."""
    story = filing.story
    sender = next(party.box for party in who if party.role == "from")
    prefix = story.tongue.reply_prefix[0] if filing.place else ""
    return Content(
        sender=sender,
        to=tuple(party.box for party in who if party.role == "to"),
        cc=tuple(party.box for party in who if party.role == "cc"),
        date=filing.sent_at,
        subject=prefix + story.subject,
        message_id=f"{name}@{sender.address.rpartition('@')[2]}",
        digest=filing.letter.digest,
        weak_text=filing.letter.weak,
    )


def _create_contact(world: World, filing: Filing, delivery_id: int, at: str) -> None:
    """Make a contact of a person that nobody knew (rules.md 6.5), unless it is a firm's common address."""
    person, submitter = filing.story.customer, filing.owners[0][0]
    if person.contact_id is not None or person.firm is not None:
        return
    person.contact_id = world.take_id()
    person.created = (at, delivery_id, submitter.id)
    world.people.append(person)
    world.rows["contact_address"].append((world.id, person.addresses[0], person.contact_id, True))
    world.announce(at, "contact.added", 0, None, None, None, person.contact_id)


def _add_files(world: World, ids: _Ids) -> list[bytes]:
    """Write some attachments; returns their digests."""
    found, raw = [], raw_sha256(world, ids.deliveries[0])
    for number in range(world.chance.choice((1, 1, 1, 2, 3))):
        name, media_type = world.chance.choice(_FILES)
        sha256 = hashlib.sha256(f"{name}{world.chance.randrange(50_000)}".encode()).digest()
        size = world.chance.randrange(5_000, 500_000)
        world.rows["attachment"].append((
            world.id, ids.message, str(number + 2), name, media_type, "attachment", "", size, sha256, raw,
            _HEADERS, _HEADERS + size * 4 // 3, "base64",
        ))  # fmt: skip
        found.append(sha256)
    return found


def _add_participants(world: World, ids: _Ids, who: Iterable[Party], *, hidden: bool) -> None:
    rows = world.rows["participant"]
    for party in who:
        user_id = party.user.id if party.user is not None else None
        rows.append((
            world.id, ids.message, party.role, party.pos, 0, party.box.address, party.box.name,
            party.verdict, party.contact_id, user_id,
        ))  # fmt: skip
    if hidden:
        address = f"hidden{ids.message}@elsewhere.example"
        rows.append((world.id, ids.message, "bcc", 0, ids.copies[0], address, "", "unknown", None, None))


def _add_copies(world: World, filing: Filing, ids: _Ids, provenance: str, at: str, *, linked: bool) -> bool:
    """Write a copy and a delivery for each owner, in turn; returns whether some copy is shared."""
    shared = False
    for place, (user, private) in enumerate(filing.owners):
        copy_id, delivery_id = ids.copies[place], ids.deliveries[place]
        world.rows["message_copy"].append((
            world.id, copy_id, ids.message, user.id, delivery_id, provenance,
            "private" if private else "shared", "", raw_sha256(world, delivery_id), at,
        ))  # fmt: skip
        opens = linked and not private and not shared
        world.announce(at, "message.added", 0 if opens else user.id, ids.conversation, ids.message, user.id)
        shared = shared or not private
        outcome = ("filed", "owner_added" if place else "", ids.message, copy_id)
        add_delivery(world, delivery_id, user, at, outcome=outcome, steps=_steps(filing))
    return shared


def _steps(filing: Filing) -> tuple[Step, ...]:
    """Return what the decision record always says."""
    return (
        Step("submitter", filing.story.owner.address, "proven", "the peer is in a trusted network"),
        Step("match", filing.story.address, "looked up", "exact address"),
        Step(
            "conversation", f"conversation {filing.story.conversation_id}", "joined", "a message shares an id"
        ),
    )


def _note_activity(who: Iterable[Party], sent: str) -> None:
    """Private mail leaves no trace in the directory, shared mail does."""
    for party in who:
        person = party.person
        if person is not None and person.contact_id is not None:
            person.last_activity_at = max(sent, person.last_activity_at or sent)
