"""A mail corpus from a seed: who writes, what, to whom, and which earlier mail it answers.

40 % new mail, 40 % replies, 15 % forwards (inline in the forms of Outlook and Gmail, English and Polish, or
attached), 5 % with attachments; text and HTML, 15 KB on average. Written to a folder once.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import company as company_module
from benchmarks import forwards, render
from benchmarks import words as words_module
from benchmarks.company import ADDRESS, Company, Person, document, make_company
from benchmarks.forwards import Original
from benchmarks.render import Draft, File, as_html
from benchmarks.words import ENGLISH, POLISH, Tongue

SHARES = (("new", 8), ("reply", 8), ("forward", 3), ("attachment", 1))  # of every 20 mails
_CLIENTS = ("outlook",) * 9 + ("gmail",) * 7 + ("apple",) * 2 + ("thunderbird",) * 2
_START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_REMEMBERED = 500  # how many conversations are alive at once
_QUOTED = 12_000  # characters of history that a reply carries along at most
_STRANGER = 0.1  # the share of new mail to somebody the directory does not hold


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail of the corpus."""

    kind: str
    sender: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """Mails in the order of their dates, and the directory they are matched against."""

    recipient: str
    directory: dict[str, Any]
    samples: tuple[Sample, ...]


def kinds(chance: Random, count: int) -> list[str]:
    """Deal out the shares exactly, in an order that starts with new mail."""
    dealt: list[str] = []
    while len(dealt) < count:
        block = [kind for kind, share in SHARES for _ in range(share)]
        chance.shuffle(block)
        dealt += block
    first = dealt.index("new")
    dealt[0], dealt[first] = dealt[first], dealt[0]
    return dealt[:count]


class Writer:
    """Makes up one mail after the other, from a moment on; mails that are `alive` are answered as well."""

    def __init__(
        self,
        chance: Random,
        company: Company,
        address: str = ADDRESS,
        alive: Iterable[Draft] = (),
        now: datetime = _START,
    ) -> None:
        self._chance = chance
        self._company = company
        self._drop = Person("", "", (address,))
        self._alive: deque[Draft] = deque(alive, maxlen=_REMEMBERED)
        self._now = now
        self._make = {
            "new": self._new,
            "attachment": self._with_files,
            "reply": self._reply,
            "forward": self._forward,
        }

    def write(self, kind: str) -> Sample:
        """Make up a mail of a kind."""
        self._now += timedelta(seconds=self._chance.randrange(5, 300))
        draft = self._make[kind]()
        if kind != "forward":
            self._alive.append(draft)
        return Sample(kind, draft.sender.address, render.render(self._chance, draft))

    def _new(self) -> Draft:
        chance = self._chance
        tongue = chance.choice((ENGLISH, POLISH))
        sender = chance.choice(self._company.users)
        people = self._company.strangers if chance.random() < _STRANGER else self._company.contacts
        to = tuple(chance.sample(people, chance.choice((1, 1, 1, 1, 2, 3))))
        cc = tuple(chance.sample(self._company.users, chance.choice((0, 0, 0, 1, 2))))
        client = _client_of(sender)
        paragraphs = self._paragraphs(tongue, sender, to[0])
        return Draft(
            client=client,
            tongue=tongue,
            sender=sender,
            to=to,
            cc=cc,
            subject=f"{chance.choice(tongue.subjects)} {chance.randrange(1, 10_000)}",
            date=self._now,
            message_id=self._message_id(sender.address),
            in_reply_to="",
            references=(),
            thread=chance.randbytes(16),
            text="\n\n".join(paragraphs) + "\n",
            html=as_html(client, paragraphs, tongue),
        )

    def _with_files(self) -> Draft:
        chance = self._chance
        name, media_type = chance.choice(
            (
                ("offer.pdf", "application/pdf"),
                ("rysunek część 2.pdf", "application/pdf"),
                ("prices.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
                ("photo.jpeg", "image/jpeg"),
            )
        )
        files = (File(name, media_type, chance.randbytes(int(chance.triangular(5_000, 90_000, 25_000)))),)
        return replace(self._new(), files=files)

    def _reply(self) -> Draft:
        """Answer an earlier mail, or the customer's answer to it, which the corpus does not hold."""
        chance = self._chance
        parent = chance.choice(self._alive)
        other = parent.to[0]
        references = (*parent.references, parent.message_id)
        in_reply_to = parent.message_id
        if chance.random() < 0.5:  # noqa: PLR2004 - heads or tails
            in_reply_to = self._message_id(other.address)
            references = (*references, in_reply_to)
        paragraphs = self._paragraphs(parent.tongue, parent.sender, other)
        quote = forwards.quote(parent)
        subject = parent.subject
        if not subject.startswith(parent.tongue.reply_prefix):
            subject = chance.choice(parent.tongue.reply_prefix) + subject
        return replace(
            parent,
            subject=subject,
            date=self._now,
            message_id=self._message_id(parent.sender.address),
            in_reply_to=in_reply_to,
            references=references[:1] + references[1:][-8:],
            text="\n\n".join(paragraphs) + "\n\n" + quote.text[:_QUOTED],
            html=as_html(parent.client, paragraphs, parent.tongue) + quote.html[: 3 * _QUOTED],
            files=(),
        )

    def _forward(self) -> Draft:
        """Forward a customer's mail to the company address, half of the time an answer to earlier mail."""
        chance = self._chance
        about = chance.choice(self._alive)
        tongue, customer, user = about.tongue, about.to[0], about.sender
        answers = chance.random() < 0.5  # noqa: PLR2004 - heads or tails
        paragraphs = self._paragraphs(tongue, customer, user)
        original = Draft(
            client=chance.choice(_CLIENTS),
            tongue=tongue,
            sender=customer,
            to=(user,),
            cc=(),
            subject=about.subject
            if answers
            else f"{chance.choice(tongue.subjects)} {chance.randrange(1, 10_000)}",
            date=self._now - timedelta(minutes=chance.randrange(3, 3_000)),
            message_id=self._message_id(customer.address),
            in_reply_to=about.message_id if answers else "",
            references=(*about.references, about.message_id) if answers else (),
            thread=about.thread,
            text="\n\n".join(paragraphs) + "\n",
            html=as_html("gmail", paragraphs, tongue),
        )
        note = [f"{chance.choice(tongue.hello)},", self._sentences(tongue, 1), user.name]
        style = chance.choice(forwards.STYLES)
        body = forwards.forward(style, Original(original, note))
        return Draft(
            client="gmail" if style == "gmail" else "outlook",
            tongue=tongue,
            sender=user,
            to=(self._drop,),
            cc=(),
            subject=body.subject,
            date=self._now,
            message_id=self._message_id(user.address),
            in_reply_to=original.message_id,
            references=(*original.references, original.message_id),
            thread=about.thread,
            text=body.text,
            html=body.html,
            attached=render.render(chance, original) if style == "attached" else b"",
        )

    def _message_id(self, address: str) -> str:
        return f"<{self._chance.randbytes(14).hex()}@{address.rpartition('@')[2]}>"

    def _paragraphs(self, tongue: Tongue, sender: Person, reader: Person) -> list[str]:
        chance = self._chance
        count = 1 + min(20, int(chance.expovariate(1 / 5)))
        body = [self._sentences(tongue, chance.randrange(1, 6)) for _ in range(count)]
        hello = f"{chance.choice(tongue.hello)} {reader.name.partition(' ')[0]},"
        return [
            hello,
            *body,
            f"{chance.choice(tongue.bye)},",
            sender.name,
            f"{sender.address} | +48 22 555 01 23",
        ]

    def _sentences(self, tongue: Tongue, count: int) -> str:
        chance = self._chance
        lines = (" ".join(chance.choices(tongue.words, k=chance.randrange(5, 16))) for _ in range(count))
        return " ".join(f"{line[0].upper()}{line[1:]}." for line in lines)


def _client_of(person: Person) -> str:
    """Everybody keeps to one client."""
    return _CLIENTS[hashlib.sha256(person.address.encode()).digest()[0] % len(_CLIENTS)]


def generate(count: int, seed: int) -> Corpus:
    """Make a corpus; the same arguments give the same octets."""
    chance = Random(seed)
    company = make_company(chance)
    writer = Writer(chance, company)
    samples = tuple(writer.write(kind) for kind in kinds(chance, count))
    return Corpus(ADDRESS, document(company), samples)


def _sources() -> Iterator[bytes]:
    for module in (company_module, forwards, render, words_module):
        yield Path(str(module.__file__)).read_bytes()
    yield Path(__file__).read_bytes()


def stored(folder: Path, count: int, seed: int) -> Path:
    """Return the folder that holds a corpus, made now unless this very code made it before."""
    code = hashlib.sha256(b"".join(_sources())).hexdigest()[:12]
    place = folder / f"bench-corpus-{count}-{seed}-{code}"
    if not (place / "index.json").exists():
        place.mkdir(parents=True, exist_ok=True)
        save(generate(count, seed), place)
    return place


def save(corpus: Corpus, place: Path) -> None:
    """Write a corpus: all mails in one file, and beside it whose they are and how long."""
    (place / "mails.bin").write_bytes(b"".join(sample.raw for sample in corpus.samples))
    (place / "directory.json").write_text(json.dumps(corpus.directory, indent=1), encoding="utf-8")
    mails = [[sample.kind, sample.sender, len(sample.raw)] for sample in corpus.samples]
    index = {"recipient": corpus.recipient, "mails": mails}
    (place / "index.json").write_text(json.dumps(index), encoding="utf-8")


def load(place: Path) -> tuple[str, list[Sample]]:
    """Read what save() wrote: the address to send to, and the mails."""
    index = json.loads((place / "index.json").read_text(encoding="utf-8"))
    octets = (place / "mails.bin").read_bytes()
    samples, start = [], 0
    for kind, sender, size in index["mails"]:
        samples.append(Sample(kind, sender, octets[start : start + size]))
        start += size
    return index["recipient"], samples
