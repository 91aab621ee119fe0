"""Whether a company knows an address that is none of its users', and whose acquaintance it is."""

from typing import Any

from sqlalchemy import Engine, Select, and_, bindparam, func, select, text, union

from bccd.model.directory import Acquaintance, Outsider
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.tables.mail import UNLINKED

_company: Any = bindparam("company")
_address: Any = bindparam("address")
_owner = and_(
    t.app_user.c.company_id == t.message_copy.c.company_id, t.app_user.c.id == t.message_copy.c.owner_id
)
_copies = and_(
    t.message_copy.c.company_id == t.participant.c.company_id,
    t.message_copy.c.message_id == t.participant.c.message_id,
)

# Who holds the oldest copy of a message that has the address, in a conversation that one of the ids names.
_ANSWERED = (
    select(t.message_copy.c.owner_id, t.app_user.c.active)
    .join_from(
        t.conversation_token,
        t.conversation,
        and_(
            t.conversation.c.company_id == t.conversation_token.c.company_id,
            t.conversation.c.id == t.conversation_token.c.conversation_id,
        ),
    )
    .join(
        t.message,
        and_(
            t.message.c.company_id == t.conversation.c.company_id,
            t.message.c.conversation_id == func.coalesce(t.conversation.c.merged_into, t.conversation.c.id),
        ),
    )
    .join(
        t.participant,
        and_(
            t.participant.c.company_id == t.message.c.company_id,
            t.participant.c.message_id == t.message.c.id,
        ),
    )
    .join(t.message_copy, _copies)
    .join(t.app_user, _owner)
    .where(
        t.conversation_token.c.company_id == _company,
        t.conversation_token.c.token.in_(bindparam("names", expanding=True)),
        t.participant.c.address == _address,
    )
    .order_by(t.app_user.c.active.desc(), t.message_copy.c.id)
    .limit(1)
)
_named = t.contact.alias("named")
# The contact with the address, and who looks after it.
_CONTACT = (
    select(t.contact.c.owner_id, t.app_user.c.active)
    .join_from(
        t.contact_address,
        _named,
        and_(
            _named.c.company_id == t.contact_address.c.company_id,
            _named.c.id == t.contact_address.c.contact_id,
        ),
    )
    .join(
        t.contact,
        and_(
            t.contact.c.company_id == _named.c.company_id,
            t.contact.c.id == func.coalesce(_named.c.merged_into, _named.c.id),
        ),
    )
    .join(
        t.app_user,
        and_(t.app_user.c.company_id == t.contact.c.company_id, t.app_user.c.id == t.contact.c.owner_id),
        isouter=True,
    )
    .where(t.contact_address.c.company_id == _company, t.contact_address.c.address == _address)
    .order_by(func.coalesce(t.app_user.c.active, False).desc(), t.contact.c.archived, t.contact.c.id)
    .limit(1)
)
_whose = (
    select(t.contact_address.c.contact_id.label("id"), _named.c.merged_into)
    .join_from(
        t.contact_address,
        _named,
        and_(
            _named.c.company_id == t.contact_address.c.company_id,
            _named.c.id == t.contact_address.c.contact_id,
        ),
    )
    .where(t.contact_address.c.company_id == _company, t.contact_address.c.address == _address)
    .cte("whose")
)
# The messages that a contact with the address takes part in, and those that no link leads to.
_his = union(
    select(t.link.c.message_id).where(
        t.link.c.company_id == _company,
        t.link.c.contact_id.in_(union(select(_whose.c.id), select(_whose.c.merged_into))),
    ),
    select(t.participant.c.message_id).where(
        t.participant.c.company_id == _company, t.participant.c.address == _address, text(UNLINKED)
    ),
).subquery("his")
# Who first filed a mail with him.
_WROTE = (
    select(t.message_copy.c.owner_id, t.app_user.c.active)
    .join_from(
        _his,
        t.message_copy,
        and_(t.message_copy.c.company_id == _company, t.message_copy.c.message_id == _his.c.message_id),
    )
    .join(t.app_user, _owner)
    .where(t.app_user.c.active)
    .order_by(_his.c.message_id, t.message_copy.c.id)
    .limit(1)
)


def acquaintance(engine: Engine, company_id: int, outsider: Outsider) -> Acquaintance | None:
    """Tell whether an outsider answers stored mail, or, where it is proven to be he, is a contact."""
    given = {"company": company_id, "address": outsider.address}
    with reading(engine) as connection:

        def ask(statement: Select[Any], **more: object) -> tuple[int | None, bool | None] | None:
            row = connection.execute(statement, given | more).first()
            return None if row is None else (row[0], row[1])

        found = ask(_ANSWERED, names=sorted(outsider.names)) if outsider.names else None
        if found is None and outsider.proven:
            found = ask(_CONTACT)
            if found is not None and not found[1]:  # nobody looks after it who could look at the mail
                found = ask(_WROTE) or found
    if found is None:
        return None
    user_id, active = found
    return Acquaintance(user_id if active else None)
