"""receive() under a flood: strangers are put off before anything is asked about them, users are not."""

import asyncio
from dataclasses import replace

import pytest
import structlog

from bccd.config import Limits
from bccd.model.auth import AuthReport, AuthResult, Login
from bccd.model.envelope import Envelope, Peer, Tag, Target
from bccd.model.reply import TOO_MANY_STRANGERS, TOO_MUCH_MAIL, Reply
from bccd.rules.signing import Signer
from bccd.sources.floods import Floods
from tests.unit.test_pipeline import CRM, World, directory, mail

STRANGER, USER = "buy@spam.example", "anna@seller.example"
PEER, OTHER_PEER = Peer("192.0.2.1"), Peer("198.51.100.1")
PROVEN = AuthReport(login=Login(1, 7, USER))


@pytest.fixture
def world() -> World:
    """A world in which the snapshot is up to date."""
    made = World()
    made.now = made.stale
    return made


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(world: World, clock: Hand | None = None, **limits: int) -> Floods:
    """Put a guard into the world: nothing is limited but what is named."""
    none = dict.fromkeys(
        (
            "strangers_per_minute", "strangers_per_ip_minute", "strangers_at_once",
            "mails_per_ip_hour", "mails_per_user_hour", "mails_per_company_hour",
        ),
        0,
    )  # fmt: skip
    guard = Floods(Limits(**(none | limits)), ("10.0.0.0/8",), ("192.0.2.64/26",), clock or Hand())
    world.guard = guard
    return guard


def rcpts(world: World, count: int, sender: str, peer: Peer = PEER, to: str = CRM.address) -> int:
    """Return how many of so many recipients, each of a transaction of its own, are accepted."""
    replies = [world.rcpt(to, peer=peer, sender=sender) for _ in range(count)]
    assert {str(reply) for reply in replies if isinstance(reply, Reply)} <= {
        str(TOO_MANY_STRANGERS),
        str(TOO_MUCH_MAIL),
    }
    return sum(isinstance(reply, Target) for reply in replies)


def test_strangers_are_put_off_and_users_are_not(world: World) -> None:
    """Beyond the company's threshold strangers get 450; users' mail goes on, from the same host, too."""
    clock = Hand()
    make(world, clock, strangers_per_minute=5)
    assert rcpts(world, 20, STRANGER) == 5
    assert world.rcpt(CRM.address, peer=OTHER_PEER, sender="x@y.example") == TOO_MANY_STRANGERS
    assert rcpts(world, 20, USER) == 20
    assert rcpts(world, 20, STRANGER, to="crm@other.example") == 5  # another company has its own room
    clock.now += 60
    assert rcpts(world, 20, STRANGER) == 5


@pytest.mark.parametrize(
    "sender",
    [
        "boss@seller.example",
        "bounce+ann=x@em7.mail.seller.example",
        "me@home.example",  # of an alternative address, though it is not confirmed
    ],
)
def test_a_domain_of_a_user_is_known(world: World, sender: str) -> None:
    """Whoever writes from a domain in which a user has an address, or below it, may be one."""
    make(world, strangers_per_minute=1)
    rcpts(world, 1, STRANGER)
    assert rcpts(world, 3, sender) == 3
    for other in ("x@notseller.example", "x@example", "x@seller.example.evil.example", "no address"):
        assert rcpts(world, 1, other) == 0


def test_secret_addresses_know_no_strangers(world: World) -> None:
    """What a forwarding server sends, and answers to notices, come from anywhere."""
    guard = make(world, strangers_per_minute=1)
    receiving = world.receiving()
    guard.stranger(PEER, 1)
    for tag in (Tag.FORWARD, Tag.REPLY, Tag.USER):
        assert receiving._put_off(PEER, STRANGER, Target("x", 1, tag), ()) is None
    noted = Target("x", 1, Tag.NOTE, more=(Target("x", 1, Tag.USER),))
    assert receiving._put_off(PEER, STRANGER, noted, ()) is None
    assert receiving._put_off(PEER, STRANGER, Target("x", 1, Tag.NOTE), ()) == TOO_MANY_STRANGERS


def test_a_transaction_counts_once(world: World) -> None:
    """Further recipients of the same company are part of the same mail."""
    make(world, strangers_per_minute=1)
    first = world.rcpt(CRM.address, peer=PEER, sender=STRANGER)
    assert isinstance(first, Target)
    second = world.rcpt("crm+note@drop.example", (first,), peer=PEER, sender=STRANGER)
    assert isinstance(second, Target)
    assert rcpts(world, 1, STRANGER) == 0


def test_hosts_have_limits_of_their_own(world: World) -> None:
    """One host cannot use up all the room for strangers; an IPv6 host is its /64; relays are exempt."""
    make(world, strangers_per_minute=100, strangers_per_ip_minute=3)
    assert rcpts(world, 9, STRANGER, PEER) == 3
    assert rcpts(world, 9, STRANGER, OTHER_PEER) == 3
    assert [rcpts(world, 1, STRANGER, Peer(f"2001:db8::{n}")) for n in range(5)] == [1, 1, 1, 0, 0]
    assert rcpts(world, 1, STRANGER, Peer("2001:db8:0:1::1")) == 1
    assert rcpts(world, 9, STRANGER, Peer("192.0.2.70")) == 9
    assert rcpts(world, 9, STRANGER, Peer("")) == 9
    assert rcpts(world, 9, STRANGER, Peer("192.0.2.70", client_ip="203.0.113.9")) == 3


def test_hosts_of_users_have_a_limit(world: World) -> None:
    """Mail that may be a user's is limited by its host; his own login, networks and relays are exempt."""
    make(world, mails_per_ip_hour=3)
    assert rcpts(world, 9, USER, PEER) == 3
    assert world.rcpt(CRM.address, peer=PEER, sender=USER) == TOO_MUCH_MAIL
    for peer in (Peer("10.1.1.1"), Peer("192.0.2.70"), Peer(""), replace(PEER, login=PROVEN.login)):
        assert rcpts(world, 9, USER, peer) == 9
    assert rcpts(world, 9, STRANGER, Peer("10.1.1.1")) == 9


def data(world: World, envelope: Envelope) -> Reply:
    (reply,) = world.data(envelope)
    return reply


def test_only_proven_mail_uses_up_a_users_quota(world: World) -> None:
    """A thousand forged mails leave a user's quota untouched; his own are put off beyond it."""
    make(world, mails_per_user_hour=2)
    own = replace(mail(USER), peer=PEER)
    world.auth = AuthReport()
    assert {data(world, own).code for _ in range(50)} == {550}
    world.auth = PROVEN
    assert [data(world, own).code for _ in range(3)] == [250, 250, 450]
    assert data(world, own) == TOO_MUCH_MAIL
    assert len(world.kept) == 2
    world.auth = AuthReport(trusted_network="10.0.0.0/8")
    assert data(world, replace(own, peer=Peer("10.1.1.1"))).code == 250


def test_a_replayed_signature_uses_up_nobodys_quota(world: World) -> None:
    """Whoever has a mail that a user signed can send it again and again: that is counted once for the user.

    What is not signed may differ. The replays have room of their own, and are put off beyond it.
    """
    clock = Hand()
    make(world, clock, mails_per_user_hour=4, mails_per_company_hour=4)
    world.auth = AuthReport(checks=(AuthResult("dkim", "pass", "seller.example"),))

    def send(number: int, attempt: int = 0) -> int:
        head = f"Message-ID: <{number}@x>\r\nX-Try: {attempt}\r\n"
        return data(world, replace(mail(USER, head=head), peer=PEER)).code

    assert [send(1, attempt) for attempt in range(9)] == [250] * 5 + [450] * 4
    assert [send(number) for number in (2, 3, 4, 5)] == [250, 250, 250, 450]
    clock.now += 3600
    assert send(1) == 250


def test_a_notice_that_goes_round_is_kept_a_few_times(world: World) -> None:
    """Whoever has seen our header could else fill the disk; the company's quota is untouched."""
    make(world, mails_per_user_hour=5, mails_per_company_hour=5)
    world.auth = AuthReport()
    token = Signer(b"secret").sign("notice", 1, 9)
    written = (token, token.upper(), token + "=" * (-len(token) % 8))
    heads = [f"X-Bccd-Notice: {written[n % 3]}\r\nX-Try: {n}\r\n" for n in range(60)]
    back = [replace(mail("x@spam.example", head=head), peer=PEER) for head in heads]
    assert {data(world, one).code for one in back} == {250}
    assert len(world.kept) == 20
    world.auth = PROVEN
    assert [data(world, replace(mail(USER), peer=PEER)).code for _ in range(6)] == [250] * 5 + [450]


def test_what_is_forwarded_uses_up_no_quota_of_the_users_own(world: World) -> None:
    """Anybody can write to his mailbox, which sends it on."""
    make(world, mails_per_user_hour=2, mails_per_company_hour=3)
    forward = Target("crm+fw.7@drop.example", 1, Tag.FORWARD, user_id=7)
    spam = replace(mail("x@spam.example"), peer=PEER, mail_from=USER, targets=(forward,))
    world.auth = AuthReport(checks=(AuthResult("spf", "pass", "seller.example"),))
    assert [data(world, spam).code for _ in range(4)] == [250, 250, 450, 450]
    world.auth = PROVEN
    assert [data(world, replace(mail(USER), peer=PEER)).code for _ in range(3)] == [250, 250, 450]


def test_a_company_has_a_quota(world: World) -> None:
    """All users of a company together have one, too."""
    world.stale = world.now = directory(USER)
    world.auth = PROVEN
    make(world, mails_per_company_hour=2)
    assert [data(world, replace(mail(USER), peer=PEER)).code for _ in range(3)] == [250, 250, 450]


def test_a_stranger_is_examined_once_he_is_let_in(world: World) -> None:
    """Before the first octet nothing is asked about him; about a user it begins at MAIL FROM."""
    make(world, strangers_per_minute=5)
    receiving = world.receiving()
    receiving.examine(PEER, USER)
    receiving.examine(replace(PEER, login=PROVEN.login), STRANGER)
    receiving.examine(Peer("10.1.1.1"), STRANGER)
    assert len(world.begun) == 3
    examination = receiving.examine(PEER, STRANGER)
    assert len(world.begun) == 3
    examination.feed(b"From: ")
    examination.feed(b"x")
    assert world.begun[3:] == [(PEER, STRANGER)]
    receiving.examine(PEER, STRANGER).abandon()
    assert len(world.begun) == 4


def test_strangers_are_examined_few_at_once(world: World) -> None:
    """Beyond the bound recipients are put off, and so is a mail that was let in before it was reached."""
    guard = make(world, strangers_at_once=2)
    receiving = world.receiving()
    strange = replace(mail("x@spam.example"), mail_from=STRANGER, peer=PEER)
    hosts = [Peer(f"198.51.100.{n}") for n in range(4)]
    examinations = [receiving.examine(peer, STRANGER) for peer in hosts]
    assert rcpts(world, 1, STRANGER) == 1
    for examination in examinations:
        examination.feed(b"x")
    assert guard._examined == 2
    assert rcpts(world, 1, STRANGER) == 0 and rcpts(world, 1, USER) == 1
    replies = [asyncio.run(receiving.message(strange, examination)) for examination in examinations[1:3]]
    assert [reply.code for (reply,) in replies] == [550, 450]
    assert guard._examined == 1
    for examination in examinations:
        examination.abandon()
        examination.abandon()
    assert guard._examined == 0
    assert rcpts(world, 1, STRANGER) == 1


def test_one_host_cannot_hold_all_the_room_for_strangers(world: World) -> None:
    """Its octets may come as slowly as it likes; others, and what a relay brings, are examined."""
    guard = make(world, strangers_at_once=10)
    receiving = world.receiving()
    begun = []
    for peer, room in ((PEER, 8), (OTHER_PEER, 2)):
        before = guard._examined
        begun += [receiving.examine(peer, STRANGER) for _ in range(9)]
        for examination in begun[-9:]:
            examination.feed(b"x")
        assert guard._examined - before == room
    for examination in begun:
        examination.abandon()
    assert guard._examined == 0
    for examination in [receiving.examine(Peer("192.0.2.70"), STRANGER) for _ in range(12)]:
        examination.feed(b"x")
    assert guard._examined == 10


def test_an_empty_mail_is_examined_too(world: World) -> None:
    """A mail without a single octet comes to a report, and its place is free again."""
    guard = make(world, strangers_at_once=1)
    strange = replace(mail("x@spam.example"), mail_from=STRANGER, peer=PEER)
    assert [data(world, strange).code for _ in range(3)] == [550] * 3
    assert guard._examined == 0


def test_the_log_tells_of_a_flood_now_and_then(world: World) -> None:
    """The first mail that is put off is told at once, then once a minute how many there were."""
    clock = Hand()
    make(world, clock, strangers_per_minute=1)
    with structlog.testing.capture_logs() as logs:
        rcpts(world, 100, STRANGER)
        clock.now += 61
        rcpts(world, 3, STRANGER)
    assert [(line["event"], line["limit"], line["put_off"]) for line in logs] == [
        ("flood", "strangers_per_minute", 1),
        ("flood", "strangers_per_minute", 99),
    ]


def test_before_the_first_look_nobody_is_put_off(world: World) -> None:
    """Without a directory at hand nobody is known, and nobody is a stranger."""
    make(world, strangers_per_minute=1)
    world.at_hand = lambda: None  # type: ignore[method-assign]
    assert rcpts(world, 3, STRANGER) == 3
