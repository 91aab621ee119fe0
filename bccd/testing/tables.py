"""Tables as dictionaries, and a batch written into them: plainly, so that it can judge the SQL."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bccd.model.plan import Merge, MessageUpdate
from bccd.store import tables as t
from bccd.store.plain import empty_row, key_of
from bccd.store.rows import COLUMNS, Batch

Row = dict[str, Any]
Key = tuple[Any, ...]
Tables = dict[str, dict[Key, Row]]

TABLES = {**t.database.tables, **t.spool.tables}
_KEYS = {name: key_of(table) for name, table in TABLES.items()}
_TARGETS = ("contact_id", "organisation_id", "deal_id")


class BrokenKeyError(Exception):
    """A row would stand twice, or point at nothing: what SQL databases refuse too."""


def insert(tables: Tables, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows; columns that are left out have their defaults."""
    empty = empty_row(TABLES[name])
    for given in rows:
        row = empty | dict(given)
        key = tuple(row[column] for column in _KEYS[name])
        if key in tables[name]:
            raise BrokenKeyError(f"{name} has {key} already")
        for reference in TABLES[name].foreign_key_constraints:
            target = tuple(row[column] for column in reference.column_keys)
            if None not in target and target not in tables[reference.referred_table.name]:
                raise BrokenKeyError(f"{name} {key} points at {reference.referred_table.name} {target}")
        tables[name][key] = row


def apply_batch(tables: Tables, company_id: int, batch: Batch) -> None:
    """Write all rows of a batch and move the clock."""
    for name, columns in COLUMNS.items():
        for values in batch.rows[name]:
            row = dict(zip(columns, values, strict=True))
            if not _replaces(tables, name, row):
                insert(tables, name, [row])
    for edit, seq in batch.edits:
        _edit(tables, company_id, edit, seq)
    for contact_id, at in batch.activity.items():
        contact = tables["contact"][company_id, contact_id]
        if contact["last_activity_at"] is None or contact["last_activity_at"] < at:
            tables["contact"][company_id, contact_id] = contact | {"last_activity_at": at}
    _bounces(tables, company_id, batch)
    clock = tables["company_clock"][company_id,]
    moved = {"next_id": batch.next_id, "change_seq": batch.change_seq}
    tables["company_clock"][company_id,] = clock | moved
    work_out_audiences(tables, company_id, batch.touched(), batch.lost())


def _bounces(tables: Tables, company_id: int, batch: Batch) -> None:
    standing = tables["address_bounce"]
    for address, at in batch.bounces.arrived.items():
        if (company_id, address) in standing and standing[company_id, address]["bounced_at"] < at:
            del standing[company_id, address]
    for address, told in batch.bounces.told.items():
        known = standing.get((company_id, address))
        if known is None or known["bounced_at"] <= told.at:
            standing[company_id, address] = {
                "company_id": company_id, "address": address, "hard": told.hard, "status": told.status,
                "bounced_at": told.at,
            }  # fmt: skip


def _replaces(tables: Tables, name: str, row: Row) -> bool:
    """Tell whether the row stands already, after bringing it up to date."""
    standing = tables[name]
    key = tuple(row.get(column) for column in _KEYS[name])
    if name == "link":
        return _replaces_link(standing, row)
    if name == "message":
        identity = row["company_id"], row["identity_key"]
        if any((m["company_id"], m["identity_key"]) == identity for m in standing.values()):
            raise BrokenKeyError(f"there is a message {identity} already")
    if key not in standing:
        return False
    if name == "delivery" and standing[key]["state"] != "filed":
        fixed = ("mail_from", "peer_ip", "helo", "protocol", "raw_sha256", "size", "received_at")
        standing[key] = row | {column: standing[key][column] for column in fixed}
    if name == "decision":
        standing[key] = row
    return name in ("conversation_token", "delivery", "delivery_recipient", "decision")


def _replaces_link(standing: dict[Key, Row], row: Row) -> bool:
    same = ("company_id", "message_id", *_TARGETS)
    for key, known in standing.items():
        if all(known[column] == row[column] for column in same):
            if (known["state"], row["state"]) == ("suggested", "active"):
                better = {column: row[column] for column in ("state", "origin", "rule", "score")}
                standing[key] = known | better
            return True
    return False


def _know(tables: Tables, company_id: int, edit: MessageUpdate) -> None:
    """Tie the participants to contacts that are known since."""
    since = dict(edit.contacts)
    for who in tables["participant"].values():
        mine = (who["company_id"], who["message_id"], who["copy_id"]) == (company_id, edit.message_id, 0)
        if mine and who["verdict"] == "unknown" and who["address"] in since:
            who |= {"contact_id": since[who["address"]], "verdict": "contact"}


def _edit(tables: Tables, company_id: int, edit: Merge | MessageUpdate, seq: int) -> None:
    if isinstance(edit, MessageUpdate):
        row = tables["message"][company_id, edit.message_id]
        widened = {"shared": row["shared"] or edit.shared, "linked": row["linked"] or edit.linked}
        _know(tables, company_id, edit)
        tables["message"][company_id, edit.message_id] = row | widened | {"change_seq": seq}
        return
    for key, row in list(tables["conversation"].items()):
        if key[0] == company_id and (row["id"] in edit.losers or row["merged_into"] in edit.losers):
            tables["conversation"][key] = row | {"merged_into": edit.winner}
    moved: dict[str, Row] = {"message": {"change_seq": seq}, "link": {}}
    for name, more in moved.items():
        for key, row in list(tables[name].items()):
            if key[0] == company_id and row["conversation_id"] in edit.losers:
                tables[name][key] = row | {"conversation_id": edit.winner} | more


def work_out_audiences(
    tables: Tables, company_id: int, touched: Collection[int], gone: Collection[int]
) -> None:
    """Work out anew who sees what, by asking of each message and each audience whether it may be seen."""
    table = tables["conversation_audience"]
    for key in [k for k in table if k[0] == company_id and (k[1] in touched or k[1] in gone)]:
        del table[key]
    mails: defaultdict[int, list[Row]] = defaultdict(list)
    for row in tables["message"].values():
        if row["company_id"] == company_id and row["conversation_id"] in touched:
            mails[row["conversation_id"]].append(row)
    owners: defaultdict[int, set[int]] = defaultdict(set)
    for copy in tables["message_copy"].values():
        if copy["company_id"] == company_id:
            owners[copy["message_id"]].add(copy["owner_id"])
    choices = {
        link["message_id"]
        for link in tables["link"].values()
        if link["company_id"] == company_id and not link["organisation_id"] and link["state"] == "suggested"
    }
    for conversation_id, messages in mails.items():
        for audience in {0}.union(*(owners[m["id"]] for m in messages)):
            seen = [m for m in messages if (m["shared"] and m["linked"]) or audience in owners[m["id"]]]
            if seen:
                row = _audience(company_id, conversation_id, audience, seen, choices)
                insert(tables, "conversation_audience", [row])


def _audience(
    company_id: int, conversation_id: int, audience: int, seen: list[Row], choices: set[int]
) -> Row:
    last = max(seen, key=lambda m: (m["sort_at"], m["id"]))
    return {
        "company_id": company_id,
        "conversation_id": conversation_id,
        "audience_id": audience,
        "subject": last["subject"],
        "snippet": last["snippet"],
        "message_count": len(seen),
        "last_at": last["sort_at"],
        "last_message_id": last["id"],
        "needs_choice": any(m["id"] in choices for m in seen),
        "linked": any(m["linked"] for m in seen),
    }
