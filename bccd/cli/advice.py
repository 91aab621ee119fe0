"""What a sysadmin can do about a mail that was refused, or that is not filed: `bccd trace` shows it."""

from collections.abc import Mapping

from bccd.model import reply as replies
from bccd.model.reply import Reply
from bccd.sources import replies as own
from bccd.sources.limits import TOO_MANY_ERRORS, TOO_MUCH_IDLING

_AGAIN = "Nothing: the sending server tries again by itself."
_SOFTWARE = "Look at the program that made or sent the mail: others of its mails would be refused as well."
_ADVICE: tuple[tuple[Reply, str], ...] = (
    (replies.NO_SUCH_ADDRESS, "Check the address; `bccd address list` shows which there are."),
    (replies.TAG_NOT_SUPPORTED, "See docs/reference/addresses.md for what may stand behind the plus sign."),
    (replies.NO_SUCH_DEAL, "Check the number behind +deal: the CRM's own, of a deal that was loaded."),
    (replies.OTHER_COMPANY, _AGAIN),
    (replies.SEND_ALONE, _AGAIN),
    (replies.TOO_MANY_RECIPIENTS, _AGAIN),
    (replies.NULL_SENDER, "Nothing: a bounce has no sender, so it is nobody's to file."),
    (replies.NOT_ACCEPTED, "See docs/howto/my-mail-was-refused.md."),
    (replies.SPF_LATER, "If it lasts for hours, see whether the DNS answers: bccd doctor."),
    (replies.DNS_LATER, "If it lasts for hours, see whether the DNS answers: bccd doctor."),
    (replies.NO_SINGLE_FROM, _SOFTWARE),
    (replies.BAD_HEADER, _SOFTWARE),
    (replies.MAIL_LOOP, "Look for a forwarding loop: the mail went through more than 50 servers."),
    (replies.BARE_LINE_ENDS, "The sending software is broken, or tries to smuggle a second mail in."),
    (replies.TOO_BIG, "Send it without its attachments, or raise limits.message_size."),
    (replies.LOCAL_ERROR, "See the log by the session's id; the sending server tries again by itself."),
    (replies.DISK_FULL, "Make room on the disk of data_dir; the sending server tries again by itself."),
    (replies.TOO_MANY_STRANGERS, _AGAIN),
    (
        replies.TOO_MUCH_MAIL,
        "List your own relay in trust.relays, or raise limits.mails_per_...; it comes again by itself.",
    ),
    (replies.SHUTTING_DOWN, _AGAIN),
    (
        replies.TOO_MANY_CONNECTIONS,
        "List your own relay in trust.relays, or raise limits.connections or connections_per_ip.",
    ),
    (replies.IDLE_TOO_LONG, _AGAIN),
    (
        own.NO_ROOM_NOW,
        "If it happens often, raise limits.in_flight or make room for it; it comes again by itself.",
    ),
    (own.LOGIN_FIRST, "Have the program log in: the port is one for users (listen.submission or smtps)."),
    (own.TLS_FIRST, "Have the program turn to TLS and log in: the port is one for users."),
    (own.LOGIN_LATER, "See the log by the session's id; bccd doctor tells whether the database answers."),
    (own.FAR_TOO_BIG, "Send it without its attachments, or raise limits.message_size."),
    (own.TOO_SLOW, "Look at the network of the sending server; it tries again by itself."),
    (own.SESSION_TOO_LONG, _AGAIN),
    (own.BAD_LOGIN, "Check the name and the password; `bccd user list` tells whether the login may be used."),
    (own.TOO_MANY_LOGINS, "Wait an hour, after having corrected the password wherever it is kept."),
    (TOO_MANY_ERRORS, _SOFTWARE),
    (TOO_MUCH_IDLING, _SOFTWARE),
)
OF_REASON: Mapping[str, str] = {
    "unknown_sender": "The author is no user: add the address (bccd directory load, or the user himself).",
    "unverified_sender": "The author is a user, and nothing proves that the mail is his: see"
    " docs/howto/my-mail-was-refused.md, or let the user log in to send.",
    "user_inactive": "Make the user active again, if he is to be.",
    "no_single_from": _SOFTWARE,
}
_HIS = (
    "Its user lets it in or deletes it, by the notice or where he sees it: bccd held release {0} --as USER."
)
# What a user is told of the same stands in rules/reasons.py.
OF_HELD: Mapping[str, str] = {
    "unknown_sender": "If its author is a user, list the address with him, then bccd queue retry {0}.",
    "user_inactive": "Make the user active, if he is to be, then bccd queue retry {0}.",
    "unconfirmed_address": "Its user confirms the address, or you list it under his alternatives.",
    "unverified_sender": "Its user says whether it is his: bccd held release {0} --as USER. A retry proves"
    " nothing; docs/howto/behind-postfix.md has what would.",
    "no_single_from": "Nothing files it: it names no author, or several. Look at what made it.",
    "no_visible_recipient": "Its user says whom it went to: bccd held release {0} --as USER --to ADDRESS.",
    "original_sender_unknown": "Its user says who wrote it: bccd held release {0} --as USER --author WHO.",
}
OF_FAILED: Mapping[str, str] = {  # where the same would come of a mere retry
    "parser_timeout": "Raise processes.parse_seconds and restart bccd, then bccd queue retry {0}.",
    "parser_memory": "Raise processes.parse_memory and restart bccd, then bccd queue retry {0}.",
    "raw_unavailable": "Its octets cannot be read: mend spool.db or raw/, then bccd queue retry {0}.",
}
_MORE = " bccd explain {0} tells more."
_OF_STATE: Mapping[str, str] = {
    "received": "It is on disk and waits to be filed.",
    "deleted": "It is not kept any more: deleted, or a rehearsal.",
    "failed": "bccd queue retry {0} tries it again; if it fails again, report it with its octets.",
    "set_aside": "Nothing: it was set aside by rule. bccd explain {0} tells more.",
}


def about(state: str, reason: str, delivery: str) -> str:
    """Say what to do about a mail by what became of it; `delivery` is its id, as it is shown."""
    told = _OF_STATE.get(state, "")
    if state == "held":
        told = OF_HELD.get(reason, _HIS) + _MORE
    elif state == "failed":
        told = OF_FAILED.get(reason, told) + _MORE
    return told.format(delivery)


def advice(reply: str, reason: str = "") -> str:
    """Say what to do about a reply, as it was given, with the reason that the log has for it."""
    if reply[:1] == "2":
        return ""
    if reason in OF_REASON:
        return OF_REASON[reason]
    said = next((text for one, text in _ADVICE if reply.startswith(str(one))), "")
    return said or (_AGAIN if reply[:1] == "4" else "See docs/reference/replies.md.")
