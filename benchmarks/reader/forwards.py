"""Forwards: what is read of each field, in every collection of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bccd.mail.anatomy import anatomy
from bccd.mail.anatomy.shape import Anatomy, Person
from bccd.mail.subject import is_forward
from benchmarks.reader import peers
from benchmarks.reader.data import as_mail, mails, rows
from benchmarks.reader.table import Row

_ANY = "*"
_FIELDS = ("from.address", "from.name", "subject", "to", "cc", "date", "body", "note")


def measure() -> Iterator[Row]:
    """Yield a row for each field, and for mail that is nobody's forward."""
    yield from _crisp()
    yield from _false()


def _crisp() -> Iterator[Row]:
    given = rows("forward/crisp-half.json")
    if not given:
        return
    right: Counter[str] = Counter()
    claimed: Counter[str] = Counter()
    for row in given:
        found = anatomy(as_mail(row["text"], row.get("subject_text") or ""))
        right["forwarded yes/no"] += _is_forward(found) == row["forwarded"]
        for name, good in _judged(row, found) if row["forwarded"] else ():
            claimed[name] += 1
            right[name] += good
    claimed["forwarded yes/no"] = len(given)
    theirs = _peer(given)
    for name in ("forwarded yes/no", *_FIELDS):
        peer = "quotequail" if name in theirs else ""
        yield Row("crisp-half", name, _share(right[name], claimed[name]), 100.0, "%", peer, theirs.get(name))


def _is_forward(found: Anatomy) -> bool:
    return found.forward.found and not found.forward.answered


def _judged(row: Mapping[str, Any], found: Anatomy) -> Iterator[tuple[str, bool]]:
    forward = found.forward
    sender = forward.sender
    wanted = row["from"]
    yield "from.address", sender is not None and sender.address == wanted["address"]
    if wanted["name"] != _ANY:
        yield "from.name", sender is not None and sender.name == (wanted["name"] or "")
    yield "subject", forward.subject == row["subject"]
    yield "to", _same(row["to"] or [], forward.to)
    yield "cc", _same(row["cc"] or [], forward.cc)
    yield "date", bool(forward.date) or not row["date"]
    yield "body", _words(forward.body_text) == _words(row["body"])
    if row["message"] is not None:
        yield "note", _words(forward.note_text) == _words(row["message"])


def _same(wanted: Sequence[Mapping[str, str]], found: Sequence[Person]) -> bool:
    return len(wanted) == len(found) and all(
        want["address"] == one.address and want["name"] in (_ANY, one.name or None)
        for want, one in zip(wanted, found, strict=True)
    )


def _words(text: str | None) -> list[str]:
    return (text or "").split()


def _peer(given: Sequence[Mapping[str, Any]]) -> Mapping[str, float]:
    right: Counter[str] = Counter()
    read = peers.forwards().get("quotequail")
    if read is None:
        return {}
    wanted = [row for row in given if row["forwarded"]]
    for row in wanted:
        found = read(row["text"]) or peers.Found()
        right["from.address"] += found.address == row["from"]["address"]
        right["from.name"] += found.name == (row["from"]["name"] or "") or row["from"]["name"] == _ANY
        right["subject"] += found.subject == row["subject"]
        right["body"] += _words(found.body) == _words(row["body"])
    return {name: _share(count, len(wanted)) for name, count in right.items()}


def _false() -> Iterator[Row]:
    """Count mail that would be filed as another author's by a block in its text that nobody forwarded.

    The collections hold some real forwards: those have a client's marker line, or a subject that says so. An
    original that an answer quotes is none, and is what the collections of replies hold.
    """
    for name in ("mime", "bounces"):
        given = mails(name)
        if given:
            wrong = sum(_reattributed(raw) for raw in given)
            yield Row(
                "no forward", f"{name}: re-attributed of {len(given)}", wrong, 0.0, "mails", least=False
            )


def _reattributed(raw: bytes) -> bool:
    found = anatomy(raw)
    forward = found.forward
    if not forward.sure or forward.answered or forward.kind != "inline":
        return False
    return not forward.evidence[0].startswith("marker:") and not is_forward(found.mail.subject)


def _share(right: int, whole: int) -> float:
    return 100.0 * right / whole if whole else 100.0
