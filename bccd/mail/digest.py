"""What a mail says, in 32 octets that stay the same on every way it may reach us."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from bccd.model.message import Content

# A gateway puts a line into mail from outside, another for each recipient's company. Such a line counts for
# nothing only if it is made of these words alone: then nothing can be said in it that the digest would miss.
_BANNER_WORDS = frozenset(
    """
    a an and ani any are attachment attachments be before bezpieczna but by can careful caution
    click clicking company contains content contents do e e-mail email emails ext external extra
    firma firmy from has i if in include is it its jeśli klikaj known link linki links mail message
    messages nadawca nadawcy nadawcę nie not odpowiadaj of on open opening or organisation
    organizacji organization original originated ostrożność otwieraj our outside please pochodzi
    recognise recognize reply respond safe sender senders sent spoza system ta take ten that the
    these this to trust trusted unknown unless use uwaga verify w warning was wiadomości wiadomość
    with without you your zachowaj załączniki załączników zewnętrzna zewnętrzny ładuj
    """.split()  # noqa: SIM905  a list of a hundred quoted words is harder to read
)
_BANNER_SIGNS = ("external", "outside", "zewnętrzn", "spoza")
_WORDS = re.compile(r"[\w'-]+")
_SAFE_LINK = re.compile(
    r"https?://[\w.-]{1,80}safelinks\.protection\.outlook\.com/[^\s?]{0,80}\?url=([^&\s>]+)[^\s>]*"
)
_DEFENSE_2 = re.compile(r"https?://urldefense\.(?:proofpoint\.)?com/v2/url\?u=([^&\s>]+)[^\s>]*")
# Its two ends go one by one: looking for the second from each first would take the square of the length.
_DEFENSE_3 = re.compile(r"https?://urldefense\.(?:proofpoint\.)?com/v3/__|__;[^\s>]*")
# Clients write a link's target behind its words, each in its own way, and put names for pictures.
_TARGET = re.compile(r"[<\[](?:(mailto|tel):)?([^<>\[\]\s]{3,4000})[>\]]", re.IGNORECASE)
_PICTURE = re.compile(r"\[(?:cid:[^\[\]\s]{1,200}|image:\s[^\[\]\n]{0,100})\]")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_BETWEEN = " \t\n>*_<(["  # what may stand between words and target, quoting included
_GAP = 16  # characters of that
_ADDRESS_SIGNS = frozenset(".@/")
_JOINS = re.compile(r"[\w.@-]").match  # what makes the words another address
_BANNER_LINES = 12  # from the top
_BANNER_LENGTH = 600  # characters of one line
_FEW_LETTERS = 8  # fewer than these say too little to stand for a text
_WEAK_LETTERS = 512
_WEAK_FEWEST = 20
_WEAK_READ = 8_000  # characters read for those letters
_NO_LETTER = re.compile(r"[\W_]+")
_SIGNS = bytes(octet for octet in range(128) if not chr(octet).isalnum())


def normal_text(text: str) -> str:
    """Return letters and digits, without banners and with rewritten links as they were sent.

    A text of few letters is returned with its signs, white space folded.
    """
    if "://" in text:
        text = _SAFE_LINK.sub(lambda match: unquote(match[1]), text)
        text = _DEFENSE_2.sub(lambda match: unquote(match[1].replace("-", "%").replace("_", "/")), text)
        text = _DEFENSE_3.sub("", text)
    if "<" in text or "[" in text:
        text = _TARGET.sub(_target, _PICTURE.sub("", text))
    text = _without_banner(text)
    letters = _letters(text)
    # Little but signs: then every sign counts, or a mail of one emoji would be any other.
    return letters if len(letters) >= _FEW_LETTERS else " ".join(text.split())


def _letters(text: str) -> str:
    # The signs of ASCII are most of all, and go fastest as octets.
    folded = unicodedata.normalize("NFKC", text).casefold().encode("utf-8", "replace")
    letters = folded.translate(None, _SIGNS).decode()
    return letters if letters.isascii() else _NO_LETTER.sub("", letters)


def _target(match: re.Match[str]) -> str:
    """Return a link's target, empty where its words say the same."""
    scheme, target = match.groups()
    if scheme and scheme.lower() == "tel":
        return " "
    bare = _SCHEME.sub("", target, count=1).rstrip("/").casefold()
    if not _ADDRESS_SIGNS.isdisjoint(bare):
        start = match.start()
        words = (
            match.string[max(start - len(target) - _GAP, 0) : start].rstrip(_BETWEEN).rstrip("/").casefold()
        )
        if words.endswith(bare) and not _JOINS(words[: -len(bare)][-1:]):
            return " "
    return f" {target} "


def _without_banner(text: str) -> str:
    *lines, rest = text.split("\n", _BANNER_LINES)
    if len(lines) < _BANNER_LINES:
        lines, rest = [*lines, rest], ""
    if not any(_is_banner(line) for line in lines):
        return text
    return "\n".join((*(line for line in lines if not _is_banner(line)), rest))


def _is_banner(line: str) -> bool:
    if not line or len(line) > _BANNER_LENGTH:
        return False
    folded = line.casefold()
    if not any(sign in folded for sign in _BANNER_SIGNS):
        return False
    return _BANNER_WORDS.issuperset(_WORDS.findall(folded))


def content_digest(text: str, hashes: Iterable[bytes]) -> bytes:
    """Return the digest of a text and the SHA-256 hashes of what is attached, in any order."""
    digest = hashlib.sha256(normal_text(text).encode("utf-8", "replace"))
    for found in sorted(hashes):
        digest.update(b"\0" + found)
    return digest.digest()


def digest_of(content: Content) -> bytes:
    """Return the digest of what one mail says, by itself or inside a forward."""
    return content.digest or content_digest(content.text, (file.sha256 for file in content.attachments))


def weak_digest(new_text: str) -> bytes:
    """Return 16 octets of the first letters and digits of what the sender himself wrote; empty for too few.

    It is equal for a mail and its inline forward, whatever stands below; it is no proof that they are one.
    """
    letters = _letters(normal_text(new_text[:_WEAK_READ]))[:_WEAK_LETTERS]
    return hashlib.blake2b(letters.encode(), digest_size=16).digest() if len(letters) >= _WEAK_FEWEST else b""
