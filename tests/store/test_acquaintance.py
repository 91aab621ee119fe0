"""Whom outside the company knows, on every database."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from bccd.model.directory import Acquaintance, Outsider
from bccd.model.plan import Merge
from bccd.rules.thread import id_names
from bccd.store.acquaintance import acquaintance
from bccd.store.engine import Stores
from bccd.testing import fill
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, CLEO, SCOPE, Filed, filed, world
from tests.store.test_reading import apply

pytestmark = on_every_database

JAN, OFFICE, EVE = "jan@customer.example", "office@customer.example", "eve@other.example"


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Return stores with the small world in them."""
    fill(stores, world())
    return stores


def sent(number: int, first: int, *ids: str, owner: int = ANNA, home: int | None = None) -> Filed:
    """Return a filed mail to Jan, known by these ids."""
    got, plan = filed(number, first, conversation=home, owner=owner)
    tokens = tuple(((name, SCOPE), home or first) for name in sorted(id_names(ids)))
    return got, replace(plan, tokens=tokens)


def known(stores: Stores, address: str, ids: Sequence[str] = (), *, proven: bool = False) -> object:
    """Return whose acquaintance it is, "nobody's" for one whom nobody looks after, or None."""
    found = acquaintance(stores.database, 1, Outsider(address, id_names(ids), proven))
    return None if found is None else (found.user_id or "nobody's")


def test_who_answers_is_known_to_who_wrote_to_him(filled: Stores) -> None:
    """The owner of the oldest copy of a message with him, in a conversation named by an id (rules.md 2.7)."""
    apply(filled, sent(1, 1000, "a@s", owner=BERT), sent(2, 1010, "b@s", home=1000), sent(3, 1020, "c@s"))
    assert known(filled, JAN, ["a@s"]) == BERT
    assert known(filled, JAN, ["x@s", "b@s"]) == BERT, "a later mail of the same conversation"
    assert known(filled, JAN, ["c@s"]) == ANNA
    assert known(filled, JAN, ["x@s"]) is None
    assert known(filled, EVE, ["a@s"]) is None, "he takes no part in it"
    assert acquaintance(filled.database, 2, Outsider(JAN, id_names(["a@s"]), proven=True)) is None


def test_who_stood_in_bcc_is_known(filled: Stores) -> None:
    """Maria was written to, though the others cannot see it."""
    apply(filled, sent(1, 1000, "a@s"))
    assert known(filled, "maria@customer.example", ["a@s"]) == ANNA


def test_a_merged_conversation_is_found(filled: Stores) -> None:
    """Its messages stand elsewhere now."""
    apply(filled, sent(1, 1000, "a@s"), sent(2, 1010, "b@s", owner=BERT))
    got, plan = sent(3, 1020, "c@s", home=1000)
    apply(filled, (got, replace(plan, merge=Merge(1000, (1010,)))))
    assert known(filled, JAN, ["b@s"]) == ANNA


def test_mail_of_users_who_left_waits_for_nobody(filled: Stores) -> None:
    """It is held all the same; while anybody else has a copy he is asked."""
    apply(filled, sent(1, 1000, "a@s", owner=CLEO))
    assert known(filled, JAN, ["a@s"]) == "nobody's"
    apply(filled, sent(2, 1010, "b@s", home=1000, owner=BERT))
    assert known(filled, JAN, ["a@s"]) == BERT


def test_a_proven_contact_is_known_to_who_looks_after_him(filled: Stores) -> None:
    """By any of his addresses; unproven he is anybody."""
    assert known(filled, JAN, proven=True) == ANNA
    assert known(filled, "jan@home.example", proven=True) == ANNA
    assert known(filled, JAN) is None
    assert known(filled, EVE, proven=True) is None


def test_a_contact_whom_nobody_looks_after_is_known_to_who_wrote_to_him_first(filled: Stores) -> None:
    """Maria has no owner."""
    assert known(filled, OFFICE, proven=True) == "nobody's"
    apply(filled, sent(1, 1000, "a@s", owner=BERT), sent(2, 1010, "b@s"))
    assert known(filled, "maria@customer.example", proven=True) == BERT


def test_who_was_linked_or_unknown_when_he_was_first_written_to_is_known(stores: Stores) -> None:
    """The first filed counts of a contact's mail, under any address, and that from before he was one."""
    fill(stores, world().contact(13, EVE, "eve@home.example"))
    assert known(stores, EVE, proven=True) == "nobody's"
    third, second, first = sent(3, 1020, owner=CLEO), sent(2, 1010, owner=ANNA), sent(1, 1000, owner=BERT)
    apply(stores, linked_to(third, 13))
    assert known(stores, EVE, proven=True) == "nobody's", "Cleo has left"
    apply(stores, linked_to(second, 13))
    assert known(stores, EVE, proven=True) == known(stores, "eve@home.example", proven=True) == ANNA
    stranger = replace(first[1].participants[1], address=EVE, verdict="unknown", contact_id=None)
    got, plan = linked_to(first, None)
    apply(stores, (got, replace(plan, participants=(stranger,))))
    assert known(stores, EVE, proven=True) == BERT
    assert known(stores, "eve@home.example", proven=True) == ANNA


def test_mail_of_a_contact_before_it_became_part_of_another_is_found(stores: Stores) -> None:
    """Its address leads to the mail of both."""
    fill(stores, world().contact(13, "new@other.example").contact(14, EVE, merged_into=13))
    apply(stores, linked_to(sent(1, 1000, owner=BERT), 14), linked_to(sent(2, 1010), 13))
    assert known(stores, EVE, proven=True) == BERT
    assert known(stores, "new@other.example", proven=True) == ANNA


def linked_to(mail: Filed, contact: int | None) -> Filed:
    """Return a mail with this contact's link alone, and nobody in it."""
    got, plan = mail
    links = tuple(replace(link, contact_id=contact) for link in plan.links[:1] if contact)
    return got, replace(plan, links=links, participants=(), handed_on=())


def test_a_contact_that_became_part_of_another(stores: Stores) -> None:
    """Who looks after the other is asked."""
    fill(stores, world().contact(13, EVE, merged_into=11))
    assert acquaintance(stores.database, 1, Outsider(EVE, frozenset(), proven=True)) == Acquaintance(ANNA)
