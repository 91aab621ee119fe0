"""Passwords of users: Argon2id (RFC 9106), worked out in few threads and never in the event loop."""

import asyncio
import os
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bccd.model.auth import Login, StoredLogin
from bccd.model.errors import StoreUnavailableError

# What one guess costs: some 40 ms and 19 MiB. Raised here, each stored hash follows at its next login.
ITERATIONS, LANES, MEMORY_KIB = 2, 1, 19 * 1024
LENGTH, SALT = 32, 16
LONGEST = 512  # octets of a password; more than any client sends

_THREADS = 2
_WAITING = 64  # logins in hand at once; whoever comes then is told to come again
_COST = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")


def hashed(password: str) -> str:
    """Return a password's PHC string, each time another one."""
    kdf = Argon2id(
        salt=os.urandom(SALT), length=LENGTH, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return kdf.derive_phc_encoded(_octets(password))


def matches(password: str, stored: str) -> bool:
    """Tell whether a PHC string is this password's; one that is damaged is nobody's."""
    try:
        Argon2id.verify_phc_encoded(_octets(password), stored)
    except (InvalidKey, ValueError):
        return False
    return True


def is_cheap(stored: str) -> bool:
    """Tell whether a PHC string costs less to guess than one made now."""
    found = _COST.match(stored)
    cost = tuple(map(int, found.groups())) if found else (0, 0, 0)
    return cost[0] < MEMORY_KIB or cost[1] < ITERATIONS


def _octets(password: str) -> bytes:
    """Write a password in one form, however the keyboard composed it (RFC 8265 4.2.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


class Passwords:
    """Checks logins; implements ports.Logins.

    `find` returns what is stored under a name, `renew` is told name, old and new hash where the old one has
    become cheap; both block and may raise StoreUnavailableError.
    """

    def __init__(
        self,
        find: Callable[[str], StoredLogin | None],
        renew: Callable[[str, str, str], object],
        threads: int = _THREADS,
    ) -> None:
        self._find = find
        self._renew = renew
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._in_hand = 0
        self._nobody = hashed("")  # what the password of a name that nobody has is compared with

    async def check(self, name: str, password: str) -> Login | None:
        """Return whose name and password this is; a name that nobody has takes as long as a wrong password.

        Raises StoreUnavailableError, also where too many others wait.
        """
        if self._in_hand >= _WAITING:
            raise StoreUnavailableError("too many logins are being checked")
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._check, name, password
            )
        finally:
            self._in_hand -= 1

    def _check(self, name: str, password: str) -> Login | None:
        found = self._find(name)
        right = matches(password, found.password if found else self._nobody)
        if found is None or not right or not found.active:
            return None
        if is_cheap(found.password):
            self._threads.submit(self._make_dearer, name, password, found.password)
        return found.login

    def _make_dearer(self, name: str, password: str, old: str) -> None:
        self._renew(name, old, hashed(password))

    def close(self) -> None:
        """Let the threads end; what waits is not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)
