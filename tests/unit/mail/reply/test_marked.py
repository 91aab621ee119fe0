"""Replies in HTML, with every word of the client replaced by an unknown one: the mark-up tells."""

# ruff: noqa: E501  lines as clients write them

import re

from bccd.mail.html import html_text
from bccd.mail.reply import Reply, read_reply
from bccd.model.message import Mailbox

NEW = "<div>Thank you for asking.</div><div>The offer is attached.</div><div><br></div><div>Anna</div>"
PLAIN = "Thank you for asking.\nThe offer is attached.\n\nAnna"
OLD = "<p>Hello Anna, could you send it?</p><p>Carl</p>"
HEAD = (
    "<b>Q:</b> C &lt;c@x.example&gt;<br><b>Qs:</b> 16 Zember 2026 10:00<br><b>Qt:</b> A<br><b>Qj:</b> O<br>"
)
ON = "Qon 16 Zem 2026 10:00 Carl qwrote:"
BORDER = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"

MARKED = {
    "gmail": f'<div class="gmail_quote"><div class="gmail_attr">{ON}<br></div><blockquote class="gmail_quote">{OLD}</blockquote></div>',
    "outlook": f'<div><div style="{BORDER}"><p class=MsoNormal>{HEAD}</p></div></div>{OLD}',
    "outlook of the web": f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEAD}</div><div>{OLD}</div>',
    "outlook of the web, copied": f'<hr><div id="x_divRplyFwdMsg">{HEAD}</div><div>{OLD}</div>',
    "new outlook": f'<div id="mail-editor-reference-message-container"><div style="{BORDER}">{HEAD}</div>{OLD}</div>',
    "outlook for Mac": f'<span id="OLK_SRC_BODY_SECTION"><div>{HEAD}</div>{OLD}</span>',
    "outlook of phones": f'<hr><div class="ms-outlook-mobile-reference-message">{HEAD}</div>{OLD}',
    "yahoo": f'<div id="ydp1yahoo_quoted_2" class="ydp1yahoo_quoted"><div>Qon Carl qwrote</div>{OLD}</div>',
    "proton": f'<div class="protonmail_quote">Qon Carl qwrote:<br><blockquote type="cite">{OLD}</blockquote></div>',
    "zoho": f'<div class="zmail_extra"><div>--- Qon Carl qwrote ---</div><blockquote>{OLD}</blockquote></div>',
    "zimbra": f'<hr data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{HEAD}</div><div>{OLD}</div>',
    "gmx": f'<div name="quote"><div>{HEAD}</div><div name="quoted-content">{OLD}</div></div>',
    "mail.ru": f'<blockquote style="border-left:1px solid #0857A6">{ON}<br>{OLD}</blockquote>',
    "yandex": f'<div>16.11.2026, 10:00, "C" &lt;c@x.example&gt;:</div><blockquote>{OLD}</blockquote>',
    "apple": f'<blockquote type="cite"><div>{ON}</div><br>{OLD}</blockquote>',
    "mozilla": f'<div class="moz-cite-prefix">{ON}<br></div><blockquote type="cite">{OLD}</blockquote>',
    "roundcube": f'<p id="reply-intro">{ON}</p><blockquote type="cite">{OLD}</blockquote>',
    "spark": f'<div name="messageReplySection">Qon Carl qwrote:<br><blockquote type="cite">{OLD}</blockquote></div>',
    "samsung": f'<div class="quoted-html"><div>-------- Q --------</div>{HEAD}{OLD}</div>',
    "odoo": f'<div data-o-mail-quote="1">{HEAD}{OLD}</div>',
    "front": f'<blockquote class="front-blockquote">Qon Carl qwrote<br>{OLD}</blockquote>',
    "tutanota": f'<div>{ON}</div><blockquote class="tutanota_quote">{OLD}</blockquote>',
}
SIGNATURES = {
    "gmail": '<div class="gmail_signature"><div>Anna N.</div><div>ACME</div></div>',
    "outlook": '<div id="Signature"><div>Anna N.</div><div>ACME</div></div>',
    "mozilla": '<div class="moz-signature">Anna N.<br>ACME</div>',
    "spark": '<div name="messageSignatureSection">Anna N.<br>ACME</div>',
    "samsung": '<div id="composer_signature">Anna N.<br>ACME</div>',
}
QUOTING = re.compile("^>+ ?", re.MULTILINE)


def read(html: str, text: str = "") -> Reply:
    """Read HTML as it is shown, or the text beside it."""
    return read_reply(text or html_text(html)[0], sender=Mailbox("", ""), html=html)


def test_html_alone() -> None:
    """Each client's element tells what it quotes, in a mail of HTML alone."""
    found = {name: read(f"{NEW}{marked}").new_text for name, marked in MARKED.items()}
    assert {name: new for name, new in found.items() if new != PLAIN} == {}


def test_text_beside_html() -> None:
    """A text that shows no history is cut where the HTML says that it begins."""
    plain = {name: QUOTING.sub("", html_text(f"{NEW}{marked}")[0]) for name, marked in MARKED.items()}
    found = {name: read(f"{NEW}{marked}", plain[name]).new_text for name, marked in MARKED.items()}
    assert {name: new for name, new in found.items() if new != PLAIN} == {}


def test_signatures() -> None:
    """A signature that the client set apart is one, above history too; but never all that was written."""
    for name, signature in SIGNATURES.items():
        assert read(f"{NEW}{signature}") == Reply(PLAIN, "", "Anna N.\nACME"), name
        assert read(f"{NEW}{signature}{MARKED['outlook']}").signature == "Anna N.\nACME", name
        assert read(f"{NEW}{signature}", f"{PLAIN}\n\nAnna N.\nACME").signature == "Anna N.\nACME", name
        assert read(signature).new_text == "Anna N.\nACME", name


def test_answers_inside_a_frame() -> None:
    """Gmail's element holds the answers between the quotes, too: they are new, in their order."""
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On 16.11.2026 10:00, C &lt;c@x.example&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote">One?</blockquote><div>Yes.</div>'
        '<blockquote class="gmail_quote">Two?</blockquote><div>No.</div></div>'
    )
    assert " ".join(read(html).new_text.split()) == "Yes. No."


def test_indented_words_of_the_writer() -> None:
    """A blockquote without a client's sign is the writer's own way to indent."""
    assert read(f"{NEW}<blockquote>indented</blockquote>").quoted_text == ""
