"""Conversations held against the function that they are, and put together anew (data.md 1.2, 1.3)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bccd.model.policy import Policy
from bccd.store import rethread as module
from bccd.store.rethread import Difference, check, check_conversations, rethread, would_move
from bccd.store.rows import to_json
from bccd.store.uow import transaction
from bccd.testing import rows
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import BERT
from tests.store.test_commands import Desk, desk
from tests.store.test_grouping import homes, send, together

__all__ = ["desk"]

pytestmark = on_every_database


def do(desk: Desk, statement: str, **values: Any) -> None:
    """Change rows behind the program's back."""
    with transaction(desk.stores.database) as connection:
        connection.execute(text(statement), values)


def split_on_subject(desk: Desk, *, on: bool) -> None:
    """Change the company's setting."""
    do(desk, "UPDATE company SET settings = :settings", settings=to_json(Policy(split_on_subject=on)))


def anew(desk: Desk) -> list[Difference]:
    """Rethread everything."""
    moved, after = rethread(desk.stores.database, 1, NOON)
    while after:
        more, after = rethread(desk.stores.database, 1, NOON, after)
        moved += more
    return moved


def differing(desk: Desk) -> list[Difference]:
    """Check everything."""
    return list(check(desk.stores.database, 1))


def planned(desk: Desk) -> list[Difference]:
    """Return what rethread would do."""
    return list(would_move(desk.stores.database, 1))


@pytest.fixture(params=[500, 1], ids=["at once", "one by one"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at all conversations together, or at each alone."""
    monkeypatch.setattr(module, "PIECE", request.param)


@pytest.mark.usefixtures("pieces")
def test_the_setting_joins_and_splits_what_stands(desk: Desk) -> None:
    """Without split_on_subject a shared id is enough; with it again, the base subjects part (data.md 1.3)."""
    first, second = send(desk, "first"), send(desk, "second", "first")
    other = send(desk, "other", "first", subject="Holiday")
    later = send(desk, "later", "other", subject="Holiday")
    alone = send(desk, "alone", subject="Holiday")
    before = homes(desk)
    assert together(desk, first, second)
    assert together(desk, other, later)
    assert differing(desk) == planned(desk) == anew(desk) == []

    split_on_subject(desk, on=False)
    assert {one.conversation_id for one in differing(desk)} >= {before[other]}
    move = Difference(1, before[other], (other, later), before[first])
    stood = rows(desk.stores)
    assert planned(desk) == [move]
    assert rows(desk.stores) == stood
    desk.events()
    assert anew(desk) == [move]
    assert desk.events() == [("conversation.merged", 0, None, before[other], None)]
    assert together(desk, first, second, other, later)
    assert together(desk, alone)
    assert desk.audiences(before[first]) == [0, 1]
    assert desk.audiences(before[other]) == []
    assert differing(desk) == planned(desk) == anew(desk) == []
    assert together(desk, first, second, other, later, send(desk, "joins", "other", subject="Else"))

    split_on_subject(desk, on=True)
    assert len(planned(desk)) == 2  # Holiday and Else, each to a new one
    assert {one.home for one in planned(desk)} == {0}
    anew(desk)
    assert together(desk, first, second)
    assert together(desk, other, later)
    assert differing(desk) == planned(desk) == anew(desk) == []
    assert together(desk, other, later, send(desk, "again", "later", subject="Holiday"))


@pytest.mark.usefixtures("pieces")
def test_what_users_said_stands(desk: Desk) -> None:
    """After splits and merges by hand nothing is found, and rethread leaves them alone (data.md 1.6)."""
    first, second = send(desk, "first"), send(desk, "second", "first")
    third = send(desk, "third", "second")
    other = send(desk, "other", subject="Holiday")
    desk.do(1, "conversation.split", messages=[second])
    desk.do(1, "conversation.merge", conversations=[homes(desk)[first], homes(desk)[other]])
    late = send(desk, "late", "first", "third")
    stood = homes(desk)
    assert differing(desk) == planned(desk) == anew(desk) == []
    assert homes(desk) == stood
    assert together(desk, first, other)
    assert together(desk, second, third, late)
    split_on_subject(desk, on=False)
    anew(desk)
    assert homes(desk) == stood
    assert differing(desk) == []


@pytest.mark.usefixtures("pieces")
def test_a_newsletter_that_came_late_leaves_nothing(desk: Desk) -> None:
    """Its answers were one conversation before it came, and are one for each side after (data.md 1.2)."""
    jan = send(desk, "jan", "news")
    maria = send(desk, "maria", "news", to="maria@other.example")
    assert together(desk, jan, maria)
    news = send(
        desk, "news", more={"List-Unsubscribe": "<mailto:off@seller.example>"}, to="all@third.example"
    )
    assert together(desk, jan)
    assert together(desk, maria)
    assert together(desk, news)
    assert differing(desk) == planned(desk) == anew(desk) == []


WRONG: list[tuple[str, str]] = [
    ("a message in another conversation", "UPDATE message SET conversation_id = :home WHERE id = :joined"),
    ("a token that leads elsewhere", "UPDATE conversation_token SET conversation_id = :other"),
    ("tokens that are gone", "DELETE FROM conversation_token WHERE conversation_id = :home"),
    ("a split that nobody made", "UPDATE conversation SET by_hand = :true WHERE id = :home"),
    ("a message in a merged one", "UPDATE message SET conversation_id = :merged WHERE id = :joined"),
]


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("statement", [wrong for _, wrong in WRONG], ids=[name for name, _ in WRONG])
def test_what_was_tampered_with_is_found_and_mended(desk: Desk, statement: str) -> None:
    """A check names a conversation, and rethread puts the rows back as they were."""
    first, _ = send(desk, "first"), send(desk, "second", "first")
    other, joined = send(desk, "other"), send(desk, "joined")
    at = homes(desk)
    desk.do(1, "conversation.merge", conversations=[at[other], at[joined]])
    stood = standing(desk)
    values = {
        "home": at[first], "other": at[other], "joined": joined, "merged": at[joined], "true": True,
    }  # fmt: skip
    do(desk, statement, **{name: value for name, value in values.items() if f":{name}" in statement})
    assert standing(desk) != stood
    assert differing(desk) != []
    anew(desk)
    assert standing(desk) == stood
    assert differing(desk) == planned(desk) == []


def standing(desk: Desk) -> dict[str, Any]:
    """Return all that says where messages belong, and what follows from it."""
    found = rows(desk.stores)
    for message in found["message"]:
        message["change_seq"] = 0
    kept = (
        "message",
        "conversation",
        "conversation_token",
        "link",
        "conversation_audience",
        "conversation_deal",
    )
    return {name: sorted(found[name], key=repr) for name in kept}


def test_mail_that_is_filed_while_a_check_runs_is_no_difference(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what a first look saw and a second does not: each is looked at once more."""
    one, other = send(desk, "one"), send(desk, "other")
    at = homes(desk)
    monkeypatch.setattr(module, "PIECE", 1)
    grouped: Callable[..., Any] = module._differences
    looks = []

    def wrong_at_first(connection: Any, company_id: int, piece: Any) -> list[Difference]:
        looks.append(sorted(piece))
        if len(looks) == 1:
            return [Difference(1, at[one], (one,), 0)]
        return list(grouped(connection, company_id, piece))

    monkeypatch.setattr(module, "_differences", wrong_at_first)

    def file_more() -> bool:
        if len(looks) == 2:
            send(desk, "bridge", "one", "other", user=BERT)
        return False

    assert list(check(desk.stores.database, 1, file_more)) == []
    assert looks == [[at[one]], [at[one]]]
    assert together(desk, one, other, max(homes(desk)))


def test_the_daily_check_warns_and_changes_nothing(desk: Desk) -> None:
    """One line a company: which conversation, how many, and what to run; it ends when it is told to."""
    send(desk, "first")
    other = send(desk, "other", "first", subject="Holiday")
    split_on_subject(desk, on=False)
    stood = rows(desk.stores)
    with capture_logs() as logged:
        assert check_conversations(desk.stores, lambda: False) > 0
    (line,) = logged
    assert line["event"] == "conversations_differ"
    assert line["log_level"] == "warning"
    assert line["company"] == 1
    assert line["conversation"] in homes(desk).values()
    assert line["count"] == 2
    assert line["run"] == "bccd rethread --company company-1 --dry-run"
    assert set(line) == {"event", "log_level", "company", "conversation", "count", "run"}
    assert rows(desk.stores) == stood
    anew(desk)
    assert other in homes(desk)
    with capture_logs() as logged:
        assert check_conversations(desk.stores, lambda: True) == 0
    assert logged == []
