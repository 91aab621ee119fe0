"""What conversations hand on: which deals later mail inherits, through whom, and who may see why.

Table conversation_deal is a function of links, copies and participants. Filing adds to it row by row; where
conversations change otherwise it is worked out anew.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, text

_ids: Any = bindparam("ids", expanding=True)
_CLEAR = text(
    "DELETE FROM conversation_deal WHERE company_id = :company AND conversation_id IN :ids"
).bindparams(_ids)
# Of a mass mail only those hand a deal on who take part in it themselves (decisions.md 7.6).
_WORK_OUT = text(
    """
    INSERT INTO conversation_deal (company_id, conversation_id, deal_id, viewer_id, address)
    WITH carrying AS (
        SELECT m.id, m.conversation_id, l.deal_id,
            CASE WHEN m.shared AND m.linked THEN 1 ELSE 0 END AS is_open,
            CASE WHEN m.direction = 'outgoing' AND 5 < (
                SELECT count(DISTINCT p.address) FROM participant p
                WHERE p.company_id = m.company_id AND p.message_id = m.id AND p.role IN ('to', 'cc')
                    AND p.copy_id = 0 AND p.verdict IN ('contact', 'unknown', 'excluded')
            ) THEN 1 ELSE 0 END AS is_mass
        FROM link l JOIN message m ON m.company_id = l.company_id AND m.id = l.message_id
        WHERE l.company_id = :company AND l.conversation_id IN :ids AND l.deal_id IS NOT NULL
            AND l.state = 'active' AND l.scope = 'conversation'
    ), seen AS (
        SELECT id, conversation_id, deal_id, is_mass, 0 AS viewer_id FROM carrying WHERE is_open = 1
        UNION ALL
        SELECT c.id, c.conversation_id, c.deal_id, c.is_mass, o.owner_id FROM carrying c
        JOIN message_copy o ON o.company_id = :company AND o.message_id = c.id
        WHERE c.is_open = 0
    )
    SELECT DISTINCT CAST(:company AS BIGINT), s.conversation_id, s.deal_id, s.viewer_id, p.address
    FROM seen s JOIN participant p ON p.company_id = :company AND p.message_id = s.id
    WHERE p.copy_id = 0 AND p.verdict IN ('contact', 'unknown') AND (s.is_mass = 0 OR EXISTS (
        SELECT 1 FROM deal_contact d JOIN contact_address a
            ON a.company_id = d.company_id AND a.contact_id = d.contact_id
        WHERE d.company_id = :company AND d.deal_id = s.deal_id AND a.address = p.address))
    """
).bindparams(_ids)


def work_out(connection: Connection, company_id: int, conversations: Collection[int]) -> None:
    """Write anew what these conversations hand on; at most some thousands at once."""
    if conversations:
        chosen = {"company": company_id, "ids": sorted(conversations)}
        connection.execute(_CLEAR, chosen)
        connection.execute(_WORK_OUT, chosen)


def clear(connection: Connection, company_id: int, conversations: Collection[int]) -> None:
    """Forget what these conversations, which became part of others, handed on."""
    if conversations:
        connection.execute(_CLEAR, {"company": company_id, "ids": sorted(conversations)})
