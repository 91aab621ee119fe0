"""One command that is being carried out: where its edits write, and what is left to do once they stand."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bccd.rules.signing import Signer
from bccd.store.uow import Clocked
from bccd.store.watch import Watched


@dataclass(frozen=True, slots=True)
class Gone:
    """A mail that is to vanish from the spool, too, with its octets unless others need them."""

    delivery_id: int
    raw_sha256: bytes


@dataclass(slots=True)
class Editing:
    """A command's transaction, under the company's clock."""

    work: Clocked
    now: datetime
    actor_id: int
    kind: str
    watched: Watched
    signer: Signer | None = None  # by whom links and codes are made
    answered: dict[str, object] = field(default_factory=dict)  # besides what the rule answers
    gone: list[Gone] = field(default_factory=list)
    released: list[int] = field(default_factory=list)  # deliveries that go back into the queue

    @property
    def connection(self) -> Connection:
        """The transaction."""
        return self.work.connection

    @property
    def company_id(self) -> int:
        """The company."""
        return self.work.company_id
