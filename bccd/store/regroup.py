"""Writes where messages go when conversations are put together anew."""

from collections.abc import Collection
from itertools import product
from typing import Any

from sqlalchemy import Connection, bindparam, text

from bccd.model.plan import Regroup
from bccd.store import tables as t
from bccd.store.inserts import insert_rows

_MOST = 5_000  # values in one list

_FORGET = text(
    "DELETE FROM conversation_token WHERE company_id = :company AND token IN :names AND conversation_id IN"
    " (SELECT id FROM conversation WHERE company_id = :company AND (id IN :domain OR merged_into IN :domain))"
).bindparams(bindparam("names", expanding=True), bindparam("domain", expanding=True))
_MOVE_MESSAGE = text(
    "UPDATE message SET conversation_id = :home, change_seq = :seq WHERE company_id = :company AND id = :id"
)
_MOVE_LINKS = text(
    "UPDATE link SET conversation_id = :home"
    " WHERE company_id = :company AND conversation_id = :before AND message_id = :id"
)
_MERGE = text(
    "UPDATE conversation SET merged_into = :winner"
    " WHERE company_id = :company AND (id = :loser OR merged_into = :loser)"
)
_BY_HAND = text(
    "UPDATE conversation SET by_hand = :by_hand WHERE company_id = :company AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))
TOKEN_COLUMNS = ("company_id", "token", "scope", "conversation_id")


def write_regroup(connection: Connection, company_id: int, regroup: Regroup, seq: int) -> None:
    """Move messages and links, merge what was emptied, and write the tokens anew; new conversations stand."""

    def run(statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection.execute(statement, [row | {"company": company_id} for row in rows])

    for names, domain in product(cut(regroup.names), cut(regroup.domain)):
        connection.execute(_FORGET, {"company": company_id, "names": names, "domain": domain})
    run(_MOVE_MESSAGE, [{"id": id_, "home": home, "seq": seq} for id_, _, home in regroup.moved])
    run(_MOVE_LINKS, [{"id": id_, "before": old, "home": home} for id_, old, home in regroup.moved])
    for loser, winner in regroup.merged:
        connection.execute(_MERGE, {"company": company_id, "loser": loser, "winner": winner})
    concerned = {*regroup.domain, *(new.id for new in regroup.started)}
    for by_hand, ids in ((True, set(regroup.by_hand)), (False, concerned - set(regroup.by_hand))):
        for some in cut(sorted(ids)):
            connection.execute(_BY_HAND, {"company": company_id, "by_hand": by_hand, "ids": some})
    rows = [(company_id, *token, home) for token, home in regroup.tokens]
    insert_rows(connection, t.conversation_token, TOKEN_COLUMNS, rows, "DO NOTHING")


def cut(values: Collection[Any]) -> list[list[Any]]:
    """Cut a list into pieces that fit into one statement."""
    listed = list(values)
    return [listed[at : at + _MOST] for at in range(0, len(listed), _MOST)]
