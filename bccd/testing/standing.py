"""What stands of the mail that a batch belongs to, read from dictionaries by looking at every row."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from bccd.model.crm import DealStatus
from bccd.model.facts import CarriedDeal, KnownMessage, Query, Verdict
from bccd.model.plan import LinkState, Provenance
from bccd.model.strand import Ties
from bccd.rules.thread import MARK, names, names_of
from bccd.store.standing import Standing, in_turn, read_strands
from bccd.store.tables import to_text
from bccd.testing.tables import Row, Tables


def standing(tables: Tables, company_id: int, query: Query, contacts: Collection[int]) -> Standing:
    """Read what stands; `contacts` are those that have a queried address."""
    return _Reader(tables, company_id).read(query, contacts)


class _Reader:
    def __init__(self, tables: Tables, company_id: int) -> None:
        self._tables = tables
        self._company_id = company_id

    def read(self, query: Query, contacts: Collection[int]) -> Standing:
        messages = self._messages(query)
        wanted = query.tokens.union(*(names_of(message.ties) for message in messages.values()))
        tokens = {
            (row["token"], row["scope"]): self._living(row["conversation_id"])
            for row in self._rows("conversation_token")
            if row["token"] in wanted
        }
        by_hand = frozenset(id_ for id_ in tokens.values() if self._row("conversation", id_)["by_hand"])
        known = {*tokens.values(), *(message.conversation_id for message in messages.values())}
        to_many = query.broadcasts or any(message.ties.broadcast for message in messages.values())
        anew = known if by_hand or to_many else set()
        strands, overrides = read_strands(self._strands(anew))
        return Standing(
            tokens,
            by_hand,
            messages,
            {id_: deals for id_ in known if (deals := self._carried(id_, query, contacts))},
            {id_: said for id_ in known if (said := in_turn(self._verdicts(id_, query)))},
            strands,
            overrides,
            frozenset(
                row["token"] for row in self._rows("conversation_token") if row["scope"] == MARK
            ).intersection(name for mine in strands.values() for strand in mine for name in names(strand)),
        )

    def _rows(self, table: str) -> Iterator[Row]:
        return (row for row in self._tables[table].values() if row["company_id"] == self._company_id)

    def _row(self, table: str, id_: int) -> Row:
        return self._tables[table][self._company_id, id_]

    def _living(self, conversation_id: int) -> int:
        row = self._row("conversation", conversation_id)
        return int(row["merged_into"] or row["id"])

    def _messages(self, query: Query) -> dict[bytes, KnownMessage]:
        return {
            row["identity_key"]: self._message(row, query)
            for row in self._rows("message")
            if row["id_key"] in query.id_keys or row["weak_key"] in query.weak_keys
        }

    def _message(self, row: Row, query: Query) -> KnownMessage:
        copies = (copy for copy in self._rows("message_copy") if copy["message_id"] == row["id"])
        people = [p for p in self._rows("participant") if p["message_id"] == row["id"] and not p["copy_id"]]
        weak = row["weak_key"] in query.weak_keys
        named = [(p["role"], p["address"], p["name"]) for p in people if p["role"] != "bcc"]
        return KnownMessage(
            row["id"],
            row["conversation_id"],
            row["id_key"],
            row["identity_key"],
            frozenset(copy["owner_id"] for copy in copies),
            row["shared"],
            row["linked"],
            self._deals_of_message(row["id"]),
            row["weak_key"],
            row["content_digest"],
            row["msgid"],
            row["sent_at"],
            Provenance(row["provenance"]),
            tuple(sorted(named)) if weak else (),
            Ties(
                row["refs"], row["thread_index"] or b"", row["calendar_uid"], row["parties"], row["broadcast"]
            ),
            row["subject"],
        )

    def _deals_of_message(self, message_id: int) -> frozenset[tuple[int, DealStatus]]:
        links = (link for link in self._rows("link") if link["message_id"] == message_id)
        found = (
            (link["deal_id"], self._status(link["deal_id"]))
            for link in links
            if (link["state"], link["scope"]) == ("active", "conversation")
        )
        return frozenset((deal_id, status) for deal_id, status in found if status is not DealStatus.DELETED)

    def _status(self, deal_id: int | None) -> DealStatus:
        return DealStatus(self._row("deal", deal_id)["status"]) if deal_id else DealStatus.DELETED

    def _carried(self, id_: int, query: Query, matched: Collection[int]) -> frozenset[CarriedDeal]:
        """Return the living deals that a conversation hands on to the queried people and users."""
        found: set[CarriedDeal] = set()
        for row in self._rows("conversation_deal"):
            status = self._status(row["deal_id"])
            if row["conversation_id"] != id_ or row["viewer_id"] not in {0, *query.users}:
                continue
            if status is DealStatus.DELETED:
                continue
            for contact_id in self._holders(row["address"]):
                if row["address"] in query.addresses or contact_id in matched:
                    deal = CarriedDeal(row["deal_id"], status, row["viewer_id"], row["address"], contact_id)
                    found.add(deal)
        return frozenset(found)

    def _holders(self, address: str) -> set[int | None]:
        """Return the contacts that have an address, merged ones resolved; nobody where there is none."""
        ids = [row["contact_id"] for row in self._rows("contact_address") if row["address"] == address]
        found: set[int | None] = {self._row("contact", id_)["merged_into"] or id_ for id_ in ids}
        return found or {None}

    def _verdicts(self, id_: int, query: Query) -> Iterator[Verdict]:
        for link in self._rows("link"):
            by_hand = (link["origin"], link["scope"]) == ("manual", "conversation")
            waits = link["state"] == LinkState.SUGGESTED and link["deal_id"] is not None
            if link["conversation_id"] != id_ or not (by_hand or waits):
                continue
            for viewer in self._viewers(link["message_id"], query.users):
                yield Verdict(
                    link["id"],
                    link["message_id"],
                    to_text(link["decided_at"]) or "",
                    viewer,
                    LinkState(link["state"]),
                    link["contact_id"],
                    link["organisation_id"],
                    link["deal_id"],
                )

    def _viewers(self, message_id: int, users: Collection[int]) -> Iterator[int]:
        message = self._row("message", message_id)
        if message["shared"] and message["linked"]:
            yield 0
        for copy in self._rows("message_copy"):
            if copy["message_id"] == message_id and copy["owner_id"] in users:
                yield copy["owner_id"]

    def _strands(self, conversations: Collection[int]) -> Iterator[tuple[Any, ...]]:
        """Yield what the query of strands finds: a row for each alias and override of each message."""
        aliases: defaultdict[int, list[Any]] = defaultdict(list)
        for row in self._rows("message_alias"):
            aliases[row["message_id"]].append(row["msgid"])
        said: defaultdict[int, list[Any]] = defaultdict(list)
        for row in self._rows("conversation_override"):
            said[row["message_id"]].append((row["id"], row["kind"], row["other_id"], row["group_id"]))
        names = (
            "id", "conversation_id", "msgid", "in_reply_to", "refs", "thread_index", "calendar_uid",
            "parties", "base_subject", "broadcast",
        )  # fmt: skip
        for row in self._rows("message"):
            if row["conversation_id"] in conversations:
                for alias in aliases[row["id"]] or [None]:
                    for override in said[row["id"]] or [(None,) * 4]:
                        yield (*(row[name] for name in names), alias, *override)
