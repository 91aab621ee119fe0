"""receive() and deliver() against small fakes: what is asked, what is answered, what is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from bccd.model.auth import AuthReport, AuthResult, HeldSender, Sender
from bccd.model.delivery import Intake, Receipt, read_id
from bccd.model.directory import Acquaintance, Company, Directory, Outsider, User, UserAddress
from bccd.model.envelope import Envelope, Peer, Protocol, Raw, Tag, Target
from bccd.model.errors import StorageFullError, StoreUnavailableError
from bccd.model.policy import Mode, Policy
from bccd.model.reply import (
    BAD_HEADER,
    DISK_FULL,
    DNS_LATER,
    LOCAL_ERROR,
    NO_SINGLE_FROM,
    NO_SUCH_ADDRESS,
    NO_SUCH_DEAL,
    NULL_SENDER,
    OTHER_COMPANY,
    SEND_ALONE,
    SPF_LATER,
    SWALLOWED,
    Reply,
)
from bccd.pipeline import Receiving
from bccd.ports import Examination, Guard, ReceivePorts
from bccd.rules.signing import Signer
from bccd.rules.thread import id_names
from bccd.testing.build import FixedClock
from bccd.testing.evidence import SetExamination

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CRM, OTHER = Target("crm@drop.example", 1), Target("crm@other.example", 2)


def directory(*confirmed: str, version: int = 1) -> Directory:
    """Return a snapshot of two companies; the first one's user has these addresses."""
    user = User(7, "Anna")
    entries = {(1, a): UserAddress(a, user, "login", confirmed=True) for a in confirmed}
    entries[1, "alias@home.example"] = UserAddress("alias@home.example", user, "alternative", confirmed=False)
    companies = {1: Company(1, "one", "One"), 2: Company(2, "two", "Two")}
    return Directory(version, companies, {"crm@drop.example": 1, "crm@other.example": 2}, entries)


@dataclass
class World:
    """Every port of receive()."""

    stale: Directory = field(default_factory=lambda: directory("anna@seller.example"))
    now: Directory | None = None  # what a fresh look would show; None: the database is away
    deal: bool | None = True
    auth: AuthReport = field(default_factory=lambda: AuthReport(trusted_network="127.0.0.0/8"))
    kept: list[Intake] = field(default_factory=list)
    full: bool = False
    refused: dict[int, StoreUnavailableError] = field(default_factory=dict)
    known: Acquaintance | None = None  # what is known of any outsider
    known_away: bool = False
    looks: list[str] = field(default_factory=list)  # at the directory
    met: list[Outsider] = field(default_factory=list)  # who was asked about
    begun: list[tuple[Peer, str]] = field(default_factory=list)  # examinations
    asked: list[tuple[str, str]] = field(default_factory=list)  # of the verifier
    guard: Guard | None = None

    def at_hand(self) -> Directory | None:
        return self.stale

    async def current(self) -> Directory:
        self.looks.append("current")
        return self.stale

    async def fresh(self) -> Directory:
        self.looks.append("fresh")
        if self.now is None:
            raise StoreUnavailableError("away")
        return self.now

    async def deal_exists(self, company_id: int, external_id: str) -> bool | None:
        assert (company_id, external_id) == (1, "42")
        return self.deal

    async def deal_numbered(self, company_id: int, number: int) -> str | None:
        if self.known_away:
            raise StoreUnavailableError("away")
        return "d-7" if (company_id, number) == (1, 7) else None

    async def acquaintance(self, company_id: int, outsider: Outsider) -> Acquaintance | None:
        assert company_id == 1
        self.met.append(outsider)
        if self.known_away:
            raise StoreUnavailableError("away")
        return self.known

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        self.begun.append((peer, mail_from))
        return Asked(self.auth, world=self)

    async def put(self, intake: Intake) -> Receipt:
        if self.full or intake.company_id in self.refused:
            raise self.refused.get(intake.company_id, StoreUnavailableError("full"))
        self.kept.append(intake)
        return Receipt(len(self.kept), duplicate=len(self.kept) > 2)

    def receiving(self) -> Receiving:
        return Receiving(
            ReceivePorts(
                self,
                self,
                self,
                Signer(b"secret"),
                FixedClock(),
                help_url="https://crm.example/help",
                guard=self.guard,
            )
        )

    def rcpt(
        self,
        address: str,
        so_far: Sequence[Target] = (),
        peer: Peer | None = None,
        sender: str = "a@b.example",
    ) -> Target | Reply:
        return asyncio.run(self.receiving().recipient(peer or Peer("127.0.0.1"), sender, address, so_far))

    def data(self, envelope: Envelope) -> list[Reply]:
        receiving = self.receiving()
        examination = receiving.examine(envelope.peer, envelope.mail_from)
        return asyncio.run(receiving.message(envelope, examination))


@dataclass
class Asked(SetExamination):
    """An Examination that tells its world what it was asked."""

    world: World = field(default_factory=World)

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        self.world.asked.append((envelope.mail_from, from_domain))
        return await SetExamination.report(self, envelope, from_domain)


@pytest.fixture
def world() -> World:
    """Return a world in which the snapshot is up to date."""
    made = World()
    made.now = made.stale
    return made


def mail(author: str, *targets: Target, protocol: Protocol = Protocol.SMTP, head: str = "") -> Envelope:
    """Return a complete transaction."""
    octets = f"From: {author}\r\n{head}Subject: x\r\n\r\nHello\r\n".encode()
    section = octets.partition(b"\r\n\r\n")[0] + b"\r\n"
    raw = Raw(sha256(octets).digest(), len(octets), section, octets)
    return Envelope(Peer("127.0.0.1", protocol=protocol), "anna@seller.example", targets or (CRM,), raw, NOW)


# ---- RCPT TO


def test_a_known_address_is_answered_from_the_snapshot(world: World) -> None:
    """A hit needs no database."""
    world.now = None
    assert world.rcpt("crm@drop.example") == CRM


def test_a_miss_is_answered_from_a_fresh_look(world: World) -> None:
    """An address added a moment ago exists; no 5xx comes from a stale snapshot."""
    world.stale = Directory(0, {}, {}, {})
    assert world.rcpt("crm@drop.example") == CRM
    assert world.rcpt("nobody@drop.example") == NO_SUCH_ADDRESS
    world.now = None
    with pytest.raises(StoreUnavailableError):
        world.rcpt("crm@drop.example")


@pytest.mark.parametrize(("known", "accepted"), [(True, True), (None, True), (False, False)])
def test_a_deal_that_cannot_be_told_is_accepted(world: World, known: bool | None, accepted: bool) -> None:
    """Checked at RCPT when the directory answers (decisions.md 7.9)."""
    world.deal = known
    found = world.rcpt("crm+deal42@drop.example")
    assert found == (Target("crm+deal42@drop.example", 1, Tag.DEAL, "42") if accepted else NO_SUCH_DEAL)


def test_a_deal_by_signature_is_named_by_the_directory(world: World) -> None:
    """Its external id is looked up; a deal that is gone is unknown, and a doubt is no answer."""
    signer = Signer(b"secret")
    seven, gone = (f"crm+d{signer.sign('deal', 1, number)}+private@drop.example" for number in (7, 8))
    found = world.rcpt(seven)
    assert isinstance(found, Target)
    wishes = [(wish.tag, wish.argument, wish.number) for wish in found.wishes]
    assert wishes == [(Tag.DEAL, "d-7", 0), (Tag.PRIVATE, "", 0)]
    assert world.rcpt(gone) == NO_SUCH_ADDRESS
    world.known_away = True
    with pytest.raises(StoreUnavailableError):
        world.rcpt(seven)


def test_each_wish_of_an_address_is_kept(world: World) -> None:
    """What stands behind one plus sign is spooled as a target a wish, all of the same address."""
    both = world.rcpt("crm+deal42+private@drop.example")
    assert isinstance(both, Target)
    assert world.data(mail("anna@seller.example", both))[0].accepted
    assert [(target.address, target.tag, target.more) for target in world.kept[0].targets] == [
        ("crm+deal42+private@drop.example", Tag.DEAL, ()),
        ("crm+deal42+private@drop.example", Tag.PRIVATE, ()),
    ]


def test_bounces_and_second_companies_are_refused(world: World) -> None:
    """Both exist, neither can take part."""
    assert world.rcpt("crm@drop.example", sender="") == NULL_SENDER
    assert world.rcpt("crm@other.example", [CRM]) == OTHER_COMPANY
    assert world.rcpt("crm@other.example", [CRM], Peer("", protocol=Protocol.LMTP)) == OTHER


# ---- the mail


def test_proven_mail_is_kept_and_named(world: World) -> None:
    """The reply tells the delivery's id, and what is kept tells who sent it."""
    (reply,) = world.data(mail("Anna <anna@seller.example>"))
    assert (reply.code, reply.text) == (250, "accepted as 0000000000001")
    assert read_id(reply.text.split()[-1]) == 1
    (kept,) = world.kept
    assert isinstance(kept.sender, Sender)
    assert (kept.sender.user_id, kept.held, kept.targets) == (7, None, (CRM,))
    assert world.asked == [("anna@seller.example", "seller.example")]


def test_a_duplicate_is_accepted_and_said_so(world: World) -> None:
    """The peer only repeats what it did not hear the answer to."""
    texts = [world.data(mail("anna@seller.example"))[0].text for _ in range(3)]
    assert [text.endswith(", seen before") for text in texts] == [False, False, True]


@pytest.mark.parametrize("author", ["x@seller.example", "anna@seller.example", "alias@home.example"])
@pytest.mark.parametrize("head", ["", "In-Reply-To: <1@s>\r\n"])
def test_refusals_speak_one_text_and_cost_the_same(world: World, author: str, head: str) -> None:
    """Nobody can tell a user's address from any other; the log can (decisions.md 7.13).

    The id is the mail's own, and what is asked of the directory does not depend on who the author is.
    """
    world.auth = AuthReport()
    replies = [world.data(replace(mail(author, head=head), session_id=session))[0] for session in "ab"]
    texts = [str(reply).partition(" (") for reply in replies]
    assert {text[0] for text in texts} == {
        "550 5.7.1 not accepted for this address, see https://crm.example/help"
    }
    numbers = [read_id(text[2].rstrip(")")) for text in texts]
    assert numbers[0] != numbers[1]
    assert all(number and number >> 20 == int(NOW.timestamp() * 1000) for number in numbers)
    assert replies[0].reason in ("unknown_sender", "unverified_sender")
    assert (world.kept, world.looks, len(world.met)) == (
        [],
        2 * ["current", "fresh", "current"],
        2 * bool(head),
    )


@pytest.mark.parametrize("author", ["x@seller.example", "anna@seller.example"])
@pytest.mark.parametrize("protocol", Protocol)
def test_what_the_dns_cannot_tell_is_asked_for_again(world: World, author: str, protocol: Protocol) -> None:
    """Neither a pass nor a failure, whoever the author is and whatever way the mail came."""
    unknown = {"spf": SPF_LATER, "dkim": DNS_LATER}
    for method, later in unknown.items():
        world.auth = AuthReport(checks=(AuthResult(method, "temperror", "seller.example"),))
        assert world.data(mail(author, protocol=protocol)) == [later]
    assert world.kept == []


def test_a_lenient_company_holds_its_users_unproven_mail(world: World) -> None:
    """He alone sees it; a stranger's is refused, and so is what his domain calls forged."""
    company = Company(1, "one", "One", Policy(mode=Mode.LENIENT))
    world.stale = world.now = replace(world.stale, companies={1: company})
    world.auth = AuthReport()
    assert world.data(mail("anna@seller.example"))[0].accepted
    assert world.kept[0].held == HeldSender("unverified_sender", "anna@seller.example", 7, lenient=True)
    assert world.data(mail("x@seller.example"))[0].reason == "unknown_sender"
    world.auth = AuthReport(checks=(AuthResult("dmarc", "fail", "seller.example"),), policy="reject")
    assert world.data(mail("anna@seller.example"))[0].reason == "unverified_sender"
    assert len(world.kept) == 1


def test_a_user_added_a_moment_ago_is_let_in(world: World) -> None:
    """The directory is read anew before anybody is refused."""
    world.stale = directory(version=0)
    (reply,) = world.data(mail("anna@seller.example"))
    assert reply.accepted


def test_a_directory_that_is_away_refuses_nobody_for_good(world: World) -> None:
    """The listener makes 451 of it."""
    world.stale, world.now = directory(version=0), None
    with pytest.raises(StoreUnavailableError):
        world.data(mail("anna@seller.example"))


@pytest.mark.parametrize(
    ("protocol", "auth"),
    [
        (Protocol.LMTP, AuthReport()),
        (Protocol.SMTP, AuthReport(relay="127.0.0.1/32")),
    ],
)
def test_behind_another_server_unproven_mail_is_held(
    world: World, protocol: Protocol, auth: AuthReport
) -> None:
    """A refusal would make that server bounce, perhaps to someone who never wrote (rules.md 2.8)."""
    world.auth = auth
    (reply,) = world.data(mail("x@seller.example", protocol=protocol))
    assert reply.accepted
    assert world.kept[0].held == HeldSender("unknown_sender", "x@seller.example")


def test_an_alias_that_waits_for_confirmation_is_held_on_every_way(world: World) -> None:
    """With evidence, that is; it files itself on a retry once confirmed (decisions.md 7.8)."""
    (reply,) = world.data(mail("alias@home.example"))
    assert reply.accepted
    assert world.kept[0].held == HeldSender("unconfirmed_address", "alias@home.example", 7)


@pytest.mark.parametrize(
    "head", ["From: other@seller.example\r\n", "Sender: x\r\n From: y@z.example\r\nFrom: a@b.example\r\n"]
)
def test_no_single_author_no_mail(world: World, head: str) -> None:
    """Several From fields are several authors to several readers."""
    (reply,) = world.data(mail("anna@seller.example", head=head))
    assert reply == NO_SINGLE_FROM
    assert world.kept == []


def test_a_header_section_with_bare_line_ends_is_refused_for_all(world: World) -> None:
    """Every target hears it."""
    envelope = mail("anna@seller.example", CRM, OTHER, protocol=Protocol.LMTP)
    raw = replace(envelope.raw, header=b"From: a@b.example\nSubject: x\r\n")
    assert world.data(replace(envelope, raw=raw)) == [BAD_HEADER, BAD_HEADER]


def test_two_companies_are_judged_apart(world: World) -> None:
    """Each keeps its own share under its own verdict, and the replies stand in the order of the targets."""
    envelope = mail("anna@seller.example", OTHER, CRM, protocol=Protocol.LMTP)
    replies = world.data(envelope)
    assert all(reply.accepted for reply in replies)
    assert [(kept.company_id, kept.sender is None) for kept in world.kept] == [(2, True), (1, False)]
    assert [kept.targets for kept in world.kept] == [(OTHER,), (CRM,)]


@pytest.mark.parametrize(
    ("error", "reply"),
    [(StoreUnavailableError("away"), LOCAL_ERROR), (StorageFullError("full"), DISK_FULL)],
)
def test_what_one_company_cannot_keep_is_no_answer_to_the_other(
    world: World, error: StoreUnavailableError, reply: Reply
) -> None:
    """Each recipient over LMTP hears what holds for him (F21)."""
    world.refused[2] = error
    replies = world.data(mail("anna@seller.example", OTHER, CRM, protocol=Protocol.LMTP))
    assert replies[0] == reply and replies[1].accepted
    assert [kept.company_id for kept in world.kept] == [1]


def test_a_spool_that_fails_is_no_answer(world: World) -> None:
    """Nothing is kept, nothing is promised."""
    world.full = True
    with pytest.raises(StoreUnavailableError):
        world.data(mail("anna@seller.example"))


# ---- mail of others that a user may let in

RELAY = AuthReport(relay="192.0.2.0/24", authserv_id="mx.seller.example")


def relayed(*results: tuple[str, str]) -> AuthReport:
    """Return what a listed relay says: methods that passed, and for which domain."""
    return replace(RELAY, results=tuple(AuthResult(method, "pass", domain) for method, domain in results))


@pytest.mark.parametrize("head", ["In-Reply-To: <1@s>\r\n", "References: <0@s> <1@s>\r\n"])
def test_a_customer_who_answered_all_is_held_for_who_wrote_to_him(world: World, head: str) -> None:
    """The mail he answers is stored and he takes part in it (rules.md 2.7, decisions.md 7.4)."""
    world.auth, world.known = AuthReport(), Acquaintance(7)
    (reply,) = world.data(mail("Jan <jan@customer.example>", head=head))
    assert reply.accepted
    assert world.kept[0].held == HeldSender("customer_reply", "jan@customer.example", 7)
    ids = ("1@s",) if "In-Reply" in head else ("0@s", "1@s")
    assert world.met == [Outsider("jan@customer.example", id_names(ids), proven=False)]


def test_a_contact_is_held_where_dmarc_says_that_it_is_he(world: World) -> None:
    """A known contact whose mail is proven, by a relay that is trusted."""
    world.auth, world.known = relayed(("dmarc", "customer.example")), Acquaintance(None)
    world.data(mail("jan@customer.example"))
    assert world.kept[0].held == HeldSender("customer_reply", "jan@customer.example", None)
    assert world.met == [Outsider("jan@customer.example", frozenset(), proven=True)]


@pytest.mark.parametrize(
    "auth",
    [
        AuthReport(),
        replace(relayed(("dmarc", "customer.example")), relay=""),  # nobody we trust says so
        replace(relayed(("dmarc", "customer.example")), authserv_id=""),
        relayed(("dmarc", "evil.example"), ("spf", "customer.example"), ("dkim", "customer.example")),
        replace(RELAY, results=(AuthResult("dmarc", "fail", "customer.example"),)),
    ],
)
def test_a_spoofed_contact_gets_what_anyone_gets(world: World, auth: AuthReport) -> None:
    """Nothing is even asked about him (decisions.md 7.4)."""
    world.auth, world.known = auth, Acquaintance(7)
    (reply,) = world.data(mail("jan@customer.example"))
    assert (world.met, reply.reason or world.kept[0].held) in [
        ([], "unknown_sender"),
        ([], HeldSender("unknown_sender", "jan@customer.example")),
    ]


@pytest.mark.parametrize(
    "head", ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "List-Id: <a.b>\r\n"]
)
def test_an_outsiders_automatic_mail_is_a_strangers(world: World, head: str) -> None:
    """It is no answer of a person (rules.md 3.3)."""
    world.auth, world.known = AuthReport(), Acquaintance(7)
    (reply,) = world.data(mail("jan@customer.example", head="In-Reply-To: <1@s>\r\n" + head))
    assert (reply.reason, world.met) == ("unknown_sender", [])


def test_a_stranger_is_refused_though_he_names_ids(world: World) -> None:
    """With the one text for all."""
    world.auth = AuthReport()
    (reply,) = world.data(mail("eve@other.example", head="In-Reply-To: <1@s>\r\n"))
    assert (reply.code, reply.reason) == (550, "unknown_sender")


def test_an_acquaintance_that_cannot_be_told_refuses_nobody(world: World) -> None:
    """The listener makes 451 of it."""
    world.auth, world.known_away = AuthReport(), True
    with pytest.raises(StoreUnavailableError):
        world.data(mail("jan@customer.example", head="In-Reply-To: <1@s>\r\n"))


FAILED = AuthResult("spf", "fail", "seller.example")
PROVEN = [AuthReport("127.0.0.0/8"), relayed(("spf", "seller.example")), relayed(("dkim", "seller.example"))]


@pytest.mark.parametrize("auth", PROVEN)
@pytest.mark.parametrize("name", ["Resent-From", "Sender", "sender"])
def test_what_a_user_hands_on_is_held_for_him(world: World, name: str, auth: AuthReport) -> None:
    """A redirection, or an invitation passed on: From is the customer's, the server is the user's."""
    world.auth = auth
    (reply,) = world.data(mail("jan@customer.example", head=f"{name}: Anna <anna@seller.example>\r\n"))
    assert reply.accepted
    assert world.kept[0].held == HeldSender("redirected", "jan@customer.example", 7)


@pytest.mark.parametrize(
    ("head", "auth"),
    [
        ("Sender: anna@seller.example\r\n", AuthReport()),  # not proven
        ("Sender: anna@seller.example\r\n", replace(RELAY, results=(FAILED,))),
        ("Sender: anna@seller.example\r\n", relayed(("dkim", "evil.example"))),
        ("Sender: anna@seller.example\r\n", replace(relayed(("dkim", "seller.example")), authserv_id="")),
        ("Sender: alias@home.example\r\n", PROVEN[0]),  # not confirmed
        ("Sender: bert@seller.example\r\n", PROVEN[0]),  # nobody
        ("Resent-From: anna@seller.example, x@y.example\r\n", PROVEN[0]),  # two
        ("Resent-From: anna@seller.example\r\nResent-From: x@y.example\r\n", PROVEN[0]),
        ("X-Sender: anna@seller.example\r\n", PROVEN[0]),
        ("Reply-To: anna@seller.example\r\n", PROVEN[0]),
    ],
)  # fmt: skip
def test_what_is_handed_on_by_nobody_in_particular_is_a_strangers(
    world: World, head: str, auth: AuthReport
) -> None:
    """Exactly one address, confirmed and proven; else it is anybody's mail (decisions.md 7.5)."""
    world.auth = auth
    (reply,) = world.data(mail("jan@customer.example", head=head))
    assert (reply.reason or world.kept[0].held) in (
        "unknown_sender",
        HeldSender("unknown_sender", "jan@customer.example"),
    )


TEST = Target("crm+test@drop.example", 1, Tag.TEST)


@pytest.mark.parametrize("author", ["x@seller.example", "anna@seller.example", "alias@home.example"])
@pytest.mark.parametrize("protocol", Protocol)
def test_an_unproven_rehearsal_leaves_nothing(world: World, author: str, protocol: Protocol) -> None:
    """Over SMTP it is refused as any mail; behind a server it is taken, kept nowhere, and answers nobody."""
    world.auth, world.known = AuthReport(), Acquaintance(7)
    (reply,) = world.data(mail(author, TEST, protocol=protocol, head="In-Reply-To: <1@s>\r\n"))
    assert reply.code == (550 if protocol is Protocol.SMTP else 250)
    assert world.kept == []


def test_a_proven_rehearsal_is_taken(world: World) -> None:
    """It is answered once it is decided."""
    assert world.data(mail("anna@seller.example", TEST))[0].accepted
    assert [target.tag for target in world.kept[0].targets] == [Tag.TEST]


def test_a_rehearsal_and_a_forwarding_address_stand_alone(world: World) -> None:
    """What is sent to +test or +fw is not filed beside it; the sending server tries again."""
    first = world.rcpt("crm@drop.example")
    assert isinstance(first, Target)
    assert world.rcpt("crm+test@drop.example", [first]) == SEND_ALONE
    test = world.rcpt("crm+test+deal42@drop.example")
    assert isinstance(test, Target)
    assert world.rcpt("crm@drop.example", [test]) == SEND_ALONE


ANSWER = Target("crm+rtoken@drop.example", 1, Tag.REPLY, number=41)


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("author", ["mailer-daemon@mx.example", "x@seller.example", "alias@home.example", ""])
def test_a_notice_that_comes_back_is_dropped(world: World, author: str, protocol: Protocol) -> None:
    """From the null sender, and from nobody who is proven: taken, kept nowhere, and answered to nobody."""
    world.auth = AuthReport()
    bounce = replace(mail(author, ANSWER, protocol=protocol), mail_from="")
    assert world.data(bounce) == [SWALLOWED]
    assert world.kept == []


@pytest.mark.parametrize("author", ["crm@drop.example", "anna@seller.example", "x@stranger.example"])
def test_our_own_notice_is_set_aside_wherever_it_comes_from(world: World, author: str) -> None:
    """Known by its header, whoever handed it on; no wish of its address counts; a forged one is nothing."""
    world.auth = AuthReport()
    token = Signer(b"secret").sign("notice", 2, 9)
    own = mail(author, Target("crm+test@drop.example", 1, Tag.TEST), head=f"x-bccd-notice: {token}\r\n")
    assert [reply.code for reply in world.data(own)] == [250]
    (intake,) = world.kept
    assert (intake.held, intake.sender) == (HeldSender("own_mail"), None)
    assert [target.tag for target in intake.targets] == [Tag.NONE]
    for forged in (
        token[:-2] + "aa",
        Signer(b"other").sign("notice", 2, 9),
        Signer(b"secret").sign("reply", 2, 9),
    ):
        world.data(mail(author, CRM, head=f"X-Bccd-Notice: {forged}\r\n"))
    assert len(world.kept) == 1


def test_an_answer_is_proven_like_any_mail(world: World) -> None:
    """The signed address alone lets nobody in; a user's own answer is kept, also from the null sender."""
    world.auth = AuthReport()
    assert world.data(mail("anna@seller.example", ANSWER))[0].code == 550
    assert world.kept == []
    world.auth = AuthReport(trusted_network="127.0.0.0/8")
    assert world.data(mail("anna@seller.example", ANSWER))[0].accepted
    assert world.data(replace(mail("anna@seller.example", ANSWER), mail_from=""))[0].accepted
    assert [intake.targets for intake in world.kept] == [(ANSWER,), (ANSWER,)]
    assert world.data(replace(mail("x@seller.example", CRM), mail_from=""))[0].code == 550
