"""Signed links on every database: what their pages show, and what following one does, as its user."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bccd.model.answer import Offered, Question
from bccd.model.errors import MistakeError
from bccd.model.linkpage import How, LinkPage, LinkState
from bccd.rules.links import CHOOSE, CONFIRM, RELEASE
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.links import follow, look
from bccd.store.rows import to_json
from bccd.store.uow import transaction
from bccd.testing.build import NOON, SIGNER
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, OPEN, OTHER, WON, filed
from tests.store.test_answers import NOTICE, deals, put_notice
from tests.store.test_commands import Desk, offered

pytestmark = on_every_database

BOTH, YES, UNDO = (How.YES, How.ALWAYS), (How.YES,), (How.UNDO,)


@pytest.fixture
def desk(stores: Stores) -> Desk:
    """Anna has been asked about two conversations."""
    made = Desk(stores)
    made.file(offered(filed(1, 1000, deal=None), OPEN, OTHER), offered(filed(2, 2000, deal=None), OPEN, WON))
    asked = Offered((Question(1000, 1001, (OPEN, OTHER)), Question(2000, 2001, (OPEN, WON))))
    put_notice(made, NOTICE, ANNA, offered=to_json(asked), about="Chairs", message_id=1001)
    return made


def seen(desk: Desk, purpose: str, *numbers: int) -> LinkPage | None:
    return look(desk.stores.database, purpose, 1, numbers, NOON)


def titles(desk: Desk) -> Mapping[int, str]:
    return dict(desk.column("deal", "id", "title"))


def press(desk: Desk, purpose: str, *numbers: int, how: str = "yes", once: str = "") -> str:
    """Follow a link; return the error, empty where it was done."""
    desk.clock.tick(1)
    wish: dict[str, Any] = {
        "purpose": purpose, "company": 1, "numbers": list(numbers), "token": "t", "how": how,
        "once": once or f"n{desk.clock.now().timestamp():.0f}",
    }  # fmt: skip
    answer = follow(desk.stores.database, desk.commands, wish)
    assert (answer["state"] == "refused") is bool(answer["error"])
    return str(answer["error"])


def test_choosing_by_link(desk: Desk) -> None:
    """A page names the deal of its number; its button settles that question, and then takes it back."""
    name = titles(desk)
    open_ = LinkPage(CHOOSE, LinkState.OPEN, "en", name[OTHER], "Chairs", BOTH)
    assert seen(desk, CHOOSE, NOTICE, 2) == open_
    assert press(desk, CHOOSE, NOTICE, 2) == ""
    assert deals(desk)[1001, OTHER] == "active"
    answered = LinkPage(CHOOSE, LinkState.ANSWERED, "en", name[OTHER], "Chairs", UNDO)
    assert seen(desk, CHOOSE, NOTICE, 2) == seen(desk, CHOOSE, NOTICE, 1) == answered
    other = LinkPage(CHOOSE, LinkState.OPEN, "en", name[WON], "Chairs", BOTH)
    assert seen(desk, CHOOSE, NOTICE, 4) == other
    assert press(desk, CHOOSE, NOTICE, 1) == "already_resolved"
    assert press(desk, CHOOSE, NOTICE, 2, how="undo") == ""
    assert seen(desk, CHOOSE, NOTICE, 2) == open_
    assert press(desk, CHOOSE, NOTICE, 1, how="always") == ""
    assert deals(desk)[1001, OPEN] == "active"


def test_none_of_them_by_link(desk: Desk) -> None:
    """It is one link for all that a notice asks."""
    assert seen(desk, CHOOSE, NOTICE, 0) == LinkPage(CHOOSE, LinkState.OPEN, "en", "", "Chairs", YES)
    assert press(desk, CHOOSE, NOTICE, 0) == ""
    assert set(deals(desk).values()) == {"rejected"}
    assert seen(desk, CHOOSE, NOTICE, 0) == LinkPage(CHOOSE, LinkState.ANSWERED, "en", "", "Chairs", UNDO)


def test_several_notices_in_one_mail(desk: Desk) -> None:
    """Each number's page names the mail that it asks about, and the one for none of them names them all."""
    put_notice(desk, 78, ANNA, about="Tables", message_id=2001, mail_id=NOTICE, state="merged")
    told = [seen(desk, CHOOSE, NOTICE, number) for number in (2, 4, 0)]
    assert [page.about for page in told if page] == ["Chairs", "Tables", "Chairs; Tables"]


def test_a_button_hit_twice(desk: Desk) -> None:
    """It acts once, and is answered twice alike, whatever has happened in between."""
    assert press(desk, CHOOSE, NOTICE, 2, once="a") == press(desk, CHOOSE, NOTICE, 2, once="a") == ""
    assert press(desk, CHOOSE, NOTICE, 2, how="undo", once="b") == ""
    assert press(desk, CHOOSE, NOTICE, 2, once="a") == ""
    assert deals(desk)[1001, OTHER] == "suggested"


def test_settled_otherwise(desk: Desk) -> None:
    """Where a colleague chose, there is nothing to choose and nothing to take back."""
    desk.do(BERT, "choice.resolve", message=1001, deal=OPEN)
    over = LinkPage(CHOOSE, LinkState.OVER, "en", titles(desk)[OTHER], "Chairs")
    assert seen(desk, CHOOSE, NOTICE, 2) == over
    assert press(desk, CHOOSE, NOTICE, 2, how="undo") == "nothing_to_do"


def test_a_conversation_that_moved(desk: Desk) -> None:
    """A question is still open where its conversation became part of another."""
    desk.do(ANNA, "conversation.merge", conversations=[1000, 2000])
    for number in (2, 4):
        page = seen(desk, CHOOSE, NOTICE, number)
        assert page is not None and page.state is LinkState.OPEN


def test_links_to_nothing(desk: Desk) -> None:
    """A number that was not offered, a notice that is gone, a user who left, a token of another length."""
    put_notice(desk, 501, ANNA)
    for purpose, numbers in (
        (CHOOSE, (NOTICE, 9)), (CHOOSE, (999, 1)), (CHOOSE, (501, 1)), (CHOOSE, (NOTICE,)), (CONFIRM, (9,)),
        (CONFIRM, ()), (RELEASE, (9, ANNA)), (RELEASE, (9,)), ("deal", (1,)),
    ):  # fmt: skip
        assert look(desk.stores.database, purpose, 1, numbers, NOON) is None
    assert (
        press(desk, CHOOSE, 999, 1) == press(desk, CONFIRM, 9) == press(desk, RELEASE, 9, ANNA) == "not_found"
    )
    with transaction(desk.stores.database) as connection:
        connection.execute(update(t.app_user).where(t.app_user.c.id == ANNA).values(active=False))
    assert seen(desk, CHOOSE, NOTICE, 2) is None
    assert press(desk, CHOOSE, NOTICE, 2) == "no_such_user"
    assert look(desk.stores.database, CHOOSE, 2, (NOTICE, 2), NOON) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "deal"},
        {"numbers": [1]},
        {"once": ""},
        {"once": "a b"},
        {"once": "a" * 99},
        {"how": "delete"},
    ],
)
def test_wishes_that_no_page_makes(desk: Desk, wrong: dict[str, Any]) -> None:
    """They are refused before anything is done."""
    wish: dict[str, Any] = {
        "purpose": CHOOSE,
        "company": 1,
        "numbers": [NOTICE, 2],
        "token": "t",
        "how": "yes",
        "once": "a",
    }
    with pytest.raises(MistakeError):
        follow(desk.stores.database, desk.commands, wish | wrong)
    assert set(deals(desk).values()) == {"suggested"}


def test_an_address_is_confirmed_by_its_link(desk: Desk) -> None:
    """The page names the address until the link is used or too old; the button gives address.confirm."""
    desk.do(ANNA, "address.add", address="anna@elsewhere.example")
    ((id_,),) = desk.column("confirmation", "id")
    page = LinkPage(CONFIRM, LinkState.OPEN, "en", "anna@elsewhere.example", does=YES)
    assert seen(desk, CONFIRM, id_) == page
    late = look(desk.stores.database, CONFIRM, 1, (id_,), NOON + timedelta(days=3))
    assert late == LinkPage(CONFIRM, LinkState.OVER, "en", "anna@elsewhere.example")
    assert press(desk, CONFIRM, id_) == "bad_arguments"  # the token is none: it is read once more
    wish: dict[str, Any] = {"purpose": CONFIRM, "company": 1, "numbers": [id_], "how": "yes", "once": "c"}
    token = SIGNER.sign(CONFIRM, 1, id_)
    assert follow(desk.stores.database, desk.commands, wish | {"token": token})["state"] == "done"
    used = seen(desk, CONFIRM, id_)
    assert used is not None and used.state is LinkState.OVER


def held(desk: Desk, id_: int, **more: Any) -> None:
    row = {
        "company_id": 1, "id": id_, "state": "held", "reason": "customer_reply", "user_id": ANNA,
        "mail_from": "", "peer_ip": "", "helo": "", "protocol": "smtp", "evidence": '{"auth": {}}',
        "raw_sha256": bytes(32), "size": 1, "attempts": 0, "received_at": NOON, "updated_at": NOON,
        "from_address": "jan@customer.example", "subject": "Tables",
    }  # fmt: skip
    with transaction(desk.stores.database) as connection:
        connection.execute(insert(t.delivery), row | more)


def test_held_mail_is_released_or_deleted_by_its_link(desk: Desk) -> None:
    """The page offers what the mail can be asked: once, for good where it shows enough, or never."""
    held(desk, 71)
    held(desk, 72, always="dkim:customer.example")
    held(desk, 73, reason="original_sender_unknown")
    does = {
        71: (How.YES, How.DELETE), 72: (How.YES, How.ALWAYS, How.DELETE), 73: (How.DELETE,),
    }  # fmt: skip
    for id_, may in does.items():
        page = LinkPage(RELEASE, LinkState.OPEN, "en", "jan@customer.example", "Tables", may)
        assert seen(desk, RELEASE, id_, ANNA) == page
    assert press(desk, RELEASE, 71, BERT) == "not_found"
    assert press(desk, RELEASE, 71, ANNA) == ""
    over = LinkPage(RELEASE, LinkState.OVER, "en", "jan@customer.example", "Tables")
    assert seen(desk, RELEASE, 71, ANNA) == over
    assert press(desk, RELEASE, 71, ANNA) == "conflict"
    assert press(desk, RELEASE, 72, ANNA, how="always") == ""
    assert len(desk.column("trusted_sender", "address")) == 1
    assert press(desk, RELEASE, 73, ANNA, how="delete") == ""
    assert seen(desk, RELEASE, 73, ANNA) is None


def test_a_confirmation_that_a_held_mail_is_his(desk: Desk) -> None:
    """Its link shows that mail, and files it."""
    held(desk, 71, reason="unverified_sender")
    desk.do(ANNA, "held.ask", delivery=71)
    ((id_,),) = desk.column("confirmation", "id")
    page = seen(desk, CONFIRM, id_)
    assert page == LinkPage(
        RELEASE, LinkState.OPEN, "en", "jan@customer.example", "Tables", (How.YES, How.DELETE)
    )
    assert press(desk, CONFIRM, id_) == ""
    assert desk.column("delivery", "id", "state")[-1] == (71, "received")
    after = seen(desk, CONFIRM, id_)
    assert after is not None and after.state is LinkState.OVER
