"""What a mail says, in 32 octets that stay the same on every way it may reach us."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from bccd.model.message import Content

# Lines that a gateway puts into mail from outside; they differ from one recipient to the next.
_BANNER = re.compile(
    r"^.{0,20}(?:\[?\bexternal(?: e?mail| sender| message)?\b\]?|\bcaution\b|\bwarning\b|\buwaga\b).{0,300}"
    r"(?:click|links?|attachments?|sender|outside|organi[sz]ation|załącznik|nadawc|linki?).*$",
    re.IGNORECASE | re.MULTILINE,
)
_SAFE_LINK = re.compile(
    r"https?://[\w.-]{1,80}safelinks\.protection\.outlook\.com/[^\s?]{0,80}\?url=([^&\s>]+)[^\s>]*"
)
_DEFENSE_2 = re.compile(r"https?://urldefense\.(?:proofpoint\.)?com/v2/url\?u=([^&\s>]+)[^\s>]*")
# Its two ends go one by one: looking for the second from each first would take the square of the length.
_DEFENSE_3 = re.compile(r"https?://urldefense\.(?:proofpoint\.)?com/v3/__|__;[^\s>]*")
_BANNER_WITHIN = 4_096  # characters from the top
_NO_LETTER = re.compile(r"[\W_]+")


def normal_text(text: str) -> str:
    """Return letters and digits only, without banners, and with rewritten links as they were sent."""
    if "://" in text:
        text = _SAFE_LINK.sub(lambda match: unquote(match[1]), text)
        text = _DEFENSE_2.sub(lambda match: unquote(match[1].replace("-", "%").replace("_", "/")), text)
        text = _DEFENSE_3.sub("", text)
    text = _BANNER.sub("", text[:_BANNER_WITHIN]) + text[_BANNER_WITHIN:]
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())


def content_digest(text: str, hashes: Iterable[bytes]) -> bytes:
    """Return the digest of a text and the SHA-256 hashes of what is attached, in any order."""
    digest = hashlib.sha256(normal_text(text).encode("utf-8", "replace"))
    for found in sorted(hashes):
        digest.update(b"\0" + found)
    return digest.digest()


def digest_of(content: Content) -> bytes:
    """Return the digest of what one mail says, by itself or inside a forward."""
    return content.digest or content_digest(content.text, (file.sha256 for file in content.attachments))
