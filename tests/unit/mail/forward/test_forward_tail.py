"""What stands below a forward, and whose it is."""

import pytest

from bccd.mail.parse import parse
from bccd.model.message import Message

HEAD = """---------- Forwarded message ---------
From: Carl Carlson <carl@customer.example>
Date: Mon, 16 Nov 2026 at 10:00
Subject: Offer
To: Anna Nowak <anna@seller.example>

"""


def forward(text: str, subject: str = "Fwd: Offer") -> Message:
    """Read a forward of one text part."""
    head = f"From: Anna Nowak <anna@seller.example>\r\nSubject: {subject}\r\n\r\n"
    return parse((head + text).replace("\r\n", "\n").replace("\n", "\r\n").encode())


@pytest.mark.parametrize(
    ("below", "theirs"),
    [
        ("-- \nAnna Nowak\nSeller", False),
        ("--\nAnna\nanna@seller.example", False),
        ("-- \nANNA  NOWAK", False),
        ("-- \nCarl Carlson", True),
        ("-- \nCarl Carlson, for Anna Nowak", True),
        ("-- \nAnna", True),
        ("Anna Nowak", True),
        ("-- \n" + "line\n" * 20 + "Anna Nowak", True),
    ],
)
def test_a_signature_in_text_alone(below: str, theirs: bool) -> None:
    """It is the forwarder's if it names him and not the author; what is doubtful stays where it is."""
    message = forward(f"Look.\n\n{HEAD}We accept.\n\n{below}\n")
    (found,) = message.forwards
    assert (found.original.text == f"We accept.\n\n{below}") is theirs
    assert found.original.text.startswith("We accept.")
    assert (message.note == "Look.") is theirs


def test_the_history_of_an_answer_has_no_tail() -> None:
    """In an answer the signature at the end of what it quotes was there before."""
    block = HEAD.partition("\n")[2]
    message = forward(f"Yes.\n\n{block}We accept.\n\n-- \nAnna Nowak\n", "Re: Offer")
    assert (message.note, message.content.new_text) == ("Yes.", "Yes.")
    assert message.forwards[0].original.text.endswith("Anna Nowak")


def test_words_below_a_quoted_forward() -> None:
    """What is not quoted below a quoted forward is the forwarder's, but a wrapped last line is not."""
    quoted = "".join(f"> {line}\n" for line in f"{HEAD}We accept\n\nCarl".split("\n"))
    message = forward(f"{quoted}\nWhat do you think?\n")
    assert (message.note, message.forwards[0].original.text) == ("What do you think?", "We accept\n\nCarl")
    wrapped = forward(f"{quoted}Carlson of Customer\n")
    assert (wrapped.note, wrapped.forwards[0].original.text) == ("", "We accept\n\nCarl\nCarlson of Customer")


def framed(html: str, text: str = "") -> Message:
    """Read a forward in HTML that shows two pictures."""
    parts = [f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}"]
    if text:
        plain = text.replace("\n", "\r\n")
        first = f"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"
        head = "Content-Type: multipart/alternative; boundary=a\r\n\r\n"
        parts = [f"{head}{first}--a\r\n{parts[0]}\r\n--a--\r\n"]
    parts += [f"Content-Type: image/png\r\nContent-ID: <{name}>\r\n\r\n{name}" for name in ("plan", "logo")]
    head = "From: Anna Nowak <anna@seller.example>\r\nSubject: FW: Offer\r\n"
    body = "".join(f"--m\r\n{part}\r\n" for part in parts)
    return parse(f"{head}Content-Type: multipart/related; boundary=m\r\n\r\n{body}--m--\r\n".encode())


BLOCK = (
    "From: Carl &lt;<a href=mailto:carl@customer.example>carl@customer.example</a>&gt;<br>Sent: Monday, "
    "November 16, 2026 10:00 AM<br>To: Anna &lt;anna@seller.example&gt;<br>Subject: Offer<br><br>"
)
LOGO, PLAN = '<img src="cid:logo">', '<img src="cid:plan">'
FRAMES = {
    "gmail": (
        '<div class="gmail_quote gmail_quote_container">---------- Forwarded message ---------<br>',
        "</div>",
    ),
    "outlook": ('<div style="border:none;border-top:solid #E1E1E1 1.0pt">', ""),
    "apple": ('<blockquote type="cite">Begin forwarded message:<br><br>', "</blockquote>"),
    "thunderbird": ('<div class="moz-forward-container">-------- Forwarded Message --------<br>', "</div>"),
    "web": ('<hr><div id="divRplyFwdMsg">', "</div>"),
}


@pytest.mark.parametrize("client", FRAMES)
def test_pictures_of_the_forwarder_are_not_the_originals(client: str) -> None:
    """A logo above the forward belongs to the wrapper; what both show is the original's."""
    opened, closed = FRAMES[client]
    body = f"<div>We accept {PLAN}</div>"
    message = framed(f"<div>Look {LOGO}</div>{opened}{BLOCK}{body}{closed}")
    assert [file.content_id for file in message.forwards[0].original.attachments] == ["plan"]
    assert [file.content_id for file in message.content.attachments] == ["plan", "logo"]
    message = framed(f"<div>Look {LOGO}</div>{opened}{BLOCK}{body}{LOGO}{closed}")
    assert len(message.forwards[0].original.attachments) == 2
    unshown = framed(f"<div>Look</div>{opened}{BLOCK}We accept{closed}")
    assert len(unshown.forwards[0].original.attachments) == 2


def test_a_frame_that_holds_no_header_is_none() -> None:
    """A quotation above the forward, or a ruled box inside the original, is not taken for the forward."""
    cited = f"<blockquote type=cite>Quoted {LOGO} words</blockquote>{'<p>More</p>' * 400}"
    message = framed(f"{cited}---------- Forwarded message ---------<br>{BLOCK}We accept {PLAN}")
    assert len(message.forwards[0].original.attachments) == 2


@pytest.mark.parametrize("client", ["gmail", "apple", "thunderbird"])
def test_what_stands_behind_the_frame_is_cut_off_the_text(client: str) -> None:
    """Both forms say the same, so the end of the HTML's forward is that of the text's."""
    opened, closed = FRAMES[client]
    below = "<p>Seller GmbH is registered at <a href='https://court.example/1'>the court</a>.</p>"
    html = f"Look{opened}{BLOCK}We accept.<br><div>Carl</div>{closed}{below}"
    message = framed(html)
    (found,) = message.forwards
    assert (found.original.text, found.original.new_text) == ("We accept.\nCarl", "We accept.\nCarl")
    assert message.note == "Look\n\nSeller GmbH is registered at the court <https://court.example/1>."
    plain = (
        f"Look\n\n{HEAD}We accept.\nCarl\n\nSeller GmbH is registered at the\ncourt<https://court.example/1>."
    )
    both = framed(html, plain)
    assert both.forwards[0].original.text == "We accept.\nCarl"
    other = framed(html, plain + "\nOne more line")
    assert other.forwards[0].original.text.endswith("One more line")


@pytest.mark.parametrize("client", FRAMES)
def test_the_html_of_the_original(client: str) -> None:
    """It begins behind the header and ends with the frame, is safe, and names the parts of its pictures."""
    opened, closed = FRAMES[client]
    body = f'<div onclick="x()">We <b>accept</b> {PLAN}<img src="https://x.example/1.gif"></div>'
    below = "" if client in {"outlook", "web"} else "<p>Seller GmbH</p>"
    header = f"{BLOCK}</div>" if client in {"outlook", "web"} else BLOCK
    message = framed(f"<div>Look {LOGO}</div>{opened}{header}{body}{closed if below else ''}{below}")
    (found,) = message.forwards
    picture = '<img src="cid:plan" data-part="2">'
    assert found.original.html == f"<div>We <b>accept</b> {picture}</div>"
    assert found.original.marks == ("remote:1",)
    assert 'src="cid:logo" data-part="3"' in message.content.html
    assert message.content.marks == ("remote:1",)


def test_html_that_cannot_be_made_safe() -> None:
    """The text is shown, no HTML is, and the mail says so."""
    message = framed("<div>" * 600 + "We accept.")
    assert (message.content.text, message.content.html) == ("We accept.", "")
    assert message.defects == ("html_unsafe",)
