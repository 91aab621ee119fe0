"""Forwards of forwards: the outermost is the original, what stands below it follows in order."""

import pytest

from bccd.mail.forward import find_inline

BODIES = ("The first of all.", "Please see the first.", "And see both.")
PEOPLE = ("Ada", "Ben", "Cleo")


def _gmail(level: int, body: str) -> str:
    name = PEOPLE[level]
    return (
        f"---------- Forwarded message ---------\nFrom: {name} <{name.lower()}@x{level}.example>\n"
        f"Date: Mon, Mar 25, 2024 at {level + 1}:07 PM\nSubject: Offer {level}\nTo: me@y{level}.example\n\n\n"
        f"{body}\n"
    )


def _outlook(level: int, body: str) -> str:
    name = PEOPLE[level]
    return (
        f"________________________________\nFrom: {name} <{name.lower()}@x{level}.example>\n"
        f"Sent: Monday, March 25, 2024 {level + 1}:07 PM\nTo: me@y{level}.example\nSubject: Offer {level}\n\n"
        f"{body}\n"
    )


def _apple(level: int, body: str) -> str:
    name = PEOPLE[level]
    head = (
        f"From: {name} <{name.lower()}@x{level}.example>\nSubject: Offer {level}\n"
        f"Date: 25 March 2024 at {level + 13}:07:00 CET\nTo: you@y{level}.example\n\n{body}\n"
    )
    quoted = "\n".join(f"> {line}".rstrip() for line in head.split("\n"))
    return f"Begin forwarded message:\n\n{quoted}"


CLIENTS = {"gmail": _gmail, "outlook": _outlook, "apple": _apple}


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("outer", CLIENTS)
@pytest.mark.parametrize("inner", CLIENTS)
def test_every_level_is_read(outer: str, inner: str, depth: int) -> None:
    """Two and three deep, whichever clients forwarded: each sender, date, subject and his own words."""
    text = BODIES[0]
    for level in range(depth):
        client = CLIENTS[outer if level == depth - 1 else inner]
        text = client(level, text)
        if level < depth - 1:
            text = f"{BODIES[level + 1]}\n\n{text}"
    inline = find_inline(f"Mine.\n\n{text}", "")
    assert inline is not None
    assert inline.note == "Mine."
    (forward,) = inline.forwards
    levels = [forward, *forward.inner]
    assert len(levels) == depth
    for level, read in zip(reversed(range(depth)), levels, strict=True):
        name = PEOPLE[level]
        assert read.original.sender is not None
        assert (read.original.sender.name, read.original.sender.address) == (
            name,
            f"{name.lower()}@x{level}.example",
        )
        assert read.original.subject == f"Offer {level}"
        assert read.original.new_text.strip() == BODIES[level]
        assert read.original.date is not None
        assert read.original.date.minute == 7


def test_history_below_the_original_is_no_forward_of_its_own() -> None:
    """What the original answers stands in it, under a block or an attribution, and in its text."""
    inline = find_inline(
        _gmail(1, f"Fine.\n\nOn Sunday, March 24, 2024 Cleo <c@z.example> wrote:\n> {BODIES[0]}"), ""
    )
    assert inline is not None
    (forward,) = inline.forwards
    assert forward.original.new_text.strip() == "Fine."
    assert BODIES[0] in forward.original.text


def test_forwards_that_are_closed_stand_beside_each_other() -> None:
    """mutt closes each of several forwards in one mail: each is an original of its own."""
    texts = [
        f"----- Forwarded message from {name} <{name.lower()}@x.example> -----\n\n"
        f"Date: Mon, 25 Mar 2024 1{level}:07:21 +0000\nFrom: {name} <{name.lower()}@x.example>\n"
        f"To: me@y.example\nSubject: Offer {level}\n\n{BODIES[level]}\n\n----- End forwarded message -----\n"
        for level, name in enumerate(PEOPLE)
    ]
    inline = find_inline("First.\n\n" + "\nSecond.\n\n".join(texts) + "\nThird.\n", "")
    assert inline is not None
    assert inline.note == "First.\n\nSecond.\n\nSecond.\n\nThird."
    assert [one.original.subject for one in inline.forwards] == ["Offer 0", "Offer 1", "Offer 2"]
    assert [one.original.text for one in inline.forwards] == list(BODIES)
    assert [one.inner for one in inline.forwards] == [(), (), ()]
