"""One mail as four clients write it, and as each of them forwards it inline: in text, in HTML, in both."""

import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

ANNA = ("Anna Nowak", "anna@seller.example")
CARL = ("Carl Carlson", "carl@customer.example")


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in the text, carried by the mail itself."""

    name: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sign:
    """A signature below "-- "."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class History:
    """What an answer quotes: attribution or block lines, and the words below."""

    block: bool
    blocks: Sequence["Block"]


Piece = str | Link
Block = Sequence[Piece] | Image | Items | Sign | History


@dataclass(frozen=True, slots=True)
class Client:
    """How one program turns marks into text."""

    name: str
    link: str  # of words and URL, where they differ
    mailto: str
    image: str
    bullet: str
    quote: str  # before each line of history; empty for none
    width: int


GMAIL = Client("gmail", "{words} <{url}>", "{words}", "[image: {name}]", "   - ", "> ", 76)
OUTLOOK = Client(
    "outlook", "{words}<{url}>", "{words}<{url}>", "[cid:{name}@01DA5C1F.3B2A1C40]", "  *   ", "", 0
)
APPLE = Client("apple", "{words} <{url}>", "{words} <{url}>", "", "\N{BULLET} ", "> ", 0)
THUNDERBIRD = Client("thunderbird", "{words} <{url}>", "{words} <{url}>", "", "  * ", "> ", 72)
CLIENTS = (GMAIL, OUTLOOK, APPLE, THUNDERBIRD)

ATTRIBUTION = "On Sun, Nov 15, 2026 at 9:12 AM Anna Nowak <anna@seller.example> wrote:"
HEADED = (
    "From: Anna Nowak <anna@seller.example>",
    "Sent: Sunday, November 15, 2026 9:12 AM",
    "To: Carl Carlson <carl@customer.example>",
    "Subject: Our offer",
)


def words_of(client: Client, pieces: Sequence[Piece]) -> str:
    """Write the words of a paragraph."""
    out = []
    for piece in pieces:
        if isinstance(piece, str):
            out.append(piece)
        elif piece.words == piece.url:
            out.append(piece.words)
        else:
            form = client.mailto if piece.url.startswith("mailto:") else client.link
            out.append(form.format(words=piece.words, url=piece.url))
    return "".join(out)


def lines_of(client: Client, blocks: Sequence[Block]) -> Iterator[str]:
    """Write the text part's lines."""
    for block in blocks:
        match block:
            case Image(name):
                if client.image:
                    yield from (client.image.format(name=name), "")
            case Items(items):
                yield from (client.bullet + item for item in items)
                yield ""
            case Sign(lines):
                yield from ("-- ", *lines, "")
            case History(headed, inner):
                head = HEADED if headed else (ATTRIBUTION,)
                quoted = [*(head if headed and not client.quote else ()), "", *lines_of(client, inner)]
                if not headed:
                    yield from (ATTRIBUTION, "")
                elif client.quote:
                    yield from (*head, "")
                yield from ((client.quote + line).rstrip() if client.quote else line for line in quoted)
            case pieces:
                text = words_of(client, pieces)
                yield from (
                    textwrap.wrap(text, client.width, break_on_hyphens=False, break_long_words=False)
                    if client.width
                    else (text,)
                )
                yield ""


def text_of(client: Client, blocks: Sequence[Block]) -> str:
    """Write the text part."""
    return "\n".join(lines_of(client, blocks)).strip("\n") + "\n"


def markup_of(client: Client, blocks: Sequence[Block]) -> str:
    """Write the HTML of blocks as the client's editor has it."""
    opened, closed = ('<p class="MsoNormal">', "</p>\n") if client is OUTLOOK else ("<div>", "</div>")
    gap = f"{opened}&nbsp;{closed}" if client is OUTLOOK else "<div><br></div>"
    out = []
    for block in blocks:
        match block:
            case Image(name):
                out.append(f'{opened}<img src="cid:{name}" alt="{name}">{closed}')
            case Items(items):
                out.append("<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>")
            case Sign(lines):
                out.append(f"{opened}-- <br>" + "<br>".join(map(html.escape, lines)) + closed)
            case History(headed, inner):
                words = "<br>".join(map(html.escape, HEADED if headed else (ATTRIBUTION,)))
                cited = markup_of(client, inner)
                out.append(_history(client, words, cited, headed=headed))
            case pieces:
                out.append(f"{opened}{''.join(map(_piece, pieces))}{closed}{gap}")
    return "".join(out)


def _piece(piece: Piece) -> str:
    if isinstance(piece, str):
        return html.escape(piece)
    return f'<a href="{html.escape(piece.url)}">{html.escape(piece.words)}</a>'


def _history(client: Client, words: str, cited: str, *, headed: bool) -> str:
    if headed:
        rule = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        return f'<div>{rule}<p class="MsoNormal">{words}</p></div></div>{cited}'
    if client is GMAIL:
        return (
            f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{words}<br></div>'
            f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{cited}</blockquote></div>'
        )
    return f'<div>{words}</div><blockquote type="cite">{cited}</blockquote>'


@dataclass(frozen=True, slots=True)
class Written:
    """A mail before it is put into octets."""

    text: str = ""  # empty for no such part
    html: str = ""
    files: Sequence[tuple[str, bytes, bool]] = field(default=())  # name, octets, shown in the HTML


def written(
    client: Client, blocks: Sequence[Block], form: str, files: Sequence[tuple[str, bytes]] = ()
) -> Written:
    """Write a mail in form "text", "html" or "both"."""
    images = {block.name for block in blocks if isinstance(block, Image)}
    return Written(
        text_of(client, blocks) if form != "html" else "",
        f"<html><body>{markup_of(client, blocks)}</body></html>" if form != "text" else "",
        [(name, octets, name in images) for name, octets in files],
    )


GMAIL_HEAD = (
    "---------- Forwarded message ---------",
    "From: Carl Carlson <carl@customer.example>",
    "Date: Mon, Nov 16, 2026 at 10:00 AM",
    "Subject: Re: Our offer",
    "To: Anna Nowak <anna@seller.example>",
)
OUTLOOK_HEAD = (
    "From: Carl Carlson <carl@customer.example>",
    "Sent: Monday, November 16, 2026 10:00 AM",
    "To: Anna Nowak <anna@seller.example>",
    "Subject: Re: Our offer",
)
APPLE_HEAD = (
    "Begin forwarded message:",
    "",
    "From: Carl Carlson <carl@customer.example>",
    "Subject: Re: Our offer",
    "Date: 16 November 2026 at 10:00:00 CET",
    "To: Anna Nowak <anna@seller.example>",
    "",
)
THUNDERBIRD_HEAD = (
    "-------- Forwarded Message --------",
    "Subject: \tRe: Our offer",
    "Date: \tMon, 16 Nov 2026 10:00:00 +0100",
    "From: \tCarl Carlson <carl@customer.example>",
    "To: \tAnna Nowak <anna@seller.example>",
    "",
    "",
)


def forwarded(
    client: Client, author: Client, blocks: Sequence[Block], original: str, form: str,
    *, note: str = "Please file.", below: Sequence[Block] = (), files: Sequence[tuple[str, bytes]] = (),
) -> Written:  # fmt: skip
    """Forward what `author` wrote in form `original`: its HTML stays, its text is made anew."""
    kept = text_of(author, blocks) if original == "text" else text_of(client, blocks)
    body = "<pre>" + html.escape(kept) + "</pre>" if original == "text" else markup_of(author, blocks)
    if original == "text" and client is not THUNDERBIRD:
        body = html.escape(kept).replace("\n", "<br>\n")
    mine = "\n" + text_of(client, below) if below else ""
    text = {
        "gmail": lambda: "\n".join((*GMAIL_HEAD, "", "", kept)),
        "outlook": lambda: "\n".join(("________________________________", *OUTLOOK_HEAD, "", kept)),
        "apple": lambda: "\n".join(f"> {line}".rstrip() for line in (*APPLE_HEAD, *kept.split("\n"))) + "\n",
        "thunderbird": lambda: "\n".join((*THUNDERBIRD_HEAD, kept)),
    }[client.name]()
    images = {block.name for block in (*blocks, *below) if isinstance(block, Image)}
    markup = _forward_markup(client, note, body, markup_of(client, below))
    return Written(
        f"{note}\n\n{text}{mine}" if form != "html" else "",
        f"<html><body>{markup}</body></html>" if form != "text" else "",
        [(name, octets, name in images) for name, octets in files],
    )


def _rows(head: Sequence[str], end: str) -> str:
    rows = []
    for line in head:
        label, colon, value = line.partition(":")
        named = colon and value
        rows.append(f"<b>{label}:</b>{html.escape(value)}" if named else html.escape(line))
    return end.join(rows)


def _forward_markup(client: Client, note: str, body: str, below: str) -> str:
    if client is GMAIL:
        head = "<br>".join(map(html.escape, GMAIL_HEAD))
        return (
            f'<div dir="ltr">{note}<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
            f'{head}<br></div><br><br>{body}</div><br clear="all"><div><br></div>{below}</div>'
        )
    if client is OUTLOOK:
        border = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        head = _rows(OUTLOOK_HEAD, "<br>")
        return (
            f'<div class="WordSection1"><p class="MsoNormal">{note}</p><div>{border}'
            f'<p class="MsoNormal">{head}</p></div></div><p class=MsoNormal>&nbsp;</p>{body}{below}</div>'
        )
    if client is APPLE:
        head = "".join(f"<div>{_rows([line], '')}</div>" for line in APPLE_HEAD[2:-1])
        return (
            f'{note}<br><div><br><blockquote type="cite"><div>Begin forwarded message:</div><br>{head}<br>'
            f"<div>{body}</div></blockquote></div><br>{below}"
        )
    rows = "".join(
        f"<tr><th>{label}: </th><td>{html.escape(value)}</td></tr>"
        for label, _, value in (line.partition(": \t") for line in THUNDERBIRD_HEAD[1:-2])
    )
    return (
        f'<p>{note}</p><div class="moz-forward-container"><br><br>-------- Forwarded Message --------'
        f'<table class="moz-email-headers-table"><tbody>{rows}</tbody></table><br><br>{body}</div>{below}'
    )


def octets_of(
    mail: Written, sender: tuple[str, str], to: tuple[str, str], subject: str, date: str, *more: str
) -> bytes:
    """Put a mail into octets."""
    parts = [(kind, text) for kind, text in (("plain", mail.text), ("html", mail.html)) if text]
    texts = [f"Content-Type: text/{kind}; charset=utf-8\n\n{text}" for kind, text in parts]
    body = texts[0] if len(texts) == 1 else _multipart("alternative", "a", texts)
    if mail.files:
        files = [
            f"Content-Type: application/octet-stream; name={name}\n"
            + (
                f"Content-ID: <{name}>\nContent-Disposition: inline\n"
                if shown
                else "Content-Disposition: attachment\n"
            )
            + f"\n{octets.decode('ascii')}"
            for name, octets, shown in mail.files
        ]
        body = _multipart("mixed", "m", [body, *files])
    head = "".join(
        f"{line}\n"
        for line in (
            f"From: {sender[0]} <{sender[1]}>",
            f"To: {to[0]} <{to[1]}>",
            f"Subject: {subject}",
            f"Date: {date}",
            *more,
            "MIME-Version: 1.0",
        )
    )
    return (head + body).replace("\n", "\r\n").encode()


def _multipart(kind: str, boundary: str, parts: Sequence[str]) -> str:
    inside = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\n{inside}--{boundary}--\n"
