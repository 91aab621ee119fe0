"""The benchmark's corpus: the same for everybody, in the promised shares, and real enough to be read."""

import email
import email.policy
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import corpus
from benchmarks.corpus import Corpus, Sample, generate

COUNT = 100


@pytest.fixture(scope="module")
def made() -> Corpus:
    return generate(COUNT, seed=7)


@pytest.fixture(scope="module")
def large() -> Corpus:
    return generate(1000, seed=1)


def plain_text(sample: Sample) -> str:
    mail = email.message_from_bytes(sample.raw, policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_seed_gives_the_same_octets(made: Corpus) -> None:
    """Two runs measure with the same mail, and another seed gives other mail."""
    assert generate(COUNT, seed=7) == made
    assert generate(COUNT, seed=8).samples[0].raw != made.samples[0].raw


def test_the_shares_are_exact(made: Corpus) -> None:
    """40 % new, 40 % replies, 15 % forwards, 5 % attachments."""
    assert Counter(sample.kind for sample in made.samples) == {
        "new": 40,
        "reply": 40,
        "forward": 15,
        "attachment": 5,
    }


def test_mails_are_fifteen_kilobytes_on_average(large: Corpus) -> None:
    """The size that the rates are quoted for."""
    sizes = [len(sample.raw) for sample in large.samples]
    assert 13_000 < sum(sizes) / len(sizes) < 17_000


def test_every_mail_is_well_formed(made: Corpus) -> None:
    """Another reader finds no defect, no bare line end and no overlong line, in text and HTML alike."""
    for sample in made.samples:
        mail = email.message_from_bytes(sample.raw, policy=email.policy.default)
        assert not [defect for part in mail.walk() for defect in part.defects]
        assert {"text/plain", "text/html"} <= {part.get_content_type() for part in mail.walk()}
        lines = sample.raw.split(b"\r\n")
        assert not any(b"\n" in line or b"\r" in line for line in lines)
        assert max(map(len, lines)) <= 998


def test_senders_are_users(made: Corpus) -> None:
    """Every mail comes from an address of the directory, in From as in MAIL FROM."""
    users = {user["login"] for user in made.directory["users"]}
    for sample in made.samples:
        mail = email.message_from_bytes(sample.raw, policy=email.policy.default)
        assert sample.sender in users
        assert [address.addr_spec for address in mail["From"].addresses] == [sample.sender]


def test_replies_name_earlier_mail(made: Corpus) -> None:
    """The References of each reply hold the Message-ID of a mail that stands before it."""
    seen: set[str] = set()
    for sample in made.samples:
        mail = email.message_from_bytes(sample.raw, policy=email.policy.default)
        if sample.kind == "reply":
            assert mail["In-Reply-To"]
            assert seen & set(mail["References"].split())
        seen.add(mail["Message-ID"])


def test_forwards_come_in_every_style(large: Corpus) -> None:
    """Outlook and Gmail, English and Polish, inline; and attached as a whole mail."""
    forwards = [sample for sample in large.samples if sample.kind == "forward"]
    texts = [plain_text(sample) for sample in forwards]
    for mark in ("\nFrom: ", "\nSent: ", "\nWysłane: ", "\nOd: ", "---------- Forwarded message ---------"):
        assert sum(mark in text for text in texts) > 5, mark
    assert sum(b"message/rfc822" in sample.raw for sample in forwards) > 5


def test_deals_and_contacts_fit_together(made: Corpus) -> None:
    """The directory refers to nothing that it does not hold."""
    held = {
        kind: {row["external_id"] for row in made.directory[kind]}
        for kind in ("users", "contacts", "organisations")
    }
    for contact in made.directory["contacts"]:
        assert contact["organisation"] in held["organisations"]
        assert contact["owner"] in held["users"]
    for deal in made.directory["deals"]:
        assert set(deal["contacts"]) <= held["contacts"]
        assert deal["owner"] in held["users"]


def test_a_stored_corpus_reads_back(made: Corpus, tmp_path: Path) -> None:
    """What is sent is what was made."""
    corpus.save(made, tmp_path)
    assert corpus.load(tmp_path) == (made.recipient, list(made.samples))
