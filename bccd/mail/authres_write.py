"""Our own Authentication-Results (RFC 8601 2.2): the evidence of one mail as one field that others read."""

import re
from collections.abc import Sequence

from bccd.model.auth import AuthResult

_DETAIL_CAP = 200
_PROPERTY = {
    "dmarc": "header.from",
    "dkim": "header.d",
    "spf": "smtp.mailfrom",
    "auth": "smtp.auth",
    "arc": "arc.chain",
}
_KEYWORD = re.compile(r"[a-z](?:[a-z0-9_-]*[a-z0-9])?")
_TOKEN = re.compile(r"[^\x00-\x20\x7f-\x9f()<>,;:\\\"/\[\]?=]+")  # RFC 2045 5.1, and "@" as in RFC 8601 2.2
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_PAREN, _QUOTE, _ESCAPE = re.compile(r"[()\\]"), re.compile(r'["\\]'), r"\\\g<0>"


def write(authserv_id: str, results: Sequence[AuthResult]) -> str:
    """Return the value of a field, folded, without a line end; what cannot be a keyword is left out.

    What a result came from stands behind it as a comment. It may hold what strangers have written, so it is
    escaped and can end neither the comment nor the field.
    """
    written = [text for text in map(_result, results) if text]
    return ";\r\n\t".join([_value(authserv_id), *(written or ["none"])])


def _result(result: AuthResult) -> str:
    if not (_KEYWORD.fullmatch(result.method) and _KEYWORD.fullmatch(result.result)):
        return ""
    text = f"{result.method}={result.result}"
    if result.detail:
        detail = _UNWRITABLE.sub(" ", result.detail[:_DETAIL_CAP])
        text += f" ({_PAREN.sub(_ESCAPE, detail)})"
    name = _PROPERTY.get(result.method)
    if result.method == "spf" and result.detail.startswith("helo:"):
        name = "smtp.helo"
    return f"{text} {name}={_value(result.domain)}" if name and result.domain else text


def _value(text: str) -> str:
    text = _UNWRITABLE.sub("", text)
    if _TOKEN.fullmatch(text):
        return text
    return f'"{_QUOTE.sub(_ESCAPE, text)}"'
