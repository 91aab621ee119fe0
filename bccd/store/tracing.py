"""Finds deliveries by an address or a Message-ID, for whoever asks what became of a mail."""

from sqlalchemy import ColumnElement, Engine, Select, and_, or_, select, union

from bccd.rules.thread import id_names
from bccd.store import tables as t
from bccd.store.engine import reading

_d, _m = t.delivery.c, t.message.c
_UNFILED = _d.state != "filed"  # said outright, for an index holds these alone


def deliveries_of_address(engine: Engine, address: str, first: int, limit: int) -> list[int]:
    """Return deliveries, newest first, that an address takes part in, from the id `first` on.

    Of what is filed that is whoever stands in the mail; of the rest its author and its envelope's sender.
    """
    p = t.participant.c
    filed = (
        select(_d.id)
        .join_from(
            t.participant,
            t.delivery,
            and_(_d.company_id == p.company_id, _d.message_id == p.message_id),
        )
        .where(_any_company(p.company_id), p.address == address, _d.id >= first, _d.message_id.is_not(None))
    )
    other = select(_d.id).where(
        _any_company(_d.company_id),
        _UNFILED,
        _d.id >= first,
        or_(_d.from_address == address, _d.mail_from == address),
    )
    return _ids(engine, filed, other, limit=limit)


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
