"""Whatever users command, in whatever order: what follows from it is what the definitions say."""

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bccd.model.command import Answer, Command, CommandState
from bccd.model.strand import Override, OverrideKind, Strand
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.rules.commands.kinds import KINDS
from bccd.rules.component import group
from bccd.store.commands import Commands
from bccd.store.engine import Stores
from bccd.store.handed import work_out
from bccd.store.plain import key_of
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import FixedClock, Seed, fill, rows
from bccd.testing.build import SIGNER
from bccd.testing.tables import TABLES, Tables, hand_on, work_out_audiences
from tests.examples import some
from tests.properties.test_pipeline_properties import NOW, USERS, Draft, mail, some_drafts
from tests.properties.test_store_properties import SEED, postgresql, sqlite, template
from tests.server import Server

__all__ = ["template"]

Rows = Mapping[str, list[dict[str, Any]]]

DEALS, CONTACTS = ("7", "20", "21", "22"), ("c10", "c11", "c12")


@dataclass(frozen=True, slots=True)
class Wish:
    """A command that names things by their place among those that there are."""

    actor: int
    kind: str
    places: tuple[int, int, int]
    on: bool
    scope: str


# Kinds about waiting mail, addresses and notices have no place in a world of filed mail.
_ELSEWHERE = (
    "original.",
    "held.",
    "trust.",
    "address.",
    "login.",
    "preferences.",
    "secret.",
    "choice.answer",
    "choice.reopen",
)
ON_MESSAGES = sorted(kind for kind in KINDS if not kind.startswith(_ELSEWHERE))

wishes = st.lists(
    st.builds(
        Wish,
        st.sampled_from([1, 2, 1, 2, 1, 2, 3]),
        st.sampled_from(ON_MESSAGES),
        st.tuples(*[st.integers(0, 9)] * 3),
        st.booleans(),
        st.sampled_from(["message", "conversation", "from_here_on"]),
    ),
    min_size=4,
    max_size=12,
)


def arguments(wish: Wish, messages: list[int], conversations: list[int]) -> dict[str, Any]:
    """Name what the wish means."""
    first, second, third = wish.places
    message, other = messages[first % len(messages)], messages[second % len(messages)]
    conversation = conversations[first % len(conversations)]
    deal = DEALS[third % len(DEALS)]
    place = {"conversation": conversation} if wish.on else {"message": message}
    item = {"contact": CONTACTS[third % len(CONTACTS)]} if third > 6 else {"deal": deal}
    of_kind: dict[str, Callable[[], dict[str, Any]]] = {
        "link.set": lambda: place | item,
        "link.move": lambda: place | {"from": DEALS[second % len(DEALS)], "to": deal},
        "link.reject": lambda: place | item,
        "choice.resolve": lambda: {
            "message": message,
            "scope": wish.scope,
            "deal": deal if wish.on else None,
        },
        "message.share": lambda: {"messages": [message, other]},
        "message.private": lambda: {"message": message},
        "copy.delete": lambda: {"message": message},
        "conversation.merge": lambda: {
            "conversations": [conversation, conversations[second % len(conversations)]]
        },
        "conversation.split": lambda: {"messages": [message, other] if wish.on else [message]},
        "state.set": lambda: place | {"seen": wish.on, "flagged": third % 2 == 0},
    }
    return of_kind[wish.kind]()


@dataclass
class Reader:
    """A front end of one user that knows what he sees from the feed alone."""

    user: int
    seen: set[int] = field(default_factory=set)
    at: int = 0

    def read(self, changes: list[dict[str, Any]]) -> None:
        """Take in what happened since."""
        for change in changes:
            if change["seq"] > self.at and change["audience_id"] in (0, self.user):
                self._heed(change)
        self.at = max((change["seq"] for change in changes), default=0)

    def _heed(self, change: dict[str, Any]) -> None:
        if change["kind"] == "message.added":
            self.seen.add(change["message_id"])
        elif change["kind"] in ("message.hidden", "message.erased"):
            self.seen.discard(change["entity_id"])
        elif change["message_id"] is not None:
            assert change["message_id"] in self.seen, "an event about mail that the reader may not see"


@dataclass
class World:
    """A company under test, looked at as a whole."""

    stores: Stores
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    def __post_init__(self) -> None:
        self.commands = Commands(self.stores, self.clock.now, SIGNER)
        self.readers = [Reader(user) for user in USERS]
        self.given: list[tuple[Command, Answer]] = []

    def file(self, drafts: list[Draft]) -> None:
        """File mails."""
        ports = DeliverPorts(SqlWorks(self.stores.database), self.clock)
        deliver(1, [mail(number, draft) for number, draft in enumerate(drafts, 1)], ports)
        with transaction(self.stores.database) as connection:  # filing is judged elsewhere
            work_out(connection, 1, {row["id"] for row in rows(self.stores, "conversation")["conversation"]})

    def want(self, wish: Wish) -> None:
        """Have a wish done, and look whether all is as it must be."""
        before = rows(self.stores)
        messages = [row["id"] for row in before["message"]]
        conversations = [row["id"] for row in before["conversation"]]
        if not messages:
            return
        self.clock.tick(1)
        args = json.dumps(arguments(wish, messages, conversations))
        command = Command(f"key {len(self.given)}", wish.actor, wish.kind, args)
        (answer,) = self.commands.submit(1, [command])
        self.given.append((command, answer))
        event(f"{wish.kind} {answer.state} {answer.error}")
        after = rows(self.stores)
        assert (answer.state is not CommandState.PENDING) and answer.error != "failed", answer
        if answer.state is CommandState.REFUSED:
            assert but_commands(after) == but_commands(before)
        assert_settled(after)
        self.read(after)

    def read(self, found: Rows) -> None:
        """Let every reader go on, and compare what he knows with what he may see."""
        for reader in self.readers:
            reader.read(found["change"])
            assert reader.seen == visible(found, reader.user)


def but_commands(found: Rows) -> dict[str, Any]:
    """Return all rows, save the commands themselves."""
    return {name: listed for name, listed in found.items() if name != "command"}


def visible(found: Rows, user: int) -> set[int]:
    """Return what a user may see."""
    own = {row["message_id"] for row in found["message_copy"] if row["owner_id"] == user}
    return own | {row["id"] for row in found["message"] if row["shared"] and row["linked"]}


def assert_settled(found: Rows) -> None:
    """Compare flags, audiences, what is handed on, and conversations with their definitions."""
    shared = {row["message_id"] for row in found["message_copy"] if row["sharing"] == "shared"}
    linked = {
        row["message_id"]
        for row in found["link"]
        if row["state"] == "active" and row["organisation_id"] is None
    }
    for row in found["message"]:
        assert (row["shared"], row["linked"]) == (row["id"] in shared, row["id"] in linked)
    tables: Tables = {
        name: {tuple(row[column] for column in key_of(table)): dict(row) for row in found[name]}
        for name, table in TABLES.items()
    }
    naive = deepcopy(tables)
    everything = {row["id"] for row in found["conversation"]}
    hand_on(naive, 1, everything, ())
    work_out_audiences(naive, 1, everything, ())
    assert tables["conversation_deal"] == naive["conversation_deal"]
    assert tables["conversation_audience"] == naive["conversation_audience"]
    assert all(row["conversation_id"] == home_of(found, row["message_id"]) for row in found["link"])
    assert_grouped(found)


def home_of(found: Rows, message_id: int) -> int:
    """Return a message's conversation."""
    return next(int(row["conversation_id"]) for row in found["message"] if row["id"] == message_id)


def assert_grouped(found: Rows) -> None:
    """Compare the partition into conversations with what messages and overrides say."""
    aliases: dict[int, list[str]] = {}
    for row in found["message_alias"]:
        aliases.setdefault(row["message_id"], []).append(row["msgid"])
    strands = [
        Strand(
            row["id"], row["conversation_id"], (*filter(None, [row["msgid"]]), *aliases.get(row["id"], [])),
            tuple(row["refs"].split("\n")) if row["refs"] else (), row["thread_index"] or b"",
            row["calendar_uid"], tuple(row["parties"].split("\n")) if row["parties"] else (),
            row["base_subject"], bool(row["broadcast"]),
        )
        for row in found["message"]
    ]  # fmt: skip
    overrides = [
        Override(row["id"], OverrideKind(row["kind"]), row["message_id"], row["other_id"], row["group_id"])
        for row in found["conversation_override"]
    ]
    new = iter(range(10**6, 10**7))
    made = group(strands, overrides, lambda: next(new), split_on_subject=True)
    stored = partition((strand.conversation_id, strand.message_id) for strand in strands)
    assert stored == partition((home, id_) for id_, home in made.homes.items())


def partition(placed: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return which messages are together, from pairs of conversation and message."""
    parts: dict[int, list[int]] = {}
    for home, message_id in placed:
        parts.setdefault(home, []).append(message_id)
    return sorted(map(sorted, parts.values()))


def run(stores: Stores, drafts: list[Draft], wanted: list[Wish]) -> None:
    """File mails, do commands, and in the end all of them once more."""
    fill(stores, SEED)
    world = World(stores)
    world.file(drafts)
    assert_settled(rows(stores))
    world.read(rows(stores))
    for wish in wanted:
        world.want(wish)
    before = rows(stores)
    for command, answer in world.given:
        assert world.commands.submit(1, [command]) == [answer]
    assert rows(stores) == before


@some(14)
@given(some_drafts(), wishes)
def test_what_follows_from_commands_on_sqlite(drafts: list[Draft], wanted: list[Wish]) -> None:
    """After each: flags, audiences, deals handed on, conversations, and what the feed told each reader."""
    with sqlite() as stores:
        run(stores, drafts, wanted)


@pytest.mark.db
@some(4)
@given(some_drafts(), wishes)
def test_what_follows_from_commands_on_postgresql(
    server: Server, template: str, drafts: list[Draft], wanted: list[Wish]
) -> None:
    """The same."""
    with postgresql(server, template) as stores:
        run(stores, drafts, wanted)


STRANGER = 71
OTHER: dict[str, list[dict[str, Any]]] = {
    "company": [{"id": 2, "slug": "other", "name": "Other", "settings": "{}", "created_at": NOW}],
    "company_clock": [{"company_id": 2, "change_seq": 0, "next_id": 100, "directory_version": 1}],
    "app_user": [
        {"company_id": 2, "id": STRANGER, "external_id": "u1", "name": "u", "active": True,
         "default_sharing": "shared"}
    ],
    "contact": [
        {"company_id": 2, "id": 91, "external_id": "c10", "name": "c", "origin": "crm", "to_check": False,
         "archived": False, "created_at": NOW}
    ],
    "deal": [
        {"company_id": 2, "id": 92, "external_id": "20", "title": "d", "status": "open", "updated_at": NOW}
    ],
}  # fmt: skip


@some(8)
@given(some_drafts(), wishes)
def test_another_companys_mail_is_out_of_reach(drafts: list[Draft], wanted: list[Wish]) -> None:
    """Whatever of it is named by a user of a second company: not found, and not one row of it changes."""
    with sqlite() as stores:
        fill(stores, SEED)
        World(stores).file(drafts)
        other = Seed()
        other.rows.update(OTHER)
        fill(stores, other)
        before = rows(stores)
        messages = [row["id"] for row in before["message"]]
        deliveries = [row["id"] for row in before["delivery"]]
        conversations = [row["id"] for row in before["conversation"]]
        named = [(w.kind, arguments(w, messages, conversations)) for w in wanted] if messages else []
        for id_ in deliveries:
            named += [("held.release", {"delivery": id_}), ("held.delete", {"delivery": id_})]
            named.append(("original.set", {"delivery": id_, "address": "a@b.example"}))
        commands = Commands(stores, FixedClock(NOW).now, SIGNER)
        for number, (kind, args) in enumerate(named):
            command = Command(f"key {number}", STRANGER, kind, json.dumps(args))
            (answer,) = commands.submit(2, [command])
            assert answer.error in ("not_found", "bad_arguments"), answer
        assert of_first(rows(stores)) == of_first(before)


def of_first(found: Rows) -> dict[str, Any]:
    """Return the rows of the first company."""
    return {
        name: [row for row in listed if row.get("company_id", row.get("id")) == 1]
        for name, listed in found.items()
    }
