"""Rule 5: what the part before the @ says."""

import pytest

from bccd.rules.roles import is_machine, is_no_reply, is_role


@pytest.mark.parametrize(
    "local",
    [
        "mailer-daemon", "mailer-daemon+x", "postmaster", "bounce", "bounces", "bounce-17",
        "bounces+jan=x.example", "bounce.sales", "sales-bounces", "sales-bounces+jan=x.example",
        "srs0=ab=cd=x.example=jan", "srs1=ab==cd", "srs0+ab=cd=x.example=jan", "prvs=1234abcd=jan",
        "btv1==123==jan", "msprvs1=17=bounces", "jan+caf_=crm=drop.example",
        "return-17-jan=customer.example", "news+jan=customer.example",
    ],
)  # fmt: skip
def test_machines(local: str) -> None:
    """Bounces, VERP, SRS, BATV and Gmail's automatic forwarding."""
    assert is_machine(local)


@pytest.mark.parametrize(
    "local",
    ["jan", "jan.kowalski", "jan+crm", "jan-kowalski", "a=b", "srs", "caf", "jan.bounce", "info", "jan+a=b"],
)
def test_people_are_no_machines(local: str) -> None:
    """A name that only looks a little like one is a name."""
    assert not is_machine(local)


@pytest.mark.parametrize(
    "local",
    [
        "no-reply", "noreply", "no_reply", "no.reply", "donotreply", "do-not-reply", "dont-reply", "noreply2",
        "noreply+17", "notifications-noreply", "no-reply-accounts", "nie-odpowiadaj", "nicht-antworten",
        "ne-pas-repondre", "neodpovidat",
    ],
)  # fmt: skip
def test_no_reply(local: str) -> None:
    """In the languages of our users, with what stands round it."""
    assert is_no_reply(local)


@pytest.mark.parametrize("local", ["reply", "norbert.eply", "jan", "renoreplyx", "no"])
def test_people_answer(local: str) -> None:
    """A part of the word is not the word."""
    assert not is_no_reply(local)


@pytest.mark.parametrize(
    "local",
    [
        "info",
        "info2",
        "info+pl",
        "sales",
        "support",
        "team",
        "biuro",
        "faktury",
        "buchhaltung",
        "customer-service",
    ],
)
def test_roles(local: str) -> None:
    """Departments and functions, numbered or tagged."""
    assert is_role(local)


@pytest.mark.parametrize("local", ["jan", "infor", "s.ales", "2", ""])
def test_people_are_no_roles(local: str) -> None:
    """Only the whole word counts."""
    assert not is_role(local)
