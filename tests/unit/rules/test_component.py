"""Conversations as components: what users split and merge, and what went to many."""

from itertools import count

import pytest

from bccd.model.strand import Override, OverrideKind, Strand
from bccd.rules.component import Grouping, group

JOIN, DETACH = OverrideKind.JOIN, OverrideKind.DETACH


def strand(number: int, home: int, *parents: str, base: str = "offer", party: str = "a@x.example") -> Strand:
    """Return message `number`, whose id is m<number>, in a conversation."""
    return Strand(number, home, (f"m{number}",), parents, parties=(party,), base=base)


def grouped(*strands: Strand, overrides: tuple[Override, ...] = (), split: bool = True) -> Grouping:
    ids = count(1_000)
    return group(strands, overrides, lambda: next(ids), split_on_subject=split)


def test_answers_are_one_conversation() -> None:
    """Messages that share an id stay where they are."""
    found = grouped(strand(1, 10), strand(2, 10, "m1"), strand(3, 10, "m2", "m1"))
    assert found.homes == {1: 10, 2: 10, 3: 10}
    assert not found.started
    assert not found.merged


def test_another_subject_splits_unless_the_company_says_otherwise() -> None:
    """The same parent under another subject is another conversation (data.md 1.3)."""
    mails = (strand(1, 10), strand(2, 10, "m1", base="invoice"))
    assert grouped(*mails).homes == {1: 10, 2: 1_000}
    assert grouped(*mails, split=False).homes == {1: 10, 2: 10}


def test_what_a_user_splits_off_takes_its_answers_along() -> None:
    """Answers to a detached message follow it, also through messages that came later; others stay."""
    mails = (
        strand(1, 10),
        strand(2, 10, "m1"),
        strand(3, 10, "m2", "m1"),
        strand(4, 10, "m3", "m2", "m1"),
        strand(5, 10, "m1"),
    )
    found = grouped(*mails, overrides=(Override(7, DETACH, 3, group_id=7),))
    assert found.homes == {1: 10, 2: 10, 3: 1_000, 4: 1_000, 5: 10}
    assert found.by_hand == {1_000}
    assert found.started == (1_000,)


def test_one_command_keeps_together_what_it_splits_off() -> None:
    """Two answers to one message that are split off at once are one conversation, of two commands two."""
    mails = (strand(1, 10), strand(2, 10, "m1"), strand(3, 10, "m1"))
    together = (Override(7, DETACH, 2, group_id=7), Override(8, DETACH, 3, group_id=7))
    apart = (Override(7, DETACH, 2, group_id=7), Override(8, DETACH, 3, group_id=8))
    assert grouped(*mails, overrides=together).homes == {1: 10, 2: 1_000, 3: 1_000}
    assert grouped(*mails, overrides=apart).homes == {1: 10, 2: 1_000, 3: 1_001}


def test_what_is_split_off_at_once_shares_no_id_and_is_one_yet() -> None:
    """Also once one of the three is split off again (data.md 1.6)."""
    mails = (strand(1, 10), strand(2, 10, "x"), strand(3, 10, "y"), strand(4, 10, "z"))
    three = tuple(Override(number, DETACH, number, group_id=7) for number in (2, 3, 4))
    again = Override(9, DETACH, 2, group_id=9)
    assert grouped(*mails, overrides=three).homes == {1: 10, 2: 1_000, 3: 1_000, 4: 1_000}
    assert grouped(*mails, overrides=(*three, again)).homes == {1: 10, 2: 1_000, 3: 1_001, 4: 1_001}


def test_an_answer_under_another_subject_does_not_follow_a_split() -> None:
    """It is of another conversation already; where the company does not split by subject it is not."""
    mails = (strand(1, 10), strand(2, 10, "m1"), strand(3, 11, "m2", base="invoice"))
    said = (Override(7, DETACH, 2, group_id=7),)
    found = grouped(*mails, overrides=said)
    assert (found.homes, found.salts) == ({1: 10, 2: 1_000, 3: 11}, {2: 7})
    assert grouped(*mails, overrides=said, split=False).salts == {2: 7, 3: 7}


def test_the_oldest_message_keeps_the_conversation() -> None:
    """Who holds the link to a conversation finds the message that began it."""
    found = grouped(strand(1, 10), strand(2, 10, "m1"), overrides=(Override(7, DETACH, 1, group_id=7),))
    assert found.homes == {1: 10, 2: 10}  # the answer follows what it answers
    found = grouped(strand(1, 10), strand(2, 10, "ghost"), strand(3, 10, "m1"))
    assert found.homes == {1: 10, 2: 1_000, 3: 10}


def test_a_join_holds_whatever_the_ids_say() -> None:
    """Messages that a user put together are one conversation, which has the older id."""
    mails = (strand(1, 10), strand(2, 20), strand(3, 20, "m2"))
    found = grouped(*mails, overrides=(Override(7, JOIN, 1, 3),))
    assert set(found.homes.values()) == {10}
    assert found.merged == ((20, 10),)


def test_answers_to_a_mail_that_went_to_many_stay_apart() -> None:
    """Each party's answers are a conversation of their own; with one recipient it is an ordinary mail."""
    news = Strand(1, 10, ("m1",), parties=("a@x.example", "b@y.example"), base="offer", broadcast=True)
    answers = (
        strand(2, 10, "m1", party="a@x.example"),
        strand(3, 10, "m1", party="b@y.example"),
        strand(4, 10, "m2", "m1", party="a@x.example"),
    )
    assert grouped(news, *answers).homes == {1: 10, 2: 1_000, 3: 1_001, 4: 1_000}
    alone = Strand(1, 10, ("m1",), parties=("a@x.example",), base="offer", broadcast=True)
    assert grouped(alone, answers[0]).homes == {1: 10, 2: 10}


@pytest.mark.parametrize("turns", [1, 2])
def test_parents_in_a_circle_do_no_harm(turns: int) -> None:
    """References are anybody's to forge."""
    mails = (strand(1, 10, "m2"), strand(2, 10, "m1"))[::turns]
    overrides = (Override(7, DETACH, 9, group_id=7),)
    assert set(grouped(*mails, overrides=overrides).homes.values()) == {10}
