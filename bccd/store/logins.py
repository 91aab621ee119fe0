"""Names and passwords of SMTP AUTH: global by nature, for a client does not say for which company it is."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, delete, insert, select, update

from bccd.mail.addresses import normalise
from bccd.model.auth import Login, StoredLogin
from bccd.model.errors import MistakeError
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.uow import transaction

_ITS_USER = and_(t.app_user.c.company_id == t.login.c.company_id, t.app_user.c.id == t.login.c.user_id)


def canonical(name: str) -> str:
    """Return the one form of a name: an address as addresses are compared, else in lower case."""
    return normalise(name) or name.strip().lower()


def find(engine: Engine, name: str) -> StoredLogin | None:
    """Return what is stored under a name, as of now; a user who left logs in no more."""
    wanted = (
        select(t.login, t.app_user.c.active)
        .join_from(t.login, t.app_user, _ITS_USER)
        .where(t.login.c.name == canonical(name))
    )
    with reading(engine) as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    login = Login(row.company_id, row.user_id, row.name)
    return StoredLogin(login, row.password, row.active and row.disabled_at is None)


def listed(engine: Engine, company_id: int | None = None) -> Sequence[dict[str, object]]:
    """List logins without what proves them, of one company or of all."""
    wanted = (
        select(
            t.login.c.name,
            t.company.c.slug.label("company"),
            t.login.c.user_id.label("number"),
            t.app_user.c.name.label("user"),
            t.app_user.c.active,
            t.login.c.changed_at,
            t.login.c.disabled_at,
        )
        .join_from(t.login, t.app_user, _ITS_USER)
        .join(t.company, t.company.c.id == t.login.c.company_id)
        .order_by(t.login.c.name)
    )
    if company_id is not None:
        wanted = wanted.where(t.login.c.company_id == company_id)
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def keep(engine: Engine, login: Login, password: str, now: datetime) -> None:
    """Store a new hash under a name, which works from now on; raises MistakeError where it is another's."""
    with transaction(engine) as connection:
        user = connection.execute(
            select(t.app_user.c.active, t.app_user.c.is_team).where(
                t.app_user.c.company_id == login.company_id, t.app_user.c.id == login.user_id
            )
        ).one_or_none()
        if user is None or user.is_team:
            raise MistakeError("that is no user: a team has members, who log in themselves")
        said = {"password": password, "changed_at": now, "disabled_at": None}
        mine = (
            t.login.c.name == login.name,
            t.login.c.company_id == login.company_id,
            t.login.c.user_id == login.user_id,
        )
        if connection.execute(update(t.login).where(*mine).values(said)).rowcount:
            return
        if connection.execute(select(t.login.c.name).where(t.login.c.name == login.name)).first():
            raise MistakeError(f"{login.name} is another user's login here: choose another name with --login")
        row = {"name": login.name, "company_id": login.company_id, "user_id": login.user_id, **said}
        connection.execute(insert(t.login).values(row))


def renew(engine: Engine, name: str, old: str, new: str) -> bool:
    """Replace a hash by a dearer one of the same password, unless it was changed meanwhile."""
    with transaction(engine) as connection:
        mine = (t.login.c.name == name, t.login.c.password == old)
        return bool(connection.execute(update(t.login).where(*mine).values(password=new)).rowcount)


def switch(engine: Engine, name: str, now: datetime, *, on: bool) -> None:
    """Have a login refused, or accepted again; raises MistakeError where there is none."""
    since = None if on else now
    with transaction(engine) as connection:
        changed = connection.execute(update(t.login).where(t.login.c.name == name).values(disabled_at=since))
        if not changed.rowcount:
            raise MistakeError(f"there is no login {name}")


def remove(engine: Engine, name: str) -> None:
    """Forget a login; raises MistakeError where there is none."""
    with transaction(engine) as connection:
        if not connection.execute(delete(t.login).where(t.login.c.name == name)).rowcount:
            raise MistakeError(f"there is no login {name}")


def operations(
    engine: Engine, now: Callable[[], datetime]
) -> dict[str, Callable[[Mapping[str, Any]], object]]:
    """List what the command line and the fronts may have done; passwords come hashed, which takes a while."""

    def said(arguments: Mapping[str, Any]) -> Login:
        return Login(arguments["company"], arguments["user"], arguments["name"])

    return {
        "login.keep": lambda given: keep(engine, said(given), given["password"], now()),
        "login.renew": lambda given: renew(engine, given["name"], given["old"], given["new"]),
        "login.switch": lambda given: switch(engine, given["name"], now(), on=given["on"]),
        "login.remove": lambda given: remove(engine, given["name"]),
    }
