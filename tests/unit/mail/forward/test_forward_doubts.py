"""Mail that shows another mail's header and is no forward: nobody is taken for its author."""

import pytest

from bccd.mail.parse import parse
from bccd.model.message import SURE

RAW = (
    "From: Carl Berg <carl@klient.example>\nTo: team@lists.example\nSubject: {subject}\n"
    "Date: Mon, 25 Mar 2024 15:07:21 +0100\n"
)
DOUBTS = {
    "a digest of RFC 1153": (
        "Today's Topics:\n\n   1. Offer (Carl Berg)\n\n"
        + "-" * 70
        + "\n\nDate: Mon, 25 Mar 2024 15:07:21 +0100\nFrom: Carl Berg <carl@klient.example>\n"
        "To: team@lists.example\nSubject: Offer\n\nHello\n\n" + "-" * 30 + "\n\nEnd of Team Digest\n"
    ),
    "a digest of Mailman": (
        "Message: 1\nDate: Mon, 25 Mar 2024 15:07:21 +0100\nFrom: Carl Berg <carl@klient.example>\n"
        "To: team@lists.example\nSubject: [Team] Offer\nMessage-ID: <1@klient.example>\n"
        "Content-Type: text/plain\n\nHello\n"
    ),
    "a patch sent again": f"{RAW.format(subject='[PATCH v2 1/3] Fix it')}\nFix it.\n\n---\n a.c | 2 +-\n",
    "a patch with its commit": (
        "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
        f"{RAW.format(subject='Fix it')}\nFix it.\n"
    ),
    "git send-email, dry run": (
        f"Dry-OK. Log says:\nMAIL FROM:<a@x.example>\n{RAW.format(subject='Fix it')}\nResult: OK\n"
    ),
    "an SMTP session": (
        "<- 220 mx.example\n-> MAIL FROM:<carl@klient.example>\n-> RCPT TO:<team@lists.example>\n-> DATA\n"
        f"{RAW.format(subject='Test')}\nHello\n.\n<- 250 ok\n"
    ),
    "the text of a standard": (
        "RFC 5322, Appendix A.1.1:\n\n----\nFrom: John Doe <jdoe@machine.example>\n"
        "To: Mary Smith <mary@example.net>\nSubject: Saying Hello\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n"
        "Message-ID: <1234@local.machine.example>\n\nThis is a message just to say hello.\n----\n"
    ),
    "a log excerpt": (
        "Mar 25 15:07:21 mx: from=<carl@klient.example>, to=<team@lists.example>, subject: Offer\n"
        "Mar 25 15:07:22 mx: to: anna@seller.example\n"
    ),
    "a mail to be approved by a list's owner": (
        "As list administrator, your authorization is requested for this mailing list posting:\n\n"
        "    List:    team@lists.example\n    From:    carl@klient.example\n    Subject: Offer\n"
        "    Reason:  Post by non-member to a members-only list\n\nAt your convenience, visit the page.\n"
    ),
    "a bug tracker": (
        "http://bugs.example/show_bug.cgi?id=12\n\n           Summary: It breaks\n           Product: Core\n"
        "        ReportedBy: carl@klient.example\n                CC: anna@seller.example\n"
        "Date: 2024-03-25 14:07\n"
    ),
    "a travel booking": (
        "From: Warszawa Centralna\nTo: Berlin Hbf\nDate: Monday, March 25, 2024 2:07 PM\nSeat: 12A\n"
    ),
    "a booking with a subject": (
        "From: Warszawa Centralna\nTo: Berlin Hbf\nDate: Monday, March 25, 2024 2:07 PM\nSubject: to change\n"
    ),
    "a calendar entry": (
        "Subject: Offer\nWhen: Monday, March 25, 2024 2:07 PM-3:00 PM.\nWhere: Room 1\n\n*~*~*~*~*\n"
    ),
    "minutes of a meeting": (
        "Minutes\nFrom: 14:07\nTo: 15:00\nDate: 25.03.2024\nSubject: Offer\nPresent: Carl, Anna\n"
    ),
    "a form of a web site": (
        "From: Carl Berg\nTo: Sales\nSubject: Question\nPhone: 123 456\nMessage: please call at 14:07\n"
    ),
    "a quoted reply": (
        "Fine.\n\nOn Mon, Mar 25, 2024 at 2:07 PM Carl Berg <carl@klient.example> wrote:\n> From: me\n"
        "> To: you\n"
        "> Subject: Offer\n> Sent: Monday, March 25, 2024 2:07 PM\n"
    ),
    "a talk about forwarding": (
        "Gmail writes a line\n\n    ---------- Forwarded message ---------\n\nand below it From: and To:.\n"
    ),
    "an error report with a header": (
        "It fails for this mail:\n\nX-Mailer: x\nReceived: by mx.example\n"
        + RAW.format(subject="Offer")
        + "\nbody\n"
    ),
    "a mail merge template": (
        "From: {{ sender }}\nTo: {{ recipient }}\nDate: {{ date }}\nSubject: {{ subject }}\n\nDear you\n"
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_nobody_is_taken_for_the_author(name: str) -> None:
    """Either nothing is found, or nothing at the confidence from which on mail is filed."""
    head = "From: Anna <anna@seller.example>\nTo: drop@drop.example\nSubject: About this\n\n"
    for forward in parse(f"{head}{DOUBTS[name]}".encode()).forwards:
        assert forward.confidence < SURE, forward
