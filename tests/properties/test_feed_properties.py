"""Whatever happens, in whatever batches: who follows the feed holds what he may see, no more and no less."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, update

from bccd.model.command import Command
from bccd.model.events import EventKind
from bccd.store import migrate
from bccd.store import tables as t
from bccd.store.commands import Commands
from bccd.store.engine import Stores, open_engine, reading
from bccd.store.feed import purge
from bccd.store.postgresql import normal_url
from bccd.store.uow import clocked, transaction
from bccd.testing.build import SIGNER
from tests.examples import some
from tests.feed import Follower
from tests.properties.test_pipeline_properties import (
    DIRECTORY,
    MEMORY,
    NOW,
    USERS,
    Draft,
    file_all,
    mail,
    some_drafts,
)
from tests.server import Server

Open = Callable[[], AbstractContextManager[Stores]]


def _make(folder: Path, url: str = "") -> None:
    """Migrate a database and put a small company in."""
    config: Any = SimpleNamespace(data_dir=folder, database=SimpleNamespace(url=url))
    migrate.upgrade(config)
    engine = open_engine(normal_url(url) if url else f"sqlite:///{folder / 'bccd.db'}")
    with transaction(engine) as connection:
        for table, rows in DIRECTORY.items():
            connection.execute(insert(t.database.tables[table]), rows)
    engine.dispose()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Return what opens a company in SQLite."""
    template = tmp_path_factory.mktemp("template")
    _make(template)

    @contextmanager
    def fresh() -> Iterator[Stores]:
        with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            names = ("bccd.db", "spool.db")
            for name in names:
                copyfile(template / name, Path(folder) / name)
            database, spool = (open_engine(f"sqlite:///{folder}/{name}") for name in names)
            stores = Stores(database, spool, Path(folder))
            yield stores
            stores.close()

    return fresh


@pytest.fixture(scope="module")
def postgresql(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Return what opens a company in PostgreSQL."""
    folder = tmp_path_factory.mktemp("template")
    with server.database() as template:
        _make(folder, server.url(template))

        @contextmanager
        def fresh() -> Iterator[Stores]:
            with server.database(template) as name:
                engine = open_engine(normal_url(server.url(name)))
                yield Stores(engine, engine, folder)
                engine.dispose()

        yield fresh


# What users command, about two messages and their conversations.
COMMANDS: dict[str, Callable[[list[Any]], dict[str, Any]]] = {
    "link.set": lambda found: {"message": found[0].id, "deal": 20},
    "link.reject": lambda found: {"message": found[0].id, "contact": 10},
    "link.move": lambda found: {"message": found[0].id, "from": 20, "to": 21},
    "choice.resolve": lambda found: {"conversation": found[0].conversation_id, "deal": 21},
    "message.share": lambda found: {"message": found[0].id},
    "message.private": lambda found: {"message": found[0].id},
    "copy.delete": lambda found: {"message": found[0].id},
    "conversation.merge": lambda found: {"conversations": sorted({one.conversation_id for one in found})},
    "conversation.split": lambda found: {"messages": [found[0].id]},
    "state.set": lambda found: {"message": found[0].id, "seen": True, "flagged": True},
}
# What happens between two looks of the followers: so many mails, a user comes or goes, events are deleted, or
# a user commands something about some of the messages.
Wish = tuple[str, int, int, int]
Move = int | str | Wish
wishes = st.tuples(
    st.sampled_from(sorted(COMMANDS)), st.sampled_from([*USERS]), st.integers(0, 9), st.integers(0, 9)
)
moves = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 4), wishes, wishes, wishes, st.sampled_from(["user", "purge"])),
        st.sets(st.sampled_from([*USERS])),
    ),
    max_size=12,
)


def toggle(engine: Engine, user: int) -> None:
    """Let a user leave, or come back, as a directory load does it."""
    with clocked(engine, 1) as work:
        who = (t.app_user.c.company_id == 1) & (t.app_user.c.id == user)
        active = work.connection.execute(select(t.app_user.c.active).where(who)).scalar_one()
        work.connection.execute(update(t.app_user).where(who).values(active=not active))
        work.announce(EventKind.USER_CHANGED, NOW, [user])


def command(stores: Stores, number: int, wish: Wish) -> None:
    """Have a user's wish done, or refused, about two messages, whether he sees them or not."""
    kind, actor, *places = wish
    with reading(stores.database) as connection:
        found = connection.execute(
            select(t.message.c.id, t.message.c.conversation_id).order_by(t.message.c.id)
        ).all()
    if found:
        args = COMMANDS[kind]([found[place % len(found)] for place in places])
        commands = Commands(stores, lambda: NOW, SIGNER)
        commands.submit(1, [Command(f"c{number}", actor, kind, json.dumps(args))])


def following_is_enough(
    company: Open, drafts: list[Draft], moves: list[tuple[Move, set[int]]], page: int
) -> None:
    """Let each user follow, now and then, and compare in the end."""
    mails = [mail(number, draft) for number, draft in enumerate(drafts, 1)]
    with company() as stores, ExitStack() as stack:
        engine = stores.database
        followers = {user: Follower(engine, 1, user, page=page) for user in USERS}
        for follower in followers.values():
            stack.callback(follower.close)
        for number, (move, looking) in enumerate([*moves, (len(mails), set(USERS))]):
            if move == "user":
                toggle(engine, 1 + number % len(USERS))
            elif move == "purge":
                purge(engine, NOW + timedelta(days=1))
            elif isinstance(move, tuple):
                command(stores, number, move)
            elif isinstance(move, int) and mails:
                batch, mails = mails[:move], mails[move:]
                file_all(engine, batch, [])
            for user in looking:
                followers[user].step()
        for follower in followers.values():
            follower.catch_up()
            assert follower.held() == follower.truth()


FOLLOWED = given(some_drafts(), moves, st.integers(1, 5))


@some(12)
@FOLLOWED
def test_who_follows_holds_what_he_may_see(
    sqlite: Open, drafts: list[Draft], moves: list[tuple[Move, set[int]]], page: int
) -> None:
    """Mail, commands, users that come and go, purges: the reference reader's copy is what the views show."""
    following_is_enough(sqlite, drafts, moves, page)


@pytest.mark.db
@some(4)
@FOLLOWED
def test_who_follows_on_postgresql_holds_what_he_may_see(
    postgresql: Open, drafts: list[Draft], moves: list[tuple[Move, set[int]]], page: int
) -> None:
    """The same holds there."""
    following_is_enough(postgresql, drafts, moves, page)


def events(engine: Engine) -> list[tuple[Any, ...]]:
    """Return the whole feed in its order."""
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(select(t.change).order_by(t.change.c.seq))]


@some(10)
@given(some_drafts(), st.lists(st.integers(1, 4), max_size=9))
def test_batches_do_not_show_in_the_feed(sqlite: Open, drafts: list[Draft], sizes: list[int]) -> None:
    """One by one or in batches: the same events under the same numbers."""
    mails = [mail(number, draft) for number, draft in enumerate(drafts, 1)]
    with sqlite() as one_by_one, sqlite() as in_batches:
        file_all(one_by_one.database, mails, [1] * len(mails))
        file_all(in_batches.database, mails, sizes)
        assert events(in_batches.database) == events(one_by_one.database)


ABOUT_MESSAGES = {"message.added", "message.updated", "link.changed"}
WITHOUT_CONTENT = {"conversation.merged", "conversation.split", "contact.added"}


@some(12)
@given(some_drafts())
def test_no_event_tells_of_mail_that_its_reader_may_not_see(sqlite: Open, drafts: list[Draft]) -> None:
    """Messages that he sees, actors who share, file for him or are himself, deliveries of his own or of his
    team; else nothing but ids."""
    with sqlite() as stores, ExitStack() as stack:
        file_all(stores.database, [mail(number, draft) for number, draft in enumerate(drafts, 1)], [2, 1, 3])
        with reading(stores.database) as connection:
            owned = connection.execute(select(t.message_copy)).all()
            of = dict(connection.execute(select(t.delivery.c.id, t.delivery.c.user_id)).all())
            teams = connection.execute(select(t.team_member)).all()
        sharing = {(copy.message_id, copy.owner_id) for copy in owned if copy.sharing == "shared"}
        for viewer in USERS:
            follower = Follower(stores.database, 1, viewer)
            stack.callback(follower.close)
            seen = {row["message_id"] for row in follower.bccd.rows("v1_message")}
            for event in follower.bccd.rows("v1_change"):
                if event["kind"] in ABOUT_MESSAGES:
                    assert event["message_id"] in seen
                    known = {owner for message, owner in sharing if message == event["message_id"]}
                    mine = [c for c in owned if (c.message_id, c.owner_id) == (event["message_id"], viewer)]
                    came = {copy.delivery_id for copy in mine}  # a team's mail is a copy for each member
                    known |= {copy.filed_by for copy in mine}
                    known |= {copy.owner_id for copy in owned if copy.delivery_id in came}
                    known |= {of[id_] for id_ in came}  # who sent it in for him may have held a copy before
                    assert event["actor_id"] in {None, viewer, *known}
                elif event["kind"].startswith("delivery."):
                    his = {viewer, *(member.team_id for member in teams if member.user_id == viewer)}
                    assert of[event["entity_id"]] in his
                else:
                    assert event["kind"] in WITHOUT_CONTENT
                    assert (event["message_id"], event["actor_id"]) == (None, None)
