"""Automatic mail told by its header section alone (RFC 3834, RFC 3464, RFC 8098, RFC 2919)."""

import re

from bccd.mail.charset import decode
from bccd.mail.words import parameters
from bccd.model.message import AutoKind

_REPORTS = {
    "delivery-status": AutoKind.DSN,
    "disposition-notification": AutoKind.MDN,
    "feedback-report": AutoKind.BULK,
}
_PRECEDENCE = {
    b"auto_reply": AutoKind.AUTO_REPLY,
    b"auto-reply": AutoKind.AUTO_REPLY,
    b"list": AutoKind.LIST,
    b"bulk": AutoKind.BULK,
    b"junk": AutoKind.BULK,
}
_MANY = frozenset({b"list", b"bulk", b"junk"})
# Fields whose mere presence says it, whatever they hold but "no".
_ANSWERERS = (b"x-autoreply", b"x-autorespond", b"x-autoreply-from", b"x-mail-autoreply")
_DAEMON = re.compile(
    rb"""(?ix)
    (?:^|[<\s"]) (?:mailer-?daemon|mail-?daemon|post_?master) @
    | ^"?mailer-daemon\b | ^"?mail[ ]delivery[ ](?:sub)?system\b
    """
)
_BOUNCE = re.compile(
    rb"""(?ix)
    undeliver | delivery[ ](?:status|failure|notification|problem) | returned[ ](?:mail|to[ ]sender)
    | failure[ ]notice | mail[ ]delivery | delivery[ ]has[ ]failed | could[ ]not[ ]be[ ]delivered
    | unzustellbar | niedostarczon | nie[ ]dostarczono
    """
)
_LIST_ID = re.compile(r"<([^<>]+)>")


def kind_of(found: list[tuple[bytes, bytes]]) -> AutoKind:
    """Return why a header section's fields say that no person sent this.

    X-Auto-Response-Suppress asks not to be answered; it does not say that the mail is automatic.
    """
    first = dict(reversed(found))
    media_type, params = parameters(first.get(b"content-type", b""))
    if media_type == "multipart/report":
        report = params.get("report-type", "").lower()
        if report in _REPORTS:
            return _REPORTS[report]
    if _is_bounce(first):
        return AutoKind.DSN
    submitted = first.get(b"auto-submitted", b"").partition(b";")[0].partition(b"(")[0].strip().lower()
    listed = AutoKind.LIST if b"list-id" in first else AutoKind.NONE
    if submitted and submitted != b"no":
        return listed or AutoKind.AUTO_REPLY
    if _names_answerer(first):
        return AutoKind.AUTO_REPLY
    precedence = _PRECEDENCE.get(first.get(b"precedence", b"").strip().lower(), AutoKind.NONE)
    return precedence if precedence is AutoKind.AUTO_REPLY else listed or precedence


def is_broadcast(found: list[tuple[bytes, bytes]], auto: AutoKind) -> bool:
    """Tell whether a header section's fields say that the mail went to many (RFC 2369, RFC 2919).

    Precedence says so too, but an automatic answer or a report claims it only not to be answered itself.
    """
    first = dict(reversed(found))
    if b"list-id" in first or b"list-unsubscribe" in first:
        return True
    if auto in (AutoKind.DSN, AutoKind.MDN) or first.get(b"precedence", b"").strip().lower() not in _MANY:
        return False
    answered = first.get(b"auto-submitted", b"").strip().lower().startswith(b"auto-replied")
    return not answered and not _names_answerer(first)


def _names_answerer(first: dict[bytes, bytes]) -> bool:
    return any(first.get(name, b"no").strip().lower() != b"no" for name in _ANSWERERS)


def _is_bounce(first: dict[bytes, bytes]) -> bool:
    """Tell a bounce of a system that writes no RFC 3464 report."""
    if b"x-failed-recipients" in first:
        return True
    if _DAEMON.search(first.get(b"from", b"")):
        return True
    null_sender = first.get(b"return-path", b"").strip() == b"<>"
    return null_sender and bool(_BOUNCE.search(first.get(b"subject", b"")))


def list_id(found: list[tuple[bytes, bytes]]) -> str:
    """Return the id of the mailing list, lower case (RFC 2919), empty where there is none."""
    value = decode(dict(reversed(found)).get(b"list-id", b"")[:1_000]).strip()
    match = _LIST_ID.search(value)
    return (match[1] if match else value).strip().lower()[:255]
