"""What the product must do, row by row: real mail into a real daemon, and what each user then sees.

The rows S-nn are behaviours that the help pages of the systems state which bccd follows. Each test has
customers of its own, so that none sees another's mail.
"""

import smtplib
from collections.abc import Iterator
from itertools import count

import pytest

from tests.e2e.harness import DROP, Daemon, wait_for
from tests.e2e.office import ORDERS, QUIET_DROP, Office, forward, letter, mailbox, message_id

pytestmark = pytest.mark.e2e

WAYS = ["gmail", "outlook", "attached"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two companies behind one daemon, for all tests."""
    daemon = Daemon(tmp_path_factory.mktemp("office"))
    try:
        yield Office(daemon).open()
    finally:
        daemon.kill()


# ---- what is found, and where it shows -------------------------------------------------------------------


def test_the_recipient_tells_contact_and_deal(office: Office) -> None:
    """S-02: Contact and deal are found by the address that the mail is sent to, not by others in its text."""
    filed = office.file(
        "ann", letter("ann", "vera", "S-02 offer", "Walt <walt@walt.example> has deal walt1.")
    )
    assert office.links("ann", filed) == {("vera", "active", "address"), ("vera1", "active", "one_open_deal")}


def test_a_recipient_in_cc_has_no_say_over_the_deal(office: Office) -> None:
    """S-02: Who stands in Cc is found by his address, too; the deal is that of whom the mail is sent to."""
    filed = office.file("ann", letter("ann", "vera", "S-02 in copy", Cc=mailbox("walt")))
    assert office.links("ann", filed) == {
        ("vera", "active", "address"),
        ("walt", "active", "address"),
        ("vera1", "active", "one_open_deal"),
    }


def test_a_conversation_shows_on_both_pages(office: Office) -> None:
    """S-03: A mail and its answer stand in the contact's and in the deal's timeline, as one conversation."""
    sent = office.file("ann", letter("ann", "xena", "S-03 offer", date="08:00"))
    reply = forward("attached", "ann", "xena", "Re: S-03 offer", In_Reply_To=message_id("S-03 offer"))
    answered = office.file("ann", reply)
    assert sent.conversation == answered.conversation
    for user in ("ann", "ben"):
        for kind, name in (("contact", "xena"), ("deal", "xena1")):
            assert office.timeline(user, kind, name) == [sent.message, answered.message]
        (shown,) = office.see(user, "conversation", conversation_id=sent.conversation)
        assert (shown["message_count"], shown["linked"]) == (2, 1)


# ---- how mail gets in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "drop", "raw"),
    [
        ("ann", DROP, letter("ann", "yoko", "S-07 new")),
        ("ben", ORDERS, letter("ben", "yoko", "S-07 blind copy named", Bcc=DROP)),
        ("ben", DROP, letter("ben", "yoko", "Re: S-07 answer", References="<question@yoko.example>")),
        ("eve", DROP, forward("gmail", "eve", "mara", "S-07 third party", to="yoko")),
    ],
    ids=["a new mail", "with a Bcc field", "an answer", "a forward to somebody outside"],
)
def test_any_sent_mail_is_filed_by_bcc(office: Office, user: str, drop: str, raw: bytes) -> None:
    """S-07: Any mail that any user sends is filed when one of the company's addresses is in its Bcc."""
    filed = office.file(user, raw, drop)
    shown = office.message(user, filed)
    assert shown is not None
    assert (shown["direction"], shown["provenance"]) == ("outgoing", "bcc")
    assert {name for name, _, _ in office.links(user, filed)} == {"yoko", "yoko1"}


@pytest.mark.parametrize("way", WAYS)
def test_a_customers_reply_is_forwarded(office: Office, way: str) -> None:
    """S-08: A forwarded reply is filed as the customer's own, at its own time; the words above are a note."""
    filed = office.file("ann", forward(way, "ann", "zack", f"S-08 {way}"))
    shown, to_ben = office.message("ann", filed), office.message("ben", filed)
    assert shown is not None and to_ben is not None
    assert (shown["direction"], shown["from_address"]) == ("incoming", mailbox("zack"))
    assert shown["provenance"] == ("forward_attached" if way == "attached" else "forward_inline")
    assert (shown["subject"], shown["new_text"].strip()) == (f"S-08 {way}", "Thank you, that suits us.")
    assert "2025-03-03 09:15" in str(shown["sent_at"]).replace("T", " ")
    assert (shown["own_comment"].strip(), to_ben["own_comment"]) == ("For the file.", None)
    assert {name for name, state, _ in office.links("ben", filed) if state == "active"} == {"zack", "zack1"}


def test_nothing_is_read_but_what_was_sent_in(office: Office) -> None:
    """S-09: Of a conversation of three mails the user hands in one; nothing else of it is anywhere."""
    before = {row["message_id"] for row in office.see("ann", "message")}
    ids = " ".join(message_id(f"S-09 {name}") for name in ("first", "second"))
    quoted = f"Agreed.\n\nOn Mon, 3 Mar 2025 at 08:00 Abel <{mailbox('abel')}> wrote:\n> How much is it?\n"
    filed = office.file("ann", letter("ann", "abel", "Re: S-09 second", quoted, References=ids))
    assert {row["message_id"] for row in office.see("ann", "message")} - before == {filed.message}
    assert office.timeline("ann", "contact", "abel") == [filed.message]
    (shown,) = office.see("ann", "conversation", conversation_id=filed.conversation)
    assert shown["message_count"] == 1


def test_blind_copies_are_shown_to_nobody_else(office: Office) -> None:
    """S-10: Who stands in Bcc, the drop address above all, is seen by the sender alone."""
    fields = {"Cc": mailbox("eve"), "Bcc": f"{DROP}, {mailbox('cora')}"}
    raw = letter("ann", "bela", "S-10 blind", **fields)
    filed = office.file("ann", raw)
    attached = "--part\n\n\n--part\nContent-Type: message/rfc822\n\n"
    received = raw.decode().replace(f"Bcc: {fields['Bcc']}\r\n", "")
    wrapper = letter(
        "eve",
        DROP,
        "Fwd: S-10",
        f"{attached}{received}\n--part--",
        Content_Type="multipart/mixed; boundary=part",
    )
    assert office.file("eve", wrapper) == filed
    seen = {
        user: {
            (row["role"], row["address"]) for row in office.see(user, "participant", message_id=filed.message)
        }
        for user in ("ann", "ben", "eve")
    }
    open_ = {("from", mailbox("ann")), ("to", mailbox("bela")), ("cc", mailbox("eve"))}
    assert seen["ben"] == seen["eve"] == open_
    assert seen["ann"] - open_ == {("bcc", DROP), ("bcc", mailbox("cora"))}
    assert {name for name, _, _ in office.links("ben", filed)} == {"bela", "bela1"}


def test_an_exposed_drop_address_is_nobody(office: Office) -> None:
    """S-10: Written into To or Cc it is no counterparty: the mail is filed with the customer alone."""
    filed = office.file("ann", letter("ann", "cora", "S-10 exposed", Cc=DROP))
    found = {
        row["address"]: row["verdict"] for row in office.see("ben", "participant", message_id=filed.message)
    }
    assert found == {mailbox("ann"): "user", mailbox("cora"): "contact", DROP: "service"}
    assert {name for name, _, _ in office.links("ben", filed)} == {"cora", "cora1"}


@pytest.mark.parametrize("to", [None, "undisclosed-recipients:;", ""], ids=["none", "undisclosed", "empty"])
@pytest.mark.parametrize("way", WAYS)
def test_a_forward_needs_no_to(office: Office, way: str, to: str | None) -> None:
    """S-11: A forward that only its envelope sends to the drop address is filed like any other."""
    subject = f"S-11 {way} {to}"
    raw = forward(way, "ann", "dora", subject, to=None)
    if to is not None:
        raw = f"To: {to}\r\n".encode() + raw
    shown = office.message("ann", office.file("ann", raw))
    assert shown is not None
    assert (shown["direction"], shown["from_address"]) == ("incoming", mailbox("dora"))


# ---- who may hand mail in --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sender",
    [
        "<ann@elsewhere.example>",
        f'"{mailbox("ann")}" <ann@elsewhere.example>',
        "<ann@example.com.elsewhere.example>",
    ],
    ids=["another address", "the login as a name", "the login as a part"],
)
def test_only_the_login_may_submit(office: Office, sender: str) -> None:
    """S-12: Mail from any address but a user's own is refused with 550 and leaves nothing behind."""
    before = office.everything("ann"), office.daemon.deliveries()
    raw = letter("ann", "fred", "S-12 refused").replace(f"<{mailbox('ann')}>".encode(), sender.encode(), 1)
    with pytest.raises(smtplib.SMTPDataError) as caught:
        office.hand_in(raw)  # the envelope says ann, and counts for nothing
    assert caught.value.smtp_code == 550
    assert (office.everything("ann"), office.daemon.deliveries()) == before


def test_the_login_may_submit_however_it_is_written(office: Office) -> None:
    """S-12: Mail from the login address is filed, whatever its case."""
    raw = letter("ann", "fred", "S-12 accepted").replace(b"<ann@example.com>", b"Ann <ANN@Example.COM>", 1)
    assert office.message("ann", office.file("ann", raw)) is not None


def test_another_address_counts_once_it_is_confirmed(office: Office) -> None:
    """S-13: Mail from an alternative address waits until that is confirmed, then files itself."""
    other = "fay@private.example"
    delivery = office.hand_in(letter(other, "gina", "S-13 early"), other)
    assert office.decided("fay", delivery)["state"] == "held"
    (held,) = office.see("fay", "held")
    assert (held["delivery_id"], held["reason"]) == (delivery, "unconfirmed_address")
    assert office.see("ben", "held", delivery_id=delivery) == []
    assert office.timeline("fay", "contact", "gina") == []
    office.set_user("fay", "--alternatives", other)
    wait_for(lambda: office.decided("fay", delivery)["state"] == "filed", 20, office.daemon.tail)
    assert office.see("fay", "held") == []
    later = office.decided("fay", office.hand_in(letter(other, "gina", "S-13 later", date="11:00"), other))
    first = office.decided("fay", delivery)
    assert office.timeline("ben", "deal", "gina1") == [first["message_id"], later["message_id"]]
    told = [row["kind"] for row in office.see("fay", "change") if row["entity_id"] == delivery]
    assert told == ["delivery.held", "delivery.released"]


# ---- who sees it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("user", "sharing", "seen"), [("ann", "shared", True), ("gus", "private", False)])
def test_a_user_has_a_default(office: Office, user: str, sharing: str, seen: bool) -> None:
    """S-14: Mail is shared or private as the user's default says; +private makes an exception."""
    for number in range(2):
        filed = office.file(user, letter(user, "hugo", f"S-14 {user} {number}"))
        shown = office.message(user, filed)
        assert shown is not None and shown["own_sharing"] == sharing
        assert (office.message("ben", filed) is not None) is seen
    tagged = office.file(user, letter(user, "hugo", f"S-14 {user} tag"), DROP.replace("@", "+private@"))
    assert office.message("ben", tagged) is None


def test_a_changed_default_leaves_what_is_there(office: Office) -> None:
    """S-15: A new default counts for mail that is filed from then on; older messages stay as they are."""
    numbers = count()

    def file() -> int:
        return office.file(
            "hal", letter("hal", "ines", f"S-15 {(n := next(numbers))}", date=f"1{n}:00")
        ).message

    def seen_by(user: str) -> list[int]:
        return office.timeline(user, "contact", "ines")

    first = file()
    office.set_user("hal", "--default-sharing", "private")
    assert seen_by("ben") == [first]
    second = file()
    assert seen_by("ben") == [first]
    office.set_user("hal", "--default-sharing", "shared")
    assert seen_by("ben") == [first]
    third = file()
    assert seen_by("ben") == [first, third]
    assert seen_by("hal") == [first, second, third]


def test_others_see_what_is_shared_and_linked(office: Office) -> None:
    """S-16: Shared but linked to nothing, or linked but private, a message is its owner's alone."""
    unlinked = office.file("ann", letter("ann", "info@unheard-of.example", "S-16 unlinked"))
    private = office.file("ann", letter("ann", "jack", "S-16 private"), DROP.replace("@", "+private@"))
    both = office.file("ann", letter("ann", "jack", "S-16 shared"))

    def seen_by(user: str) -> list[bool]:
        return [office.message(user, one) is not None for one in (unlinked, private, both)]

    assert (seen_by("ann"), seen_by("ben")) == ([True] * 3, [False, False, True])
    assert [row["message_id"] for row in office.see("ann", "unlinked", message_id=unlinked.message)]
    assert office.command("ann", "link.set", message=unlinked.message, contact="jack")["state"] == "done"
    assert office.command("ann", "message.share", message=private.message)["state"] == "done"
    assert seen_by("ben") == [True] * 3
    assert office.command("ann", "link.reject", message=unlinked.message, contact="jack")["state"] == "done"
    assert office.command("ann", "message.private", message=both.message)["state"] == "done"
    assert (seen_by("ann"), seen_by("ben")) == ([True] * 3, [False, True, False])


def test_private_mail_is_its_owners_alone(office: Office) -> None:
    """S-17: For all others private mail does not exist: no row, count, subject or event, whoever they are."""
    shared = office.file("ann", letter("ann", "kate", "S-17 open"))
    others = ("ben", "eve")  # eve owns the contact and the deal
    before = {user: office.everything(user) for user in others}
    answer = letter(
        "ann",
        "kate",
        "Re: S-17 open",
        "A secret.",
        References=message_id("S-17 open"),
        Cc="new@unheard-of.example",
    )
    tag = DROP.replace("@", "+private@")
    private = office.file("ann", answer, tag)
    alone = office.file("ann", letter("ann", "newcomer@unheard-of.example", "S-17 alone"), tag)
    assert private.conversation == shared.conversation
    assert office.timeline("ann", "deal", "kate1") == [shared.message, private.message]
    assert {user: office.everything(user) for user in others} == before
    for kind in ("message.share", "message.private", "copy.delete"):
        answer_to_eve = office.command("eve", kind, message=private.message)
        assert (answer_to_eve["state"], answer_to_eve["error"]) == ("refused", "not_found")
    show = ("show", "--company", "example", str(alone.conversation), "--as")
    assert "S-17 alone" in office.bccd(*show, "ann")
    assert office.bccd(*show, "eve", code=5) == ""


# ---- contacts and deals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["LIAM@Liam.Example", "liam@home.example", "mail.of.liam@old-firm.example"]
)
def test_a_contact_has_many_addresses(office: Office, address: str) -> None:
    """S-18: By any of his addresses, written to or written from, the contact is recognised."""
    sent = office.file("ann", letter("ann", address, f"S-18 to {address}"))
    received = office.file("ann", forward("gmail", "ann", address, f"S-18 from {address}"))
    linked = {("liam", "active", "address"), ("liam1", "active", "one_open_deal")}
    assert office.links("ben", sent) == office.links("ben", received) == linked


def test_deals_are_linked_if_the_company_wants_it(office: Office) -> None:
    """S-19: With automatic links off mail stands with the contact alone; switched on, with his open deal."""
    off = office.file("ida", letter("ida", "quinn", "S-19 off"), QUIET_DROP)
    assert office.links("ida", off) == {("quinn", "active", "address")}
    assert office.see("ida", "needs_choice") == []
    company = ["--slug", "quiet", "--name", "Quiet Ltd", "--addresses", QUIET_DROP]
    company += ["--internal-domains", "quiet.example", "--auto-link-deal", "yes"]
    office.bccd("directory", "add", "company", *company)
    on = office.file("ida", letter("ida", "quinn", "S-19 on"), QUIET_DROP)
    assert office.links("ida", on) == {("quinn", "active", "address"), ("quinn1", "active", "one_open_deal")}
    assert office.links("ida", off) == {("quinn", "active", "address")}


def test_several_deals_are_a_question(office: Office) -> None:
    """S-20: Several open deals: the mail stands with the contact, its user is asked, and none is guessed."""
    filed = office.file("ann", letter("ann", "nora", "S-20 question"))
    asked = office.see("ann", "needs_choice", message_id=filed.message)
    assert office.links("ann", filed) == {
        ("nora", "active", "address"),
        ("nora1", "suggested", "several_open_deals"),
        ("nora2", "suggested", "several_open_deals"),
    }
    assert len(asked) == 2 and all("one of 2 open deals" in row["reason"] for row in asked)
    assert office.timeline("ben", "contact", "nora") == [filed.message]
    for deal in ("nora1", "nora2", "won"):
        assert office.timeline("ann", "deal", deal) == []
    assert office.see("ben", "needs_choice", message_id=filed.message) == []


def test_the_choice_is_answered_once_and_later_mail_inherits(office: Office) -> None:
    """S-20: The first answer counts; the conversation's next mail has the chosen deal without a question."""
    filed = office.file("ann", letter("ann", "otto", "S-20 choice", date="08:00"))
    done = office.command("ann", "choice.resolve", message=filed.message, deal="otto2")
    assert (done["state"], done["result"]["changed"]) == ("done", 1)
    again = office.command("eve", "choice.resolve", message=filed.message, deal="otto3")
    assert (again["state"], again["error"]) == ("refused", "already_resolved")
    assert again["result"]["deals"] == [done["result"]["deal"]]
    chosen = {(name, state) for name, state, _ in office.links("ben", filed)}
    assert chosen == {("otto", "active"), ("otto2", "active"), ("otto1", "rejected"), ("otto3", "rejected")}
    reply = forward("attached", "ann", "otto", "Re: S-20 choice", In_Reply_To=message_id("S-20 choice"))
    inherited = office.file("ann", reply)
    assert office.links("ben", inherited) == {
        ("otto", "active", "address"),
        ("otto2", "active", "conversation"),
    }
    assert office.see("ann", "needs_choice", conversation_id=filed.conversation) == []
    assert office.timeline("ben", "deal", "otto2") == [filed.message, inherited.message]


def test_none_of_them_is_an_answer(office: Office) -> None:
    """S-20: The user may say that it is none of the deals: nothing is asked and nothing linked any more."""
    filed = office.file("ann", letter("ann", "page", "S-20 none"))
    assert office.command("ann", "choice.resolve", message=filed.message, deal=None)["state"] == "done"
    assert office.see("ann", "needs_choice", message_id=filed.message) == []
    assert {name for name, state, _ in office.links("ann", filed) if state == "active"} == {"page"}
