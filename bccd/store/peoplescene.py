"""What a command about addresses, or one that holds a code, is about: read for its actor alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from bccd.model.command import Arguments
from bccd.model.people import Claim, ClaimPurpose, PeopleScene, StandingAddress
from bccd.rules.codes import LINK, is_code
from bccd.rules.signing import Signer
from bccd.store import tables as t

_DAY = timedelta(days=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class PeopleReader:
    """Reads for one actor of one company, over a connection that holds the company's clock."""

    def __init__(
        self, connection: Connection, company_id: int, actor_id: int, signer: Signer, now: datetime
    ) -> None:
        self._connection = connection
        self._company_id = company_id
        self._actor_id = actor_id
        self._signer = signer
        self._now = now

    def read(self, given: Arguments) -> PeopleScene:
        """Return what stands of the address, or the delivery, that is named, or that a link names."""
        teams = self._teams()
        mine = {self._actor_id, *teams.values()}
        claim = self._by_link(given.link, mine) if given.link else self._newest(given, mine)
        address = claim.address if given.link and claim else given.address
        team = teams.get(given.team) if given.team is not None else None
        mailed = self._mailed(given, address)
        return PeopleScene(
            self._now,
            self._login(),
            frozenset(teams.values()),
            team,
            self._owner(address),
            self._taken(address),
            self._count(team or self._actor_id),
            claim,
            mailed,
            self._mailed_all(),
            self._trusts(address, mine),
        )

    def _teams(self) -> dict[int | str, int]:
        """Return the actor's active teams, by number and by the CRM's id."""
        u, m = t.app_user.c, t.team_member.c
        wanted = select(u.id, u.external_id).where(
            m.company_id == self._company_id,
            m.user_id == self._actor_id,
            u.company_id == m.company_id,
            u.id == m.team_id,
            u.active,
        )
        rows = self._connection.execute(wanted).all()
        by_name: dict[int | str, int] = {row.external_id: row.id for row in rows}
        return by_name | {row.id: row.id for row in rows}

    def _login(self) -> str:
        a = t.user_address.c
        wanted = select(a.address).where(
            a.company_id == self._company_id, a.user_id == self._actor_id, a.kind == "login"
        )
        return self._connection.execute(wanted).scalar_one_or_none() or ""

    def _owner(self, address: str) -> StandingAddress | None:
        a = t.user_address.c
        wanted = select(t.user_address).where(a.company_id == self._company_id, a.address == address)
        row = self._connection.execute(wanted).one_or_none()
        if row is None:
            return None
        is_login = row.kind == "login"
        until = self._open_until(row) if row.origin == "user" else None
        return StandingAddress(
            address, row.user_id, is_login, is_login or row.confirmed_at is not None, until
        )

    def _open_until(self, row: Any) -> datetime:
        """Return until when what was mailed for an address holds; long ago where that is forgotten."""
        c = t.confirmation.c
        wanted = select(func.max(c.expires_at, type_=t.Instant)).where(
            c.company_id == self._company_id, c.user_id == row.user_id, c.address == row.address
        )
        found: datetime | None = self._connection.execute(wanted).scalar_one()
        return found or _LONG_AGO

    def _taken(self, address: str) -> str:
        """Return what else has the address: a drop address, with any tag, or a contact of the CRM."""
        local, _, domain = address.rpartition("@")
        forms = {address, f"{local.partition('+')[0]}@{domain}"}
        service = select(t.company_address.c.address).where(t.company_address.c.address.in_(forms))
        if self._connection.execute(service).first() is not None:
            return "service"
        a, k = t.contact_address.c, t.contact.c
        contact = select(k.id).where(
            a.company_id == self._company_id,
            a.address == address,
            k.company_id == a.company_id,
            k.id == a.contact_id,
            k.external_id.is_not(None),
        )
        return "contact" if self._connection.execute(contact).first() is not None else ""

    def _count(self, user_id: int) -> int:
        a = t.user_address.c
        wanted = select(func.count()).where(a.company_id == self._company_id, a.user_id == user_id)
        return int(self._connection.execute(wanted).scalar_one())

    # ---- links and codes ---------------------------------------------------------------------------------

    def _by_link(self, link: str, mine: set[int]) -> Claim | None:
        signed = self._signer.read(LINK, link, self._now)
        if signed is None or signed.company_id != self._company_id or len(signed.numbers) != 1:
            return None
        c = t.confirmation.c
        wanted = select(t.confirmation).where(c.company_id == self._company_id, c.id == signed.numbers[0])
        row = self._connection.execute(wanted).one_or_none()
        return self._claim(row, shown=True) if row is not None and row.user_id in mine else None

    def _newest(self, given: Arguments, mine: set[int]) -> Claim | None:
        """Return what was mailed last about what is named; only its code counts."""
        c = t.confirmation.c
        wanted = select(t.confirmation).where(
            c.company_id == self._company_id, c.user_id.in_(mine), *self._about(given, given.address)
        )
        row = self._connection.execute(wanted.order_by(c.id.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        code = given.code
        right = bool(code) and is_code(self._signer, self._company_id, row.id, code, row.code_digest)
        return self._claim(row, shown=right)

    def _about(self, given: Arguments, address: str) -> Sequence[ColumnElement[bool]]:
        c = t.confirmation.c
        if given.delivery is not None:
            return (c.delivery_id == given.delivery,)
        return c.address == address, c.purpose != ClaimPurpose.HELD.value

    def _claim(self, row: Any, *, shown: bool) -> Claim:
        used = row.used_at is not None
        purpose = ClaimPurpose(row.purpose)
        return Claim(row.id, row.user_id, purpose, row.address, row.expires_at, row.tries, used, shown)

    def _mailed(self, given: Arguments, address: str) -> tuple[datetime, ...]:
        c = t.confirmation.c
        wanted = select(c.created_at).where(
            c.company_id == self._company_id,
            c.created_at > self._now - _DAY,
            *self._about(given, address),
        )
        return tuple(self._connection.execute(wanted.order_by(c.created_at)).scalars())

    def _mailed_all(self) -> int:
        c = t.confirmation.c
        of = (c.company_id == self._company_id, c.actor_id == self._actor_id, c.created_at > self._now - _DAY)
        return int(self._connection.execute(select(func.count()).where(*of)).scalar_one())

    def _trusts(self, address: str, mine: set[int]) -> bool:
        s = t.trusted_sender.c
        wanted = select(s.address).where(
            and_(s.company_id == self._company_id, s.address == address), or_(s.user_id.in_(mine))
        )
        return self._connection.execute(wanted.limit(1)).first() is not None
