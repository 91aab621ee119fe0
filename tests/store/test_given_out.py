"""What a company gives out: its addresses replaced with grace, its users' secrets, and who is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bccd.directory.records import build
from bccd.mail.parse import parse
from bccd.model.delivery import Delivery, Mail
from bccd.model.directory import SecretKind
from bccd.model.envelope import Tag, Target
from bccd.model.errors import MistakeError
from bccd.model.reply import NO_SUCH_ADDRESS
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.rules.admit import recipient
from bccd.rules.signing import Signer
from bccd.store import addresses
from bccd.store.addresses import Rotation, rotate
from bccd.store.directory import load
from bccd.store.engine import Stores
from bccd.store.reads import deal_numbered, directory_snapshot
from bccd.store.uow import SqlWorks
from bccd.testing import intake_of, raw_mail, rows
from bccd.testing.build import NOON, FixedClock
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, CLEO, DROP, OPEN
from tests.store.test_commands import Desk

pytestmark = on_every_database

DAY = timedelta(days=1)
SIGNER = Signer(b"key")


@pytest.fixture
def desk(stores: Stores) -> Desk:
    """Return a store with a company."""
    return Desk(stores)


def rcpt(desk: Desk, address: str, now: datetime = NOON) -> Any:
    """Ask as a front does."""
    return recipient(address, directory_snapshot(desk.stores.database), SIGNER, now)


def test_a_replaced_address_ends_on_its_day(desk: Desk) -> None:
    """Until then both work, with any tag; from that moment the old one is unknown."""
    ended = rotate(desk.stores.database, 1, Rotation(DROP, "sell", 7), NOON)
    assert (ended.address, ended.retires_at) == (DROP, NOON + 7 * DAY)
    new = "sell@" + DROP.partition("@")[2]
    assert ended.replaced_by == new
    for address in (DROP, new, DROP.replace("@", "+private@")):
        assert rcpt(desk, address).company_id == 1
    later = NOON + 7 * DAY
    assert rcpt(desk, DROP, later) == rcpt(desk, DROP.replace("@", "+note@"), later) == NO_SUCH_ADDRESS
    assert rcpt(desk, new, later).company_id == 1
    given = [one.address for one in addresses.company_addresses(desk.stores.database, 1)]
    assert given[-1] == DROP and addresses.company_address_of(desk.stores.database, 1) in given[:-1]


def test_a_new_address_can_be_one_that_nobody_guesses(desk: Desk) -> None:
    """It keeps the name and the domain, and each is another."""
    made = {rotate(desk.stores.database, 1, Rotation(days=0), NOON).replaced_by for _ in range(2)}
    assert len(made) == 2
    for address in made:
        assert address is not None
        assert len(address.partition("@")[0].rpartition("-")[2]) == 13


@pytest.mark.parametrize(
    "wish",
    [
        Rotation(DROP, DROP),
        Rotation(DROP, "a+b"),
        Rotation(DROP, "a..b"),
        Rotation("x@y.example", "sell"),
        Rotation(DROP, "sell", -1),
        Rotation(DROP, "sell", 10_000),
    ],
)
def test_what_is_no_address_is_refused(desk: Desk, wish: Rotation) -> None:
    """Then nothing is changed."""
    before = rows(desk.stores)
    with pytest.raises(MistakeError):
        rotate(desk.stores.database, 1, wish, NOON)
    assert rows(desk.stores) == before


def test_a_load_leaves_rotation_alone(desk: Desk) -> None:
    """The CRM may list the old address or the new one: neither is ended nor revived by that."""
    rotate(desk.stores.database, 1, Rotation(DROP, "sell", 7), NOON)
    before = rows(desk.stores, "company_address")["company_address"]
    values = {"slug": "company-1", "name": "Company 1", "addresses": [DROP, "old@drop.example"]}
    load(desk.stores.database, [build("company", "row 1", values)], NOON)
    assert rows(desk.stores, "company_address")["company_address"] == before


def test_whoever_writes_to_the_old_address_is_told_of_the_new_one(desk: Desk) -> None:
    """Each use tells its proven user, privately; mail to another address of the company does not."""
    rotate(desk.stores.database, 1, Rotation(DROP, "sell", 7), NOON)
    for number, address in enumerate([DROP.replace("@", "+private@"), "old@drop.example"]):
        raw = raw_mail("anna@seller.example", "jan@customer.example", message_id=f"{number}@x.example")
        intake = intake_of(raw, Target(address, 1, Tag.PRIVATE if number == 0 else Tag.NONE))
        mail = _mail(intake, number, raw)
        deliver(1, [mail], DeliverPorts(SqlWorks(desk.stores.database), FixedClock()))
    told = desk.column("outbox", "user_id", "reason", "delivery_id", "text")
    new, until = "sell@" + DROP.partition("@")[2], (NOON + 7 * DAY).date().isoformat()
    sentence = f"You wrote to {DROP}, which was replaced by {new} and ends on {until}."
    assert [row for row in told if row[1] == "address_retiring"] == [
        (ANNA, "address_retiring", 5000, sentence)
    ]


def _mail(intake: Any, number: int, raw: bytes) -> Mail:
    delivery = Delivery(
        5000 + number, 1, intake.targets, intake.mail_from, intake.peer, NOON, intake.auth,
        intake.raw.sha256, len(raw), sender=intake.sender,
    )  # fmt: skip
    return Mail(delivery, parse(raw))


def test_a_user_makes_replaces_and_revokes_his_secret(desk: Desk) -> None:
    """By command: the new one works at once, the one before as long as he says, and then none."""
    first = desk.do(ANNA, "secret.create", kind_="user")["address"]
    second = desk.do(ANNA, "secret.create", kind_="user", days=3)["address"]
    forward = desk.do(ANNA, "secret.create", kind_="forward")["address"]
    assert len({first, second, forward}) == 3
    soon, later = NOON + 2 * DAY, NOON + 4 * DAY
    assert [rcpt(desk, it, soon).user_id for it in (first, second, forward)] == [ANNA] * 3
    assert rcpt(desk, first, later) == NO_SUCH_ADDRESS
    assert rcpt(desk, second, later).tag is Tag.USER
    third = desk.do(ANNA, "secret.create", kind_="user")["address"]
    assert rcpt(desk, second, soon) == NO_SUCH_ADDRESS, "no grace unless he says so"
    assert desk.do(ANNA, "secret.revoke", kind_="user") == {"revoked": 3}
    assert rcpt(desk, third) == NO_SUCH_ADDRESS
    assert rcpt(desk, forward).tag is Tag.FORWARD
    assert desk.do(BERT, "secret.revoke", kind_="forward") == {"revoked": 0}


def test_secrets_are_shown_to_who_may_see_them(desk: Desk) -> None:
    """Spelt out, with whose they are and until when; only active users have any."""
    made = desk.do(BERT, "secret.create", kind_="forward")["address"]
    (shown,) = addresses.secret_addresses(desk.stores.database, 1, BERT)
    assert (shown.address, shown.kind, shown.retires_at) == (made, SecretKind.FORWARD, None)
    assert addresses.secret_addresses(desk.stores.database, 1, ANNA) == []
    (mine,) = desk.do(BERT, "secret.show", kind_="forward")["addresses"]
    assert (mine["address"], mine["until"]) == (made, None)
    assert desk.do(ANNA, "secret.show", kind_="forward") == {"addresses": []}
    assert desk.refused(CLEO, "secret.create", kind_="user") == "no_such_user"
    assert desk.refused(ANNA, "secret.create", kind_="other") == "bad_arguments"
    assert desk.refused(ANNA, "secret.create", kind_="user", days=367) == "bad_arguments"


def test_no_event_tells_of_a_secret(desk: Desk) -> None:
    """What a front end reads of the feed holds no token."""
    desk.do(ANNA, "secret.create", kind_="user")
    assert desk.events() == []


def test_a_deal_by_signature_is_the_deal(desk: Desk) -> None:
    """Its number leads back to what the CRM calls it; a deal that is gone leads nowhere."""
    assert addresses.deal_number(desk.stores.database, 1, "7") == (OPEN, "Deal 7")
    address = addresses.tagged(DROP, "d" + SIGNER.sign("deal", 1, OPEN))
    assert rcpt(desk, address).number == OPEN
    assert deal_numbered(desk.stores.database, 1, OPEN) == "7"
    assert deal_numbered(desk.stores.database, 1, 999_999) is None
    assert addresses.deal_number(desk.stores.database, 1, "none") is None
