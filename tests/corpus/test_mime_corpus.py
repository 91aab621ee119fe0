"""Mail of other projects: all of it parses, and header fields agree with the parse given beside it."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bccd.mail.parse import parse
from bccd.model.message import AutoKind

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
STALWART = CORPORA / "mime" / "stalwart-mail-parser" / "resources" / "eml"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of mail"),
]


def mails(*folders: str) -> Iterator[Path]:
    """Find every mail below these folders."""
    for folder in folders:
        found = sorted((CORPORA / folder).rglob("*"))
        yield from (path for path in found if path.suffix in (".eml", ".txt"))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("folder", ["mime", "bounces", "replies", "dkim", "auth"])
def test_every_mail_parses(folder: str) -> None:
    """No mail of the collections raises an error, and none holds the reader up."""
    for path in mails(folder):
        raw = path.read_bytes()
        assert parse(raw).size == len(raw)


def _field(parsed: dict[str, Any], name: str) -> Any:
    fields = parsed["parts"][0]["headers"]
    return next((field["value"] for field in fields if field["name"] == name), None)


def _given() -> Iterator[tuple[bytes, dict[str, Any]]]:
    for path in sorted(STALWART.rglob("*.json")):
        raw = path.with_name(path.name.split(".")[0] + ".eml").read_bytes()
        if path.name.endswith(".crlf.json"):
            raw = raw.replace(b"\r", b"").replace(b"\n", b"\r\n")
        yield raw, json.loads(path.read_text())


def test_header_fields_agree() -> None:
    """Subject and sender are those of the parse beside the mail, where that lost no characters."""
    seen: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    for raw, parsed in _given():
        content = parse(raw).content
        subject, sender = _field(parsed, "subject"), _field(parsed, "from")
        if isinstance(subject, dict) and "\ufffd" not in subject.get("Text", "\ufffd"):
            seen["subject"] += 1
            differing["subject"] += content.subject != " ".join(subject["Text"].split())
        people = sender.get("Address", {}).get("List") if isinstance(sender, dict) else None
        if people and "@" in (people[0]["address"] or ""):
            seen["from"] += 1
            expected = (people[0].get("name") or "", people[0]["address"].lower())
            differing["from"] += (
                not content.sender or (content.sender.name, content.sender.address) != expected
            )
    assert min(seen["subject"], seen["from"]) > 100
    assert not +differing


def test_bounces_are_automatic() -> None:
    """Nearly all bounces and reports of many systems are told by their fields or their parts."""
    kinds = Counter(parse(path.read_bytes()).content.auto for path in mails("bounces"))
    assert kinds[AutoKind.NONE] < 0.03 * kinds.total()


def test_bounces_tell_what_they_are_about() -> None:
    """Of most bounces, whatever system wrote them, the mail and the recipients are known."""
    contents = [parse(path.read_bytes()).content for path in mails("bounces")]
    reports = [content.reported for content in contents if content.auto in (AutoKind.DSN, AutoKind.MDN)]
    told = [report for report in reports if report]
    assert sum(1 for report in told if report.message_id) > 0.8 * len(reports)
    assert sum(1 for report in told if report.recipients) > 0.8 * len(reports)
