"""What a notice asks its user, what he may answer, and what stood before he did."""

from dataclasses import dataclass, field
from datetime import datetime

from bccd.model.plan import LinkOrigin, LinkState


@dataclass(frozen=True, slots=True)
class Question:
    """To which of these deals a conversation belongs; its message is the one that was asked about."""

    conversation_id: int
    message_id: int
    deals: tuple[int, ...]  # as they are offered, the most likely first


@dataclass(frozen=True, slots=True)
class Offered:
    """What the numbers in a notice stand for: column `outbox.offered`, as JSON.

    Numbers run on from question to question: of two with three deals each, 4 is the first deal of the second.
    """

    questions: tuple[Question, ...] = ()
    of: int = 0  # the notice whose questions are meant, where this one tells what became of an answer to it

    def numbered(self) -> dict[int, tuple[Question, int]]:
        """Return what each number stands for: a question, and the deal that answers it."""
        every = [(question, deal) for question in self.questions for deal in question.deals]
        return dict(enumerate(every, 1))


@dataclass(frozen=True, slots=True)
class LinkBefore:
    """A link as it stood."""

    state: LinkState
    origin: LinkOrigin
    rule: str
    scope: str  # a LinkScope
    actor_id: int | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """The link of a message to a deal that an answer has set: to what state, and what stood there."""

    message_id: int
    deal_id: int
    state: LinkState
    was: LinkBefore | None  # None: there was no link


@dataclass(frozen=True, slots=True)
class Answered:
    """The last answer to a notice, until it is taken back: column `outbox.answered`, as JSON."""

    actor_id: int
    at: datetime
    links: tuple[Turned, ...]


@dataclass(frozen=True, slots=True)
class StandingNotice:
    """A notice of the actor's, as a command finds it."""

    id: int  # the one that asked, whichever of the mails about it was answered
    offered: Offered = field(default_factory=Offered)
    answered: Answered | None = None
    about: str = ""  # the subject of the mail that it speaks of
    message_id: int | None = None
