"""Mails to the query that loads everything decide() may ask about them."""

from collections.abc import Collection, Iterable

from bccd.mail.addresses import domain_of
from bccd.mail.domains import telling_domains
from bccd.mail.rewritten import originals
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Tag
from bccd.model.facts import Query
from bccd.model.message import Content, Forward, Mailbox
from bccd.model.policy import Policy
from bccd.rules.dedupe import id_key, weak_key
from bccd.rules.forwarded import accounts_asked
from bccd.rules.imported import is_imported
from bccd.rules.loops import automatic_of
from bccd.rules.side import domain_entries
from bccd.rules.thread import possible_names


def lookups(mails: Collection[Mail], policy: Policy) -> Query:
    """Return what must be known to decide these mails, whichever branch of the rules each will take."""
    addresses, deal_tags, users = set[str](), set[str](), set[int]()
    tokens, id_keys, weak_keys = set[bytes](), set[bytes](), set[bytes | None]()
    broadcasts = False
    for mail in mails:
        delivery, whole = mail.delivery, mail.message.content
        submitter = delivery.sender or delivery.held
        addresses.add(submitter.address if submitter else "")
        users.add((submitter.user_id if submitter else None) or 0)
        addresses.update(_senders(delivery), accounts_asked(mail))
        deal_tags.update(target.argument for target in delivery.targets if target.tag is Tag.DEAL)
        for content in _contents(mail):
            addresses.update([box.address for box in participants(content)])
            tokens |= possible_names(content, None if content is whole else whole)
            id_keys.add(id_key(content))
            weak_keys.add(weak_key(content))
            broadcasts |= content.broadcast
    addresses.discard("")
    domains = {domain_of(address) for address in addresses}
    counted = [mail.delivery.received_at for mail in mails if _counts(mail, policy)]
    return Query(
        addresses=frozenset(addresses),
        domains=frozenset(domain for each in domains for domain in telling_domains(each, policy.free_mail)),
        tokens=frozenset(tokens),
        id_keys=frozenset(id_keys),
        weak_keys=frozenset(key for key in weak_keys if key),
        deal_tags=frozenset(deal_tags),
        deliveries=frozenset(mail.delivery.id for mail in mails),
        users=frozenset(users - {0}),
        never_log=frozenset(addresses).union(*map(domain_entries, domains)),
        received=(min(counted), max(counted)) if counted else None,
        broadcasts=broadcasts,
    )


def _senders(delivery: Delivery) -> Iterable[str]:
    """Yield what may prove, once the directory has learned of it, that held mail is its author's."""
    if delivery.held is not None:
        yield from originals(delivery.mail_from)
        yield from (result.domain for result in delivery.auth.results if result.method == "auth")


def _counts(mail: Mail, policy: Policy) -> bool:
    """Tell whether new contacts or automatic mails are counted."""
    contacts = policy.auto_create_contact and policy.max_new_contacts > 0
    if is_imported(mail.delivery):
        return False
    return contacts or (policy.max_automatic > 0 and automatic_of(mail) is not None)


def _contents(mail: Mail) -> Iterable[Content]:
    yield mail.message.content
    for forward in mail.message.forwards:
        yield from _originals(forward)


def _originals(forward: Forward) -> Iterable[Content]:
    yield forward.original
    for inner in forward.inner:
        yield from _originals(inner)


def participants(content: Content) -> tuple[Mailbox, ...]:
    """Return all mailboxes of a mail, From first."""
    first = [box for box in (content.sender, content.actual_sender) if box]
    return (*first, *content.reply_to, *content.to, *content.cc, *content.bcc)
