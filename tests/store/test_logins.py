"""Names and passwords of SMTP AUTH in the database."""

from datetime import UTC, datetime

import pytest

from bccd.model.auth import Login
from bccd.model.errors import MistakeError
from bccd.store import logins
from bccd.store.engine import Stores
from bccd.testing import Seed, fill
from tests.store.conftest import on_every_database

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANN = Login(1, 1, "ann@acme.example")


@on_every_database
def test_the_life_of_a_login(stores: Stores) -> None:
    """A login is made, found, changed, disabled, made to work again by a new password, and forgotten."""
    fill(stores, Seed().company(1).user(1, "ann@acme.example").user(2, "bob@acme.example"))
    engine = stores.database
    assert logins.find(engine, ANN.name) is None
    logins.keep(engine, ANN, "one", NOW)
    found = logins.find(engine, "ANN@ACME.example")
    assert found is not None and (found.login, found.password, found.active) == (ANN, "one", True)
    logins.keep(engine, ANN, "two", NOW)
    assert not logins.renew(engine, ANN.name, "one", "dear")
    assert logins.renew(engine, ANN.name, "two", "dear")
    for on in (False, True, False):
        logins.switch(engine, ANN.name, NOW, on=on)
        again = logins.find(engine, ANN.name)
        assert again is not None and again.active is on and again.password == "dear"
    [row] = logins.listed(engine, 1)
    assert (row["name"], row["number"], row["disabled_at"]) == (ANN.name, 1, NOW)
    assert "password" not in row and logins.listed(engine, 99) == []
    logins.keep(engine, ANN, "three", NOW)
    assert [row["disabled_at"] for row in logins.listed(engine)] == [None]
    logins.remove(engine, ANN.name)
    assert logins.find(engine, ANN.name) is None


@on_every_database
def test_a_name_is_one_persons_on_the_installation(stores: Stores) -> None:
    """Another user cannot take a name over, and only a user who is there can have one."""
    fill(stores, Seed().company(1).user(1, "ann@acme.example").user(2, "bob@acme.example"))
    logins.keep(stores.database, ANN, "one", NOW)
    for login, why in (
        (Login(1, 2, ANN.name), "another user's"),
        (Login(1, 99, "new"), "no user"),
        (Login(9, 1, "new"), "no user"),
    ):
        with pytest.raises(MistakeError, match=why):
            logins.keep(stores.database, login, "stolen", NOW)
    found = logins.find(stores.database, ANN.name)
    assert found is not None and found.password == "one"
    with pytest.raises(MistakeError, match="no login x"):
        logins.switch(stores.database, "x", NOW, on=True)
    with pytest.raises(MistakeError, match="no login x"):
        logins.remove(stores.database, "x")
