"""What a user answers to a notice in the first words of his mail: "2", "2 always", "1, 4", "none", "undo"."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bccd.mail.reply import read_reply
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Envelope, Tag
from bccd.model.message import Content
from bccd.model.plan import NewRequest

_LONGEST_TEXT = 64 * 1024  # characters of a mail; an answer stands at one of its ends
_LONGEST_LINE = 200  # of those that are looked at
_MOST_LINES = 40


def _any(words: str) -> str:
    """Return a pattern for one of these words, as `_plain` writes them."""
    return f"(?:{'|'.join(sorted(words.split(), key=len, reverse=True))})"


_GREETING = _any(
    "hi hello hey dear good czesc hej witam witaj dzien szanowni halo hallo bonjour hola ciao buna"
)
_POLITE = _any(
    "please pls plz thanks thank you thx ty ok okay prosze poprosze dzieki dziekuje bitte danke merci gracias"
    " grazie multumesc"
)
# Not "deal": a notice also shows by which number the CRM knows a deal, and "deal 2" could mean either.
_BEFORE = _any("number no nr num numer option opcja choose pick take wybieram biore it is its to")
_AND = _any("and i und et y e si oraz")
_EVER = _any("always zawsze immer toujours siempre sempre mereu intotdeauna")
_HERE = _any("for in this the thread conversation dla w tym tego tej watku rozmowy rozmowie korespondencji")
_NONE = _any(
    "none zaden zadna zadne zadnej zadnego keine keiner keins aucun aucune ninguno ninguna nessuno nessuna"
    " niciunul niciuna"
)
_OF_THEM = _any("of them these those the above deal deals z nich tych powyzszych")
_UNDO = _any("undo cofnij cofnac cofam anuluj ruckgangig annuler deshacer annulla anuleaza")

_ALWAYS = f"(?:(?:na )?{_EVER}(?: {_HERE})*)"
_NUMBER = rf"(?:{_BEFORE} )*[0-9]{{1,4}}"
_ONE = re.compile(rf"(?P<number>[0-9]+)(?P<always> {_ALWAYS})?")
_ANSWER = re.compile(
    rf"(?:{_POLITE} )*(?:"
    rf"(?P<first>{_ALWAYS} )?(?P<numbers>{_NUMBER}(?: {_ALWAYS})?(?: (?:{_AND} )?{_NUMBER}(?: {_ALWAYS})?)*)"
    rf"|(?P<none>{_NONE})(?: {_OF_THEM})*|(?P<undo>{_UNDO})"
    rf")(?: {_POLITE})*"
)
_COURTESY = re.compile(rf"{_POLITE}(?: {_POLITE})*")
_OPENING = re.compile(rf"{_GREETING}\b.*")
_TELLING = re.compile(rf"\b(?:[0-9]{{1,2}}|{_EVER}|{_NONE}|{_UNDO})\b")  # what answers are made of
_JOINED = re.compile(r"[0-9] ?[-/:.+*\u2013\u2014] ?[0-9]|[0-9][^\W\d_]|[^\W\d_][0-9]")  # 1-3, 2.5, 2:30, 2b
_PUNCTUATION = re.compile(
    r"[][.,;:!#&(){}\"'*_\u2022\u201c-\u201e\u2018\u2019\u00ab\u00bb\u00b7\u2013\u2014-]+"
)
_STROKES = str.maketrans({"\u0142": "l", "\u00f8": "o", "\u0111": "d"})  # letters that no form parts
_HIDDEN = frozenset({"Mn", "Me", "Cf", "Co", "Cs"})  # marks, and what cannot be seen


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says: numbers, that it is none of them, or that the last answer is taken back."""

    numbers: tuple[int, ...] = ()
    always: tuple[int, ...] = ()  # those of the numbers that are meant from here on
    none: bool = False
    undo: bool = False


def notice_answered(delivery: Delivery) -> int | None:
    """Return the notice that a mail answers, by the signed address that it was sent to."""
    for target in delivery.targets:
        for wish in (target, *target.more):
            if wish.tag is Tag.REPLY:
                return wish.number
    return None


def is_bounce_of_notice(envelope: Envelope, company_id: int) -> bool:
    """Tell whether a mail went back to where a notice came from, from nobody: there is no one to answer."""
    targets = [target for target in envelope.targets if target.company_id == company_id]
    return not envelope.mail_from and all(target.tag is Tag.REPLY for target in targets)


def request(mail: Mail, notice: int, actor_id: int) -> NewRequest:
    """Return the command that an answer gives; one that cannot be read asks to be told so.

    The same mail, however often and by whichever ways it comes, is the same command.
    """
    content = mail.message.content
    words = own_words(content)
    # An empty mail may say it in its subject: in all of that, for the notice's own stands behind "Re:".
    said = read_answer(words if words.strip() else content.subject) or Said()
    args: dict[str, object] = {"notice": notice, "tell": True}
    if said.undo:
        kind = "choice.reopen"
    else:
        kind = "choice.answer"
        given = {"numbers": said.numbers, "always": said.always} if 0 not in said.numbers else {}
        args |= {name: list(numbers) for name, numbers in given.items() if numbers}
        args |= {"none": True} if said.none else {}
    mark = content.message_id or mail.delivery.raw_sha256.hex()
    key = hashlib.sha256(f"{mark}\n{said}".encode("utf-8", "replace")).hexdigest()[:32]
    return NewRequest(f"answer:{notice}:{key}", actor_id, kind, args, mail.delivery.received_at)


def said_by(asked: NewRequest) -> str:
    """Say in a few words what an answer asks for, for its decision record."""
    if asked.kind == "choice.reopen":
        return "the last answer is taken back"
    if asked.args.get("none"):
        return "it is none of them"
    numbers = asked.args.get("numbers")
    return f"it says {numbers}" if numbers else "it could not be understood"


def own_words(content: Content) -> str:
    """Return what the author of an answer wrote himself: above, below or between what he quotes."""
    text = content.text[:_LONGEST_TEXT]
    html = content.html if len(content.html) <= _LONGEST_TEXT else ""
    return read_reply(text, sender=content.sender, html=html).new_text


def read_answer(words: str) -> Said | None:
    """Read the first lines of a text as an answer; None where it is none, or could mean two things.

    What stands below a blank line, and what in the same paragraph holds nothing that answers are made of,
    is left alone.
    """
    found: list[Said] = []
    apart = False  # a blank line stands between the answer and what is looked at
    for raw in words.strip().split("\n")[:_MOST_LINES]:
        folded = _plain(raw)
        line = _spaced(folded)
        if not line:
            apart = bool(found)
        elif said := _read_line(folded, line):
            found.append(said)
        elif _COURTESY.fullmatch(line) or (not found and _greets(line)):
            continue
        elif not found or (not apart and _TELLING.search(line)):
            return None
        else:
            break
    return _together(found)


def _plain(line: str) -> str:
    """Fold a line: digits of every script to 0-9, letters without marks and case, nothing invisible."""
    if len(line) > _LONGEST_LINE:
        return "too long to be an answer"
    folded = unicodedata.normalize("NFKD", line).casefold().translate(_STROKES)
    seen = (one for one in folded if unicodedata.category(one) not in _HIDDEN)
    return " ".join("".join(str(unicodedata.decimal(one, one)) for one in seen).split())


def _spaced(folded: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", folded).split())


def _greets(line: str) -> bool:
    return _OPENING.fullmatch(line) is not None and not _TELLING.search(line)


def _read_line(folded: str, line: str) -> Said | None:
    """Read a line that holds an answer and nothing else."""
    match = _ANSWER.fullmatch(line)
    if match is None or _JOINED.search(folded):
        return None
    if match["numbers"] is None:
        return Said(none=match["none"] is not None, undo=match["undo"] is not None)
    each = [(int(one["number"]), bool(one["always"])) for one in _ONE.finditer(match["numbers"])]
    for_all = bool(match["first"]) or (each[-1][1] and sum(always for _, always in each) == 1)
    return _numbers(each if not for_all else [(number, True) for number, _ in each])


def _numbers(each: Sequence[tuple[int, bool]]) -> Said:
    return Said(_once(number for number, _ in each), _once(number for number, always in each if always))


def _once(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(numbers))


def _together(found: Sequence[Said]) -> Said | None:
    """Return what several lines say; none may contradict another."""
    numbers = _once(number for said in found for number in said.numbers)
    always = _once(number for said in found for number in said.always)
    none, undo = any(said.none for said in found), any(said.undo for said in found)
    return Said(numbers, always, none, undo) if bool(numbers) + none + undo == 1 else None
