"""Transaction 2, held to one contract for every store."""

from contextlib import suppress
from datetime import timedelta

import pytest
from msgspec import structs

from bccd.model.crm import DealStatus
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.errors import MistakeError
from bccd.model.events import EventKind
from bccd.model.facts import CarriedDeal, Facts, Query
from bccd.model.message import Mailbox
from bccd.model.plan import (
    Change,
    HandedOn,
    LinkOrigin,
    LinkState,
    Merge,
    MessageUpdate,
    NewBounce,
    NewContact,
    NewCopy,
    Outcome,
    Plan,
    Provenance,
)
from bccd.model.ruling import Ruling
from bccd.testing.build import FIRST_FREE_ID, NOON, Seed
from tests.store.conftest import Bench
from tests.store.plans import (
    ANNA,
    BERT,
    CLEO,
    DROP,
    JAN,
    MARIA,
    OPEN,
    OTHER,
    SCOPE,
    WON,
    Filed,
    ended,
    filed,
    key,
    mail,
    with_file,
    world,
)


def facts(bench: Bench, query: Query) -> Facts:
    """Return what a fresh unit of work says."""
    with bench.work() as work:
        return work.gather(query)


# ---- gather ---------------------------------------------------------------------------------------------


def test_the_company_is_known_on_entering(bench: Bench) -> None:
    """The unit of work tells its company, its drop addresses and its clock."""
    bench.fill(world())
    with bench.work() as work:
        assert (work.company.slug, work.company.policy.auto_link_deal) == ("company-1", True)
        found = work.gather(Query())
    assert found.service_addresses == {DROP, "old@drop.example"}
    assert (found.next_id, found.change_seq) == (FIRST_FREE_ID, 0)


def test_an_unknown_company_cannot_be_worked_on(bench: Bench) -> None:
    """There is no transaction without a clock."""
    bench.fill(world())
    with pytest.raises(MistakeError, match="no company 2"), bench.work(2):
        pass


def test_people_are_found_by_address(bench: Bench) -> None:
    """Users, contacts, organisations and never-log entries come as the query names them, and no others."""
    bench.fill(world())
    addresses = {"anna@home.example", "a@pending.example", "jan@home.example", "x@payroll.example", "no@one"}
    found = facts(
        bench,
        Query(
            addresses=frozenset(addresses),
            domains=frozenset({"customer.example", "none.example"}),
            never_log=frozenset({"x@payroll.example", "@payroll.example", "@none.example"}),
        ),
    )
    assert {a: (u.user.id, u.kind, u.confirmed) for a, u in found.user_addresses.items()} == {
        "anna@home.example": (ANNA, "alternative", True),
        "a@pending.example": (ANNA, "alternative", False),
    }
    assert {a: [c.id for c in contacts] for a, contacts in found.contacts.items()} == {
        "jan@home.example": [JAN]
    }
    assert found.contacts["jan@home.example"][0].owner_id == ANNA
    assert [o.id for o in found.organisations["customer.example"]] == [31]
    assert found.never_log == {"@payroll.example"}


def test_users_tell_whether_they_are_active(bench: Bench) -> None:
    """A user who left is told from one who files, and a stranger is missing."""
    bench.fill(world())
    found = facts(bench, Query(users=frozenset({ANNA, CLEO, 99})))
    assert {id_: user.active for id_, user in found.users.items()} == {ANNA: True, CLEO: False}
    default = facts(bench, Query(addresses=frozenset({"bert@seller.example"}))).user_addresses
    assert default["bert@seller.example"].user.default_sharing is Sharing.PRIVATE


def test_teams_come_with_their_active_members(bench: Bench) -> None:
    """By address as by id; who left is no member any more."""
    bench.fill(world().team(9, "sales@seller.example", CLEO, BERT, ANNA))
    asked = Query(addresses=frozenset({"sales@seller.example", "bert@seller.example"}), users=frozenset({9}))
    found = facts(bench, asked)
    by_address = found.user_addresses["sales@seller.example"].user
    assert (by_address.is_team, by_address.members) == (True, (ANNA, BERT))
    assert found.users == {9: by_address}
    assert found.user_addresses["bert@seller.example"].user.members == ()
    assert facts(bench, Query(users=frozenset({9}))).users == {9: by_address}


def test_never_log_lists_are_told_apart(bench: Bench) -> None:
    """An entry is the company's, or one user's own, or both."""
    bench.fill(world().never_log("@payroll.example", "x@one.example", user=BERT))
    asked = Query(never_log=frozenset({"@payroll.example", "x@one.example", "y@one.example"}))
    found = facts(bench, asked)
    assert found.never_log == {"@payroll.example"}
    assert found.own_never_log == {BERT: {"@payroll.example", "x@one.example"}}


def test_who_has_spoken_is_known(bench: Bench) -> None:
    """The user who let a mail in comes with his ruling, though the mail does not name him."""
    bench.fill(world())
    bench.apply([ended(1, DeliveryState.RECEIVED, "customer_reply")], NOON)
    bench.fill(Seed().ruling(1, Ruling(BERT, release=True)))
    assert set(facts(bench, Query(deliveries=frozenset({1}))).users) == {BERT}


def test_deals_come_with_their_contacts_and_by_tag(bench: Bench) -> None:
    """All deals of a matched contact come, whatever their status; a tagged one comes by its external id."""
    bench.fill(world())
    found = facts(
        bench, Query(addresses=frozenset({"maria@customer.example"}), deal_tags=frozenset({"7", "77"}))
    )
    assert [(deal.id, deal.status) for deal in found.deals_by_contact[MARIA]] == [
        (OTHER, DealStatus.OPEN),
        (WON, DealStatus.WON),
    ]
    assert {tag: deal.id for tag, deal in found.deals_by_tag.items()} == {"7": OPEN}
    assert found.deals_by_tag["7"].updated_at == "2026-11-20T12:00:00.000000Z"


def test_a_tag_has_no_case_and_names_one_deal(bench: Bench) -> None:
    """An address has no case; where two deals differ by nothing else, neither is meant."""
    bench.fill(world().deal(60, "Q7a").deal(61, "00aB").deal(62, "00Ab"))
    found = facts(bench, Query(deal_tags=frozenset({"q7a", "00ab"})))
    assert {tag: deal.id for tag, deal in found.deals_by_tag.items()} == {"q7a": 60}


def test_several_contacts_of_an_address_come_in_order(bench: Bench) -> None:
    """Two contacts may share an address; archived ones say so, a merged one stands for its survivor."""
    seed = world().contact(14, "jan@customer.example", archived=True)
    bench.fill(seed.contact(15, "jan@customer.example", "only@customer.example", merged_into=MARIA))
    found = facts(bench, Query(addresses=frozenset({"jan@customer.example", "only@customer.example"})))
    assert [(c.id, c.active) for c in found.contacts["jan@customer.example"]] == [
        (JAN, True),
        (MARIA, True),
        (14, False),
    ]
    assert [c.id for c in found.contacts["only@customer.example"]] == [MARIA]


def test_conversations_are_found_by_token(bench: Bench) -> None:
    """A token leads to its conversation, with the parties asked about and its active links only."""
    bench.fill(world())
    bench.apply(
        [filed(1, 1000, tokens=("a", "b")), filed(2, 1010, deal=OTHER, state=LinkState.SUGGESTED)], NOON
    )
    asked = frozenset({"jan@customer.example", "maria@customer.example", "anna@seller.example"})
    found = facts(bench, Query(tokens=frozenset({key("a"), key("none")}), addresses=asked))
    assert found.token_conversations == {(key("a"), SCOPE): 1000}
    # Anna is one of us, Maria stood in Bcc; and what everyone sees is not told for its owner again.
    jan = CarriedDeal(OPEN, DealStatus.OPEN, 0, "jan@customer.example", JAN)
    assert found.carried == {1000: {jan}}
    by_identity = facts(bench, Query(id_keys=frozenset({key("id2")}), addresses=asked))
    assert by_identity.carried == {}, "a suggestion is nothing to inherit"


def test_a_private_messages_deal_is_carried_for_its_owners_alone(bench: Bench) -> None:
    """Nobody else's mail may inherit it, and a deleted deal is carried for nobody."""
    bench.fill(world().deal(60, "60", JAN, status="deleted"))
    gone = filed(2, 1010, tokens=("b",), deal=60)
    bench.apply([filed(1, 1000, tokens=("a",), shared=False), gone], NOON)
    asked = Query(tokens=frozenset({key("a"), key("b")}), addresses=frozenset({"jan@customer.example"}))
    assert facts(bench, asked).carried == {}
    assert facts(bench, structs.replace(asked, users=frozenset({BERT}))).carried == {}
    (deal,) = facts(bench, structs.replace(asked, users=frozenset({ANNA}))).carried[1000]
    assert (deal.deal_id, deal.viewer) == (OPEN, ANNA)


def test_messages_are_found_by_identity(bench: Bench) -> None:
    """Every message with these identity fields comes, with its owners."""
    bench.fill(world())
    bench.apply([filed(1, 1000, owner=BERT, shared=False)], NOON)
    found = facts(bench, Query(id_keys=frozenset({key("id1"), key("id2")})))
    (known,) = found.messages.values()
    assert (known.id, known.conversation_id, known.identity_key) == (1001, 1000, key("identity1"))
    assert (*known.owners, known.shared, known.linked) == (BERT, False, True)


def test_recorded_deliveries_are_told_unless_they_may_run_again(bench: Bench) -> None:
    """Filed, held and set aside mail is known; failed mail is as good as new."""
    bench.fill(world())
    states = (DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED, DeliveryState.RECEIVED)
    bench.apply([filed(1, 1000), *(ended(n, state, "why") for n, state in enumerate(states, 2))], NOON)
    found = facts(bench, Query(deliveries=frozenset(range(1, 9))))
    assert {id_: (ended.state, ended.reason) for id_, ended in found.delivered.items()} == {
        1: (DeliveryState.FILED, ""),
        2: (DeliveryState.HELD, "why"),
        3: (DeliveryState.SET_ASIDE, "why"),
    }


def test_a_users_word_on_a_delivery_is_told(bench: Bench) -> None:
    """What a user said of waiting mail comes with it, whatever the delivery's state, and for no other one."""
    said = Ruling(ANNA, True, Mailbox("Jan", "jan@home.example"), (Mailbox("", "maria@customer.example"),))
    bench.fill(world())
    states = (DeliveryState.HELD, DeliveryState.RECEIVED, DeliveryState.RECEIVED)
    bench.apply([ended(n, state, "why") for n, state in enumerate(states, 1)], NOON)
    bench.fill(Seed().ruling(1, said).ruling(2, Ruling(ANNA)))
    assert facts(bench, Query(deliveries=frozenset({1, 2, 3}))).rulings == {1: said, 2: Ruling(ANNA)}
    assert facts(bench, Query(deliveries=frozenset({3}))).rulings == {}


# ---- apply ----------------------------------------------------------------------------------------------


def test_a_mail_writes_every_row(bench: Bench) -> None:
    """One plan becomes rows of every table, and the clock moves beyond its ids and events."""
    bench.fill(world())
    bench.apply([with_file(filed(1, 1000, tokens=("a",)))], NOON)
    assert bench.column("message", "id", "conversation_id", "sort_at", "change_seq") == [
        (1001, 1000, "2026-11-20T12:01:00.000000Z", 1)
    ]
    assert bench.column("participant", "role", "copy_id") == [("bcc", 1002), ("from", 0), ("to", 0)]
    assert bench.column("message", "auto_reason", "marks", "body_html") == [
        ("header:precedence", "signed:smime tnef", "<p>text 1</p>")
    ]
    assert bench.column("attachment", "part", "body_start", "body_end", "within") == [
        ("2", 400, 530, "tnef:1")
    ]
    assert bench.column("attachment", "media_type", "sniffed") == [("application/pdf", "application/zip")]
    assert bench.column("link", "id", "contact_id", "deal_id") == [(1003, JAN, None), (1004, None, OPEN)]
    assert bench.column("delivery", "id", "state", "copy_id") == [(1, "filed", 1002)]
    assert bench.column("delivery_recipient", "address") == [DROP]
    assert '"rule":"match"' in bench.column("decision", "steps")[0]
    assert bench.column("change", "seq", "kind", "message_id") == [(1, "message.added", 1001)]
    assert bench.column("company_clock", "next_id", "change_seq") == [(1005, 1)]


def test_nothing_stands_without_a_commit(bench: Bench) -> None:
    """Leaving a unit of work rolls it back, with or without an exception."""
    bench.fill(world())
    before = bench.rows("message", "company_clock", "delivery")
    got, plan = filed(1, 1000)
    with bench.work() as work:
        work.apply([got], [plan], NOON)
    with suppress(ZeroDivisionError), bench.work() as work:
        work.apply([got], [plan], NOON)
        raise ZeroDivisionError
    assert bench.rows("message", "company_clock", "delivery") == before


def test_a_plan_that_breaks_a_key_leaves_nothing(bench: Bench) -> None:
    """Two messages with one identity are refused as a whole; the exception does not say the store is away."""
    bench.fill(world())
    first, second = filed(1, 1000), filed(1, 1010)
    before = bench.rows("message", "delivery")
    with pytest.raises(Exception, match=r"message") as caught:
        bench.apply([first, second], NOON)
    assert "Unavailable" not in type(caught.value).__name__
    assert bench.rows("message", "delivery") == before


def test_further_originals_of_a_mail_are_filed_with_it(bench: Bench) -> None:
    """A forward of two mails writes two messages, one delivery and one decision."""
    bench.fill(world())
    got, plan = filed(1, 1000)
    _, more = filed(2, 1010)
    bench.apply([(got, structs.replace(plan, more=(structs.replace(more, steps=()),)))], NOON)
    assert bench.column("message", "id") == [1001, 1011]
    assert bench.column("delivery", "id") == [1]
    assert bench.column("change", "seq") == [1, 2]
    assert bench.column("company_clock", "next_id") == [1015]


def test_an_auto_created_contact_waits_to_be_checked(bench: Bench) -> None:
    """It stands with its one address and the mail it came from."""
    bench.fill(world())
    got, plan = filed(1, 1000)
    new = NewContact(1020, "Nina", "nina@new.example", None, NOON, 1, 1)
    bench.apply([(got, structs.replace(plan, contacts=(new,)))], NOON)
    columns = ("id", "origin", "to_check", "external_id", "delivery_id")
    assert bench.column("contact", *columns)[-1] == (1020, "auto", True, None, 1)
    assert facts(bench, Query(addresses=frozenset({"nina@new.example"}))).contacts
    assert bench.column("company_clock", "next_id") == [1021]


def test_new_contacts_are_counted_for_the_user_whose_mail_made_them(bench: Bench) -> None:
    """Each with the moment of that mail, if less than two hours lie between it and the batch's (rule 3.6)."""
    bench.fill(world())
    got, plan = filed(1, 1000)
    made = [
        NewContact(1020 + n, "Nina", f"n{n}@new.example", None, NOON + timedelta(minutes=m), 1, user)
        for n, (m, user) in enumerate(
            ((-120, ANNA), (-119, ANNA), (0, ANNA), (0, ANNA), (0, BERT), (149, ANNA))
        )
    ]
    bench.apply([(got, structs.replace(plan, contacts=tuple(made)))], NOON)
    asked = Query(users=frozenset({ANNA}), received=(NOON, NOON + timedelta(minutes=30)))
    after = {ANNA: tuple(NOON + timedelta(minutes=m) for m in (-119, 0, 0, 149))}
    assert facts(bench, asked).created == after
    assert facts(bench, structs.replace(asked, received=None)).created == {}
    everyone = structs.replace(asked, users=frozenset({ANNA, BERT, CLEO}))
    assert facts(bench, everyone).created == after | {BERT: (NOON,)}


def test_a_contact_remembers_its_newest_message(bench: Bench) -> None:
    """An older mail filed later does not turn last_activity_at back."""
    bench.fill(world())
    bench.apply([filed(1, 1000, at=NOON), filed(2, 1010, at=NOON - timedelta(days=1))], NOON)
    bench.apply([filed(3, 1020, at=NOON - timedelta(days=2))], NOON)
    activity = dict(bench.column("contact", "id", "last_activity_at"))
    assert activity[JAN] == "2026-11-20T12:00:00.000000Z"
    assert activity[MARIA] is None, "who stood in Bcc alone was not met"


def test_a_second_owner_widens_and_never_narrows(bench: Bench) -> None:
    """Sharing and linking are kept once they are there; the second copy's Bcc stands beside the first's."""
    bench.fill(world())
    bench.apply([filed(1, 1000, shared=False)], NOON)

    def second(number: int, owner: int, copy_id: int, *, shared: bool, linked: bool) -> tuple[object, Plan]:
        got, plan = filed(number, 2000, conversation=1000)
        copy = NewCopy(
            copy_id, 1001, owner, number, Provenance.BCC, Sharing.SHARED, "", got.delivery.raw_sha256, NOON
        )
        bcc = [
            structs.replace(p, message_id=1001, copy_id=copy_id) for p in plan.participants if p.role == "bcc"
        ]
        update = MessageUpdate(1001, 1000, shared, linked)
        outcome = Outcome(number, DeliveryState.FILED, "duplicate", owner, 1001, copy_id)
        changes = (Change(EventKind.MESSAGE_UPDATED, 0, 1000, 1001),)
        return got, Plan(outcome, (), update=update, participants=tuple(bcc), copies=(copy,), changes=changes)

    bench.apply([second(2, BERT, 1010, shared=True, linked=True)], NOON)
    bench.apply([second(3, CLEO, 1011, shared=False, linked=False)], NOON)
    assert bench.column("message", "shared", "linked", "change_seq") == [(True, True, 3)]
    assert [row for row in bench.column("participant", "role", "copy_id") if row[0] == "bcc"] == [
        ("bcc", 1002),
        ("bcc", 1010),
        ("bcc", 1011),
    ]
    assert facts(bench, Query(id_keys=frozenset({key("id1")}))).messages[key("identity1")].owners == {
        ANNA,
        BERT,
        CLEO,
    }


def test_what_opens_within_a_batch_is_handed_on_to_all(bench: Bench) -> None:
    """A message that was its owner's alone, and everyone's by a later mail of the same batch."""
    bench.fill(world())
    got, plan = filed(1, 1000, shared=False)
    alone, everyone = (HandedOn(1000, OPEN, viewer, "jan@customer.example") for viewer in (ANNA, 0))
    again, _ = filed(2, 2000)
    copy = structs.replace(plan.copies[0], id=1010, owner_id=BERT, sharing=Sharing.SHARED)
    outcome = Outcome(2, DeliveryState.FILED, "owner_added", BERT, 1001, 1010)
    update = MessageUpdate(1001, 1000, shared=True, linked=True)
    second = Plan(outcome, (), update=update, copies=(copy,), handed_on=(everyone,))
    bench.apply([(got, structs.replace(plan, handed_on=(alone,))), (again, second)], NOON)
    assert bench.column("conversation_deal", "viewer_id") == [0]


def test_one_mail_may_make_copies_for_several(bench: Bench) -> None:
    """Each owner has a copy of his own, which says who sent the mail in if he did not; ids go on above it."""
    bench.fill(world())
    got, plan = filed(1, 1000)
    mine = plan.copies[0]
    bert = structs.replace(mine, id=1020, owner_id=BERT, filed_by=ANNA)
    bench.apply([(got, structs.replace(plan, copies=(mine, bert)))], NOON)
    assert bench.column("message_copy", "id", "owner_id", "filed_by") == [
        (mine.id, ANNA, None),
        (1020, BERT, ANNA),
    ]
    assert facts(bench, Query()).next_id == 1021


@pytest.mark.parametrize(
    ("first", "second", "then"),
    [
        (LinkState.SUGGESTED, LinkState.ACTIVE, ("active", "tag")),
        (LinkState.ACTIVE, LinkState.SUGGESTED, ("active", "auto")),
        (LinkState.REJECTED, LinkState.ACTIVE, ("rejected", "auto")),
    ],
)
def test_a_message_is_linked_to_a_deal_once(
    bench: Bench, first: LinkState, second: LinkState, then: tuple[str, str]
) -> None:
    """A wish turns a suggestion into a link; a rejection is a tombstone."""
    bench.fill(world())
    got, plan = filed(1, 1000, state=first)
    bench.apply([(got, plan)], NOON)
    again = structs.replace(plan.links[1], id=1010, state=second, origin=LinkOrigin.TAG)
    outcome = Outcome(2, DeliveryState.FILED, "", ANNA, 1001, 1002)
    bench.apply([(mail(2), Plan(outcome, (), links=(again,)))], NOON)
    assert bench.column("link", "id", "state", "origin")[1:] == [(1004, *then)]


def test_a_token_keeps_its_first_conversation(bench: Bench) -> None:
    """A token that is known is not moved, in one batch or in two."""
    bench.fill(world())
    bench.apply([filed(1, 1000, tokens=("a",)), filed(2, 1010, tokens=("a", "b"))], NOON)
    bench.apply([filed(3, 1020, tokens=("b",))], NOON)
    assert sorted(bench.column("conversation_token", "conversation_id")) == [1000, 1010]


def test_merged_conversations_resolve_to_the_oldest(bench: Bench) -> None:
    """Messages and links move; tokens and old ids lead to the survivor by one step, after any merges."""
    bench.fill(world())
    bench.apply([filed(n, 1000 + 10 * n, tokens=(f"t{n}",)) for n in (1, 2, 3)], NOON)
    got, plan = filed(4, 1050, conversation=1020)
    bench.apply([(got, structs.replace(plan, merge=Merge(1020, (1030,))))], NOON)
    got, plan = filed(5, 1060, conversation=1010)
    bench.apply([(got, structs.replace(plan, merge=Merge(1010, (1020,))))], NOON)
    assert bench.column("conversation", "id", "merged_into") == [(1010, None), (1020, 1010), (1030, 1010)]
    assert set(bench.column("message", "conversation_id")) == {1010}
    assert set(bench.column("link", "conversation_id")) == {1010}
    tokens = frozenset({key("t1"), key("t2"), key("t3")})
    found = facts(bench, Query(tokens=tokens))
    assert set(found.token_conversations.values()) == {1010}
    assert bench.column("conversation_audience", "conversation_id", "audience_id", "message_count") == [
        (1010, 0, 5),
        (1010, ANNA, 5),
    ]
    # Moved by the second event, or by the first and then again: the last one counts.
    assert bench.column("message", "id", "change_seq") == [
        (1011, 1),
        (1021, 5),
        (1031, 5),
        (1051, 5),
        (1061, 5),
    ]


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1), (5,), (2, 3), (3, 2)])
def test_batches_do_not_show_in_the_rows(bench: Bench, sizes: tuple[int, ...]) -> None:
    """The same plans in any partition leave the same rows, merges of what is new in the batch included."""
    bench.fill(world())
    steps = [filed(n, 1000 + 10 * n, tokens=(f"t{n}",), shared=n != 2) for n in (1, 2, 3)]
    for number, merge in ((4, Merge(1020, (1030,))), (5, Merge(1010, (1020,)))):
        got, plan = filed(number, 1040 + 10 * number, conversation=merge.winner, owner=BERT)
        steps.append((got, structs.replace(plan, merge=merge)))
    for size in sizes:
        bench.apply(steps[:size], NOON)
        del steps[:size]
    assert bench.column("message", "change_seq") == [1, 5, 5, 5, 5]
    assert bench.column("conversation_audience", "audience_id", "message_count", "subject") == [
        (0, 4, "Offer 5"),
        (ANNA, 5, "Offer 5"),
        (BERT, 4, "Offer 5"),
    ]


def test_a_retried_delivery_takes_its_new_outcome(bench: Bench) -> None:
    """Held mail becomes filed; filed mail stays filed whatever comes later."""
    bench.fill(world())
    bench.apply([ended(1, DeliveryState.HELD, "unverified_sender")], NOON)
    bench.apply([filed(1, 1000)], NOON)
    assert bench.column("delivery", "state", "reason", "message_id") == [("filed", "", 1001)]
    bench.apply([ended(1, DeliveryState.FAILED, "late")], NOON)
    assert bench.column("delivery", "state", "message_id") == [("filed", 1001)]


# ---- who sees what --------------------------------------------------------------------------------------


def test_private_mail_shows_in_no_other_audience(bench: Bench) -> None:
    """Subject, snippet, count and time that everybody sees come from shared and linked messages alone."""
    bench.fill(world())
    bench.apply(
        [
            filed(1, 1000),
            filed(2, 1010, conversation=1000, owner=BERT, shared=False),
            filed(3, 1020, conversation=1000, owner=BERT, linked=False, deal=None),
        ],
        NOON,
    )
    columns = ("audience_id", "subject", "message_count", "last_message_id", "linked")
    assert bench.column("conversation_audience", *columns) == [
        (0, "Offer 1", 1, 1001, True),
        (ANNA, "Offer 1", 1, 1001, True),
        (BERT, "Offer 3", 3, 1021, True),
    ]


def test_a_choice_is_pending_only_for_those_who_see_the_message(bench: Bench) -> None:
    """needs_choice tells of suggestions on visible messages."""
    bench.fill(world())
    private = filed(2, 1010, conversation=1000, owner=BERT, shared=False, state=LinkState.SUGGESTED)
    bench.apply([filed(1, 1000), private], NOON)
    assert bench.column("conversation_audience", "audience_id", "needs_choice") == [
        (0, False),
        (ANNA, False),
        (BERT, True),
    ]


@pytest.mark.parametrize("again", [False, True])
def test_a_suggested_contact_is_a_choice_too(bench: Bench, again: bool) -> None:
    """With a new message, or on one that stands already, until it is linked (rule 6.3)."""
    bench.fill(world())
    got, plan = filed(1, 1000)
    offered = structs.replace(
        plan.links[0], id=1020, contact_id=MARIA, deal_id=None, state=LinkState.SUGGESTED
    )
    if again:
        bench.apply([(got, plan)], NOON)
        got, plan = mail(2), Plan(Outcome(2, DeliveryState.FILED, "already_owned", ANNA, 1001), ())
    bench.apply([(got, structs.replace(plan, links=(*plan.links, offered)))], NOON)
    seen = ("audience_id", "needs_choice")
    assert bench.column("conversation_audience", *seen) == [(0, True), (ANNA, True)]
    taken = structs.replace(offered, id=1021, state=LinkState.ACTIVE)
    bench.apply([(mail(3), Plan(Outcome(3, DeliveryState.FILED, "", ANNA, 1001), (), links=(taken,)))], NOON)
    assert bench.column("conversation_audience", *seen) == [(0, False), (ANNA, False)]


def test_unlinked_mail_is_seen_by_its_owner_alone(bench: Bench) -> None:
    """Without a link there is no row for everybody."""
    bench.fill(world())
    bench.apply([filed(1, 1000, linked=False, deal=None)], NOON)
    assert bench.column("conversation_audience", "audience_id", "linked") == [(ANNA, False)]


def test_bounces_stand_until_a_later_good_mail(bench: Bench) -> None:
    """Of two reports the later one counts; a mail that was written before them clears neither."""

    def step(number: int, hour: int, *, told: str = "", hard: bool = True, good: bool = False) -> Filed:
        got, plan = filed(number, 1000 + 100 * number)
        assert plan.message is not None
        at = NOON + timedelta(hours=hour)
        new = (NewBounce("jan@home.example", hard, told, at),) if told else ()
        message = structs.replace(plan.message, sort_at=at)
        arrived = ("jan@home.example",) if good else ()
        return got, structs.replace(plan, message=message, bounces=new, arrived=arrived)

    def standing() -> list[object]:
        return bench.column("address_bounce", "address", "hard", "status")

    jan = "jan@home.example"
    bench.fill(world())
    bench.apply([step(1, 1, told="5.1.1"), step(2, 0, told="4.2.2", hard=False)], NOON)
    assert standing() == [(jan, True, "5.1.1")]
    bench.apply([step(3, 0, told="4.2.2", hard=False), step(4, 1, good=True)], NOON)
    assert standing() == [(jan, True, "5.1.1")], "written no later"
    bench.apply([step(5, 2, told="5.1.2"), step(6, 2, good=True)], NOON)
    assert standing() == [(jan, True, "5.1.2")]
    bench.apply([step(7, 3, good=True)], NOON)
    assert standing() == []
    bench.apply([step(8, 4, told="5.1.1"), step(9, 5, good=True), step(10, 6, told="5.1.6")], NOON)
    assert standing() == [(jan, True, "5.1.6")]
    bench.apply([step(11, 7, told="5.1.1"), step(12, 8, good=True)], NOON)
    assert standing() == []
