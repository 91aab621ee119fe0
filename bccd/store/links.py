"""Signed links: what stands behind one, and the command that following it gives."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, or_, select

from bccd.model.answer import Answered, Offered, Question
from bccd.model.command import Command, CommandState
from bccd.model.delivery import DeliveryState
from bccd.model.errors import MistakeError
from bccd.model.linkpage import How, LinkPage, LinkState
from bccd.model.plan import LinkState as PlanLinkState
from bccd.model.policy import Policy
from bccd.rules.commands.waiting import NEEDS_WORDS
from bccd.rules.links import CHOOSE, CONFIRM, NONE, RELEASE
from bccd.store import tables as t
from bccd.store.commands import Commands
from bccd.store.engine import reading
from bccd.store.rows import to_json

Numbers = Sequence[int]

_LENGTHS = {CHOOSE: 2, CONFIRM: 1, RELEASE: 2}  # how many numbers a token of each purpose holds
_LONGEST_KEY = 64


def look(engine: Engine, purpose: str, company_id: int, numbers: Numbers, now: datetime) -> LinkPage | None:
    """Return what a link is about, as of now; None where nothing of it is left. Changes nothing."""
    if len(numbers) != _LENGTHS.get(purpose):
        return None
    with reading(engine) as connection:
        match purpose:
            case "choose":
                return _choose(connection, company_id, *numbers)
            case "confirm":
                return _confirm(connection, company_id, *numbers, now=now)
            case _:
                return _release(connection, company_id, *numbers)


def _language(connection: Connection, company_id: int, user_id: int) -> str | None:
    """Return in which language a user is spoken to; None where he is not active."""
    wanted = (
        select(t.app_user.c.language, t.company.c.settings)
        .join_from(t.app_user, t.company, t.company.c.id == t.app_user.c.company_id)
        .where(t.app_user.c.company_id == company_id, t.app_user.c.id == user_id, t.app_user.c.active)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return row.language or msgspec.json.decode(row.settings, type=Policy).language


def _choose(connection: Connection, company_id: int, notice_id: int, number: int) -> LinkPage | None:
    o = t.outbox.c
    wanted = select(o.user_id, o.about, o.offered, o.answered)
    row = connection.execute(wanted.where(o.company_id == company_id, o.id == notice_id)).one_or_none()
    language = _language(connection, company_id, row.user_id) if row else None
    if row is None or language is None or not row.offered:
        return None
    offered = msgspec.json.decode(row.offered, type=Offered)
    picked = offered.numbered().get(number)
    if picked is None and number != NONE:
        return None
    questions = (picked[0],) if picked else offered.questions
    state, deals = LinkState.OVER, {picked[1]} if picked else set[int]()
    if _waits(connection, company_id, questions):
        state = LinkState.OPEN
    elif (last := _last(row.answered, questions)) is not None:
        state, deals = LinkState.ANSWERED, last
    does = {LinkState.OPEN: (How.YES, How.ALWAYS) if picked else (How.YES,), LinkState.ANSWERED: (How.UNDO,)}
    name = _titles(connection, company_id, deals)
    about = _about(connection, company_id, notice_id, questions) or row.about
    return LinkPage(CHOOSE, state, language, name, about, does.get(state, ()))


def _about(connection: Connection, company_id: int, notice_id: int, questions: Sequence[Question]) -> str:
    """Return the subjects of the mails that were asked about; one mail may ask about several."""
    o = t.outbox.c
    asked = dict.fromkeys(question.message_id for question in questions)
    told = or_(o.id == notice_id, o.mail_id == notice_id)
    wanted = select(o.message_id, o.about).where(o.company_id == company_id, told)
    about = {row.message_id: row.about for row in connection.execute(wanted)}
    return "; ".join(dict.fromkeys(about[one] for one in asked if about.get(one)))


def _last(answered: str, questions: Sequence[Question]) -> set[int] | None:
    """Return what the last answer has linked these questions to; None where it was about others."""
    links = msgspec.json.decode(answered, type=Answered).links if answered else ()
    asked = {question.message_id for question in questions}
    if not asked & {link.message_id for link in links}:
        return None
    return {link.deal_id for link in links if link.state is PlanLinkState.ACTIVE}


def _titles(connection: Connection, company_id: int, deals: Collection[int]) -> str:
    d = t.deal.c
    wanted = select(d.title).where(d.company_id == company_id, d.id.in_(sorted(deals))).order_by(d.id)
    return "; ".join(connection.execute(wanted).scalars())


def _homes(connection: Connection, company_id: int, messages: Collection[int]) -> set[int]:
    m = t.message.c
    wanted = select(m.conversation_id).where(m.company_id == company_id, m.id.in_(sorted(messages)))
    return set(connection.execute(wanted).scalars())


def _living(connection: Connection, company_id: int, conversations: Collection[int]) -> set[int]:
    c = t.conversation.c
    of = (c.company_id == company_id, c.id.in_(sorted(conversations)))
    return set(connection.execute(select(func.coalesce(c.merged_into, c.id)).where(*of)).scalars())


def _waits(connection: Connection, company_id: int, questions: Sequence[Question]) -> bool:
    """Tell whether one of the deals that were offered still waits for an answer where it was offered."""
    homes = _homes(connection, company_id, {one.message_id for one in questions})
    homes |= _living(connection, company_id, {one.conversation_id for one in questions})
    it = t.link.c
    wanted = select(it.id).where(
        it.company_id == company_id,
        it.conversation_id.in_(sorted(homes)),
        it.deal_id.in_(sorted({deal for one in questions for deal in one.deals})),
        it.state == PlanLinkState.SUGGESTED.value,
    )
    return connection.execute(wanted.limit(1)).first() is not None


def _confirm(
    connection: Connection, company_id: int, confirmation_id: int, *, now: datetime
) -> LinkPage | None:
    c = t.confirmation.c
    of = (c.company_id == company_id, c.id == confirmation_id)
    row = connection.execute(select(t.confirmation).where(*of)).one_or_none()
    if row is None:
        return None
    over = row.used_at is not None or row.expires_at <= now
    if row.delivery_id is not None:
        page = _release(connection, company_id, row.delivery_id, _asker(row))
        return replace(page, state=LinkState.OVER, does=()) if page and over else page
    language = _language(connection, company_id, _asker(row))
    if language is None:
        return None
    if over:
        return LinkPage(CONFIRM, LinkState.OVER, language, row.address)
    return LinkPage(CONFIRM, LinkState.OPEN, language, row.address, does=(How.YES,))


def _asker(confirmation: Any) -> int:
    """Return who has asked for a confirmation; of a team's address one of its members."""
    return int(confirmation.actor_id or confirmation.user_id)


def _release(connection: Connection, company_id: int, delivery_id: int, user_id: int) -> LinkPage | None:
    d = t.delivery.c
    of = (d.company_id == company_id, d.id == delivery_id)
    wanted = select(d.state, d.reason, d.from_address, d.subject, d.always)
    row = connection.execute(wanted.where(*of)).one_or_none()
    language = _language(connection, company_id, user_id)
    if row is None or language is None:
        return None
    about = (row.from_address, row.subject)
    if row.state != DeliveryState.HELD.value:
        return LinkPage(RELEASE, LinkState.OVER, language, *about)
    does = {How.YES: row.reason not in NEEDS_WORDS, How.ALWAYS: bool(row.always), How.DELETE: True}
    return LinkPage(RELEASE, LinkState.OPEN, language, *about, tuple(how for how, may in does.items() if may))


# ---- following ---------------------------------------------------------------------------------------------


def follow(engine: Engine, commands: Commands, arguments: Mapping[str, Any]) -> dict[str, object]:
    """Do what a link's button says, as the user whom the link was written to: by his ordinary command.

    `arguments` are purpose, company, numbers and token of a link whose signature holds, how, and once: what
    is given twice with the same `once` is done once. Returns state and error of the command.
    """
    purpose, company_id, numbers = arguments["purpose"], arguments["company"], tuple(arguments["numbers"])
    once = str(arguments["once"])
    if len(numbers) != _LENGTHS.get(purpose) or not once.isalnum() or len(once) > _LONGEST_KEY:
        raise MistakeError("this is no link of ours")
    how = How(arguments["how"])
    with reading(engine) as connection:
        meant = _meant(connection, purpose, company_id, numbers)
    if meant is None:
        return {"state": CommandState.REFUSED.value, "error": "not_found"}
    actor, (kind, args) = meant[0], _wish(*meant[1:], how, str(arguments["token"]))
    key = f"link:{purpose}:{'-'.join(map(str, numbers))}:{how}:{once}"
    (answer,) = commands.submit(company_id, [Command(key, actor, kind, to_json(args))])
    return {"state": answer.state.value, "error": answer.error}


def _meant(
    connection: Connection, purpose: str, company_id: int, numbers: Numbers
) -> tuple[int, str, Numbers] | None:
    """Return for whom a link acts, and on what; a confirmation may be of a mail that is held."""
    if purpose == RELEASE:
        return numbers[1], RELEASE, numbers
    table = t.outbox if purpose == CHOOSE else t.confirmation
    of = (table.c.company_id == company_id, table.c.id == numbers[0])
    row = connection.execute(select(table).where(*of)).one_or_none()
    if row is None:
        return None
    if purpose == CHOOSE:
        return row.user_id, CHOOSE, numbers
    if row.delivery_id is not None:
        return _asker(row), RELEASE, (row.delivery_id, _asker(row))
    return _asker(row), CONFIRM, numbers


def _wish(purpose: str, numbers: Numbers, how: How, token: str) -> tuple[str, dict[str, object]]:
    match purpose, how:
        case "choose", How.UNDO:
            return "choice.reopen", {"notice": numbers[0]}
        case "choose", How.YES | How.ALWAYS:
            picked: dict[str, object] = {"numbers": [numbers[1]]} if numbers[1] != NONE else {"none": True}
            always: dict[str, object] = {"always": [numbers[1]]} if how is How.ALWAYS and numbers[1] else {}
            return "choice.answer", {"notice": numbers[0]} | picked | always
        case "confirm", How.YES:
            return "address.confirm", {"link": token}
        case "release", How.YES:
            return "held.release", {"delivery": numbers[0]}
        case "release", How.ALWAYS:
            return "held.release", {"delivery": numbers[0], "always": True}
        case "release", How.DELETE:
            return "held.delete", {"delivery": numbers[0]}
        case _:
            raise MistakeError("this link does nothing of the kind")
