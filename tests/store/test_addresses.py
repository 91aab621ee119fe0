"""Users' own addresses: added, proven by what was mailed there, changed, and nobody else's."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from bccd.model.auth import AuthReport, HeldSender
from bccd.model.command import Command, CommandState
from bccd.model.delivery import DeliveryState
from bccd.rules.codes import LINK, code_of
from bccd.store import tables as t
from bccd.store.commands import Commands
from bccd.store.engine import Stores, reading
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import Seed, fill
from bccd.testing.build import SIGNER
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, CLEO, DROP, ended
from tests.store.test_commands import DAN
from tests.store.test_waiting import Post

pytestmark = on_every_database

TEAM, HOME = 9, "anna@club.example"
HOURS = 3600


class Office(Post):
    """A desk at which people ask for addresses and read what is mailed."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        fill(stores, Seed().team(TEAM, "sales@seller.example", ANNA, BERT))

    def mailed(self) -> list[tuple[str, str]]:
        """Return what the outbox holds: to whom, and why."""
        return [(address, reason) for address, reason in self.column("outbox", "address", "reason")]

    def claim(self) -> int:
        """Return the newest claim's number, as the last mail names it."""
        (*_, args) = (
            args for reason, args in self.column("outbox", "reason", "args") if "confirm_" in reason
        )
        number: int = json.loads(args)["confirmation"]
        return number

    def code(self) -> str:
        """Return the code of the last mail."""
        return code_of(SIGNER, 1, self.claim())

    def link(self) -> str:
        """Return the token of the last mail's link."""
        return SIGNER.sign(LINK, 1, self.claim())

    def addresses(self, user: int = ANNA) -> dict[str, tuple[str, bool]]:
        """Return a user's addresses: which kind each is, and whether it counts."""
        names = ("user_id", "address", "kind", "confirmed_at")
        rows = self.column("user_address", *names)
        return {a: (kind, kind == "login" or at is not None) for id_, a, kind, at in rows if id_ == user}

    def hold(self, address: str, user: int = ANNA) -> int:
        """Have a mail held because its address is not confirmed; return its delivery."""
        mail, plan = ended(1, DeliveryState.HELD, "unconfirmed_address", user=user)
        held = HeldSender("unconfirmed_address", address, user)
        mail = replace(mail, delivery=replace(mail.delivery, held=held, sender=None))
        (id_,) = self.receive(f"mail from {address}")
        (claimed,) = self.queue.claim(9, self.clock.now())
        claimed = replace(claimed, held=held, sender=None, auth=AuthReport())
        with self.works(1) as work:
            work.apply([replace(mail, delivery=claimed)], [self._of(plan, claimed)], self.clock.now())
            work.commit()
        self.queue.finish([self._of(plan, claimed).outcome])
        return id_

    def works(self, company: int) -> Any:
        """Open a unit of work."""
        return SqlWorks(self.stores.database)(company)


@pytest.fixture
def office(stores: Stores) -> Iterator[Office]:
    made = Office(stores)
    yield made
    made.spool.close()


def test_an_address_counts_once_its_code_is_given(office: Office) -> None:
    """The code goes to the address and stands in no table; wrong ones change nothing but their count."""
    done = office.do(ANNA, "address.add", address="Anna@Club.Example")
    assert (done["address"], done["state"]) == (HOME, "pending")
    assert office.mailed() == [(HOME, "confirm_address")]
    assert office.addresses()[HOME] == ("alternative", False)
    assert office.code() not in json.dumps(office.column("outbox", "args", "text", "advice"))
    wrong = f"{(int(office.code()) + 1) % 10**6:06}"
    assert office.say(ANNA, "address.confirm", address=HOME, code=wrong).error == "wrong_code"
    assert office.column("confirmation", "tries") == [(1,)]
    done = office.do(ANNA, "address.confirm", address=HOME, code=office.code())
    assert done == {"address": HOME, "state": "confirmed"}
    assert office.addresses()[HOME] == ("alternative", True)
    again = office.do(ANNA, "address.confirm", address=HOME, code=office.code())
    assert again == {"address": HOME, "state": "confirmed"}


def test_a_link_confirms_once_and_in_time(office: Office) -> None:
    """Forged, of another purpose, another's, too late, or of an address that was removed: it does nothing."""
    office.do(ANNA, "address.add", address=HOME)
    link = office.link()
    other = SIGNER.sign("release", 1, office.claim())
    for actor, token in ((BERT, link), (ANNA, other), (ANNA, link[:-1] + ("a" if link[-1] != "a" else "b"))):
        assert office.say(actor, "address.confirm", link=token).error == "expired"
    office.clock.tick(48 * HOURS)
    assert office.say(ANNA, "address.confirm", link=link).error == "expired"
    office.do(ANNA, "address.resend", address=HOME)
    fresh = office.link()
    assert office.do(ANNA, "address.confirm", link=fresh) == {"address": HOME, "state": "confirmed"}
    assert office.do(ANNA, "address.confirm", link=fresh) == {"address": HOME, "state": "confirmed"}
    office.do(ANNA, "address.remove", address=HOME)
    assert office.say(ANNA, "address.confirm", link=fresh).error == "expired"
    assert HOME not in office.addresses()


def test_a_code_is_void_after_a_few_wrong_ones(office: Office) -> None:
    """The link still works; a new mail has a new code."""
    office.do(ANNA, "address.add", address=HOME)
    right, link = office.code(), office.link()
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(5):
        assert office.say(ANNA, "address.confirm", address=HOME, code=wrong).error == "wrong_code"
    assert office.refused(ANNA, "address.confirm", address=HOME, code=wrong) == "expired"
    assert not office.addresses()[HOME][1]
    assert office.do(ANNA, "address.confirm", link=link)["state"] == "confirmed"


def test_mail_is_sent_only_so_often(office: Office) -> None:
    """A minute apart, five a day to one address, twenty a day by one user."""
    office.do(ANNA, "address.add", address=HOME)
    assert office.refused(ANNA, "address.resend", address=HOME) == "too_often"
    for _ in range(4):
        office.clock.tick(60)
        office.do(ANNA, "address.resend", address=HOME)
    office.clock.tick(60)
    assert office.refused(ANNA, "address.resend", address=HOME) == "too_often"
    for number in range(15):
        office.do(ANNA, "address.add", address=f"a{number}@club.example")
    assert office.refused(ANNA, "address.add", address="one@more.example") == "too_often"
    office.do(ANNA, "address.remove", address=HOME)
    office.clock.tick(60)
    assert office.refused(BERT, "address.add", address=HOME) == "too_often", "nor by adding it anew"
    office.clock.tick(24 * HOURS)
    office.do(ANNA, "address.add", address=HOME)


def test_an_address_is_one_users(office: Office) -> None:
    """Not another's, a team's, a contact's, nor the company's own; a claim that lapsed is nobody's."""
    office.do(ANNA, "address.add", address=HOME)
    taken = {
        HOME: "conflict",
        "bert@seller.example": "nothing_to_do",
        "anna@seller.example": "conflict",
        "sales@seller.example": "conflict",
        "jan@customer.example": "conflict",
        DROP: "conflict",
        "crm+deal7@drop.example": "conflict",
        "a\r\nbcc: x@y.example": "bad_arguments",
        "a b@club.example": "bad_arguments",
        '"a"@localhost': "bad_arguments",
        "anna@localhost": "bad_arguments",
    }
    assert {said: office.refused(BERT, "address.add", address=said) for said in taken} == taken
    office.clock.tick(48 * HOURS)
    late = office.link()
    office.do(BERT, "address.add", address=HOME)
    assert (HOME in office.addresses(), office.addresses(BERT)[HOME][1]) == (False, False)
    assert office.say(ANNA, "address.confirm", link=late).error == "expired"
    assert office.do(BERT, "address.confirm", link=office.link())["state"] == "confirmed"
    assert office.refused(ANNA, "address.add", address=HOME) == "conflict"
    assert office.do(BERT, "address.add", address="jörg@bücher.example")["address"] == (
        "jörg@xn--bcher-kva.example"
    )


def test_the_login_changes_once_the_new_one_is_confirmed(office: Office) -> None:
    """Until then the old one counts; it is told before and after."""
    new = "dan.nowak@seller.example"
    office.do(DAN, "login.change", address=new)
    assert office.mailed() == [(new, "confirm_login"), ("", "login_asked")]
    assert office.addresses(DAN) == {"dan@seller.example": ("login", True), new: ("alternative", False)}
    done = office.do(DAN, "address.confirm", address=new, code=office.code())
    assert done == {"address": new, "state": "login"}
    assert office.addresses(DAN) == {new: ("login", True)}
    assert office.mailed()[2:] == [("dan@seller.example", "login_changed")]
    assert office.refused(DAN, "login.change", address=new) == "nothing_to_do"
    assert office.refused(DAN, "address.remove", address=new) == "conflict"


def test_a_login_changes_though_its_address_was_confirmed_meanwhile(office: Office) -> None:
    """By a load of the directory: what the link was for is done all the same, and once."""
    new = "dan.nowak@seller.example"
    office.do(DAN, "login.change", address=new)
    with transaction(office.stores.database) as connection:
        mine = t.user_address.c.address == new
        connection.execute(update(t.user_address).where(mine).values(confirmed_at=office.clock.now()))
    for _ in range(2):
        assert office.do(DAN, "address.confirm", link=office.link()) == {"address": new, "state": "login"}
    assert office.addresses(DAN) == {new: ("login", True)}


def test_a_member_confirms_for_the_team(office: Office) -> None:
    """Any member, by the code or the link; who is none does not learn that there is such a team."""
    orders = "orders@seller.example"
    assert office.refused(DAN, "address.add", address=orders, team=TEAM) == "not_found"
    assert office.refused(ANNA, "address.add", address=orders, team="nothing") == "not_found"
    office.do(ANNA, "address.add", address=orders, team=f"u{TEAM}")
    assert office.addresses(TEAM)[orders] == ("alternative", False)
    assert office.say(DAN, "address.confirm", link=office.link()).error == "expired"
    office.do(BERT, "address.confirm", address=orders, code=office.code())
    assert office.addresses(TEAM)[orders] == ("alternative", True)
    assert office.refused(DAN, "address.remove", address=orders) == "not_found"
    office.do(BERT, "address.remove", address=orders)
    assert orders not in office.addresses(TEAM)


def test_what_waited_is_let_go_at_that_moment(office: Office) -> None:
    """Not in a minute: the command puts it back into the queue; other mail that is held stays."""
    office.do(ANNA, "address.add", address=HOME)
    waits, other = office.hold(HOME), office.hold("else@club.example")
    office.events()
    office.do(ANNA, "address.confirm", link=office.link())
    assert sorted(office.spooled()) == sorted([(waits, "received"), (other, "kept")])
    assert ("delivery.released", ANNA, None, waits, None) in office.events()


def test_who_is_gone_confirms_nothing(office: Office) -> None:
    """Cleo has left."""
    assert office.refused(CLEO, "address.add", address="cleo@club.example") == "no_such_user"


def test_preferences(office: Office) -> None:
    """What is not named stays; the listener reads it anew."""
    assert office.do(ANNA, "preferences.set", language="PL") == {"language": "pl", "notices": "problems"}
    assert office.do(ANNA, "preferences.set", notices="digest") == {"language": "pl", "notices": "digest"}
    assert office.do(ANNA, "preferences.set", language=None)["language"] == ""
    assert office.refused(ANNA, "preferences.set", notices="often") == "bad_arguments"
    assert office.refused(ANNA, "preferences.set") == "bad_arguments"
    assert office.say(ANNA, "preferences.set", language="../x").state is CommandState.REFUSED


def test_front_ends_see_what_is_asked_for(office: Office) -> None:
    """Each his own and his teams': which addresses count, and until when a claim waits."""
    fresh = "anna@fresh.example"
    office.do(ANNA, "address.add", address=fresh)
    office.do(ANNA, "preferences.set", notices="all")
    with reading(office.stores.database) as connection:
        rows_ = connection.exec_driver_sql(
            "SELECT viewer_user_id, address, of_team, confirmed, asked_for FROM v1_address"
            " WHERE company_id = 1 AND viewer_user_id < 3 ORDER BY viewer_user_id, address"
        ).all()
        told = connection.exec_driver_sql(
            "SELECT language, notices FROM v1_preferences WHERE viewer_user_id = 1"
        ).all()
    assert [
        (who, address, bool(team), bool(counts), asked) for who, address, team, counts, asked in rows_
    ] == [
        (ANNA, "a@pending.example", False, False, None),
        (ANNA, fresh, False, False, "alternative"),
        (ANNA, "anna@home.example", False, True, None),
        (ANNA, "anna@seller.example", False, True, None),
        (ANNA, "sales@seller.example", True, True, None),
        (BERT, "bert@seller.example", False, True, None),
        (BERT, "sales@seller.example", True, True, None),
    ]
    assert [tuple(row) for row in told] == [("", "all")]


def test_a_claim_gives_no_hold_of_others_mail(office: Office) -> None:
    """Whoever claims an address, and takes the claim back, cannot let in what its owner has written."""
    office.do(ANNA, "address.add", address=HOME)
    waits = office.hold(HOME)
    assert office.refused(ANNA, "held.release", delivery=waits) == "conflict"
    office.do(ANNA, "address.remove", address=HOME)
    assert office.refused(ANNA, "held.release", delivery=waits) == "conflict"
    office.do(ANNA, "held.delete", delivery=waits)


def test_of_two_who_ask_at_once_one_gets_it(office: Office) -> None:
    """And of two confirmations at once both find it confirmed, once."""

    def all_at_once(*wishes: tuple[int, str, dict[str, Any]]) -> list[str]:
        def one(wish: tuple[int, str, dict[str, Any]]) -> str:
            actor, kind, args = wish
            commands = Commands(office.stores, office.clock.now, SIGNER)
            (answer,) = commands.submit(1, [Command(f"{actor} {kind}", actor, kind, json.dumps(args))])
            return answer.error or str(answer.result["state"])

        with ThreadPoolExecutor(len(wishes)) as pool:
            return list(pool.map(one, wishes))

    added = all_at_once(*((user, "address.add", {"address": HOME}) for user in (ANNA, BERT, DAN)))
    assert sorted(added) == ["conflict", "conflict", "pending"]
    winner = (ANNA, BERT, DAN)[added.index("pending")]
    proof = {"link": office.link()}
    other = {"address": HOME, "code": office.code()}
    done = all_at_once((winner, "address.confirm", proof), (winner, "address.resend", {"address": HOME}))
    assert done[0] == "confirmed" and done[1] in ("nothing_to_do", "too_often")
    assert office.do(winner, "address.confirm", **other)["state"] == "confirmed"
    assert [address for address, reason in office.mailed() if reason == "confirm_address"] == [HOME]
