"""What becomes of the links of deals that the CRM deletes."""

from typing import Any

from msgspec.structs import replace

from bccd.directory.records import Record
from bccd.store import directory
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, JAN, OPEN, OTHER, filed
from tests.store.test_commands import Desk, desk, offered

__all__ = ["desk"]

pytestmark = on_every_database


def load(desk: Desk, kind: str, **values: Any) -> None:
    """Load one record."""
    directory.load(desk.stores.database, [Record(kind, "row 1", values)], desk.clock.now())


def set_deal(desk: Desk, external_id: str, status: str) -> None:
    """Load a deal as it stands, with another status."""
    more = {"title": f"Deal {external_id}", "organisation": "", "owner": "", "contacts": ("c11",)}
    load(desk, "deal", external_id=external_id, status=status, **more)


def test_links_of_a_deleted_deal_are_stale(desk: Desk) -> None:
    """What it alone had linked is hidden from others at once; a deal that comes back shows it again."""
    mail, plan = filed(1, 1000)
    desk.file((mail, replace(plan, links=plan.links[1:])), filed(2, 2000))
    desk.events()
    set_deal(desk, "7", "deleted")
    assert desk.deals() == {
        (1001, OPEN): ("stale", "auto", "conversation"),
        (2001, OPEN): ("stale", "auto", "conversation"),
    }
    links = dict(desk.column("link", "message_id", "id"))
    assert desk.events() == [
        ("deal.changed", 0, None, OPEN, None),
        ("message.hidden", 0, None, 1001, None),
        ("message.added", ANNA, 1001, None, None),
        ("link.changed", 0, 2001, links[2001], None),
    ]
    assert desk.flags() == {1001: (True, False), 2001: (True, True)}
    assert (desk.audiences(1000), desk.audiences(2000)) == ([ANNA], [0, ANNA])
    assert desk.column("conversation_deal", "deal_id") == []
    set_deal(desk, "7", "won")
    assert {state for state, *_ in desk.deals().values()} == {"active"}
    assert desk.audiences(1000) == [0, ANNA]
    assert ("message.added", 0, 1001, None, None) in desk.events()


def test_a_deleted_deal_is_offered_no_more(desk: Desk) -> None:
    """Suggestions of it are stale too, and are suggestions again when it comes back."""
    desk.file(offered(filed(1, 1000), OPEN), offered(filed(2, 2000), OPEN, OTHER))
    set_deal(desk, "7", "deleted")
    needs = dict(desk.column("conversation_audience", "conversation_id", "needs_choice"))
    assert needs == {1000: False, 2000: True}
    desk.do(ANNA, "choice.resolve", message=2001, deal=OTHER)
    set_deal(desk, "7", "open")
    assert desk.deals() == {
        (1001, OPEN): ("suggested", "auto", "conversation"),
        (2001, OPEN): ("suggested", "auto", "conversation"),
        (2001, OTHER): ("active", "manual", "conversation"),
    }


def test_a_deal_that_changes_otherwise_leaves_links_alone(desk: Desk) -> None:
    """A deal that closes keeps its mail; what a user rejected stays rejected."""
    desk.file(filed(1, 1000))
    desk.do(BERT, "link.reject", message=1001, deal=OPEN)
    before = rows_without(desk)
    set_deal(desk, "7", "deleted")
    set_deal(desk, "7", "lost")
    assert rows_without(desk) == before
    load(
        desk, "contact", external_id="c11", name="Jan", addresses=(), organisation="", owner="", active=False
    )
    assert (JAN, "active") in desk.column("link", "contact_id", "state")


def rows_without(desk: Desk) -> dict[str, Any]:
    """Return all rows but those that a load of deals changes."""
    loaded = ("deal", "deal_contact", "change", "company_clock")
    return {name: listed for name, listed in desk.but_commands().items() if name not in loaded}
