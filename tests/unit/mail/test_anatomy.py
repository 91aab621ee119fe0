"""The anatomy of a mail: every field of the published form, filled from what was read."""

import json
from typing import Any

from bccd.mail.anatomy import anatomy_json

WRAPPER = """From: Ann <ann@acme.example>
To: drop@in.acme.example
Subject: Fwd: Nets
Date: Tue, 3 Mar 2026 09:00:00 +0100
Message-ID: <2@acme.example>

Please file.

---------- Forwarded message ---------
From: Eve Fish <eve@fish.example>
Date: Mon, Mar 2, 2026 at 10:00 AM
Subject: Nets
To: Ann <ann@acme.example>
Cc: Bob <bob@acme.example>

We take ten.
"""


def told(text: str) -> Any:
    return json.loads(anatomy_json(text.replace("\n", "\r\n").encode()))


def test_a_forward_is_told() -> None:
    """The original with people, date and text, the note, and the mail itself."""
    found = told(WRAPPER)
    forward, mail = found["forward"], found["mail"]
    assert forward["found"] and forward["kind"] == "inline" and forward["confidence"] > 0.9
    assert forward["from"] == {"name": "Eve Fish", "address": "eve@fish.example", "on_behalf_of": None}
    assert forward["to"] == [{"name": "Ann", "address": "ann@acme.example"}]
    assert forward["cc"] == [{"name": "Bob", "address": "bob@acme.example"}]
    assert forward["date"] == "2026-03-02T09:00:00+00:00"  # printed in the forwarder's zone
    assert (forward["subject"], forward["body_text"]) == ("Nets", "We take ten.")
    assert forward["note_text"] == "Please file."
    assert found["forwards"] == [forward]
    assert mail["from"] == {"name": "Ann", "address": "ann@acme.example"}
    assert (mail["date"], mail["message_id"]) == ("2026-03-03T08:00:00+00:00", "2@acme.example")
    assert [part["media_type"] for part in mail["parts"]] == ["text/plain"]
    assert mail["automatic"] == {"kind": "", "reason": ""}


def test_ids_are_told_as_they_were_written() -> None:
    """Who looks a mail up elsewhere needs its id to the letter, though ids are compared in lower case."""
    named = "Message-ID: <CAF+Ab@Mail.acme.example>\nReferences: <Q1@Fish.example>"
    found = told(WRAPPER.replace("Message-ID: <2@acme.example>", named))
    assert found["mail"]["message_id"] == "CAF+Ab@Mail.acme.example"
    assert found["mail"]["references"] == ["Q1@Fish.example"]
    assert found["forward"]["message_id"] == "Q1@Fish.example"


def test_a_mail_without_an_original_says_so() -> None:
    """Then nothing of it is filled, and every field is there all the same."""
    found = told("From: a@b.example\nSubject: x\n\nhello\n")
    forward = found["forward"]
    assert set(forward) == set(told(WRAPPER)["forward"])
    assert not any(forward.values()) and found["forwards"] == []
    assert found["reply"] == {"new_text": "hello", "quoted_text": "", "signature": ""}


def test_a_redirected_mail_comes_behind_what_it_forwards() -> None:
    """`forward` is the one that would be filed."""
    kinds = [one["kind"] for one in told(f"Resent-From: z@b.example\n{WRAPPER}")["forwards"]]
    assert kinds == ["inline", "resent"]
