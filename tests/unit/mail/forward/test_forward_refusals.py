"""What looks like a forward and is none."""

import pytest

from bccd.mail.forward import find_inline
from bccd.model.message import Mailbox

NOT_FORWARDS = {
    "nothing": "",
    "prose": "Hello,\n\nplease send the offer.\n\nJan\n",
    "attribution, en": (
        "Thanks!\n\nOn Tue, Mar 5, 2024 at 2:07 PM Anna <anna@x.example> wrote:\n> Please answer.\n"
    ),
    "attribution, pl": "Dzięki\n\nW dniu 5.03.2024 o 14:07, Anna Zielińska pisze:\n> Proszę o odpowiedź.\n",
    "attribution, folded": (
        "Ok\n\nwt., 5 mar 2024 o 14:07 Anna Zielińska\n<anna@x.example> napisał(a):\n\n> Pytanie\n"
    ),
    "answer to a mail that held a block": (
        "Zgoda.\n\nW dniu 5.03.2024 o 14:07, Anna pisze:\n> Zobacz niżej.\n>\n> Od: Jan <jan@x.example>\n"
        "> Wysłano: wtorek, 5 marca 2024 10:00\n> Do: Anna <anna@x.example>\n> Temat: Umowa\n>\n> Treść\n"
    ),
    "answer to a forward": (
        "Ok\n\nOn Tue, Mar 5, 2024 Anna wrote:\n> fyi\n>\n> ---------- Forwarded message ---------\n"
        "> From: Jan <jan@x.example>\n> Date: Tue, Mar 5, 2024 at 2:07 PM\n> Subject: S\n> To: a@x.example\n"
    ),
    "itinerary": "From: Warsaw\nTo: Berlin\nDate: 12 May 2024 10:15\nSeat: 12A\n",
    "itinerary, pl": "Od: Warszawa Centralna\nDo: Gdynia Główna\nData: 12.05.2024 10:15\nWagon: 7\n",
    "invoice": (
        "Invoice 12/2024\nFrom: Acme Ltd\nTo: Customer GmbH\nDate: 2024-05-12\nSubject: Services in May\n"
    ),
    "invoice with addresses": "From: billing@acme.example\nTo: jan@x.example\nDate: 2024-05-12\nTotal: 100\n",
    "memo": "MEMO\nTo: All staff\nFrom: HR\nDate: 12 May 2024\nSubject: Holidays\n\nEnjoy.\n",
    "contact form": "From: Jan <jan@x.example>\nSubject: Question\nMessage: call me at 10:30\n",
    "configuration": (
        "alert:\n  from: noreply@x.example\n  to: ops@x.example\n  subject: Disk full\n  date: '%Y-%m-%d'\n"
    ),
    "template": "From: {name}\nDate: {date}\nTo: {to}\nSubject: {subject}\n",
    "signature": "Jan Dąb\nTel: 22 123 45 67\nEmail: jan@x.example\nFax: 22 123 45 68\nDo: 17:00\n",
    "bug tracker": (
        "Bug 123\nReporter: jan@x.example\nDate: 2024-05-12 10:11\nProduct: Core\nStatus: NEW\nTo: 1.2\n"
    ),
    "raw header of a bounce": (
        "The mail below was not delivered.\n\nReturn-Path: <a@x.example>\nReceived: by "
        "mx.example; Tue, 5 Mar 2024\n"
        "From: A <a@x.example>\nTo: b@x.example\nSubject: S\nDate: Tue, 5 Mar 2024 10:11:12 +0100\n"
        "Message-ID: <1@x.example>\nMIME-Version: 1.0\n"
    ),
    "raw header without its first lines": (
        "Errors-To: a@x.example\nFrom: A <a@x.example>\nTo: b@x.example\nSubject: S\n"
        "Date: Tue, 5 Mar 2024 10:11:12 +0100\n"
    ),
    "raw header with a field in between": (
        "From: A <a@x.example>\nErrors-To: a@x.example\nTo: b@x.example\nSubject: S\n"
        "Date: Tue, 5 Mar 2024 10:11:12 +0100\n"
    ),
    "digest": (
        "Message: 1\nDate: Tue, 5 Mar 2024 10:11:12 +0100\nFrom: A <a@x.example>\nTo: list@x.example\n"
        "Subject: [list] S\nMessage-ID: <1@x.example>\n\nHello\n"
    ),
    "patch": (
        "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: A <a@x.example>\n"
        "Date: Tue, 5 Mar 2024 10:11:12 +0100\nSubject: [PATCH] Fix it\n\n---\n"
    ),
    "labels of several languages": (
        "De: A <a@x.example>\nWysłano: 2024-03-05 10:00\nAn: b@x.example\nOggetto: S\n"
    ),
    "subject only": "FW: offer\nSubject: offer\n\nSee below.\n",
    "two columns of a table": "From: 10:00\nTo: 12:00\nSubject: Maths\nRoom: 12\n",
}


@pytest.mark.parametrize("name", NOT_FORWARDS)
def test_what_is_no_forward_is_none(name: str) -> None:
    """Lines that only resemble a header block never make a forward."""
    assert find_inline(NOT_FORWARDS[name], "") is None


@pytest.mark.parametrize("name", NOT_FORWARDS)
def test_what_is_no_forward_is_none_in_html(name: str) -> None:
    """The same lines as HTML make none either."""
    escaped = NOT_FORWARDS[name].replace("<", "&lt;").replace("\n", "<br>\n")
    assert find_inline("", f"<html><body><div>{escaped}</div></body></html>") is None


_REST = "Sent: Wednesday, November 18, 2026 3:00 PM\nTo: Anna <anna@x.example>\nSubject: Order\n\nHello\n"
_GLUED = (
    "----- Forwarded Message ----- From: {name} <jan@z.example>To: Anna <anna@x.example>"
    "Sent: Wednesday, November 18, 2026 at 03:00:00 PM GMT+1Subject: Order\n Hello\n"
)


@pytest.mark.parametrize(
    "text",
    [
        f"From: maria@y.example To: a <jan@z.example>\n{_REST}",
        f"From: maria@y.example Sent: Wed, Nov 18, 2026 at 3 PM To: me Subject: S <jan@z.example>\n{_REST}",
        "--- Forwarded message ---\nFrom: m@y.example on 18.11.2026 15:00 <jan@z.example>\nSubject: S\n\n",
        _GLUED.format(name="From: maria@y.exampleTo: a"),
        _GLUED.format(name="maria@y.example To: a"),
    ],
)
def test_a_name_that_holds_labels_makes_no_other_the_author(text: str) -> None:
    """A sender chooses his display name, and could have his mail filed as anybody's."""
    found = find_inline(text, "")
    sender = found.forwards[0].original.sender if found else None
    assert sender is None or sender.address == "jan@z.example"


def test_a_header_on_one_line_right_above_another_is_read() -> None:
    """The labels that come again there are another mail's."""
    line = "From: {} Sent: Wednesday, November 18, 2026 3:00 PM To: Anna <anna@x.example> Subject: Order\n"
    found = find_inline(f"{line.format('Jan <jan@z.example>')}{line.format('Bo <bo@z.example>')}Hello\n", "")
    assert found
    assert found.forwards[0].original.sender == Mailbox("Jan", "jan@z.example")
