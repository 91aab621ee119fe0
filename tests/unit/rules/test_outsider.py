"""Mail of somebody outside: who handed it on, and what is asked about its author."""

import pytest

from bccd.model.auth import AuthReport, AuthResult, Login
from bccd.model.directory import Directory, User, UserAddress
from bccd.rules.outsider import handed_on, outsider
from bccd.rules.thread import id_names

NETWORK = AuthReport(trusted_network="10.0.0.0/8")
JAN = "jan@customer.example"


def directory(**more: object) -> Directory:
    """Return a directory of one user, anna@seller.example."""
    user = User(1, "Anna", **more)  # type: ignore[arg-type]
    entry = UserAddress("anna@seller.example", user, "login", confirmed=True)
    return Directory(1, {}, {}, {(7, "anna@seller.example"): entry})


def test_who_left_and_teams_hand_nothing_on() -> None:
    """Somebody must be there for whom it can wait."""
    header = b"Sender: anna@seller.example\r\n"
    assert handed_on(header, JAN, JAN, NETWORK, directory(), 7) is not None
    assert handed_on(header, JAN, JAN, NETWORK, directory(), 8) is None
    assert handed_on(header, JAN, JAN, NETWORK, directory(active=False), 7) is None
    assert handed_on(header, JAN, JAN, NETWORK, directory(is_team=True, members=(2,)), 7) is None


@pytest.mark.parametrize(
    ("mail_from", "checks", "held"),
    [
        ("anna@gmail.com", ("spf",), True),
        ("anna+caf_=crm=drop.example@gmail.com", ("spf", "dkim"), True),
        ("eve@gmail.com", ("spf", "dkim"), False),  # a neighbour, who writes her name into a field
        ("anna@gmail.com", ("dkim",), False),
        ("eve@gmail.com", ("dkim",), False),
    ],
)
def test_a_neighbour_at_a_free_mail_provider_learns_nothing(
    mail_from: str, checks: tuple[str, ...], held: bool
) -> None:
    """His provider signs whatever fields he writes: only the envelope says whose mailbox sent a mail on."""
    report = AuthReport(checks=tuple(AuthResult(method, "pass", "gmail.com") for method in checks))
    entry = UserAddress("anna@gmail.com", User(1, "Anna"), "login", confirmed=True)
    known = Directory(1, {}, {}, {(7, "anna@gmail.com"): entry})
    found = handed_on(b"Resent-From: anna@gmail.com\r\n", JAN, mail_from, report, known, 7)
    assert (found is not None) is held


def test_a_login_hands_on_its_own_users_mail() -> None:
    """Whoever logged in is known, and is nobody else."""
    header = b"Resent-From: anna@seller.example\r\n"
    for login, held in ((Login(7, 1, "anna"), True), (Login(7, 2, "bert"), False), (Login(8, 1, "x"), False)):
        found = handed_on(header, JAN, JAN, AuthReport(login=login), directory(), 7)
        assert (found is not None) is held


def test_the_nearest_hundred_ids_are_asked_about() -> None:
    """In-Reply-To first, then References from the end; a long list costs no more."""
    many = b"".join(b" <r%d@x>" % number for number in range(150))
    found = outsider(b"References:" + many + b"\r\nIn-Reply-To: <a@x>\r\n", JAN, AuthReport())
    assert found is not None
    assert found.names == id_names(["a@x", *(f"r{number}@x" for number in range(51, 150))])
