"""What a column of a record holds: the check of its text, and what it is about."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bccd.mail.addresses import normalise
from bccd.mail.domains import is_disposable, is_free_mail, registered_domain

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_DEAL_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_LONGEST_TEXT = 500


class FieldError(ValueError):
    """One value is wrong; the text is a sentence about it."""


def address(value: str) -> str:
    """Check a mail address and return it normalised."""
    found = normalise(value)
    if not found:
        raise FieldError(f"{value}: is no mail address")
    return found


def domain(value: str) -> str:
    """Check a mail domain."""
    found = normalise(f"x@{value.lstrip('@')}").partition("@")[2]
    if not _DOMAIN.fullmatch(found):
        raise FieldError(f"{value}: is no domain")
    return found


def registrable(value: str) -> str:
    """Check a mail domain that somebody can have registered, or one below it."""
    found = domain(value)
    if not registered_domain(found):
        raise FieldError(f"{value}: is a public suffix, anybody may have a domain below it")
    return found


def own_domain(value: str) -> str:
    """Check a domain all of whose mailboxes belong to one firm."""
    found = registrable(value)
    if is_free_mail(found):
        raise FieldError(f"{value}: is a mail provider's, anybody may have an address there")
    if is_disposable(found):
        raise FieldError(f"{value}: is a domain of disposable addresses, they are nobody's for long")
    return found


def address_or_domain(value: str) -> str:
    """Check an address, or a domain, which is written with an @ before it."""
    return f"@{domain(value)}" if value.startswith("@") or "@" not in value else address(value)


def text(value: str) -> str:
    """Check a name: one line, not endless."""
    if not value.isprintable():
        raise FieldError("must not contain control characters")
    if len(value) > _LONGEST_TEXT:
        raise FieldError(f"must not be longer than {_LONGEST_TEXT} characters")
    return value


def matching(pattern: re.Pattern[str], sentence: str) -> Callable[[str], str]:
    """Return a check for texts of a pattern, which the sentence describes."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise FieldError(f"{value}: {sentence}")
        return value

    return check


def one_of(*words: str) -> Callable[[str], str]:
    """Return a check for a few words; their case does not matter."""

    def check(value: str) -> str:
        if value.lower() not in words:
            raise FieldError(f"{value}: must be one of {', '.join(words)}")
        return value.lower()

    return check


def flag(value: str) -> str:
    """Check a yes or no."""
    return one_of("yes", "no")(value)


external_id = matching(_EXTERNAL_ID, "must be up to 100 letters, digits, dots, colons, dashes")
slug = matching(re.compile(r"[a-z0-9-]{1,63}"), "must be small letters, digits, dashes")
deal_id = matching(_DEAL_ID, "must be letters and digits, for it can stand in an address as +deal<ID>")


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that is known of a record."""

    check: Callable[[str], str]
    doc: str
    required: bool = False
    many: bool = False
    default: str = ""
    setting: bool = False  # a company's, which stays as it is where a record does not name it
