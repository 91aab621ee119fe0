"""Amazon's notifications of what became of a mail: one JSON object is the text."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bccd.mail.addresses import normalise
from bccd.mail.msgid import message_id
from bccd.model.message import FailedRecipient, Reported

_CAP = 256 * 1024  # characters
_MOST = 100  # recipients
_WORDS_CAP = 500
_NAMED = "notificationType"
_NAMED_WITHIN = 3_000  # characters
_FOLD = "!\n "  # how some gateways break lines that are too long for SMTP
# Where each kind keeps its recipients, and what became of them where they do not say.
_KINDS = {
    "Bounce": ("bounce", "bouncedRecipients", "failed"),
    "Complaint": ("complaint", "complainedRecipients", "complained"),
    "Delivery": ("delivery", "recipients", "delivered"),
}


def is_notification(text: str) -> bool:
    """Tell whether a text is such an object."""
    return text.startswith("{") and _NAMED in text[:_NAMED_WITHIN]


def notified(text: str) -> Reported | None:
    """Return which mail such a text is about; None for other text."""
    if not is_notification(text):
        return None
    found = _object(text[:_CAP])
    if _NAMED not in found:  # as the topic's subscriber gets it, in one more envelope
        found = _object(str(found.get("Message", "")))
    section, listed, action = _KINDS.get(str(found.get("notificationType")), ("", "", ""))
    mail = _mapping(found.get("mail"))
    common = _mapping(mail.get("commonHeaders"))
    told = _mapping(found.get(section)).get(listed)
    return Reported(
        message_id=message_id(
            f"<{common.get('messageId', '')}>".replace("<<", "<").replace(">>", ">").encode()
        ),
        subject=str(common.get("subject", "")),
        recipients=tuple(_recipients(told if isinstance(told, list) else [], action)),
    )


def _object(text: str) -> Mapping[str, Any]:
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text.replace(_FOLD, ""))
    except (ValueError, RecursionError):
        return {}
    return _mapping(found)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _recipients(told: list[Any], action: str) -> Iterable[FailedRecipient]:
    for one in told[:_MOST]:
        facts = _mapping(one)
        if address := normalise(str(facts.get("emailAddress", "") if facts else one)):
            words = " ".join(str(facts.get("diagnosticCode", "")).split())
            yield FailedRecipient(
                address, str(facts.get("action", action)), str(facts.get("status", "")), words[:_WORDS_CAP]
            )
