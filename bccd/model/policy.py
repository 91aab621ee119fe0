"""A company's own settings, each with its default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """What a company may decide for itself; stored as JSON in company.settings."""

    auto_link_deal: bool = True  # rules.md 7, steps 4 and 5
    auto_create_contact: bool = True  # rules.md 6.5, main counterparty only
    split_on_subject: bool = True  # data.md 1.3
    internal_domains: frozenset[str] = frozenset()
