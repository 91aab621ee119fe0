"""A store in dictionaries that does as the SQL stores do, row for row, as one contract suite proves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from bccd.model.delivery import Delivery, DeliveryState, Intake, Mail, Receipt
from bccd.model.directory import Company, Retiring
from bccd.model.errors import MistakeError, StoreUnavailableError
from bccd.model.facts import Facts, Query
from bccd.model.plan import Outcome, Plan
from bccd.model.policy import Policy
from bccd.store import envelopes
from bccd.store.ids import new_id
from bccd.store.plain import Rows
from bccd.store.rows import Batch
from bccd.testing.facts import gather
from bccd.testing.tables import TABLES, Row, Tables, apply_batch, insert


class MemoryStore:
    """Opens units of work, keeps mail, queues it; no row is changed in place, so a copy is a snapshot."""

    def __init__(self) -> None:
        self.tables: Tables = {name: {} for name in TABLES}
        self.failure: Exception | None = None  # raised by the next calls, for tests of what then happens
        self._seq = 0

    def __call__(self, company_id: int) -> "MemoryWork":
        """Return a unit of work; it begins when entered."""
        return MemoryWork(self, company_id)

    def all_rows(self) -> Rows:
        """Return the rows of every table, in the order of the primary keys."""
        return {name: [dict(rows[key]) for key in sorted(rows)] for name, rows in self.tables.items()}

    def put_rows(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Insert rows of any tables; columns that are left out have their defaults."""
        for name in TABLES:
            insert(self.tables, name, rows.get(name, ()))

    # ---- ports.Spool -------------------------------------------------------------------------------------

    async def put(self, intake: Intake) -> Receipt:
        """Keep a mail, unless all its recipients have the same octets already."""
        self.fail_if_told()
        keys, raw = self.tables["delivery_key"], intake.raw
        place = {target: (intake.company_id, raw.sha256, target.address) for target in intake.targets}
        missing = tuple(target for target in intake.targets if place[target] not in keys)
        if not missing:
            return Receipt(keys[place[intake.targets[0]]]["delivery_id"], duplicate=True)
        id_ = new_id(intake.received_at)
        while any(row["delivery_id"] == id_ for row in (*keys.values(), *self.tables["spool"].values())):
            id_ += 1
        self._seq += 1
        kept = {"company_id": intake.company_id, "sha256": raw.sha256, "size": raw.size, "data": raw.read()}
        if (intake.company_id, raw.sha256) not in self.tables["raw_mail"]:
            insert(self.tables, "raw_mail", [kept | {"stored_at": intake.received_at}])
        entry = {
            "seq": self._seq, "delivery_id": id_, "company_id": intake.company_id, "state": "received",
            "envelope": envelopes.write(intake, missing), "raw_sha256": raw.sha256, "size": raw.size,
            "attempts": 0, "deaths": 0, "forgiven": 0, "due_at": intake.received_at, "claimed_by": None,
            "error": "",
        }  # fmt: skip
        insert(self.tables, "spool", [entry])
        for target in missing:
            company_id, sha256, recipient = place[target]
            row = {"company_id": company_id, "raw_sha256": sha256, "recipient": recipient}
            keys[place[target]] = row | {"delivery_id": id_}
        return Receipt(id_)

    # ---- ports.Queue -------------------------------------------------------------------------------------

    def claim(self, limit: int, now: datetime) -> list[Delivery]:
        """Take the oldest due deliveries and count the attempt."""
        self.fail_if_told()
        claimed: list[Delivery] = []
        for key, row in sorted(self.tables["spool"].items()):
            waits = row["state"] == "received" and row["claimed_by"] is None
            if waits and (not row["attempts"] or row["due_at"] <= now) and len(claimed) < limit:
                taken = row | {"claimed_by": "me", "attempts": row["attempts"] + 1}
                self.tables["spool"][key] = taken
                claimed.append(_delivery(taken))
        return claimed

    def condemned(self) -> list[Delivery]:
        """Take nothing: a filer that dies takes this store with it."""
        self.fail_if_told()
        return []

    def renew(self, delivery_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these are claimed."""
        self.fail_if_told()
        claimed = {row["delivery_id"] for row in self.tables["spool"].values() if row["claimed_by"]}
        return frozenset(delivery_ids) & claimed

    def raw(self, delivery: Delivery) -> bytes:
        """Return the octets of a delivery."""
        row = self.tables["raw_mail"].get((delivery.company_id, delivery.raw_sha256))
        if row is None:
            raise StoreUnavailableError(f"the octets of mail {delivery.raw_sha256.hex()} are gone")
        return bytes(row["data"])

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Clear filed mail, keep other mail, let failed mail come again."""
        self.fail_if_told()
        by_id = {outcome.delivery_id: outcome for outcome in outcomes}
        for key, row in list(self.tables["spool"].items()):
            outcome = by_id.get(row["delivery_id"])
            if outcome is None or row["claimed_by"] is None:
                continue
            if outcome.state is DeliveryState.FILED or outcome.vanishes:
                del self.tables["spool"][key]
            else:
                why = f"{outcome.state}: {outcome.reason}"
                self.tables["spool"][key] = row | {"state": "kept", "claimed_by": None, "error": why}
        failed = {id_ for id_, it in by_id.items() if it.state is DeliveryState.FAILED or it.vanishes}
        keys = self.tables["delivery_key"]
        self.tables["delivery_key"] = {
            key: row for key, row in keys.items() if row["delivery_id"] not in failed
        }
        if any(outcome.vanishes for outcome in outcomes):
            self._sweep()

    def _sweep(self) -> None:
        """Forget octets that nothing speaks of any more."""
        speaking = ("delivery_key", "spool", "message_copy", "attachment")
        spoken = {
            (row["company_id"], row["raw_sha256"]) for name in speaking for row in self.tables[name].values()
        }
        raw = self.tables["raw_mail"]
        self.tables["raw_mail"] = {key: row for key, row in raw.items() if key in spoken}

    def postpone(self, delivery_ids: Sequence[int], until: datetime, error: str, *, counted: bool) -> None:
        """Give claimed mail back."""
        self.fail_if_told()
        for key, row in list(self.tables["spool"].items()):
            if row["delivery_id"] in delivery_ids and row["claimed_by"] is not None:
                attempts = row["attempts"] - (not counted)
                back = {"claimed_by": None, "due_at": until, "error": error, "attempts": attempts}
                self.tables["spool"][key] = row | back

    def fail_if_told(self) -> None:
        """Raise what a test has asked for."""
        if self.failure is not None:
            raise self.failure


def _delivery(row: Row) -> Delivery:
    raw = (row["raw_sha256"], row["size"])
    return envelopes.delivery(row["delivery_id"], row["company_id"], row["envelope"], raw, row["attempts"])


class MemoryWork:
    """One unit of work over a copy of the tables; implements ports.UnitOfWork."""

    def __init__(self, store: MemoryStore, company_id: int) -> None:
        self._store = store
        self._company_id = company_id
        self._tables: Tables = {}

    def __enter__(self) -> Self:
        self._store.fail_if_told()
        self._tables = {name: dict(rows) for name, rows in self._store.tables.items()}
        if (self._company_id,) not in self._tables["company_clock"]:
            raise MistakeError(f"there is no company {self._company_id}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tables = {}

    @property
    def company(self) -> Company:
        """The company as of entering."""
        row = self._tables["company"][self._company_id,]
        policy = msgspec.json.decode(row["settings"], type=Policy)
        ending = {
            it["address"]: Retiring(it["retires_at"], it["replaced_by"])
            for it in self._tables["company_address"].values()
            if it["company_id"] == self._company_id and it["retires_at"] is not None
        }
        return Company(self._company_id, row["slug"], row["name"], policy, ending)

    def gather(self, query: Query) -> Facts:
        """Read all that the query names."""
        self._store.fail_if_told()
        return gather(self._tables, self.company, query)

    def apply(self, mails: Sequence[Mail], plans: Sequence[Plan], now: datetime) -> None:
        """Write the plans' rows, in order."""
        self._store.fail_if_told()
        clock = self._tables["company_clock"][self._company_id,]
        batch = Batch(self._company_id, clock["next_id"], clock["change_seq"], now, lambda moment: moment)
        for mail, plan in zip(mails, plans, strict=True):
            batch.add(mail, plan)
        apply_batch(self._tables, self._company_id, batch)

    def commit(self) -> None:
        """Let everybody see what was applied."""
        self._store.fail_if_told()
        self._store.tables = {name: dict(rows) for name, rows in self._tables.items()}
