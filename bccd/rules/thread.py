"""Tokens to conversations: connected components, whatever the order of arrival (data.md 1)."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from hashlib import blake2b

from msgspec.structs import replace

from bccd.mail.addresses import domain_of
from bccd.mail.domains import registered_domain, telling_domains
from bccd.mail.subject import base_subject
from bccd.model.message import Content
from bccd.model.strand import Strand, Ties, Token
from bccd.rules.direction import Reading

RECIPE = "2"  # part of every token; a new recipe means `rethread`
MAX_REFERENCES = 99  # of References, the first one and the last ones
_GUID = 16  # octets of a Thread-Index that name a conversation
MARK = b"\0" * 8  # the scope under which a broadcast makes itself known


def strand(reading: Reading, message_id: int = 0, conversation_id: int = 0) -> Strand:
    """Return what ties a reading to others.

    A filing forward's own id is no part of it: nobody answers it (decisions.md 5).
    """
    content, wrapper, reported = reading.content, reading.wrapper, reading.content.reported
    own, named = _ids(content, wrapper)
    return Strand(
        message_id,
        conversation_id,
        own,
        named,
        content.thread_index or (wrapper.thread_index if wrapper else b""),
        content.calendar_uid,
        tuple(sorted({box.address for box in reading.main})),
        base_subject((reported.subject if reported else "") or content.subject),
        content.broadcast,
    )


def _ids(content: Content, wrapper: Content | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a content's own ids and those that it names, the nearest first, each once."""
    own = tuple(filter(None, (content.message_id, *content.other_ids)))
    named = (*content.in_reply_to, *_capped(content.references)[::-1])
    if wrapper:  # clients put the original's id into the forward's In-Reply-To and References
        named = (*named, *wrapper.in_reply_to, *_capped(wrapper.references)[::-1])
    if reported := content.reported:  # a report belongs to the mail that it is about
        named = (reported.message_id, *reported.references, *named)
    parents = dict.fromkeys(named)
    for id_ in ("", *own):
        parents.pop(id_, None)
    return own, tuple(parents)


def united(mine: Strand, own: tuple[str, ...], stored: Ties) -> Strand:
    """Return what ties a stored message once a further copy has come, whichever of the two came first."""
    named = (*stored.refs.split("\n"), *mine.own_ids, *mine.parents)
    return replace(
        mine,
        own_ids=own,
        parents=tuple(id_ for id_ in dict.fromkeys(named) if id_ and id_ not in own),
        thread_index=b"".join(sorted({*_guids(mine.thread_index), *_guids(stored.thread_index)})),
        calendar_uid="\n".join(sorted({*_lines(mine.calendar_uid), *_lines(stored.calendar_uid)})),
        parties=tuple(sorted({*mine.parties, *_lines(stored.parties)})),
        broadcast=mine.broadcast or stored.broadcast,
    )


def ties_of(strand: Strand) -> Ties:
    """Return what is stored of a strand, its own ids aside."""
    parents, parties = "\n".join(strand.parents), "\n".join(strand.parties)
    return Ties(parents, strand.thread_index, strand.calendar_uid, parties, strand.broadcast)


def names_of(ties: Ties) -> frozenset[bytes]:
    """Return the first halves of all tokens to which a stored message may come by a further copy."""
    return names(Strand(0, 0, (), _lines(ties.refs), ties.thread_index, ties.calendar_uid))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("\n")))


def _guids(octets: bytes) -> list[bytes]:
    return [octets[at : at + _GUID] for at in range(0, len(octets), _GUID)]


def names(strand: Strand) -> frozenset[bytes]:
    """Return the first halves of all tokens: what must be looked up."""
    return _names((*strand.own_ids, *strand.parents), strand.thread_index, strand.calendar_uid)


def possible_names(content: Content, wrapper: Content | None) -> frozenset[bytes]:
    """Return the names of every strand that a content may have, in whichever way it is read."""
    own, named = _ids(content, wrapper)
    index = content.thread_index or (wrapper.thread_index if wrapper else b"")
    return _names((*own, *named), index, content.calendar_uid)


def _names(ids: Iterable[str], thread_index: bytes, calendar_uids: str) -> frozenset[bytes]:
    found = [_name("id", value) for value in ids]
    if thread_index:
        found += [_name("ti", guid.hex()) for guid in _guids(thread_index)]
    if calendar_uids:
        found += [_name("ical", uid) for uid in _lines(calendar_uids)]
    return frozenset(found)


def id_names(ids: Iterable[str]) -> frozenset[bytes]:
    """Return the names under which mails with these ids are known."""
    return frozenset(_name("id", value) for value in ids)


def own_names(strand: Strand) -> frozenset[bytes]:
    """Return the names under which others may answer it."""
    return frozenset(_name("id", value) for value in strand.own_ids)


def tokens(
    strand: Strand, *, split_on_subject: bool, broadcasts: Collection[bytes] = (), salt: int = 0
) -> tuple[Token, ...]:
    """Return the tokens that join this message to others, sorted.

    `broadcasts` names the mails that went to many, `salt` the group that a user split off.
    """
    base = strand.base if split_on_subject else ""
    apart = str(salt) if salt else ""
    whole = _scope(base, "", apart)
    found: set[Token] = set()
    for value in (*strand.own_ids, *strand.parents):
        name = _name("id", value)
        if strand.broadcast and value in strand.own_ids:
            found |= {(name, MARK), (name, _scope(base, _alone(strand), apart))}
        elif name in broadcasts:
            found |= {(name, _scope(base, _side(party), apart)) for party in strand.parties}
        else:
            found.add((name, whole))
    for guid in _guids(strand.thread_index) if strand.thread_index else ():
        # Outlook reuses Thread-Index for copied templates, so it counts only between the same people.
        name = _name("ti", guid.hex())
        found |= {(name, _scope(base, party, apart)) for party in strand.parties}
    if strand.calendar_uid:
        alike = _scope("", "", apart)
        found |= {(_name("ical", uid), alike) for uid in _lines(strand.calendar_uid)}
    return tuple(sorted(found))


def _alone(strand: Strand) -> str:
    """Return the party that a broadcast is tied to: one recipient may answer it, of many none is meant."""
    return _side(strand.parties[0]) if len(strand.parties) == 1 else "*"


def _side(address: str) -> str:
    """Return whose answers belong together: a firm's by its domain, of free mail each person's."""
    domain = domain_of(address)
    return registered_domain(domain) if telling_domains(domain) else address


def _capped(references: tuple[str, ...]) -> tuple[str, ...]:
    return references if len(references) <= MAX_REFERENCES else (references[0], *references[-MAX_REFERENCES:])


@lru_cache(maxsize=1_024)  # filing asks five times for each id of a mail
def _name(kind: str, value: str) -> bytes:
    return _hash(kind, value, size=16)


def _scope(base: str, party: str, apart: str) -> bytes:
    return _hash(party + ("\x1e" + apart if apart else ""), base, size=8)


def _hash(*parts: str, size: int) -> bytes:
    text = "\x1f".join((RECIPE, *parts))
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()
