"""The answer to a rehearsal in words: the decision record, line by line, in the language of its reader.

Steps are written in English where they are decided. Each piece of one is looked up here; one that holds a
name or a number is told by its pattern. What is not known is shown as it was written.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from bccd.outbound.words import Words
from bccd.rules.reasons import N_

_RULES: Mapping[str, str] = {
    "evidence": N_("Evidence"),
    "submitter": N_("Sender"),
    "original": N_("Forwarded mail"),
    "forward": N_("Forward"),
    "direction": N_("Direction"),
    "automatic": N_("Automatic mail"),
    "match": N_("Address"),
    "organisation": N_("Organisation"),
    "contact": N_("New contact"),
    "deal": N_("Deal"),
    "conversation": N_("Conversation"),
    "identity": N_("Same mail"),
    "sharing": N_("Visibility"),
    "note": N_("Your note"),
    "failure": N_("Error"),
}
_OUTCOMES: Mapping[str, str] = {
    "filed": N_("It would be filed."),
    "held": N_("It would be held until you decide."),
    "set_aside": N_("It would be set aside, and not filed."),
    "failed": N_("It could not be read, and would be kept for whoever runs bccd."),
}
_PHRASES: Sequence[str] = (
    # verdicts
    N_("pass"), N_("fail"), N_("none"), N_("linked"), N_("linked, too"), N_("not linked"), N_("suggested"),
    N_("not a candidate"), N_("outgoing"), N_("incoming"), N_("internal"), N_("held"), N_("set aside"),
    N_("set_aside"), N_("candidate"), N_("visible"), N_("unknown"), N_("user"), N_("service"),
    N_("never_log"), N_("excluded"), N_("several contacts"), N_("left out"), N_("main counterparty"),
    N_("not created"), N_("started"), N_("joined"), N_("merged"), N_("related"), N_("kept apart"),
    N_("already owned"), N_("shared"), N_("private"), N_("as it was"), N_("in the raw mail only"),
    N_("nobody"), N_("would be created"), N_("forward_inline"), N_("forward_attached"), N_("failed"),
    N_("user %(number)s"), N_("contact %(number)s, %(name)s"), N_("contact %(number)s"),
    N_("contact %(number)s, %(name)s: linked, too"), N_("contact %(number)s, %(name)s: suggested"),
    N_("organisation %(number)s, %(name)s"), N_("owner %(number)s added"),
    N_("%(count)s earlier mails settled"),
    # what a step is about
    N_("rule %(number)s"), N_("deal %(id)s, %(title)s"), N_("deal %(id)s"), N_("conversation %(number)s"),
    N_("message %(number)s"),
    # reasons
    N_("trusted_network"), N_("login"), N_("dkim"), N_("spf"), N_("found here"),
    N_("%(who)s says so"), N_("%(who)s says so: %(detail)s"), N_("with %(names)s"),
    N_("a forward to nobody outside: what it forwards is filed"),
    N_("a forward to nobody outside: what it forwards is filed; known by %(marks)s"),
    N_("only our own people take part"), N_("nobody takes part but parties on the never-log list"),
    N_("nobody but the drop address can be seen: write the customer into To"),
    N_("the forwarded mail does not say who wrote it: the user must"),
    N_("the forwarded mail names him in a place that is no proof"),
    N_("the customer could see the drop address"), N_("the customer could read it in the text"),
    N_("it came by way of a mailing list, nobody filed it deliberately"),
    N_("the mail is automatic: %(kind)s"),
    N_("no contact has this address"), N_("a user's address, not confirmed yet"),
    N_("the only contact with this address"), N_("a drop address of the company"),
    N_("a user of the company"), N_("a former user of the company"), N_("an internal domain"),
    N_("on the never-log list"), N_("on the user's own never-log list"),
    N_("the address of a mailing list"), N_("the address of a machine"), N_("it has this domain"),
    N_("%(which)s, of %(count)s contacts with this address"),
    N_("one of %(count)s contacts with this address: the user chooses"),
    N_("the active one"), N_("the submitter's own"), N_("the one with an open deal"),
    N_("the most recently active"), N_("the oldest"),
    N_("created, to be checked"), N_("created from this mail"), N_("the mail is private"),
    N_("the company creates no contacts by itself"),
    N_("%(count)s unknown parties are too many for one mail"),
    N_("nobody reads what is sent to it"), N_("it is the address of a role"),
    N_("it is a user's address, not confirmed yet"),
    N_("named in the address"), N_("named in the address, though it is %(status)s"),
    N_("the company has no such deal"), N_("the only open deal of the main counterparty"),
    N_("the main counterparty has no open deal"), N_("it is won"), N_("it is lost"),
    N_("one of %(count)s open deals: the user chooses"),
    N_("one of %(count)s open deals: the user chooses; %(hints)s"),
    N_("a mail of this conversation with the same counterparty carries it"),
    N_("mass mail is linked to contacts alone"),
    N_("the company has switched automatic deal links off"), N_("a user rejected it here"),
    N_("no message shares an id"), N_("a message shares an id"),
    N_("the same mail stands already"), N_("another mail has this id and other content"),
    N_("the address says +private"), N_("the user's default"),
    N_("+private changes no copy that stands"), N_("a copy keeps the note that came first"),
    N_("it comes from an address of a team"), N_("the password was given in SMTP AUTH"),
    N_("much the same mail, and not surely the same"), N_("an automatic mail raises no deal: %(kind)s"),
    N_("a user took it away from here"), N_("this mail ties it to %(numbers)s"),
    N_("%(who)s asks for answers there"),
    N_("%(count)s other automatic mails of the user within %(minutes)s minutes"),
    N_("it answers the notice about a loop"), N_("bccd itself has written it"),
    N_("he stood in Bcc, and others would see it"),
)  # fmt: skip
_HOLE = re.compile(r"%\((\w+)\)s")
_MOST, _LONGEST = 100, 300  # lines, and characters of a piece that may hold others


def lines(args: Mapping[str, object], words: Words) -> tuple[str, ...]:
    """Return what a rehearsal found, a line each, the outcome first."""
    would, _, _ = str(args.get("would", "")).partition(": ")
    first = [words.text(_OUTCOMES[would])] if would in _OUTCOMES else []
    steps = args.get("steps")
    told = [_line(step, words) for step in steps[:_MOST]] if isinstance(steps, list | tuple) else []
    return (*first, *filter(None, told))


def _line(step: Any, words: Words) -> str:
    """Write a step: what it is about, what was found, and why."""
    if not isinstance(step, list | tuple) or len(step) != 4:  # noqa: PLR2004 - rule, about, verdict, reason
        return ""
    rule, about, verdict, reason = (str(piece) for piece in step)
    label = words.text(_RULES[rule]) if rule in _RULES else rule
    head = f"{label}: {say(about, words)}" if about else label
    why = f" ({say(reason, words)})" if reason else ""
    return f"{head}: {say(verdict, words)}{why}"


def say(piece: str, words: Words) -> str:
    """Translate one piece of a step, as far as it is known."""
    if piece in _exact():
        return words.text(piece)
    for template, pattern in _patterns() if len(piece) <= _LONGEST else ():
        found = pattern.fullmatch(piece)
        if found:
            pieces = {name: say(value, words) for name, value in found.groupdict().items()}
            return words.text(template, pieces)
    return piece


@cache
def _exact() -> frozenset[str]:
    return frozenset(phrase for phrase in _PHRASES if "%(" not in phrase)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return phrases with holes, those first that say most besides them."""
    holed = sorted((phrase for phrase in _PHRASES if "%(" in phrase), key=_weight, reverse=True)
    return tuple((phrase, _pattern(phrase)) for phrase in holed)


def _weight(phrase: str) -> int:
    return len(_HOLE.sub("", phrase))


def _pattern(phrase: str) -> re.Pattern[str]:
    pieces = _HOLE.split(phrase)
    built = "".join(
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>.+?)" for place, piece in enumerate(pieces)
    )
    return re.compile(built, re.DOTALL)
