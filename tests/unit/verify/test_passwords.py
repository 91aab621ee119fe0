"""How passwords are kept and checked."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bccd.model.auth import Login, StoredLogin
from bccd.model.errors import StoreUnavailableError
from bccd.verify import passwords
from bccd.verify.passwords import Passwords, hashed, is_cheap, matches

ANN = Login(1, 7, "ann@acme.example")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheap hashes, so that tests take no time."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)


class Kept:
    """What is stored, and which questions came."""

    def __init__(self, *, active: bool = True) -> None:
        self.stored = {ANN.name: StoredLogin(ANN, hashed("right"), active)}
        self.renewed: list[tuple[str, str, str]] = []
        self.told = threading.Event()

    def find(self, name: str) -> StoredLogin | None:
        return self.stored.get(name)

    def renew(self, name: str, old: str, new: str) -> None:
        self.renewed.append((name, old, new))
        self.told.set()


@pytest.fixture
def kept() -> Kept:
    """A user with a password."""
    return Kept()


@pytest.fixture
def checker(kept: Kept) -> Iterator[Passwords]:
    """Passwords over it."""
    made = Passwords(kept.find, kept.renew)
    yield made
    made.close()


def check(checker: Passwords, name: str, password: str) -> Login | None:
    return asyncio.run(checker.check(name, password))


def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    """A PHC string names algorithm, version and cost, and no two are alike."""
    one, other = hashed("secret"), hashed("secret")
    assert one.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert one != other
    assert matches("secret", one) and matches("secret", other) and not matches("Secret", one)


def test_a_password_has_one_form() -> None:
    """However a keyboard composes a letter, it is the same password."""
    assert matches("z\u0307o\u0301\u0142c\u0301", hashed("\u017c\u00f3\u0142\u0107"))


@pytest.mark.parametrize(
    "stored", ["", "x", "$argon2id$v=19$m=64,t=2,p=1$$", "$2b$12$abcdefghijklmnopqrstuv"]
)
def test_a_damaged_hash_is_nobodys(stored: str) -> None:
    """What is no PHC string of Argon2id matches no password, and is cheap."""
    assert not matches("", stored)
    assert is_cheap(stored) is not stored.startswith("$argon2id")


@pytest.mark.parametrize(
    ("name", "password", "whose"),
    [
        (ANN.name, "right", ANN),
        (ANN.name, "wrong", None),
        (ANN.name, "", None),
        ("nobody", "right", None),
        ("nobody", "", None),
        ("", "", None),
    ],
)
def test_who_logs_in(checker: Passwords, name: str, password: str, whose: Login | None) -> None:
    """A name with its password is a login, anything else is none."""
    assert check(checker, name, password) == whose


def test_who_left_is_nobody() -> None:
    """A disabled login fails with its right password, too."""
    kept = Kept(active=False)
    checker = Passwords(kept.find, kept.renew)
    assert check(checker, ANN.name, "right") is None
    checker.close()


def test_a_new_password_counts_at_once(kept: Kept, checker: Passwords) -> None:
    """Nothing of an earlier login is remembered."""
    assert check(checker, ANN.name, "right") == ANN
    kept.stored[ANN.name] = StoredLogin(ANN, hashed("new"), active=True)
    assert check(checker, ANN.name, "right") is None
    assert check(checker, ANN.name, "new") == ANN


def test_a_cheap_hash_is_replaced_at_the_next_login(
    kept: Kept, checker: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the cost grows, a right password renews its hash, a wrong one does not, and a dear one stays."""
    old = kept.stored[ANN.name].password
    monkeypatch.setattr(passwords, "MEMORY_KIB", 128)
    assert is_cheap(old) and not is_cheap(hashed("x"))
    check(checker, ANN.name, "wrong")
    check(checker, ANN.name, "right")
    assert kept.told.wait(20)
    [(name, was, new)] = kept.renewed
    assert (name, was) == (ANN.name, old)
    assert new.startswith("$argon2id$v=19$m=128,") and matches("right", new)


def test_the_loop_runs_on_and_a_crowd_is_told_to_come_again(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While hashes are worked out the event loop turns; beyond the bound logins fail at once, for now."""
    monkeypatch.setattr(passwords, "_WAITING", 3)
    gate = threading.Event()

    def find(name: str) -> StoredLogin | None:
        gate.wait(20)
        return kept.find(name)

    checker = Passwords(find, kept.renew)

    async def crowd() -> list[object]:
        asked = [asyncio.ensure_future(checker.check(ANN.name, "right")) for _ in range(5)]
        await asyncio.sleep(0)
        refused = [each.done() for each in asked]
        gate.set()
        return [refused, *await asyncio.gather(*asked, return_exceptions=True)]

    refused, *answers = asyncio.run(crowd())
    assert refused == [False, False, False, True, True]
    assert answers[:3] == [ANN] * 3
    assert all(isinstance(answer, StoreUnavailableError) for answer in answers[3:])
    checker.close()


def test_names_take_the_same_work(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a name that nobody has a hash of the same cost is worked out."""
    worked: list[str] = []
    real = Argon2id.verify_phc_encoded

    class Counting:
        @staticmethod
        def verify_phc_encoded(password: bytes, stored: str) -> None:
            worked.append(stored.rpartition("$")[0].rpartition("$")[0])
            real(password, stored)

    checker = Passwords(kept.find, kept.renew)
    monkeypatch.setattr(passwords, "Argon2id", Counting)
    for name in (ANN.name, "nobody@acme.example"):
        assert check(checker, name, "wrong") is None
    assert len(worked) == 2 and worked[0] == worked[1] == "$argon2id$v=19$m=64,t=2,p=1"
    checker.close()


def test_a_guess_costs() -> None:
    """The hash in use takes milliseconds and no less memory than is recommended (OWASP, RFC 9106 4)."""
    assert (passwords.ITERATIONS, passwords.LANES) == (2, 1)
    begun = time.perf_counter()
    kdf = Argon2id(salt=b"s" * 16, length=32, iterations=2, lanes=1, memory_cost=19 * 1024)
    assert kdf.derive_phc_encoded(b"x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert time.perf_counter() - begun > 0.001
