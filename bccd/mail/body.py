"""Which leaves of the tree are the text of a mail, and which are attached to it."""

import re

from msgspec import Struct
from msgspec.structs import replace

from bccd.mail.attachments import attachment_of, with_shown
from bccd.mail.calendar import is_calendar
from bccd.mail.charset import decode_checked
from bccd.mail.decode import transfer_decoded
from bccd.mail.defects import Defect
from bccd.mail.enriched import unenriched
from bccd.mail.flowed import unflowed
from bccd.mail.gateway import Cleared, undone, without_banners, without_page_banners, without_top_banner
from bccd.mail.html import HTML_CAP, html_text
from bccd.mail.part import Part, filename_of
from bccd.mail.sealed import marks_of, unarmoured
from bccd.model.message import Attachment

TEXT_CAP = 1024 * 1024  # characters
LINES_CAP = 20_000
_STUB = 120  # characters; a plain alternative this short may only say that there is HTML
_STUB_RATIO = 20
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_PLAIN = frozenset({"text/plain", "text/html"}) | _ENRICHED
_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_META_IN = 4_000  # octets of a page in which its charset is declared
_UNSAID = frozenset({"", "us-ascii", "ascii"})  # charsets that a program writes when it knows none
# What a part stands for that is not here (RFC 2046 5.2.2 and 5.2.3).
_ABSENT = {"message/partial": "partial", "message/external-body": "external"}
_SAME = 200  # characters by which two forms of one text are known
_SAME_READ = 64 * 1024  # octets in which they stand
_PLACES = 4  # texts of a mail that may stand in its winmail.dat again


class Body(Struct):
    """What one mail shows and carries, without the mails inside it."""

    text: str = ""
    html: str = ""
    attachments: list[Attachment] = []
    messages: list[Part] = []  # parts that are whole mails
    types: set[str] = set()  # media types of all parts
    told: list[Part] = []  # attached text: reports, events, header sections
    plain_parts: list[Part] = []  # that are shown, as plain text
    html_parts: list[Part] = []  # that are shown, as HTML
    marks: dict[str, None] = {}  # see Content.marks
    defects: dict[Defect, None] = {}

    @property
    def charset(self) -> str:
        """The first charset that a shown part declares and that says something; empty for none."""
        declared = (part.params.get("charset", "") for part in (*self.plain_parts, *self.html_parts))
        return next((charset for charset in declared if charset.lower() not in _UNSAID), "")


class _Shown(Struct):
    """A place in the mail where text is shown, in one form or two; a form may be of several parts."""

    plain: list[Part] = []
    html: list[Part] = []


def read_body(root: Part) -> Body:
    """Return text, HTML and attachments of the mail whose top part this is."""
    body = Body()
    shown: list[_Shown] = []
    _walk(root, shown, body)
    texts: list[str] = []
    htmls: list[str] = []
    room = TEXT_CAP
    for place in shown:
        body.plain_parts += place.plain
        body.html_parts += place.html
        text, html = _texts(place, body)
        text = _cut(text, room, body)
        room -= len(text)
        if text.strip():
            texts.append(text.strip("\n"))
        if html:
            htmls.append(html)
    body.text = _cut("\n\n".join(texts), TEXT_CAP, body)
    body.html = "\n".join(htmls)[:HTML_CAP]
    body.text, armour = unarmoured(body.text)
    body.marks |= dict.fromkeys(armour)
    if any(mark.startswith("encrypted:") for mark in body.marks):
        body.defects[Defect.ENCRYPTED] = None
    _undo_gateways(body)
    body.attachments = with_shown(body.attachments, body.html, body.text)
    return body


def _undo_gateways(body: Body) -> None:
    """Show what was sent: gateways on the way put banners above it and lead its links through themselves."""
    text, page = undone(body.text), undone(body.html, markup=True)
    if text.rewritten or page.rewritten:
        body.marks["gateway:links"] = None
    cleared = without_banners(text.text)
    if cleared.found:
        shown = Cleared(without_page_banners(page.text), found=True)
    else:
        shown = without_top_banner(page.text)
    if shown.found:
        body.marks["gateway:banner"] = None
    body.text, body.html = cleared.text, shown.text


def _cut(text: str, room: int, body: Body) -> str:
    """Return what is kept of a text; whole lines are cheap to read in a page, and dear one by one."""
    kept = text[:room]
    if len(kept) > LINES_CAP and kept.count("\n") > LINES_CAP:
        kept = "\n".join(kept.split("\n", LINES_CAP)[:LINES_CAP])
    if len(kept) < len(text):
        body.defects[Defect.TEXT_CUT] = None
    return kept


def _walk(part: Part, shown: list[_Shown], body: Body) -> None:
    """Sort a part, and the parts below it, into shown, attached and whole mails."""
    body.types.add(part.media_type)
    if marks := marks_of(part):
        body.marks |= dict.fromkeys(marks)
    if part.is_message:
        body.messages.append(part)
        _attach(part, body)
    elif part.opened == "tnef":
        _walk_tnef(part, shown, body)
    elif part.media_type == "multipart/alternative" and part.children:
        _walk_alternative(part, shown, body)
    elif part.children:
        first, *others = part.children
        _walk(first, shown, body)
        only_first = part.media_type in ("multipart/related", "multipart/signed", "multipart/report")
        for child in others:
            if only_first:
                _attach_all(child, body)
            else:
                _walk(child, shown, body)
    elif _is_shown(part, first=not shown):
        shown.append(_Shown(html=[part]) if part.media_type == "text/html" else _Shown(plain=[part]))
    else:
        _attach(part, body)


def _walk_alternative(part: Part, shown: list[_Shown], body: Body) -> None:
    """Take the plain and the HTML form of one text; what is neither is attached."""
    forms: list[_Shown] = []
    for child in part.children:
        _walk(child, forms, body)
    plain = [one for form in forms for one in form.plain]
    html = [one for form in forms for one in form.html]
    if plain and html:
        # Each form may be of several parts, with pictures between them (Apple Mail).
        shown.append(_Shown(plain, html))
    else:
        shown += forms


def _is_shown(part: Part, *, first: bool) -> bool:
    if part.media_type.startswith("multipart/"):
        # Its boundary stands nowhere: readable all the same, unless it is the source of other parts.
        # The line end before a body is its header section's, so a delimiter on its first line is seen, too.
        return part.buffer.find(b"\n--", max(part.start - 1, 0), part.end) < 0
    if part.media_type not in _PLAIN or part.disposition == "attachment":
        return False
    return first or not filename_of(part)


def _walk_tnef(part: Part, shown: list[_Shown], body: Body) -> None:
    """Take the text of winmail.dat, mostly in the mail already, for its HTML; attach the files."""
    forms: list[_Shown] = []
    for child in part.children:
        if child.disposition:
            _attach_all(child, body)
        else:
            _walk(child, forms, body)
    places = shown[:_PLACES]
    for form in forms:
        said = form.plain or form.html
        known = next((place for place in places if _is_same(place.plain or place.html, said)), None)
        if known is None:
            shown.append(form)
        elif not known.html:
            known.html = form.html


def _is_same(known: list[Part], other: list[Part]) -> bool:
    """Tell whether two forms of a text begin alike."""
    one, two = (" ".join(_beginning(parts).split())[:_SAME] for parts in (known, other))
    return bool(one) and (one.startswith(two) or two.startswith(one))


def _beginning(parts: list[Part]) -> str:
    """Return what the first of these parts says, as far as its first octets go."""
    if not parts:
        return ""
    part = replace(parts[0], end=min(parts[0].end, parts[0].start + _SAME_READ))
    return html_text(_decoded(part, Body()))[0] if part.media_type == "text/html" else _plain(part, Body())


def _attach(part: Part, body: Body) -> None:
    found, whole = attachment_of(part)
    if not whole:
        body.defects[Defect.ENCODING_BROKEN] = None
    body.attachments.append(found)
    if part.media_type in _ABSENT:
        body.marks[_ABSENT[part.media_type]] = None
    if part.media_type.startswith(("text/", "message/")) or is_calendar(part):
        body.told.append(part)


def _attach_all(part: Part, body: Body) -> None:
    """Attach every leaf below a part that is not shown."""
    waiting = [part]
    while waiting:
        leaf = waiting.pop()
        body.types.add(leaf.media_type)
        body.marks |= dict.fromkeys(marks_of(leaf))
        if leaf.is_message:
            body.messages.append(leaf)
            _attach(leaf, body)
        elif leaf.children:
            waiting += reversed(leaf.children)
        elif not leaf.media_type.startswith("multipart/"):
            _attach(leaf, body)


def _texts(place: _Shown, body: Body) -> tuple[str, str]:
    """Return (text, HTML) of one place; the text is made from the HTML where the plain form is none."""
    text = "\n\n".join([_plain(part, body).strip("\n") for part in place.plain])
    html = "\n".join([_decoded(part, body) for part in place.html])
    if not html:
        return text, ""
    stub = len(text) <= _STUB and len(html) > _STUB_RATIO * len(text.strip())
    if text.strip() and not stub:
        return text, html
    made, whole = html_text(html)
    if not whole:
        body.defects[Defect.HTML_CUT] = None
    return (made if len(made) > 2 * len(text.strip()) else text), html


def _plain(part: Part, body: Body) -> str:
    """Return the text of a plain part, its lines as they were before they were wrapped."""
    text = _decoded(part, body)
    if part.params.get("format", "").lower() == "flowed":
        return unflowed(text, delete_space=part.params.get("delsp", "").lower() == "yes")
    return unenriched(text) if part.media_type in _ENRICHED else text


def _decoded(part: Part, body: Body) -> str:
    octets, whole = transfer_decoded(part.buffer[part.start : part.end], part.encoding)
    if not whole:
        body.defects[Defect.ENCODING_BROKEN] = None
    if len(octets) > 4 * TEXT_CAP:
        octets = octets[: 4 * TEXT_CAP]  # the longest character of UTF-8 has four
        body.defects[Defect.TEXT_CUT] = None
    charset = part.params.get("charset", "")
    if part.media_type == "text/html" and charset.lower() in _UNSAID and not octets.isascii():
        declared = _META_CHARSET.search(octets, 0, _META_IN)
        charset = declared[1].decode("ascii", "replace") if declared else charset
    text, claimed = decode_checked(octets, charset)
    if not claimed:
        body.defects[Defect.CHARSET_WRONG] = None
    return text
