"""What a user's server has forwarded by itself: a customer's mail to him, or his own (rules.md 2.6)."""

from bccd.mail.addresses import domain_of
from bccd.mail.confirmation import asks_from, confirmation
from bccd.mail.forwarders import plain_mailbox
from bccd.model.auth import AuthMethod
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Tag
from bccd.model.message import AutoKind, Message
from bccd.model.plan import NewNotice, Provenance, Step
from bccd.rules.direction import Reading, Sides, Unread, external, outgoing, read_incoming
from bccd.rules.identify import signed
from bccd.rules.overlay import Overlay

# What went to many, or what no person wrote, is not filed unless somebody wants that (rules.md 3).
_ASIDE = frozenset({AutoKind.DSN, AutoKind.MDN, AutoKind.AUTO_REPLY, AutoKind.LIST, AutoKind.BULK})
_RULE = "2.6"
_INTERNAL = Unread(DeliveryState.SET_ASIDE, "internal_only", _RULE)
_UNPROVEN = Unread(DeliveryState.HELD, "unverified_sender", _RULE)


def is_forwarded(delivery: Delivery) -> bool:
    """Tell whether a mail came to a forwarding address."""
    return any(target.tag is Tag.FORWARD for target in delivery.targets)


def read_forwarded(mail: Mail, sides: Sides, *, let_in: bool) -> Reading | Unread:
    """Read what a server forwarded: whoever stands in From wrote it, and nothing in it was handed in.

    `let_in` tells that its user has said that it may be filed.
    """
    message, author = mail.message, mail.message.content.sender
    if not let_in and (aside := _aside(message)) is not None:
        return aside
    if author is None or not sides.ours(author.address):
        return read_incoming(message.content, sides)
    if not let_in and not _is_authors(mail, author.address):
        return _UNPROVEN
    main, others = external(message.content.to, sides), external(message.content.cc, sides)
    if not main and not others:
        return _INTERNAL
    return outgoing(message.content, main, others, Provenance.BCC, _RULE)


def _aside(message: Message) -> Unread | None:
    """Set automatic mail aside; an answer to an invitation says what the person who clicked it will do."""
    content = message.content
    auto = AutoKind.LIST if message.list_id and content.auto is AutoKind.NONE else content.auto
    if auto not in _ASIDE or content.auto_reason.startswith("calendar:"):
        return None
    return Unread(DeliveryState.SET_ASIDE, str(auto), _RULE)


def unproven_author(mail: Mail) -> bool:
    """Tell whether a forwarded mail may be by somebody else than it says: then nobody is made a contact."""
    sender, author = mail.delivery.sender, mail.message.content.sender
    if sender is None or sender.method is not AuthMethod.SECRET or author is None:
        return False
    return not signed(mail.delivery.auth, domain_of(author.address))


def _is_authors(mail: Mail, address: str) -> bool:
    """Tell whether one of our own people is proven to have written the mail."""
    auth, sender = mail.delivery.auth, mail.delivery.sender
    himself = sender is not None and sender.method is not AuthMethod.SECRET
    return himself or bool(auth.trusted_network) or signed(auth, domain_of(address))


def author_step(mail: Mail) -> Step:
    """Say what is known of who wrote it."""
    author = mail.message.content.sender
    about = author.address if author else ""
    if unproven_author(mail):
        return Step("submitter", about, "author not proven", "forwarding left nothing that proves the author")
    return Step("submitter", about, "author proven", "his domain's own proof outlived the forwarding")


# ---- a provider asks whether it may forward ----------------------------------------------------------------


def is_question(mail: Mail) -> bool:
    """Tell whether the mail is a provider's own, which is never filed; its proof was asked at receipt."""
    sender, author = mail.delivery.sender, mail.message.content.sender
    by_secret = sender is not None and sender.method is AuthMethod.SECRET
    return (
        by_secret and author is not None and bool(asks_from(author.address)) and is_forwarded(mail.delivery)
    )


def accounts_asked(mail: Mail) -> tuple[str, ...]:
    """Return the addresses for which a provider asks, to be looked up."""
    if not is_question(mail):
        return ()
    asked = confirmation(mail.message.content, _own_domains(mail))
    return tuple(form for one in (asked.accounts if asked else ()) for form in (one, plain_mailbox(one)))


def question(mail: Mail, user_id: int, overlay: Overlay) -> tuple[Step, NewNotice | None]:
    """Return what a user is told of a provider's question; the number and the link only if it is about him.

    Whoever has learned the address could have his own account forwarded to it, were they shown for any.
    """
    asked = confirmation(mail.message.content, _own_domains(mail))
    if asked is None:
        return Step("forwarding", "", "not read", "no number and no link was found in it"), None
    mine = next((one for one in asked.accounts if _is_his(one, user_id, overlay)), "")
    about, at = mine or next(iter(asked.accounts), ""), mail.delivery.received_at
    args: dict[str, object] = {"provider": asked.provider, "account": about}
    if not mine:
        told = NewNotice(user_id, "forwarding_stranger", at, mail.delivery.id, args=args)
        return Step("forwarding", about, "not shown", "the account is no confirmed address of the user"), told
    args["answer"] = ", ".join(filter(None, (asked.code, asked.link)))
    told = NewNotice(user_id, "forwarding_code", at, mail.delivery.id, args=args)
    return Step("forwarding", about, "shown to the user", f"{asked.provider} asks to forward"), told


def _is_his(address: str, user_id: int, overlay: Overlay) -> bool:
    entries = [overlay.user_address(form) for form in (address, plain_mailbox(address))]
    return any(entry is not None and entry.confirmed and entry.user.id == user_id for entry in entries)


def _own_domains(mail: Mail) -> tuple[str, ...]:
    return tuple(domain_of(target.address) for target in mail.delivery.targets)
