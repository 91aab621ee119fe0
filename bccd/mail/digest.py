"""What a mail says, in 32 octets that stay the same on every way it may reach us."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from bccd.mail.gateway import may_hold, undone, without_banners
from bccd.model.message import Content

# Clients write a link's target behind its words, each in its own way, and put names for pictures.
_TARGET = re.compile(r"[<\[](?:(mailto|tel):)?([^<>\[\]\s]{3,4000})[>\]]", re.IGNORECASE)
_PICTURE = re.compile(r"\[(?:cid:[^\[\]\s]{1,200}|image:\s[^\[\]\n]{0,100})\]")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_BETWEEN = " \t\n>*_<(["  # what may stand between words and target, quoting included
_GAP = 16  # characters of that
_ADDRESS_SIGNS = frozenset(".@/")
_JOINS = re.compile(r"[\w.@-]").match  # what makes the words another address
_FEW_LETTERS = 8  # fewer than these say too little to stand for a text
_WEAK_LETTERS = 512
_WEAK_FEWEST = 20
_WEAK_READ = 8_000  # characters read for those letters
_WEAK_FIRST = 1_000  # characters that mostly hold them
_WEAK_ROOM = 64  # letters that go where the first are folded once more
_SIGNATURES = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)
_NO_LETTER = re.compile(r"[\W_]+")
_SIGNS = bytes(octet for octet in range(128) if not chr(octet).isalnum())
_SMALL = bytes(range(256)).lower()
_ASCII = bytes(range(128))
_FEW_WIDE = 12  # distinct characters beyond ASCII that are folded one by one


@lru_cache(maxsize=4)  # a mail without history is its new text
def normal_text(text: str, within: str = "") -> str:
    """Return letters and digits, without banners and with rewritten links as they were sent.

    A text of few letters is returned with its signs, white space folded. `within` is a text that was looked
    through for banners before; where this one is a part of it, that tells.
    """
    return _normal(text, banners=_may_hold(text, within))


def _may_hold(text: str, within: str) -> bool:
    return may_hold(within if text in within else text)


def _normal(text: str, *, banners: bool) -> str:
    text = undone(text).text
    if "[" in text:
        text = _PICTURE.sub("", text)
    if "<" in text or "[" in text:
        text = _TARGET.sub(_target, text)
    if banners:
        text = without_banners(text).text
    letters = _letters(text)
    # Little but signs: then every sign counts, or a mail of one emoji would be any other.
    return letters if len(letters) >= _FEW_LETTERS else " ".join(text.split())


def _letters(text: str) -> str:
    # The signs of ASCII are most of all, and go fastest as octets.
    octets = unicodedata.normalize("NFKC", text).encode("utf-8", "replace")
    letters = octets.translate(_SMALL, _SIGNS).decode()
    if letters.isascii():
        return letters
    wide = set(octets.translate(None, _ASCII).decode())
    if len(wide) > _FEW_WIDE:
        letters = letters.casefold()
        return letters if letters.isalnum() else _NO_LETTER.sub("", letters)
    # Folding looks at one character at a time, and here all but a few are folded: half the time of the whole.
    for char in wide:
        folded = char.casefold()
        folded = folded if folded.isalnum() else _NO_LETTER.sub("", folded)
        if folded != char:
            letters = letters.replace(char, folded)
    return letters


def _target(match: re.Match[str]) -> str:
    """Return a link's target, empty where its words say the same."""
    scheme, target = match.groups()
    if scheme and scheme.lower() == "tel":
        return " "
    bare = (_SCHEME.sub("", target, count=1) if "//" in target else target).rstrip("/").casefold()
    if not _ADDRESS_SIGNS.isdisjoint(bare):
        start = match.start()
        words = (
            match.string[max(start - len(target) - _GAP, 0) : start].rstrip(_BETWEEN).rstrip("/").casefold()
        )
        if words.endswith(bare) and not _JOINS(words[: -len(bare)][-1:]):
            return " "
    return f" {target} "


def content_digest(text: str, hashes: Iterable[bytes], within: str = "") -> bytes:
    """Return the digest of a text and the SHA-256 hashes of what is attached, in any order."""
    digest = hashlib.sha256(normal_text(text, within).encode("utf-8", "replace"))
    for found in sorted(hashes):
        digest.update(b"\0" + found)
    return digest.digest()


def digest_of(content: Content, within: str = "") -> bytes:
    """Return the digest of what one mail says, by itself or inside a forward, `within` a wrapper's text."""
    if content.digest:
        return content.digest
    # A gateway takes signatures off, and nobody reads one: signed or not, it is the same mail.
    hashes = (file.sha256 for file in content.attachments if file.media_type not in _SIGNATURES)
    return content_digest(content.text, hashes, within)


def weak_digest(new_text: str, text: str = "", within: str = "") -> bytes:
    """Return 16 octets of the first letters and digits of what the sender himself wrote; empty for too few.

    It is equal for a mail and its inline forward, whatever stands below; it is no proof that they are one.
    `text` is the whole of the mail, `within` the text of its wrapper if it has one, of which the one around
    all was looked through for banners before.
    """
    letters = _first_letters(new_text[:_WEAK_READ], text, within)
    return hashlib.blake2b(letters.encode(), digest_size=16).digest() if len(letters) >= _WEAK_FEWEST else b""


def _first_letters(text: str, whole: str, within: str) -> str:
    """Return as many letters as a weak digest takes, of no more of the text than they stand in."""
    normal = (
        normal_text(text, within) if text == whole else _beginning(text, within if text in within else whole)
    )
    first = normal[: _WEAK_LETTERS + _WEAK_ROOM]
    letters = first if first.isascii() and first.isalnum() else _letters(first)
    if len(letters) < _WEAK_LETTERS and len(first) < len(normal):
        letters = _letters(normal)
    return letters[:_WEAK_LETTERS]


def _beginning(text: str, within: str) -> str:
    if _may_hold(text, within):
        return _normal(text, banners=True)
    end = text.find("\n", _WEAK_FIRST)
    if end > 0 and text[end - 1] != ":":  # no picture's name goes on in the next line
        normal = _normal(text[:end], banners=False)
        if len(normal) >= _WEAK_LETTERS + _WEAK_ROOM:
            return normal
    return _normal(text, banners=False)
