"""Whoever is not a user is never filed as one: techniques of spoofing, through real SMTP and a real DNS."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bccd.model.delivery import show_id
from tests.e2e.harness import DIRECTORY, DROP, USERS, Daemon, wait_for
from tests.e2e.honest_mails import HONEST_ZONE, honest_mails
from tests.e2e.relayed_spoofs import RELAY_ID, RELAYED_SPOOFS
from tests.e2e.spoofs import (
    ABROAD_KEY,
    GROSS,
    OFFICE,
    OFFICE_KEY,
    RELAY,
    SPOOFS,
    STRANGER,
    UMA,
    VICTIM,
    ZOE,
    ZONE,
    Spoof,
    honest,
    letter,
)
from tests.nameserver import Mode, NameServer, name_server

EVERY = (*SPOOFS, *RELAYED_SPOOFS)
_LIMITS = (
    "strangers_per_minute strangers_per_ip_minute strangers_at_once mails_per_ip_hour mails_per_user_hour"
    " mails_per_company_hour"
)


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    """The DNS of all who take part; what it says is kept by nobody."""
    with name_server({**ZONE, **HONEST_ZONE}, ttl=0) as server:
        yield server


@pytest.fixture(scope="module")
def spoofed(
    tmp_path_factory: pytest.TempPathFactory, template: Daemon, names: NameServer
) -> Iterator[Daemon]:
    """A daemon on the open net: it trusts nobody's word but one relay's, and asks a name server of ours."""
    yield from _running(tmp_path_factory.mktemp("spoofed") / "bccd", template, names, {})


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, template: Daemon, names: NameServer) -> Iterator[Daemon]:
    """The same, but without patience for a DNS that says nothing."""
    haste = {"query_seconds": 0.2, "mail_seconds": 0.4}
    yield from _running(tmp_path_factory.mktemp("hasty") / "bccd", template, names, haste)


def _running(
    folder: Path, template: Daemon, names: NameServer, patience: dict[str, float]
) -> Iterator[Daemon]:
    options: dict[str, dict[str, object]] = {
        "trust": {"networks": [], "relays": [f"{RELAY}/32"], "authserv_ids": [RELAY_ID]},
        "verify": {"nameservers": [names.address], "arc_sealers": ["sealer.example"], **patience},
        "limits": dict.fromkeys(_LIMITS.split(), 0),
    }
    folder.mkdir()
    daemon = Daemon(folder, options).set_up(template)
    more = folder / "more.json"
    more.write_text(
        json.dumps(DIRECTORY | {"users": [*DIRECTORY["users"], ZOE, UMA, GROSS]}), encoding="utf-8"
    )
    assert daemon.call("directory", "load", str(more)).returncode == 0
    daemon.start()
    yield daemon
    daemon.kill()


def talk(daemon: Daemon, spoof: Spoof) -> list[bytes]:
    """Hand a mail in as the attempt says; return the replies from MAIL on, as far as they go."""
    with socket.create_connection(("127.0.0.1", daemon.smtp), 20, (spoof.peer, 0)) as peer:
        stream = peer.makefile("rb")

        def answer() -> bytes:
            while (line := stream.readline())[3:4] == b"-":
                continue
            return line

        answer()
        replies = []
        greeting = b"EHLO " + spoof.helo.encode()
        data = spoof.mail + (b"" if spoof.mail.endswith(b"\r\n") else b"\r\n") + b".\r\n"
        commands = (b"MAIL FROM:" + spoof.sender, f"RCPT TO:<{DROP}>".encode(), b"DATA", data)
        for command in (greeting, *spoof.before):
            peer.sendall(command + b"\r\n")
            answer()
        for command in commands:
            peer.sendall(command + (b"" if command is data else b"\r\n"))
            replies.append(answer())
            if replies[-1][:1] not in (b"2", b"3"):
                break
        else:
            peer.sendall(b"QUIT\r\n")
            while line := stream.readline():  # answers to what was smuggled stand before that to QUIT
                replies.append(line)
            replies = replies[:-1] if replies[-1].startswith(b"221") else replies
        return replies


def test_there_are_many_techniques() -> None:
    """Each under a name of its own."""
    assert len({spoof.name for spoof in EVERY}) == len(EVERY) >= 40


def test_nobody_is_filed_as_somebody_else(spoofed: Daemon) -> None:
    """Every technique is refused, or held where a relay brought it; nothing of it is filed.

    As a control the same server files what is honest: by signature, by SPF of the user's own address, by a
    relay's word, by SPF of the client that a relay tells of.
    """
    old = {row.id for row in spoofed.wait_filed(0)}  # of other tests
    messages = spoofed.query("SELECT count(*) FROM message")
    wrong = []
    kept = 0
    for spoof in EVERY:
        replies = talk(spoofed, spoof)
        accepted = len(replies) >= 4 and replies[3].startswith(b"250")
        kept += accepted
        if accepted is not spoof.held or len(replies) > 4:
            wrong.append((spoof.name, replies))
    assert not wrong
    rows = [row for row in spoofed.wait_filed(len(old) + kept) if row.id not in old]
    assert {row.state for row in rows} == {"held"}
    assert spoofed.query("SELECT count(*) FROM message") == messages

    passed = f"Authentication-Results: {RELAY_ID}; dmarc=pass header.from=example.com\r\n".encode()
    sender = f"<{VICTIM}>".encode()
    controls: tuple[Spoof, ...] = (
        Spoof("signed, by way of a stranger", honest("control-dkim")),
        Spoof("SPF", letter(f"Ann <{VICTIM}>", "control-spf"), sender, OFFICE),
        Spoof("a relay's word", passed + letter(VICTIM, "control-relay"), peer=RELAY),
        Spoof(
            "a relay's client",
            letter(VICTIM, "control-client"),
            sender,
            RELAY,
            before=(b"XFORWARD ADDR=127.0.0.2 HELO=mail.example.com",),
        ),
    )
    controls += tuple(_abroad())
    for control in controls:
        assert talk(spoofed, control)[3].startswith(b"250"), control.name
    rows = spoofed.wait_filed(len(old) + kept + len(controls))
    rows = [row for row in rows if row.id not in old]
    assert [row.state for row in rows if row.state != "held"] == ["filed"] * len(controls)
    signed = next(row for row in rows if row.state == "filed")
    told = json.loads(spoofed.call("explain", show_id(signed.id), "--json").stdout)
    found = {(step["about"], step["verdict"]) for step in told["steps"] if step["rule"] == "evidence"}
    assert {("dkim example.com", "pass"), ("dmarc example.com", "pass")} <= found
    methods = [row.evidence for row in rows if row.state == "filed"]
    for method in ("dkim", "spf", "relay_dmarc", "spf"):
        assert any(f'"method":"{method}"' in one for one in methods)


def test_honest_mail_is_filed(spoofed: Daemon) -> None:
    """What users send by Gmail, iCloud, Microsoft 365, Fastmail, a server of theirs or a smarthost."""
    old = {row.id for row in spoofed.wait_filed(0)}
    sent = tuple(honest_mails())
    said = {mail.name: talk(spoofed, mail)[3:] for mail, _ in sent}
    assert not {name: replies for name, replies in said.items() if not replies[0].startswith(b"250")}
    rows = [row for row in spoofed.wait_filed(len(old) + len(sent)) if row.id not in old]
    methods = [json.loads(row.evidence)["sender"]["method"] for row in rows]
    assert [row.state for row in rows] == ["filed"] * len(sent)
    assert methods == [method for _, method in sent]


def _abroad() -> Iterator[Spoof]:
    """Mail of a user whose address is not ASCII, in all its forms (RFC 6531, 8616)."""
    utf8, ascii_ = "zoë@münchen.example", "zoë@xn--mnchen-3ya.example"
    for number, (author, domain, sender) in enumerate(
        (
            (utf8, ABROAD_KEY.domain, f"<{utf8}> SMTPUTF8"),
            (ascii_, ABROAD_KEY.domain, f"<{ascii_}> SMTPUTF8"),
            (utf8, "münchen.example", "<bounce@attack.test>"),
        )
    ):
        octets = letter(f"Zoë <{author}>", f"abroad {number}")
        signed = ABROAD_KEY.sign(octets, {"d": domain, "h": "from:to:subject:date"})
        yield Spoof(f"{author}, d={domain}", signed, sender.encode())


def test_a_refusal_tells_nothing_and_the_log_tells_why(spoofed: Daemon, names: NameServer) -> None:
    """A user's address and a stranger's get one text after the same questions; its id leads to the reason."""
    texts = {}
    asked = []
    for author in (USERS[1], "nobody@example.com"):
        names.asked.clear()
        text = talk(spoofed, Spoof(author, letter(author, f"reply {author}")))[3].decode().strip()
        said, _, number = text.partition(" (")
        texts[number.rstrip(")")] = said
        asked.append(sorted(names.asked))
    assert len(set(texts.values())) == 1
    assert asked[0] == asked[1] != []
    assert len(texts) == 2

    def reasons() -> list[object]:
        lines = spoofed.events("receive")
        return [line["reasons"] for number in texts for line in lines if number in str(line["replies"])]

    wait_for(lambda: reasons() == [["unverified_sender"], ["unknown_sender"]], 10)
    assert STRANGER in {str(line["peer"]) for line in spoofed.events("receive")}


def replies(daemon: Daemon, mode: Mode, author: str) -> list[bytes]:
    """Return what is said to a signed mail and to one that is not."""
    told = OFFICE_KEY.sign(letter(author, f"{mode} signed {author}"))
    plain = letter(author, f"{mode} plain {author}")
    sender = f"<{author}>".encode()
    return [talk(daemon, Spoof("", octets, sender, OFFICE))[3] for octets in (told, plain)]


@pytest.mark.parametrize("mode", ["dead", "slow", "servfail", "refused", "garbage"])
def test_a_dns_that_fails_is_neither_a_pass_nor_a_refusal(
    hasty: Daemon, names: NameServer, mode: Mode
) -> None:
    """The peer comes again, whoever the author is."""
    names.mode, names.delay = mode, 60
    try:
        for author in (VICTIM, "nobody@example.com"):
            signed, unsigned = replies(hasty, mode, author)
            assert signed.startswith(b"451 4.4.3") and unsigned.startswith(b"451 4.7.24")
    finally:
        names.mode = "answer"


def test_what_the_dns_does_say_is_an_answer(spoofed: Daemon, names: NameServer) -> None:
    """By TCP a user is proven and a stranger known as one; that there is no such name proves nobody."""
    wanted: tuple[tuple[Mode, str, bytes], ...] = (
        ("truncated", VICTIM, b"250"),
        ("truncated", "nobody@example.com", b"550"),
        ("nxdomain", VICTIM, b"550"),
        ("nxdomain", "nobody@example.com", b"550"),
    )
    try:
        for mode, author, code in wanted:
            names.mode = mode
            assert [reply[:3] for reply in replies(spoofed, mode, author)] == [code] * 2, (mode, author)
    finally:
        names.mode = "answer"


def test_what_the_dns_does_tell_is_enough(spoofed: Daemon, names: NameServer) -> None:
    """Where the key of a signature is unknown SPF may prove the author, and the other way round."""
    try:
        for silent in (f"{OFFICE_KEY.selector}._domainkey.example.com", "example.com", "_dmarc.example.com"):
            names.modes = {"_dmarc.example.com": "answer", "_domainkey.example.com": "answer"}
            names.modes[silent] = "servfail"
            both = OFFICE_KEY.sign(letter(VICTIM, f"without {silent}"))
            reply = talk(spoofed, Spoof("", both, f"<{VICTIM}>".encode(), OFFICE))[3]
            assert reply.startswith(b"250"), silent
    finally:
        names.modes = {}
