"""What processes count: cells that all of them share."""

import os

import pytest

from bccd.meters import board, families
from bccd.meters.board import FAMILIES, Board, Counter, Kind, note


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Board:
    """A board of three processes, the second of which is this one."""
    for name in ("cells", "notes", "board", "noted"):
        monkeypatch.setattr(board._State, name, getattr(board._State, name))
    made = Board(["supervisor", "front-1", "filer"])
    made.attach("front-1")
    return made


def test_what_one_process_counts_all_can_read(shared: Board) -> None:
    """A child that was forked counts in its own slot, where its parent sees it after its end."""
    child = os.fork()
    if not child:
        board.attach("filer")
        families.DELIVERIES.add("filed", 3)
        note("the last word")
        os._exit(0)
    os.waitpid(child, 0)
    families.ACCEPTED.add()
    supervisor, front, filer = shared.read()
    assert (supervisor.pid, front.pid, filer.pid) == (0, os.getpid(), child)
    assert filer.by_value(families.DELIVERIES) == {"filed": 3}
    assert [each.text for each in filer.notes] == ["the last word"]
    assert (front.of(families.ACCEPTED), front.of(families.DELIVERIES)) == (1, 0)


def test_a_successor_goes_on_counting_where_the_dead_left_off(shared: Board) -> None:
    """Counters outlive their process; what was open when it died is not."""
    families.REFUSED.add("550", 2)
    families.CONNECTIONS.add(amount=5)
    shared.attach("front-1")
    families.REFUSED.add("550")
    front = shared.read()[1]
    assert front.by_value(families.REFUSED) == {"550": 3}
    assert front.of(families.CONNECTIONS) == 0


def test_nobody_can_make_a_label_longer(shared: Board) -> None:
    """A value that a family does not list is counted as other, or as its first."""
    families.REFUSED.add("599")
    families.LOGINS.add("sideways")
    front = shared.read()[1]
    assert front.by_value(families.REFUSED) == {"other": 1}
    assert front.of(families.LOGINS) == 1


def test_a_duration_falls_into_its_bucket(shared: Board) -> None:
    """A bound belongs to its own bucket; what is longer than all bounds is counted, too."""
    for seconds in (0.001, 0.0011, 99.0):
        families.PARSE.observe(seconds)
    with families.PARSE.timed():
        pass
    family = families.PARSE.family
    front = shared.read()[1]
    cells = front.cells[family.start : family.cells.stop]
    assert (cells[0], cells[1], cells[-2]) == (2, 1, 1)
    assert front.of(families.PARSE) == 4
    assert 99.0 < cells[-1] < 99.1


def test_what_fails_is_not_timed(shared: Board) -> None:
    """A transaction that was not made has no duration."""
    with pytest.raises(OSError, match="away"), families.DELIVER.timed():
        raise OSError("away")
    assert shared.read()[1].of(families.DELIVER) == 0


def test_the_last_notes_stay(shared: Board) -> None:
    """Of many the newest are kept, in order; a long one is cut, also within a letter."""
    for number in range(20):
        note(f"{number} {'ż' * 300}")
    kept = shared.read()[1].notes
    assert [int(each.text.split()[0]) for each in kept] == list(range(12, 20))
    assert all(len(each.text.encode()) < 260 for each in kept)


def test_a_family_is_made_once() -> None:
    """Two of one name would count into each other."""
    with pytest.raises(ValueError, match="there already"):
        Counter("front", "bccd_accepted_total", "Again.")


def test_families_have_names_of_their_kind() -> None:
    """Counters end in _total, durations in _seconds, as Prometheus wants it; no two share a cell."""
    for family in FAMILIES:
        assert family.name.endswith("_total") is (family.kind is Kind.COUNTER), family.name
        assert family.kind is not Kind.HISTOGRAM or family.name.endswith("_seconds")
    cells = [cell for family in FAMILIES for cell in family.cells]
    assert len(cells) == len(set(cells))
