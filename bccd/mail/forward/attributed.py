"""Who wrote a mail and when, from the attribution line above its quote."""

import re
from typing import NamedTuple

from bccd.mail.addresses import normalise
from bccd.mail.attribution import language_of, says_wrote, verb_at
from bccd.mail.forward.almanac import fold, months_named, part_named
from bccd.mail.forward.dates import ReadDate, read_date
from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.wrote import FILLERS, PARTICLES
from bccd.model.message import Mailbox

_MOST_WORDS = 8  # of a name
_LONGEST_NAME = 200
_EDGE = " \t<>\"'„”“«»‹›‘’(),;:*،、，|-—"
_OPENING = "\"'„“«‹‘「"
_CLOSING = "\"'”“»›’」"

# <anna@acme.example>, (anna@..), [mailto:anna@..], < mailto:Anna <anna@..> >, or bare
_ADDRESS = re.compile(
    r"[<(\[]*\s*(?:mailto:)?([^\s<>()\[\]\"'„“«»,;:]{1,64}@[^\s<>()\[\]\"'„”«»,;:]{1,255}?)\.?"
    r"(?=[\s<>()\[\]\"'„”«»,;:，、：]|$)[\s>)\]]*"
)
_QUOTED = re.compile(rf"[{_OPENING}]\s*([^{_OPENING}{_CLOSING}<>]{{1,200}}?)\s*[{_CLOSING}]\s*[<(]*\s*$")
_TOKEN = re.compile(r"[^\s，、،]+[，、،]?")
_SUFFIX = re.compile(r"(?:さんは|さん|님이|님|이\(가\)?|-(?:ը|\(e\)k|k)|ը|֊ը)$")
_NO_PART = frozenset(fold(word) for word in FILLERS)
_NOBODY = frozenset({"you", "i", "ty", "du", "vous", "usted"})
_NUMBER = re.compile(r"\D{0,2}\d")  # "16", "ב-10:00", and not "anna2"


class Attributed(NamedTuple):
    """What an attribution says."""

    sender: Mailbox | None
    date: ReadDate


def read_attribution(words: str, around: Around = NOWHERE) -> Attributed:
    """Read an attribution in one line (mail/attribution.py); a name without an address is a sender, too."""
    words = words.replace("&lt;", "<").replace("&gt;", ">")
    found = list(_ADDRESS.finditer(words))
    if found:
        first, last = found[0], found[-1]
        before, after = words[: first.start()], words[last.end() :]
        address, name = normalise(first[1]), _name_before(before)
        if normalise(name) == address:
            name = ""
        rest = f"{before.removesuffix(name)} {after}" if name else f"{before} {after}"
    else:
        address, name = "", _name_in(words)
        rest = words.replace(name, " ", 1) if name else words
        name = "" if name.casefold() in _NOBODY else name
    # English told by its verb may print the month first; of others it is known that they do not.
    read = read_date(rest, language_of(words), around)
    return Attributed(Mailbox(name, address) if name or address else None, read)


def _name_before(before: str) -> str:
    """Read the name that ends where the address begins."""
    quoted = _QUOTED.search(before[-2 * _LONGEST_NAME :])
    return quoted[1].strip(_EDGE) if quoted else _last_name(before)


def _name_in(words: str) -> str:
    """Read the name in an attribution without an address: before the verb, behind it, or at the beginning."""
    verb = verb_at(words)
    if verb is None:
        return _last_name(words.rstrip(_EDGE + "：.՝"))
    before, behind = words[: verb[0]], words[verb[1] :]
    quoted = _QUOTED.search(before)
    if quoted:
        return quoted[1].strip(_EDGE)
    return _last_name(before) or _first_name(behind) or _first_name(before)


def _last_name(text: str) -> str:
    """Read the name that a text ends with: back to a number, or a word that is of no name."""
    tokens = [match[0] for match in _TOKEN.finditer(text[-2 * _LONGEST_NAME :])]
    while tokens and _is_filler(tokens[-1]):
        tokens.pop()
    start = len(tokens)
    while start > max(0, len(tokens) - _MOST_WORDS) and not _ends_name(tokens, start - 1):
        start -= 1
    return _trimmed(tokens[start:])


def _first_name(text: str) -> str:
    """Read the name that a text begins with."""
    tokens = [match[0] for match in _TOKEN.finditer(text[: 2 * _LONGEST_NAME])]
    while tokens and _is_filler(tokens[0]):
        tokens.pop(0)
    end = 0
    while end < min(len(tokens), _MOST_WORDS) and not _ends_name(tokens, end):
        end += 1
    return _trimmed(tokens[:end])


def _trimmed(tokens: list[str]) -> str:
    while tokens and tokens[0].casefold() in PARTICLES:
        tokens = tokens[1:]
    name = " ".join(tokens).strip(_EDGE).removeprefix("mailto:")
    return _SUFFIX.sub("", name)[:_LONGEST_NAME].strip(_EDGE)


def _is_filler(token: str) -> bool:
    bare = fold(token).strip(_EDGE + ".：")
    return not bare or bare in _NO_PART or bare in PARTICLES


def _ends_name(tokens: list[str], at: int) -> bool:
    """Tell a word that cannot be of a name: a number, a filler, a part of the day, a month beside its day."""
    if _NUMBER.match(tokens[at]):
        return True
    bare = fold(tokens[at]).strip(_EDGE + ".：")
    if bare in PARTICLES:
        return False
    if (
        not bare
        or bare in _NO_PART
        or says_wrote(tokens[at].strip(_EDGE))
        or part_named(bare.replace(".", " "), "en")
    ):
        return True
    beside = (*tokens[max(at - 1, 0) : at], *tokens[at + 1 : at + 2])
    return bool(months_named(bare)) and any(_is_day(token) for token in beside)


def _is_day(token: str) -> bool:
    digits = token.strip(_EDGE + ".")
    return digits.isdigit() and len(digits) in {1, 2, 4}
