"""Commands as they come through the door: people and companies by name, checked, into the table and done."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from bccd.mail.addresses import normalise
from bccd.model.command import Answer, Code, Command, CommandState
from bccd.model.errors import MistakeError
from bccd.store import tables as t
from bccd.store.commands import Commands
from bccd.store.engine import Stores, reading
from bccd.store.rows import to_json

MAX_REQUESTS = 100
_FIELDS = {"company", "actor", "key", "kind", "args"}
_MAX_KEY = 200  # characters
_MAX_ID = 2**63


def submit(stores: Stores, commands: Commands, requests: object) -> list[dict[str, object]]:
    """Have commands done, in order, and return what became of each.

    Each is an object of company (number or slug), actor (number, address or external id), key, kind and args.
    Raises MistakeError where one is of another form; then none of them is done.
    """
    if not isinstance(requests, list) or not 0 < len(requests) <= MAX_REQUESTS:
        raise MistakeError(f"commands: must be a list of 1 to {MAX_REQUESTS} commands")
    checked = [_checked(request) for request in requests]
    with reading(stores.database) as connection:
        companies = [_company(connection, request["company"]) for request in checked]
        actors = [
            _actor(connection, company_id, request["actor"])
            for company_id, request in zip(companies, checked, strict=True)
        ]
    answers = []
    for company_id, actor, request in zip(companies, actors, checked, strict=True):
        if actor is None:
            told = {"sentence": "The actor is no user of this company."}
            answer = Answer(request["key"], CommandState.REFUSED, Code.NO_SUCH_USER.value, told)
        else:
            command = Command(request["key"], actor, request["kind"], to_json(request["args"]))
            (answer,) = commands.submit(company_id, [command])
        answers.append(answer)
    return [
        {"key": it.key, "state": it.state.value, "error": it.error, "result": dict(it.result)}
        for it in answers
    ]


def _checked(request: object) -> Mapping[str, Any]:
    if not isinstance(request, Mapping) or request.keys() != _FIELDS:
        raise MistakeError(f"a command has exactly these fields: {', '.join(sorted(_FIELDS))}")
    for name in ("key", "kind"):
        value = request[name]
        if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= _MAX_KEY:
            raise MistakeError(f"{name}: must be text of 1 to {_MAX_KEY} characters that can be printed")
    for name in ("company", "actor"):
        match request[name]:
            case str(text) if text.isprintable():
                pass
            case int(number) if 0 < number < _MAX_ID and not isinstance(number, bool):
                pass
            case _:
                raise MistakeError(f"{name}: must be a number or text")
    if not isinstance(request["args"], Mapping):
        raise MistakeError("args: must be an object")
    return request


def _company(connection: Connection, said: str | int) -> int:
    column: ColumnElement[Any] = t.company.c.slug if isinstance(said, str) else t.company.c.id
    found = connection.execute(select(t.company.c.id).where(column == said)).scalar_one_or_none()
    if found is None:
        raise MistakeError(f"there is no company {said}")
    return int(found)


def _actor(connection: Connection, company_id: int, said: str | int) -> int | None:
    """Find a user by number, or as text by the CRM's id or one of his addresses."""
    user, address = t.app_user.c, t.user_address.c
    users = select(user.id).where(user.company_id == company_id)
    if isinstance(said, int):
        found = set(connection.execute(users.where(user.id == said)).scalars())
    else:
        counts = or_(address.kind == "login", address.confirmed_at.is_not(None))
        of = (address.company_id == company_id, address.address == normalise(said), counts)
        found = set(connection.execute(users.where(user.external_id == said)).scalars())
        found |= set(connection.execute(select(address.user_id).where(*of)).scalars())
    return found.pop() if len(found) == 1 else None
