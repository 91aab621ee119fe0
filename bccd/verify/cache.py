"""What the DNS has answered, for as long as it said, and no more of it than fits."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_DAY = 86_400
_ENTRY = 400  # octets that a question and an empty answer take, about


class Cache:
    """Answers by question; the one that was not asked for longest goes first when there is no more room."""

    def __init__(self, octets: int = 16 * 2**20, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = octets
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], tuple[float, int, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, question: tuple[str, str]) -> Any:
        """Return what is known, None if that is nothing or too old."""
        entry = self._entries.get(question)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            self._drop(question)
            return None
        self._entries.move_to_end(question)
        return entry[2]

    def put(self, question: tuple[str, str], answer: Any, ttl: float) -> None:
        """Keep an answer for so many seconds, at most a day; 0 keeps nothing."""
        self._drop(question)
        if ttl <= 0:
            return
        size = _ENTRY + sum(_ENTRY // 4 + len(one) for one in answer.records)
        self._entries[question] = (self._clock() + min(ttl, _DAY), size, answer)
        self._room -= size
        while self._room < 0:
            self._drop(next(iter(self._entries)))

    def _drop(self, question: tuple[str, str]) -> None:
        entry = self._entries.pop(question, None)
        if entry is not None:
            self._room += entry[1]
