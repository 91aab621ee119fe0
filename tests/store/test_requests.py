"""Commands as they come through the door: who and what may be named how."""

from typing import Any

import pytest

from bccd.model.errors import MistakeError
from bccd.store.commands import Commands
from bccd.store.engine import Stores
from bccd.store.requests import MAX_REQUESTS, submit
from bccd.testing import FixedClock, Seed, fill
from bccd.testing.build import SIGNER
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, world

WISH: dict[str, Any] = {
    "company": 1,
    "actor": ANNA,
    "key": "k",
    "kind": "message.share",
    "args": {"message": 7},
}


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Return stores with two companies."""
    fill(stores, world())
    fill(stores, Seed().company(2, "two@drop.example").user(71, "eve@two.example", company=2))
    return stores


def ask(stores: Stores, *requests: Any) -> list[str]:
    """Return the error of each request."""
    answers = submit(stores, Commands(stores, FixedClock().now, SIGNER), list(requests))
    return [str(answer["error"]) for answer in answers]


@on_every_database
def test_companies_and_users_are_named_as_one_likes(filled: Stores) -> None:
    """By number, slug, any address, or the CRM's id; who is meant must be plain, and of that company."""
    ways: list[dict[str, Any]] = [
        {"company": "company-1"},
        {"actor": "Anna@Seller.example"},
        {"actor": "anna@home.example"},
        {"actor": f"u{ANNA}"},
        {"actor": 99},
        {"actor": "nobody"},
        {"actor": 71},
        {"company": 2, "actor": "eve@two.example"},
    ]
    found = ask(filled, *(WISH | way | {"key": f"k{n}"} for n, way in enumerate(ways)))
    assert found == ["not_found"] * 4 + ["no_such_user"] * 3 + ["not_found"]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ([], "a command has exactly these fields: actor, args, company, key, kind"),
        ({"key": "k"}, "a command has exactly these fields"),
        (WISH | {"more": 1}, "a command has exactly these fields"),
        (WISH | {"key": ""}, "key: must be text of 1 to 200 characters"),
        (WISH | {"key": "a\nb"}, "key: must be text"),
        (WISH | {"key": "x" * 201}, "key: must be text"),
        (WISH | {"kind": 7}, "kind: must be text"),
        (WISH | {"company": None}, "company: must be a number or text"),
        (WISH | {"company": "\0"}, "company: must be a number or text"),
        (WISH | {"company": "three"}, "there is no company three"),
        (WISH | {"company": 3}, "there is no company 3"),
        (WISH | {"actor": True}, "actor: must be a number or text"),
        (WISH | {"actor": 2**63}, "actor: must be a number or text"),
        (WISH | {"actor": -1}, "actor: must be a number or text"),
        (WISH | {"args": []}, "args: must be an object"),
    ],
)
def test_what_is_no_command_is_told(filled: Stores, request_: Any, sentence: str) -> None:
    """And nothing that stands beside it is done."""
    with pytest.raises(MistakeError, match=sentence.partition(":")[0]):
        ask(filled, WISH, request_)
    with pytest.raises(MistakeError) as caught:
        ask(filled, request_)
    assert str(caught.value).startswith(sentence)
    assert ask(filled, WISH | {"args": {"message": 8}}) == ["not_found"], "the key is still free"


@pytest.mark.parametrize("requests", [None, {}, [], [WISH] * (MAX_REQUESTS + 1)])
def test_commands_come_as_a_list(filled: Stores, requests: Any) -> None:
    """Of not too many."""
    with pytest.raises(MistakeError, match="commands: must be a list of 1 to 100"):
        submit(filled, Commands(filled, FixedClock().now, SIGNER), requests)


@on_every_database
def test_text_that_no_encoding_can_hold_stops_nothing(filled: Stores) -> None:
    """It is replaced, and then not found."""
    odd = WISH | {"kind": "link.set", "args": {"message": 7, "deal": "\ud800"}}
    assert ask(filled, odd) == ["not_found"]
