"""A mail and its inline forward have one digest, whichever clients wrote them; what differs has not."""

from collections.abc import Sequence

import pytest

from bccd.mail.digest import digest_of, normal_text, weak_digest
from bccd.mail.parse import parse
from bccd.model.message import Content
from tests.unit.mail.clients import (
    ANNA,
    APPLE,
    CARL,
    CLIENTS,
    OUTLOOK,
    Block,
    Client,
    History,
    Image,
    Items,
    Link,
    Sign,
    forwarded,
    octets_of,
    written,
)

FORMS = ("both", "text", "html")
LONG = "We have read your offer with the whole board and would like to go on with the second option. " * 3
MAILS: dict[str, Sequence[Block]] = {
    "short": [["We accept your offer of Monday. Thanks!"], ["Carl"]],
    "long": [["Hello Anna,"], [LONG], [LONG], [LONG], ["Carl Carlson"]],
    "links": [
        ["Look at ", Link("our page", "https://www.customer.example/page?id=12"), ", or at "],
        [Link("www.customer.example", "http://www.customer.example/"), " and then at "],
        [Link("https://customer.example/", "https://customer.example/"), " as well. Carl"],
    ],
    "addresses": [
        ["Write to ", Link("dora@customer.example", "mailto:dora@customer.example"), " from now on."]
    ],
    "items": [["We want these three:"], Items(["Pumps of size two", "Pipes", "Seals for 2027"]), ["Carl"]],
    "signature": [
        ["We accept your offer of Monday."],
        Sign(["Carl Carlson", "Customer Ltd., +48 600 100 200"]),
    ],
    "picture": [["We accept your offer of Monday, see the plan."], Image("plan.png"), ["Carl Carlson"]],
    "history": [
        ["We accept your offer of Monday."],
        ["Carl"],
        History(False, [["Dear Carl, " + LONG], ["Anna"]]),
    ],
    "headed": [
        ["We accept your offer of Monday."],
        ["Carl"],
        History(True, [["Dear Carl, " + LONG], ["Anna"]]),
    ],
    "file": [["We accept your offer of Monday, the signed copy is attached."], ["Carl"]],
}
FILES = {"picture": [("plan.png", b"PNG")], "file": [("signed.pdf", b"PDF")]}
SIGNATURE = (Sign(["Anna Nowak", "Seller GmbH"]),)
DISCLAIMER = (["This message is confidential and only for those it was sent to. Seller GmbH."],)


def captured(author: Client, name: str, form: str) -> Content:
    """Read the mail as it came."""
    raw = octets_of(
        written(author, MAILS[name], form, FILES.get(name, ())),
        CARL, ANNA, "Re: Our offer", "Mon, 16 Nov 2026 10:00:00 +0100",
        "Message-ID: <o@customer.example>", "In-Reply-To: <s@seller.example>",
    )  # fmt: skip
    return parse(raw).content


def original(  # noqa: PLR0917  # one axis of the matrix each
    client: Client, author: Client, name: str, came: str, form: str, below: Sequence[Block] = ()
) -> tuple[Content, str]:
    """Read the mail out of its forward; the note beside it."""
    mail = forwarded(client, author, MAILS[name], came, form, below=below, files=FILES.get(name, ()))
    raw = octets_of(
        mail, ANNA, ("", "crm@bccd.example"), "Fwd: Re: Our offer", "Mon, 16 Nov 2026 11:00:00 +0100",
        "Message-ID: <f@seller.example>", "References: <o@customer.example>",
    )  # fmt: skip
    message = parse(raw)
    (forward,) = message.forwards
    return forward.original, message.note


@pytest.mark.parametrize("author", CLIENTS, ids=lambda client: client.name)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
@pytest.mark.parametrize("name", MAILS)
def test_a_forward_has_the_digests_of_its_original(name: str, client: Client, author: Client) -> None:
    """Text, HTML or both, on either side, with or without a signature of the forwarder below."""
    for came in FORMS:
        known = captured(author, name, came)
        for form in FORMS:
            for below in ((), SIGNATURE):
                found, note = original(client, author, name, came, form, below)
                assert (found.digest, found.weak_text) == (known.digest, known.weak_text)
                assert note.startswith("Please file.")
                assert ("Seller GmbH" in note) is bool(below)
                assert known.weak_text


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
@pytest.mark.parametrize("form", FORMS)
def test_a_disclaimer_below_a_forward(client: Client, form: str) -> None:
    """Where mark-up or quoting tells the end of the forward it is the forwarder's, else anyone's."""
    framed = client is APPLE or (client is not OUTLOOK and form != "text")
    for author in CLIENTS:
        known = captured(author, "short", "both")
        found, note = original(client, author, "short", "both", form, DISCLAIMER)
        assert (found.digest == known.digest) is framed
        assert ("confidential" in note) is framed
        long, _ = original(client, author, "long", "both", form, DISCLAIMER)
        assert long.weak_text == captured(author, "long", "both").weak_text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("our page <https://acme.example/a> and more", "our page<https://acme.example/a>\n> and more"),
        ("see www.acme.example<http://www.acme.example/> soon", "see www.acme.example soon"),
        ("see https://acme.example/ <https://acme.example> soon", "see https://acme.example/ soon"),
        ("ask carl@acme.example<mailto:carl@acme.example> now", "ask carl@acme.example now"),
        ("ask Carl <mailto:carl@acme.example> now", "ask Carl [carl@acme.example] now"),
        ("call 600 100 200<tel:+48600100200> today", "call 600 100 200 today"),
        ("the plan [cid:image001.png@01DA5C1F.3B2A1C40] below", "the plan [image: image001.png] below"),
    ],
)
def test_links_and_pictures_as_clients_write_them(one: str, other: str) -> None:
    """The same link or picture is the same, however a client puts it into text."""
    assert normal_text(one) == normal_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("our page <https://acme.example/a> and more", "our page <https://acme.example/b> and more"),
        ("our page <https://acme.example/a> and more", "our page and more"),
        ("see acme.example <https://evil-acme.example> soon", "see acme.example soon"),
        ("see evil-acme.example <https://acme.example> soon", "see evil-acme.example soon"),
        ("see b.acme.example <https://acme.example> soon", "see b.acme.example soon"),
        ("ask Carl <carl@acme.example> now", "ask Carl <dora@acme.example> now"),
        ("we say yes[yes] to all of it", "we say yes to all of it"),
        ("we take <five> of them, please", "we take <nine> of them, please"),
        ("see https://acme.example/a <https://acme.example/A?b> soon", "see https://acme.example/a soon"),
    ],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    """A digest opens a mail to a second submitter, so another target is another mail."""
    assert normal_text(one) != normal_text(other)


def test_the_target_of_a_link_counts_in_html_alone() -> None:
    """Two mails of HTML whose words are the same but whose links are not are two."""
    head = b"From: a@acme.example\r\nContent-Type: text/html\r\n\r\n"
    one, other = (
        digest_of(
            parse(head + b'<p>Please <a href="https://acme.example/%s">sign here</a> today</p>' % key).content
        )
        for key in (b"1", b"2")
    )
    assert one != other


@pytest.mark.parametrize(
    "banner", ["", "CAUTION: This email originated from outside of the organization.\n\n"]
)
@pytest.mark.parametrize("wrapper", ["{}", "Please see below.\n\n{}", "> {}", "Nothing of it."])
def test_what_a_wrapper_tells_of_banners_changes_no_digest(banner: str, wrapper: str) -> None:
    """A text has one normal form, whether its wrapper's or its own words are asked for banners."""
    text = f"{banner}We accept your offer of Monday."
    whole = wrapper.format(text)
    assert normal_text(text, whole) == normal_text(text) == "weacceptyourofferofmonday"
    assert weak_digest(text, text, whole) == weak_digest("We accept your offer of Monday.") != b""
