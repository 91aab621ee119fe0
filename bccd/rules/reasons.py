"""Why bccd writes to a user: one table from the code of a reason to what is said of it, and what he may do.

Texts are message ids: their translations stand in bccd/outbound/catalogs, and a test refuses a code without
them. Rules and store name a code and nothing else, so that every front end and every mail says it alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Kind(StrEnum):
    """What a notice is to its user; the digest counts by it."""

    FILED = "filed"  # all is well: told only to those who want to hear of everything
    ASKS = "asks"  # a mail waits for what he alone can say
    REFUSED = "refused"  # a mail was not filed
    REMARK = "remark"  # a mail was filed, but not as he may think
    ANSWER = "answer"  # to what he has just asked: always sent, at once, and counted against no day


PROBLEMS = frozenset({Kind.ASKS, Kind.REFUSED, Kind.REMARK})


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a title for the subject line, a sentence, and what to do; `%(name)s` stands for an arg."""

    kind: Kind
    title: str
    sentence: str
    advice: str = ""
    answerable: bool = False  # numbers are offered, and a mail that names one settles it
    generated: bool = False  # no answer to a mail: Auto-Submitted says auto-generated (RFC 3834 5)
    link: str = ""  # the purpose of the signed link that it carries; args["link"] holds its numbers

    @property
    def problem(self) -> bool:
        """Whether it is told to users who want to hear of problems only."""
        return self.kind in PROBLEMS

    @property
    def direct(self) -> bool:
        """Whether it answers what the user has just asked."""
        return self.kind is Kind.ANSWER


def N_(text: str) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """Mark a text for translation, which happens where it is shown."""
    return text


_WAITS = N_("A mail waits for you")
_NOT_FILED = N_("A mail was not filed")
_FILED_BUT = N_("A mail was filed, with a remark")
_FILED = N_("A mail was filed")
_IN_FRONT_END = N_("File it or delete it where you see your held mail.")
_NOTHING = N_("There is nothing that you need to do.")

_ANSWER = Kind.ANSWER
_SETTLED = N_("Settled")
_UNCHANGED = N_("Nothing was changed")
_UNDO = N_("Reply undo to take it back.")

REASONS: dict[str, Reason] = {
    # ---- held: it waits for a person
    "unconfirmed_address": Reason(
        Kind.REFUSED,
        _WAITS,
        N_("The mail came from an address that is not confirmed to be yours."),
        N_("Confirm it by the link or code mailed to it, or ask for new ones; what waits is then filed."),
    ),
    "unverified_sender": Reason(
        Kind.REFUSED,
        _WAITS,
        N_("Nothing proves that the mail, which has your address as its author, is yours."),
        N_("If it is yours, say so where you see your held mail; if not, delete it there."),
    ),
    "unknown_sender": Reason(
        Kind.REFUSED,
        _WAITS,
        N_("The mail came from an address that is no user's."),
        N_("If the address is yours, add it to your own and confirm it."),
    ),
    "user_inactive": Reason(
        Kind.REFUSED,
        _WAITS,
        N_("The mail is from a user who is not active."),
        N_("Ask whoever looks after your users to make the user active."),
    ),
    "no_single_from": Reason(
        Kind.REFUSED,
        _WAITS,
        N_("The mail names no author, or several."),
        N_("Send it again from a program that names one author."),
    ),
    "redirected": Reason(
        Kind.ASKS,
        _WAITS,
        N_("You sent on what somebody outside wrote; it waits until you let it in."),
        _IN_FRONT_END,
        link="release",
    ),
    "customer_reply": Reason(
        Kind.ASKS,
        _WAITS,
        N_("Somebody outside wrote to the drop address; the mail waits until you let it in."),
        _IN_FRONT_END,
        link="release",
    ),
    "forward_unproven": Reason(
        Kind.ASKS,
        _WAITS,
        N_("Nothing proves that the mail to your secret forwarding address came by way of your mailbox."),
        N_("Let it in if you know it; if many come that are not yours, have the address replaced."),
        link="release",
    ),
    "other_users_address": Reason(
        Kind.REFUSED,
        _NOT_FILED,
        N_("The mail was sent to another user's secret address, so it was not filed."),
        N_("Send it to your own secret address, or to the company's."),
    ),
    "secret_address_needed": Reason(
        Kind.REFUSED,
        _NOT_FILED,
        N_("Your company takes mail at its users' secret addresses alone, so it was not filed."),
        N_("Send it to your own secret address; whoever looks after bccd can show it to you."),
    ),
    "no_visible_recipient": Reason(
        Kind.ASKS,
        _WAITS,
        N_("The mail does not show to whom it went."),
        N_("Say to whom it went where you see your held mail; next time write the customer into To."),
    ),
    "original_sender_unknown": Reason(
        Kind.ASKS,
        _WAITS,
        N_("The mail that you forwarded does not say who wrote it."),
        N_("Say who wrote it where you see your held mail."),
    ),
    "internal_only": Reason(
        Kind.ASKS,
        _NOT_FILED,
        N_("Only your own people take part in the mail, so it was not filed."),
        N_("If you want it filed, let it in where you see your held mail, or send it to +note."),
    ),
    # ---- set aside: kept by rule
    "never_log": Reason(
        Kind.REFUSED,
        _NOT_FILED,
        N_("Nobody takes part in the mail but parties that are never logged, so it was not filed."),
        _NOTHING,
    ),
    "auto_reply": Reason(Kind.REFUSED, _NOT_FILED, N_("The mail is an automatic answer."), _NOTHING),
    "dsn": Reason(Kind.REFUSED, _NOT_FILED, N_("The mail is a report on another mail's delivery."), _NOTHING),
    "mdn": Reason(Kind.REFUSED, _NOT_FILED, N_("The mail is a receipt for another mail."), _NOTHING),
    "bulk": Reason(Kind.REFUSED, _NOT_FILED, N_("The mail went to many, and nobody filed it."), _NOTHING),
    "list": Reason(
        Kind.REFUSED,
        _NOT_FILED,
        N_("The mail came by way of a mailing list."),
        N_("If you want it filed, forward it yourself."),
    ),
    "loop": Reason(
        Kind.REFUSED,
        N_("Automatic mail is set aside"),
        N_(
            "So many automatic mails came in your name that it looks like a loop; further ones are set aside."
        ),
        N_("Look for a rule or an automatic answer that writes to the drop address, and end it."),
        generated=True,
    ),
    "answer": Reason(Kind.REFUSED, _NOT_FILED, N_("The mail is an answer to a notice."), _NOTHING),
    "own_mail": Reason(Kind.REFUSED, _NOT_FILED, N_("The mail is one that bccd itself has sent."), _NOTHING),
    # ---- failed: an error of ours
    "failed": Reason(
        Kind.REFUSED,
        _NOT_FILED,
        N_("The mail could not be filed because of an error of ours; it is kept."),
        N_("Whoever runs bccd can have it tried again; you need not send it once more."),
    ),
    # ---- filed
    "filed": Reason(Kind.FILED, _FILED, N_("The mail was filed.")),
    "owner_added": Reason(
        Kind.FILED, _FILED, N_("The mail was filed before by somebody else; it is yours now, too.")
    ),
    "already_owned": Reason(Kind.FILED, _FILED, N_("The mail was filed before; nothing has changed.")),
    # ---- filed, but
    "needs_choice": Reason(
        Kind.ASKS,
        N_("Which one is it?"),
        N_("Several deals or contacts fit the mail, and bccd does not guess."),
        N_("Choose where you see the mail."),
        answerable=True,
    ),
    "no_such_deal": Reason(
        Kind.REMARK,
        _FILED_BUT,
        N_("The address that you wrote to names a deal that there is not, so the mail was linked as usual."),
        N_("Look up the deal's number, and link the mail where you see it."),
    ),
    "deal_closed": Reason(
        Kind.REMARK,
        _FILED_BUT,
        N_("The deal that you named in the address is closed; the mail was linked to it all the same."),
        N_("If that is not what you meant, move the mail to another deal."),
    ),
    "exposed_address": Reason(
        Kind.REMARK,
        _FILED_BUT,
        N_("Your customer could see the drop address: it stood in To or Cc."),
        N_("Write the drop address into Bcc; if strangers write to it, have it replaced."),
    ),
    "contacts_not_created": Reason(
        Kind.REMARK,
        _FILED_BUT,
        N_("Some who take part in the mail are no contacts, and were not made any, for they are too many."),
        N_("Add those whom you need as contacts."),
    ),
    "already_private": Reason(
        Kind.REMARK,
        _FILED_BUT,
        N_("The mail was filed before, and +private changes no copy that stands."),
        N_("Make your copy private where you see it."),
    ),
    "address_retiring": Reason(
        Kind.REMARK,
        _FILED_BUT,
        N_("You wrote to %(old)s, which was replaced by %(new)s and ends on %(until)s."),
        N_("Write to the new address from now on, and change it in your address book."),
    ),
    # ---- a provider asks before it forwards
    "forwarding_request": Reason(
        Kind.REFUSED,
        _NOT_FILED,
        N_("A provider wrote about forwarding to your secret address; what it asked was told to you."),
        _NOTHING,
    ),
    "forwarding_code": Reason(
        Kind.ANSWER,
        N_("Confirm the forwarding of your mail"),
        N_("%(provider)s asks whether it may forward the mail of %(account)s to your secret address."),
        N_("If you set that up, use %(answer)s to allow it; if not, do nothing."),
        generated=True,
    ),
    "forwarding_stranger": Reason(
        Kind.REMARK,
        N_("Somebody wants to forward mail to your secret address"),
        N_("%(provider)s asks for %(account)s, which is no confirmed address of yours; it was not allowed."),
        N_("If it is yours, confirm it first and ask again; if not, have your secret address replaced."),
        generated=True,
    ),
    # ---- answers to answers
    "answer_settled": Reason(_ANSWER, _SETTLED, N_("It is linked to: %(chosen)s."), _UNDO),
    "answer_closed": Reason(
        _ANSWER, _SETTLED, N_("It is linked to: %(chosen)s. That deal is closed."), _UNDO
    ),
    "answer_none": Reason(_ANSWER, _SETTLED, N_("Settled: it is none of them."), _UNDO),
    "answer_partly": Reason(
        _ANSWER,
        _SETTLED,
        N_("It is linked to: %(chosen)s. The rest of your answer came too late: it had been settled before."),
        _UNDO,
    ),
    "answer_undone": Reason(
        _ANSWER,
        N_("Taken back"),
        N_("All is as it was before your answer."),
        N_("Answer again with a number, or with none."),
    ),
    "answer_unclear": Reason(
        _ANSWER,
        _UNCHANGED,
        N_("Your answer could not be understood."),
        N_(
            "Write nothing but a number into the first line: 2, or 2 always for all later mail, or 1, 4 for"
            " two questions. Or write none, or undo."
        ),
    ),
    "answer_too_late": Reason(
        _ANSWER,
        _UNCHANGED,
        N_("There is nothing more to choose here: it has been settled before, or asks nothing."),
        N_("If it is settled wrongly, link the mail anew where you see it."),
    ),
    "answer_overtaken": Reason(
        _ANSWER,
        _UNCHANGED,
        N_("What you chose is no longer there, or no longer fits."),
        N_("Link the mail where you see it."),
    ),
    "answer_not_undone": Reason(
        _ANSWER,
        _UNCHANGED,
        N_("There is no answer to take back, or something has changed since."),
        N_("Link the mail anew where you see it."),
    ),
    "answer_not_yours": Reason(
        _ANSWER,
        _UNCHANGED,
        N_("The notice that you answered was written to somebody else, or long ago."),
        N_("Link the mail where you see it."),
    ),
    "rehearsal": Reason(
        Kind.ANSWER,
        N_("What would become of your mail"),
        N_("You wrote to +test, so nothing was stored; this is what would have become of your mail."),
    ),
    # ---- many at once
    "digest": Reason(
        Kind.ANSWER, N_("Your mail of the day"), N_("This is what became of your mail."), generated=True
    ),
}

_IF_YOU = N_("If that was you, use the link or the code within 48 hours; if not, you need not do anything.")
_TELL = N_("If that was not you, tell whoever looks after your users.")

# ---- addresses and held mail: what users ask for, and what they must not miss
_OF_PEOPLE: Mapping[str, Reason] = {
    "confirm_address": Reason(
        Kind.ANSWER,
        N_("Confirm your address"),
        N_("Somebody asked that mail from %(address)s be filed as mail of %(name)s."),
        _IF_YOU,
        generated=True,
        link="confirm",
    ),
    "confirm_login": Reason(
        Kind.ANSWER,
        N_("Confirm your new login address"),
        N_("Somebody asked that %(address)s become the login address of %(name)s."),
        _IF_YOU,
        generated=True,
        link="confirm",
    ),
    "login_asked": Reason(
        Kind.ANSWER,
        N_("Your login address is to change"),
        N_("Somebody asked in your name that %(address)s become your login address, once it is confirmed."),
        _TELL,
        generated=True,
    ),
    "login_changed": Reason(
        Kind.ANSWER,
        N_("Your login address has changed"),
        N_("The login address of %(name)s is %(new)s now, and %(address)s no longer."),
        _TELL,
        generated=True,
    ),
    "confirm_held": Reason(
        Kind.ANSWER,
        N_("Is this mail yours?"),
        N_("A mail from %(author)s waits until you say that it may be filed as yours."),
        N_("If it may, use the link or the code; if not, delete it where you see your held mail."),
        generated=True,
        link="release",
    ),
    "held_expiring": Reason(
        Kind.ASKS,
        N_("Held mail will be deleted"),
        N_("Mail that waits for your word is deleted in %(days)s days."),
        _IN_FRONT_END,
        generated=True,
    ),
}
REASONS = {**REASONS, **_OF_PEOPLE}

_FAILURES = ("parser_", "filing_")
_FAILED = frozenset({"killed_its_filer", "raw_unavailable"})


def code_of(reason: str) -> str:
    """Return under which code the table has a reason of a delivery: all failures stand under one."""
    return "failed" if reason in _FAILED or reason.startswith(_FAILURES) else reason


def reason_of(code: str) -> Reason:
    """Return what is known of a reason; of one that a later version wrote, that something failed."""
    return REASONS.get(code_of(code), REASONS["failed"])


class _Args(dict[str, object]):
    """Args of a sentence; what was not given leaves a gap and never a failure."""

    def __missing__(self, name: str) -> str:
        return ""


def said(text: str, args: Mapping[str, object]) -> str:
    """Fill a sentence in; white space is folded, so that no arg starts a line of its own."""
    flat = {name: " ".join(str(value).split()) for name, value in args.items()}
    return text % _Args(flat)
