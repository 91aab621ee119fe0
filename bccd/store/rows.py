"""Turns plans into rows: alike for every store, in an order that references allow."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from bccd.model.auth import AuthReport, HeldSender, Sender
from bccd.model.delivery import Mail
from bccd.model.plan import Merge, MessageUpdate, NewNotice, Plan, Regroup, Settled, Waits
from bccd.store.bounces import Bounces

Row = tuple[Any, ...]
Edit = Merge | Regroup | MessageUpdate | Settled  # of rows that stand
Stamp = Callable[[datetime | None], Any]

# Columns in the order of the tuples below. A table stands behind those that it refers to.
COLUMNS: dict[str, tuple[str, ...]] = {
    "contact": (
        "company_id", "id", "name", "organisation_id", "origin", "to_check", "archived", "created_at",
        "delivery_id", "created_by",
    ),
    "contact_address": ("company_id", "address", "contact_id", "is_primary"),
    "conversation": ("company_id", "id", "created_at"),
    "conversation_token": ("company_id", "token", "scope", "conversation_id"),
    "message": (
        "company_id", "id", "conversation_id", "id_key", "identity_key", "msgid", "in_reply_to", "subject",
        "base_subject", "direction", "sent_at", "received_at", "sort_at", "from_address", "from_name",
        "snippet", "body_text", "new_text", "auto_kind", "provenance", "attachment_count", "size",
        "content_digest", "shared", "linked", "msgid_reused", "change_seq", "refs", "thread_index",
        "calendar_uid", "parties", "broadcast", "weak_key", "auto_reason", "marks", "body_html",
    ),
    "message_copy": (
        "company_id", "id", "message_id", "owner_id", "delivery_id", "source", "sharing", "comment_text",
        "raw_sha256", "created_at", "filed_by",
    ),
    "participant": (
        "company_id", "message_id", "role", "pos", "copy_id", "address", "name", "verdict", "contact_id",
        "user_id",
    ),
    "attachment": (
        "company_id", "message_id", "part", "filename", "media_type", "disposition", "content_id", "size",
        "sha256", "raw_sha256", "body_start", "body_end", "encoding", "shown", "within",
        "sniffed",
    ),
    "link": (
        "company_id", "id", "conversation_id", "message_id", "contact_id", "organisation_id", "deal_id",
        "state", "origin", "rule", "score", "created_at", "reason",
    ),
    "message_alias": ("company_id", "msgid", "message_id"),
    "conversation_deal": ("company_id", "conversation_id", "deal_id", "viewer_id", "address"),
    "delivery": (
        "company_id", "id", "state", "reason", "user_id", "message_id", "copy_id", "mail_from", "peer_ip",
        "helo", "protocol", "evidence", "raw_sha256", "size", "attempts", "received_at", "updated_at",
        "automatic_of",
        "from_address", "from_name", "subject", "sentence", "advice", "always", "expires_at", "warned_at",
    ),
    "delivery_recipient": ("company_id", "delivery_id", "address", "tag", "argument"),
    "decision": ("company_id", "delivery_id", "steps", "decided_at"),
    "command": ("company_id", "idempotency_key", "actor_id", "kind", "args", "created_at"),
    "change": (
        "company_id", "seq", "at", "kind", "audience_id", "conversation_id", "message_id", "entity_id",
        "actor_id",
    ),
}  # fmt: skip

_FILED = Waits()  # nothing waits
_CONVERSATION = 2  # where the conversation stands in rows of message and link


class Evidence(msgspec.Struct, omit_defaults=True):
    """Who sent a delivery and how that is known, as column `delivery.evidence` keeps it."""

    auth: AuthReport
    sender: Sender | None = None
    held: HeldSender | None = None
    defects: tuple[str, ...] = ()


_json = msgspec.json.Encoder()


def to_json(value: object) -> str:
    """Write a value as JSON text; what no encoding can hold is replaced."""
    try:
        return _json.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate, from octets that were no text
        return _json.encode(_clean(msgspec.to_builtins(value))).decode()


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_clean(key): _clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner) for inner in value]
        case _:
            return value


def parts(plan: Plan) -> tuple[Plan, ...]:
    """Return the plan and those of further originals of the same mail."""
    return (plan, *plan.more)


def highest_id(plan: Plan) -> int:
    """Return the highest id that a plan took from the clock, 0 where it took none."""
    ids = [0]
    for part in parts(plan):
        ids += [made.id for made in part.contacts] + [made.id for made in part.links]
        ids += [made.id for made in part.copies] + [made.id for made in part.notices]
        ids += [part.conversation.id] if part.conversation else ()
        ids += [part.message.id] if part.message else ()
        ids += [started.id for started in part.regroup.started] if part.regroup else ()
    return max(ids)


class Batch:
    """Everything that a batch of plans writes; times are written by `stamp`."""

    def __init__(self, company_id: int, next_id: int, change_seq: int, now: datetime, stamp: Stamp) -> None:
        self.rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}  # new rows by table
        self.edits: list[tuple[Edit, int]] = []  # in order, with the event that tells of it
        self.activity: dict[int, datetime] = {}  # contact -> the newest new message that it takes part in
        self.bounces = Bounces()
        self.notices: list[tuple[int, NewNotice]] = []  # with the ids of their rows
        self.answers: list[NewNotice] = []  # to rehearsals, each with an id that no clock has given
        self.next_id = next_id  # the clock, as it stands after all plans so far
        self.change_seq = change_seq
        self._company_id = company_id
        self._at = stamp(now)
        self._stamp = stamp

    def add(self, mail: Mail, plan: Plan) -> None:
        """Add all that one mail writes."""
        for part in parts(plan):
            self._add_events(part)
            self._add_crm(part)
            self._add_message(part)
            self._add_links(part)
            self.bounces.add(part)
            self._add_requests(part)
            edits: tuple[Edit | None, ...] = (part.merge, part.regroup, part.update, *part.settled)
            self.edits += [(edit, self.change_seq) for edit in edits if edit is not None]
        if plan.outcome.vanishes:
            self.answers += plan.notices
            return
        self._add_delivery(mail, plan)
        self.next_id = max(self.next_id, highest_id(plan) + 1)
        self._add_notices(plan)

    def lost(self) -> set[int]:
        """Return the conversations that became part of others."""
        return set(self._into())

    def merged(self) -> set[int]:
        """Return the living conversations that hold other messages now, or answers to what was asked."""
        ids: set[int] = set()
        for edit, _ in self.edits:
            match edit:
                case Merge():
                    ids.add(edit.winner)
                case Regroup():
                    ids |= {*edit.domain, *(home for *_, home in edit.moved), *(c.id for c in edit.started)}
                case Settled():
                    ids.add(edit.conversation_id)
                case MessageUpdate():
                    pass
        return self.living(ids)

    def touched(self) -> set[int]:
        """Return the living conversations whose audiences may see something else now."""
        ids = {row[_CONVERSATION] for table in ("message", "link") for row in self.rows[table]}
        ids |= {edit.conversation_id for edit, _ in self.edits if isinstance(edit, MessageUpdate)}
        return self.living(ids) | self.merged()

    def met_again(self) -> set[int]:
        """Return the living conversations with a message that came twice in this batch."""
        new = {row[1] for row in self.rows["message"]}
        edits = (edit for edit, _ in self.edits if isinstance(edit, MessageUpdate))
        return self.living({edit.conversation_id for edit in edits if edit.message_id in new})

    def living(self, conversations: Iterable[int]) -> set[int]:
        """Return what these conversations have become part of by now."""
        into = self._into()
        return {_resolve(id_, into) for id_ in conversations}

    def _into(self) -> dict[int, int]:
        into: dict[int, int] = {}
        for edit, _ in self.edits:
            if isinstance(edit, Merge):
                into.update(dict.fromkeys(edit.losers, edit.winner))
            elif isinstance(edit, Regroup):
                into.update(edit.merged)
        return into

    def _add_events(self, plan: Plan) -> None:
        for event in plan.changes:
            self.change_seq += 1
            self.rows["change"].append((
                self._company_id, self.change_seq, self._at, str(event.kind), event.audience_id,
                event.conversation_id, event.message_id, event.entity_id, event.actor_id,
            ))  # fmt: skip

    def _add_notices(self, plan: Plan) -> None:
        """Take notices, with an id for those that have none."""
        for part in parts(plan):
            for notice in part.notices:
                self.notices.append((notice.id or self.next_id, notice))
                self.next_id += not notice.id

    def _add_requests(self, plan: Plan) -> None:
        self.rows["command"] += [
            (self._company_id, new.key, new.actor_id, new.kind, to_json(new.args), self._stamp(new.at))
            for new in plan.requests
        ]

    def _add_crm(self, plan: Plan) -> None:
        company_id, rows, stamp = self._company_id, self.rows, self._stamp
        for new in plan.contacts:
            rows["contact"].append((
                company_id, new.id, new.name, new.organisation_id, "auto", True, False,
                stamp(new.created_at), new.delivery_id, new.created_by,
            ))  # fmt: skip
            rows["contact_address"].append((company_id, new.address, new.id, True))
        started = (plan.conversation,) if plan.conversation else ()
        for conversation in (*started, *(plan.regroup.started if plan.regroup else ())):
            rows["conversation"].append((company_id, conversation.id, stamp(conversation.created_at)))
        rows["conversation_token"] += [(company_id, *token, id_) for token, id_ in plan.tokens]
        rows["conversation_deal"] += [
            (company_id, deal.conversation_id, deal.deal_id, deal.viewer_id, deal.address)
            for deal in plan.handed_on
        ]

    def _add_message(self, plan: Plan) -> None:
        company_id, rows, stamp, new = self._company_id, self.rows, self._stamp, plan.message
        if new is not None:
            rows["message"].append((
                company_id, new.id, new.conversation_id, new.id_key, new.identity_key, new.msgid,
                new.in_reply_to, new.subject, new.base_subject, str(new.direction), stamp(new.sent_at),
                stamp(new.received_at), stamp(new.sort_at), new.from_address, new.from_name, new.snippet,
                new.body_text, new.new_text, str(new.auto_kind), str(new.provenance),
                new.attachment_count, new.size, new.content_digest, new.shared, new.linked,
                new.msgid_reused, self.change_seq, new.refs, new.thread_index, new.calendar_uid, new.parties,
                new.broadcast, new.weak_key, new.auto_reason, new.marks, new.body_html,
            ))  # fmt: skip
            if new.shared:  # private mail leaves no trace in the directory
                self._add_activity(plan, new.sort_at)
        rows["message_copy"] += [(
            company_id, copy.id, copy.message_id, copy.owner_id, copy.delivery_id, str(copy.source),
            str(copy.sharing), copy.comment_text, copy.raw_sha256, stamp(copy.created_at), copy.filed_by,
        ) for copy in plan.copies]  # fmt: skip
        rows["participant"] += [(
            company_id, who.message_id, who.role, who.pos, who.copy_id, who.address, who.name,
            str(who.verdict), who.contact_id, who.user_id,
        ) for who in plan.participants]  # fmt: skip
        rows["message_alias"] += [(company_id, msgid, id_) for msgid, id_ in plan.aliases]
        rows["attachment"] += [(
            company_id, held.message_id, held.file.part, held.file.filename, held.file.media_type,
            held.file.disposition, held.file.content_id, held.file.size, held.file.sha256,
            held.raw_sha256, held.file.start, held.file.end, held.file.encoding, held.file.shown,
            held.file.within, held.file.sniffed,
        ) for held in plan.attachments]  # fmt: skip

    def _add_activity(self, plan: Plan, at: datetime) -> None:
        for contact_id in plan.met():
            self.activity[contact_id] = max(at, self.activity.get(contact_id, at))

    def _add_links(self, plan: Plan) -> None:
        self.rows["link"] += [(
            self._company_id, new.id, new.conversation_id, new.message_id, new.contact_id,
            new.organisation_id, new.deal_id, str(new.state), str(new.origin), new.rule, new.score,
            self._stamp(new.created_at), new.reason,
        ) for new in plan.links]  # fmt: skip

    def _add_delivery(self, mail: Mail, plan: Plan) -> None:
        company_id, rows, delivery, outcome = self._company_id, self.rows, mail.delivery, plan.outcome
        evidence = Evidence(delivery.auth, delivery.sender, delivery.held, delivery.defects)
        shown = plan.waits or _FILED
        rows["delivery"].append((
            company_id, delivery.id, str(outcome.state), outcome.reason, outcome.user_id,
            outcome.message_id, outcome.copy_id, delivery.mail_from, delivery.peer.ip, delivery.peer.helo,
            str(delivery.peer.protocol), to_json(evidence), delivery.raw_sha256, delivery.size,
            delivery.attempts, self._stamp(delivery.received_at), self._at, outcome.automatic_of,
            shown.from_address, shown.from_name, shown.subject, shown.sentence, shown.advice, shown.always,
            self._stamp(shown.expires_at), None,
        ))  # fmt: skip
        rows["delivery_recipient"] += [
            (company_id, delivery.id, target.address, str(target.tag), target.argument)
            for target in delivery.targets
        ]
        rows["decision"].append((company_id, delivery.id, to_json(plan.steps), self._at))


def _resolve(conversation_id: int, into: dict[int, int]) -> int:
    while conversation_id in into:
        conversation_id = into[conversation_id]
    return conversation_id
