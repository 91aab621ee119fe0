"""Forwards in every language of five clients' translations, each in its client's own layout.

The layouts are built from the collection's label files; the reader knows its own tables only.
"""

import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bccd.mail.forward import Inline, find_inline
from bccd.mail.parse import parse
from bccd.model.message import ForwardKind, Mailbox
from tests.corpus.label_tables import tables

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "forward"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of forwards"),
]

SENDER = Mailbox("Zoë Jansen", "zoe.jansen@klient.example")
TO = (Mailbox("Anna Nowak", "anna@seller.example"), Mailbox("", "office@seller.example"))
CC = tuple(
    Mailbox(f"{first} {last}", f"{first}.{last}@partner.example".lower())
    for first, last in (("Carl", "Weiss"), ("Maria", "Oliveira"), ("Piotr", "Zawada"), ("Nguyen", "Tran"))
)
WHEN = datetime(2024, 3, 25, 14, 7, tzinfo=UTC)
SUBJECT = "Offer 2024/17: forty two pallets of roofing tiles for the new warehouse in Gdynia harbour"
BODY = "Dear Anna,\n\nplease send your offer by Friday.\n\nKind regards\nZoë"
NOTE = "Please file.\n\nAnna"

FIELDS = ("from", "to", "cc", "date", "subject")


class Row(NamedTuple):
    """One language of one client: labels as the client writes them, "" where the file has none."""

    client: str
    name: str
    labels: Mapping[str, str]  # by field, with colon
    markers: tuple[str, ...]  # whole lines
    order: tuple[str, ...]
    date: str
    gap: str = " "  # between colon and value


def _file(client: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPORA / f"labels-{client}.json").read_text(encoding="utf-8"))
    return found


def _row(
    client: str, name: str, labels: list[str | None], markers: tuple[str | None, ...], **rest: Any
) -> Row:
    given = {field: label for field, label in zip(FIELDS, labels, strict=True) if label and label.strip()}
    return Row(client, name, given, tuple(marker for marker in markers if marker), **rest)


def _with_colon(label: str | None) -> str | None:
    return f"{label}:" if label else None


def _thunderbird() -> Iterator[Row]:
    for name, row in _file("thunderbird").items():
        labels = [_with_colon(row[key]) for key in ("from_", "to", "cc", "date", "subject")]
        order = ("subject", "date", "from", "to", "cc")
        yield _row(
            "thunderbird", name, labels, (row["marker"], row["orig"]),
            order=order, date="Mon, 25 Mar 2024 15:07:21 +0100", gap=" \t",
        )  # fmt: skip


def _k9() -> Iterator[Row]:
    for name, row in _file("k9").items():
        keys = ("from", "to", "cc", "send_date", "subject")
        labels = [row.get(f"quote_header_{key}") for key in keys]
        markers = (row.get("quote_header_separator"),)
        order = ("from", "date", "to", "cc", "subject")
        yield _row("k9", name, labels, markers, order=order, date="25.03.2024 15:07:21 GMT+01:00")


def _roundcube() -> Iterator[Row]:
    for name, row in _file("roundcube").items():
        labels = [_with_colon(row.get(key)) for key in ("from", "to", "cc", "date", "subject")]
        original = row.get("originalmessage")
        markers = (f"-------- {original} --------" if original else None,)
        order = ("subject", "date", "from", "to", "cc")
        yield _row("roundcube", name, labels, markers, order=order, date="2024-03-25 14:07")


def _zimbra() -> Iterator[Row]:
    order = ("from", "to", "cc", "date", "subject")
    markers = ("----- Forwarded Message -----",)
    for name, row in _file("zimbra").items():
        for date in ("sent", "sentAt", "date"):
            labels = [_with_colon(row.get(key)) for key in ("from", "to", "cc", date, "subject")]
            yield _row("zimbra", f"{name}/{date}", labels, markers, order=order, date="2024-03-25 14:07:21")
        # One translator forgot a colon.
        found = [row.get(f"{key}Label") for key in ("from", "to", "cc", "date", "subject")]
        labels = [label if not label or label[-1] in ":：﹕\u200f" else f"{label}:" for label in found]
        yield _row("zimbra", f"{name}/labels", labels, markers, order=order, date="2024-03-25 14:07:21")


def _outlook() -> Iterator[Row]:
    for name, (sender, date, to, cc, subject, _prefix) in _file("outlook").items():
        labels = [_with_colon(label) for label in (sender, to, cc, date, subject)]
        order = ("from", "date", "to", "cc", "subject")
        markers = ("_" * 32, "-----Original Message-----")
        yield _row("outlook", name, labels, markers, order=order, date="2024-03-25 14:07")


def _rows() -> list[Row]:
    """Every language that has a sender's label at all."""
    found = [*_thunderbird(), *_k9(), *_roundcube(), *_zimbra(), *_outlook()]
    return [row for row in found if len(row.labels) > 1]


def _people(boxes: tuple[Mailbox, ...]) -> str:
    return ", ".join(f"{box.name} <{box.address}>" if box.name else box.address for box in boxes)


def _block(row: Row, style: str) -> list[str]:
    values = {
        "from": _people((SENDER,)),
        "to": _people(TO),
        "cc": _people(CC),
        "date": row.date,
        "subject": SUBJECT,
    }
    lines: list[str] = []
    for field in row.order:
        if field not in row.labels:
            continue
        label = f"*{row.labels[field]}*" if style == "bold" else row.labels[field]
        line = f"{label}{row.gap}{values[field]}"
        lines += _folded(line) if style == "folded" else [line]
    return lines


def _folded(line: str) -> list[str]:
    """Fold at 78 columns, as Gmail does with the text part of a forward."""
    lines = [""]
    for word in line.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and len(joined) > 78:
            lines.append(word)
        else:
            lines[-1] = joined
    return lines


def _text(row: Row, marker: str, style: str) -> str:
    gap = [""] if row.client != "thunderbird" else ["", ""]
    lines = [*([marker] if marker else []), *_block(row, style), *gap, *BODY.split("\n")]
    if style == "quoted":
        lines = [f"> {line}".rstrip() for line in lines]
    return "\n".join((NOTE, "", *lines, ""))


def _mistakes(row: Row, inline: Inline | None) -> list[str]:
    if inline is None:
        return ["not found"]
    original = inline.forwards[0].original
    facts = {
        "from": original.sender == SENDER,
        "to": original.to == TO,
        "cc": original.cc == CC,
        "date": original.date is not None and original.date.replace(second=0) == WHEN,
        "subject": original.subject == SUBJECT,
    }
    wrong = [field for field, right in facts.items() if field in row.labels and not right]
    if original.text.strip() != BODY:
        wrong.append("body")
    return wrong if inline.note == NOTE else [*wrong, "note"]


def _read(subject: str, text: str) -> Inline | None:
    head = "From: Anna Nowak <anna@seller.example>\nTo: drop@drop.example\n"
    head += f"Subject: {subject}\n" if subject else ""
    head += "Date: Mon, 25 Mar 2024 16:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n"
    message = parse(f"{head}{text}".replace("\n", "\r\n").encode())
    forwards = tuple(forward for forward in message.forwards if forward.kind is ForwardKind.INLINE)
    return Inline(message.note, forwards) if forwards else None


def _wrong(read: Callable[[str], Inline | None], style: str) -> dict[str, list[str]]:
    wrong = {}
    for row in _rows():
        for marker in ("", *row.markers):
            if mistakes := _mistakes(row, read(_text(row, marker, style))):
                wrong[f"{row.client} {row.name} {marker}"] = mistakes
    return wrong


def test_the_tables_are_what_the_collection_gives() -> None:
    """Each generated module holds the rows and phrases that its label file gives, and no others."""
    for name, table in tables().items():
        module = importlib.import_module(f"bccd.mail.forward.facts.{name}")
        held = tuple((row.language, *row[1:]) for row in module.LABELS)
        assert held == table.rows, name
        assert {key: getattr(module, key) for key in table.phrases} == dict(table.phrases), name


@pytest.mark.parametrize("style", ["plain", "quoted", "bold", "folded"])
def test_every_language_is_read_in_every_style(style: str) -> None:
    """With and without its marker, each client's block gives every field that it has, in every language."""
    assert _wrong(lambda text: find_inline(text, ""), style) == {}


@pytest.mark.parametrize("subject", [f"Fwd: {SUBJECT}", "Something for you", ""])
def test_the_subject_decides_nothing(subject: str) -> None:
    """A whole mail gives the same, whether its subject was handed over, edited or left out."""
    assert _wrong(lambda text: _read(subject, text), "plain") == {}


@pytest.mark.parametrize("style", ["plain", "folded"])
def test_a_label_that_is_not_translated_is_english(style: str) -> None:
    """Clients fall back on English for what a translation lacks; such a block speaks two languages."""
    english = dict(zip(FIELDS, ("From:", "To:", "Cc:", "Sent:", "Subject:"), strict=True))
    incomplete = [row for row in _rows() if len(row.labels) < len(FIELDS)]
    whole = [row._replace(labels=english | dict(row.labels)) for row in incomplete]
    wrong = {row.name: _mistakes(row, find_inline(_text(row, "", style), "")) for row in whole}
    assert len(wrong) >= 4
    assert {name: mistakes for name, mistakes in wrong.items() if mistakes} == {}


def test_all_languages_are_there() -> None:
    """The collection names as many languages as it did when the tables were made."""
    assert len(_rows()) > 300
