"""The arguments of commands: JSON to values, each form in one place, mistakes in plain sentences."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from unicodedata import category

from bccd.mail.addresses import normalise
from bccd.model.command import Arguments, ItemKind, Named, Scope
from bccd.model.delivery import read_id
from bccd.model.directory import Notices, SecretKind
from bccd.model.message import Mailbox

MAX_LIST = 1_000
_MAX_TEXT = 1_000  # characters
_MAX_ID = 2**63
_LONGEST_GRACE = 366  # days
_BAD = ("Cc", "Cs")  # control characters, and halves of a character
_ATOM = r"[^\s\"(),:;<>@\[\\\].\x00-\x20\x7f]+"
# What can stand in RCPT TO and in a header as it is (RFC 5322 3.2.3, RFC 6531), at a domain with a dot.
_SENDABLE = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+[a-z0-9-]{{2,63}}"
)
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}(?:-[a-z0-9]{2,8})*)?")
_CODE = re.compile(r"[0-9]{6}")
_LINK = re.compile(r"[a-z2-7]{16,128}", re.IGNORECASE)


class BadArgumentError(Exception):
    """An argument is not of its form; the text says of which it must be."""


Reader = Callable[[Arguments, object], Arguments]


@dataclass(frozen=True, slots=True)
class Form:
    """How an argument is given, and where it goes."""

    meaning: str  # ends a sentence that begins "must be"
    read: Reader


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _MAX_ID:
        raise BadArgumentError
    return value


def _numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_LIST:
        raise BadArgumentError
    return tuple(sorted({_number(one) for one in value}))


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT or any(category(c) in _BAD for c in value):
        raise BadArgumentError
    return value.strip()


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadArgumentError
    return value


def _delivery(value: object) -> int:
    number = read_id(value) if isinstance(value, str) else _number(value)
    if number is None:
        raise BadArgumentError
    return number


def _named(kind: ItemKind, value: object) -> Named:
    name = _text(value) if isinstance(value, str) else _number(value)
    if not name:
        raise BadArgumentError
    return Named(kind, name)


def _address(value: object) -> str:
    address = normalise(_text(value))
    if "@" not in address:
        raise BadArgumentError
    return address


def _sendable(value: object) -> str:
    address = _address(value)
    blank = any(char.isspace() for char in _text(value))  # which would be dropped in silence
    if blank or not _SENDABLE.fullmatch(address) or not address.isprintable():
        raise BadArgumentError
    return address


def _matching(pattern: re.Pattern[str], value: object) -> str:
    text = _text(value)
    if not pattern.fullmatch(text):
        raise BadArgumentError
    return text


def _team(value: object) -> int | str:
    found = _text(value) if isinstance(value, str) else _number(value)
    if not found:
        raise BadArgumentError
    return found


def _language(value: object) -> str:
    return _matching(_LANGUAGE, _text(value).lower().replace("_", "-")) if value is not None else ""


def _notices(value: object) -> Notices:
    if value not in list(Notices):
        raise BadArgumentError
    return Notices(str(value))


def _mailbox(value: object) -> Mailbox:
    if isinstance(value, str):
        return Mailbox("", _address(value))
    if not isinstance(value, Mapping) or not value.keys() <= {"address", "name"}:
        raise BadArgumentError
    return Mailbox(_text(value.get("name", "")), _address(value.get("address")))


def _mailboxes(value: object) -> tuple[Mailbox, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_LIST:
        raise BadArgumentError
    found = [_mailbox(one) for one in value]
    return tuple({box.address: box for box in found}.values())


def _item(kind: ItemKind) -> Form:
    def read(so_far: Arguments, value: object) -> Arguments:
        return replace(so_far, item=_named(kind, value))

    return Form("a number, or as text the id that the CRM gave it", read)


def _origin(so_far: Arguments, value: object) -> Arguments:
    return replace(so_far, origin=_named(ItemKind.DEAL, value))


def _deal_or_none(so_far: Arguments, value: object) -> Arguments:
    return so_far if value is None else replace(so_far, item=_named(ItemKind.DEAL, value))


def _author(so_far: Arguments, value: object) -> Arguments:
    name = so_far.people[0].name if so_far.people else ""
    return replace(so_far, people=(Mailbox(name, _address(value)),))


def _name(so_far: Arguments, value: object) -> Arguments:
    address = so_far.people[0].address if so_far.people else ""
    return replace(so_far, people=(Mailbox(_text(value), address),))


def choice(kind: type[StrEnum], *allowed: Scope) -> Form:
    """Return the form of an argument that has one of a few values."""
    named = [str(one) for one in allowed or kind]

    def read(so_far: Arguments, value: object) -> Arguments:
        if value not in named:
            raise BadArgumentError
        return replace(so_far, scope=Scope(str(value)))

    return Form(f"{', '.join(named[:-1])} or {named[-1]}", read)


def _secret(value: object) -> SecretKind:
    if value not in list(SecretKind):
        raise BadArgumentError
    return SecretKind(str(value))


def _days(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LONGEST_GRACE:
        raise BadArgumentError
    return value


MESSAGE = Form("a message's number", lambda a, v: replace(a, messages=(_number(v),)))
MESSAGES = Form(f"a list of 1 to {MAX_LIST} messages' numbers", lambda a, v: replace(a, messages=_numbers(v)))
CONVERSATION = Form("a conversation's number", lambda a, v: replace(a, conversations=(_number(v),)))
CONVERSATIONS = Form(
    f"a list of 2 to {MAX_LIST} conversations' numbers", lambda a, v: replace(a, conversations=_numbers(v))
)
CONTACT, ORGANISATION, DEAL = (_item(kind) for kind in ItemKind)
FROM_DEAL = Form(DEAL.meaning, _origin)
DEAL_OR_NONE = Form(f"{DEAL.meaning}, or null for none of them", _deal_or_none)
DELIVERY = Form(
    "a delivery's id as text of 13 letters and digits, or as a number",
    lambda a, v: replace(a, delivery=_delivery(v)),
)
ADDRESS = Form("a mail address", _author)
NAME = Form("text", _name)
PEOPLE = Form(
    f"a list of 1 to {MAX_LIST} mail addresses, each as text or as an object of address and name",
    lambda a, v: replace(a, people=_mailboxes(v)),
)
NOTICE = Form("a notice's number", lambda a, v: replace(a, notice=_number(v)))
NUMBERS = Form("a list of numbers, as the notice has them", lambda a, v: replace(a, numbers=_numbers(v)))
ALWAYS = Form("a list of some of these numbers", lambda a, v: replace(a, always=_numbers(v)))
NONE_OF_THEM = Form("true or false", lambda a, v: replace(a, none=_flag(v)))
TELL = Form("true or false", lambda a, v: replace(a, tell=_flag(v)))
SEEN = Form("true or false", lambda a, v: replace(a, seen=_flag(v)))
FLAGGED = Form("true or false", lambda a, v: replace(a, flagged=_flag(v)))

OWN_ADDRESS = Form("a mail address that can be written to", lambda a, v: replace(a, address=_sendable(v)))
KNOWN_ADDRESS = Form("a mail address", lambda a, v: replace(a, address=_address(v)))
TEAM = Form("a team's number, or as text the id that the CRM gave it", lambda a, v: replace(a, team=_team(v)))
CODE = Form("the six digits", lambda a, v: replace(a, code=_matching(_CODE, v)))
LINK = Form("the token of a link", lambda a, v: replace(a, link=_matching(_LINK, v).lower()))
FOR_GOOD = Form("true or false", lambda a, v: replace(a, for_good=_flag(v)))
LANGUAGE = Form(
    "the code of a language such as en or pl, empty or null for the company's",
    lambda a, v: replace(a, language=_language(v)),
)
NOTICES = Form("problems, all, none or digest", lambda a, v: replace(a, notices=_notices(v)))
SECRET = Form("user or forward", lambda a, v: replace(a, secret=_secret(v)))
DAYS = Form(f"a number of days, 0 to {_LONGEST_GRACE}", lambda a, v: replace(a, days=_days(v)))
