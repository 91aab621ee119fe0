"""What a mail says that answers a notice: the words alone, whatever stands around them."""

import pytest

from bccd.mail.parse import parse
from bccd.rules.answers import Said, own_words, read_answer

TWO = Said((2,))
ALWAYS = Said((2,), (2,))
NONE = Said(none=True)
UNDO = Said(undo=True)

WORDS: dict[str, Said | None] = {
    "2": TWO,
    "2.": TWO,
    "#2": TWO,
    "(2)": TWO,
    "- 2": TWO,
    "*2*": TWO,
    "2!": TWO,
    "nr 2": TWO,
    "No. 2": TWO,
    "No 2, please": TWO,
    "2 please": TWO,
    "2 PLEASE": TWO,
    "Ok, 2. Thanks!": TWO,
    "2 proszę": TWO,
    "It is 2": TWO,
    "\u200b2\u00a0": TWO,
    "\ufeff2": TWO,
    "2\ufe0f\u20e3": TWO,  # as a phone's keyboard of pictures writes it
    "\u2461": TWO,
    "\uff12": TWO,
    "\u0662": TWO,
    "\u06f2": TWO,
    "\u0968": TWO,
    "2 always": ALWAYS,
    "2 ALWAYS": ALWAYS,
    "2, always for this thread.": ALWAYS,
    "2 zawsze": ALWAYS,
    "2 na zawsze dla tego wątku": ALWAYS,
    "always 2": ALWAYS,
    "2 immer": ALWAYS,
    "none": NONE,
    "None of them.": NONE,
    "NONE": NONE,
    "żadna": NONE,
    "ŻADEN Z NICH": NONE,
    "zadna": NONE,
    "z\u0307adna": NONE,  # with its dot apart
    "undo": UNDO,
    "Undo please": UNDO,
    "cofnij": UNDO,
    "COFNĄĆ": UNDO,
    "1, 4": Said((1, 4)),
    "1,4": Said((1, 4)),
    "1 and 4": Said((1, 4)),
    "1 i 4": Said((1, 4)),
    "1; 4": Said((1, 4)),
    "1\n4": Said((1, 4)),
    "2 2": TWO,
    "1 always, 4": Said((1, 4), (1,)),
    "1, 4 always": Said((1, 4), (1, 4)),
    "2\nThanks\nAnn": TWO,
    "Hi,\n\n2\n\nAnn": TWO,
    "Cześć,\n2": TWO,
    "2\nAnn Seller\nExample Ltd\ntel. 22 123 45 67": TWO,
    "2\n\nAnn Seller\ntel. 3": TWO,
    "": None,
    "  \n ": None,
    "Hello": None,
    "Thanks!": None,
    "yes": None,
    "no": None,
    "Deal 2, please": None,  # by which number: the notice's, or the CRM's?
    "not 2": None,
    "all but 2": None,
    "2?": None,
    "1 or 2": None,
    "1-3": None,
    "2.5": None,
    "14:30": None,
    "1/2": None,
    "\u00bd": None,
    "2b": None,
    "B2": None,
    "+1": None,
    "two": None,
    "99999": None,
    "2 none": None,
    "2\nundo": None,
    "2\nsorry, 3": None,
    "What was 2?\n2": None,
    "always": None,
    "I shall look at it tomorrow.\n2": None,
    "2" * 300: None,
    "2 " * 300: None,
}


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[:30].encode("unicode_escape").decode())
def test_words(words: str) -> None:
    """An answer is a line that says nothing else; what could mean two things means nothing."""
    assert read_answer(words) == WORDS[words]


NOTICE = "Which one is it?\n\n1. Chairs\n2. Tables\n\nAnswer with a number."
QUOTED = "\n".join(f"> {line}" for line in NOTICE.split("\n"))
ON_MONDAY = "On Mon, 2 Mar 2026 at 10:00, Example <drop+rabc@example.com> wrote:"
LEGAL = (
    "This e-mail and any files transmitted with it are confidential and intended solely for the use of the "
    "individual or entity to whom they are addressed. If you have received this e-mail in error please "
    "notify the sender and delete it. Any disclosure, copying or distribution is strictly prohibited."
)
HTML_TOP = (
    "<html><body><div dir='ltr'>2 always</div><br><div class='gmail_quote'><div class='gmail_attr'>"
    f"{ON_MONDAY.replace('<', '&lt;').replace('>', '&gt;')}</div><blockquote class='gmail_quote'>"
    "<p>Which one is it?</p><ol><li>Chairs</li><li>Tables</li></ol></blockquote></div></body></html>"
)
HTML_OUTLOOK = (
    "<html><body><div class='WordSection1'><p class='MsoNormal'>none<o:p></o:p></p>"
    "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class='MsoNormal'>"
    "<b>From:</b> Example &lt;drop+rabc@example.com&gt;<br><b>Sent:</b> Monday, 2 March 2026 10:00<br>"
    "<b>To:</b> Ann &lt;ann@example.com&gt;<br><b>Subject:</b> Which one is it?</p></div>"
    "<p>1. Chairs</p><p>2. Tables</p></div></body></html>"
)

MAILS: dict[str, tuple[str, str, Said | None]] = {
    "top-posted": ("text/plain", f"2\n\n{ON_MONDAY}\n{QUOTED}", TWO),
    "bottom-posted": ("text/plain", f"{ON_MONDAY}\n{QUOTED}\n\n2\n", TWO),
    "between": ("text/plain", f"{ON_MONDAY}\n> Which one is it?\n\n2\n\n> 1. Chairs\n> 2. Tables\n", TWO),
    "phone": ("text/plain", f"2\n\nSent from my iPhone\n\n{ON_MONDAY}\n{QUOTED}", TWO),
    "phone, pl": (
        "text/plain",
        (
            "2 zawsze\n\nWysłane z iPhone'a\n\nWiadomość napisana przez Example <drop+rabc@example.com> w "
            f"dniu 02.03.2026, o godz. 10:00:\n\n{QUOTED}"
        ),
        ALWAYS,
    ),
    "outlook, text": (
        "text/plain",
        "none\n\n________________________________\nFrom: Example <drop+rabc@example.com>\n"
        "Sent: Monday, 2 March 2026 10:00\nTo: Ann <ann@example.com>\nSubject: Which one is it?\n\n" + NOTICE,
        NONE,
    ),
    "signature": (
        "text/plain",
        f"2\n\n-- \nAnn Seller\nExample Ltd\n3 Long Road\n+48 22 123 45 67\n\n{ON_MONDAY}\n{QUOTED}",
        TWO,
    ),
    "disclaimer": ("text/plain", f"2\n\nAnn\n\n{LEGAL}\n\n{ON_MONDAY}\n{QUOTED}", TWO),
    "html, gmail": ("text/html", HTML_TOP, ALWAYS),
    "html, outlook": ("text/html", HTML_OUTLOOK, NONE),
    "html, a phone": (
        "text/html",
        (
            "<div>UNDO</div><div><br></div><div id='AppleMailSignature'>Sent from my iPhone</div><div><br>"
            "<blockquote type='cite'><div>On 2 Mar 2026, at 10:00, Example wrote:</div><br></blockquote>"
            "</div><blockquote type='cite'><div>1. Chairs</div><div>2. Tables</div></blockquote>"
        ),
        UNDO,
    ),
    "nothing of one's own": ("text/plain", f"{ON_MONDAY}\n{QUOTED}\n", None),
    "a question": ("text/plain", f"Which chairs are these?\n\n{ON_MONDAY}\n{QUOTED}", None),
}


@pytest.mark.parametrize("name", MAILS)
def test_mails(name: str) -> None:
    """What is quoted, signed or printed below is no part of an answer, wherever it stands."""
    kind, body, said = MAILS[name]
    head = (
        f"From: Ann <ann@example.com>\nSubject: Re: Which one is it?\nContent-Type: {kind}; charset=utf-8\n\n"
    )
    content = parse((head + body).replace("\n", "\r\n").encode()).content
    assert read_answer(own_words(content)) == said, own_words(content)
