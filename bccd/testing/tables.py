"""Tables as dictionaries, and a batch written into them: plainly, so that it can judge the SQL."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec.structs import asdict, replace

from bccd.model.plan import LinkOrigin, LinkState, Merge, MessageUpdate, Regroup, Settled
from bccd.rules.linking import MASS
from bccd.store import tables as t
from bccd.store.notices import row_of
from bccd.store.plain import empty_row, key_of
from bccd.store.rows import COLUMNS, Batch, Edit

Row = dict[str, Any]
Key = tuple[Any, ...]
Tables = dict[str, dict[Key, Row]]

TABLES = {**t.database.tables, **t.spool.tables}
_KEYS = {name: key_of(table) for name, table in TABLES.items()}
_HANDED = ("company_id", "conversation_id", "deal_id", "viewer_id", "address")
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
    insert(tables, "outbox", [row_of(company_id, id_, notice, "en") for id_, notice in batch.notices])
    for notice in batch.answers:
        args = dict(notice.args)
        address = args.pop("address", "")
        row = row_of(company_id, notice.id, replace(notice, args=args), "en")
        insert(tables, "outbox", [row | {"address": address}])
    clock = tables["company_clock"][company_id,]
    moved = {"next_id": batch.next_id, "change_seq": batch.change_seq}
    tables["company_clock"][company_id,] = clock | moved
    work_out_audiences(tables, company_id, batch.touched(), batch.lost())
    hand_on(tables, company_id, batch.touched(), batch.lost())


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
    return name in (
        "conversation_token",
        "conversation_deal",
        "message_alias",
        "delivery",
        "delivery_recipient",
        "decision",
        "command",
    )


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


def _edit(tables: Tables, company_id: int, edit: Edit, seq: int) -> None:
    match edit:
        case MessageUpdate():
            _widen(tables, company_id, edit, seq)
        case Merge():
            _merge(tables, company_id, edit.winner, edit.losers)
            for message_id in _messages_in(tables, company_id, edit.losers):
                _move(tables, company_id, (message_id, edit.winner), seq)
        case Regroup():
            _regroup(tables, company_id, edit, seq)
        case Settled():
            _settle(tables, company_id, edit, seq)


def _widen(tables: Tables, company_id: int, edit: MessageUpdate, seq: int) -> None:
    row = tables["message"][company_id, edit.message_id]
    changed: Row = {"shared": row["shared"] or edit.shared, "linked": row["linked"] or edit.linked}
    if edit.ties is not None:
        changed |= asdict(edit.ties) | {"thread_index": edit.ties.thread_index or None}
    if edit.named is not None:
        new = edit.named
        changed |= {
            "msgid": new.msgid, "in_reply_to": new.in_reply_to, "id_key": new.id_key,
            "identity_key": new.identity_key, "sent_at": new.sent_at, "sort_at": new.sort_at,
            "provenance": new.provenance.value,
        }  # fmt: skip
    _know(tables, company_id, edit)
    tables["message"][company_id, edit.message_id] = row | changed | {"change_seq": seq}


def _messages_in(tables: Tables, company_id: int, conversations: Collection[int]) -> list[int]:
    mine = (row for row in tables["message"].values() if row["company_id"] == company_id)
    return [row["id"] for row in mine if row["conversation_id"] in conversations]


def _merge(tables: Tables, company_id: int, winner: int, losers: Collection[int]) -> None:
    for key, row in list(tables["conversation"].items()):
        if key[0] == company_id and (row["id"] in losers or row["merged_into"] in losers):
            tables["conversation"][key] = row | {"merged_into": winner}


def _move(tables: Tables, company_id: int, place: tuple[int, int], seq: int) -> None:
    message_id, home = place
    row = tables["message"][company_id, message_id]
    tables["message"][company_id, message_id] = row | {"conversation_id": home, "change_seq": seq}
    for key, link in list(tables["link"].items()):
        if (link["company_id"], link["message_id"]) == (company_id, message_id):
            tables["link"][key] = link | {"conversation_id": home}


def _regroup(tables: Tables, company_id: int, edit: Regroup, seq: int) -> None:
    standing = tables["conversation"]
    for key, row in list(tables["conversation_token"].items()):
        home = standing[company_id, row["conversation_id"]] if key[0] == company_id else None
        if home and row["token"] in edit.names and {home["id"], home["merged_into"]} & set(edit.domain):
            del tables["conversation_token"][key]
    for message_id, _, home_id in edit.moved:
        _move(tables, company_id, (message_id, home_id), seq)
    for loser, winner in edit.merged:
        _merge(tables, company_id, winner, (loser,))
    for id_ in {*edit.domain, *(new.id for new in edit.started)}:
        standing[company_id, id_] = standing[company_id, id_] | {"by_hand": id_ in edit.by_hand}
    for (token, scope), home_id in edit.tokens:
        row = {"company_id": company_id, "token": token, "scope": scope, "conversation_id": home_id}
        if (company_id, token, scope) not in tables["conversation_token"]:
            insert(tables, "conversation_token", [row])


def _settle(tables: Tables, company_id: int, edit: Settled, seq: int) -> None:
    link = tables["link"][company_id, edit.link_id]
    message = tables["message"][company_id, edit.message_id]
    taken = edit.state is LinkState.ACTIVE
    origin = LinkOrigin.TAG if taken else LinkOrigin.MANUAL
    said = {"state": edit.state.value, "origin": origin.value, "actor_id": edit.actor_id}
    if link["state"] == LinkState.SUGGESTED and (message["linked"] or not message["shared"]):
        tables["link"][company_id, edit.link_id] = link | said | {"decided_at": edit.at}
    if taken:
        linked = message["linked"] or not message["shared"]
        tables["message"][company_id, edit.message_id] = message | {"linked": linked, "change_seq": seq}


def hand_on(tables: Tables, company_id: int, touched: Collection[int], gone: Collection[int]) -> None:
    """Work out anew which deals these conversations hand on, by asking of each party of each message."""
    table = tables["conversation_deal"]
    for key in [k for k in table if k[0] == company_id and (k[1] in touched or k[1] in gone)]:
        del table[key]
    for link in tables["link"].values():
        kept = (link["state"], link["scope"]) == ("active", "conversation") and link["deal_id"] is not None
        if link["company_id"] != company_id or link["conversation_id"] not in touched or not kept:
            continue
        message = tables["message"][company_id, link["message_id"]]
        for viewer in _viewers(tables, message):
            for address in _handing(tables, message, link["deal_id"]):
                key = (company_id, link["conversation_id"], link["deal_id"], viewer, address)
                if key not in table:
                    insert(tables, "conversation_deal", [dict(zip(_HANDED, key, strict=True))])


def _viewers(tables: Tables, message: Row) -> list[int]:
    if message["shared"] and message["linked"]:
        return [0]
    mine = (message["company_id"], message["id"])
    return [
        copy["owner_id"]
        for copy in tables["message_copy"].values()
        if (copy["company_id"], copy["message_id"]) == mine
    ]


def _handing(tables: Tables, message: Row, deal_id: int) -> set[str]:
    """Return the addresses of the parties through whom a message hands on a deal."""
    mine = (message["company_id"], message["id"], 0)
    people = [
        p for p in tables["participant"].values() if (p["company_id"], p["message_id"], p["copy_id"]) == mine
    ]
    found = {p["address"] for p in people if p["verdict"] in ("contact", "unknown")}
    shown = {
        p["address"]
        for p in people
        if p["role"] in ("to", "cc") and p["verdict"] in ("contact", "unknown", "excluded")
    }
    if message["direction"] != "outgoing" or len(shown) <= MASS:
        return found
    takes_part = {d["contact_id"] for d in tables["deal_contact"].values() if d["deal_id"] == deal_id}
    return {a["address"] for a in tables["contact_address"].values() if a["contact_id"] in takes_part} & found


def work_out_audiences(
    tables: Tables, company_id: int, touched: Collection[int], gone: Collection[int]
) -> None:
    """Work out anew who sees what, by asking of each message and each audience whether it may be seen."""
    table = tables["conversation_audience"]
    for key in [k for k in table if k[0] == company_id and (k[1] in touched or k[1] in gone)]:
        del table[key]
    mails: defaultdict[int, list[Row]] = defaultdict(list)
    for row in _of(tables, "message", company_id):
        if row["conversation_id"] in touched and row["erased_at"] is None:
            mails[row["conversation_id"]].append(row)
    held = holders(tables, company_id)
    for conversation_id, messages in mails.items():
        for audience in {0}.union(*(held[m["id"]] for m in messages)):
            seen = [m for m in messages if (m["shared"] and m["linked"]) or audience in held[m["id"]]]
            if seen:
                key_row = {"company_id": company_id, "conversation_id": conversation_id}
                sight = _sight(tables, company_id, audience, seen, held)
                insert(tables, "conversation_audience", [key_row | {"audience_id": audience} | sight])


def holders(tables: Tables, company_id: int) -> defaultdict[int, dict[int, bool]]:
    """Return who holds a copy of each message, and whether he filed it."""
    held: defaultdict[int, dict[int, bool]] = defaultdict(dict)
    for copy in _of(tables, "message_copy", company_id):
        owner = copy["owner_id"]
        held[copy["message_id"]][owner] = copy["filed_by"] in (None, owner)
    return held


def _sight(
    tables: Tables, company_id: int, audience: int, seen: list[Row], held: Mapping[int, dict[int, bool]]
) -> Row:
    last = max(seen, key=lambda m: (m["sort_at"], m["id"]))
    choices = {
        link["message_id"]
        for link in _of(tables, "link", company_id)
        if not link["organisation_id"] and link["state"] == "suggested"
    }
    looked_at = {
        row["message_id"]
        for row in _of(tables, "message_user_state", company_id)
        if row["user_id"] == audience and row["seen_at"] is not None
    }
    outgoing = [m["sort_at"] for m in seen if m["direction"] == "outgoing"]
    waiting = [
        m["sort_at"]
        for m in seen
        if m["direction"] == "incoming"
        and not m["auto_kind"]
        and m["provenance"] != "import"
        and all(m["sort_at"] > at for at in outgoing)
    ]
    new = [m for m in seen if m["id"] not in looked_at and not held[m["id"]].get(audience, False)]
    return {
        "subject": last["subject"],
        "snippet": last["snippet"],
        "message_count": len(seen),
        "last_at": last["sort_at"],
        "last_message_id": last["id"],
        "needs_choice": any(m["id"] in choices for m in seen),
        "linked": any(m["linked"] for m in seen),
        "waiting_since": min(waiting, default=None),
        "last_out_at": max(outgoing, default=None),
        "unseen": len(new) if audience else 0,
        "unlinked": sum(1 for m in seen if audience in held[m["id"]] and not m["linked"]),
    }


def _of(tables: Tables, name: str, company_id: int) -> Iterable[Row]:
    return (row for row in tables[name].values() if row["company_id"] == company_id)
