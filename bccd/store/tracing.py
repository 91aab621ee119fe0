"""Finds deliveries by an address or a Message-ID, for whoever asks what became of a mail."""

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Engine,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    text,
    union,
)

from bccd.rules.thread import id_names
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.tables.mail import UNLINKED

_d, _m, _p, _l = t.delivery.c, t.message.c, t.participant.c, t.link.c
_company: BindParameter[int] = bindparam("company")
_address: BindParameter[str] = bindparam("address")
_first: BindParameter[int] = bindparam("first")

_whose = (
    select(t.contact_address.c.contact_id.label("id"), t.contact.c.merged_into)
    .join_from(
        t.contact_address,
        t.contact,
        and_(
            t.contact.c.company_id == t.contact_address.c.company_id,
            t.contact.c.id == t.contact_address.c.contact_id,
        ),
    )
    .where(t.contact_address.c.company_id == _company, t.contact_address.c.address == _address)
    .cte("whose")
)
# The messages of a contact with the address, and those in which no link leads to whoever has it.
_indexed = union(
    select(_l.message_id).where(
        _l.company_id == _company, _l.contact_id.in_(union(select(_whose.c.id), select(_whose.c.merged_into)))
    ),
    select(_p.message_id).where(_p.company_id == _company, _p.address == _address, text(UNLINKED)),
).subquery("indexed")
_takes_part = and_(_p.company_id == _company, _p.address == _address)
_BY_INDEX = (
    select(_d.id)
    .join_from(_indexed, t.participant, and_(_takes_part, _p.message_id == _indexed.c.message_id))
    .join(t.delivery, and_(_d.company_id == _company, _d.message_id == _indexed.c.message_id))
    .where(_d.id >= _first)
    .distinct()
    .order_by(_d.id.desc())
)
_BY_TIME = (
    select(_d.id)
    .where(
        _d.company_id == _company,
        _d.id >= _first,
        _d.message_id.is_not(None),
        exists(literal_column("1")).where(_takes_part, _p.message_id == _d.message_id),
    )
    .order_by(_d.id.desc())
)
_NOT_FILED = (
    select(_d.id)
    .where(
        _d.company_id == _company,
        _d.state != "filed",  # said outright, for an index holds these alone
        _d.id >= _first,
        or_(_d.from_address == _address, _d.mail_from == _address),
    )
    .order_by(_d.id.desc())
)
_A_USER = select(t.user_address.c.user_id).where(
    t.user_address.c.company_id == _company, t.user_address.c.address == _address
)


def deliveries_of_address(engine: Engine, address: str, first: int, limit: int) -> list[int]:
    """Return deliveries, newest first, that an address takes part in, from the id `first` on.

    Of what is filed that is whoever stands in the mail; of the rest its author and its envelope's sender.
    Indexes lead to the mail of contacts and of people who are nobody's yet. Users have too much of it for an
    index: theirs is gone through from the newest back, until `limit` are found; so is all mail since `first`
    where an index leads to none, for the address may have been a contact's once.
    """
    found: set[int] = set()
    with reading(engine) as connection:

        def look(wanted: Select[int], company: int) -> bool:
            asked = {"company": company, "address": address, "first": first}
            seen = connection.execute(wanted.limit(limit), asked).scalars().all()
            found.update(seen)
            return bool(seen)

        companies = connection.execute(select(t.company.c.id)).scalars().all()
        led = [look(_BY_INDEX, company) for company in companies]
        for company in companies:
            known = connection.execute(_A_USER, {"company": company, "address": address}).first()
            if known or not any(led):
                look(_BY_TIME, company)
            look(_NOT_FILED, company)
    return sorted(found, reverse=True)[:limit]


def deliveries_of_message(engine: Engine, msgid: str, limit: int) -> list[int]:
    """Return the deliveries of the filed messages that have this Message-ID, newest first.

    They are looked for in the conversations that the id ties together, and among other ids of the same mail.
    """
    token, alias = t.conversation_token.c, t.message_alias.c
    (name,) = id_names([msgid])
    own = (
        select(_d.id)
        .join_from(
            t.conversation_token,
            t.message,
            and_(_m.company_id == token.company_id, _m.conversation_id == token.conversation_id),
        )
        .join(t.delivery, and_(_d.company_id == _m.company_id, _d.message_id == _m.id))
        .where(_any_company(token.company_id), token.token == name, _m.msgid == msgid)
    )
    other = (
        select(_d.id)
        .join_from(
            t.message_alias,
            t.delivery,
            and_(_d.company_id == alias.company_id, _d.message_id == alias.message_id),
        )
        .where(_any_company(alias.company_id), alias.msgid == msgid)
    )
    return _ids(engine, own, other, limit=limit)


def _any_company(column: ColumnElement[int]) -> ColumnElement[bool]:
    return column.in_(select(t.company.c.id))


def _ids(engine: Engine, *ways: Select[int], limit: int) -> list[int]:
    found = union(*ways).subquery()
    wanted = select(found.c.id).order_by(found.c.id.desc()).limit(limit)
    with reading(engine) as connection:
        return list(connection.execute(wanted).scalars())
