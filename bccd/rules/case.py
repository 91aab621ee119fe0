"""The work sheet of one reading: who takes part, as contacts, found or made."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from bccd.mail.names import person_name
from bccd.model.crm import Contact
from bccd.model.delivery import Mail
from bccd.model.directory import Sharing
from bccd.model.envelope import Tag
from bccd.model.facts import CREATION_WINDOW
from bccd.model.message import AutoKind, Mailbox
from bccd.model.plan import Direction, NewContact, Step
from bccd.rules.dedupe import Keys, keys_of
from bccd.rules.direction import Reading
from bccd.rules.forwarded import unproven_author
from bccd.rules.imported import is_imported
from bccd.rules.lookups import participants
from bccd.rules.match import MAX_ADDRESSES, Match, Verdict, match_all, may_not_create
from bccd.rules.overlay import Overlay
from bccd.rules.owners import Submission

OUTSIDE = (Verdict.CONTACT, Verdict.UNKNOWN)  # of counterparties: neither ours, unwanted nor machines


class Case(Struct):
    """The work sheet of one reading while its plan is made; never leaves this package."""

    mail: Mail
    reading: Reading
    overlay: Overlay
    user_id: int  # the submitter
    sharing: Sharing
    owners: tuple[int, ...]  # who gets a copy each, the submitter first unless he files for others
    wants_private: bool  # an address of the mail says +private
    keys: Keys  # of what is read
    steps: list[Step]  # of the decision record, those of the mail's other readings before them
    filed_by: int | None = None  # who sent it in, where that is not every owner himself
    matches: dict[str, Match] = field(default_factory=dict)
    main: tuple[Mailbox, ...] = ()  # who chooses a deal and may become a contact, once people are matched
    contacts: list[NewContact] = field(default_factory=list)

    def outside(self) -> list[Match]:
        """Return the counterparties: everyone who is neither ours, unwanted nor a machine."""
        return [match for match in self.matches.values() if match.verdict in OUTSIDE]

    @property
    def account(self) -> int:
        """Whose mail counts together where new contacts are curbed: the proven user's, or the team's."""
        sender = self.mail.delivery.sender
        return sender.user_id if sender else self.user_id

    @property
    def at(self) -> datetime:
        """When the mail was received; the time of everything that is written about it."""
        return self.mail.delivery.received_at


def open_case(mail: Mail, reading: Reading, overlay: Overlay, who: Submission, steps: list[Step]) -> Case:
    """Begin the work sheet of a proven submitter's reading; what is found out goes into `steps`."""
    private = any(target.tag is Tag.PRIVATE for target in mail.delivery.targets)
    sharing = Sharing.PRIVATE if private else who.sharing
    keys = keys_of(reading.content)
    case = Case(mail, reading, overlay, who.user_id, sharing, who.owners, private, keys, steps, who.filed_by)
    between = ", ".join(box.address for box in reading.main) or "our own people"
    case.steps.append(Step("direction", f"rule {reading.rule}", str(reading.direction), f"with {between}"))
    if reading.wrapper is not None:
        known = ", ".join(reading.evidence)
        reason = "a forward to nobody outside: what it forwards is filed" + (
            f"; known by {known}" if known else ""
        )
        case.steps.append(Step("forward", reading.content.subject[:80], str(reading.provenance), reason))
    return case


def match_people(case: Case) -> None:
    """Give everyone who takes part his verdict."""
    ordered = (*case.reading.main, *case.reading.others, *participants(case.reading.content))
    lists = case.mail.message.list_addresses
    case.matches, left_out = match_all(ordered, case.overlay, case.user_id, lists)
    for match in case.matches.values():
        case.steps.append(Step("match", match.address, _shown(match), match.reason))
        if match.others:
            case.steps += _further(match)
        if match.organisation and not match.contact:
            name = f"organisation {match.organisation.id}, {match.organisation.name}"
            case.steps.append(Step("organisation", match.address, name, "it has this domain"))
    if left_out:
        reason = f"{len(left_out)} addresses beyond the first {MAX_ADDRESSES} outside were not looked up"
        case.steps.append(Step("match", "", "left out", reason))
    case.main = _main(case)


def _main(case: Case) -> tuple[Mailbox, ...]:
    """Return the main counterparties: Reply-To stands in for an author who is nobody (rules.md 4).

    That is where no contact has his address but one has the address that he wants answers at, and where a
    list or a machine wrote its own address over his.
    """
    reading = case.reading
    author = case.matches.get(reading.main[0].address) if reading.main else None
    if author is None or reading.direction is not Direction.INCOMING:
        return reading.main
    stands = {
        Verdict.UNKNOWN: (Verdict.CONTACT,),
        Verdict.EXCLUDED: (Verdict.CONTACT, Verdict.UNKNOWN),
    }.get(author.verdict, ())
    answers = tuple(box for box in reading.content.reply_to if _verdict(case, box.address) in stands)
    if answers:
        names = ", ".join(box.address for box in answers)
        case.steps.append(
            Step("match", names, "main counterparty", f"{author.address} asks for answers there")
        )
    return answers or reading.main


def _shown(match: Match) -> str:
    if match.ask:
        return "several contacts"
    return str(match.verdict) if match.contact is None else _name(match.contact)


def _further(match: Match) -> Iterable[Step]:
    """Yield a step for each further contact on an address: linked as well, or offered."""
    verdict = "suggested" if match.ask else "linked, too"
    for contact, hint in zip(match.others, match.hints, strict=True):
        yield Step("match", match.address, f"{_name(contact)}: {verdict}", hint)


def _name(contact: Contact) -> str:
    return f"contact {contact.id}, {contact.name}"


def create_contacts(case: Case, room: int, *, private: bool) -> None:
    """Make contacts of unknown main counterparties (rules.md 6.5) where that betrays no private mail.

    `room` says how many the mail may still make: where more are unknown none is made; `private` that nobody
    but owners will see the message, whatever this arrival of it asks for.
    """
    unknown = [box for box in case.main if _verdict(case, box.address) is Verdict.UNKNOWN]
    if not unknown:
        return
    reasons = {box.address: may_not_create(box.address, case.overlay, case.user_id) for box in unknown}
    count = sum(not reason for reason in reasons.values())
    refusal = "the mail is private" if private else _why_not(case, count, room)
    for box in unknown:
        reason = reasons[box.address] or refusal or _too_many(case)
        if reason:
            case.steps.append(Step("contact", box.address, "not created", reason))
        else:
            _create(case, box)


def _create(case: Case, box: Mailbox) -> None:
    organisation = case.matches[box.address].organisation
    firm = organisation.id if organisation else None
    name, delivery = person_name(box.name, box.address), case.mail.delivery
    made = NewContact(
        case.overlay.take_id(), name, box.address, firm, case.at, delivery.id, created_by=case.account
    )
    case.contacts.append(made)
    contact = Contact(made.id, made.name, organisation_id=firm)
    case.matches[box.address] = Match(box.address, Verdict.CONTACT, "created from this mail", contact)
    case.steps.append(Step("contact", box.address, f"contact {made.id}", "created, to be checked"))


def _why_not(case: Case, count: int, room: int) -> str:
    """Say why the whole mail makes no contact, empty where it may."""
    if not case.overlay.company.policy.auto_create_contact:
        return "the company creates no contacts by itself"
    if case.reading.direction is Direction.INCOMING and unproven_author(case.mail):
        return "a server forwarded the mail, and nothing proves its author"
    if case.reading.direction is Direction.INCOMING and is_imported(case.mail.delivery):
        return "an import makes contacts only of those whom the user wrote to"
    if case.reading.content.auto is not AutoKind.NONE:
        return f"the mail is automatic: {case.reading.content.auto}"
    return f"{count} unknown parties are too many for one mail" if count > room else ""


def _too_many(case: Case) -> str:
    """Say that the submitter's mail has made as many contacts as it may (rules.md 3.6), empty where not."""
    if is_imported(case.mail.delivery):  # an administrator's deliberate work, and spread over years
        return ""
    most = case.overlay.company.policy.max_new_contacts
    made = case.overlay.created_near(case.account, case.at, CREATION_WINDOW) + len(case.contacts)
    minutes = int(CREATION_WINDOW.total_seconds() // 60)
    return f"{made} contacts were created for the user within {minutes} minutes" if 0 < most <= made else ""


def _verdict(case: Case, address: str) -> Verdict | None:
    match = case.matches.get(address)
    return match.verdict if match else None
