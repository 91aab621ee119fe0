"""Which deals a conversation hands on, to whom: the rows of conversation_deal, worked out anew."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, text

_ids: Any = bindparam("ids", expanding=True)

_CLEAR = text(
    "DELETE FROM conversation_deal WHERE company_id = :company AND conversation_id IN :ids"
).bindparams(_ids)
# A deal goes on to mail that shares a counterparty with a message that carries it and that its sender sees.
_WORK_OUT = text(
    """
    INSERT INTO conversation_deal (company_id, conversation_id, deal_id, viewer_id, address)
    WITH carried AS (
        SELECT l.conversation_id, l.message_id, l.deal_id, m.shared, m.linked
        FROM link l
        JOIN deal d ON d.company_id = l.company_id AND d.id = l.deal_id AND d.status <> 'deleted'
        JOIN message m ON m.company_id = l.company_id AND m.id = l.message_id
        WHERE l.company_id = :company AND l.conversation_id IN :ids
            AND l.state = 'active' AND l.scope = 'conversation'
    ), viewer AS (
        SELECT message_id, 0 AS viewer_id FROM carried WHERE shared AND linked
        UNION
        SELECT c.message_id, c.owner_id FROM carried
        JOIN message_copy c ON c.company_id = :company AND c.message_id = carried.message_id
    )
    SELECT DISTINCT CAST(:company AS BIGINT), carried.conversation_id, carried.deal_id, viewer.viewer_id,
        p.address
    FROM carried
    JOIN viewer ON viewer.message_id = carried.message_id
    JOIN participant p ON p.company_id = :company AND p.message_id = carried.message_id AND p.copy_id = 0
        AND p.verdict IN ('contact', 'unknown')
    """
).bindparams(_ids)


def work_out(connection: Connection, company_id: int, conversation_ids: Collection[int]) -> None:
    """Write anew which deals these conversations hand on; the flags of their messages must stand already."""
    ids = list(conversation_ids)
    if ids:
        connection.execute(_CLEAR, {"company": company_id, "ids": ids})
        connection.execute(_WORK_OUT, {"company": company_id, "ids": ids})
