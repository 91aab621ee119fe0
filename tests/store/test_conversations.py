"""Which real mails are one conversation, from octets to rows (data.md 1.2, 1.3, 1.6, 1.7)."""

from base64 import b64encode
from datetime import timedelta

import pytest
from sqlalchemy import text

from bccd.model.policy import Policy
from bccd.store.engine import reading
from bccd.store.rethread import check
from bccd.store.rows import to_json
from bccd.store.uow import transaction
from bccd.testing import raw_mail
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, DROP
from tests.store.test_commands import Desk, desk
from tests.store.test_grouping import LOGIN, file, homes, send, together

__all__ = ["desk"]

pytestmark = on_every_database

JAN, MARIA = "jan@customer.example", "maria@elsewhere.example"
CUSTOMER = {"jan": JAN, "ola": "ola@customer.example", "maria": MARIA}


def of_parts(raw: bytes, kind: str, *parts: bytes) -> bytes:
    """Give a mail of one text these parts in its place."""
    head = raw.partition(b"\r\n\r\n")[0].replace(b"text/plain; charset=utf-8", f"{kind}; boundary=b".encode())
    return head + b"\r\n\r\n" + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def forwarded(inner: bytes, user: int = ANNA) -> bytes:
    """Forward a mail to the drop address as an attachment."""
    wrapper = raw_mail(LOGIN[user], DROP, subject="Fwd", message_id=f"{len(inner)}-{user}@wrapper")
    return of_parts(
        wrapper, "multipart/mixed", b"Content-Type: text/plain\r\n\r\nFYI",
        b"Content-Type: message/rfc822\r\n\r\n" + inner.replace(b"boundary=b", b"boundary=i").replace(
            b"--b\r\n", b"--i\r\n").replace(b"--b--", b"--i--"),
    )  # fmt: skip


def received(name: str, *parents: str, author: str = JAN, subject: str = "Re: Offer", **more: str) -> bytes:
    """Write a customer's mail to Anna."""
    fields = {"References": " ".join(f"<{parent}>" for parent in parents)} if parents else {}
    fields |= {field.replace("_", "-"): value for field, value in more.items()}
    return raw_mail(
        author, LOGIN[ANNA], subject=subject, message_id=name, text=f"text of {name}", more=fields,
        date=NOON + timedelta(hours=1),
    )  # fmt: skip


def calendar(method: str, uid: str) -> bytes:
    """Write an iCalendar part."""
    lines = (
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return f"Content-Type: text/calendar; method={method}\r\n\r\n".encode() + "\r\n".join(lines).encode()


@pytest.fixture(autouse=True)
def _as_the_function_says(desk: Desk) -> object:
    yield
    assert list(check(desk.stores.database, 1)) == []


@pytest.mark.parametrize("split", [True, False])
def test_a_changed_subject_splits_unless_the_company_says_otherwise(desk: Desk, *, split: bool) -> None:
    """Prefixes, counters and tags change nothing; other words do, if the setting is on (data.md 1.3, 1.4)."""
    with transaction(desk.stores.database) as connection:
        settings = to_json(Policy(split_on_subject=split))
        connection.execute(text("UPDATE company SET settings = :settings"), {"settings": settings})
    first = send(desk, "first")
    answer = file(desk, forwarded(received("a@jan", "first@x", subject="AW: [EXT] Re[2]: offer")))
    holiday = file(desk, forwarded(received("b@jan", "first@x", "a@jan", subject="Holiday")))
    later = send(desk, "later", "b@jan", subject="Re: Holiday", to=JAN)
    stranger = send(desk, "stranger", subject="Offer")
    if split:
        assert together(desk, first, answer)
        assert together(desk, stranger)
        assert homes(desk)[holiday] != homes(desk)[first]
    else:
        assert together(desk, first, answer, holiday)
    assert later in homes(desk)


def test_ids_that_were_merged_away_resolve_for_ever(desk: Desk) -> None:
    """v1_conversation_alias names the one that lives, whatever is merged after (data.md 1.6)."""
    one, two, three = send(desk, "one"), send(desk, "two"), send(desk, "three")
    at = homes(desk)
    send(desk, "bridge", "two", "three")
    assert aliases(desk) == {at[three]: at[two]}
    send(desk, "further", "one", "bridge")
    assert aliases(desk) == {at[two]: at[one], at[three]: at[one]}
    desk.do(ANNA, "conversation.split", messages=[two])
    assert homes(desk)[two] not in at.values()
    assert aliases(desk).items() >= {at[two]: at[one], at[three]: at[one]}.items()


def aliases(desk: Desk) -> dict[int, int]:
    """Return what front ends read of merged conversations."""
    with reading(desk.stores.database) as connection:
        wanted = text("SELECT conversation_id, merged_into FROM v1_conversation_alias WHERE company_id = 1")
        return {row[0]: row[1] for row in connection.execute(wanted)}


def test_an_id_that_a_provider_rewrote_is_an_alias(desk: Desk) -> None:
    """Answers to either id join, whichever way the two copies came (data.md 1.2, 1.7)."""
    words = "Please find enclosed our offer for forty nets, as we spoke of on Monday."
    sent = raw_mail(LOGIN[ANNA], JAN, message_id="own@x", more={"Cc": LOGIN[BERT]}, text=words)
    first = file(desk, sent)
    arrived = sent.replace(b"<own@x>", b"<0102@ses.example>")
    assert file(desk, forwarded(arrived, BERT), BERT) == first
    to_own = file(desk, forwarded(received("a@jan", "own@x")))
    to_other = file(desk, forwarded(received("b@jan", "0102@ses.example")))
    assert together(desk, first, to_own, to_other)


def test_an_id_that_exchange_rewrote_is_named_beside_the_new_one(desk: Desk) -> None:
    """X-Microsoft-Original-Message-ID ties an answer to the id that the sender gave (data.md 1.2)."""
    answer = file(desk, forwarded(received("a@jan", "own@x", subject="Offer")))
    more = {"X-Microsoft-Original-Message-ID": "<own@x>"}
    first = file(desk, raw_mail(LOGIN[ANNA], JAN, message_id="new@outlook.example", more=more))
    assert together(desk, first, answer)


def test_an_invitation_and_its_reply_are_one_conversation(desk: Desk) -> None:
    """By the UID, under whatever subject and without any id; another event's are not (data.md 1.2, ical)."""
    parts = b"Content-Type: text/plain\r\n\r\nLet us meet.", calendar("REQUEST", "meet-1@seller.example")
    asked = raw_mail(LOGIN[ANNA], JAN, subject="Meeting", message_id="ask@x")
    invitation = file(desk, of_parts(asked, "multipart/alternative", *parts))
    said = b"Content-Type: text/plain\r\n\r\nYes."
    reply = received("yes@jan", subject="Gladly")
    accepted = of_parts(reply, "multipart/alternative", said, calendar("REPLY", "meet-1@seller.example"))
    other = of_parts(
        received("no@jan", subject="Sorry"), "multipart/alternative", said, calendar("REPLY", "meet-2@x")
    )
    answer, apart = file(desk, forwarded(accepted)), file(desk, forwarded(other))
    assert together(desk, invitation, answer)
    assert together(desk, apart)


def test_thread_index_counts_between_the_same_people_only(desk: Desk) -> None:
    """Outlook copies it with a template, so it ties no two customers (data.md 1.2, ti)."""
    index = {"Thread-Index": b64encode(b"\1" + b"\0" * 5 + b"G" * 16).decode()}
    first, second = send(desk, "first", more=index), send(desk, "second", more=index)
    other = send(desk, "other", more=index, to=MARIA)
    assert together(desk, first, second)
    assert together(desk, other)


def test_a_copy_that_names_more_ties_more(desk: Desk) -> None:
    """What one way of a mail leaves out, another may have: Thread-Index, say (data.md 1.6, 1.7)."""
    index = b64encode(b"\1" + b"\0" * 5 + b"G" * 16).decode()
    first = send(desk, "first", more={"Thread-Index": index})
    bare = raw_mail(LOGIN[ANNA], JAN, message_id="second@x", more={"Cc": LOGIN[BERT]}, text="second")
    second = file(desk, bare)
    assert together(desk, first)
    again = bare.replace(b"From:", f"Thread-Index: {index}\r\nFrom:".encode(), 1)
    assert file(desk, forwarded(again, BERT), BERT) == second
    assert together(desk, first, second)


def test_a_forwarded_bounce_stands_with_the_mail_that_it_reports(desk: Desk) -> None:
    """Though its own subject is another, and it names the id in the report alone (data.md 1.2, DSN)."""
    sent = send(desk, "sent")
    report = (
        b"Content-Type: text/plain\r\n\r\nUser unknown.",
        (
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            b"Final-Recipient: rfc822; jan@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        ),
        (
            b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <sent@x>\r\nSubject: Offer\r\n"
            b"From: anna@seller.example\r\nTo: jan@customer.example\r\n"
        ),
    )
    bounce = received("bounce@mx", author="mailer-daemon@mx.example", subject="Undelivered Mail")
    kind = "multipart/report; report-type=delivery-status"
    assert together(desk, sent, file(desk, forwarded(of_parts(bounce, kind, *report))))


def test_answers_to_a_newsletter_part_when_it_comes(desk: Desk) -> None:
    """They came first and were one by its id; each firm's are one after (data.md 1.2, broadcasts)."""
    at = {
        name: file(desk, forwarded(received(f"{name}@y", "news@x", author=author, subject="Re: News")))
        for name, author in CUSTOMER.items()
    }
    assert together(desk, *at.values())
    before = homes(desk)[at["jan"]]
    more = {"List-Unsubscribe": "<mailto:off@seller.example>", "Precedence": "bulk"}
    news = send(desk, "news", more=more, subject="News", to=f"{JAN}, {MARIA}")
    assert together(desk, news)
    assert together(desk, at["jan"], at["ola"])
    assert together(desk, at["maria"])
    assert homes(desk)[at["jan"]] == before
