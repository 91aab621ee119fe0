"""Replies collected by others: history removed and new text kept, each suite by its own expectation."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from bccd.mail.parse import parse
from bccd.mail.reply import Reply, read_reply
from bccd.model.message import Mailbox

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "replies"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of replies"),
]
TRIMMER = CORPORA / "email_reply_trimmer" / "test"
TALON = CORPORA / "talon" / "tests" / "fixtures"
QUOTEQUAIL = CORPORA / "quotequail" / "tests" / "files"

FEW = 12  # characters; a shorter line may stand in both by chance

TRIMMER_DIFFERS = {
    "embedded_email_1": "what stands below a quote is an answer; the suite takes it for a signature",
    "embedded_email_7": "what is quoted is history, between answers too; the suite keeps it for context",
    "embedded_email_16": "what is quoted is history, above an answer too; the suite keeps it for context",
    "embedded_email_17": "what is quoted is history, above an answer too; the suite keeps it for context",
    "quote_and_text": "what is quoted is history, above an answer too; the suite keeps it for context",
}
TALON_SIGNATURE_DIFFERS = {
    "short_url": "a greeting with a first name is what a person writes; the suite cuts it off",
}
QUOTEQUAIL_NEW = {
    "apple_forward": "test blah",
    "apple_reply": "Foo Bar",
    "gmail_forward": "test blah",
    "gmail_reply": "foo bar",
    "ios_mail_reply_unescaped_address": "Sounds good, I'll be there at 2.",
    "yahoo_reply_unescaped_address": (
        "Thanks Jane, that looks great. One question on item 2 - can we ship it before Friday? Dan"
    ),
}


def _words(text: str) -> str:
    return " ".join(text.split())


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


def _lines(text: str) -> set[str]:
    return {_words(line) for line in text.split("\n") if line.strip()}


def _read(raw: bytes) -> Reply:
    content = parse(raw).content
    return read_reply(content.text, sender=content.sender)


def _html(path: Path) -> Reply:
    head = b"From: a@x.example\r\nSubject: Re: Test\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return _read(head + path.read_bytes())


def _differing(found: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    return {name: (got, wanted) for name, got, wanted in found if _words(got) != _words(wanted)}


def test_email_reply_trimmer() -> None:
    """Each of its mails is trimmed to the word as it expects, but for the differences that are listed."""
    cases = [
        (path.stem, read_reply(_text(path)).new_text, _text(TRIMMER / "trimmed" / path.name))
        for path in sorted((TRIMMER / "emails").glob("*.txt"))
    ]
    differing = _differing(cases)
    assert differing.keys() == TRIMMER_DIFFERS.keys(), differing
    assert len(cases) - len(differing) >= 58


def test_email_reply_trimmer_without_history() -> None:
    """What it expects below an answer as embedded mail is history."""
    for path in sorted((TRIMMER / "embedded").glob("*.txt")):
        if path.stem == "forwarded_message":
            continue  # nothing else is left of that mail, so that its body is kept, as the suite itself does
        read = read_reply(_text(TRIMMER / "emails" / path.name))
        assert _words(_text(path))[-200:] in _words(read.quoted_text.replace("\n> ", "\n")), path.name


def test_history_goes_and_new_text_stays() -> None:
    """In 98 of 100 mails of both suites each new line stands and no line of the history does."""
    missed: list[str] = []
    paths = sorted((TRIMMER / "emails").glob("*.txt"))
    for path in paths:
        new, old = (_lines(_text(TRIMMER / part / path.name)) for part in ("trimmed", "elided"))
        found = _lines(read_reply(_text(path)).new_text)
        own = {line for line in new if not line.startswith(">")}
        if not own <= found or {line for line in old - new if len(line) > FEW} & found:
            missed.append(path.stem)
    assert missed == ["embedded_email_1"]  # an answer below a quote, which the suite takes for a signature
    others = len(list((TALON / "standard_replies").glob("*.eml")))
    assert len(missed) <= 0.02 * (len(paths) + others)


def test_talon_replies() -> None:
    """Each client's answer is found whole, without history; a signature that talon keeps is told apart."""
    for path in sorted((TALON / "standard_replies").glob("*.eml")):
        read = _read(path.read_bytes())
        kept = path.with_name(f"{path.stem}_reply_text")
        assert read.new_text == "Hello", path.name
        if kept.exists():
            assert _words(f"{read.new_text} {read.signature}") == _words(_text(kept))
    for path in sorted((TALON / "html_replies").glob("*.html")):
        assert _words(_html(path).new_text) == "Hi. I am fine. Thanks, Alex", path.name
    assert _html(TALON / "OLK_SRC_BODY_SECTION.html").new_text == "Reply"
    assert _html(TALON / "reply-separated-by-hr.html").new_text == "Hi\nthere\nBob"
    shared = _read((TALON / "reply-quotations-share-block.eml").read_bytes())
    assert "--- On Wed" in shared.quoted_text
    assert "--- On Wed" not in shared.new_text


def test_talon_signatures() -> None:
    """Each signature is found to the word, but for the differences that are listed."""
    cases = []
    for path in sorted((TALON / "signature" / "emails" / "stripped").glob("*_body")):
        name = path.name.removesuffix("_body")
        wanted = _text(path.with_name(f"{name}_signature")).replace("#sig#", "")
        said = _text(path.with_name(f"{name}_sender")).strip()
        sender = Mailbox("", said) if "@" in said else Mailbox(said, "")
        cases.append((name, read_reply(_text(path).replace("#sig#", ""), sender=sender).signature, wanted))
    assert _differing(cases).keys() == TALON_SIGNATURE_DIFFERS.keys()


def test_quotequail() -> None:
    """What its tests put before the quote is new; it keeps the attribution there by design."""
    for name, wanted in QUOTEQUAIL_NEW.items():
        read = _html(QUOTEQUAIL / f"{name}.html")
        assert _words(read.new_text) == wanted, name
        assert read.quoted_text, name
