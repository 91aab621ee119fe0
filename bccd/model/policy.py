"""A company's own settings, each with its default."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class SeveralContacts(StrEnum):
    """What is done where several contacts have one address (rules.md 6.3)."""

    BEST = "best"  # link the first in the stated order
    ALL = "all"  # link them all
    ASK = "ask"  # link none, suggest them all


@unique
class MultiDeal(StrEnum):
    """What is done where a counterparty has several open deals (rules.md 7, step 5)."""

    ASK = "ask"  # link none, suggest them all
    LATEST = "latest"  # link the one with the latest activity
    ALL = "all"  # link them all


@unique
class Access(StrEnum):
    """Who may see which linked item (decisions.md 6)."""

    OPEN = "open"  # every user may see every contact and deal
    MAPPED = "mapped"  # reserved: the CRM says who may see which


@unique
class Mode(StrEnum):
    """What proves a submitter (smtp-and-auth.md 2.4)."""

    STRICT = "strict"  # a login, a relay's word or an aligned DKIM signature
    STANDARD = "standard"  # an aligned SPF pass of the user's own address, too
    LENIENT = "lenient"  # as standard; what is unproven is held for the user instead of refused


@dataclass(frozen=True, slots=True)
class Policy:
    """What a company may decide for itself; stored as JSON in company.settings."""

    auto_link_deal: bool = True  # rules.md 7, steps 4 and 5
    auto_create_contact: bool = True  # rules.md 6.5, main counterparty only
    split_on_subject: bool = True  # data.md 1.3
    internal_domains: frozenset[str] = frozenset()
    several_contacts: SeveralContacts = SeveralContacts.BEST  # rules.md 6.3
    create_role_contacts: bool = False  # info@ and the like, rules.md 5
    multi_deal: MultiDeal = MultiDeal.ASK  # rules.md 7, step 5
    organisation_deals: bool = False  # the organisation's open deals are candidates too, rules.md 7, step 4
    access: Access = Access.OPEN
    free_mail: frozenset[str] = frozenset()  # domains that name no organisation, besides those known to all
    max_new_contacts: int = 20  # for one user within two hours, 0 = any number (rules.md 3.6)
    max_automatic: int = 20  # mails of machines for one user within two hours, 0 = any number (rules.md 3.6)
    mode: Mode = Mode.STANDARD
    secret_address: bool = False  # users must send to their own secret addresses (rules.md 2.6)
    language: str = "en"  # of notices, for users who have chosen none
    time_zone: str = "UTC"  # of times in notices
    digest_hour: int = 7  # when the daily digest is sent, in that zone
    held_days: int = 30  # how long held mail is kept
