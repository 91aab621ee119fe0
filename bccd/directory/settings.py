"""What a company may decide for itself, as columns of its record; they are named as in model.policy."""

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bccd.directory.columns import Column, FieldError, flag, matching, one_of, registrable
from bccd.model.policy import Mode, MultiDeal, SeveralContacts

_HOURS, _LONGEST_HELD = 24, 3650
_number = matching(re.compile(r"[0-9]{1,6}"), "must be a whole number from 0 to 999999")


def access(value: str) -> str:
    """Check who may see what; that the CRM says so is reserved (decisions.md 6)."""
    if value.lower() == "mapped":
        raise FieldError("mapped: is reserved for a CRM that says who may see which contact; use open")
    return one_of("open")(value)


def language(value: str) -> str:
    """Check a language of notices (BCP 47): pl, pt-br."""
    tag = value.lower().replace("_", "-")
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", tag):
        raise FieldError(f"{value}: must be the code of a language such as en or pl")
    return tag


def time_zone(value: str) -> str:
    """Check the name of a time zone."""
    try:
        return str(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FieldError(f"{value}: must be the name of a time zone such as Europe/Warsaw") from error


def hour(value: str) -> str:
    """Check an hour of the day."""
    if not value.isdecimal() or int(value) >= _HOURS:
        raise FieldError(f"{value}: must be an hour of the day, 0 to 23")
    return str(int(value))


def days(value: str) -> str:
    """Check a number of days."""
    if not value.isdecimal() or not 0 < int(value) <= _LONGEST_HELD:
        raise FieldError(f"{value}: must be a number of days, 1 to {_LONGEST_HELD}")
    return str(int(value))


SETTINGS: Mapping[str, Column] = {
    "mode": Column(
        one_of(*Mode),
        "What proves who sent a mail: `strict`, `standard` or `lenient`.",
        default="standard",
        setting=True,
    ),
    "secret_address": Column(
        flag,
        "Take a user's mail at his own secret address alone: an extra factor, never instead of proof.",
        default="no",
        setting=True,
    ),
    "language": Column(
        language, "The language of notices, for users who chose none.", default="en", setting=True
    ),
    "time_zone": Column(time_zone, "The time zone of notices.", default="UTC", setting=True),
    "digest_hour": Column(hour, "The hour at which daily digests are sent.", default="7", setting=True),
    "held_days": Column(days, "How many days held mail is kept.", default="30", setting=True),
    "several_contacts": Column(
        one_of(*SeveralContacts),
        "Where several contacts have one address: link the `best`, link `all`, or `ask` the user.",
        default="best",
        setting=True,
    ),
    "auto_create_contact": Column(
        flag, "Whether an unknown counterparty becomes a contact.", default="yes", setting=True
    ),
    "create_role_contacts": Column(
        flag, "Whether info@, sales@ and the like become contacts, too.", default="no", setting=True
    ),
    "max_new_contacts": Column(
        _number,
        "How many contacts a user's mail may create within two hours; 0 for any number.",
        default="20",
        setting=True,
    ),
    "max_automatic": Column(
        _number,
        "How many automatic mails of a user are taken within two hours before it counts as a loop; 0 for any"
        " number.",
        default="20",
        setting=True,
    ),
    "auto_link_deal": Column(
        flag, "Whether mail is linked to the open deal of its counterparty.", default="yes", setting=True
    ),
    "multi_deal": Column(
        one_of(*MultiDeal),
        "Where several deals are open: `ask` the user, link the `latest`, or link `all`.",
        default="ask",
        setting=True,
    ),
    "organisation_deals": Column(
        flag,
        "Whether open deals of the counterparty's organisation count like his own.",
        default="no",
        setting=True,
    ),
    "split_on_subject": Column(
        flag, "Whether a changed subject begins a new conversation.", default="yes", setting=True
    ),
    "access": Column(
        access, "Who may see which contact and deal: `open`, every user all.", default="open", setting=True
    ),
    "free_mail": Column(
        registrable,
        "Domains at which anybody gets a mailbox, besides those known; none of them tells an organisation.",
        many=True,
        setting=True,
    ),
}
