"""History by attributions, header blocks and markers: removed wholly, with all that is new kept."""

# ruff: noqa: E501  lines as clients write them

import textwrap
import time
from collections.abc import Callable

import pytest

from bccd.mail.reply import Reply, read_reply
from bccd.model.message import Mailbox
from tests.unit.mail.reply.attributions import ATTRIBUTIONS, CARL, ONLY_ABOVE_QUOTES
from tests.unit.mail.reply.blocks import BLOCKS
from tests.unit.mail.reply.wordings import KEPT, MARKERS

HANG = 60  # seconds
ANNA = Mailbox("Anna Nowak", "anna@acme.example")
NEW = "Thank you for asking.\nThe offer is attached: twelve pieces, in two weeks.\n\nBest regards\nAnna"
OLD = "Hello Anna, could you send us your offer?\nWe need twelve pieces, please.\n\nRegards\nCarl"
QUOTED = textwrap.indent(OLD, "> ", lambda _: True)
PIPED = textwrap.indent(OLD, "| ", lambda _: True)
ON = f"On Mon, 16 Nov 2026 at 10:00, Carl <{CARL}> wrote:"
BLOCK = (
    f"From: Carl Customer <{CARL}>\nSent: Monday, November 16, 2026 10:00 AM\nTo: Anna Nowak <anna@acme.example>\n"
    "Subject: Offer"
)


def words(text: str) -> str:
    """Fold white space."""
    return " ".join(text.split())


def read(text: str) -> Reply:
    """Read a text of Anna."""
    return read_reply(text, sender=ANNA)


def folded(line: str, width: int) -> str:
    """Fold a line as clients do; not one with bidirectional marks, which stand at its ends."""
    if "\u202b" in line:
        return line
    return "\n".join(textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False))


LAYOUTS: dict[str, tuple[Callable[[str], str], str]] = {
    "above": (lambda line: f"{NEW}\n\n{line}\n{QUOTED}", NEW),
    "above, with a gap": (lambda line: f"{NEW}\n\n{line}\n\n{QUOTED}\n", NEW),
    "without an empty line": (lambda line: f"{NEW}\n{line}\n{QUOTED}", NEW),
    "folded at 72": (lambda line: f"{NEW}\n\n{folded(line, 72)}\n\n{QUOTED}", NEW),
    "folded at 48": (lambda line: f"{NEW}\n\n{folded(line, 48)}\n\n{QUOTED}", NEW),
    "folded, without an empty line": (lambda line: f"{NEW}\n{folded(line, 66)}\n\n{QUOTED}", NEW),
    "quoted by bars": (lambda line: f"{NEW}\n\n{line}\n{PIPED}", NEW),
    "answers between": (lambda line: f"{line}\n> Twelve?\nYes.\n> When?\nSoon.", "Yes. Soon."),
    "answer below": (lambda line: f"{line}\n{QUOTED}\n\n{NEW}", NEW),
    "itself quoted": (lambda line: f"{NEW}\n\n> {line}\n{QUOTED}", NEW),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_attributions(layout: str) -> None:
    """In every language and layout the attribution goes with the quote, and nothing else does."""
    made, new = LAYOUTS[layout]
    texts = {name: made(line.format(CARL)) for name, line in ATTRIBUTIONS.items()}
    found = {name: read(text).new_text for name, text in texts.items()}
    assert {name: text for name, text in found.items() if words(text) != words(new)} == {}


def test_attributions_above_plain_history() -> None:
    """History that nothing marks as quoted is told by the line above it, folded or not."""
    lines = {name: line.format(CARL) for name, line in ATTRIBUTIONS.items() if name not in ONLY_ABOVE_QUOTES}
    for width in (500, 72):
        found = {
            name: read(f"{NEW}\n\n{folded(line, width)}\n\n{OLD}").new_text for name, line in lines.items()
        }
        assert {name: text for name, text in found.items() if text != NEW} == {}


@pytest.mark.parametrize(
    "text",
    [f"{{}}\n\n{ON}\n{QUOTED}", f"{{}}\n\n{BLOCK}\n\n{OLD}", f"{ON}\n{QUOTED}\n\n{{}}", "{}"],
    ids=["above a quote", "above a block", "below a quote", "alone"],
)
def test_what_people_write_is_kept(text: str) -> None:
    """Lists, tables, code, patches, quotations and sentences with a date or a label are new text."""
    found = {own: read(text.replace("{}", own)).new_text for own in KEPT}
    assert {own: new for own, new in found.items() if words(new) != words(own)} == {}


def test_a_sentence_above_an_attribution() -> None:
    """A sentence that ends in a short word is not joined to the attribution right below it."""
    own = "Teklif ektedir: 12 adet."
    assert read(f"{own}\nCarl Customer <{CARL}> writes:\n{QUOTED}").new_text == own
    assert read(f"{own}\nCarl schrieb am Di., 16. Aug.\n2026 um 12:52 Uhr:\n\n{QUOTED}").new_text == own


def test_markers() -> None:
    """A client's words for "original message" begin history, whatever stands below."""
    found = {marker: read(f"{NEW}\n\n{marker}\n{OLD}").new_text for marker in MARKERS}
    assert {marker: new for marker, new in found.items() if new != NEW} == {}


HISTORIES = {
    "a block": f"{BLOCK}\n\n{OLD}",
    "a block below a rule": f"{'_' * 32}\n{BLOCK}\n\n{OLD}",
    "a block below a marker": f"-----Original Message-----\n{BLOCK}\n\n{OLD}",
    "a bold block": f"*From:* Carl <{CARL}>\n*Sent:* Monday, November 16, 2026 10:00\n*To:* A\n*Subject:* B\n\n{OLD}",
    "a quoted block": textwrap.indent(f"{BLOCK}\n\n{OLD}", "> ", lambda _: True),
    "a quoted block below a marker": f"-----Original Message-----\n{textwrap.indent(BLOCK, '> ')}\n>\n{QUOTED}",
    "a block above a quote": f"{BLOCK}\n\n{QUOTED}",
    "names without addresses": f"From: Carl C\nSent: Monday, November 16, 2026 10:00\nTo: A; B\nSubject: C\n\n{OLD}",
    "German": f"Von: C <{CARL}>\nGesendet: Montag, 16. November 2026 10:00\nAn: Anna\nBetreff: AW: x\n\n{OLD}",
    "GMX": f'Gesendet: Montag, 16. November 2026 um 10:00 Uhr\nVon: "C" <{CARL}>\nAn: a@x.example\nBetreff: x\n\n{OLD}',
    "Chinese": f"发件人： C <{CARL}>\n发送时间： 2026年11月16日 10:00\n收件人： Anna\n主题： Offer\n\n{OLD}",
    "Japanese": f"差出人: C <{CARL}>\n送信日時: 2026年11月16日 10:00\n宛先: Anna\n件名: Offer\n\n{OLD}",
    "on behalf of": (
        f"From: l@x.example [mailto:l@x.example] On Behalf Of C\nSent: 16 November 2026 10:00\nTo: a\nSubject: b\n\n{OLD}"
    ),
    "Notes": f"From:\tC <{CARL}>\nTo:\tAnna\nDate:\t16.11.2026 10:00\nSubject:\tOffer\n\n\n{OLD}",
    "Yahoo of old": (
        f"--- On Mon, 11/16/26, C <{CARL}> wrote:\n\nFrom: C <{CARL}>\nSubject: x\nTo: a\nDate: Monday\n\n{OLD}"
    ),
    "Proton": f"‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Monday, 16 November 2026 10:00, C <{CARL}> wrote:\n\n{QUOTED}",
    "supercite": f'>>>>> "Carl" == Carl C <{CARL}> writes:\n\n    Carl> Hello\n    Carl> could you?',
    "initials": f"{ON}\n\nCC> Hello Anna\nCC> could you?",
    "initials alone": "CC> Hello Anna\nCC> could you?",
    "indented": f"  {ON}\n  > Hello\n  > could you?",
    "a bare quote": QUOTED,
    "a broken quoted line": f"{ON}\n> {'word ' * 14}was\nbroken\n> by a client",
    "an address over two lines": f"On Mon, 16 Nov 2026 at 10:00, Carl <{CARL}\n> wrote:\n{QUOTED}",
    "an address between empty lines": f"On Thu, 31 Mar 2016 at 11:16 Carl\n\n<\nmailto:Carl <{CARL}>\n> wrote:\n\n{OLD}",
    "nothing below": ON,
    "GroupWise": f">>> Carl Customer <{CARL}> 16.11.2026 10:00 >>>\n{OLD}",
    "GroupWise of old": f">>> On 11/16/2026 at 10:00 AM, Carl <{CARL}> wrote:\n{OLD}",
    "Notes, in short": f"Carl Customer ---16.11.2026 10:00:00---Hello Anna, could you send\n\n{BLOCK}\n\n{OLD}",
    "Zoho": f"---- On Mon, 16 Nov 2026 10:00:00 +0100 Carl <{CARL}> wrote ----\n\n{OLD}",
    "a block on one line": f"From: Carl <{CARL}> Sent: Monday, November 16, 2026 10:00 AM To: Anna Subject: RE: x\n\n{OLD}",
    "a block behind its marker": (
        f"----- Forwarded Message ----- From: Carl <{CARL}>To: Anna <a@x.example>Sent: Monday, November 16, 2026, "
        f"10:00:00 AM GMT+1Subject: x\n{OLD}"
    ),
    "entities": "&gt; Hello Anna\n&gt; could you?",
    "two levels": f"{BLOCK}\n\nok\n\n{ON}\n{QUOTED}",
}


def test_histories() -> None:
    """Whatever the client, all from where history begins is history."""
    found = {name: read(f"{NEW}\n\n{history}").new_text for name, history in HISTORIES.items()}
    assert {name: new for name, new in found.items() if new != NEW} == {}


def test_header_blocks() -> None:
    """A block of header lines begins history, however few and odd its fields are, in every language."""
    found = {block: read(f"{NEW}\n\n{block}\n\n{OLD}").new_text for block in BLOCKS}
    assert {block: new for block, new in found.items() if new != NEW} == {}


def test_history_at_the_top_may_hide_an_answer() -> None:
    """Below history that nothing marks as quoted, at the top of a mail, an answer may stand: it is kept."""
    assert read(f"{ON}\n\n{NEW}").new_text == NEW
    assert read(f"{BLOCK}\n\n{NEW}") == Reply(NEW, BLOCK, "")
    assert read(f"-----Original Message-----\n{BLOCK}\n\n{QUOTED}\n\n{NEW}").new_text == NEW


def test_a_mail_that_is_one_quote() -> None:
    """What somebody pastes as a quote, with nobody named, is all that he says; a quoted mail is history."""
    assert read("> pasted words").new_text == "> pasted words"
    assert read(f"> {ON}\n{QUOTED}").new_text == ""


def test_a_line_that_asks_for_an_answer_above_it() -> None:
    """Help desks ask for the answer above a line; what stands below it is theirs."""
    assert read(f"{NEW}\n\n##- Please type your reply above this line -##\n\n{OLD}").new_text == NEW


CODE = {
    "R": "Try this:\n\n> library(prices)\n> x <- read.csv('a.csv')\n[1] 3\n> summary(x)",
    "Python": ">>> price = 1\n>>> print(price)\n1",
    "a difference": "3c3\n< old line\n---\n> new line",
    "a database": "mysql> select 1;\nmysql> select 2;",
    "words that the history lacks": "The norm says:\n\n> a price is never below its cost, whatever the season",
}


def test_code_that_begins_with_the_sign_of_quoting() -> None:
    """Sessions and differences above the history are the sender's own, and so are quotes of something else."""
    for below in (f"{ON}\n{QUOTED}", f"{BLOCK}\n\n{OLD}"):
        found = {name: read(f"{code}\n\nBob\n\n{below}").new_text for name, code in CODE.items()}
        assert {name: new for name, new in found.items() if new != f"{CODE[name]}\n\nBob"} == {}


def test_a_piece_of_the_history_quoted_again() -> None:
    """What somebody repeats of the mail below to answer it is history, not his own."""
    assert (
        read(f"> We need twelve pieces, please.\nHere they are.\n\n{BLOCK}\n\n{OLD}").new_text
        == "Here they are."
    )


HOSTILE = (
    ":\n", "> x\nno\n", "-----\n", "*\n", "-- \nx\n\n", "| a\n", "1.1.2020 a@b.c:\n| a\nx\n", "JD> a\n\n", "|\n\n",
    "> On 1 Jan 2020 x:\n\n", "---- 1 a ----\n", "On 1 Jan 2020 x wrote:\n> a\nno\n", "<\n> wrote:\n", "unsubscribe\n",
    "-----BEGIN PGP SIGNATURE-----\n", ">>> x 1 >>>\n\n", "From: a@b.c\nSent: 1 Jan 2020 10:00\nTo: x\nSubject: y\n\n",
    'On 1, "a', "http://", "a@", "(", "1", " ", "\n", "\u200f", "Anna Nowak\n+48 12 345 67 89\n\n",
)  # fmt: skip


def test_hostile_texts() -> None:
    """No text takes longer than its length asks for (a hang guard, no figure)."""
    started = time.monotonic()
    for unit in HOSTILE:
        read(unit * (30_000 // len(unit)))
    assert time.monotonic() - started < HANG
