"""Sender and recipients of a block, as clients print them."""

import pytest

from bccd.mail.forward.people import author, mailbox_list
from bccd.model.message import Mailbox

JAN = Mailbox("Jan Dąb", "jan@x.example")


@pytest.mark.parametrize(
    "value",
    [
        "Jan Dąb <jan@x.example>",
        '"Jan Dąb" <JAN@x.example>',
        "'Jan Dąb' <jan@x.example>",
        "„Jan Dąb” <jan@x.example>",
        "Jan Dąb [mailto:jan@x.example]",
        "Jan Dąb [jan@x.example]",
        "Jan Dąb (jan@x.example)",
        "jan@x.example (Jan Dąb)",
        "Jan Dąb <jan@x.example<mailto:jan@x.example>>",
        "Jan Dąb<mailto:jan@x.example>",
        "Jan Dąb<mailto:jan@x.example> <jan@x.example<mailto:jan@x.example>>",
        "Jan   Dąb jan@x.example",
        "Jan Dąb (jan@x.example) <jan@x.example>",
        "Jan Dąb ('Jan@x.example') [mailto:jan@x.example]",
        "Jan Dąb [SMTP:jan@x.example]",
        "Jan Dąb <jan at x.example>",
        "Jan Dąb [mailto:jan at x.example]",
        "Jan Dąb <jan(at)x.example>",
        "Jan Dąb &lt;jan@x.example&gt;",
        "Jan Dąb </O=ACME/CN=JAN> <jan@x.example>",
    ],
)
def test_one_person_in_every_spelling(value: str) -> None:
    """However a client prints one mailbox, the same one is read."""
    assert author(value).sender == JAN


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("jan@x.example", Mailbox("", "jan@x.example")),
        ('"jan@x.example" <jan@x.example>', Mailbox("", "jan@x.example")),
        ("jan@x.example <jan@x.example>", Mailbox("", "jan@x.example")),
        ("'jan@x.example' (jan@x.example) <jan@x.example>", Mailbox("", "jan@x.example")),
        ("ewa@x.example via Team <team@l.example>", Mailbox("ewa@x.example via Team", "team@l.example")),
        ("Dąb, Jan <jan@x.example>", Mailbox("Dąb, Jan", "jan@x.example")),
        ("Dąb, Jan (Acme)", Mailbox("Dąb, Jan (Acme)", "")),
        ("Jan Dąb", Mailbox("Jan Dąb", "")),
        ("Jan Dąb <>", Mailbox("Jan Dąb", "")),
        ("Jan/ACME@ACME <jan@x.example>", Mailbox("Jan/ACME@ACME", "jan@x.example")),
        ("", None),
        ("<>", None),
        ("=?utf-8?Q?J=C3=BCrgen?= <j@x.example>", Mailbox("Jürgen", "j@x.example")),
        ("mailto:j@x.example", Mailbox("", "j@x.example")),
    ],
)
def test_sender_with_odd_or_missing_parts(value: str, expected: Mailbox | None) -> None:
    """A lost address leaves the name, a lost name leaves the address, and nothing is made up."""
    assert author(value).sender == expected


@pytest.mark.parametrize("phrase", ["on behalf of", "On Behalf Of", "W imieniu", "im Auftrag von"])
def test_on_behalf_of_names_the_author(phrase: str) -> None:
    """Who speaks is the sender; who pressed the button is kept beside."""
    by = author(f"List <list-bounces@l.example> {phrase} Jan Dąb <jan@x.example>")
    assert by.sender == JAN
    assert by.actual_sender == Mailbox("List", "list-bounces@l.example")


def test_a_person_on_behalf_of_a_nameless_mailbox_is_the_sender() -> None:
    """A shared mailbox without a name is nobody: the person is, and answers go to the mailbox."""
    by = author("Jan Dąb <jan@x.example> on behalf of office@x.example")
    assert by.sender == JAN
    assert by.reply_to == (Mailbox("", "office@x.example"),)
    for agent in ("List <list-bounces@l.example>", "Our List <our@l.example>", "List <list@x.example>"):
        assert author(f"{agent} on behalf of jan@x.example").sender == Mailbox("", "jan@x.example")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Jan Dąb <jan@x.example>; Ewa <ewa@x.example>;", ["Jan Dąb|jan@x.example", "Ewa|ewa@x.example"]),
        ("Jan Dąb <jan@x.example>, <ewa@x.example>", ["Jan Dąb|jan@x.example", "|ewa@x.example"]),
        (
            "Dąb, Jan <jan@x.example>, Maj, Ewa<ewa@x.example>",
            ["Dąb, Jan|jan@x.example", "Maj, Ewa|ewa@x.example"],
        ),
        ("Dąb, Jan; Maj, Ewa", ["Dąb, Jan|", "Maj, Ewa|"]),
        ("Dąb, Jan", ["Dąb, Jan|"]),
        ("Jan Dąb, Ewa Maj", ["Jan Dąb|", "Ewa Maj|"]),
        ("Jan Dąb, Ewa Maj <ewa@x.example>", ["Jan Dąb|", "Ewa Maj|ewa@x.example"]),
        ("a@x.example, a@x.example", ["|a@x.example"]),
        ("undisclosed-recipients:;", []),
        ("Jan Dąb, Ewa Maj, list@x.example", ["Jan Dąb|", "Ewa Maj|", "|list@x.example"]),
        ("Dąb, Jan, list@x.example", ["Dąb, Jan|", "|list@x.example"]),
        ("list@x.example, Jan Dąb", ["|list@x.example", "Jan Dąb|"]),
        ("Sales: Jan Dąb <jan@x.example>, ewa@x.example;", ["Jan Dąb|jan@x.example", "|ewa@x.example"]),
        ("Jan Dąb <jan@x.example> Ewa <ewa@x.example>", ["Jan Dąb|jan@x.example", "Ewa|ewa@x.example"]),
        ("jan@x.example ewa@x.example", ["|jan@x.example", "|ewa@x.example"]),
        ("jan@x.example<mailto:jan@x.example> <jan@x.example>", ["|jan@x.example"]),
        (
            "Jan Dąb (Acme) <jan@x.example>, Ewa [PL] <ewa@x.example>",
            ["Jan Dąb (Acme)|jan@x.example", "Ewa [PL]|ewa@x.example"],
        ),
        (
            "Jan Dąb、Ewa Maj <ewa@x.example>、ola@x.example",
            ["Jan Dąb|", "Ewa Maj|ewa@x.example", "|ola@x.example"],
        ),
        (
            '"Dąb; Jan" <jan@x.example>; Ewa "E" Maj <ewa@x.example>',
            ["Dąb; Jan|jan@x.example", 'Ewa "E" Maj|ewa@x.example'],
        ),
        ("  ;,; ", []),
        ("", []),
    ],
)
def test_lists(value: str, expected: list[str]) -> None:
    """Semicolons part always, commas only where they do not stand inside a name."""
    assert [f"{box.name}|{box.address}" for box in mailbox_list(value)] == expected
