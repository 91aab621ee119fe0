"""Header blocks made at random, in every language, style and order, and wrapped as programs wrap them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.forward import find_inline
from bccd.mail.forward.facts import clients, k9, more, outlook, roundcube, thunderbird, zimbra
from bccd.model.message import Mailbox

SOURCES = (outlook, clients, thunderbird, more, k9, roundcube, zimbra)
ROWS = [row for source in SOURCES for row in source.LABELS if all(row[1:6])]
FIRST = ("Carl", "Zoë", "Łukasz", "Marie-Claire", "伟", "Дмитрий", "O'Brien", "Dr.")
LAST = ("Berg", "García-López", "van-den-Berg", "Jr.", "Иванов", "王", "d'Arcy")
NAMES = (
    "{0} {1}",
    "{1}, {0}",
    "{0} {1} (Acme)",
    "{1}, {0} (GE Healthcare)",
    "{1}, {0} [DE-PROD]",
    "{0} M. {1}",
    "",
)
DOMAINS = ("klient.example", "lists.uni-example.example", "mail.some-long-company-name.example")
# How a client prints a mailbox with a name, and one without.
STYLES = (
    ("{0} <{1}>", "{1}"),
    ('"{0}" <{1}>', "{1} <{1}>"),
    ("{0} [mailto:{1}]", "{1} [mailto:{1}]"),
    ("{0} <{1}<mailto:{1}>>", "{1}<mailto:{1}>"),
    ("{0} ({1}) <{1}>", "'{1}' <{1}>"),
)
MARKERS = (
    "---------- Forwarded message ---------",
    "-----Original Message-----",
    "_" * 32,
    "--- Words ---",
    "",
)
BODIES = ("Hi all,\n\nhere is the text.", "To: be honest\nFrom: my view", "Dear Anna")
NOTES = ("Thanks!", "FYI\n\n--\nAnna Nowak\nTel: 12", "See: this", "")
SUBJECTS = ("Re: Offer", "Offer: the second, and what it costs", "Fwd: [list] aw")
PHRASES = ("on behalf of", "im Auftrag von", "de la part de", "per conto di", "w imieniu", "代表")

mailboxes = st.builds(
    lambda shape, first, last, local, domain: Mailbox(shape.format(first, last), f"{local}@{domain}"),
    st.sampled_from(NAMES),
    st.sampled_from(FIRST),
    st.sampled_from(LAST),
    st.from_regex(r"[a-z]{1,6}([._+-][a-z0-9]{1,5})?", fullmatch=True),
    st.sampled_from(DOMAINS),
)
orders = st.permutations(["sender", "date", "to", "cc", "subject"])


def _shown(box: Mailbox, style: tuple[str, str]) -> str:
    return style[0].format(box.name, box.address) if box.name else style[1].format("", box.address)


def _wrapped(line: str, width: int) -> list[str]:
    """Break at white space and behind hyphens, as Outlook does."""
    lines, current = [], ""
    for word in re.findall(r"[^\s-]+-?|-|\s+", line):
        if current.strip() and not word.isspace() and len(current) + len(word) > width:
            lines.append(current.rstrip())
            current = ""
        current += word
    return [*lines, current.rstrip()]


@given(st.data())
def test_every_field_of_every_header_is_read(data: st.DataObject) -> None:
    """Whatever the language, order, style, quoting and width: people, subject, body and note are exact."""
    draw = data.draw
    row, order, style = draw(st.sampled_from(ROWS)), draw(orders), draw(st.sampled_from(STYLES))
    sender, agent = draw(mailboxes), Mailbox("team", "team-bounces@lists.example")
    to, cc = (draw(st.lists(mailboxes, min_size=least, max_size=7, unique=True)) for least in (1, 0))
    phrase, subject = draw(st.sampled_from(["", *PHRASES])), draw(st.sampled_from(SUBJECTS))
    body, note, joint = (draw(st.sampled_from(some)) for some in (BODIES, NOTES, ("; ", ", ")))
    shown = _shown(sender, style)
    values = {
        "sender": f"{_shown(agent, STYLES[0])} {phrase} {shown}" if phrase else shown,
        "date": "25.03.2024 14:07",
        "to": joint.join(_shown(box, style) for box in to),
        "cc": joint.join(_shown(box, style) for box in cc),
        "subject": subject,
    }
    form = draw(st.sampled_from(["{0}: {1}", "*{0}:* {1}", "{0} : {1}", "{0}：{1}"]))
    lines = [form.format(getattr(row, field), values[field]) for field in order if values[field]]
    if width := draw(st.sampled_from([0, 72, 76, 78])):
        lines = [part for line in lines for part in _wrapped(line, width)]
    marker, quoting = draw(st.sampled_from(MARKERS)), draw(st.sampled_from(["", "> "]))
    whole = [*([marker] if marker else []), *lines, "", *body.split("\n")]
    text = "\n".join((*([note, ""] if note else []), *(f"{quoting}{line}".rstrip() for line in whole), ""))
    inline = find_inline(text, "")
    assert inline is not None
    original = inline.forwards[0].original
    assert (original.sender, original.actual_sender) == (sender, agent if phrase else None)
    assert (original.to, original.cc) == (tuple(to), tuple(cc))
    assert (original.subject, original.text, inline.note) == (subject, body, note)
