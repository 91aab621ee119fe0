"""Dates of all languages below the labels of five clients: the language is known from the labels alone."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bccd.mail.forward import find_inline

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "forward"
CLDR = Path(__file__).parents[1] / "unit" / "mail" / "forward" / "cldr_dates.tsv"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of forwards"),
]

KEYS = {
    "k9": ("quote_header_from", "quote_header_send_date", "quote_header_to", "quote_header_subject"),
    "roundcube": ("from", "date", "to", "subject"),
    "zimbra": ("from", "sent", "to", "subject"),
    "thunderbird": ("from_", "date", "to", "subject"),
}
OLD_CODES = {"iw": "he", "in": "id", "es2": "es", "pl2": "pl", "hu2": "hu", "nb": "no", "nn": "no"}


def _labels() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the language and the labels of sender, date, recipient and subject of every complete row."""
    for client in (*KEYS, "outlook"):
        rows = json.loads((CORPORA / f"labels-{client}.json").read_text(encoding="utf-8"))
        for code, row in rows.items():
            labels = (
                (row[0], row[1], row[2], row[4])
                if client == "outlook"
                else tuple(row.get(key) or "" for key in KEYS[client])
            )
            language = code.replace("_", "-").partition("-")[0]
            if all(labels):
                yield OLD_CODES.get(language, language), labels


def _dates() -> dict[str, list[tuple[datetime, str]]]:
    dates: dict[str, list[tuple[datetime, str]]] = {}
    for row in CLDR.read_text(encoding="utf-8").splitlines():
        language, local, value = row.split("\t")
        dates.setdefault(language, []).append((datetime.fromisoformat(local).replace(tzinfo=UTC), value))
    return dates


def test_dates_below_the_labels_of_all_clients_are_right_or_unknown() -> None:
    """No date of any language is read wrong below the labels of any client, and 97 of 100 are read."""
    right, wrong, unknown = 0, [], []
    dates = _dates()
    for language, labels in _labels():
        sender, sent, to, subject = (
            label if label.rstrip()[-1:] in ":：՝" else f"{label}:" for label in labels
        )
        for local, value in dates.get(language, ()):
            text = (
                f"{sender} Jan <jan@x.example>\n{sent} {value}\n{to} Eve <eve@x.example>\n{subject} S\n\nHi."
            )
            found = find_inline(f"---------- Forwarded message ---------\n{text}", "")
            date = found.forwards[0].original.date if found else None
            zoned = found is not None and "date:zone-unknown" not in found.forwards[0].evidence
            if date is None or (found and "date:day-only" in found.forwards[0].evidence):
                unknown.append((language, value))
            elif date.replace(second=0) == local - timedelta(hours=1 if zoned else 0):
                right += 1
            else:
                wrong.append((language, value, date))
    assert wrong == []
    assert right > 2_000
    assert len(unknown) <= 0.03 * right, unknown
