"""Which notices go out now, and together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bccd.model.directory import Notices
from bccd.rules.postage import Daily, Post, Sorted, Waiting, sort_notices
from bccd.rules.reasons import REASONS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WARSAW = Daily(7, ZoneInfo("Europe/Warsaw"))  # 06:00 UTC in winter
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def one(id_: int, reason: str = "no_visible_recipient", **more: object) -> Waiting:
    """Return a due notice of user 1, an hour old."""
    made = Waiting(id_, 1, reason, NOON - HOUR, Notices.PROBLEMS, reachable=True)
    return replace(made, **more)  # type: ignore[arg-type]


def at_noon(
    *waiting: Waiting,
    sent: dict[tuple[int, str], datetime] | None = None,
    sending: tuple[tuple[int, str], ...] = (),
    now: datetime = NOON,
) -> Sorted:
    return sort_notices(waiting, sent or {}, sending, WARSAW, now)


def test_one_mail_for_a_user_and_reason() -> None:
    """What waits together goes out together; other reasons and users have mails of their own."""
    found = at_noon(one(3), one(1), one(2, user_id=2), one(4, "failed"))
    assert found == Sorted(
        [
            Post(1, "no_visible_recipient", (1, 3)),
            Post(2, "no_visible_recipient", (2,)),
            Post(1, "failed", (4,)),
        ]
    )


@pytest.mark.parametrize(("hours", "goes"), [(1, False), (23.9, False), (24, True)])
def test_the_next_mail_of_a_reason_waits_for_a_day(hours: float, goes: bool) -> None:
    """A day begins with the mail before; what came meanwhile goes out as one when it is over."""
    last = NOON - hours * HOUR
    found = at_noon(one(1), one(2), one(3, "failed"), sent={(1, "no_visible_recipient"): last})
    alone = Post(1, "failed", (3,))
    both = Post(1, "no_visible_recipient", (1, 2))
    assert found == (Sorted([both, alone]) if goes else Sorted([alone], later=[(last + DAY, [1, 2])]))


def test_nothing_joins_a_mail_that_is_on_its_way() -> None:
    """Until it is known what became of it, more of the same reason waits, and nothing is decided about it."""
    soon = Sorted(later=[(NOON + timedelta(minutes=1), [1])])
    assert at_noon(one(1), sending=((1, "no_visible_recipient"),)) == soon
    found = at_noon(one(1, wants=Notices.DIGEST, created_at=NOON - DAY), sending=((1, "digest"),))
    assert found == soon


@pytest.mark.parametrize(
    ("wants", "told"),
    [("problems", ["failed"]), ("all", ["failed", "filed"]), ("none", [])],
)
def test_the_user_says_what_he_wants_to_hear(
    wants: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer to what he has just asked is sent in any case, each by itself, and counts against no day."""
    mine = Notices(wants)
    waiting = [one(1, "failed", wants=mine), one(2, "filed", wants=mine)]
    found = at_noon(*waiting)
    assert [post.reason for post in found.posts] == told
    assert len(found.posts) + len(found.dropped) == 2
    monkeypatch.setitem(REASONS, "answer", REASONS["digest"])
    answers = [one(id_, "answer", wants=mine) for id_ in (3, 4)]
    found = at_noon(*answers, one(5, "answer", reachable=False), sent={(1, "answer"): NOON})
    assert found == Sorted([Post(1, "answer", (3,)), Post(1, "answer", (4,))], dropped=[5])


def test_what_is_settled_or_reaches_nobody_is_dropped() -> None:
    """A choice that was made, a user who left."""
    found = at_noon(one(1, holds=False), one(2, reachable=False), one(3))
    assert (found.dropped, [post.notices for post in found.posts]) == ([1, 2], [(3,)])


def test_a_mail_that_may_have_arrived_is_sent_again_as_it_was() -> None:
    """Neither its user's wishes nor the day change it: whoever has it already knows it by its id."""
    again = [one(id_, mail_id=1, wants=Notices.NONE, holds=False) for id_ in (1, 2)]
    found = at_noon(*again, one(3, "digest"), sent={(1, "no_visible_recipient"): NOON - HOUR})
    assert found == Sorted([Post(1, "no_visible_recipient", (1, 2), 1)], dropped=[3])
    digest = [one(5, "digest", mail_id=5), one(4, "failed", mail_id=5)]
    assert at_noon(*digest) == Sorted([Post(1, "digest", (4, 5), 5)])


def test_a_digest_holds_what_came_before_its_hour() -> None:
    """Once a day at the company's hour, in its zone; what came after it waits for the next."""
    six, tomorrow = NOON - 6 * HOUR, NOON + 18 * HOUR
    early = one(1, "filed", wants=Notices.DIGEST, created_at=six - HOUR)
    late = one(2, "failed", wants=Notices.DIGEST, created_at=six)
    assert at_noon(early, late) == Sorted([Post(1, "digest", (1,))], later=[(tomorrow, [2])])
    assert at_noon(early, late, sent={(1, "digest"): six}) == Sorted(later=[(tomorrow, [1, 2])])
    before = sort_notices([early], {(1, "digest"): six}, (), WARSAW, tomorrow - HOUR)
    assert before == Sorted(later=[(tomorrow, [1])])
    after = sort_notices([early, late], {(1, "digest"): six}, (), WARSAW, tomorrow)
    assert after == Sorted([Post(1, "digest", (1, 2))])


def test_the_hour_of_a_digest_follows_the_clocks() -> None:
    """On the day on which clocks change it is the hour that they show; each day has one digest."""
    evening = datetime(2026, 10, 24, 20, tzinfo=UTC)  # the night in which summer time ends
    assert WARSAW.before(evening) == datetime(2026, 10, 24, 5, tzinfo=UTC)
    assert WARSAW.after(evening) == datetime(2026, 10, 25, 6, tzinfo=UTC)
    for minutes in range(0, 3 * 24 * 60, 37):
        now = evening + timedelta(minutes=minutes)
        assert WARSAW.before(now) <= now < WARSAW.after(now)
