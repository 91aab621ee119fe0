"""The reference reader, as shipped, against each thing that can happen to what a viewer sees."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from bccd.model.envelope import Tag, Target
from bccd.model.events import EventKind
from bccd.model.message import Content, Forward, ForwardKind, Mailbox, Message
from bccd.model.plan import Change
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.feed import purge
from bccd.store.uow import Clocked, clocked, transaction
from tests.feed import Follower
from tests.properties.test_pipeline_properties import DIRECTORY, NOW, USERS, Draft, file_all, mail
from tests.store.conftest import on_every_database

pytestmark = on_every_database

ANNA, BERT = 1, 2  # Anna shares by default, Bert does not
DROP = "crm@drop.example"
DEAL = Target("crm+deal20@drop.example", 1, Tag.DEAL, "20")
PLAIN, PRIVATE = Target(DROP, 1), Target("crm+private@drop.example", 1, Tag.PRIVATE)


class Scene:
    """A company, its mail so far, and a follower for each user."""

    def __init__(self, stores: Stores) -> None:
        self.engine = stores.database
        with transaction(self.engine) as connection:
            for table, rows in DIRECTORY.items():
                connection.execute(insert(t.database.tables[table]), rows)
        self.followers = {user: Follower(self.engine, 1, user, page=3) for user in USERS}
        self._count = 0

    def file(self, content: Content, user: int = ANNA, target: Target = PLAIN) -> None:
        """File a forward of a customer's mail as a batch of its own."""
        wrapper = Content(
            Mailbox("", USERS[user]), 1, to=(Mailbox("", DROP),), date=NOW, message_id=f"w{user}@x"
        )
        self._count += 1
        forward = Message(wrapper, forwards=(Forward(ForwardKind.ATTACHED, content, (), 1.0),))
        file_all(self.engine, [mail(self._count, Draft(user, target, forward, held=False))], [])

    def settled(self) -> None:
        """Let everybody catch up and hold what he sees."""
        for follower in self.followers.values():
            follower.catch_up()
            assert follower.held() == follower.truth()

    def seen(self, user: int) -> int:
        """Return how many conversations and messages a user's copy has."""
        return len(self.followers[user].held())


@pytest.fixture
def scene(stores: Stores) -> Iterator[Scene]:
    """Return a company whose followers have read all there is, which is nothing."""
    with ExitStack() as stack:
        made = Scene(stores)
        for follower in made.followers.values():
            stack.callback(follower.close)
        made.settled()
        yield made


def question(number: int = 1, *refs: str, author: str = "jan@customer.example") -> Content:
    """Return a customer's mail."""
    box = Mailbox("", author)
    me = (Mailbox("", USERS[ANNA]),)
    return Content(
        box, 1, to=me, date=NOW, subject="Offer", message_id=f"id{number}@x", references=refs,
        text=f"How much is it, please? {number}", new_text=f"How much is it, please? {number}",
    )  # fmt: skip


def test_new_mail_reaches_who_may_see_it(scene: Scene) -> None:
    """Open mail comes to all, private mail to its owner."""
    scene.file(question(1))
    scene.file(question(2), target=PRIVATE)
    scene.settled()
    assert [scene.seen(user) for user in (ANNA, BERT)] == [4, 2]


def test_a_merge_leaves_nothing_behind(scene: Scene) -> None:
    """The conversation that lost is gone from each copy, its messages stand in the one that stays."""
    scene.file(question(1))
    scene.file(question(2))
    scene.settled()
    before = scene.seen(BERT)
    scene.file(question(3, "id1@x", "id2@x"))
    scene.settled()
    assert (before, scene.seen(BERT)) == (4, 4), "one conversation with three messages"


def test_a_private_copy_that_links_a_message_shows_to_its_other_owner(scene: Scene) -> None:
    """What a second owner does to the message itself is told to the first, who sees its links."""
    unknown = question(author="noreply@customer.example")
    scene.file(unknown, target=PRIVATE)
    scene.settled()
    ((before,),) = [[row for (_, id_), row in scene.followers[ANNA].held().items() if id_]]
    scene.file(unknown, user=BERT, target=DEAL)
    scene.settled()
    ((after,),) = [[row for (_, id_), row in scene.followers[ANNA].held().items() if id_]]
    assert (bool(before["linked"]), bool(after["linked"])) == (False, True)


def test_a_second_owner_who_shares_opens_the_message(scene: Scene) -> None:
    """What was one user's is everyone's, whoever follows."""
    scene.file(question(), user=BERT)
    scene.settled()
    assert scene.seen(ANNA) == 0
    scene.file(question(), user=ANNA)
    scene.settled()
    assert scene.seen(ANNA) == 2


def only(scene: Scene) -> tuple[int, int]:
    """Return the one conversation and its one message."""
    ((conversation, message),) = [key for key in scene.followers[ANNA].held() if key[1]]
    assert message is not None
    return conversation, message


def audiences(work: Clocked, *kept: int) -> None:
    """Leave a conversation's row to these audiences alone."""
    audience = t.conversation_audience
    work.connection.execute(delete(audience).where(audience.c.audience_id.not_in(kept)))


def test_losing_sight_is_told_without_content(scene: Scene) -> None:
    """A message that is made private is gone from the others' copies and stays in its owner's."""
    scene.file(question())
    scene.settled()
    conversation, message = only(scene)
    assert scene.seen(BERT) == 2
    with clocked(scene.engine, 1) as work:
        work.connection.execute(update(t.message).values(shared=False))
        audiences(work, ANNA)
        hidden = Change(EventKind.MESSAGE_HIDDEN, 0, conversation, None, message)
        work.tell([hidden, Change(EventKind.MESSAGE_UPDATED, ANNA, conversation, message)], NOW)
    scene.settled()
    assert [scene.seen(user) for user in (ANNA, BERT)] == [2, 0]


def test_an_erased_message_is_gone_from_every_copy(scene: Scene) -> None:
    """Its last copy was deleted, and with it all that anyone sees."""
    scene.file(question())
    scene.settled()
    conversation, message = only(scene)
    with clocked(scene.engine, 1) as work:
        work.connection.execute(update(t.delivery).values(copy_id=None))
        work.connection.execute(delete(t.message_copy))
        work.connection.execute(update(t.message).values(shared=False))
        audiences(work)
        work.tell([Change(EventKind.MESSAGE_ERASED, 0, conversation, None, message)], NOW)
    scene.settled()
    assert [scene.seen(user) for user in (ANNA, BERT)] == [0, 0]


def toggle(scene: Scene, user: int, *, active: bool) -> None:
    """Let a user leave or come back."""
    with clocked(scene.engine, 1) as work:
        who = (t.app_user.c.company_id == 1) & (t.app_user.c.id == user)
        work.connection.execute(update(t.app_user).where(who).values(active=active))
        work.announce(EventKind.USER_CHANGED, NOW, [user])


def test_a_user_who_left_sees_nothing_and_all_when_he_is_back(scene: Scene) -> None:
    """Whether his reader looked meanwhile or not."""
    scene.file(question(1))
    scene.settled()
    toggle(scene, BERT, active=False)
    scene.settled()
    assert scene.seen(BERT) == 0
    scene.file(question(2))
    toggle(scene, BERT, active=True)
    scene.settled()
    assert scene.seen(BERT) == 4
    toggle(scene, BERT, active=False)
    scene.file(question(3))
    toggle(scene, BERT, active=True)
    scene.settled()
    assert scene.seen(BERT) == 6


def test_who_was_away_for_too_long_reads_everything_anew(scene: Scene) -> None:
    """Behind a purge there is no way through the feed; who has all that was purged goes on with it."""
    scene.file(question(1))
    scene.followers[ANNA].catch_up()
    assert purge(scene.engine, NOW + timedelta(days=1)) > 0
    reread: list[int] = []
    for user, follower in scene.followers.items():
        read_all = follower._reader.read_all

        def noted(bccd: object, copy: object, user: int = user, read_all: object = read_all) -> object:
            reread.append(user)
            return read_all(bccd, copy)  # type: ignore[operator]

        follower._reader.read_all = noted
    scene.file(question(2))
    scene.settled()
    assert BERT in reread
    assert ANNA not in reread
    assert [scene.seen(user) for user in (ANNA, BERT)] == [4, 4]


def test_an_older_database_is_noticed(scene: Scene) -> None:
    """Where a backup was restored the feed ends before the cursor, and everything is read anew."""
    scene.file(question(1))
    scene.settled()
    with transaction(scene.engine) as connection:
        connection.execute(update(t.company_clock).values(change_seq=0))
        connection.execute(delete(t.change))
        connection.execute(update(t.message).values(subject="as it was"))
        connection.execute(update(t.conversation_audience).values(subject="as it was"))
    scene.settled()
    assert {row["subject"] for row in scene.followers[BERT].held().values()} == {"as it was"}


def test_a_reader_that_dies_loses_and_doubles_nothing(scene: Scene) -> None:
    """Copy and cursor are committed as one: what was half done is done again."""
    scene.file(question(1))
    scene.file(question(2))
    follower = scene.followers[BERT]
    before = follower.cursor()
    renew, calls = follower._reader.renew, []

    def dying(*arguments: object) -> None:
        calls.append(arguments)
        renew(*arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt

    follower._reader.renew = dying
    with pytest.raises(KeyboardInterrupt):
        follower.step()
    assert (follower.cursor(), follower.held()) == (before, {})
    follower._reader.renew = renew
    follower.bccd._db.execute("ROLLBACK")
    scene.settled()
    assert scene.seen(BERT) == 4


def numbers(rows: Sequence[dict[str, int]]) -> list[int]:
    """Return the events' numbers."""
    return [row["seq"] for row in rows]


def test_purging_keeps_the_newest_without_a_gap(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """In small transactions, up to the first event that stays, even where one behind it is older."""
    monkeypatch.setattr("bccd.store.feed.BATCH", 2)
    days = [1, 2, 3, 4, 5, 9, 5]
    for day in days:
        with clocked(scene.engine, 1) as work:
            work.announce(EventKind.COMPANY_CHANGED, NOW + timedelta(days=day), [1])
    bccd = scene.followers[ANNA].bccd
    assert purge(scene.engine, NOW + timedelta(days=6)) == 5
    assert numbers(bccd.rows("v1_change")) == [6, 7]
    assert [(row["change_seq"], row["min_seq"]) for row in bccd.rows("v1_feed")] == [(7, 5)]
    assert purge(scene.engine, NOW + timedelta(days=6)) == 0
    assert purge(scene.engine, NOW + timedelta(days=10)) == 2
    assert [(row["change_seq"], row["min_seq"]) for row in bccd.rows("v1_feed")] == [(7, 7)]
