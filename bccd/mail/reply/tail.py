"""What stands below a person's words: signature, phone line, disclaimer, list footer.

Each is looked for from the end, so that nothing above the first line that is none of them is touched.
"""

import re
from collections.abc import Sequence

from bccd.mail.forward.lines import visible
from bccd.mail.reply.facts.legal import (
    DISCLAIMER_LIKELY,
    DISCLAIMER_SIGNS,
    DISCLAIMER_SURE,
    DISCLAIMER_WORDS,
)
from bccd.mail.reply.facts.lists import LIST_FOOTERS
from bccd.mail.reply.facts.phones import (
    DEVICES,
    PHONE_ENDINGS,
    PHONE_OPENINGS,
    SENT,
    SENT_LAST,
    SENT_LAST_OPENINGS,
)
from bccd.mail.reply.parts import Kind
from bccd.model.message import Mailbox

_REACH = 120  # lines from the end of a run of new text that are looked at
_SIGNATURE_LINES = 30  # with words, below "-- "
_RULED_LINES = 6  # below a line of underscores
_BARE_LINES = 15  # below "--" without its blank
_CONTACT_LINES = 14
_NAME_WORDS = 2
_TITLES = 3  # words besides a name
_BLOCK_LEAST = 3  # lines
_RULE_LEAST = 4
_SHORT = 90  # characters of a line in a signature
_PHONE_LINE = 160
_PHONE_LEAST = 7
_PHONE_WORDS = 22
_PHONE_SHORT = 9  # words, where its beginning is not known to the letter
_FEW_WORDS = 4
_LEGAL_CAP = 8_000  # characters of one paragraph
_LEGAL_LEAST = 160  # of one told by weak signs
_LEGAL_SIGNS = 3
_LEGAL_SHORTEST = 30
_FOOTER_LINES = 8
_FOOTER_LINE = 400  # characters
_RULE = re.compile(r"[-_*=#~+\u2013\u2014\u2500\u1427\s]+")
_UNDERSCORES = re.compile(r"_{5,}")
_LONG_RULE = re.compile(r"\s*(?:_{20,}|-{20,}|={20,}|\*{20,})\s*")
_LIST_LINE = re.compile(
    r"https?://\S{3,400}/(?:mailman|listinfo|postorius|hyperkitty|options|mailing-?lists?)\b|mailing list"
    r"|\S{1,64}-(?:unsubscribe|request|help)[@+]|lists?\.[\w.-]{3,80}/|unsubscribe|list-unsubscribe",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"https?://|www\.|[^\s@<>]{1,64}@[\w-]{1,60}\.|(?:\+|\b00)\d[\d ()./-]{6,}"
    r"|\(?\d{2,5}\)?[ ./-]\d{2,4}[ ./-]?\d{2,}"
    r"|\b(?:tel|phone|fax|mob|mobile|cell|skype|linkedin|m|t|p|f)\s?[.:]",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_]{2,}")
_ENDS_PROSE = re.compile(r"[^\W\d_]{4,}[.,:;?!]\Z")
_PGP_END = "-----END PGP SIGNATURE-----"
_PGP_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_PGP_MESSAGE = "-----BEGIN PGP SIGNED MESSAGE-----"
_PGP_HEADER_LINES = 4


def mark_tails(lines: Sequence[str], kinds: list[Kind], sender: Mailbox) -> None:
    """Mark what stands below the sender's words, above the history or at the end; adds to `kinds`."""
    _mark_armour(lines, kinds)
    end = len(lines)
    while end:
        # The last run of new text, and the one above the history if there is nothing new below it.
        while end and (kinds[end - 1] is not Kind.NEW or not lines[end - 1].strip()):
            end -= 1
        if not end:
            return
        start = end
        while start and kinds[start - 1] in (Kind.NEW, Kind.DISCLAIMER):
            start -= 1
        cut = _mark_tail(lines, kinds, start, end, sender)
        if cut > start and any(line.strip() for line in lines[start:cut]):
            return
        end = start


def _mark_tail(lines: Sequence[str], kinds: list[Kind], start: int, end: int, sender: Mailbox) -> int:
    """Mark the tail of one run; return where it begins."""
    reach = max(start, end - _REACH)
    cut = end
    while cut > reach:
        kind, above = _peeled(lines, kinds, reach, cut)
        if kind is None:
            kind = Kind.SIGNATURE
            delimiter = _delimited(lines, reach, cut)
            top = delimiter if delimiter is not None else _contact(lines, kinds, reach, cut, sender)
            if top is None:
                break
            above = top
        kinds[above:cut] = [kind] * (cut - above)
        cut = above
    return cut


def _peeled(lines: Sequence[str], kinds: Sequence[Kind], start: int, end: int) -> tuple[Kind | None, int]:
    """Return what the last lines are, if they are surely nothing that was written, and where they begin."""
    last = end
    while last > start and not lines[last - 1].strip():
        last -= 1
    if last == start:
        return None, end
    line = visible(lines[last - 1]).strip()
    if _RULE.fullmatch(line):
        return Kind.SIGNATURE, last - 1
    above = "" if last - 1 == start else visible(lines[last - 2]).strip()
    apart = not above or is_phone_line(above)
    if is_phone_line(line, apart=apart):
        return Kind.SIGNATURE, last - 1
    first = _footer(lines, start, last)
    if first is None and end < len(lines) and kinds[end] is Kind.DISCLAIMER:
        first = _advertised(lines, start, last)
    if first is not None:
        return Kind.DISCLAIMER, first
    first = last - 1
    while first > start and lines[first - 1].strip() and not _RULE.fullmatch(lines[first - 1]):
        first -= 1
    if _is_legal(lines, first, last):
        return Kind.DISCLAIMER, first
    return None, end


def is_phone_line(line: str, *, apart: bool = True) -> bool:
    """Tell a line as "Sent from my iPhone", in any language: short, a device, and a word for "sent".

    `apart` says that it stands by itself, as what a program adds does: a sentence may say the same.
    """
    if not _PHONE_LEAST <= len(line) <= _PHONE_LINE:
        return False
    folded = line.casefold().strip("<>()[]*_ .!")
    words = folded.split()
    if not words or len(words) > _PHONE_WORDS:
        return False
    if folded.startswith(PHONE_OPENINGS) or (folded.endswith(PHONE_ENDINGS) and len(words) <= _FEW_WORDS):
        return True
    if not apart or len(words) > _PHONE_SHORT or not any(name in folded for name in DEVICES):
        return False
    if folded.startswith(SENT):
        return True
    begins = folded.startswith(SENT_LAST_OPENINGS) or words[0].startswith(DEVICES)
    return begins and any(stem in " ".join(words[-2:]) for stem in SENT_LAST)


def _footer(lines: Sequence[str], start: int, end: int) -> int | None:
    """Return where a mailing list's footer begins that ends at a line; None for none."""
    found: int | None = None
    words = 0
    for number in range(end - 1, start - 1, -1):
        text = lines[number].strip()
        if not text:
            continue
        words += 1
        if words > _FOOTER_LINES or len(text) > _FOOTER_LINE:
            break
        folded = text.casefold()
        if folded.startswith(LIST_FOOTERS) or (found is None and _LIST_LINE.search(text) and words > 1):
            found = number
        if _LONG_RULE.fullmatch(text) or text == "--":
            below = [lines[at] for at in range(number + 1, end) if lines[at].strip()]
            listed = any(_LIST_LINE.search(line) for line in below)
            return number if listed or found is not None else None
    if found is None or not lines[found].strip().casefold().startswith(LIST_FOOTERS):
        return None
    return found


def _advertised(lines: Sequence[str], start: int, end: int) -> int | None:
    """Return the rule above a few lines that the host of a list puts above its footer; None for none."""
    for number in range(end - 1, max(end - _FOOTER_LINES, start) - 1, -1):
        if _LONG_RULE.fullmatch(lines[number]):
            return number
        if not lines[number].strip():
            return None
    return None


def _is_legal(lines: Sequence[str], first: int, last: int) -> bool:
    """Tell a paragraph that lawyers wrote: by a phrase that is sure, or by several words of theirs."""
    text = " ".join(line.strip(" *_>") for line in lines[first:last])[:_LEGAL_CAP].casefold()
    if len(text) < _LEGAL_SHORTEST and text.isascii():
        return False
    if any(phrase in text for phrase in DISCLAIMER_SURE):
        return True
    if "?" in text or not any(word in text for word in DISCLAIMER_WORDS):
        return False
    if any(phrase in text for phrase in DISCLAIMER_LIKELY):
        return True
    return len(text) >= _LEGAL_LEAST and sum(1 for sign in DISCLAIMER_SIGNS if sign in text) >= _LEGAL_SIGNS


def _delimited(lines: Sequence[str], start: int, end: int) -> int | None:
    """Return the line of the delimiter above a signature (RFC 3676 4.3); None where there is none."""
    words = longest = 0
    for number in range(end - 1, start - 1, -1):
        line = visible(lines[number])
        text = line.strip()
        if not text:
            continue
        if text in ("--", "- --", "—", "––"):
            limit = _SIGNATURE_LINES if line.endswith(" ") else _BARE_LINES
            return number if words <= limit else None
        if _UNDERSCORES.fullmatch(text):
            apart = number > start and not lines[number - 1].strip()
            return number if apart and 0 < words <= _RULED_LINES and longest <= _SHORT else None
        longest = max(longest, len(text))
        words += 1
        if words > _SIGNATURE_LINES:
            return None
    return None


def _contact(
    lines: Sequence[str], kinds: Sequence[Kind], start: int, end: int, sender: Mailbox
) -> int | None:
    """Return where a block begins that names the sender and how to reach him; None where there is none."""
    name = frozenset(_NAME.findall(sender.name.casefold()))
    reached = end < len(lines) and kinds[end] is Kind.SIGNATURE and is_phone_line(lines[end].strip())
    top: int | None = None
    words = 0
    for number in range(end - 1, start - 1, -1):
        text = visible(lines[number]).strip()
        if not text:
            continue
        if _is_prose(text):
            break
        words += 1
        if words > _CONTACT_LINES:
            break
        if top is not None and len(text) >= _RULE_LEAST and _RULE.fullmatch(text):
            return number
        if top is None and reached and _is_named(text, name):
            top = number
        elif top is None and _CONTACT.search(text):
            reached = True
            if sender.address and sender.address in text.casefold():
                top = _paragraph(lines, start, number, end)
    if top is None or not any(kinds[at] is Kind.NEW and lines[at].strip() for at in range(top)):
        return None  # a number that was asked for is an answer
    return top


def _is_prose(text: str) -> bool:
    """Tell a line that may be a sentence from one of a signature."""
    if len(text) > _SHORT:
        return True
    ends = text.endswith((".", "?", "!", ",", "。", "？", "！"))
    return ends and not _CONTACT.search(text) and len(text.split()) > _FEW_WORDS


def _is_named(text: str, name: frozenset[str]) -> bool:
    """Tell whether a line is a name of two words or more, with a title at most."""
    if len(name) < _NAME_WORDS or (text[-1] in ".,:;?!" and _ENDS_PROSE.search(text)):
        return False
    said = _NAME.findall(text)
    found = {word.casefold() for word in said}
    if not name <= found or len(said) > len(name) + _TITLES:
        return False
    # "Anna Nowak will call" is a sentence.
    return not any(word.islower() for word in said if word.casefold() not in name)


def _paragraph(lines: Sequence[str], start: int, number: int, end: int) -> int | None:
    """Return where the paragraph of an address begins, if it is a block of short lines."""
    first = number
    while first > start and lines[first - 1].strip():
        first -= 1
    if end - first < _BLOCK_LEAST or first == start:
        return None
    return None if any(_is_prose(lines[at].strip()) for at in range(first, number)) else first


def _mark_armour(lines: Sequence[str], kinds: list[Kind]) -> None:
    """Mark the armour around signed text (RFC 9580 7)."""
    for number, line in enumerate(lines):
        if line[:15] != "-----BEGIN PGP ":
            continue
        if line.startswith(_PGP_MESSAGE):
            end = number + 1
            while end < len(lines) and end - number <= _PGP_HEADER_LINES and lines[end].strip():
                end += 1
            kinds[number:end] = [Kind.DISCLAIMER] * (end - number)
        elif line.startswith(_PGP_SIGNATURE):
            end = next(
                (at + 1 for at in range(number, len(lines)) if lines[at].startswith(_PGP_END)), number + 1
            )
            kinds[number:end] = [Kind.SIGNATURE] * (end - number)
            return
