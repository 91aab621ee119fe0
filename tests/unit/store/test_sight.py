"""What one audience sees of a conversation, as one message after the other is added."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bccd.store.sight import Sight, add
from bccd.testing.build import NOON


@dataclass
class Mail:
    """A row of a message, as the store reads it."""

    id: int
    minute: int
    direction: str = "incoming"
    auto_kind: str = ""
    provenance: str = "bcc"
    linked: bool = True
    choice: bool = False
    snippet: str = ""

    @property
    def subject(self) -> str:
        return f"subject {self.id}"

    @property
    def sort_at(self) -> datetime:
        return NOON + timedelta(minutes=self.minute)


def seen(*mails: Mail) -> Sight | None:
    """Add mails one after the other; None as soon as one cannot be added by itself."""
    sight: Sight | None = None
    for mail in mails:
        sight = add(sight, mail, is_new=False, own=True)
        if sight is None:
            return None
    return sight


def waiting(*mails: Mail) -> int | None:
    """Return the minute since when somebody waits."""
    sight = seen(*mails)
    assert sight is not None
    return None if sight.waiting_since is None else int((sight.waiting_since - NOON).total_seconds() // 60)


def test_the_oldest_question_waits() -> None:
    """A later one, mail of machines and old mail do not move it; one that comes late but is older does."""
    assert waiting(Mail(1, 3), Mail(2, 5)) == 3
    assert waiting(Mail(1, 3), Mail(2, 1)) == 1
    assert waiting(Mail(1, 3, auto_kind="auto_reply")) is None
    assert waiting(Mail(1, 3, direction="internal")) is None
    assert waiting(Mail(1, 3, provenance="import")) is None


def test_an_answer_ends_the_waiting() -> None:
    """What came after the last answer waits, at the same moment it does not."""
    assert waiting(Mail(1, 3), Mail(2, 4, "outgoing")) is None
    assert waiting(Mail(1, 3), Mail(2, 3, "outgoing")) is None
    assert waiting(Mail(1, 3), Mail(2, 4, "outgoing"), Mail(3, 6)) == 6
    assert waiting(Mail(1, 3), Mail(2, 4, "outgoing"), Mail(3, 2)) is None
    assert waiting(Mail(1, 3), Mail(2, 2, "outgoing")) == 3


def test_an_answer_between_questions_needs_all_messages() -> None:
    """Which question came first after it is not known from the row alone."""
    assert seen(Mail(1, 1), Mail(2, 5), Mail(3, 3, "outgoing")) is None


@pytest.mark.parametrize("minutes", [(1, 2), (2, 1)])
def test_the_newest_message_gives_subject_and_place(minutes: tuple[int, int]) -> None:
    """Whatever order they come in."""
    first, second = Mail(1, minutes[0]), Mail(2, minutes[1])
    newest = max(first, second, key=lambda mail: mail.minute)
    sight = seen(first, second)
    assert sight is not None
    assert (sight.subject, sight.last_at, sight.last_message_id) == (
        newest.subject,
        newest.sort_at,
        newest.id,
    )
    assert sight.message_count == 2


def test_counts_tell_what_is_to_be_done() -> None:
    """New to the viewer, linked to nothing and his, a suggestion that waits."""
    sight = add(None, Mail(1, 1, linked=False), is_new=True, own=True)
    sight = add(sight, Mail(2, 2, linked=False), is_new=True, own=False)
    sight = add(sight, Mail(3, 3, choice=True), is_new=False, own=True)
    assert sight is not None
    assert (sight.unseen, sight.unlinked, sight.needs_choice, sight.linked) == (2, 1, True, True)
