"""Forwards of many clients and languages, collected by others: how many are read in every field."""

import json
import os
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from bccd.mail.forward import find_inline
from bccd.model.message import Mailbox

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "forward"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of forwards"),
]

ANY_NAME = "*"

# When the mails of each client were sent: in UTC where the client prints a zone, else as on the clock. Worked
# out by hand, as the collection tells only that there is a date. The longest beginning of a name counts.
SENT = {
    "apple_mail": "2021-10-26 11:25",
    "apple_mail_en": "2021-10-25 08:17",
    "apple_mail_en_body_variant_6": "2021-07-16 17:24",
    "gmail": "2021-10-27 09:31",
    "gmail_en_body_variant_14": "2023-04-06 16:17",
    "hubspot": "2022-09-19 21:55",
    "ionos": "2023-02-10 21:52",
    "mailmate": "2021-10-27 09:31",
    "missive_en_body": "2022-07-19 15:09",
    "missive_en_body_variant_1": "2022-07-19 15:36",
    "missive_en_body_variant_3": "2022-07-01 17:03",
    "new_outlook_2019": "2021-10-28 12:46",
    "new_outlook_2019_cs": "2021-10-28 12:06",
    "new_outlook_2019_da": "2021-10-28 12:06",
    "new_outlook_2019_nl": "2021-10-28 12:06",
    "new_outlook_2019_en_body_variant_14": "2023-04-06 16:17",
    "new_outlook_2019_en_body_variant_15": "2023-04-06 16:17",
    "outlook_2019": "2021-10-28 12:46",
    "outlook_live": "2021-10-27 15:14",
    "thunderbird": "2021-11-03 14:51",
    "thunderbird_en_body_variant_15": "2023-04-06 16:17",
    "yahoo": "2021-11-02 08:26",
}


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((CORPORA / "crisp-half.json").read_text(encoding="utf-8"))
    return rows


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").strip().split("\n")]


def _same(expected: Iterable[Mapping[str, str]] | None, found: Iterable[Mailbox | None]) -> bool:
    return all(
        want is not None
        and box is not None
        and want["address"] == box.address
        and want["name"] in (ANY_NAME, box.name or None)
        for want, box in zip_longest(expected or (), found)
    )


def _sent(name: str) -> str:
    return SENT[max((start for start in SENT if name.startswith(start)), key=len)]


def _mistakes(row: Mapping[str, Any]) -> list[str]:
    inline = find_inline(row["text"], "")
    forward = inline.forwards[0] if inline else None
    if not row["forwarded"]:
        # An answer may show a block, but no client's word that it is a forward.
        return [item for item in forward.evidence if item.startswith("marker:")] if forward else []
    if inline is None or forward is None:
        return ["not found"]
    original = forward.original
    # One client gives neither recipients nor subject above its forwards.
    has_block = forward.evidence[0] != "attribution:outlook-mac"
    facts = {
        "from": _same([row["from"]], [original.sender]),
        "to": _same(row["to"], original.to),
        "cc": _same(row["cc"], original.cc),
        "subject": original.subject == row["subject"] or not has_block,
        "date": original.date is not None and f"{original.date:%Y-%m-%d %H:%M}" == _sent(row["name"]),
        "body": _lines(original.text) == _lines(row["body"]),
        "message": row["message"] is None or _lines(inline.note) == _lines(row["message"]),
    }
    return [name for name, right in facts.items() if not right]


def test_every_forward_of_the_collection_is_read_in_every_field() -> None:
    """All rows are right in sender, recipients, subject, date to the minute, body and note."""
    rows = _rows()
    wrong = {row["name"]: mistakes for row in rows if (mistakes := _mistakes(row))}
    assert len(rows) >= 100
    assert wrong == {}
