"""Secret addresses, forwarding by a user's own server, and rehearsals: through real SMTP and a real DNS."""

import json
import re
import smtplib
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import dkim  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bccd.testing.build import NOON
from tests.e2e.harness import DROP, USERS, Daemon, wait_for
from tests.nameserver import NameServer
from tests.signer import record, rsa_key
from tests.sink import Sink, Taken, sink

ANN, BEN = USERS[0], USERS[1]
GMAIL, TENANT, CUSTOMER = "127.0.0.2", "127.0.0.3", "127.0.0.4"  # whose servers stand there
CLEO = "cleo@customer.example"
KEY = rsa_key(2048).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
ZONE = {
    "gmail.com": {"TXT": [f"v=spf1 ip4:{GMAIL} -all"]},
    "google.com": {"TXT": [f"v=spf1 ip4:{GMAIL} -all"]},
    "g._domainkey.google.com": {"TXT": [record(rsa_key(2048))]},
    "_dmarc.gmail.com": {"TXT": ["v=DMARC1; p=none"]},
    "example.com": {"TXT": [f"v=spf1 ip4:{TENANT} -all"]},
    "e._domainkey.example.com": {"TXT": [record(rsa_key(2048))]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=none"]},
    "customer.example": {"TXT": [f"v=spf1 ip4:{CUSTOMER} -all"]},
    "c._domainkey.customer.example": {"TXT": [record(rsa_key(2048))]},
    "_dmarc.customer.example": {"TXT": ["v=DMARC1; p=reject"]},
}


@pytest.fixture(scope="module")
def post() -> Iterator[Sink]:
    """The mail server by which users are told."""
    with sink() as server:
        yield server


@pytest.fixture(scope="module")
def open_net(tmp_path_factory: pytest.TempPathFactory, template: Daemon, post: Sink) -> Iterator[Daemon]:
    """A daemon that trusts nobody, tells its log all it can, and asks a name server of ours."""
    server = NameServer(ZONE)
    options: dict[str, dict[str, object]] = {
        "trust": {"networks": []},
        "verify": {"nameservers": [server.address]},
        "log": {"level": "debug"},
        "outbound": {"smarthost": f"127.0.0.1:{post.port}"},
    }
    folder: Path = tmp_path_factory.mktemp("forwarding") / "bccd"
    folder.mkdir()
    daemon = Daemon(folder, options).set_up(template)
    ann = {"external_id": "u1", "name": "Ann", "login": ANN, "alternatives": ["ann.k@gmail.com"]}
    ann |= {"language": "pl"}
    more = folder / "more.json"
    more.write_text(json.dumps({"users": [ann]}), encoding="utf-8")
    done = daemon.call("directory", "load", str(more), "--company", "example")
    assert done.returncode == 0, done.stderr
    daemon.start()
    yield daemon
    daemon.kill()
    server.close()


def given(daemon: Daemon, *words: str) -> str:
    """Return the address that `bccd address` gives."""
    done = daemon.call("address", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def addresses(open_net: Daemon) -> dict[str, str]:
    """Return the addresses that the command line gives out for Ann, and for the deal."""
    return {
        "fw": given(open_net, "user", "example", ANN, "--forward"),
        "u": given(open_net, "user", "example", ANN),
        "d": given(open_net, "deal", "example", "77"),
    }


def letter(author: str, name: str, *, to: str = ANN, head: str = "", text: str = "Hello") -> bytes:
    """Write a mail."""
    return (
        f"From: {author}\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: <{name}@x.example>\r\n"
        f"Date: {format_datetime(NOON)}\r\n{head}\r\n{text}\r\n"
    ).encode()


def signed(mail: bytes, domain: str, selector: str) -> bytes:
    """Sign as the author's server does before anybody forwards the mail."""
    fields = [b"from", b"to", b"subject", b"date", b"message-id"]
    signature: bytes = dkim.sign(mail, selector.encode(), domain.encode(), KEY, include_headers=fields)
    return signature + mail


def send(daemon: Daemon, peer: str, mail_from: str, to: str, mail: bytes) -> tuple[int, str]:
    """Hand a mail in from a server's address; returns the reply to its octets, or to what was refused."""
    with smtplib.SMTP("127.0.0.1", daemon.smtp, "mx.example", 30, (peer, 0)) as client:
        client.ehlo()
        code, text = client.mail(mail_from)
        if code == 250:
            code, text = client.rcpt(to)
        if code == 250:
            code, text = client.data(mail)
        return code, text.decode()


def filed(daemon: Daemon, name: str) -> tuple[Any, ...]:
    """Wait for a mail to be filed; returns its direction, author, owner, and the contacts it made."""
    sql = (
        "SELECT m.direction, m.from_address, c.owner_id, (SELECT count(*) FROM contact x"
        " WHERE x.delivery_id = c.delivery_id) FROM message m JOIN message_copy c ON c.message_id = m.id"
        " WHERE m.subject = ?"
    )
    wait_for(lambda: bool(daemon.query(sql, name)), 30, daemon.tail)
    return daemon.query(sql, name)[0]


def told(daemon: Daemon, reason: str) -> list[dict[str, Any]]:
    """Return what the outbox says for a reason, and to whom."""
    rows = daemon.query("SELECT user_id, address, args FROM outbox WHERE reason = ? ORDER BY id", reason)
    return [json.loads(str(args)) | {"user": user, "to": address} for user, address, args in rows]


def mailed(post: Sink, text: str) -> Taken:
    """Wait for a mail to a user that says this, and return it; it is the only one."""
    wait_for(lambda: any(text in taken.text for taken in post.mails()), 30)
    (found,) = (taken for taken in post.mails() if text in taken.text)
    return found


def ann_id(daemon: Daemon) -> object:
    """Return Ann's number."""
    return daemon.query("SELECT user_id FROM user_address WHERE address = ?", ANN)[0][0]


def test_a_users_server_forwards_customers_mail(open_net: Daemon, addresses: dict[str, str]) -> None:
    """Gmail and Microsoft 365 send on what customers wrote: it is Ann's, incoming, and nobody else's.

    A new customer whose signature outlived that becomes a contact; one whom nothing proves does not. What
    anybody else sends to the address is held for her, a neighbour's at Gmail who writes her name into a
    field as well.
    """
    daemon, drop = open_net, addresses["fw"]
    caf = f"ann.k+caf_={drop.replace('@', '=')}@gmail.com"
    fields = f"X-Forwarded-To: {drop}\r\nX-Forwarded-For: ann.k@gmail.com {drop}\r\n".encode()
    gmail = fields + signed(letter("New <new@customer.example>", "by gmail"), "customer.example", "c")
    assert send(daemon, GMAIL, caf, drop, gmail)[0] == 250
    srs = "ann+SRS=44ldt=IX=customer.example=cleo@example.com"
    loop = "X-MS-Exchange-Inbox-Rules-Loop: ann@example.com\r\n"
    tenant = letter(f"Cleo <{CLEO}>", "by microsoft", head=loop)
    assert send(daemon, TENANT, srs, drop, tenant)[0] == 250
    unproven = letter("Odd <odd@nowhere.example>", "unproven author")
    assert send(daemon, GMAIL, caf, drop, unproven)[0] == 250
    ann = ann_id(daemon)
    assert filed(daemon, "by gmail") == ("incoming", "new@customer.example", ann, 1)
    assert filed(daemon, "by microsoft") == ("incoming", CLEO, ann, 0)
    assert filed(daemon, "unproven author") == ("incoming", "odd@nowhere.example", ann, 0)

    neighbour = fields + letter(f"Cleo <{CLEO}>", "by a neighbour")
    assert send(daemon, GMAIL, "eve@gmail.com", drop, neighbour)[0] == 250
    assert send(daemon, CUSTOMER, CLEO, drop, letter(f"Cleo <{CLEO}>", "by hand"))[0] == 250
    held = "SELECT mail_from, state, user_id FROM delivery WHERE reason = 'forward_unproven'"
    wanted = {("eve@gmail.com", "held", ann), (CLEO, "held", ann)}
    wait_for(lambda: wanted <= set(daemon.query(held)), 30, daemon.tail)


def test_a_user_s_own_sent_copies_are_outgoing(open_net: Daemon, addresses: dict[str, str]) -> None:
    """What Ann wrote comes by the same way and is hers; a newsletter is set aside."""
    daemon, drop = open_net, addresses["fw"]
    sent = letter(f"Ann <{ANN}>", "sent copy", to=CLEO)
    assert send(daemon, TENANT, ANN, drop, signed(sent, "example.com", "e"))[0] == 250
    assert filed(daemon, "sent copy")[:3] == ("outgoing", ANN, ann_id(daemon))
    caf = f"annk+caf_={drop.replace('@', '=')}@gmail.com"
    news = letter("News <news@shop.example>", "news", head="List-Unsubscribe: <https://shop.example/u>\r\n")
    assert send(daemon, GMAIL, caf, drop, news)[0] == 250
    aside = "SELECT count(*) FROM delivery WHERE state = 'set_aside' AND reason = 'bulk'"
    wait_for(lambda: daemon.query(aside) == [(1,)], 30, daemon.tail)


def test_a_forwarding_server_speaks_for_no_author(open_net: Daemon, addresses: dict[str, str]) -> None:
    """What a stranger mails to Ann in her own or Ben's name is forwarded in her servers' name, and not filed.

    Their SPF passes for the author's domain, and so does DMARC; the mail is held for Ann.
    """
    daemon, drop = open_net, addresses["fw"]
    caf = f"ann.k+caf_={drop.replace('@', '=')}@gmail.com"
    srs, mine = "ann+SRS=44ldt=IX=example.com=ann@example.com", "ann.k@gmail.com"
    ways = (
        (GMAIL, caf, mine, drop),
        (TENANT, srs, ANN, drop),
        (TENANT, ANN, ANN, drop),  # .forward of a server that believes any envelope
        (TENANT, srs, BEN, drop),
    )
    for number, (peer, sender, author, to) in enumerate(ways):
        assert send(daemon, peer, sender, to, letter(author, f"forged {number}", to=CLEO))[0] == 250
    for peer, sender, author in (
        (GMAIL, caf, mine),
        (TENANT, srs, ANN),
    ):  # a filter that forwards to the company
        assert send(daemon, peer, sender, DROP, letter(author, "forged", to=CLEO))[0] == 550
    held = (
        "SELECT count(*) FROM delivery WHERE reason = 'unverified_sender' AND state = 'held' AND user_id = ?"
    )
    wait_for(lambda: daemon.query(held, ann_id(daemon)) == [(len(ways),)], 30, daemon.tail)
    assert daemon.query("SELECT count(*) FROM message WHERE subject LIKE 'forged%'") == [(0,)]


def test_a_providers_question_is_hers_alone(open_net: Daemon, addresses: dict[str, str], post: Sink) -> None:
    """Gmail's number and link are told to Ann, filed nowhere, and not asked for by anybody who forges it."""
    daemon, drop = open_net, addresses["fw"]
    google, link = "forwarding-noreply@google.com", "https://mail-settings.google.com/mail/vf-%5Bx%5D-y"
    text = f"Kod potwierdzenia: 512203847\r\n\r\nann.k@gmail.com\r\n{link}\r\n"
    question = letter(f"Gmail <{google}>", "(nr 512203847) Gmail", to=drop, text=text)
    proven = signed(question, "google.com", "g")
    assert send(daemon, CUSTOMER, CLEO, drop, question.replace(b"512203847", b"999999999"))[0] == 250
    assert send(daemon, GMAIL, google, drop, proven)[0] == 250
    wait_for(lambda: bool(told(daemon, "forwarding_code")), 30, daemon.tail)
    (notice,) = told(daemon, "forwarding_code")
    assert (notice["user"], notice["account"]) == (ann_id(daemon), "ann.k@gmail.com")
    assert notice["answer"] == f"512203847, {link}"
    mail = mailed(post, "512203847")
    assert mail.to == (ANN,) and link in mail.text
    assert daemon.query("SELECT count(*) FROM message WHERE from_address = ?", google) == [(0,)]


def test_a_secret_address_is_no_proof_and_another_users_is_refused(
    open_net: Daemon, addresses: dict[str, str]
) -> None:
    """Ann's own works for Ann; not for Ben, nor a stranger who knows it, nor with one letter changed."""
    daemon, secret = open_net, addresses["u"]
    assert send(daemon, TENANT, ANN, secret, letter(ANN, "secret", to=CLEO))[0] == 250
    assert filed(daemon, "secret")[:3] == ("outgoing", ANN, ann_id(daemon))
    assert send(daemon, TENANT, BEN, secret, letter(BEN, "bens", to=CLEO))[0] == 550
    assert send(daemon, CUSTOMER, ANN, secret, letter(ANN, "forged", to=CLEO))[0] == 550
    wrong = re.sub(r"\+u.", lambda found: "+u3" if found[0] != "+u3" else "+u4", secret)
    code, text = send(daemon, TENANT, ANN, wrong, letter(ANN, "guessed", to=CLEO))
    assert (code, text) == (550, "5.1.1 no such company address here")


def test_a_signed_deal_links_and_a_guess_does_not(open_net: Daemon, addresses: dict[str, str]) -> None:
    """The address of one deal leads to that deal, and to no other."""
    daemon, deal = open_net, addresses["d"]
    assert send(daemon, TENANT, ANN, deal, letter(ANN, "signed deal", to="x@other.example"))[0] == 250
    filed(daemon, "signed deal")
    sql = (
        "SELECT d.external_id, l.origin FROM link l JOIN deal d ON d.id = l.deal_id"
        " JOIN message m ON m.id = l.message_id WHERE m.subject = ?"
    )
    assert daemon.query(sql, "signed deal") == [("77", "tag")]
    changed = deal.replace(deal[-20], "a" if deal[-20] != "a" else "b")
    assert send(daemon, TENANT, ANN, changed, letter(ANN, "guessed deal", to=CLEO))[0] == 550


_LEFT = ("delivery", "message", "contact", "conversation", "decision", "change", "message_copy")
_SPOOLED = ("spool", "raw_mail", "delivery_key")


def test_a_rehearsal_is_answered_and_leaves_nothing(open_net: Daemon, post: Sink) -> None:
    """Ann hears what would become of her mail; a stranger is refused; no row but the answer is written."""
    daemon = open_net
    wait_for(lambda: daemon.waiting() == 0, 30, daemon.tail)

    def counts() -> list[object]:
        tables = [(table, "bccd.db") for table in _LEFT] + [(table, "spool.db") for table in _SPOOLED]
        return [daemon.query(f"SELECT count(*) FROM {table}", file=file) for table, file in tables]  # noqa: S608

    before, test = counts(), DROP.replace("@", "+test+deal77@")
    rehearsed = letter(f"Ann <{ANN}>", "rehearsed", to="Jan <jan@new.example>")
    assert send(daemon, TENANT, ANN, test, rehearsed)[0] == 250
    assert send(daemon, CUSTOMER, ANN, test, rehearsed)[0] == 550
    with smtplib.LMTP("127.0.0.1", daemon.lmtp) as client:  # taken, kept nowhere, and answers nobody
        assert client.sendmail(ANN, [test], rehearsed) == {}
    wait_for(lambda: bool(told(daemon, "rehearsal")), 30, daemon.tail)
    wait_for(lambda: daemon.waiting() == 0, 30, daemon.tail)
    (answer,) = told(daemon, "rehearsal")
    assert (answer["user"], answer["to"], answer["would"]) == (ann_id(daemon), ANN, "filed")
    said = {(rule, verdict) for rule, _, verdict, _ in answer["steps"]}
    assert {("evidence", "pass"), ("direction", "outgoing"), ("deal", "linked")} <= said
    assert counts() == before
    mail = mailed(post, "Zostałaby zapisana.")
    assert (mail.to, mail.sender) == ((ANN,), "")
    for line in (
        "Dowód: spf",
        "Kierunek: reguła 1a: wychodząca",
        "jan@new.example: zostałby utworzony",
        "77",
    ):
        assert line in mail.text, mail.text


def test_no_token_stands_in_the_log(open_net: Daemon, addresses: dict[str, str]) -> None:
    """Whatever was sent to secret addresses, the log tells whose they are and never what they are."""
    daemon = open_net
    for address in (addresses["fw"], addresses["u"]):  # whatever ran before
        send(
            daemon, GMAIL, f"x+caf_={address.replace('@', '=')}@gmail.com", address, letter(CLEO, address[:9])
        )
    tokens = [str(token) for (token,) in daemon.query("SELECT token FROM secret_address")]
    assert len(tokens) >= 2
    log = daemon.log.read_text(encoding="utf-8", errors="replace").lower()
    assert "receive" in log
    assert not [token for token in tokens if token in log]
    recipients = str(daemon.query("SELECT address FROM delivery_recipient"))
    assert not [token for token in tokens if token in recipients]
