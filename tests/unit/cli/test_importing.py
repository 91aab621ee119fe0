"""The work of an import: what is handed in, how much at once, where it goes on, what is told."""

import io
import sys
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from bccd.cli.importing import feed, filing, progress
from bccd.cli.importing.bookmark import Bookmark
from bccd.cli.importing.feed import GROUP, WINDOW, Feeder
from bccd.cli.importing.intake import Owner, Span, intake
from bccd.cli.importing.tally import Tally
from bccd.config import Config
from bccd.model.auth import AuthMethod
from bccd.model.delivery import DeliveryState, Intake, Receipt
from bccd.model.envelope import Protocol, Tag, Target
from bccd.model.errors import BccdError, StoreUnavailableError
from bccd.rules.ownmail import OWN_HEADER, PURPOSE
from bccd.rules.signing import Signer
from bccd.sources.mailbox.found import Found, Skip
from bccd.store.became import Became

ANN = "ann@seller.example"
OWNER = Owner(1, 3, ANN)
SIGNER = Signer(b"k" * 32)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MAIL = b"From: a@b.example\nDate: Mon, 4 Mar 2013 09:00:00 +0000\n\ntext\n"


def taken(octets: bytes | None = MAIL, owner: Owner = OWNER, span: Span | None = None) -> Intake | Skip:
    """Return what becomes of a mail in a file."""
    return intake(Found("x", octets, 9), owner, span or Span(), SIGNER, NOW)


def test_a_mail_is_its_owners_by_the_administrators_word() -> None:
    """Its recipient is the owner's login, its sender is proven by the import, its time is its own."""
    made = taken()
    assert isinstance(made, Intake)
    assert made.sender is not None
    assert (made.sender.user_id, made.sender.address, made.sender.method) == (3, ANN, AuthMethod.IMPORT)
    assert made.targets == (Target(ANN, 1),)
    assert (made.mail_from, made.peer.protocol) == ("", Protocol.IMPORT)
    assert made.received_at == datetime(2013, 3, 4, 9, tzinfo=UTC)
    assert made.raw.data == MAIL.replace(b"\n", b"\r\n")


def test_wishes_go_with_the_owners_address() -> None:
    """So two users may import the same octets with the same wish."""
    wishes = (Target("crm+deal7+private@x.example", 1, Tag.DEAL, "7"), Target("y", 1, Tag.PRIVATE))
    made = taken(owner=Owner(1, 3, ANN, wishes))
    assert isinstance(made, Intake)
    assert made.targets == (Target(ANN, 1, Tag.DEAL, "7"), Target(ANN, 1, Tag.PRIVATE))


@pytest.mark.parametrize(
    ("octets", "span", "why"),
    [
        (None, Span(), Skip.TOO_LARGE),
        (b"\n\n", Span(), Skip.EMPTY),
        (b"X-Unsent: 1\n" + MAIL, Span(), Skip.DRAFT),
        (MAIL, Span(since=datetime(2014, 1, 1, tzinfo=UTC)), Skip.OUT_OF_RANGE),
        (MAIL, Span(until=datetime(2013, 3, 4, 9, tzinfo=UTC)), Skip.OUT_OF_RANGE),
    ],
)
def test_what_is_not_handed_in_has_a_reason(octets: bytes | None, span: Span, why: Skip) -> None:
    """Each mail is handed in or counted as skipped."""
    assert taken(octets, span=span) is why


def test_our_own_notices_are_passed_over() -> None:
    """They lie in every user's mailbox, and are no correspondence."""
    token = SIGNER.sign(PURPOSE, 1, 5)
    assert taken(f"{OWN_HEADER}: {token}\n".encode() + MAIL) is Skip.OWN_NOTICE


# ---- the feeder --------------------------------------------------------------------------------------------


class Desk:
    """A spool that gives out ids, and a filer that is told when to file."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.most = 0
        self.known: set[bytes] = set()
        self.outages = 0
        self.files = True

    def put_all(self, intakes: Sequence[Intake]) -> list[Receipt | StoreUnavailableError]:
        """Take each mail in, unless the store is out."""
        return [self._put(intake) for intake in intakes]

    def _put(self, intake: Intake) -> Receipt | StoreUnavailableError:
        if self.outages:
            self.outages -= 1
            return StoreUnavailableError("away")
        if intake.raw.sha256 in self.known:
            return Receipt(1, duplicate=True)
        self.known.add(intake.raw.sha256)
        self.waiting.append(1000 + len(self.known))
        self.most = max(self.most, len(self.waiting))
        return Receipt(self.waiting[-1])

    def became(self, ids: Collection[int]) -> Became:
        """File a batch of what waits."""
        done = [id_ for id_ in self.waiting if id_ in ids][: GROUP if self.files else 0]
        self.waiting = [id_ for id_ in self.waiting if id_ not in done]
        return dict.fromkeys(done, (DeliveryState.FILED, ""))


def made(count: int) -> list[Intake]:
    """Return so many mails."""
    mails = [taken(MAIL + b"%d" % number) for number in range(count)]
    return [mail for mail in mails if isinstance(mail, Intake)]


def handed(desk: Desk, mails: list[Intake], alive: Callable[[], None] = lambda: None) -> tuple[Tally, int]:
    """Hand mails in, group by group; returns what came of it and how often the filer was woken."""
    tally, woken = Tally(), []

    feeder = Feeder(desk, desk.became, tally, lambda: woken.append(1), alive)
    for start in range(0, len(mails), GROUP):
        feeder.feed(mails[start : start + GROUP])
    feeder.finish()
    return tally, len(woken)


def test_never_more_is_in_flight_than_the_window() -> None:
    """However much there is; and the filer is woken where it may be idle, not for each group."""
    desk = Desk()
    tally, woken = handed(desk, made(1000))
    assert (tally.filed, tally.waiting) == (1000, 0)
    assert desk.most <= WINDOW
    assert 1 <= woken < 10


def test_large_mails_are_fewer_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in flight is bounded by octets, too; a group that is larger alone goes alone."""
    desk, mails = Desk(), made(5 * GROUP)
    monkeypatch.setattr(feed, "WINDOW_OCTETS", 2 * GROUP * mails[-1].raw.size)
    assert handed(desk, mails)[0].filed == len(mails)
    assert desk.most == 2 * GROUP
    monkeypatch.setattr(feed, "WINDOW_OCTETS", 1)
    desk = Desk()
    assert handed(desk, mails)[0].filed == len(mails)
    assert desk.most == GROUP


def test_what_is_known_is_counted_and_not_waited_for() -> None:
    """The same octets twice are one mail and one duplicate."""
    mails = made(10)
    tally, _ = handed(Desk(), [*mails, *mails])
    assert (tally.filed, tally.known) == (10, 10)


def test_a_spool_that_is_out_for_a_while_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it did not take is handed in again, once; an outage without end is told."""
    monkeypatch.setattr(feed, "_AGAIN", 0.0)
    desk = Desk()
    desk.outages = 5
    assert handed(desk, made(20))[0].filed == 20
    monkeypatch.setattr(feed, "_PATIENCE", 0.0)
    desk.outages = 100
    with pytest.raises(StoreUnavailableError):
        handed(desk, made(1))


def test_where_nobody_files_the_import_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait for ever: it asks whether anybody is there, and leaves the rest in the queue."""

    def gone() -> None:
        raise BccdError("nobody files")

    desk = Desk()
    desk.files = False
    monkeypatch.setattr(feed, "_DOUBT", 0.0)
    with pytest.raises(BccdError, match="nobody files"):
        handed(desk, made(WINDOW + GROUP), gone)
    monkeypatch.setattr(feed, "_STILL", 0.01)
    slow = Desk()
    slow.files = False
    assert handed(slow, made(5))[0].waiting == 5


# ---- the bookmark ------------------------------------------------------------------------------------------


def test_reading_goes_on_in_a_file_that_has_grown(tmp_path: Path) -> None:
    """And begins anew in one that is another, shorter or never read; wishes have a place of their own."""
    box = tmp_path / "box"
    box.write_bytes(b"a" * 5000)
    mark = Bookmark.of(tmp_path, box, OWNER, Span())
    assert mark.read() == 0
    mark.write(4500)
    assert mark.read() == 4500
    assert Bookmark.of(tmp_path, box, OWNER, Span(until=NOW)).read() == 0
    box.write_bytes(b"a" * 9000)
    assert mark.read() == 4500
    box.write_bytes(b"a" * 4000 + b"b" * 5000)
    assert mark.read() == 0
    box.write_bytes(b"a" * 100)
    assert mark.read() == 0
    mark.path.write_bytes(b"\xff not json")
    assert mark.read() == 0


# ---- what is told ------------------------------------------------------------------------------------------


def test_every_mail_is_in_one_count() -> None:
    """Whatever became of it; the places of what should have been read are listed, a few of them."""
    tally = Tally()
    tally.became(1, DeliveryState.FILED, "")
    tally.became(2, DeliveryState.FILED, "already_owned")
    tally.became(3, DeliveryState.FILED, "owner_added")
    tally.became(4, DeliveryState.SET_ASIDE, "list")
    tally.became(5, DeliveryState.HELD, "user_inactive")
    tally.became(6, DeliveryState.FAILED, "parser_timeout")
    for number in range(30):
        tally.skip(Found(f"box, octet {number}", None, 9), Skip.TOO_LARGE)
    tally.skip(Found("x", None, 9), Skip.SPAM)
    told = tally.as_dict()
    assert (told["mails"], told["filed"], told["duplicates"]) == (37, 2, 1)
    assert (told["set_aside"], told["held"], told["failed"]) == (
        {"list": 1},
        {"user_inactive": 1},
        {"parser_timeout": 1},
    )
    assert told["skipped"] == {"too_large": 30, "spam": 1}
    assert len(told["skipped_places"]) == 20
    assert ("skipped", 30, "larger than limits.message_size") in tally.lines()


def test_a_log_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where standard error is no terminal; with how much is done and left."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    with progress.progress(200 * 2**20) as tell:
        tell(0, 0, 0)
        clock.now = 120.0
        tell(50 * 2**20, 4000, 0)
        tell(51 * 2**20, 4001, 0)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["bccd: imported 4000 mails, 50 of 200 MiB (25 %), 200 mails a second, 60 s left"]


def test_a_filer_that_ends_at_once_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says where to look, and there stands what it died of."""

    def die(*_: object) -> int:
        raise RuntimeError("no room")

    monkeypatch.setattr("bccd.bootstrap.run_filer", die)
    monkeypatch.setattr(filing, "_take_over", lambda _: None)
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)  # what a process of one's own writes to
    with (
        pytest.raises(BccdError, match=r"the filer ended at once; .*import\.log says why"),
        filing.filing(Config(data_dir=tmp_path)),
    ):
        pass
    assert '"crashed"' in (tmp_path / filing.LOG_NAME).read_text(encoding="utf-8")


def test_time_left_is_told_by_what_this_run_has_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier run had handed in took no time, so it says nothing of how long the rest takes."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    with progress.progress(200 * 2**20) as tell:
        clock.now = 110.0
        tell(160 * 2**20, 1400, 150 * 2**20)
    assert "160 of 200 MiB (80 %), 140 mails a second, 40 s left" in capsys.readouterr().err


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """And --quiet nothing."""
    screen = io.StringIO()
    out = Console(file=screen, force_terminal=True, width=120)
    monkeypatch.setattr(progress, "Console", lambda **_: out)
    with progress.progress(100) as tell:
        tell(50, 7, 0)
    assert "7 mails" in screen.getvalue()
    with progress.progress(100, quiet=True) as tell:
        tell(50, 8, 0)
    assert "8 mails" not in screen.getvalue()
