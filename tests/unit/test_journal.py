"""The journal of attempts: what is found in it, what is not in it, and how large it grows."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bccd import journal, observe
from bccd.journal import Attempt, Journal, find, needles, sweep
from bccd.mail.addresses import mailboxes
from bccd.meters import board, families
from bccd.model.envelope import Envelope, Peer, Raw, Target
from bccd.model.message import Mailbox
from bccd.model.reply import ACCEPTED, NO_SUCH_ADDRESS, NOT_ACCEPTED, TOO_BIG, Reply
from bccd.observe import hash_address
from bccd.sources.limits import Connections

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=60)
HEADER = (
    b"Received: from mua (mua.example.com [192.0.2.9])\r\n"
    b"\tby mx.example.com (Postfix) with ESMTPS id 4XyZ12abcZ\r\n"
    b"\tfor <sales@drop.example.com>; Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    b"received: from [10.0.0.7] by exim.example.com with esmtp (Exim 4.96)\r\n"
    b"\tid 1tAbCd-0001Xy-2Z; Mon, 02 Mar 2026 10:00:00 +0000\r\n"
    b"Received: by 2002:a05:6a10 with SMTP id <x9CSp1.g2>; Mon, 2 Mar 2026\r\n"
    b"Received: by below with SMTP id TOO.DEEP; Mon, 2 Mar 2026\r\n"
    b"FROM: =?utf-8?q?Anna?= Kowal\r\n <Anna@Example.COM>\r\n"
    b"Subject: canary-subject\r\n"
    b"message-ID:\r\n <CAF+1@mail.example.com>\r\n"
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(observe._State, "key", b"k" * 32)
    hash_address.cache_clear()
    yield
    hash_address.cache_clear()


def envelope(header: bytes = HEADER, *targets: str, peer: str = "192.0.2.1") -> Envelope:
    to = tuple(Target(each, 1) for each in targets or ("sales@drop.example.com",))
    raw = Raw(b"\1" * 32, 1234, header)
    return Envelope(Peer(peer), "bounce@example.com", to, raw, NOW, "s1")


def written(folder: Path, use: Callable[[Journal], None], host: Callable[[str], str] = lambda _: "") -> bytes:
    """Use a journal within a loop; return what it wrote."""

    async def main() -> None:
        kept = Journal(folder, host, NOW.timestamp)
        use(kept)
        kept.close()

    asyncio.run(main())
    return b"".join(path.read_bytes() for path in journal.days(folder))


def found(folder: Path, said: str) -> list[Attempt]:
    return list(find(folder, needles(said), LONG_AGO))


@pytest.mark.parametrize(
    "said",
    ["anna@example.com", " Anna@EXAMPLE.com", "bounce@example.com", "sales@drop.example.com",
     "<caf+1@mail.example.com>", "CAF+1@mail.example.com", "4XyZ12abcZ", "1tAbCd-0001Xy-2Z", "x9CSp1.g2"],
)  # fmt: skip
def test_a_mail_is_found_by_whatever_one_knows_of_it(tmp_path: Path, said: str) -> None:
    """Author, envelope, recipient, Message-ID with and without brackets, ids of Postfix, Exim, Google."""
    reply = NOT_ACCEPTED.because("not accepted (x)")
    written(tmp_path, lambda kept: kept.mail(envelope(), [reply]))
    (attempt,) = found(tmp_path, said)
    assert (attempt.step, attempt.peer, attempt.session, attempt.size) == ("mail", "192.0.2.1", "s1", 1234)
    assert (attempt.moment, attempt.reply) == (NOW, "550 5.7.1 not accepted (x)")
    assert found(tmp_path, "other@example.com") == found(tmp_path, "TOO.DEEP") == []


def test_a_mail_with_several_ids_is_found_by_each(tmp_path: Path) -> None:
    """A program that adds a second Message-ID field leaves a mail that its sender knows by the one, others by
    the other; a field without an id hides none, and of many the first three count.
    """
    ids = b"".join(b"Message-ID:%s\r\n" % said for said in (b" <1@a.example>", b"", b"\r\n <2@a.example>"))
    written(tmp_path, lambda kept: kept.mail(envelope(b"Subject: x\r\n" + ids * 2), [ACCEPTED]))
    for said in ("<1@a.example>", "2@A.example"):
        (attempt,) = found(tmp_path, said)
        assert len(attempt.hashes) == 4  # with the sender and a recipient
        assert len(attempt.others) == 2
    assert found(tmp_path, "3@a.example") == []


def test_lines_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    """They end before the ids of further fields."""
    line = written(tmp_path, lambda kept: kept.mail(envelope(), [ACCEPTED]))
    (day,) = journal.days(tmp_path)
    assert line.endswith(b",[]]\n")
    day.write_bytes(line.removesuffix(b",[]]\n") + b"]\n")
    (attempt,) = found(tmp_path, "CAF+1@mail.example.com")
    assert attempt.others == ()


def test_a_refused_recipient_is_found_by_his_relays_id(tmp_path: Path) -> None:
    """No mail was seen that could have told it; with a mail it is noted once, and what is no id never."""

    def use(kept: Journal) -> None:
        for ident in ("4BzQrX1kM9z", "4B zQ", "x" * 65, ""):
            peer = Peer("192.0.2.1", relay_id=ident)
            kept.refused("rcpt", "s", peer, NO_SUCH_ADDRESS, sender="a@b.example", recipients=["w@x.example"])
        mail = envelope()
        kept.mail(replace(mail, peer=Peer("192.0.2.1", relay_id="4XyZ12abcZ")), [ACCEPTED])

    written(tmp_path, use)
    assert [each.step for each in found(tmp_path, "4bzqrx1km9z")] == ["rcpt"]
    assert [len(each.hops) for each in found(tmp_path, "w@x.example")] == [1, 0, 0, 0]
    assert [len(each.hops) for each in found(tmp_path, "4XyZ12abcZ")] == [3]


@pytest.mark.parametrize(
    "field",
    ["<anna@example.com>", "Anna@Example.com", '"Bell, Anna" <anna@example.com>', "anna@example.com (Anna)",
     "=?utf-8?q?Anna?=\r\n =?utf-8?q?_Bell?= <ANNA@example.com>", "Anna B\xe9ll <anna@example.com>",
     "Bert <b@example.com>, Anna <anna@example.com>", '"b@example.com" <anna@example.com>'],
)  # fmt: skip
def test_an_author_is_found_however_the_name_is_written(tmp_path: Path, field: str) -> None:
    """What is read of a From field is what mailboxes() reads of it, whether or not that was asked."""
    header = b"Subject: x\r\nFrom: " + field.encode("latin-1") + b"\r\nTo: c@example.com\r\n"
    written(tmp_path, lambda kept: kept.mail(envelope(header), [ACCEPTED]))
    (attempt,) = found(tmp_path, "anna@example.com")
    assert set(attempt.authors) == {hash_address(box.address) for box in mailboxes(field.encode("latin-1"))}


def test_no_address_is_written(tmp_path: Path) -> None:
    """Nothing that names anybody, and nothing of the mail, stands in the file; only its owner reads it."""

    def use(kept: Journal) -> None:
        kept.mail(envelope(), [ACCEPTED])
        kept.refused(
            "rcpt",
            "s2",
            Peer("192.0.2.1"),
            NO_SUCH_ADDRESS,
            sender="a@b.example",
            recipients=["Who@X.example"],
        )
        kept.refused("login", "s3", Peer("192.0.2.1"), TOO_BIG, sender="anna@example.com")

    folder = tmp_path / "attempts"
    octets = written(folder, use).lower()
    assert octets.count(b"\n") == 3
    for canary in (b"example", b"anna", b"canary", b"4xyz", b"caf+1", b"who"):
        assert canary not in octets
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600]
    assert [each.step for each in found(folder, "anna@example.com")] == ["mail", "login"]
    assert [each.step for each in found(folder, "who@x.example")] == ["rcpt"]


def test_each_reply_is_a_line(tmp_path: Path) -> None:
    """Recipients that were answered alike share one; LMTP answers each for itself."""
    to = ("a@x.example", "b@x.example", "c@x.example")
    written(tmp_path, lambda kept: kept.mail(envelope(HEADER, *to), [ACCEPTED, TOO_BIG, ACCEPTED]))
    assert [[each.reply[:3] for each in found(tmp_path, one)] for one in to] == [["250"], ["552"], ["250"]]


def test_a_flood_does_not_take_the_room_of_others(tmp_path: Path) -> None:
    """Of one host 200 refusals an hour are kept, of a listed relay all that there is room for."""

    def use(kept: Journal) -> None:
        for peer in ("192.0.2.66", "192.0.2.2"):
            for _ in range(250):
                kept.mail(envelope(peer=peer), [NOT_ACCEPTED])
        kept.mail(envelope(peer="192.0.2.66"), [ACCEPTED])
        kept.mail(envelope(peer="192.0.2.3"), [NOT_ACCEPTED])

    lines = written(tmp_path, use, Connections(1, 1, ("192.0.2.2/32",)).host).splitlines()
    assert [sum(each in line for line in lines) for each in (b"192.0.2.66", b'192.0.2.2"', b"192.0.2.3")] == [
        201, 250, 1,
    ]  # fmt: skip


def test_a_network_is_one_host(tmp_path: Path) -> None:
    """Whoever has a /64 takes no more room than one address, though he never sends from one twice."""

    def use(kept: Journal) -> None:
        for number in range(250):
            kept.refused("rcpt", "s", Peer(f"2001:db8::{number:x}"), NOT_ACCEPTED, sender="a@b.example")

    assert len(written(tmp_path, use, Connections(1, 1).host).splitlines()) == 200


def test_a_long_from_field_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes without an end take the square of their length, while the listener waits: little is read."""
    read: list[int] = []

    def reading(value: bytes) -> tuple[Mailbox, ...]:
        read.append(len(value))
        return mailboxes(value)

    monkeypatch.setattr(journal, "mailboxes", reading)
    header = b"From: " + b'"\\' * 8000 + b"\r\n"
    written(tmp_path, lambda kept: kept.mail(envelope(header), [NOT_ACCEPTED]))
    assert read == [1024]


def test_an_hour_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What many hosts send is bounded, and the next hour has room again."""
    monkeypatch.setattr(journal, "_REFUSED_AN_HOUR", 1000)
    times = iter([*[NOW.timestamp()] * 50, *[NOW.timestamp() + 3600] * 50])

    async def main() -> None:
        kept = Journal(tmp_path, clock=lambda: next(times, NOW.timestamp()))
        for number in range(100):
            kept.refused("login", "s", Peer(f"2001:db8::{number}"), TOO_BIG, sender="a@b.example")
        kept.close()

    asyncio.run(main())
    lines = [line for path in journal.days(tmp_path) for line in path.read_bytes().splitlines()]
    assert 12 <= len(lines) < 30
    assert len({line.split(b",")[0] for line in lines}) == 2


def test_several_processes_write_one_file(tmp_path: Path) -> None:
    """Each appends whole lines; a line that was torn by a full disk costs no other."""
    written(tmp_path, lambda kept: kept.mail(envelope(), [ACCEPTED]))
    with next(tmp_path.iterdir()).open("ab") as file:
        file.write(b'[17,"mail","torn\n\xff\xff\n[]\n')
    written(tmp_path, lambda kept: kept.mail(envelope(), [NOT_ACCEPTED]))
    assert [each.reply[:3] for each in found(tmp_path, "anna@example.com")] == ["250", "550"]


def test_what_a_full_disk_does_not_take_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that was cut off, and one that was not begun: each is there once, in the order of time."""
    write, room = os.write, [20, 0, 0, 10_000]

    def scarce(file: int, octets: bytes) -> int:
        if not (most := room.pop(0)):
            raise OSError(errno.ENOSPC, "full")
        return write(file, octets[:most])

    monkeypatch.setattr(os, "write", scarce)

    async def main() -> None:
        kept = Journal(tmp_path, clock=NOW.timestamp)
        for reply in (ACCEPTED, TOO_BIG, NOT_ACCEPTED):
            kept.mail(envelope(), [reply])
            kept._hand_over()
        kept.close()

    asyncio.run(main())
    told = [each.reply[:3] for each in found(tmp_path, "anna@example.com")]
    assert told == ["250", "552", "550"] and not room


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written waits, and of too much of it the oldest is counted and forgotten."""
    counted: list[int] = []
    monkeypatch.setattr(families.UNRECORDED, "add_from_any_thread", lambda amount=1: counted.append(amount))
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    def use(kept: Journal) -> None:
        for _ in range(4):
            kept.mail(envelope(), [Reply(450, "4.7.1", "later")])
            kept._hand_over()

    assert written(blocked, use) == b"" and counted == []
    monkeypatch.setattr(journal, "_HELD", 400)
    assert written(blocked, use) == b"" and sum(counted) == 3


def test_all_days_together_have_an_end(tmp_path: Path) -> None:
    """Room is made by the oldest days; where today's file takes all of it, nothing more is written."""
    for age in (1, 2, 3):
        (tmp_path / f"{NOW - timedelta(days=age):%Y-%m-%d}").write_bytes(b"x" * 1000)
    lost = families.UNRECORDED.family.start
    before = board._State.cells[lost]
    sizes: list[tuple[int, int]] = []

    async def main() -> None:
        kept = Journal(tmp_path, clock=NOW.timestamp, largest=4000)
        for _ in range(40):
            kept.refused("login", "s", Peer("192.0.2.1"), TOO_BIG, sender="a@b.example")
            kept._hand_over()
            kept._writer.submit(int).result()  # what was handed over before is written
            files = journal.days(tmp_path)
            sizes.append((len(files), sum(path.stat().st_size for path in files)))
        kept.close()

    asyncio.run(main())
    assert [days for days, _ in sizes] == sorted((days for days, _ in sizes), reverse=True)
    assert sizes[0][0] == 4 and sizes[-1][0] == 1
    assert 3800 < max(size for _, size in sizes) <= 4000
    written = len(found(tmp_path, "a@b.example"))
    assert board._State.cells[lost] - before == 40 - written > 0


def test_days_end(tmp_path: Path) -> None:
    """A month is kept, less where it grows too large, and today in any case; other files are left alone."""
    for age in (0, 1, 29, 30, 31, 400):
        (tmp_path / f"{NOW - timedelta(days=age):%Y-%m-%d}").write_bytes(b"x" * 100)
    (tmp_path / "README").touch()
    assert sweep(tmp_path, NOW) == 2
    assert len(journal.days(tmp_path)) == 4
    assert sweep(tmp_path, NOW, largest=250) == 2
    assert sweep(tmp_path, NOW, largest=1) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-03-02", "README"]
    assert sweep(tmp_path / "none", NOW) == 0


def test_what_is_older_is_not_told(tmp_path: Path) -> None:
    """A search begins where it is told to."""
    written(tmp_path, lambda kept: kept.mail(envelope(), [ACCEPTED]))
    hashes = needles("anna@example.com")
    assert list(find(tmp_path, hashes, NOW + timedelta(seconds=1))) == []
    assert len(list(find(tmp_path, hashes, NOW))) == len(list(journal.since(tmp_path, NOW))) == 1
