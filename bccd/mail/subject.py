"""Subjects: the part that a conversation shares, and the prefixes that tell replies and forwards apart."""

import re
import unicodedata
from functools import lru_cache

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_NO_LETTER = re.compile(r"[\W_]+")
_TAIL = re.compile(r"\((?:fwd|fw|wg)\)\s*\Z")
_ROUND = re.compile(r"[()]")
_COUNTED = r"(?:\s?[(\[^-]\s?\d{1,3}\s?[)\]]?)?\s?[:：﹕]"
_PREFIX = re.compile(rf"\s*([^\s:：﹕]{{1,20}}?){_COUNTED}")
_ANY_PREFIX = re.compile(rf"\s*[^:：﹕]{{1,20}}?{_COUNTED}")
# Prefixes of two words and more; a word followed by a colon goes anyway.
_LONG = re.compile(
    r"\s*(إعادة توجيه|automatische antwort|automatic reply|autom\. antwort|réponse automatique"
    r"|odpowiedź automatyczna|out of office|respuesta automática|resposta automática|risposta automatica)"
    rf"{_COUNTED}"
)

# What a gateway puts before the subject of mail from outside, where it is no bracket: `EXTERNAL: `, `*EXT* `.
_TAG_WORDS = (
    r"(?:ext|external|externe?|externer|externo|externa|esterno|esterna|ekstern|zewnętrzn[aye]|externí"
    r"|ulkoinen|внешнее|外部|社外|spam\??|suspected spam|possible spam)"
    r"(?:\s(?:e-?mail|mail|sender|message|nachricht|absender|e-?post|source))?"
)
_TAG = re.compile(
    rf"\s*(?:[*({{<#【!_|-]+\s?{_TAG_WORDS}\s?[*)}}>#】!_|:-]+|{_TAG_WORDS}\s?(?:[:：]|[-–—|](?=\s)))\s*"
)
# The same with brackets, in any case: for a subject that was not folded.
_ANY_TAG = re.compile(
    rf"\s*[\[*({{<#【!_|-]+\s?{_TAG_WORDS}\s?[\])*}}>#】!_|:-]+|{_TAG.pattern}", re.IGNORECASE
)

_REPLY_WORDS = """
    re aw antw odp ré rép réf ref res resp r rif sv vs vá răsp ynt bls atb απ σχετ на ha ответ
    בתגובה השב תש תשובה رد 回复 答复 回覆 答覆
"""
_FORWARD_WORDS = """
    fwd fw wg pd tr rv enc i doorst videresend videresendt vb vl fs továbbítás redir πρθ i̇lt ilt trs
    yml пересл הועבר 转发 轉寄 轉發
"""
_REPLY = frozenset(_REPLY_WORDS.split())
_FORWARD = frozenset(_FORWARD_WORDS.split()) | {"إعادة توجيه"}


def _folded(subject: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", subject).casefold())


def _without_brackets(text: str) -> str:
    """Replace every balanced [...] by nothing but a space, nested ones too, in one pass."""
    if "[" not in text:
        return text
    out: list[str] = []
    opened: list[int] = []  # where in `out` each bracket not yet closed began
    for piece in re.split(r"([\[\]])", text):
        if piece == "[":
            opened.append(len(out))
        elif piece == "]" and opened:
            del out[opened.pop() :]
            piece = " "  # noqa: PLW2901  # what a bracket leaves behind
        out.append(piece)
    return " ".join("".join(out).split())


def _without_tail(text: str) -> str:
    """Cut a last (fwd), and a last (was: ...), which may hold brackets of its own."""
    while True:
        tail = _TAIL.search(text, max(0, text.rfind("(")))
        start = tail.start() if tail else _was(text)
        if start < 0:
            return text
        text = text[:start].rstrip()


def _was(text: str) -> int:
    """Return where the "(was:" begins that the last character closes; below 0 for none."""
    start = text.rfind("(was:") if text.endswith(")") else -1
    depth = 0
    for bracket in _ROUND.finditer(text, start) if start >= 0 else ():
        depth += 1 if bracket[0] == "(" else -1
        if not depth:
            return start if bracket.end() == len(text) else -1
    return -1


@lru_cache(maxsize=1_024)  # filing asks ten times for each mail: 4 % of its time
def base_subject(subject: str) -> str:
    """Return the letters and digits that replies share; language neutral, for use beside a shared id only.

    Any word with a colon and any bracket goes, so it strips too much rather than too little.
    """
    text = _without_brackets(_folded(subject)).rstrip()
    text = _without_tail(text)
    start = 0
    while prefix := _TAG.match(text, start) or _LONG.match(text, start) or _PREFIX.match(text, start):
        start = prefix.end()
    return _NO_LETTER.sub("", text[start:])


@lru_cache(maxsize=64)  # a mail's subject is asked about by several readers
def _first_prefix(subject: str) -> str:
    text = _without_brackets(_folded(subject[:200]))
    start = 0
    while tag := _TAG.match(text, start):
        start = tag.end()
    prefix = _LONG.match(text, start) or _PREFIX.match(text, start)
    return prefix[1].rstrip(".") if prefix else ""


def without_prefix(subject: str) -> str:
    """Return a subject without its outermost prefix, which a mail program put before it."""
    tag = _TAG.match(subject)
    prefix = _ANY_PREFIX.match(subject, tag.end() if tag else 0)
    return subject[prefix.end() :].strip() if prefix else subject


@lru_cache(maxsize=1_024)
def untagged(subject: str) -> str:
    """Return a subject, its white space folded, without the tags by which gateways mark mail from outside."""
    text = " ".join(subject.split())
    kept: list[str] = []
    at = 0
    while tag := _ANY_TAG.match(text, at) or _PREFIX.match(text, at):
        if tag.re is _PREFIX:
            if tag[1].casefold().rstrip(".") not in _REPLY | _FORWARD:
                break
            kept.append(tag[0].strip())
        at = tag.end()
    return " ".join((*kept, text[at:].strip()))


def is_reply(subject: str) -> bool:
    """Tell whether the outermost prefix is one that mail programs put before a reply."""
    return _first_prefix(subject) in _REPLY


def is_forward(subject: str) -> bool:
    """Tell whether the outermost prefix is one that mail programs put before a forward.

    "VS" is a reply in Finnish and a forward in Danish; it counts as a reply.
    """
    return _first_prefix(subject) in _FORWARD
