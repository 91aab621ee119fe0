"""Commands: what each kind changes, what it answers, and what others learn of it."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from bccd.model.command import Answer, Command, CommandState, SetSharing
from bccd.model.plan import LinkState
from bccd.store import tables as t
from bccd.store.commands import Commands
from bccd.store.engine import Stores
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import FixedClock, Seed, fill, rows
from bccd.testing.build import NOON, SIGNER
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, JAN, MARIA, OPEN, OTHER, WON, Filed, filed, world

pytestmark = on_every_database

DAN = 4


class Desk:
    """A store with a company, where users say what they want."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.clock = FixedClock()
        self.commands = Commands(stores, self.clock.now, SIGNER)
        self._keys = 0
        fill(stores, world().user(DAN, "dan@seller.example"))

    def file(self, *steps: Filed) -> None:
        """File mails."""
        with SqlWorks(self.stores.database)(1) as work:
            work.apply([mail for mail, _ in steps], [plan for _, plan in steps], NOON)
            work.commit()

    def say(self, actor: int, kind: str, key: str = "", company: int = 1, **args: Any) -> Answer:
        """Have one command done; an argument's name may end in an underscore."""
        self._keys += 1
        self.clock.tick(1)
        given = json.dumps({name.rstrip("_"): value for name, value in args.items()})
        (answer,) = self.commands.submit(company, [Command(key or f"key {self._keys}", actor, kind, given)])
        return answer

    def do(self, actor: int, kind: str, **args: Any) -> dict[str, Any]:
        """Have one command done that is not refused, and return what it answers."""
        answer = self.say(actor, kind, **args)
        assert answer.state is CommandState.DONE, answer
        return dict(answer.result)

    def refused(self, actor: int, kind: str, **args: Any) -> str:
        """Have one command refused; return the code. Nothing but the command itself is written."""
        before = self.but_commands()
        answer = self.say(actor, kind, **args)
        assert answer.state is CommandState.REFUSED, answer
        assert str(answer.result["sentence"]).endswith(".")
        assert self.but_commands() == before
        return answer.error

    def but_commands(self) -> dict[str, Any]:
        """Return all rows, save the commands themselves."""
        return {name: listed for name, listed in rows(self.stores).items() if name != "command"}

    def column(self, table: str, *names: str) -> list[Any]:
        """Return columns of a table."""
        return [tuple(row[name] for name in names) for row in rows(self.stores, table)[table]]

    def events(self) -> list[tuple[Any, ...]]:
        """Return the events since last asked: kind, audience, message, entity, actor."""
        names = ("kind", "audience_id", "message_id", "entity_id", "actor_id")
        found = self.column("change", *names)
        with transaction(self.stores.database) as connection:
            connection.execute(t.change.delete())
        return found

    def audiences(self, conversation: int = 1000) -> list[int]:
        """Return who has a row about a conversation."""
        found = self.column("conversation_audience", "conversation_id", "audience_id")
        return sorted(audience for id_, audience in found if id_ == conversation)

    def flags(self) -> dict[int, tuple[bool, bool]]:
        """Return of each message whether it is shared and linked."""
        return {
            id_: (shared, linked) for id_, shared, linked in self.column("message", "id", "shared", "linked")
        }

    def deals(self) -> dict[tuple[int, int], tuple[str, str, str]]:
        """Return state, origin and scope of each link to a deal."""
        names = ("message_id", "deal_id", "state", "origin", "scope")
        return {(m, d): tuple(rest) for m, d, *rest in self.column("link", *names) if d is not None}


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return Desk(stores)


def offered(got: Filed, *deals: int) -> Filed:
    """Return the mail with these deals suggested."""
    mail, plan = got
    first = plan.links[0]
    links = [
        replace(
            first, id=first.id + 1 + place, contact_id=None, deal_id=deal, state=LinkState.SUGGESTED,
            rule="several_open_deals", score=1 - place / 10,
        )
        for place, deal in enumerate(deals)
    ]  # fmt: skip
    return mail, replace(plan, links=(first, *links))


# ---- sharing -----------------------------------------------------------------------------------------------


def test_private_hides_from_all_but_the_owner(desk: Desk) -> None:
    """Everyone is told that it is gone, without content; the owner that he sees it still."""
    desk.file(filed(1, 1000))
    desk.events()
    assert desk.do(ANNA, "message.private", message=1001) == {"changed": 1}
    assert desk.events() == [
        ("message.hidden", 0, None, 1001, None),
        ("message.added", ANNA, 1001, None, ANNA),
    ]
    assert desk.audiences() == [ANNA]
    assert desk.flags() == {1001: (False, True)}
    assert desk.column("conversation_deal", "viewer_id", "deal_id", "address") == [
        (ANNA, OPEN, "jan@customer.example")
    ]


def test_share_shows_to_all_once_it_is_linked(desk: Desk) -> None:
    """What is linked already, everyone sees at once; what is not, nobody is told of."""
    desk.file(filed(1, 1000, shared=False), filed(2, 2000, shared=False, linked=False, deal=None))
    desk.events()
    desk.do(ANNA, "message.share", messages=[1001, 2001])
    assert desk.events() == [
        ("message.added", 0, 1001, None, ANNA),
        ("message.updated", ANNA, 2001, None, ANNA),
    ]
    assert desk.audiences(1000) == [0, ANNA]
    assert desk.audiences(2000) == [ANNA]


def test_sharing_what_is_shared_changes_nothing(desk: Desk) -> None:
    """It is done all the same: what was wanted stands."""
    desk.file(filed(1, 1000))
    desk.events()
    assert desk.do(ANNA, "message.share", message=1001) == {"changed": 0}
    assert desk.events() == []


def test_only_an_owner_changes_his_copy(desk: Desk) -> None:
    """A colleague who sees it is told so; one who does not, that there is none."""
    desk.file(filed(1, 1000), filed(2, 2000, shared=False))
    assert desk.refused(BERT, "message.private", message=1001) == "not_owner"
    assert desk.refused(BERT, "message.share", message=2001) == "not_found"
    assert desk.refused(BERT, "message.share", message=3001) == "not_found"


# ---- links -------------------------------------------------------------------------------------------------


def test_link_set_links_one_message(desk: Desk) -> None:
    """By number or by the CRM's id; from then on everyone sees what is shared."""
    desk.file(
        filed(1, 1000, linked=False, deal=None), filed(2, 1010, conversation=1000, linked=False, deal=None)
    )
    desk.events()
    assert desk.do(ANNA, "link.set", message=1001, deal="8") == {"changed": 1}
    assert desk.deals() == {(1001, OTHER): ("active", "manual", "message")}
    (link_id,) = (id_ for (id_,) in desk.column("link", "id"))
    assert desk.column("link", "rule", "actor_id", "conversation_id") == [("link.set", ANNA, 1000)]
    assert desk.events() == [("message.added", 0, 1001, None, ANNA)]
    assert desk.flags() == {1001: (True, True), 1011: (True, False)}
    assert desk.column("conversation_deal", "deal_id") == [], "what is said of one message stays with it"
    assert desk.do(ANNA, "link.set", message=1001, deal=OTHER) == {"changed": 0}
    assert desk.do(BERT, "link.set", message=1001, contact=MARIA) == {"changed": 1}
    assert desk.events() == [("link.changed", 0, 1001, link_id + 1, BERT)]


def test_link_set_links_what_the_actor_sees_of_a_conversation(desk: Desk) -> None:
    """A colleague's private mail in it is left alone, and he alone could tell."""
    desk.file(
        filed(1, 1000),
        filed(2, 1010, conversation=1000, owner=BERT, shared=False, linked=False, deal=None),
        filed(3, 1020, conversation=1000, linked=False, deal=None),
    )
    assert desk.do(ANNA, "link.set", conversation=1000, deal=OTHER) == {"changed": 2}
    assert {key: state for key, state in desk.deals().items() if key[1] == OTHER} == {
        (1001, OTHER): ("active", "manual", "conversation"),
        (1021, OTHER): ("active", "manual", "conversation"),
    }
    carried = desk.column("conversation_deal", "deal_id", "viewer_id")
    assert sorted(carried) == [(OPEN, 0), (OTHER, 0)]


def test_link_set_of_a_deal_answers_the_choice(desk: Desk) -> None:
    """What else was suggested is rejected, and the conversation asks no more."""
    desk.file(offered(filed(1, 1000, deal=None), OPEN, OTHER))
    assert desk.column("conversation_audience", "needs_choice") == [(True,), (True,)]
    desk.do(ANNA, "link.set", message=1001, deal=OPEN)
    assert {deal: state for (_, deal), (state, *_) in desk.deals().items()} == {
        OPEN: "active",
        OTHER: "rejected",
    }
    assert desk.column("conversation_audience", "needs_choice") == [(False,), (False,)]


def test_link_set_takes_living_deals_only(desk: Desk) -> None:
    """A deal that was deleted, or that there is not."""
    desk.file(filed(1, 1000))
    with transaction(desk.stores.database) as connection:
        connection.execute(t.deal.update().where(t.deal.c.id == WON).values(status="deleted"))
    assert desk.refused(ANNA, "link.set", message=1001, deal=WON) == "conflict"
    assert desk.refused(ANNA, "link.set", message=1001, deal="no such") == "not_found"
    assert desk.refused(ANNA, "link.set", message=1001, contact=OPEN) == "not_found"


def test_link_reject_is_a_tombstone(desk: Desk) -> None:
    """The row stays, rejected; a message without other links is hidden from who does not own it."""
    desk.file(filed(1, 1000, deal=None))
    desk.events()
    desk.do(BERT, "link.reject", message=1001, contact=JAN)
    assert desk.column("link", "state", "origin", "scope", "actor_id") == [
        ("rejected", "manual", "message", BERT)
    ]
    assert desk.events() == [
        ("message.hidden", 0, None, 1001, None),
        ("message.added", ANNA, 1001, None, BERT),
    ]
    assert desk.refused(BERT, "link.reject", message=1001, contact=JAN) == "not_found"
    assert desk.refused(ANNA, "link.reject", message=1001, contact=JAN) == "nothing_to_do"
    assert desk.do(ANNA, "link.set", message=1001, contact="c11") == {"changed": 1}


def test_link_move_leaves_a_tombstone(desk: Desk) -> None:
    """The old deal is rejected, the new one linked by hand; everywhere in the conversation."""
    desk.file(filed(1, 1000), filed(2, 1010, conversation=1000, deal=None))
    assert desk.do(ANNA, "link.move", conversation=1000, from_=OPEN, to=OTHER) == {"changed": 1}
    assert desk.deals() == {
        (1001, OPEN): ("rejected", "manual", "conversation"),
        (1001, OTHER): ("active", "manual", "conversation"),
    }
    assert set(desk.column("conversation_deal", "deal_id")) == {(OTHER,)}
    assert desk.refused(ANNA, "link.move", conversation=1000, from_=OPEN, to=OTHER) == "nothing_to_do"
    assert desk.refused(ANNA, "link.move", conversation=1000, from_=OTHER, to=OTHER) == "bad_arguments"


# ---- choices -----------------------------------------------------------------------------------------------


def test_a_choice_is_resolved_for_the_conversation(desk: Desk) -> None:
    """Messages that wait or have no deal get it; one that has a deal keeps it."""
    desk.file(
        filed(1, 1000, deal=None),
        filed(2, 1010, conversation=1000, deal=WON),
        offered(filed(3, 1020, conversation=1000), OPEN, OTHER),
    )
    assert desk.do(BERT, "choice.resolve", message=1021, deal=OTHER) == {"changed": 2, "deal": OTHER}
    assert desk.deals() == {
        (1001, OTHER): ("active", "manual", "conversation"),
        (1011, WON): ("active", "auto", "conversation"),
        (1021, OPEN): ("rejected", "manual", "conversation"),
        (1021, OTHER): ("active", "manual", "conversation"),
    }
    assert not any(needs for (needs,) in desk.column("conversation_audience", "needs_choice"))


def test_the_second_answer_is_told_the_first(desk: Desk) -> None:
    """It changes nothing; the same command again is not second."""
    desk.file(offered(filed(1, 1000), OPEN, OTHER))
    first = desk.say(ANNA, "choice.resolve", key="mine", message=1001, deal=OPEN)
    before = desk.but_commands()
    second = desk.say(BERT, "choice.resolve", message=1001, deal=OTHER)
    assert (second.error, second.result["deals"], second.result["actor"]) == (
        "already_resolved",
        [OPEN],
        ANNA,
    )
    assert desk.say(ANNA, "choice.resolve", key="mine", message=1001, deal=OPEN) == first
    assert desk.but_commands() == before


def test_a_choice_of_none(desk: Desk) -> None:
    """All suggestions are rejected; a later answer is told that nothing was chosen."""
    desk.file(offered(filed(1, 1000), OPEN, OTHER))
    assert desk.do(ANNA, "choice.resolve", conversation=1000, deal=None) == {"changed": 1, "deal": None}
    assert {state for state, *_ in desk.deals().values()} == {"rejected"}
    again = desk.say(BERT, "choice.resolve", message=1001, deal=OPEN)
    assert (again.error, again.result["deals"]) == ("already_resolved", [])


def test_a_choice_for_one_message(desk: Desk) -> None:
    """Others of the conversation still wait."""
    desk.file(offered(filed(1, 1000), OPEN, OTHER), offered(filed(2, 1010, conversation=1000), OPEN, OTHER))
    desk.do(ANNA, "choice.resolve", message=1001, deal=OPEN, scope="message")
    assert desk.deals()[1001, OPEN] == ("active", "manual", "message")
    assert desk.deals()[1011, OPEN] == ("suggested", "auto", "conversation")


def test_a_choice_from_here_on(desk: Desk) -> None:
    """Older messages keep their deal, and no later one inherits it."""
    desk.file(
        filed(1, 1000, deal=WON),
        offered(filed(2, 1010, conversation=1000), OPEN, OTHER),
        filed(3, 1020, conversation=1000, deal=WON),
        filed(4, 1030, conversation=1000, deal=None),
    )
    desk.do(ANNA, "choice.resolve", message=1011, deal=OPEN, scope="from_here_on")
    assert desk.deals() == {
        (1001, WON): ("active", "auto", "conversation"),
        (1011, OPEN): ("active", "manual", "conversation"),
        (1011, OTHER): ("rejected", "manual", "conversation"),
        (1011, WON): ("rejected", "manual", "conversation"),
        (1021, WON): ("rejected", "manual", "conversation"),
        (1021, OPEN): ("active", "manual", "conversation"),
        (1031, OPEN): ("active", "manual", "conversation"),
    }


def test_there_may_be_nothing_to_choose(desk: Desk) -> None:
    """Where no user decided and nothing was offered."""
    desk.file(filed(1, 1000))
    assert desk.refused(ANNA, "choice.resolve", message=1001, deal=OPEN) == "nothing_to_do"
    wanted = {"conversation": 1000, "deal": OPEN, "scope": "from_here_on"}
    assert desk.refused(ANNA, "choice.resolve", **wanted) == "bad_arguments"


# ---- marks -------------------------------------------------------------------------------------------------


def test_marks_are_a_users_own(desk: Desk) -> None:
    """One mark leaves the other as it is; only the actor is told."""
    desk.file(filed(1, 1000), filed(2, 1010, conversation=1000))
    desk.events()
    assert desk.do(BERT, "state.set", conversation=1000, seen=True) == {"changed": 2}
    assert desk.do(BERT, "state.set", message=1001, flagged=True) == {"changed": 1}
    assert desk.do(BERT, "state.set", message=1001, flagged=True, seen=True) == {"changed": 0}
    marks = desk.column("message_user_state", "user_id", "message_id", "seen_at", "flagged_at")
    assert [(user, id_, bool(seen), bool(flag)) for user, id_, seen, flag in marks] == [
        (BERT, 1001, True, True),
        (BERT, 1011, True, False),
    ]
    assert {event[:2] for event in desk.events()} == {("message.updated", BERT)}
    assert desk.do(BERT, "state.set", messages=[1001, 1011], seen=False, flagged=False) == {"changed": 2}
    assert not any(desk.column("message_user_state", "seen_at")[0])


# ---- the table ---------------------------------------------------------------------------------------------


def put(desk: Desk, company: int, *commands: tuple[str, int, str, str, int]) -> None:
    """Insert commands as a front end does; the last is after how many seconds."""
    with transaction(desk.stores.database) as connection:
        for key, actor, kind, args, after in commands:
            row = {"company_id": company, "idempotency_key": key, "actor_id": actor, "kind": kind}
            at = NOON + timedelta(seconds=after)
            connection.execute(insert(t.command), row | {"args": args, "created_at": at})


def states(desk: Desk) -> dict[str, tuple[str, str]]:
    """Return state and error of each command."""
    return {
        key: (state, error)
        for key, state, error in desk.column("command", "idempotency_key", "state", "error")
    }


def test_what_is_inserted_is_done_in_order(desk: Desk) -> None:
    """The oldest first; a refusal, or nonsense, stops nobody."""
    desk.file(filed(1, 1000))
    put(
        desk,
        1,
        ("late", ANNA, "message.share", '{"message": 1001}', 9),
        ("early", ANNA, "message.private", '{"message": 1001}', 1),
        ("between", BERT, "message.private", '{"message": 1001}', 2),
        ("odd", ANNA, "no.such", "{}", 0),
        ("broken", ANNA, "message.share", "{", 0),
        ("list", ANNA, "message.share", "[1001]", 0),
        ("gone", 3, "message.share", '{"message": 1001}', 0),
        ("nobody", 99, "message.share", '{"message": 1001}', 0),
    )
    assert desk.commands.work_off() is False
    assert states(desk) == {
        "late": ("done", ""),
        "early": ("done", ""),
        "between": ("refused", "not_found"),
        "odd": ("refused", "unknown_kind"),
        "broken": ("refused", "bad_arguments"),
        "list": ("refused", "bad_arguments"),
        "gone": ("refused", "no_such_user"),
        "nobody": ("refused", "no_such_user"),
    }
    assert desk.flags() == {1001: (True, True)}


def test_many_are_done_in_turns(desk: Desk) -> None:
    """More than go into one transaction are left for the next turn, and said to be."""
    put(desk, 1, *((f"{n:03}", ANNA, "no.such", "{}", n) for n in range(70)))
    assert desk.commands.work_off() is True
    assert [state for state, _ in states(desk).values()].count("pending") == 20
    assert desk.commands.work_off() is False
    assert set(states(desk).values()) == {("refused", "unknown_kind")}


def test_one_that_breaks_is_undone_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its half is taken back, ids and events included; those around it stand."""
    desk.file(filed(1, 1000))
    from bccd.store import edits  # noqa: PLC0415

    whole = edits._DO[SetSharing]

    def broken(at: Any, one: Any) -> None:
        whole(at, one)
        at.work.take_id()
        raise ValueError("a mistake of the program")

    before = desk.but_commands()
    monkeypatch.setattr(edits, "_DO", {**edits._DO, SetSharing: broken})
    put(desk, 1, ("a", ANNA, "message.private", '{"message": 1001}', 0))
    desk.commands.work_off()
    assert states(desk) == {"a": ("refused", "failed")}
    assert desk.but_commands() == before


def test_a_key_is_one_commands(desk: Desk) -> None:
    """The same again is answered as before and done once; another with its key is refused."""
    desk.file(filed(1, 1000))
    first = desk.say(ANNA, "message.private", key="k", message=1001)
    assert desk.say(ANNA, "message.private", key="k", message=1001) == first
    other = desk.say(ANNA, "message.share", key="k", message=1001)
    assert (other.state, other.error) == (CommandState.REFUSED, "conflict")
    assert desk.flags() == {1001: (False, True)}


def test_nothing_of_another_company_can_be_named(desk: Desk) -> None:
    """Whatever ids are given: it is not found, and no row of the other company changes."""
    desk.file(filed(1, 1000), offered(filed(2, 2000), OPEN, OTHER))
    fill(
        desk.stores,
        Seed().company(2, "other@drop.example").user(71, "eve@other.example", company=2)
        .contact(72, "x@other.example", company=2).deal(73, "73", 72, company=2),
    )  # fmt: skip
    before = {name: of_company(listed, 1) for name, listed in desk.but_commands().items()}
    named: Sequence[tuple[str, dict[str, Any]]] = (
        ("message.share", {"message": 1001}),
        ("message.private", {"messages": [1001, 2001]}),
        ("link.set", {"message": 1001, "deal": 73}),
        ("link.set", {"conversation": 1000, "deal": 73}),
        ("link.move", {"message": 1001, "from": OPEN, "to": 73}),
        ("link.reject", {"message": 1001, "contact": JAN}),
        ("choice.resolve", {"message": 2001, "deal": 73}),
        ("state.set", {"conversation": 1000, "seen": True}),
    )
    for kind, args in named:
        assert desk.say(71, kind, company=2, **args).error == "not_found", kind
    assert desk.say(ANNA, "message.share", company=2, message=1001).error == "no_such_user"
    after = {name: of_company(listed, 1) for name, listed in desk.but_commands().items()}
    assert after == before


def of_company(listed: list[dict[str, Any]], company: int) -> list[dict[str, Any]]:
    """Return the rows of one company."""
    return [row for row in listed if row.get("company_id", row.get("id")) == company]


@pytest.mark.parametrize("words", ["junk", "{}", '{"result": 1, "gone": 2}'])
def test_words_of_a_front_end_in_the_result_stop_nobody(stores: Stores, words: str) -> None:
    """A command is done as though they were not there."""
    desk = Desk(stores)
    row = {"company_id": 1, "idempotency_key": "a", "actor_id": ANNA, "kind": "none", "args": "{}"}
    with transaction(stores.database) as connection:
        connection.execute(insert(t.command), row | {"created_at": NOON, "result": words})
    desk.commands.work_off()
    assert desk.column("command", "state", "error") == [("refused", "unknown_kind")]


def test_a_time_that_is_none_stops_nobody(stores: Stores) -> None:
    """SQLite takes any text for the time at which a front end says it asked; PostgreSQL lets none in."""
    desk = Desk(stores)
    strict = stores.database.dialect.name == "postgresql"
    refused = pytest.raises(DBAPIError) if strict else nullcontext()
    with refused, transaction(stores.database) as connection:
        connection.exec_driver_sql(
            "INSERT INTO command (company_id, idempotency_key, actor_id, kind, args, created_at)"
            " VALUES (1, 'a', 1, 'none', '{}', 'no time')"
        )
    desk.commands.work_off()
    with transaction(stores.database) as connection:
        found = connection.execute(select(t.command.c.state, t.command.c.error)).all()
    assert [tuple(row) for row in found] == ([] if strict else [("refused", "unknown_kind")])
