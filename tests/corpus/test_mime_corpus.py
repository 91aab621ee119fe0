"""Mail of other projects: all of it parses, and bounces are told from letters."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bccd.mail.parse import parse
from bccd.model.message import AutoKind

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
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
