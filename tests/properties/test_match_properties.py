"""What holds for any address, name and batch when people are matched and made (rules.md 3.6, 5 and 6)."""

import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bccd.mail.domains import parent_domains, registered_domain, telling_domains
from bccd.mail.lists import list_addresses
from bccd.mail.mime import split
from bccd.mail.names import person_name
from bccd.model.crm import Contact
from bccd.model.delivery import Mail
from bccd.model.directory import Company
from bccd.model.envelope import Target
from bccd.model.facts import Facts
from bccd.model.message import Content, Mailbox, Message
from bccd.model.policy import Policy, SeveralContacts
from bccd.rules.match import Verdict, exclusion, match, rank
from bccd.rules.overlay import Overlay
from bccd.rules.roles import is_machine, is_no_reply, is_role
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.rows import to_json
from bccd.store.uow import transaction
from tests.examples import some
from tests.properties.test_pipeline_properties import (
    NOW,
    USERS,
    Draft,
    Open,
    file_all,
    mail,
    rows,
    sqlite,
)

__all__ = ["sqlite"]  # the fixture

LABELS = st.sampled_from(
    ["a", "firm", "mail", "com", "co", "uk", "pl", "de", "github", "io", "gmail", "wp", "jp", "kawasaki"]
)
DOMAINS = st.lists(LABELS, min_size=1, max_size=5).map(".".join)
LOCALS = st.text("abcr0123456789+-=._", min_size=1, max_size=20)


@given(DOMAINS)
def test_what_tells_an_organisation_is_never_a_public_suffix(domain: str) -> None:
    """Each is the domain or above it, nearest first, down to the registered part."""
    telling = telling_domains(domain)
    assert telling == parent_domains(domain)[: len(telling)]
    assert all(registered_domain(parent) == registered_domain(domain) != "" for parent in telling)
    assert not telling or telling[-1] == registered_domain(domain)


@given(st.text(max_size=80), LOCALS)
def test_a_name_is_never_an_address_and_never_empty(display: str, local: str) -> None:
    """Whatever somebody writes before his address."""
    name = person_name(display, f"{local}@customer.example")
    assert name
    assert not set(name) & set("@＠﹫")
    assert all(unicodedata.category(char)[0] != "C" for char in name)
    assert len(name) <= 200


@given(st.binary(max_size=200))
def test_any_octets_name_lists(octets: bytes) -> None:
    """Reading a list's address never fails."""
    list_addresses(split(b"List-Post: " + octets + b"\r\nX-BeenThere: " + octets + b"\r\n\r\n").root)


@given(st.text(max_size=60))
def test_every_local_part_is_told(local: str) -> None:
    """Whatever stands before the @ is a machine's, a role's, nobody's, or a person's."""
    assert {is_machine(local), is_no_reply(local), is_role(local)} <= {True, False}


def overlay(*contacts: Contact, policy: Policy | None = None) -> Overlay:
    """A company with contacts on one address."""
    company = Company(1, "seller", "Seller", policy or Policy())
    drops = frozenset({"crm@drop.example"})
    return Overlay(Facts(company, 1000, 0, service_addresses=drops, contacts={"x@y.example": contacts}))


@given(LOCALS)
def test_no_tag_makes_a_service_address_a_counterparty(tag: str) -> None:
    """Drop addresses with any tag, and reply addresses with any token (rule 5)."""
    for address in (f"crm+{tag}@drop.example", f"r+{tag}@drop.example"):
        found = exclusion(address, overlay())
        assert found is not None and found.verdict is Verdict.SERVICE


CONTACTS = st.lists(
    st.builds(
        Contact,
        st.integers(1, 1_000),
        st.just("Jan"),
        owner_id=st.sampled_from([None, 1, 2]),
        active=st.booleans(),
        last_activity=st.sampled_from(["", "2026-01", "2026-02"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda contact: contact.id,
)


@given(CONTACTS.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_contacts_is_nobodys_luck(orders: tuple[list[Contact], list[Contact]]) -> None:
    """The same contacts in any order of rows rank alike, for the same reason (rule 6.3, complaint 12)."""
    one, other = (rank(tuple(contacts), overlay(), 1) for contacts in orders)
    assert one == other


@given(CONTACTS, st.sampled_from(SeveralContacts))
def test_no_candidate_is_lost_or_made_up(contacts: list[Contact], how: SeveralContacts) -> None:
    """The setting says how many are linked and how many offered; nobody is both (rule 6.3)."""
    found = match("x@y.example", overlay(*contacts, policy=Policy(several_contacts=how)), 1)
    linked, offered = found.contacts, found.others if found.ask else ()
    assert not set(linked) & set(offered)
    if how is SeveralContacts.BEST or len(contacts) == 1:
        assert (len(linked), offered) == (1, ())
    else:
        assert set(linked) | set(offered) == set(contacts)
        assert bool(linked) is (how is SeveralContacts.ALL)


# ---- the rate guard, over batches

NEW = [f"p{number}@new.example" for number in range(12)]


@st.composite
def floods(draw: st.DrawFn) -> list[Mail]:
    """Mails of several users to new people, received over some hours, in any order."""
    found = []
    numbers = count(1)
    for _ in range(draw(st.integers(2, 9))):
        user = draw(st.sampled_from(sorted(USERS)))
        to = draw(st.lists(st.sampled_from(NEW), min_size=1, max_size=4, unique=True))
        number = next(numbers)
        content = Content(
            Mailbox("", USERS[user]),
            1,
            to=tuple(Mailbox("", address) for address in to),
            message_id=f"{number}@x",
        )
        sent = mail(number, Draft(user, Target("crm@drop.example", 1), Message(content), held=False))
        at = NOW + timedelta(minutes=30 * draw(st.integers(0, 12)))
        found.append(replace(sent, delivery=replace(sent.delivery, received_at=at)))
    return found


@some(15)
@given(floods(), st.lists(st.integers(1, 4), max_size=9), st.integers(0, 4), st.sampled_from(SeveralContacts))
def test_the_rate_guard_holds_in_any_batches(
    sqlite: Open, mails: list[Mail], sizes: list[int], most: int, how: SeveralContacts
) -> None:
    """Nobody's mail makes more contacts within two hours than the company allows, and batches never show."""
    policy = to_json(Policy(max_new_contacts=most, several_contacts=how))
    with sqlite() as one_by_one, sqlite() as in_batches:
        for engine in (one_by_one, in_batches):
            with transaction(engine) as connection:
                connection.execute(update(t.company).values(settings=policy))
        file_all(one_by_one, mails, [1] * len(mails))
        file_all(in_batches, mails, sizes)
        assert rows(in_batches) == rows(one_by_one)
        made = select(t.contact.c.created_by, t.contact.c.created_at).where(t.contact.c.origin == "auto")
        with reading(in_batches) as connection:
            found: list[tuple[int, datetime]] = [(user, at) for user, at in connection.execute(made)]
        for user, at in found:
            near = sum(user == other and abs(at - then) < timedelta(hours=1) for other, then in found)
            assert near <= most or not most
