"""Makes the label tables of five clients anew from the collection of their translations.

`python -m tests.corpus.label_tables` rewrites thunderbird, k9, roundcube, zimbra and outlook of the facts
from labels-*.json (facts only: no text of a translation but its labels); `make format` lays them out.
A test proves that what is checked in is what this gives.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("BCCD_CORPORA", ROOT.parent / "shared" / "corpora")) / "forward"
FACTS = ROOT / "bccd" / "mail" / "forward" / "facts"

# Old codes and the two written forms of Norwegian, whose clients write the same months and weekdays.
_CODES = {"iw": "he", "in": "id", "nb": "no", "nn": "no"}
_COLONS = ":：﹕՝ \t\u200e\u200f"
_RULE = "-_=* \t"
_UNSEEN = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x200E, 0x200F))

Columns = tuple[str, ...]  # from, to, cc, date, subject, reply-to


class Table(NamedTuple):
    """What one module holds: its docstring, rows, and lists of phrases by name."""

    doc: str
    rows: tuple[tuple[str, *Columns], ...]  # language first
    phrases: Mapping[str, tuple[str, ...]]


def tables() -> dict[str, Table]:
    """Read every label file of the collection."""
    return {
        "thunderbird": _thunderbird(_file("thunderbird")),
        "k9": _k9(_file("k9")),
        "roundcube": _roundcube(_file("roundcube")),
        "zimbra": _zimbra(_file("zimbra")),
        "outlook": _outlook(_file("outlook")),
    }


def _file(client: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPORA / f"labels-{client}.json").read_text(encoding="utf-8"))
    return found


def _language(locale: str) -> str:
    code = re.split(r"[-_]", locale)[0].rstrip("0123456789")
    return _CODES.get(code, code)


def _label(text: str | None) -> str:
    return " ".join((text or "").translate(_UNSEEN).strip(_COLONS).split())


def _marker(text: str | None) -> str:
    return " ".join((text or "").translate(_UNSEEN).strip(_RULE).split())


def _rows(found: Iterable[tuple[str, Iterable[str | None]]]) -> tuple[tuple[str, *Columns], ...]:
    rows = set()
    for locale, labels in found:
        row = tuple(_label(label) for label in labels)
        if any(row):
            rows.add((_language(locale), *row))
    return tuple((language, *labels) for language, *labels in sorted(rows))


def _sorted(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({phrase for phrase in found if phrase}))


def _thunderbird(file: Mapping[str, Any]) -> Table:
    def rows() -> Iterator[tuple[str, tuple[str | None, ...]]]:
        for locale, row in file.items():
            rest = [row[key] for key in ("to", "cc", "date")]
            yield locale, (row["from_"], *rest, row["subject"], row["replyto"])
            # What the message pane and the printed page call them.
            if (row["mh_from"], row["mh_subject"]) != (row["from_"], row["subject"]):
                yield locale, (row["mh_from"], *rest, row["mh_subject"], row["replyto"])

    return Table(
        "Labels and marker lines of Thunderbird: mime.properties, composeMsgs.properties (facts only).",
        _rows(rows()),
        {
            "FORWARDED": _sorted(_marker(row["marker"]) for row in file.values()),
            "ORIGINAL": _sorted(_marker(row["orig"]) for row in file.values()),
        },
    )


def _k9(file: Mapping[str, Any]) -> Table:
    keys = [f"quote_header_{key}" for key in ("from", "to", "cc", "send_date", "subject")]
    return Table(
        "Labels and marker lines of K-9 Mail (Thunderbird for Android): quote_header_* strings (facts only).",
        _rows((locale, (*(row.get(key) for key in keys), "")) for locale, row in file.items()),
        {"ORIGINAL": _sorted(_marker(row.get("quote_header_separator")) for row in file.values())},
    )


def _roundcube(file: Mapping[str, Any]) -> Table:
    keys = ("from", "to", "cc", "date", "subject", "replyto")
    return Table(
        "Labels and marker lines of Roundcube: program/localization/*/labels.inc (facts only).",
        _rows((locale, [row.get(key) for key in keys]) for locale, row in file.items()),
        {"ORIGINAL": _sorted(_marker(row.get("originalmessage")) for row in file.values())},
    )


def _zimbra(file: Mapping[str, Any]) -> Table:
    def rows() -> Iterator[tuple[str, tuple[str | None, ...]]]:
        for locale, row in file.items():
            sender, to, cc, subject = (row.get(key) for key in ("from", "to", "cc", "subject"))
            for date in ("sent", "sentAt", "date"):
                yield locale, (sender, to, cc, row.get(date), subject, "")
            yield locale, (*(row.get(f"{key}Label") for key in ("from", "to", "cc", "date", "subject")), "")

    return Table(
        "Labels of Zimbra: WebRoot/messages/ZmMsg_*.properties (facts only).",
        _rows(rows()),
        {"ON_BEHALF_OF": _sorted(_label(row.get("onBehalfOf")) for row in file.values())},
    )


def _outlook(file: Mapping[str, Any]) -> Table:
    rows = ((locale, (row[0], row[2], row[3], row[1], row[4], "")) for locale, row in file.items())
    return Table(
        "Labels of Outlook for Windows, Exchange and Outlook on the web, seen in mail or generally known.",
        _rows(rows),
        {},
    )


_COMMENTS = {
    "FORWARDED": "the text of the line above a forwarded mail, without its dashes",
    "ORIGINAL": "the line above a mail that may as well be a quoted reply",
    "ON_BEHALF_OF": "stands between who sent and who wrote",
}


def source(table: Table) -> str:
    """Write a module; ruff format breaks its long lines."""
    lines = [f'"""{table.doc}"""', "", "from bccd.mail.forward.facts.row import Labels", ""]
    lines += ["LABELS: tuple[Labels, ...] = (", "    # language, from, to, cc, date, subject, reply-to"]
    for row in table.rows:
        cut = list(row)
        while not cut[-1]:
            cut.pop()
        lines.append(f"    Labels({', '.join(json.dumps(label, ensure_ascii=False) for label in cut)}),")
    lines.append(")")
    for name, phrases in table.phrases.items():
        lines += ["", f"# {_COMMENTS[name]}", f"{name}: tuple[str, ...] = ("]
        lines += [f"    {json.dumps(phrase, ensure_ascii=False)}," for phrase in phrases] + [")"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite the five modules."""
    for name, table in tables().items():
        (FACTS / f"{name}.py").write_text(source(table), encoding="utf-8")


if __name__ == "__main__":
    main()
