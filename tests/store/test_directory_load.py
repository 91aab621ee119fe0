"""Master data: loaded by external id, all or nothing, twice without a trace."""

import json
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from bccd.directory.records import read_json
from bccd.model.auth import HeldSender
from bccd.model.delivery import DeliveryState
from bccd.model.errors import MistakeError
from bccd.model.facts import Query
from bccd.model.plan import NewContact
from bccd.model.policy import Policy, SeveralContacts
from bccd.store import directory, listing, reads
from bccd.store.engine import Stores
from bccd.store.uow import SqlWorks
from bccd.testing import Seed, fill, rows
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import ended, filed

pytestmark = on_every_database


@dataclass(frozen=True)
class Record:
    """A checked record."""

    kind: str
    row: str
    values: dict[str, Any] = field(default_factory=dict)


def company(**more: Any) -> Record:
    """Return a company."""
    values = {"slug": "acme", "name": "Acme", "addresses": ("crm@drop.example",), "internal_domains": ()}
    return Record("company", "company 1", values | more)


def user(number: int, login: str = "", **more: Any) -> Record:
    """Return a user."""
    values: dict[str, Any] = {
        "external_id": f"u{number}", "name": f"User {number}", "login": login or f"u{number}@acme.example",
        "alternatives": (), "unconfirmed": (), "default_sharing": "shared", "active": True,
    }  # fmt: skip
    return Record("user", f"users {number}", values | more)


def contact(number: int, *addresses: str, **more: Any) -> Record:
    """Return a contact."""
    values: dict[str, Any] = {
        "external_id": f"c{number}", "name": f"Contact {number}", "addresses": addresses,
        "organisation": "", "owner": "", "active": True,
    }  # fmt: skip
    return Record("contact", f"contacts {number}", values | more)


def deal(number: int, *contacts: str, **more: Any) -> Record:
    """Return a deal."""
    values: dict[str, Any] = {
        "external_id": f"D{number}", "title": f"Deal {number}", "status": "open", "contacts": contacts,
        "organisation": "", "owner": "",
    }  # fmt: skip
    return Record("deal", f"deals {number}", values | more)


def team(number: int, *addresses: str, **more: Any) -> Record:
    """Return a team."""
    values: dict[str, Any] = {
        "external_id": f"t{number}", "name": f"Team {number}", "addresses": addresses, "members": (),
        "default_sharing": "shared", "active": True,
    }  # fmt: skip
    return Record("team", f"teams {number}", values | more)


ORGANISATION = Record(
    "organisation", "organisations 1", {"external_id": "o1", "name": "Firm", "domains": ("firm.example",)}
)
ALL = [
    company(internal_domains=("acme.example",)),
    ORGANISATION,
    user(1, alternatives=("one@home.example",), unconfirmed=("one@pending.example",)),
    user(2, default_sharing="private", active=False),
    contact(1, "main@firm.example", "second@firm.example", organisation="o1", owner="u1"),
    deal(1, "c1", organisation="o1", owner="u1"),
    Record("never_log", "never_log 1", {"entry": "@payroll.example", "user": ""}),
    Record("never_log", "never_log 2", {"entry": "@payroll.example", "user": "u1"}),
    Record("never_log", "never_log 3", {"entry": "doctor@clinic.example", "user": "u2"}),
    team(1, "sales@acme.example", "desk@acme.example", members=("u1", "u2")),
]
MASTER = (
    "company", "company_address", "app_user", "user_address", "team_member", "organisation",
    "organisation_domain", "contact", "contact_address", "deal", "deal_contact", "never_log",
)  # fmt: skip


def master(stores: Stores) -> dict[str, Any]:
    """Return all rows of master data."""
    return rows(stores, *MASTER)


def load(stores: Stores, *records: Record, company: str = "", hours: int = 0) -> directory.Loaded:
    """Load records some hours past noon."""
    return directory.load(stores.database, records, NOON + timedelta(hours=hours), company)


def test_a_load_can_be_listed_and_loaded_again(stores: Stores) -> None:
    """What was loaded is listed in the same form."""
    loaded = load(stores, *ALL)
    assert loaded.changed == {
        "company": 1, "organisation": 1, "user": 2, "team": 1, "contact": 1, "deal": 1, "never_log": 3,
    }  # fmt: skip
    for record in ALL[1:]:
        listed = listing.records(stores.database, loaded.company_id, record.kind)
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in record.values.items()}
        assert any(plain.items() <= it.items() for it in listed)
    assert [it["slug"] for it in listing.companies(stores.database)] == ["acme"]
    with pytest.raises(MistakeError, match="no such kind"):
        listing.records(stores.database, loaded.company_id, "lead")


def test_loading_twice_changes_nothing(stores: Stores) -> None:
    """No row, no event, no new version: listeners need not read the directory again."""
    load(stores, *ALL)
    before, version = rows(stores), reads.directory_version(stores.database)
    again = load(stores, *ALL, hours=1)
    assert set(again.changed.values()) == {0}
    assert rows(stores) == before
    assert reads.directory_version(stores.database) == version


def test_a_change_is_announced_and_moves_the_version(stores: Stores) -> None:
    """Each changed record has its event, numbered without gaps."""
    load(stores, *ALL)
    version, events = reads.directory_version(stores.database), len(rows(stores, "change")["change"])
    load(stores, contact(1, "new@firm.example", organisation="o1", owner="u1"), hours=1)
    changes = rows(stores, "change")["change"]
    assert reads.directory_version(stores.database) > version
    assert [(row["seq"], row["kind"]) for row in changes[events:]] == [(events + 1, "contact.changed")]
    assert [row["address"] for row in rows(stores, "contact_address")["contact_address"]] == [
        "new@firm.example"
    ]


def test_a_change_of_another_company_is_seen_by_the_filer(stores: Stores) -> None:
    """A load for one company that also changes another's addresses moves the version of both."""
    load(stores, company(), user(1))
    load(stores, company(slug="other", name="Other", addresses=("crm@other.example",)))
    works = SqlWorks(stores.database)
    with works(2) as work:
        assert work.gather(Query()).service_addresses == {"crm@other.example"}
    load(
        stores,
        company(slug="other", name="Renamed", addresses=("crm@other.example", "new@other.example")),
        user(2),
        company="acme",
        hours=1,
    )
    with works(2) as work:
        assert work.company.name == "Renamed"
        assert work.gather(Query()).service_addresses == {"crm@other.example", "new@other.example"}


def test_every_mistake_is_told_and_nothing_is_written(stores: Stores) -> None:
    """References to nothing, addresses claimed twice, addresses that are none: each with its row."""
    load(stores, *ALL)
    before = master(stores)
    with pytest.raises(MistakeError) as caught:
        load(
            stores,
            user(3, "u1@acme.example"),
            user(4, alternatives=("u4@acme.example",)),
            contact(2, "not an address", owner="u9", organisation="o9"),
            deal(2, "c1", "c9"),
        )
    told = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in told] == [
        "contacts 2", "users 4", "users 3", "contacts 2", "contacts 2", "deals 2",
    ]  # fmt: skip
    assert "users 3: u1@acme.example belongs to another user already" in told
    assert "deals 2: contacts: there is no contact c9" in told
    assert master(stores) == before


def test_an_address_may_move_from_one_user_to_another(stores: Stores) -> None:
    """Within one load the old owner may let go of what the new one takes."""
    load(stores, company(), user(1, alternatives=("team@acme.example",)), user(2))
    load(stores, user(1), user(2, alternatives=("team@acme.example",)), hours=1)
    owners = {row["address"]: row["user_id"] for row in rows(stores, "user_address")["user_address"]}
    assert owners["team@acme.example"] == owners["u2@acme.example"]


def test_a_confirmed_address_stays_confirmed(stores: Stores) -> None:
    """A source that lists it as unconfirmed does not know better; the day of confirmation stays."""
    load(stores, company(), user(1, alternatives=("one@home.example",)))
    load(stores, user(1, unconfirmed=("one@home.example",)), hours=5)
    (row,) = [r for r in rows(stores, "user_address")["user_address"] if r["kind"] == "alternative"]
    assert row["confirmed_at"] == "2026-11-20T12:00:00.000000Z"


def test_a_contact_made_from_mail_becomes_the_crms(stores: Stores) -> None:
    """The CRM's record with the same address takes it over, with its id and links."""
    load(stores, company(), user(1))
    with SqlWorks(stores.database)(1) as work:
        first = work.gather(Query()).next_id
        got, plan = filed(1, first, owner=1, linked=False, deal=None)
        made = NewContact(first + 5, "jan", "jan@new.example", None, NOON, 1, 1)
        work.apply([got], [structs.replace(plan, contacts=(made,), participants=())], NOON)
        work.commit()
    load(stores, contact(1, "jan@new.example", "jan@home.example"))
    (row,) = rows(stores, "contact")["contact"]
    assert (row["id"], row["external_id"], row["origin"], row["to_check"]) == (first + 5, "c1", "crm", False)
    assert len(rows(stores, "contact_address")["contact_address"]) == 2


def test_companies_share_no_address(stores: Stores) -> None:
    """A drop address belongs to one company in the whole installation."""
    load(stores, company())
    with pytest.raises(MistakeError, match=r"company 1: addresses: crm@drop\.example belongs to another"):
        load(stores, company(slug="other", name="Other"))
    load(stores, company(slug="other", name="Other", addresses=("crm@other.example",)))
    load(stores, company(slug="other", name="Other", addresses=("new@other.example",)))
    snapshot = reads.directory_snapshot(stores.database)
    assert snapshot.company_addresses == {"crm@drop.example": 1, "new@other.example": 2}


def test_records_need_a_company(stores: Stores) -> None:
    """It is the one named, the one in the load, or the only one there is."""
    with pytest.raises(MistakeError, match="there is no company yet"):
        load(stores, user(1))
    load(stores, company(), user(1))
    load(stores, company(slug="other", name="Other", addresses=()), user(1))
    with pytest.raises(MistakeError, match="there are several companies: say which"):
        load(stores, user(2))
    with pytest.raises(MistakeError, match="there is no company third"):
        load(stores, user(2), company="third")
    assert load(stores, user(2), company="other").company_id == 2
    assert reads.company_id(stores.database) is None
    assert reads.company_id(stores.database, "other") == 2


def test_the_snapshot_tells_who_may_submit(stores: Stores) -> None:
    """Companies with their policy, drop addresses, and every user address with its standing."""
    load(stores, *ALL)
    snapshot = reads.directory_snapshot(stores.database)
    assert snapshot.version == reads.directory_version(stores.database)
    assert snapshot.companies[1].policy.internal_domains == {"acme.example"}
    assert {a: (u.user.active, u.confirmed) for (_, a), u in snapshot.user_addresses.items()} == {
        "u1@acme.example": (True, True),
        "one@home.example": (True, True),
        "one@pending.example": (True, False),
        "u2@acme.example": (False, True),
        "sales@acme.example": (True, True),
        "desk@acme.example": (True, True),
    }
    assert reads.user_id(stores.database, 1, "one@home.example") is not None
    assert reads.user_id(stores.database, 1, "one@pending.example") is None


def test_settings_are_kept_until_a_record_names_them(stores: Stores) -> None:
    """A change is new to listeners; a record without settings leaves them, and one that says the same too."""
    load(stores, company())
    before = reads.directory_version(stores.database)
    named = {
        "several_contacts": "ask",
        "max_new_contacts": "0",
        "free_mail": ("klub.example",),
        "auto_link_deal": False,
    }
    assert load(stores, company(**named)).changed["company"] == 1
    assert reads.directory_version(stores.database) > before
    wanted = Policy(
        several_contacts=SeveralContacts.ASK,
        max_new_contacts=0,
        free_mail=frozenset({"klub.example"}),
        auto_link_deal=False,
    )
    assert load(stores, company()).changed["company"] == 0
    assert load(stores, company(**named)).changed["company"] == 0
    assert reads.directory_snapshot(stores.database).companies[1].policy == wanted
    with SqlWorks(stores.database)(1) as work:
        assert work.company.policy == wanted
    assert load(stores, company(free_mail=())).changed["company"] == 1
    assert reads.directory_snapshot(stores.database).companies[1].policy.free_mail == frozenset()


def test_a_company_is_listed_with_all_its_settings(stores: Stores) -> None:
    """In the form in which they are loaded: what is listed can be loaded again and changes nothing."""
    load(stores, company(free_mail=("b.example", "a.example"), split_on_subject=False))
    (listed,) = listing.companies(stores.database)
    assert (listed["free_mail"], listed["split_on_subject"]) == (["a.example", "b.example"], False)
    assert (listed["several_contacts"], listed["max_new_contacts"]) == ("best", 20)
    assert {field.name for field in fields(Policy)} < set(listed)
    (record,) = read_json(json.dumps({"company": listed}))
    assert load(stores, Record(record.kind, record.row, dict(record.values))).changed["company"] == 0


def test_deals_exist_until_they_are_deleted(stores: Stores) -> None:
    """A won or lost deal can still be named in an address."""
    load(stores, *ALL, deal(2, status="lost"), deal(3, status="deleted"))
    wishes = ("D1", "d1", "D2", "D3", "D4")
    told = [wish for wish in wishes if reads.deal_exists(stores.database, 1, wish)]
    assert told == ["D1", "d1", "D2"]


# ---- teams


def test_a_team_is_known_with_its_active_members(stores: Stores) -> None:
    """The listener's snapshot tells it from a user; nobody looks at mail as a team."""
    loaded = load(stores, *ALL)
    snapshot = reads.directory_snapshot(stores.database)
    entry = snapshot.user_addresses[loaded.company_id, "sales@acme.example"]
    one = snapshot.user_addresses[loaded.company_id, "u1@acme.example"].user
    assert (entry.user.is_team, entry.confirmed, one.is_team, one.members) == (True, True, False, ())
    assert entry.user.members == (one.id,), "the other user is not active"
    assert reads.user_id(stores.database, loaded.company_id, "sales@acme.example") is None
    assert reads.user_id(stores.database, loaded.company_id, "u1@acme.example") == one.id


def test_a_teams_members_are_those_of_its_record(stores: Stores) -> None:
    """Whoever is left out is none any more; a change is announced once and moves the version."""
    load(stores, *ALL)
    before = reads.directory_version(stores.database), len(rows(stores, "change")["change"])
    changed = load(stores, team(1, "sales@acme.example", "desk@acme.example", members=("u2",))).changed
    assert (changed["team"], reads.directory_version(stores.database) > before[0]) == (1, True)
    assert [row["kind"] for row in rows(stores, "change")["change"][before[1] :]] == ["user.changed"]
    (team_row,) = (row for row in rows(stores, "app_user")["app_user"] if row["is_team"])
    (two,) = (row for row in rows(stores, "app_user")["app_user"] if row["external_id"] == "u2")
    assert [(row["team_id"], row["user_id"]) for row in rows(stores, "team_member")["team_member"]] == [
        (team_row["id"], two["id"])
    ]


@pytest.mark.parametrize(
    ("record", "mistake"),
    [
        (team(1), "teams 1: addresses: is missing"),
        (team(1, "sales@acme.example", members=("u9",)), "teams 1: members: there is no user u9"),
        (team(1, "sales@acme.example", members=("t1",)), "teams 1: members: there is no user t1"),
        (team(2, "sales@acme.example"), "teams 2: sales@acme.example belongs to another user already"),
        (team(2, "main@firm.example"), "teams 2: main@firm.example is an address of contact c1"),
        (team(2, "x@acme.example", external_id="u1"), "teams 2: external_id: u1 is a user"),
        (user(7, external_id="t1"), "users 7: external_id: t1 is a team"),
        (Record("never_log", "never_log 9", {"entry": "a@b.example", "user": "u9"}),
         "never_log 9: user: there is no user u9"),
    ],
)  # fmt: skip
def test_mistakes_about_teams_are_told(stores: Stores, record: Record, mistake: str) -> None:
    """And nothing is written."""
    load(stores, *ALL)
    before = rows(stores)
    with pytest.raises(MistakeError) as caught:
        load(stores, record)
    assert mistake in str(caught.value).splitlines()
    assert rows(stores) == before


# ---- what waited for an address


def hold(stores: Stores, company_id: int, *mails: tuple[int, str, str]) -> None:
    """Record held mail: delivery, reason, the address that sent it; for the first user."""
    (one,) = (row["id"] for row in rows(stores, "app_user")["app_user"] if row["external_id"] == "u1")
    steps = []
    for number, reason, address in mails:
        got, plan = ended(number, DeliveryState.HELD, reason, one)
        delivery = replace(
            got.delivery, company_id=company_id, sender=None, held=HeldSender(reason, address, one)
        )
        steps.append((replace(got, delivery=delivery), plan))
    with SqlWorks(stores.database)(company_id) as work:
        work.apply([mail for mail, _ in steps], [plan for _, plan in steps], NOON)
        work.commit()


def test_mail_that_waited_for_a_confirmation_is_let_go(stores: Stores) -> None:
    """A pending alias that is confirmed later files its mail itself (decisions.md 7.8), told to its user."""
    company_id = load(stores, *ALL).company_id
    alias, other = "one@pending.example", "one@other.example"
    hold(
        stores,
        company_id,
        (1, "unconfirmed_address", alias),
        (2, "unconfirmed_address", other),
        (3, "unverified_sender", alias),
    )
    seen = len(rows(stores, "change")["change"])
    load(stores, user(1, alternatives=("one@home.example", alias)), hours=1)
    assert [(row["id"], row["state"], row["reason"]) for row in rows(stores, "delivery")["delivery"]] == [
        (1, "received", "confirmed"),
        (2, "held", "unconfirmed_address"),
        (3, "held", "unverified_sender"),
    ]
    (one,) = (row["id"] for row in rows(stores, "app_user")["app_user"] if row["external_id"] == "u1")
    told = [
        (row["kind"], row["audience_id"], row["entity_id"]) for row in rows(stores, "change")["change"][seen:]
    ]
    assert told == [("user.changed", 0, one), ("delivery.released", one, 1)]
    again = rows(stores)
    load(stores, user(1, alternatives=("one@home.example", alias)), hours=2)
    assert rows(stores) == again, "an address is confirmed once"


def test_what_a_user_has_added_stays_his(stores: Stores) -> None:
    """A load that does not list it leaves it; one that says whose it is takes a mere claim away."""
    company_id = load(stores, company(), user(1), user(2)).company_id
    anna, bert = (row["id"] for row in rows(stores, "app_user")["app_user"])
    proven, claimed = "one@home.example", "one@club.example"
    seed = Seed()
    for address, since in ((proven, NOON), (claimed, None)):
        seed.rows["user_address"].append(
            {"company_id": company_id, "address": address, "user_id": anna, "kind": "alternative",
             "confirmed_at": since, "origin": "user"}
        )  # fmt: skip
    fill(stores, seed)
    before = rows(stores, "user_address")
    load(stores, user(1), user(2), hours=1)
    assert rows(stores, "user_address") == before
    load(stores, user(1), user(2, alternatives=(claimed,)), hours=2)
    owners = {row["address"]: row["user_id"] for row in rows(stores, "user_address")["user_address"]}
    assert (owners[proven], owners[claimed]) == (anna, bert)
    with pytest.raises(MistakeError, match="belongs to another user already"):
        load(stores, user(2, alternatives=(proven,)), hours=3)


def test_a_load_says_what_it_confirmed_and_let_go(stores: Stores) -> None:
    """Beside the records that it changed; a user's own preferences stay where it does not name them."""
    company_id = load(stores, company(), user(1, unconfirmed=("one@pending.example",))).company_id
    hold(stores, company_id, (1, "unconfirmed_address", "one@pending.example"))
    done = load(stores, user(1, alternatives=("one@pending.example",)), hours=1)
    assert done.changed == {"user": 1, "confirmed_address": 1, "released_mail": 1}
    load(stores, user(1, alternatives=("one@pending.example",), language="pl", notices="all"), hours=2)
    load(stores, user(1, alternatives=("one@pending.example",)), hours=3)
    assert [(row["language"], row["notices"]) for row in rows(stores, "app_user")["app_user"]] == [
        ("pl", "all")
    ]


def test_a_filer_knows_the_directory_as_of_its_lock(stores: Stores) -> None:
    """What it has read once is read anew as soon as a load has changed it (decisions.md 3)."""
    load(stores, *ALL)
    works = SqlWorks(stores.database)
    asked = Query(
        addresses=frozenset({"u1@acme.example", "sales@acme.example"}),
        never_log=frozenset({"@payroll.example", "new@clinic.example"}),
    )

    def known() -> tuple[bool, int, set[str], list[set[str]]]:
        with works(1) as work:
            facts = work.gather(asked)
        team = facts.user_addresses["sales@acme.example"].user
        user = facts.user_addresses["u1@acme.example"].user
        return (
            user.active,
            len(team.members),
            set(facts.never_log),
            list(map(set, facts.own_never_log.values())),
        )

    assert known() == (True, 1, {"@payroll.example"}, [{"@payroll.example"}])
    load(stores, user(1, active=False), hours=1)
    load(stores, Record("never_log", "never_log 4", {"entry": "new@clinic.example", "user": ""}))
    assert known() == (False, 0, {"@payroll.example", "new@clinic.example"}, [{"@payroll.example"}])
