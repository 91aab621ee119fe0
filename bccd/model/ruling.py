"""What a user has said about a mail that waited for him."""

from dataclasses import dataclass

from bccd.model.message import Mailbox


@dataclass(frozen=True, slots=True)
class Ruling:
    """One user's word on one delivery; decide() obeys it where he is the one it waited for."""

    actor_id: int
    release: bool = False  # it may be filed: "it was me", or a customer's own mail
    author: Mailbox | None = None  # who wrote the original that could not be read
    recipients: tuple[Mailbox, ...] = ()  # whom a mail without visible recipients went to
