"""Inline forwards in HTML: each client's mark-up, and how it helps the text part."""

import pytest

from bccd.mail.forward import find_inline
from bccd.model.message import Mailbox

ANNA = Mailbox("Anna Zielińska", "anna@klient.example")
PIOTR = Mailbox("Piotr Lis", "piotr@sprzedaz.example")

OUTLOOK = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<style>p.MsoNormal {{margin:0}}</style></head>
<body lang="PL"><div class="WordSection1"><p class="MsoNormal">Please file.<o:p></o:p></p>
<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">
<p class="MsoNormal"><b><span lang="EN-US">{sender}:</span></b><span lang="EN-US"> Anna Zielińska
&lt;anna@klient.example&gt; <br><b>{date}:</b> {when}<br><b>{to}:</b> Piotr Lis
&lt;piotr@sprzedaz.example&gt;<br>
<b>{subject}:</b> Oferta<o:p></o:p></span></p></div></div><p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<p class="MsoNormal">Proszę o <b>ofertę</b>.<o:p></o:p></p></div></body></html>"""

OUTLOOK_WEB = """<html><body><div class="elementToProof">Please file.</div><div id="appendonsend"></div>
<hr style="display:inline-block;width:98%"><div id="x_divRplyFwdMsg" dir="ltr"><font face="Calibri,
sans-serif">
<b>{sender}:</b> Anna Zielińska &lt;anna@klient.example&gt;<br><b>{date}:</b> {when}<br>
<b>{to}:</b> Piotr Lis &lt;piotr@sprzedaz.example&gt;<br><b>{subject}:</b>
Oferta</font><div>&nbsp;</div></div>
<div>Proszę o ofertę.</div></body></html>"""

GMAIL = """<div dir="ltr">Please file.<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">
---------- Forwarded message ---------<br>{sender}: <strong class="gmail_sendername" dir="auto">Anna
Zielińska</strong>
<span dir="auto">&lt;<a href="mailto:anna@klient.example">anna@klient.example</a>&gt;</span><br>{date}:
{when}<br>
{subject}: Oferta<br>{to}: Piotr Lis &lt;<a
href="mailto:piotr@sprzedaz.example">piotr@sprzedaz.example</a>&gt;<br>
</div><br><br><div dir="ltr">Proszę o ofertę.</div></div></div>"""

APPLE = """<html><body>Please file.<br><div><br><blockquote type="cite"><div>{marker}</div><br
 class="Apple-interchange-newline"><div style="margin: 0px;"><span><b>{sender}: </b></span><span>Anna
Zielińska
&lt;<a href="mailto:anna@klient.example">anna@klient.example</a>&gt;<br></span></div>
<div><span><b>{subject}: </b></span><span><b>Oferta</b><br></span></div>
<div><span><b>{date}: </b></span><span>{when}<br></span></div>
<div><span><b>{to}: </b></span><span>Piotr Lis &lt;piotr@sprzedaz.example&gt;<br></span></div><br>
<div>Proszę o ofertę.</div></blockquote></div></body></html>"""

THUNDERBIRD = """<html><body><p>Please file.</p><div class="moz-forward-container"><br>
-------- Forwarded Message --------<table class="moz-email-headers-table" cellspacing="0"><tbody>
<tr><th align="RIGHT">{subject}: </th><td>Oferta</td></tr><tr><th align="RIGHT">{date}:
</th><td>{when}</td></tr>
<tr><th align="RIGHT">{sender}: </th><td>Anna Zielińska <a
href="mailto:anna@klient.example">&lt;anna@klient.example&gt;</a>
</td></tr><tr><th align="RIGHT">{to}: </th><td>Piotr Lis
&lt;piotr@sprzedaz.example&gt;</td></tr></tbody></table>
<br><br><p>Proszę o ofertę.</p></div></body></html>"""

ENGLISH = {
    "sender": "From",
    "date": "Sent",
    "to": "To",
    "subject": "Subject",
    "when": "Tuesday, March 5, 2024 2:07 PM",
    "marker": "Begin forwarded message:",
}
POLISH = {
    "sender": "Od",
    "date": "Wysłane",
    "to": "Do",
    "subject": "Temat",
    "when": "wtorek, 5 marca 2024 14:07",
    "marker": "Początek przekazywanej wiadomości:",
}
CLIENTS = {
    "outlook": (OUTLOOK, "html:outlook"),
    "outlook web": (OUTLOOK_WEB, "html:outlook-web"),
    "gmail": (GMAIL, "marker:forwarded"),
    "apple": (APPLE, "marker:apple"),
    "thunderbird": (THUNDERBIRD, "marker:forwarded"),
}


@pytest.mark.parametrize("labels", [ENGLISH, POLISH], ids=["en", "pl"])
@pytest.mark.parametrize("client", CLIENTS)
def test_html_alone_gives_the_whole_original(client: str, labels: dict[str, str]) -> None:
    """Where the mail has no text part, the mark-up itself is read."""
    html, evidence = CLIENTS[client]
    inline = find_inline("", html.format(**labels))
    assert inline is not None
    assert inline.note == "Please file."
    (forward,) = inline.forwards
    original = forward.original
    assert original.sender == ANNA
    assert original.to == (PIOTR,)
    assert original.subject == "Oferta"
    assert original.date is not None
    assert (original.date.day, original.date.hour, original.date.minute) == (5, 14, 7)
    assert original.text == "Proszę o ofertę."
    assert evidence in forward.evidence


def test_html_gives_addresses_that_the_text_lost() -> None:
    """Outlook's text part may show names only; the links of the HTML part know the addresses."""
    text = "Od: Anna Zielińska\nWysłano: wtorek, 5 marca 2024 14:07\nDo: Piotr Lis\nTemat: Oferta\n\nTreść"
    html = (
        '<div id="divRplyFwdMsg"><b>Od:</b> <a href="mailto:anna@klient.example">Anna Zielińska</a><br>'
        "<b>Wysłano:</b> wtorek, 5 marca 2024 14:07<br>"
        '<b>Do:</b> <a href="mailto:piotr@sprzedaz.example?subject=x">Piotr '
        "Lis</a><br><b>Temat:</b> Oferta</div>Treść"
    )
    bare, helped = find_inline(text, ""), find_inline(text, html)
    assert bare is not None
    assert helped is not None
    assert bare.forwards[0].original.sender == Mailbox("Anna Zielińska", "")
    assert "sender:name-only" in bare.forwards[0].evidence
    assert helped.forwards[0].original.sender == ANNA
    assert helped.forwards[0].original.from_count == 1
    assert helped.forwards[0].original.to == (PIOTR,)
    assert "sender:name-only" not in helped.forwards[0].evidence
    assert "html:outlook-web" in helped.forwards[0].evidence
    assert helped.forwards[0].confidence > bare.forwards[0].confidence


def test_text_and_html_that_disagree_are_believed_less() -> None:
    """Two parts that name different senders keep the text's, with little trust and a reason."""
    text = "From: A <a@x.example>\nSent: 2024-03-05 14:07\nTo: B <b@x.example>\nSubject: S\n\nHi"
    html = OUTLOOK_WEB.format(**ENGLISH)
    inline = find_inline(text, html)
    assert inline is not None
    (forward,) = inline.forwards
    assert forward.original.sender == Mailbox("A", "a@x.example")
    assert "html:differs" in forward.evidence
    assert forward.confidence <= 0.5


def test_an_answer_s_mark_up_is_no_forward() -> None:
    """gmail_quote and blockquote stand around answers too; without a header block they say nothing."""
    html = (
        '<div>Thanks</div><div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 5, 2024 '
        "at 2:07 PM Anna "
        '&lt;<a href="mailto:anna@klient.example">anna@klient.example</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote" type="cite">Please answer.</blockquote></div>'
    )
    assert find_inline("", html) is None
