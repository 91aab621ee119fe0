"""The table `command`: what front ends want done, done in order under the company's clock, and answered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, bindparam, insert, literal, select, update

from bccd.failures import place
from bccd.model.command import Answer, Code, Command, CommandState, Refusal
from bccd.model.errors import StoreUnavailableError
from bccd.rules.commands.decide import decide, kind_of, read_arguments
from bccd.rules.commands.told import told
from bccd.rules.signing import Signer
from bccd.store import outbox
from bccd.store import tables as t
from bccd.store.answers import told_often
from bccd.store.editing import Gone
from bccd.store.edits import edit
from bccd.store.engine import Stores, reading
from bccd.store.entries import clear, requeue
from bccd.store.peoplescene import PeopleReader
from bccd.store.rows import to_json
from bccd.store.scenes import Scenes
from bccd.store.uow import Clocked, clocked, transaction

AT_ONCE = 50  # commands in one transaction

Now = Callable[[], datetime]

_PENDING: Any = literal(CommandState.PENDING.value, literal_execute=True)  # said outright, for the index
_COMPANIES = select(t.command.c.company_id).where(t.command.c.state == _PENDING).distinct()
# Front ends write created_at; it is compared and never read, for on SQLite it may be no time at all.
_COMMAND = select(*(column for column in t.command.c if column.name not in ("created_at", "done_at")))
_NEXT = (
    _COMMAND.where(t.command.c.company_id == bindparam("company"), t.command.c.state == _PENDING)
    .order_by(t.command.c.created_at, t.command.c.idempotency_key)
    .limit(AT_ONCE)
)


@dataclass(frozen=True, slots=True)
class _Done:
    """A command that the database has done, and what the spool has not."""

    answer: Answer
    gone: tuple[Gone, ...] = ()
    released: tuple[int, ...] = ()  # not kept: whoever looks for released mail finds it


class _Left(msgspec.Struct):
    """What column `result` holds until the spool has followed."""

    result: Mapping[str, object]
    gone: tuple[Gone, ...]


class Commands:
    """Does what stands in the table; implements ports.Errands."""

    def __init__(self, stores: Stores, now: Now, signer: Signer) -> None:
        self._stores = stores
        self._now = now
        self._signer = signer

    def work_off(self) -> bool:
        """Do what is pending, some of each company; returns whether there may be more."""
        with reading(self._stores.database) as connection:
            companies = sorted(connection.execute(_COMPANIES).scalars())
        more = [self._some_of(company_id) for company_id in companies]
        return any(more)

    def submit(self, company_id: int, commands: Sequence[Command]) -> list[Answer]:
        """Put commands into the table and have them done; those that are there already keep their answers."""
        with clocked(self._stores.database, company_id) as work:
            strange = self._put(work, commands)
        wanted = {command.key for command in commands} - strange.keys()
        while True:
            with reading(self._stores.database) as connection:
                answers = {answer.key: answer for answer in _answers(connection, company_id, wanted)}
            if all(answer.state is not CommandState.PENDING for answer in answers.values()):
                return [(answers | strange)[command.key] for command in commands]
            self._some_of(company_id)

    def _put(self, work: Clocked, commands: Sequence[Command]) -> dict[str, Answer]:
        """Insert what is new; return refusals of those whose key was another command's."""
        standing = {
            row.idempotency_key: (row.actor_id, row.kind, _decoded(row.args))
            for row in _rows(work.connection, work.company_id, {command.key for command in commands})
        }
        strange: dict[str, Answer] = {}
        for command in commands:
            said = (command.actor_id, command.kind, _decoded(command.args))
            known = standing.setdefault(command.key, said)
            if known != said:
                sentence = "This key was another command's: each needs a key of its own."
                strange[command.key] = _refused(command.key, Refusal(Code.CONFLICT, sentence)).answer
            elif known is said:
                row = {
                    "company_id": work.company_id,
                    "idempotency_key": command.key,
                    "actor_id": command.actor_id,
                    "kind": command.kind,
                    "args": command.args,
                    "created_at": self._now(),
                }
                work.connection.execute(insert(t.command), row)
        return strange

    def _some_of(self, company_id: int) -> bool:
        """Do a company's oldest commands in one transaction; returns whether there may be more.

        What is to vanish from the spool vanishes after it. Until then the command is pending, and holds what
        is left to do: whoever dies in between finds it again.
        """
        with clocked(self._stores.database, company_id) as work:
            rows = work.connection.execute(_NEXT, {"company": company_id}).all()
            done = [_left(row) or self._do(work, row) for row in rows]
        for each in done:
            self._follow(company_id, each)
        return len(rows) == AT_ONCE

    def _do(self, work: Clocked, row: Any) -> _Done:
        command = Command(row.idempotency_key, row.actor_id, row.kind, row.args)
        now = self._now()
        try:
            with work.attempt():
                done = _carry_out(work, now, command, self._signer)
        except StoreUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - one command must not stop those behind it
            structlog.get_logger().error("command_failed", kind=command.kind, error=place(error))
            done = _refused(command.key, Refusal(Code.FAILED, "bccd failed at this; its log says why."))
        _write(work.connection, work.company_id, done, now)
        return done

    def _follow(self, company_id: int, done: _Done) -> None:
        """Have the spool follow the database."""
        requeue(self._stores, done.released, self._now())
        for gone in done.gone:
            clear(self._stores, company_id, gone.delivery_id, gone.raw_sha256)
        if done.gone:
            with transaction(self._stores.database) as connection:
                _write(connection, company_id, _Done(done.answer), self._now())


def _carry_out(work: Clocked, now: datetime, command: Command, signer: Signer) -> _Done:
    """Decide one command, and change what it says."""
    kind = kind_of(command.kind)
    if isinstance(kind, Refusal):
        return _refused(command.key, kind)
    given = read_arguments(kind, _decoded(command.args))
    if isinstance(given, Refusal):
        return _refused(command.key, given)
    people = PeopleReader(work.connection, work.company_id, command.actor_id, signer, now)
    scenes = Scenes(work.connection, work.company_id, command.actor_id, people if kind.people else None)
    if not scenes.is_user():
        sentence = "The actor is no active user of this company."
        return _refused(command.key, Refusal(Code.NO_SUCH_USER, sentence))
    scene = scenes.gather(given, whole=kind.whole)
    ruled = decide(kind, given, scene)
    notice = told(kind.name, given, scene, ruled, now)
    if notice is not None and not (isinstance(ruled, Refusal) and told_often(work, notice)):
        outbox.put(work, notice)
    if isinstance(ruled, Refusal):
        if ruled.edits:
            edit(work, now, command.actor_id, command.kind, ruled.edits)
        return _refused(command.key, ruled)
    made = edit(work, now, command.actor_id, command.kind, ruled.edits, signer=signer)
    answer = Answer(command.key, CommandState.DONE, "", {**ruled.result, **made.answered})
    return _Done(answer, tuple(made.gone), tuple(made.released))


def _refused(key: str, refusal: Refusal) -> _Done:
    told = {"sentence": refusal.sentence, **refusal.standing}
    return _Done(Answer(key, CommandState.REFUSED, refusal.code.value, told))


def _left(row: Any) -> _Done | None:
    """Return what is left to do of a command that the database has done; None where it has not.

    A front end may have put words of its own there: they stop nobody.
    """
    try:
        left = msgspec.json.decode(row.result, type=_Left)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return _Done(Answer(row.idempotency_key, CommandState.DONE, "", left.result), left.gone)


def _decoded(args: str) -> object:
    """Return what JSON says; None where it is none, which no kind takes for arguments."""
    try:
        return msgspec.json.decode(args)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def _write(connection: Connection, company_id: int, done: _Done, now: datetime) -> None:
    """Write an answer; while there is something to do, what that is in its place."""
    answer = done.answer
    ended = {
        "state": answer.state.value,
        "error": answer.error,
        "result": to_json(answer.result),
        "done_at": now,
    }
    left = {"result": to_json(_Left(answer.result, done.gone))}
    of = (t.command.c.company_id == company_id, t.command.c.idempotency_key == answer.key)
    connection.execute(update(t.command).where(*of).values(left if done.gone else ended))


def _rows(connection: Connection, company_id: int, keys: Iterable[str]) -> Sequence[Any]:
    wanted = _COMMAND.where(
        t.command.c.company_id == company_id, t.command.c.idempotency_key.in_(sorted(keys))
    )
    return connection.execute(wanted).all()


def _answers(connection: Connection, company_id: int, keys: Iterable[str]) -> list[Answer]:
    return [
        Answer(
            row.idempotency_key,
            CommandState(row.state),
            row.error,
            msgspec.json.decode(row.result, type=dict[str, Any]) if row.state != CommandState.PENDING else {},
        )
        for row in _rows(connection, company_id, keys)
    ]
