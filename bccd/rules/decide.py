"""One mail to its plan: reads direction, matches, links, threads, and writes down why."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial

from msgspec import structs

from bccd.model.auth import AuthMethod, Sender
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Tag
from bccd.model.events import EventKind
from bccd.model.message import AutoKind, Mailbox, Message
from bccd.model.plan import Change, Direction, NewNotice, Outcome, Plan, Provenance, Step
from bccd.rules.addressed import MISADDRESSED, misaddressed
from bccd.rules.answers import notice_answered, request, said_by
from bccd.rules.direction import Reading, Sides, Unread, read_directions, read_incoming, with_all_parties
from bccd.rules.evidence import evidence_steps, shortcoming
from bccd.rules.exposed import exposed
from bccd.rules.filing import file_reading
from bccd.rules.forwarded import author_step, is_forwarded, is_question, question, read_forwarded
from bccd.rules.identify import Claim, judge
from bccd.rules.imported import is_imported, read_imported
from bccd.rules.loops import LOOP, automatic_of, loop_notice, loop_step
from bccd.rules.match import MAX_NEW_CONTACTS
from bccd.rules.notices import of_failure, with_notices
from bccd.rules.overlay import Overlay
from bccd.rules.owners import Submission, submission
from bccd.rules.ownmail import OWN_MAIL
from bccd.rules.ruled import STRANGERS, named_recipients, released, wants_filed
from bccd.rules.trusted import let_in
from bccd.rules.waits import unread, waits

# Automatic mail is kept aside unless it carries a forward, which is a server rule's work (decisions.md 7.2).
_SET_ASIDE_KINDS = frozenset({AutoKind.DSN, AutoKind.MDN, AutoKind.AUTO_REPLY})

_TARGETED = frozenset({Tag.DEAL, Tag.NOTE})  # what makes a mail between our own people worth filing

_ADVICE = {
    "no_visible_recipient": "nobody but the drop address can be seen: write the customer into To",
    "original_sender_unknown": "the forwarded mail does not say who wrote it: the user must",
    "internal_only": "only our own people take part",
    "never_log": "nobody takes part but parties on the never-log list",
    "no_single_from": "the mail has no author, or several",
    "unverified_sender": "it says that one of our own people wrote it, and nothing proves that",
} | dict.fromkeys(
    ("auto_reply", "bulk", "dsn", "list", "mdn"),
    "no person wrote it to this user, and nobody filed it deliberately",
)

_CANDIDATE = "the forwarded mail names him in a place that is no proof"

_WHY_HELD = {
    "unknown_sender": "the address is no user's",
    "unverified_sender": "nothing proves that the mail is from this user",
    "unconfirmed_address": "the address is not confirmed to be this user's",
    "user_inactive": "the user is no longer active",
    "no_single_from": "the mail has no author, or several",
    "redirected": "a user sent on what somebody outside wrote: he may let it in",
    "forward_unproven": "nothing proves that the user's own mailbox forwarded it: he may let it in",
    "other_users_address": "it was sent to another user's secret address",
    "secret_address_needed": "the company takes mail at its users' secret addresses alone",
    "customer_reply": "somebody outside answers stored mail, or is a known contact: the user may let it in",
}


def decide(mail: Mail, overlay: Overlay) -> Plan:
    """Return every row that this mail writes, and let the overlay know them for the next mail."""
    plan = with_notices(_decide(mail, overlay), mail, overlay)
    if plan.outcome.state is not DeliveryState.FILED:
        plan = structs.replace(plan, waits=waits(mail, plan.outcome, overlay))
    if (whose := automatic_of(mail)) is not None:
        plan = structs.replace(plan, outcome=structs.replace(plan.outcome, automatic_of=whose))
    overlay.end(plan.outcome, mail.delivery.received_at)
    return plan


def _decide(mail: Mail, overlay: Overlay) -> Plan:
    delivery = mail.delivery
    steps = list(evidence_steps(delivery.auth))
    if delivery.sender is None:
        sender, why = _proven_since(delivery, overlay) or released(delivery, overlay), ""
        if sender is None:
            sender, why = let_in(delivery, overlay) or (None, "")
        if sender is None:
            return _held(delivery, overlay, steps)
        mail = replace(mail, delivery=replace(delivery, sender=sender))
        return _submitted(mail, sender, overlay, steps, why)
    return _submitted(mail, delivery.sender, overlay, steps)


def _submitted(mail: Mail, sender: Sender, overlay: Overlay, steps: list[Step], why: str = "") -> Plan:
    """Decide mail whose submitter is known: proven, or named by himself; `why` adds to how."""
    held = mail.delivery.held
    method = f"{sender.method}: {why}" if why else str(sender.method)
    steps.append(Step("submitter", sender.address, f"user {sender.user_id}", method))
    who = submission(mail, overlay)
    if who is None:
        steps.append(Step("submitter", sender.address, "held", _WHY_HELD["user_inactive"]))
        return _ended(mail.delivery, DeliveryState.HELD, "user_inactive", sender.user_id, steps)
    if who.why:
        steps.append(Step("submitter", sender.address, f"user {who.user_id}", who.why))
    by_word = sender.method in (AuthMethod.RULING, AuthMethod.TRUSTED)
    outsiders = by_word and held is not None and held.reason in STRANGERS
    if outsiders:  # what its address asks for is the outsider's wish, not the user's
        plain = tuple(replace(target, tag=Tag.NONE, argument="") for target in mail.delivery.targets)
        mail = replace(mail, delivery=replace(mail.delivery, targets=plain))
    elif (notice := notice_answered(mail.delivery)) is not None:
        return _answer(mail, who, notice, steps)
    return _read(mail, overlay, who, steps, let_in=outsiders)


def _answer(mail: Mail, who: Submission, notice: int, steps: list[Step]) -> Plan:
    """Take an answer to a notice for what it is: a command of its author's, and no correspondence."""
    delivery, auto = mail.delivery, mail.message.content.auto
    if auto is not AutoKind.NONE:
        steps.append(Step("answer", f"notice {notice}", "set aside", f"the mail is automatic: {auto}"))
        return _ended(delivery, DeliveryState.SET_ASIDE, str(auto), who.user_id, steps)
    if delivery.sender is None or delivery.sender.user_id != who.user_id:
        steps.append(Step("answer", f"notice {notice}", "set aside", "it comes from an address of a team"))
        told = (NewNotice(who.user_id, "answer_not_yours", delivery.received_at, delivery.id),)
        plan = _ended(delivery, DeliveryState.SET_ASIDE, "answer", who.user_id, steps)
        return structs.replace(plan, notices=told)
    asked = request(mail, notice, who.user_id)
    steps.append(Step("answer", f"notice {notice}", asked.kind, said_by(asked)))
    plan = _ended(delivery, DeliveryState.SET_ASIDE, "answer", who.user_id, steps)
    return structs.replace(plan, requests=(asked,))


def _proven_since(delivery: Delivery, overlay: Overlay) -> Sender | None:
    """Judge held mail again when it is retried: the evidence stays, the directory may have learned."""
    held, company = delivery.held, overlay.company
    if held is None or not held.address or held.reason in MISADDRESSED:
        return None
    verdict = judge(
        Claim(
            held.address,
            delivery.mail_from,
            delivery.auth,
            company.policy.mode,
            company.id,
            overlay.user_address,
        )
    )
    return verdict if isinstance(verdict, Sender) and _well_addressed(verdict, delivery, overlay) else None


def _well_addressed(sender: Sender, delivery: Delivery, overlay: Overlay) -> bool:
    user, demanded = overlay.user(sender.user_id), overlay.company.policy.secret_address
    members = user.members if user else ()
    return not misaddressed(sender, delivery.targets, {sender.user_id, *members}, demanded=demanded)


def failed(delivery: Delivery, reason: str) -> Plan:
    """Return the plan that records a mail that could not be filed; its octets stay in the spool."""
    user_id = delivery.sender.user_id if delivery.sender else None
    step = Step("failure", "", "failed", reason)
    outcome = Outcome(delivery.id, DeliveryState.FAILED, reason, user_id)
    changes = _owner_change(EventKind.DELIVERY_FAILED, delivery, user_id)
    return Plan(outcome, (step,), changes=changes, notices=of_failure(delivery, reason), waits=unread(reason))


def _held(delivery: Delivery, overlay: Overlay, steps: list[Step]) -> Plan:
    held = delivery.held
    if held is not None and held.reason == OWN_MAIL:
        steps.append(Step("automatic", "", "set aside", f"the mail is automatic: {OWN_MAIL}"))
        return Plan(Outcome(delivery.id, DeliveryState.SET_ASIDE, OWN_MAIL), tuple(steps))
    reason = held.reason if held else "unknown_sender"
    about = held.address if held else ""
    why = _WHY_HELD.get(reason, reason)
    if reason == "unverified_sender":
        why = f"{why}: {shortcoming(about, delivery.auth, overlay.company.policy.mode)}"
    steps.append(Step("submitter", about, "held", why))
    user_id = held.user_id if held else None
    outcome = Outcome(delivery.id, DeliveryState.HELD, reason, user_id)
    changes = _owner_change(EventKind.DELIVERY_HELD, delivery, user_id)
    return Plan(outcome, tuple(steps), changes=changes)


def _ended(
    delivery: Delivery, state: DeliveryState, reason: str, user_id: int, steps: Iterable[Step]
) -> Plan:
    changes = _owner_change(EventKind(f"delivery.{state}"), delivery, user_id)
    return Plan(Outcome(delivery.id, state, reason, user_id), tuple(steps), changes=changes)


def _owner_change(kind: EventKind, delivery: Delivery, user_id: int | None) -> tuple[Change, ...]:
    """Announce a delivery to its user alone; nobody else may learn of it (rules.md 10)."""
    return (Change(kind, user_id, entity_id=delivery.id),) if user_id else ()


def _read(mail: Mail, overlay: Overlay, who: Submission, steps: list[Step], *, let_in: bool) -> Plan:
    """Read what the mail is; `let_in` tells that it is an outsider's own, which the user has let in."""
    if is_question(mail):
        step, notice = question(mail, who.user_id, overlay)
        ended = _ended(
            mail.delivery, DeliveryState.SET_ASIDE, "forwarding_request", who.user_id, (*steps, step)
        )
        return structs.replace(ended, notices=(notice,) if notice else ())
    if (loop := loop_step(mail, overlay)) and not wants_filed(mail, overlay):
        ended = _ended(mail.delivery, DeliveryState.SET_ASIDE, LOOP, who.user_id, (*steps, loop))
        return structs.replace(ended, notices=loop_notice(mail, overlay))
    sides = _sides(overlay, who.user_id)
    named = () if let_in else named_recipients(mail, overlay)
    if let_in or is_imported(mail.delivery):
        readings = _by_author(mail, sides, overlay)
    elif is_forwarded(mail.delivery):
        steps.append(author_step(mail))
        readings = [read_forwarded(mail, sides, let_in=wants_filed(mail, overlay))]
    else:
        targeted = any(target.tag in _TARGETED for target in mail.delivery.targets)
        readings = read_directions(mail.message, sides, targeted=targeted, named=named)
        if wants_filed(mail, overlay):
            readings = _as_note(mail.message, readings)
        if aside := _automatic(mail.message, readings):
            steps.append(Step("automatic", "", "set aside", aside[1]))
            return _ended(mail.delivery, DeliveryState.SET_ASIDE, aside[0], who.user_id, steps)
    filed = _complete([reading for reading in readings if isinstance(reading, Reading)], who.user_id, overlay)
    unread = [reading for reading in readings if isinstance(reading, Unread)]
    for u in unread:
        steps.append(Step("direction", f"rule {u.rule}", str(u.state), _advice(u, named)))
        steps += [Step("direction", _shown(box), "candidate", _CANDIDATE) for box in u.candidates]
    if not filed:
        return _ended(mail.delivery, unread[0].state, unread[0].reason, who.user_id, steps)
    for reading in filed:
        steps += exposed(reading, overlay)
    return _filed(mail, filed, unread, overlay, who=who, steps=steps)


def _by_author(mail: Mail, sides: Sides, overlay: Overlay) -> list[Reading | Unread]:
    """Read what nobody has handed in: an outsider's mail that was let in, or what a mailbox held."""
    if not is_imported(mail.delivery):
        return [read_incoming(mail.message.content, sides)]
    wanted = wants_filed(mail, overlay)
    readings = [read_imported(mail.message, sides, let_in=wanted)]
    return _as_note(mail.message, readings) if wanted else readings


def _advice(unread: Unread, named: Collection[Mailbox]) -> str:
    if named and unread.reason == "no_visible_recipient":
        return "whom the user named is nobody outside: name the customer"
    return _ADVICE[unread.reason]


def _shown(box: Mailbox) -> str:
    return f"{box.name} <{box.address}>" if box.name and box.address else box.name or box.address


def _sides(overlay: Overlay, user_id: int = 0) -> Sides:
    """Return who is who; with a user, those whom he never logs are no parties either."""
    return Sides(
        ours=overlay.sides.is_ours,
        service=overlay.sides.is_service,
        never_log=partial(overlay.sides.is_never_log, user_id=user_id),
    )


def _complete(readings: list[Reading], user_id: int, overlay: Overlay) -> list[Reading]:
    """Add those whom only this user never logs; nearly always there is nobody."""
    if not overlay.sides.has_own_list(user_id):
        return readings
    everyone = _sides(overlay)
    return [with_all_parties(reading, everyone) for reading in readings]


def _as_note(message: Message, readings: list[Reading | Unread]) -> list[Reading | Unread]:
    """File a forward among our own people as what it is, where the user wants it (decisions.md 7.3)."""
    if any(isinstance(reading, Reading) or reading.reason != "internal_only" for reading in readings):
        return readings
    return [Reading(message.content, Direction.INTERNAL, (), (), Provenance.BCC, "1c")]


def _automatic(message: Message, readings: list[Reading | Unread]) -> tuple[str, str] | None:
    """Return the kind of automatic mail to set aside, and why (rules.md 3.2 to 3.4)."""
    auto = message.content.auto
    if any(isinstance(reading, Reading) and reading.wrapper is not None for reading in readings):
        return None
    # An answer to an invitation says what the person who clicked it will do.
    if auto in _SET_ASIDE_KINDS and not message.content.auto_reason.startswith("calendar:"):
        return str(auto), f"the mail is automatic: {auto}"
    if auto is AutoKind.LIST and message.list_id:  # what a user sends himself reaches us without the list
        return str(auto), "it came by way of a mailing list, nobody filed it deliberately"
    return None


def _filed(
    mail: Mail,
    filed: list[Reading],
    unread: list[Unread],
    overlay: Overlay,
    *,
    who: Submission,
    steps: list[Step],
) -> Plan:
    """File each original on its own; if one needs the user, the delivery waits for him all the same."""
    plans: list[Plan] = []
    room = MAX_NEW_CONTACTS
    for reading in filed:
        plans.append(file_reading(mail, reading, overlay, who, steps=steps, room=room))
        room -= len(plans[-1].contacts)
    first, *more = plans
    waiting = next((u for u in unread if u.state is DeliveryState.HELD), None)
    if waiting:
        outcome = structs.replace(first.outcome, state=DeliveryState.HELD, reason=waiting.reason)
        changes = _owner_change(EventKind.DELIVERY_HELD, mail.delivery, outcome.user_id)
        first = structs.replace(first, outcome=outcome, changes=first.changes + changes)
    if more:
        first = structs.replace(
            first, steps=tuple(steps), more=tuple(structs.replace(plan, steps=()) for plan in more)
        )
    return first
