"""Master data into the mirror: records by external id, idempotent, all of a load or nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Engine, Table, bindparam, delete, insert, select, update

from bccd.model.errors import MistakeError
from bccd.model.events import EventKind
from bccd.store import tables as t
from bccd.store.claimed import Claims
from bccd.store.companies import find_company, put_company
from bccd.store.confirmed import release
from bccd.store.people import both_user_and_contact, own_addresses
from bccd.store.stale import settle_deals
from bccd.store.teams import put_members
from bccd.store.uow import Clocked, clock, transaction

Child = tuple[Any, ...]


class Record(Protocol):
    """A record whose form is checked: its kind, where it stood in the source, a value for each column.

    Columns by kind (tuples are lists of texts; organisation, owner, contacts, members and user are external
    ids): company (slug, name, addresses, internal_domains, the settings that are named), organisation
    (external_id, name, domains), user (external_id, name, login, alternatives, unconfirmed, default_sharing,
    active), team (external_id, name, addresses, members, default_sharing, active), contact (external_id,
    name, addresses, organisation, owner, active), deal (external_id, title, status, contacts, organisation,
    owner), never_log (entry, user).
    """

    @property
    def kind(self) -> str: ...

    @property
    def row(self) -> str: ...

    @property
    def values(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: how many records of each kind were new or different."""

    company_id: int
    changed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind of record stands: its table, and the one that holds its lists."""

    table: Table
    child: Table
    parent: str  # the child's column that names the record
    columns: tuple[str, ...]  # the child's other columns, the key first
    same: dict[str, Any] = field(default_factory=dict)  # what tells its rows from others of the table


_DEFAULTS: dict[str, dict[str, Any]] = {  # of new rows, where the record does not say
    "contact": {"merged_into": None},
    "user": {"language": "", "notices": "problems"},
}
_ADDRESSES = ("address", "kind", "confirmed_at")
KINDS = {
    "organisation": Kind(t.organisation, t.organisation_domain, "organisation_id", ("domain",)),
    "user": Kind(t.app_user, t.user_address, "user_id", _ADDRESSES, {"is_team": False}),
    "team": Kind(t.app_user, t.user_address, "user_id", _ADDRESSES, {"is_team": True}),
    "contact": Kind(t.contact, t.contact_address, "contact_id", ("address", "is_primary")),
    "deal": Kind(t.deal, t.deal_contact, "deal_id", ("contact_id",)),
}


def load(engine: Engine, records: Sequence[Record], now: datetime, company: str = "") -> Loaded:
    """Write a company's records; `company` is its slug, or empty where it is plain which one is meant.

    Raises MistakeError with every mistake on a line of its own, after its row; then nothing is written.
    """
    by_kind: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_kind[record.kind].append(record)
    mistakes = [mistake for record in records for mistake in _bad_addresses(record)]
    with transaction(engine) as connection:
        changed = {"company": 0}
        for record in by_kind["company"]:
            changed["company"] += put_company(connection, record.row, record.values, now, mistakes)
        slugs = [str(record.values["slug"]) for record in by_kind["company"]]
        company_id = find_company(connection, company, slugs)
        loader = _Loader(clock(connection, company_id), now, mistakes)
        written = {kind: loader.put(kind, by_kind[kind]) for kind in KINDS}
        changed |= {kind: len(ids) for kind, ids in written.items()}
        changed["never_log"] = loader.put_never_log(by_kind["never_log"])
        people = [*by_kind["user"], *by_kind["team"]]
        mistakes += both_user_and_contact(loader.work, people, by_kind["contact"])
        if mistakes:
            raise MistakeError("\n".join(mistakes))
        settle_deals(loader.work, now, written["deal"])
        loader.work.directory_version += any(changed.values())
        let_go = release(loader.work, loader.confirmed, now)
        loader.work.save()
    did = {kind: count for kind, count in changed.items() if by_kind[kind]}
    further = {"confirmed_address": loader.promoted, "released_mail": len(let_go)}
    return Loaded(company_id, did | {name: count for name, count in further.items() if count})


def _bad_addresses(record: Record) -> Iterable[str]:
    for name in ("addresses", "login", "alternatives", "unconfirmed"):
        given = record.values.get(name, ())
        for address in (given,) if isinstance(given, str) else given:
            try:
                validate_email(address, check_deliverability=False)
            except EmailNotValidError as error:
                yield f"{record.row}: {name}: {address}: {error}"


@dataclass(slots=True)
class _Wish:
    """A row and its lists as the record wants them."""

    id: int
    row: dict[str, Any]
    children: set[Child] = field(default_factory=set)


class _Loader:
    """Writes one company's records, kind by kind, and only where they differ from what stands."""

    def __init__(self, work: Clocked, now: datetime, mistakes: list[str]) -> None:
        self.work = work
        self._now = now
        self.confirmed: set[str] = set()  # addresses that are a user's from now on
        self.promoted = 0  # of these, how many were listed already
        self._mistakes = mistakes
        self._ids: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self._claims = Claims(work)
        self._build = {
            "organisation": self._organisation,
            "user": self._user,
            "team": self._team,
            "contact": self._contact,
            "deal": self._deal,
        }

    def put(self, kind: str, records: Sequence[Record]) -> set[int]:
        """Write records of one kind and return which were new or different."""
        rows, children = self._standing(KINDS[kind])
        if kind in ("user", "team"):
            self._claims.give_way(records, rows, children)
        ids = self._ids[kind] = {
            row["external_id"]: id_ for id_, row in rows.items() if row["external_id"] is not None
        }
        if kind == "contact":
            self._adopt(records, rows, children)
        new, different = [], []
        for record in records:
            external_id = record.values["external_id"]
            if external_id not in ids:
                ids[external_id] = self.work.take_id()
            wish = self._build[kind](record, ids[external_id], children)
            if wish.id not in rows:
                new.append(wish)
            elif wish.children != children[wish.id] or _differs(rows[wish.id], wish.row):
                different.append(wish)
        if kind in ("user", "team"):
            self._check_ids(kind, records)
            self._check_owners(kind, records, children)
        if not self._mistakes:
            self._write(kind, new, different, children)
        written = {wish.id for wish in (*new, *different)}
        if kind == "team":
            joined = put_members(self.work, records, ids, self._ids["user"], self._mistakes)
            self.work.announce(EventKind.USER_CHANGED, self._now, sorted(joined - written))
            written |= joined
        return written

    def put_never_log(self, records: Sequence[Record]) -> int:
        """Add entries to the never-log lists: the company's, or a user's own."""
        table, company_id = t.never_log, self.work.company_id
        standing = select(table.c.entry, table.c.user_id).where(table.c.company_id == company_id)
        known = {(entry, user_id) for entry, user_id in self.work.connection.execute(standing)}
        wanted = {
            (str(record.values["entry"]), self._refer(record, "user", "user") or 0) for record in records
        }
        rows = [
            {"company_id": company_id, "entry": entry, "user_id": user_id}
            for entry, user_id in sorted(wanted - known)
        ]
        if not self._mistakes:
            self._run(insert(table), rows)
        return len(rows)

    # ---- what each kind wants ----------------------------------------------------------------------------

    def _organisation(self, record: Record, id_: int, _: Mapping[int, set[Child]]) -> _Wish:
        values = record.values
        row = {"external_id": values["external_id"], "name": values["name"]}
        return _Wish(id_, row, {(domain,) for domain in values["domains"]})

    def _user(self, record: Record, id_: int, children: Mapping[int, set[Child]]) -> _Wish:
        """An alternative address stays confirmed since when it was, also where the source does not know."""
        values = record.values
        named = ("external_id", "name", "default_sharing", "active", "language", "notices")
        row = {name: values[name] for name in named if name in values}
        since = {address: confirmed_at for address, _, confirmed_at in children.get(id_, ())}
        confirmed = {(a, "alternative", since.get(a) or self._now) for a in values["alternatives"]}
        pending = {(a, "alternative", since.get(a)) for a in values["unconfirmed"]}
        listed = (values["login"], *values["alternatives"], *values["unconfirmed"])
        if len(set(listed)) < len(listed):
            self._mistakes.append(f"{record.row}: an address is listed twice")
        own = self._claims.kept(children.get(id_, ()), listed, self._now)
        return _Wish(id_, row, {(values["login"], "login", None)} | confirmed | pending | own)

    def _team(self, record: Record, id_: int, children: Mapping[int, set[Child]]) -> _Wish:
        """A team's first address stands where a user's login does; it logs in nowhere."""
        values = record.values
        row = {name: values[name] for name in ("external_id", "name", "default_sharing", "active")}
        since = {address: confirmed_at for address, _, confirmed_at in children.get(id_, ())}
        if not values["addresses"]:
            self._mistakes.append(f"{record.row}: addresses: is missing")
        first, *rest = values["addresses"] or ("",)
        further = {(a, "alternative", since.get(a) or self._now) for a in rest}
        own = self._claims.kept(children.get(id_, ()), values["addresses"], self._now)
        return _Wish(id_, row, {(first, "login", None)} | further | own)

    def _contact(self, record: Record, id_: int, _: Mapping[int, set[Child]]) -> _Wish:
        values = record.values
        row = {
            "external_id": values["external_id"],
            "name": values["name"],
            "owner_id": self._refer(record, "owner", "user"),
            "organisation_id": self._refer(record, "organisation", "organisation"),
            "archived": not values["active"],
            "origin": "crm",
            "to_check": False,
        }
        return _Wish(id_, row, {(address, not place) for place, address in enumerate(values["addresses"])})

    def _deal(self, record: Record, id_: int, _: Mapping[int, set[Child]]) -> _Wish:
        values = record.values
        row = {
            "external_id": values["external_id"],
            "title": values["title"],
            "status": values["status"],
            "owner_id": self._refer(record, "owner", "user"),
            "organisation_id": self._refer(record, "organisation", "organisation"),
        }
        contacts = {self._id_of(record, "contacts", "contact", said) for said in values["contacts"]}
        return _Wish(id_, row, {(contact,) for contact in contacts if contact is not None})

    def _refer(self, record: Record, name: str, kind: str) -> int | None:
        said = record.values.get(name)
        return self._id_of(record, name, kind, said) if said else None

    def _id_of(self, record: Record, name: str, kind: str, external_id: str) -> int | None:
        found = self._ids[kind].get(external_id)
        if found is None:
            self._mistakes.append(f"{record.row}: {name}: there is no {kind} {external_id}")
        return found

    def _check_ids(self, kind: str, records: Sequence[Record]) -> None:
        """A user cannot become a team, nor a team a user: what he filed is his."""
        other = "team" if kind == "user" else "user"
        table, company_id = t.app_user, self.work.company_id
        rows = select(table.c.external_id).where(
            table.c.company_id == company_id, table.c.is_team == KINDS[other].same["is_team"]
        )
        taken = set(self.work.connection.execute(rows).scalars())
        self._mistakes += [
            f"{record.row}: external_id: {record.values['external_id']} is a {other}"
            for record in records
            if record.values["external_id"] in taken
        ]

    def _check_owners(self, kind: str, records: Sequence[Record], children: Mapping[int, set[Child]]) -> None:
        """An address belongs to one user of a company, or to one team (rules.md 2.2)."""
        ids = self._ids[kind]
        loaded = {ids[record.values["external_id"]] for record in records}
        owner = {
            address: id_ for id_, found in children.items() if id_ not in loaded for address, *_ in found
        }
        for record in records:
            id_ = ids[record.values["external_id"]]
            for address in own_addresses(record):
                if owner.setdefault(address, id_) != id_:
                    self._mistakes.append(f"{record.row}: {address} belongs to another user already")

    def _adopt(
        self, records: Sequence[Record], rows: Mapping[int, Any], children: Mapping[int, set[Child]]
    ) -> None:
        """Take a contact made from mail for the CRM's record that now comes with the same address."""
        ids = self._ids["contact"]
        made = {
            address: id_
            for id_ in sorted(rows, reverse=True)
            if rows[id_]["external_id"] is None
            for address, _ in children.get(id_, ())
        }
        for record in records:
            external_id = record.values["external_id"]
            found = sorted(made[address] for address in record.values["addresses"] if address in made)
            if external_id not in ids and found and found[0] not in ids.values():
                ids[external_id] = found[0]

    # ---- reading and writing -----------------------------------------------------------------------------

    def _standing(self, kind: Kind) -> tuple[dict[int, Any], defaultdict[int, set[Child]]]:
        connection, company_id = self.work.connection, self.work.company_id
        wanted = select(kind.table).where(
            kind.table.c.company_id == company_id,
            *(kind.table.c[name] == value for name, value in kind.same.items()),
        )
        found = connection.execute(wanted)
        rows = {row["id"]: row for row in found.mappings()}
        children: defaultdict[int, set[Child]] = defaultdict(set)
        columns = (kind.child.c[kind.parent], *(kind.child.c[name] for name in kind.columns))
        for parent, *rest in connection.execute(
            select(*columns).where(kind.child.c.company_id == company_id)
        ):
            children[parent].add(tuple(rest))
        return rows, children

    def _write(
        self, name: str, new: list[_Wish], different: list[_Wish], children: Mapping[int, set[Child]]
    ) -> None:
        kind, company_id = KINDS[name], self.work.company_id
        extra = self._extra(name) | kind.same
        if new:
            made = extra | _DEFAULTS.get(name, {}) | ({"created_at": self._now} if name == "contact" else {})
            rows = [made | wish.row | {"company_id": company_id, "id": wish.id} for wish in new]
            self._run(insert(kind.table), rows)
        for wish in different:
            table = kind.table
            changed = update(table).where(table.c.company_id == company_id, table.c.id == wish.id)
            self.work.connection.execute(changed.values(**wish.row, **extra))
        self._write_children(kind, [*new, *different], children)
        ids = [wish.id for wish in (*new, *different)]
        told = "user" if name == "team" else name
        self.work.announce(EventKind(f"{told}.changed"), self._now, ids)
        if name == "user":
            self._note_confirmed((*new, *different), children)

    def _note_confirmed(self, wishes: Iterable[_Wish], children: Mapping[int, set[Child]]) -> None:
        for wish in wishes:
            before = {address for address, kind, at in children.get(wish.id, ()) if kind == "login" or at}
            now = {address for address, kind, at in wish.children if kind == "login" or at}
            self.confirmed |= now - before
            self.promoted += len((now - before) & {address for address, *_ in children.get(wish.id, ())})

    def _extra(self, name: str) -> dict[str, Any]:
        return {"updated_at": self._now} if name == "deal" else {}

    def _write_children(
        self, kind: Kind, wishes: Collection[_Wish], children: Mapping[int, set[Child]]
    ) -> None:
        """Delete first, for an address may move from one record to another."""
        table, company_id = kind.child, self.work.company_id
        gone = [(w.id, old) for w in wishes for old in children.get(w.id, set()) - w.children]
        come = [(w.id, new) for w in wishes for new in w.children - children.get(w.id, set())]
        drop = delete(table).where(
            table.c.company_id == company_id,
            table.c[kind.parent] == bindparam("parent_id"),
            table.c[kind.columns[0]] == bindparam("key"),
        )
        self._run(drop, [{"parent_id": id_, "key": old[0]} for id_, old in gone])
        rows = [
            {"company_id": company_id, kind.parent: id_} | dict(zip(kind.columns, new, strict=True))
            for id_, new in come
        ]
        self._run(insert(table), rows)

    def _run(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.work.connection.execute(statement, rows)


def _differs(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return any(row[name] != value for name, value in wanted.items())
