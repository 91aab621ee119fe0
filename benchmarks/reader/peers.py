"""Other readers of mail, where they are installed: see benchmarks/README.md."""

import email
import email.policy
import email.utils
from collections.abc import Callable, Mapping
from email.header import decode_header, make_header
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

STDLIB = "email (compat32)"


class Found(NamedTuple):
    """What a peer reads of a forward; an empty text where it does not tell."""

    address: str = ""
    name: str = ""
    subject: str = ""
    body: str = ""


def forwards() -> Mapping[str, Callable[[str], Found | None]]:
    """Return those that read a forward's text, by name."""
    return {"quotequail": _quotequail} if find_spec("quotequail") else {}


def replies() -> Mapping[str, Callable[[str], str]]:
    """Return those that cut the history off a reply's text, by name."""
    found: dict[str, Callable[[str], str]] = {}
    if find_spec("mailparser_reply"):
        reader: Any = import_module("mailparser_reply").EmailReplyParser(
            languages=["en", "de", "fr", "es", "it", "pl"]
        )
        found["mail-parser-reply"] = lambda text: str(reader.parse_reply(text=text) or "")
    if find_spec("quotequail"):
        found["quotequail"] = _quotequail_reply
    return found


def readers() -> Mapping[str, Callable[[bytes], object]]:
    """Return those that read a whole mail, by name; the standard library is always there."""
    found: dict[str, Callable[[bytes], object]] = {STDLIB: compat32}
    if find_spec("fast_mail_parser"):
        found["fast-mail-parser"] = import_module("fast_mail_parser").parse_email
    if find_spec("mailparser"):
        found["mail-parser"] = import_module("mailparser").parse_from_bytes
    return found


def compat32(raw: bytes) -> object:
    """Extract with the standard library what bccd extracts, forward and reply apart."""
    message: Any = email.message_from_bytes(raw, policy=email.policy.compat32)
    told = [
        str(make_header(decode_header(str(message[name] or "")))) for name in ("subject", "from", "to", "cc")
    ]
    people = email.utils.getaddresses(
        [str(value) for name in ("from", "to", "cc") for value in message.get_all(name, [])]
    )
    parts = []
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if payload is not None and part.get_content_maintype() == "text":
            payload = payload.decode(part.get_content_charset() or "utf-8", "replace")
        parts.append((part.get_content_type(), part.get_filename(), payload))
    return (
        told,
        people,
        email.utils.parsedate_to_datetime(message["date"]) if message["date"] else None,
        parts,
    )


def _quotequail(text: str) -> Found | None:
    read = import_module("quotequail").unwrap(text)
    if not read or read.get("type") != "forward":
        return None
    name, address = email.utils.parseaddr(read.get("from") or "")
    return Found(address.lower(), name, read.get("subject") or "", read.get("text") or "")


def _quotequail_reply(text: str) -> str:
    return "\n".join(part for shown, part in import_module("quotequail").quote(text) if shown)
