"""Mail of other projects: all of it parses, and bounces are told from letters."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bccd.mail.parse import parse
from bccd.model.message import AutoKind, Reported

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
    """Of 836 bounces and answers of many systems all are told; two are forwards that people wrote of one.

    What their collector counts as ordinary mail is told as ordinary, save a notice of a postmaster.
    """
    found = {path: parse(path.read_bytes()).content for path in mails("bounces")}
    silent = {
        path.name for path, content in found.items() if not content.auto and "obsoleted" not in path.parts
    }
    ordinary = {"is-not-bounce-01.eml", "is-not-bounce-02.eml"}
    assert silent == ordinary | {"lhost-sendmail-14.eml", "make-test-36.eml"}
    assert all(content.auto_reason for content in found.values() if content.auto)


def test_bounces_tell_what_they_are_about() -> None:
    """Whatever system wrote them: whom the mail did not reach, why, and which mail it was, if they say so."""
    contents = [parse(path.read_bytes()).content for path in mails("bounces")]
    reports = [content.reported or Reported() for content in contents if content.auto is AutoKind.DSN]
    assert sum(1 for report in reports if report.recipients) >= 0.99 * len(reports)
    assert sum(1 for report in reports if any(one.status for one in report.recipients)) >= 0.75 * len(reports)
    assert sum(1 for report in reports if report.message_id) >= 0.85 * len(reports)


def test_ordinary_mail_is_not_automatic() -> None:
    """Of other collections only reports, and mail of lists and advertisers by their fields, are told."""
    reasons = Counter(
        content.auto_reason
        for path in mails("mime", "replies", "dkim", "auth")
        if (content := parse(path.read_bytes()).content).auto
    )
    assert reasons == {"report:delivery-status": 6, "header:list-id": 2, "header:precedence": 1}
