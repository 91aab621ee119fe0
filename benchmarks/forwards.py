"""What a client puts around others' words: a reply's quoted history, a forward's header block."""

import html
from dataclasses import dataclass
from datetime import datetime

from benchmarks.company import Person
from benchmarks.render import Draft, as_html
from benchmarks.words import POLISH, Tongue, listed

STYLES = ("outlook", "outlook", "gmail", "gmail", "attached")
_MONTHS = {
    "en": listed("January February March April May June July August September October November December"),
    "pl": listed(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
    ),
}
_DAYS = {
    "en": listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "pl": listed("poniedziałek wtorek środa czwartek piątek sobota niedziela"),
}
_SHORT_DAYS = {"en": listed("Mon Tue Wed Thu Fri Sat Sun"), "pl": listed("pon. wt. śr. czw. pt. sob. niedz.")}
_SHORT_MONTHS = {
    "en": listed("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "pl": listed("sty lut mar kwi maj cze lip sie wrz paź lis gru"),
}
_OUTLOOK = {"en": ("From", "Sent", "To", "Subject"), "pl": ("Od", "Wysłane", "Do", "Temat")}
_GMAIL = {"en": ("From", "Date", "Subject", "To"), "pl": ("Od", "Date", "Subject", "To")}
_BORDER = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
_CITE = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"


@dataclass(frozen=True, slots=True)
class Body:
    """Text and HTML that say the same."""

    text: str
    html: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """A mail that is being forwarded, under a note of the forwarder."""

    draft: Draft
    note: list[str]


def outlook_date(moment: datetime, tongue: Tongue) -> str:
    """Write a date as Outlook's header block has it."""
    day, month = _DAYS[tongue.code][moment.weekday()], _MONTHS[tongue.code][moment.month - 1]
    if tongue is POLISH:
        return f"{day}, {moment.day} {month} {moment.year} {moment:%H:%M}"
    return f"{day}, {month} {moment.day}, {moment.year} {moment.hour % 12 or 12}:{moment:%M} {_noon(moment)}"


def gmail_date(moment: datetime, tongue: Tongue) -> str:
    """Write a date as Gmail's header block has it."""
    day, month = _SHORT_DAYS[tongue.code][moment.weekday()], _SHORT_MONTHS[tongue.code][moment.month - 1]
    if tongue is POLISH:
        return f"{day}, {moment.day} {month} {moment.year} o {moment:%H:%M}"
    return (
        f"{day}, {month} {moment.day}, {moment.year} at {moment.hour % 12 or 12}:{moment:%M} {_noon(moment)}"
    )


def _noon(moment: datetime) -> str:
    return "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 - noon


def _outlook_rows(draft: Draft) -> list[tuple[str, str]]:
    values = (
        f"{draft.sender.name} <{draft.sender.address}>",
        outlook_date(draft.date, draft.tongue),
        "; ".join(f"{person.name} <{person.address}>" for person in draft.to),
        draft.subject,
    )
    return list(zip(_OUTLOOK[draft.tongue.code], values, strict=True))


def _gmail_rows(draft: Draft) -> list[tuple[str, str]]:
    values = (
        f"{draft.sender.name} <{draft.sender.address}>",
        gmail_date(draft.date, draft.tongue),
        draft.subject,
        ", ".join(f"{person.name} <{person.address}>" for person in draft.to),
    )
    return list(zip(_GMAIL[draft.tongue.code], values, strict=True))


def _outlook_block(draft: Draft) -> Body:
    rows = _outlook_rows(draft)
    lines = "<br>\n".join(f"<b>{label}:</b> {html.escape(value)}" for label, value in rows)
    text = "\n".join(f"{label}: {value}" for label, value in rows)
    block = f'<div>\n<div style="{_BORDER}">\n<p class="MsoNormal">{lines}<o:p></o:p></p>\n</div>\n</div>\n'
    return Body(f"{text}\n\n{draft.text}", f"{block}{draft.html}")


def _attribution(person: Person, moment: datetime, tongue: Tongue) -> str:
    when = gmail_date(moment, tongue)
    if tongue is POLISH:
        return f"{when} {person.name} <{person.address}> napisał(a):"
    return f"On {when}, {person.name} <{person.address}> wrote:"


def quote(parent: Draft) -> Body:
    """Quote a mail below an answer to it: Outlook's block, or an attribution line and angle brackets."""
    if parent.client == "outlook":
        return _outlook_block(parent)
    line = _attribution(parent.sender, parent.date, parent.tongue)
    cited = "\n".join(f">{row}" if row.startswith(">") else f"> {row}" for row in parent.text.splitlines())
    if parent.client == "gmail":
        frame = (
            f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{html.escape(line)}<br></div>'
        )
        return Body(
            f"{line}\n\n{cited}\n",
            f'{frame}<blockquote class="gmail_quote" style="{_CITE}">{parent.html}</blockquote></div>',
        )
    cite = f'<div>{html.escape(line)}</div><blockquote type="cite">{parent.html}</blockquote>'
    return Body(f"{line}\n\n{cited}\n", cite)


def forward(style: str, original: Original) -> Body:
    """Forward a mail in a style: inline as Outlook or Gmail do, or attached with only the note as text."""
    draft, note = original.draft, original.note
    above = "\n\n".join(note)
    if style == "gmail":
        rows = _gmail_rows(draft)
        mark = "---------- Forwarded message ---------"
        text = "\n".join([mark, *(f"{label}: {value}" for label, value in rows)])
        lines = "<br>".join(f"{label}: {html.escape(value)}" for label, value in rows)
        inner = (
            f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{mark}<br>{lines}<br></div><br><br>'
        )
        return Body(
            f"{above}\n\n{text}\n\n\n{draft.text}",
            f"{as_html('gmail', note, draft.tongue)}{inner}{draft.html}</div>",
            f"Fwd: {draft.subject}",
        )
    prefix = "PD: " if draft.tongue is POLISH else "FW: "
    if style == "attached":
        return Body(f"{above}\n", as_html("outlook", note, draft.tongue), prefix + draft.subject)
    block = _outlook_block(draft)
    top = as_html("outlook", note, draft.tongue)
    return Body(f"{above}\n\n{block.text}", f"{top}{block.html}", prefix + draft.subject)
