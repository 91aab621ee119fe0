"""Maildirs, single mails and folders: what is found in them, and what is passed over."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bccd.model.errors import MistakeError
from bccd.sources.mailbox.folders import readable, skip_of, skip_of_path
from bccd.sources.mailbox.found import Found, Kind, Skip
from bccd.sources.mailbox.sources import Source, find_sources
from bccd.sources.mailbox.stored import opened, received_at

MAIL = b"From: a@b.example\nSubject: x\n\ntext\n"
BOX = b"From - Mon Mar  2 10:00:00 2026\n" + MAIL + b"\n"
LIMIT = 10_000
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def put(path: Path, octets: bytes = MAIL) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


def maildir(folder: Path, *names: str) -> Path:
    """Make a Maildir with these mails in cur."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name in names:
        put(folder / "cur" / name)
    return folder


def found(sources: list[Source]) -> list[Found]:
    """Read everything."""
    return [mail for source in sources for mail in source.mails(0, LIMIT)]


def look(*paths: Path, kind: Kind | None = None) -> list[Found]:
    """Find and read what paths hold."""
    return found(find_sources(paths, kind))


def test_a_maildir_is_read_with_its_flags(tmp_path: Path) -> None:
    """Deleted mail and drafts are known by their flags; a mail's time is in its name."""
    folder = maildir(tmp_path / "Maildir", "1300000000.a.host:2,S", "1300000001.b.host:2,ST", "1.c:2,DF")
    put(folder / "new" / "1400000000.d.host")
    put(folder / "cur" / ".hidden")
    mails = look(folder)
    assert [mail.skip for mail in mails] == [Skip.DRAFT, None, Skip.DELETED, None]
    assert mails[1].stored_at == datetime.fromtimestamp(1_300_000_000, UTC)
    assert [mail.octets for mail in mails] == [MAIL] * 4


def test_subfolders_of_a_maildir_are_read_and_the_trash_is_not(tmp_path: Path) -> None:
    """Folders beside cur, as Dovecot names them, or below; what lies below the trash was thrown away, too."""
    root = maildir(tmp_path, "1.a")
    maildir(root / ".Sent", "2.b")
    maildir(root / ".Trash", "3.c")
    maildir(root / ".Trash.2019", "4.d")
    maildir(root / ".Entw&APw-rfe", "5.e")
    maildir(root / "Customers" / "Spam", "6.f")
    mails = look(root)
    assert {Path(mail.place).name: mail.skip for mail in mails} == {
        "1.a": None,
        "2.b": None,
        "3.c": Skip.DELETED,
        "4.d": Skip.DELETED,
        "5.e": Skip.DRAFT,
        "6.f": Skip.SPAM,
    }
    assert look(root / ".Trash")[0].skip is None  # he who names it wants it


def test_an_emlx_is_read_without_its_property_list(tmp_path: Path) -> None:
    """Its first line counts the mail's octets; the list after it has Apple's flags."""
    plist = b"<plist><dict><key>flags</key><integer>%d</integer></dict></plist>"
    for number, flags in enumerate((1, 1 << 1, 1 << 6)):
        put(tmp_path / f"{number}.emlx", b"%d\n%b%b" % (len(MAIL), MAIL, plist % flags))
    assert [(mail.octets, mail.skip) for mail in look(tmp_path)] == [
        (MAIL, None),
        (MAIL, Skip.DELETED),
        (MAIL, Skip.DRAFT),
    ]


def test_a_folder_is_looked_through(tmp_path: Path) -> None:
    """Mboxes are known by what they hold, single mails by their name; the rest is left alone."""
    put(tmp_path / "Local Folders" / "Inbox", BOX)
    put(tmp_path / "Local Folders" / "Inbox.msf", b"index")
    put(tmp_path / "Local Folders" / "Trash", BOX)
    put(tmp_path / "Local Folders" / "Trash.sbd" / "Old", BOX)
    put(tmp_path / "Apple.mbox" / "mbox", BOX)
    put(tmp_path / "exported" / "one.EML")
    put(tmp_path / "exported" / "notes.txt", b"From me to you")
    (tmp_path / "exported" / "loop").symlink_to(tmp_path)
    mails = look(tmp_path)
    assert [(mail.place.removeprefix(f"{tmp_path}/"), mail.skip) for mail in mails] == [
        ("Apple.mbox/mbox, octet 0", None),
        ("Local Folders/Inbox, octet 0", None),
        ("Local Folders/Trash, octet 0", Skip.DELETED),
        ("Local Folders/Trash.sbd/Old, octet 0", Skip.DELETED),
        ("exported/one.EML", None),
    ]
    assert len(look(tmp_path, kind=Kind.EML)) == 1
    assert len(look(tmp_path, kind=Kind.MBOX)) == 4


def test_what_is_too_large_or_gone_is_told_of(tmp_path: Path) -> None:
    """A single mail over the limit is not read; one that went meanwhile stops nothing."""
    large, gone = put(tmp_path / "a.eml", MAIL + b"x" * LIMIT), put(tmp_path / "b.eml")
    sources = find_sources([tmp_path], None)
    gone.unlink()
    mails = found(sources)
    assert [(mail.octets, mail.skip) for mail in mails] == [(None, None), (None, Skip.UNREADABLE)]
    assert mails[0].size == large.stat().st_size


@pytest.mark.parametrize(
    ("name", "octets", "kind", "why"),
    [
        ("x", b"\x00\x01", None, "neither an mbox nor a mail"),
        ("x.pst", b"!BDN", None, "a PST"),
        ("x.msg", b"\xd0\xcf\x11\xe0", None, "Outlook's own form"),
        ("x.dat", b"\xd0\xcf\x11\xe0", None, "a file of Outlook's own"),
        ("takeout.tgz", b"\x1f\x8b", None, "is packed"),
        ("x.eml", MAIL, Kind.MBOX, "no From_ line"),
        ("x.mbox", b"\n", Kind.EML, "no mail: it does not begin with the header"),
        ("passwd", b"root:x:0:0:root:/root:/bin/bash\n", None, "neither an mbox nor a mail"),
        ("team.json", b'{"company": {\n"slug": "acme"}}\n', None, "neither an mbox nor a mail"),
        ("notes.txt", b"Call:\n\nFrom: the harbour\n", None, "neither an mbox nor a mail"),
        ("x.mbox", BOX, Kind.MAILDIR, "cur and new"),
    ],
)
def test_what_holds_no_mail_is_refused(
    tmp_path: Path, name: str, octets: bytes, kind: Kind | None, why: str
) -> None:
    """With what it is, or what was expected."""
    path = put(tmp_path / name, octets)
    with pytest.raises(MistakeError, match=why):
        find_sources([path], kind)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Only files and folders are read, for whose size is known and which can be read again."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MistakeError, match="neither a file nor a folder"):
        find_sources([tmp_path / "pipe"], None)


def test_an_empty_file_is_an_mbox_without_mail(tmp_path: Path) -> None:
    """It is no mistake; a folder without any mail is one, and so is a file that cannot be read."""
    assert look(put(tmp_path / "empty", b"")) == []
    (tmp_path / "nothing").mkdir()
    with pytest.raises(MistakeError) as refused:
        find_sources([tmp_path / "nothing", tmp_path / "gone"], None)
    assert "holds no mail" in str(refused.value)
    assert "No such file" in str(refused.value)


def test_paths_that_are_one_are_read_once(tmp_path: Path) -> None:
    """However they are written."""
    path = put(tmp_path / "x.mbox", BOX)
    assert len(look(path, Path(os.path.relpath(path)), tmp_path / "." / "x.mbox")) == 1


# ---- what mail programs write into mails -------------------------------------------------------------------


def test_notes_of_mail_programs_are_taken_off() -> None:
    """So the octets of a mail are the same in every export; its own fields and folds stay."""
    header = b"From: a@b.example\nX-Mozilla-Status: 0001\nx-gmail-labels: Inbox,\n Opened\nSubject: x\n y\n"
    stored = opened(header + b"Content-Length: 5\nStatus: RO\n\nStatus: here\n")
    assert stored.octets == b"From: a@b.example\r\nSubject: x\r\n y\r\n\r\nStatus: here\r\n"
    assert stored.header == b"From: a@b.example\r\nSubject: x\r\n y\r\n"
    assert stored.skip is None


@pytest.mark.parametrize(
    "octets",
    [MAIL, b"\xef\xbb\xbf" + MAIL, b"\n\n" + MAIL, MAIL.replace(b"\n", b"\r\n"), b"\r\n" + MAIL],
)
def test_line_ends_become_those_of_smtp(octets: bytes) -> None:
    """Wherever a mail lay, with or without what editors put before it."""
    assert opened(octets).octets == MAIL.replace(b"\n", b"\r\n")


def test_a_mail_of_dos_keeps_its_stray_line_ends() -> None:
    """A bare LF in a mail that has CRLF came so; a CRLF in a mail of Unix becomes one line end."""
    assert opened(b"A: b\r\n\r\nc\nd\r\n").octets == b"A: b\r\n\r\nc\nd\r\n"
    assert opened(b"A: b\n\nc\r\nd\n").octets == b"A: b\r\n\r\nc\r\nd\r\n"


@pytest.mark.parametrize(
    ("field", "skip"),
    [
        (b"X-Mozilla-Status: 0009", Skip.DELETED),
        (b"X-Mozilla-Status: 0001", None),
        (b"X-Mozilla-Status: zz", None),
        (b"X-Gmail-Labels: Opened,Spam", Skip.SPAM),
        (b"X-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe?=", Skip.DRAFT),
        (b"X-Gmail-Labels: Inbox,Customers", None),
        (b"X-Gmail-Labels: Chat", Skip.CHAT),
        (b"X-Unsent: 1", Skip.DRAFT),
        (b"X-Mozilla-Draft-Info: internal/draft; vcard=0", Skip.DRAFT),
        (b"X-Spam-Flag: YES", Skip.SPAM),
        (b"X-Spam-Flag: NO", None),
        (b"X-Status: D", None),
    ],
)
def test_what_is_junk_deleted_or_unsent_is_known(field: bytes, skip: Skip | None) -> None:
    """By what the program that kept the mail, or the one that sorted it, has written into it."""
    assert opened(field + b"\n" + MAIL).skip is skip


def test_folders_are_known_in_many_languages() -> None:
    """By their whole name, not by a part of it; a customer may be called Drafts Ltd."""
    assert skip_of("Wersje robocze") is Skip.DRAFT
    assert skip_of("ENTWÜRFE") is Skip.DRAFT
    assert skip_of("Drafts Ltd") is None
    assert skip_of_path("[Gmail]/Kosz") is Skip.DELETED
    assert skip_of_path("Customers/2019") is None


def test_names_of_imap_folders_are_read() -> None:
    """In their own UTF-7; what is none stays as it is."""
    assert readable("Entw&APw-rfe") == "Entwürfe"
    assert readable("R&-D") == "R&D"
    assert readable("&broken!-") == "&broken!-"


# ---- when a mail came in -----------------------------------------------------------------------------------

RECEIVED = b"Received: from a by b (x; y)\r\n ; Tue, 5 Mar 2013 10:00:00 +0100\r\n"
DATE = b"Date: Mon, 4 Mar 2013 09:00:00 +0000\r\n"
AT = datetime(2013, 3, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "stored_at", "told"),
    [
        (RECEIVED + b"Received: by a; Mon, 4 Mar 2013 08:00:00 +0000\r\n" + DATE, AT, (2013, 3, 5, 9)),
        (DATE, AT, (2013, 3, 6, 0)),
        (DATE, None, (2013, 3, 4, 9)),
        (DATE, datetime(1970, 1, 1, tzinfo=UTC), (2013, 3, 4, 9)),
        (b"Received: by a; Mon, 4 Mar 2099 08:00:00 +0000\r\n" + DATE, None, (2013, 3, 4, 9)),
        (b"X: y\r\nreceived-spf: pass\r\n", None, (2026, 11, 20, 12)),
        (b"Date: nonsense\r\n", None, (2026, 11, 20, 12)),
    ],
)
def test_a_mail_came_in_when_its_servers_say(
    header: bytes, stored_at: datetime | None, told: tuple[int, ...]
) -> None:
    """The topmost Received, else the file, else Date; never in the future, nor before there was mail."""
    moment = received_at(header, stored_at, NOW)
    assert (moment.year, moment.month, moment.day, moment.hour) == told
