"""The arguments of commands: each form, and each way to get it wrong."""

from typing import Any

import pytest

from bccd.model.command import Arguments, Code, ItemKind, Named, Refusal, Scope
from bccd.model.message import Mailbox
from bccd.rules.commands.decide import kind_of, read_arguments
from bccd.rules.commands.kind import Kind
from bccd.rules.commands.kinds import EVERY, KINDS


def read(name: str, given: object) -> Arguments | Refusal:
    """Read the arguments of a command of this kind."""
    kind = kind_of(name)
    assert isinstance(kind, Kind)
    return read_arguments(kind, given)


ARGUMENTS: list[tuple[str, dict[str, Any], Arguments]] = [
    ("message.share", {"message": 7}, Arguments((7,))),
    ("message.share", {"messages": [9, 7, 9]}, Arguments((7, 9))),
    ("link.set", {"conversation": 3, "deal": 5}, Arguments(conversations=(3,), item=Named(ItemKind.DEAL, 5))),
    ("link.set", {"message": 3, "contact": " C-5 "}, Arguments((3,), item=Named(ItemKind.CONTACT, "C-5"))),
    (
        "link.reject",
        {"message": 3, "organisation": "5"},
        Arguments((3,), item=Named(ItemKind.ORGANISATION, "5")),
    ),
    (
        "link.move",
        {"message": 3, "from": 5, "to": "6"},
        Arguments((3,), item=Named(ItemKind.DEAL, "6"), origin=Named(ItemKind.DEAL, 5)),
    ),
    ("choice.resolve", {"message": 3, "deal": None}, Arguments((3,), scope=Scope.CONVERSATION)),
    (
        "choice.resolve",
        {"message": 3, "deal": 5, "scope": "from_here_on"},
        Arguments((3,), item=Named(ItemKind.DEAL, 5), scope=Scope.FROM_HERE_ON),
    ),
    (
        "choice.resolve",
        {"conversation": 3, "deal": 5, "scope": "conversation"},
        Arguments(conversations=(3,), item=Named(ItemKind.DEAL, 5), scope=Scope.CONVERSATION),
    ),
    ("held.delete", {"delivery": "0000000000001"}, Arguments(delivery=1)),
    ("held.delete", {"delivery": 2**62}, Arguments(delivery=2**62)),
    (
        "held.release",
        {
            "delivery": 1,
            "recipients": ["A@B.example", {"address": "c@d.example", "name": "C"}, "a@b.example"],
        },
        Arguments(delivery=1, people=(Mailbox("", "a@b.example"), Mailbox("C", "c@d.example"))),
    ),
    (
        "original.set",
        {"delivery": 1, "name": "C", "address": "c@d.example"},
        Arguments(delivery=1, people=(Mailbox("C", "c@d.example"),)),
    ),
    (
        "original.set",
        {"address": "c@d.example", "delivery": 1},
        Arguments(delivery=1, people=(Mailbox("", "c@d.example"),)),
    ),
    ("state.set", {"conversation": 1, "seen": False}, Arguments(conversations=(1,), seen=False)),
    ("state.set", {"message": 1, "seen": True, "flagged": True}, Arguments((1,), seen=True, flagged=True)),
    ("conversation.merge", {"conversations": [4, 3]}, Arguments(conversations=(3, 4))),
]


@pytest.mark.parametrize(("kind", "given", "found"), ARGUMENTS)
def test_arguments_are_read(kind: str, given: dict[str, Any], found: Arguments) -> None:
    """Every form of every kind; what is named twice is meant once."""
    assert read(kind, given) == found


MISTAKES: list[tuple[str, object, str]] = [
    ("message.share", None, "Arguments must be one JSON object."),
    ("message.share", [7], "Arguments must be one JSON object."),
    ("message.share", {}, "Give message or messages, and only one of them."),
    ("message.share", {"message": 1, "messages": [1]}, "Give message or messages, and only one of them."),
    ("message.share", {"message": 1, "why": 2}, "why: message.share has no such argument; it has "),
    ("message.share", {"message": "1"}, "message: must be a message's number."),
    ("message.share", {"message": True}, "message: must be a message's number."),
    ("message.share", {"message": 1.0}, "message: must be a message's number."),
    ("message.share", {"message": 0}, "message: must be a message's number."),
    ("message.share", {"message": 2**63}, "message: must be a message's number."),
    ("message.share", {"messages": []}, "messages: must be a list of 1 to 1000 messages' numbers."),
    ("message.share", {"messages": 1}, "messages: must be a list of 1 to 1000 messages' numbers."),
    ("message.share", {"messages": [1] * 1001}, "messages: must be a list of 1 to 1000 messages' numbers."),
    ("message.share", {"messages": [1, "2"]}, "messages: must be a list of 1 to 1000 messages' numbers."),
    ("copy.delete", {}, "message: is missing."),
    ("state.set", {"message": 1}, "Give seen or flagged."),
    ("state.set", {"message": 1, "seen": 1}, "seen: must be true or false."),
    ("link.set", {"message": 1, "deal": ""}, "deal: must be a number, or as text"),
    ("link.set", {"message": 1, "deal": "a\0b"}, "deal: must be a number, or as text"),
    ("link.set", {"message": 1, "deal": "\ud800"}, "deal: must be a number, or as text"),
    ("link.set", {"message": 1, "deal": "x" * 1001}, "deal: must be a number, or as text"),
    ("link.set", {"message": 1, "deal": None}, "deal: must be a number, or as text"),
    ("choice.resolve", {"message": 1}, "deal: is missing."),
    ("choice.resolve", {"message": 1, "deal": 1, "scope": "all"}, "scope: must be message, conversation or "),
    ("choice.resolve", {"message": 1, "deal": 1, "scope": []}, "scope: must be message, conversation or "),
    ("choice.resolve", {"conversation": 1, "deal": 1, "scope": "message"}, "scope message: name the message"),
    ("held.delete", {"delivery": "short"}, "delivery: must be a delivery's id"),
    ("held.delete", {"delivery": []}, "delivery: must be a delivery's id"),
    ("original.set", {"delivery": 1, "address": "nobody"}, "address: must be a mail address."),
    ("original.set", {"delivery": 1, "address": 7}, "address: must be a mail address."),
    ("original.set", {"delivery": 1, "address": "a@b.example", "name": 7}, "name: must be text."),
    ("held.release", {"delivery": 1, "recipients": []}, "recipients: must be a list"),
    ("held.release", {"delivery": 1, "recipients": "a@b.example"}, "recipients: must be a list"),
    ("held.release", {"delivery": 1, "recipients": [{"name": "x"}]}, "recipients: must be a list"),
    ("held.release", {"delivery": 1, "recipients": [{"address": "a@b.example", "x": 1}]}, "recipients: must"),
    ("held.release", {"delivery": 1, "recipients": [7]}, "recipients: must be a list"),
    ("conversation.merge", {"conversations": [4, 4]}, "conversations: name at least two."),
]


@pytest.mark.parametrize(("kind", "given", "sentence"), MISTAKES)
def test_mistakes_are_told(kind: str, given: object, sentence: str) -> None:
    """In a sentence that says which argument, and what it must be."""
    found = read(kind, given)
    assert isinstance(found, Refusal)
    assert found.code is Code.BAD_ARGUMENTS
    assert found.sentence.startswith(sentence)


def test_an_unknown_kind_is_refused() -> None:
    """Whatever it is called."""
    found = kind_of("link.\ud800")
    assert isinstance(found, Refusal)
    assert found.code is Code.UNKNOWN_KIND


def test_kinds_say_what_they_are() -> None:
    """Names are unique, every one has a sentence, a result, and no refusal that every command may meet."""
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.does.endswith(".")
        assert kind.result
        assert set(kind.refusals).isdisjoint(EVERY)
        assert all(form.meaning for form, _ in kind.fields.values())
