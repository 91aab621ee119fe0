"""What a company may decide for itself, as columns of its record; they are named as in model.policy."""

import re
from collections.abc import Mapping

from bccd.directory.columns import Column, FieldError, flag, matching, one_of, registrable
from bccd.model.policy import MultiDeal, SeveralContacts

_number = matching(re.compile(r"[0-9]{1,6}"), "must be a whole number from 0 to 999999")


def access(value: str) -> str:
    """Check who may see what; that the CRM says so is reserved (decisions.md 6)."""
    if value.lower() == "mapped":
        raise FieldError("mapped: is reserved for a CRM that says who may see which contact; use open")
    return one_of("open")(value)


SETTINGS: Mapping[str, Column] = {
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
