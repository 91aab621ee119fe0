"""Mail of somebody outside: who handed it on, and what is asked about its author."""

from bccd.model.auth import AuthReport
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
    assert handed_on(header, JAN, NETWORK, directory(), 7) is not None
    assert handed_on(header, JAN, NETWORK, directory(), 8) is None
    assert handed_on(header, JAN, NETWORK, directory(active=False), 7) is None
    assert handed_on(header, JAN, NETWORK, directory(is_team=True, members=(2,)), 7) is None


def test_the_nearest_hundred_ids_are_asked_about() -> None:
    """In-Reply-To first, then References from the end; a long list costs no more."""
    many = b"".join(b" <r%d@x>" % number for number in range(150))
    found = outsider(b"References:" + many + b"\r\nIn-Reply-To: <a@x>\r\n", JAN, AuthReport())
    assert found is not None
    assert found.names == id_names(["a@x", *(f"r{number}@x" for number in range(51, 150))])
