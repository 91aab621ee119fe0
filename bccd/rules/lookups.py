"""A mail to the query that loads everything decide() may ask about it."""

from collections.abc import Iterable

from bccd.mail.addresses import domain_of
from bccd.mail.domains import telling_domains
from bccd.mail.rewritten import originals
from bccd.model.delivery import Mail
from bccd.model.envelope import Tag
from bccd.model.facts import Query
from bccd.model.message import Content, Forward, Mailbox
from bccd.model.plan import Direction, Provenance
from bccd.model.policy import Policy
from bccd.rules.dedupe import id_key, weak_key
from bccd.rules.direction import Reading
from bccd.rules.forwarded import accounts_asked
from bccd.rules.loops import automatic_of
from bccd.rules.match import never_log_entries
from bccd.rules.thread import names, strand


def lookups(mail: Mail, policy: Policy) -> Query:
    """Return what must be known to decide this mail, whichever branch of the rules it will take."""
    delivery = mail.delivery
    contents = tuple(_contents(mail))
    submitter = delivery.sender or delivery.held
    addresses = frozenset({
        *_addresses(contents),
        *({submitter.address} if submitter else ()),
        *_senders(mail),
        *accounts_asked(mail),
    })  # fmt: skip
    addresses -= {""}
    domains = {domain_of(address) for address in addresses}
    readings = [reading for content in contents for reading in _possible(content, mail)]
    return Query(
        addresses=addresses,
        domains=frozenset(domain for each in domains for domain in telling_domains(each, policy.free_mail)),
        tokens=frozenset(name for reading in readings for name in names(strand(reading))),
        id_keys=frozenset(id_key(content) for content in contents),
        weak_keys=frozenset(key for content in contents if (key := weak_key(content))),
        deal_tags=frozenset(target.argument for target in delivery.targets if target.tag is Tag.DEAL),
        deliveries=frozenset({delivery.id}),
        users=frozenset({submitter.user_id} if submitter and submitter.user_id else ()),
        never_log=frozenset(entry for address in addresses for entry in never_log_entries(address)),
        received=(delivery.received_at, delivery.received_at) if _counts(mail, policy) else None,
        broadcasts=any(content.broadcast for content in contents),
    )


def _senders(mail: Mail) -> Iterable[str]:
    """Yield what may prove, once the directory has learned of it, that held mail is its author's."""
    if mail.delivery.held is not None:
        yield from originals(mail.delivery.mail_from)
        yield from (result.domain for result in mail.delivery.auth.results if result.method == "auth")


def _counts(mail: Mail, policy: Policy) -> bool:
    """Tell whether new contacts or automatic mails are counted."""
    contacts = policy.auto_create_contact and policy.max_new_contacts > 0
    return contacts or (policy.max_automatic > 0 and automatic_of(mail) is not None)


def _contents(mail: Mail) -> Iterable[Content]:
    yield mail.message.content
    for forward in mail.message.forwards:
        yield from _originals(forward)


def _originals(forward: Forward) -> Iterable[Content]:
    yield forward.original
    for inner in forward.inner:
        yield from _originals(inner)


def _addresses(contents: Iterable[Content]) -> Iterable[str]:
    for content in contents:
        yield from (box.address for box in participants(content) if box.address)


def participants(content: Content) -> tuple[Mailbox, ...]:
    """Return all mailboxes of a mail, From first."""
    first = tuple(box for box in (content.sender, content.actual_sender) if box)
    return (*first, *content.reply_to, *content.to, *content.cc, *content.bcc)


def _possible(content: Content, mail: Mail) -> Iterable[Reading]:
    """Yield a reading for each way in which the content could be filed, to ask for all its tokens."""
    wrapper = mail.message.content if content is not mail.message.content else None
    everyone = tuple(box for box in participants(content) if box.address)
    yield Reading(content, Direction.INCOMING, everyone, (), Provenance.BCC, "", wrapper=wrapper)
