"""What holds for any mail: batches never show in the rows, nor order in conversations and owners."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Engine, select

from bccd.model.auth import AuthMethod, AuthReport, HeldSender, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Peer, Tag, Target
from bccd.model.message import AutoKind, Content, Forward, ForwardKind, Mailbox, Message
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store import tables as t
from bccd.store.engine import open_engine, reading
from bccd.store.postgresql import normal_url
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import MemoryStore
from tests.examples import some
from tests.server import Server

MEMORY = Path("/dev/shm")  # noqa: S108  where a sync costs nothing: durability is not the subject here
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
USERS = {1: "anna@seller.example", 2: "bert@seller.example", 3: "cleo@seller.example"}
TEAM = 4
SENDERS = USERS | {TEAM: "sales@seller.example"}
PEOPLE = [
    *USERS.values(),
    "jan@customer.example",
    "jan@home.example",
    "maria@customer.example",
    "new@other.example",
    "info@other.example",
    "crm@drop.example",
]
IDS = [f"id{number}@x.example" for number in range(7)]
SUBJECTS = ["Offer", "Re: Offer", "Holiday", ""]
TEXTS = ["Please find our offer.", "How much is it?", ""]

people = st.sampled_from(PEOPLE)
boxes = st.lists(people, max_size=3).map(lambda found: tuple(Mailbox(a.split("@")[0], a) for a in found))
ids = st.lists(st.sampled_from(IDS), max_size=3).map(tuple)


@st.composite
def contents(draw: st.DrawFn, sender: str | None = None) -> Content:
    """Return a mail's content, out of a small world so that things meet."""
    text = draw(st.sampled_from(TEXTS))
    author = sender or draw(people)
    return Content(
        sender=Mailbox(author.split("@")[0], author),
        from_count=1,
        to=draw(boxes),
        cc=draw(boxes),
        bcc=draw(boxes),
        # No two of these could be one moment in two zones.
        date=draw(st.one_of(st.none(), st.integers(-3, 3).map(lambda n: NOW + timedelta(days=n, minutes=n)))),
        subject=draw(st.sampled_from(SUBJECTS)),
        message_id=draw(st.sampled_from(["", *IDS])),
        in_reply_to=draw(ids)[:1],
        references=draw(ids),
        thread_index=draw(st.sampled_from([b"", b"A" * 16])),
        text=text,
        new_text=text,
        broadcast=draw(st.sampled_from([False] * 5 + [True])),
        calendar_uid=draw(st.sampled_from([""] * 5 + ["uid"])),
        other_ids=draw(st.sampled_from([(), (), (), *((id_,) for id_ in IDS[:2])])),
        weak_text=sha256(text.encode()).digest()[:16] if text else b"",
    )


def _forward(kind: ForwardKind, original: Content) -> Forward:
    """Return a forward of it; a text has no header section, where systems note the ids that they replaced."""
    inline = kind is ForwardKind.INLINE
    return Forward(kind, replace(original, other_ids=()) if inline else original, (), 1.0)


@st.composite
def messages(draw: st.DrawFn, sender: str, originals: st.SearchStrategy[Content]) -> Message:
    """Return a message of a user, forwards included."""
    found = draw(st.lists(originals, max_size=2))
    kinds = st.sampled_from([ForwardKind.INLINE, ForwardKind.ATTACHED])
    forwards = tuple(_forward(draw(kinds), original) for original in found)
    auto = draw(st.sampled_from([AutoKind.NONE] * 5 + [AutoKind.AUTO_REPLY, AutoKind.LIST]))
    own = contents(sender)
    if found:  # most forwards are filed: nobody else stands in To and Cc
        own = st.one_of(own.map(lambda content: replace(content, to=(), cc=())), own)
    # A delegate, one who left, a team, a stranger: who else the mail says has sent it.
    other = draw(st.sampled_from([None] * 6 + [*SENDERS.values(), "jan@customer.example"]))
    content = replace(draw(own), auto=auto, actual_sender=Mailbox("", other) if other else None)
    return Message(content, forwards=forwards, note=draw(st.sampled_from(["", "fyi"])))


@dataclass(frozen=True)
class Draft:
    """A mail without its delivery's number, so that it can be put anywhere in an order."""

    user: int
    tag: Target
    message: Message
    held: bool


TARGETS = st.sampled_from(
    [
        Target("crm@drop.example", 1),
        Target("crm@drop.example", 1),
        Target("crm+private@drop.example", 1, Tag.PRIVATE),
        Target("crm+note@drop.example", 1, Tag.NOTE),
        Target("crm+deal7@drop.example", 1, Tag.DEAL, "7"),
        Target("crm+deal99@drop.example", 1, Tag.DEAL, "99"),
    ]
)


@st.composite
def some_drafts(draw: st.DrawFn) -> list[Draft]:
    """Return mails of several users; a few originals come again and again, by various ways."""
    pool = st.sampled_from(draw(st.lists(contents(), min_size=1, max_size=3)))
    found = []
    for _ in range(draw(st.integers(2, 9))):
        user = draw(st.sampled_from(sorted(SENDERS)))
        message = draw(messages(SENDERS[user], pool))
        found.append(Draft(user, draw(TARGETS), message, draw(st.integers(0, 9)) == 0))
    return found


def mail(number: int, draft: Draft) -> Mail:
    """Return the draft as delivery `number`; its time of receipt and octets depend on the draft alone."""
    octets = sha256(repr(draft).encode()).digest()
    address = SENDERS[draft.user]
    sender = None if draft.held else Sender(draft.user, address, AuthMethod.TRUSTED_NETWORK)
    held = HeldSender("unverified_sender", address, draft.user) if draft.held else None
    delivery = Delivery(
        number, 1, (draft.tag,), address, Peer("127.0.0.1"), NOW, AuthReport(), octets, 1000,
        sender=sender, held=held,
    )  # fmt: skip
    return Mail(delivery, draft.message)


# ---- a company in a database


Open = Callable[[], AbstractContextManager[Engine]]  # a fresh company each time it is entered
OpenAny = Callable[[], AbstractContextManager[Engine | MemoryStore]]


def _fill(url: str) -> None:
    """Make all tables, and a small company in them."""
    engine = open_engine(url)
    t.database.create_all(engine)
    with transaction(engine) as connection:
        for table, rows in DIRECTORY.items():
            connection.execute(t.database.tables[table].insert(), rows)
    engine.dispose()


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


DIRECTORY: dict[str, list[dict[str, Any]]] = {
    "company": [{"id": 1, "slug": "seller", "name": "Seller", "settings": "{}", "created_at": NOW}],
    "company_clock": [{"company_id": 1, "change_seq": 0, "next_id": 100, "directory_version": 1}],
    "company_address": [{"address": "crm@drop.example", "company_id": 1}],
    "app_user": [
        {"company_id": 1, "id": user, "external_id": f"u{user}", "name": f"u{user}", "active": user != 3,
         "default_sharing": "private" if user == 2 else "shared", "is_team": user == TEAM}
        for user in SENDERS
    ],
    "team_member": [{"company_id": 1, "team_id": TEAM, "user_id": user} for user in USERS],
    "never_log": [
        {"company_id": 1, "entry": "new@other.example", "user_id": 2},
        {"company_id": 1, "entry": "maria@customer.example", "user_id": 1},
    ],
    "user_address": [
        {"company_id": 1, "address": address, "user_id": user, "kind": "login"}
        for user, address in SENDERS.items()
    ],
    "contact": [
        {"company_id": 1, "id": number, "external_id": f"c{number}", "name": f"c{number}", "origin": "crm",
         "to_check": False, "archived": False, "created_at": NOW}
        for number in (10, 11, 12, 13)
    ],
    "contact_address": [
        {"company_id": 1, "address": address, "contact_id": number, "is_primary": True}
        for address, number in (
            ("jan@customer.example", 10), ("jan@home.example", 10), ("jan@home.example", 11),
            ("maria@customer.example", 12), ("maria@customer.example", 13),
        )
    ],
    "deal": [
        {"company_id": 1, "id": number, "external_id": str(number), "title": f"d{number}", "status": status,
         "updated_at": NOW}
        for number, status in ((7, "won"), (20, "open"), (21, "open"), (22, "open"))
    ],
    "deal_contact": [
        {"company_id": 1, "deal_id": deal, "contact_id": contact}
        for deal, contact in ((20, 10), (21, 12), (22, 12), (22, 13))
    ],
}  # fmt: skip


@contextmanager
def memory() -> Iterator[MemoryStore]:
    """Open a company in memory."""
    store = MemoryStore()
    store.put_rows(DIRECTORY)
    yield store


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Return what opens a company in SQLite."""
    template = tmp_path_factory.mktemp("template") / "template.db"
    _fill(f"sqlite:///{template}")

    @contextmanager
    def fresh() -> Iterator[Engine]:
        with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            path = Path(folder) / "bccd.db"
            copyfile(template, path)
            with _opened(f"sqlite:///{path}") as engine:
                yield engine

    return fresh


@pytest.fixture(scope="module")
def postgresql(server: Server) -> Iterator[Open]:
    """Return what opens a company in PostgreSQL."""
    with server.database() as template:
        _fill(normal_url(server.url(template)))

        @contextmanager
        def fresh() -> Iterator[Engine]:
            with server.database(template) as name, _opened(normal_url(server.url(name))) as engine:
                yield engine

        yield fresh


class Fixed:
    """A clock that stands."""

    def now(self) -> datetime:
        """Return the same time always."""
        return NOW


def file_all(store: Engine | MemoryStore, mails: Sequence[Mail], sizes: Iterable[int]) -> None:
    """File mails in order, in batches of these sizes; what is left over is the last batch."""
    ports = DeliverPorts(store if isinstance(store, MemoryStore) else SqlWorks(store), Fixed())
    left = list(mails)
    for size in sizes:
        batch, left = left[:size], left[size:]
        if batch:
            deliver(1, batch, ports)
    if left:
        deliver(1, left, ports)


def table_rows(store: Engine | MemoryStore) -> dict[str, list[Mapping[str, Any]]]:
    """Return every row of every table."""
    if isinstance(store, MemoryStore):
        return {table.name: list(store.tables[table.name].values()) for table in t.database.sorted_tables}
    with reading(store) as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in t.database.sorted_tables
        }


_CLOCK = ("change_seq", "seq")


def rows(store: Engine | MemoryStore) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, the clock's numbers aside."""
    found = {}
    for table, listed in table_rows(store).items():
        kept = (tuple(value for name, value in row.items() if name not in _CLOCK) for row in listed)
        found[table] = sorted(kept, key=repr)
    return found


def facts(store: Engine | MemoryStore) -> tuple[Any, Any, Any]:
    """Return what no order may change: identities, owners, and the partition into conversations."""
    found = table_rows(store)
    messages = {row["id"]: row for row in found["message"]}
    copies = found["message_copy"]
    owners = sorted((messages[c["message_id"]]["identity_key"], c["owner_id"]) for c in copies)
    parts: dict[int, set[bytes]] = {}
    for message in messages.values():
        parts.setdefault(message["conversation_id"], set()).add(message["identity_key"])
    identities = sorted(message["identity_key"] for message in messages.values())
    return identities, owners, {frozenset(part) for part in parts.values()}


BATCHES = given(some_drafts(), st.lists(st.integers(1, 4), max_size=9))
ORDERS = given(some_drafts().flatmap(lambda d: st.tuples(st.just(d), st.permutations(d))))
DRAFTS = given(some_drafts())


def batches_do_not_show(company: OpenAny, found: list[Draft], sizes: list[int]) -> None:
    """File one by one, and in batches, and compare all rows."""
    mails = [mail(number, draft) for number, draft in enumerate(found, 1)]
    with company() as one_by_one, company() as in_batches:
        file_all(one_by_one, mails, [1] * len(mails))
        file_all(in_batches, mails, sizes)
        assert rows(in_batches) == rows(one_by_one)


def order_does_not_show(company: OpenAny, first: list[Draft], second: list[Draft]) -> None:
    """File in two orders, and compare what no order may change."""
    with company() as one, company() as other:
        file_all(one, [mail(number, draft) for number, draft in enumerate(first, 1)], [3, 1, 2])
        file_all(other, [mail(number, draft) for number, draft in enumerate(second, 1)], [2, 2])
        assert facts(other) == facts(one)


def again_changes_nothing(company: OpenAny, found: list[Draft]) -> None:
    """File twice, and compare all rows."""
    mails = [mail(number, draft) for number, draft in enumerate(found, 1)]
    with company() as engine:
        file_all(engine, mails, [])
        before = rows(engine)
        file_all(engine, mails, [1])
        assert rows(engine) == before


@some(25)
@BATCHES
def test_any_partition_gives_the_same_rows_in_memory(found: list[Draft], sizes: list[int]) -> None:
    """The same holds there."""
    batches_do_not_show(memory, found, sizes)


@some(12)
@BATCHES
def test_any_partition_into_batches_gives_the_same_rows(
    sqlite: Open, found: list[Draft], sizes: list[int]
) -> None:
    """Fixed order of arrival, any batches: identical rows, down to the ids (decisions.md 4)."""
    batches_do_not_show(sqlite, found, sizes)


@pytest.mark.db
@some(4)
@BATCHES
def test_any_partition_gives_the_same_rows_on_postgresql(
    postgresql: Open, found: list[Draft], sizes: list[int]
) -> None:
    """The same holds there."""
    batches_do_not_show(postgresql, found, sizes)


def test_long_lists_do_not_show_the_batches(sqlite: Open) -> None:
    """What lies beyond the hundredth recipient or Reply-To is known to each mail by itself, or to none."""
    crowd = tuple(Mailbox("", f"x{number}@crowd.example") for number in range(1_200))
    guid = b"A" * 16
    one = Content(
        Mailbox("", USERS[1]), 1, to=crowd[140:141], subject="Offer", message_id="1@x", thread_index=guid
    )
    all_of_them = replace(one, to=crowd[:1_100], message_id="2@x", text="2")
    beyond = replace(one, to=crowd[1_150:1_151], message_id="3@x", text="3")
    answers = replace(
        one, to=crowd[150:151], reply_to=crowd[:120], message_id="4@x", text="4", thread_index=b""
    )
    again = replace(answers, reply_to=(), message_id="5@x", text="5")
    contents = (one, all_of_them, beyond, again, answers)
    mails = [
        mail(number, Draft(1, Target("crm@drop.example", 1), Message(content), held=False))
        for number, content in enumerate(contents, 1)
    ]
    with sqlite() as one_by_one, sqlite() as in_batches:
        file_all(one_by_one, mails, [1] * len(mails))
        file_all(in_batches, mails, [])
        assert rows(in_batches) == rows(one_by_one)
        assert len(facts(in_batches)[2]) < len(mails), "Thread-Index joins some of them"


@some(25)
@ORDERS
def test_any_order_gives_the_same_conversations_in_memory(orders: tuple[list[Draft], list[Draft]]) -> None:
    """The same holds there."""
    order_does_not_show(memory, *orders)


@some(12)
@ORDERS
def test_any_order_gives_the_same_conversations_identities_and_owners(
    sqlite: Open, orders: tuple[list[Draft], list[Draft]]
) -> None:
    """Any order of arrival: the same messages, each with the same owners, in the same conversations."""
    order_does_not_show(sqlite, *orders)


@pytest.mark.db
@some(4)
@ORDERS
def test_any_order_gives_the_same_conversations_on_postgresql(
    postgresql: Open, orders: tuple[list[Draft], list[Draft]]
) -> None:
    """The same holds there."""
    order_does_not_show(postgresql, *orders)


@some(25)
@DRAFTS
def test_filing_again_changes_nothing_in_memory(found: list[Draft]) -> None:
    """The same holds there."""
    again_changes_nothing(memory, found)


@some(12)
@DRAFTS
def test_filing_again_after_a_crash_changes_nothing(sqlite: Open, found: list[Draft]) -> None:
    """A delivery that is met again is known by its id."""
    again_changes_nothing(sqlite, found)


@pytest.mark.db
@some(4)
@DRAFTS
def test_filing_again_changes_nothing_on_postgresql(postgresql: Open, found: list[Draft]) -> None:
    """The same holds there."""
    again_changes_nothing(postgresql, found)


@pytest.mark.db
@some(3)
@given(st.lists(some_drafts(), min_size=4, max_size=4))
def test_eight_writers_at_once_find_what_one_finds(postgresql: Open, many: list[list[Draft]]) -> None:
    """Whatever way their transactions meet: the same messages, owners and conversations."""
    drafts = [draft for found in many for draft in found]
    mails = [mail(number, draft) for number, draft in enumerate(drafts, 1)]
    with postgresql() as one, postgresql() as other:
        file_all(one, mails, [])
        ports = DeliverPorts(SqlWorks(other), Fixed())
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda each: deliver(1, [each], ports), mails))
        assert facts(other) == facts(one)
        with reading(other) as connection:
            events = list(connection.execute(select(t.change.c.seq).order_by(t.change.c.seq)).scalars())
        assert events == list(range(1, len(events) + 1))
