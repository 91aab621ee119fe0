"""Labelled lines of one language that follow each other, with what folds between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bccd.mail.forward.labels import ANY, LISTS, Label, Meaning, Role, rank
from bccd.mail.forward.markers import marker_of
from bccd.mail.forward.page import Page
from bccd.mail.forward.verdict import RAW_FIELD

_WRAP = 76  # Gmail folds its text part at 78 columns, others at 76
_LONGEST_WRAP = 84  # a line that is longer, its label included, was not wrapped at all
_SHORT_WRAP = 66
_LONG_SUBJECT = 50
_SHORT_LIST = 50
_SHORT_NAME = 30
_FOLDED_LIST = 5000  # lines of a To field
_FOLDED = 3  # lines of any other field

# Any other "Word: value", a field that the tables do not know.
_FIELD = re.compile(r"[^\W\d](?:[^\s:@<>,;\"]{0,20} ?){1,3}[:：](?:\s|$)")
_MAIN = frozenset({Role.SENDER, Role.TO, Role.DATE, Role.SUBJECT})
_UNFINISHED = (",", ";", "-")
_OPENED = ("<", "[mailto:")
_BRACKETS = (("<", ">"), ("[", "]"), ("(", ")"))
_LISTING = re.compile(r"[@<>,;\[\]()]")
_HYPHEN = re.compile(r"\w-\Z")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The languages that all labels so far belong to; for each role the place of its label among them."""

    roles: Mapping[str, Mapping[Role, int]]
    size: int = 0  # how many labels there were


_NOTHING = Fit({})


@lru_cache(maxsize=512)  # headers of a client have the same labels in the same order: a fifth of their time
def _narrowed(fit: Fit, label: Meaning) -> Fit | None:
    """Add a label; None where it speaks another language or repeats a role."""
    known: dict[str, Mapping[Role, int]] = {}
    for language, seen in (fit.roles or _unseen(label)).items():
        role = label.roles.get(language) or label.roles.get("en")
        if role and role not in seen:
            known[language] = {**seen, role: fit.size}
    known = known or _joined_by(fit, label)
    if known:
        return Fit(known, fit.size + 1)
    return Fit(fit.roles, fit.size + 1) if ANY in label.roles else None


def _joined_by(fit: Fit, label: Meaning) -> dict[str, Mapping[Role, int]]:
    """Let a local label follow English ones: some clients translate the sender's label alone."""
    seen = fit.roles.get("en")
    if seen is None:
        return {}
    found = ((language, role) for language, role in label.roles.items() if language != ANY)
    return {language: {**seen, role: fit.size} for language, role in found if role not in seen}


def _unseen(label: Meaning) -> Mapping[str, Mapping[Role, int]]:
    return {language: {} for language in label.roles if language != ANY}


@lru_cache(maxsize=256)
def told_by(fit: Fit) -> tuple[str, Mapping[int, Role]] | None:
    """Choose the likeliest language that knows the sender's line, and give the role of each label in it."""
    known = [language for language, roles in fit.roles.items() if Role.SENDER in roles]
    if not known:
        return None
    language = min(known, key=rank)
    return language, {place: role for role, place in fit.roles[language].items()}


def _is_plain(text: str) -> bool:
    return _LISTING.search(text) is None


@dataclass(slots=True)
class Run:
    """Labelled lines being read: their values and the lines that may continue the last one."""

    fit: Fit
    values: list[tuple[int, list[str]]]
    pending: list[str]
    last: Label
    technical: bool = False

    def can_fold(self, text: str, *, in_list: bool) -> bool:
        """Tell whether a line may still belong to the last field, should another field follow."""
        if len(self.pending) < _FOLDED:
            return True
        if not in_list or len(self.pending) >= _FOLDED_LIST:
            return False
        return not all(_is_plain(line) for line in (text, *self.pending[-_FOLDED + 1 :]))

    def add(self, number: int, label: Label, fit: Fit) -> None:
        if self.pending:
            in_subject = Role.SUBJECT in self.last.meaning.known
            self.values[-1][1].extend(line for line in self.pending if in_subject or not _FIELD.match(line))
            self.technical = self.technical or any(RAW_FIELD.match(line) for line in self.pending)
            self.pending = []
        self.last = label
        self.fit = fit
        self.technical = self.technical or label.meaning.technical
        self.values.append((number, [label.value]))


def read_run(page: Page, start: int) -> tuple[Run, int]:
    """Read labelled lines and what folds between them; give the run and the line behind its last label."""
    run = Run(_NOTHING, [], [], page.labels[start])
    texts, depths, labels = page.texts, page.depths, page.labels
    depth, number, end, blanks = depths[start], start, start, 0
    while number < len(texts):
        text = texts[number]
        label = labels.get(number)
        if depths[number] != depth:
            if not _lost_quoting(page, number, run):
                break
            run.pending.append(text)
            number += 1
            continue
        fit = _narrowed(run.fit, label.meaning) if label else None
        if label and fit:
            run.add(number, label, fit)
            end = number + 1
        elif text:
            if label or not run.can_fold(text, in_list=_is_list(page, run.values[-1][0])):
                break
            run.pending.append(text)
        else:
            following = labels.get(number + 1)
            fit = _narrowed(run.fit, following.meaning) if following else None
            # Fields may stand as paragraphs, all of them, or some of those that a header must have.
            if fit is None or (blanks != len(run.values) - 1 and not _completes(run.fit, fit)):
                break
            blanks += 1
        number += 1
    return run, end


def _completes(before: Fit, after: Fit) -> bool:
    """Tell whether a label adds a field that no header goes without."""
    told = ((roles.keys(), before.roles.get(language, {}).keys()) for language, roles in after.roles.items())
    return any((now - known) & _MAIN for now, known in told)


def _lost_quoting(page: Page, number: int, run: Run) -> bool:
    """Tell whether a line of a list was wrapped after it was quoted, so that its rest stands outside."""
    text = page.texts[number]
    if not run.values or not _is_list(page, run.values[-1][0]) or not any(mark in text for mark in "@<>,;"):
        return False
    below = number + 1
    if below >= len(page.texts) or not page.texts[below]:
        return False
    return page.depths[below] == page.depths[run.values[0][0]]


def _is_list(page: Page, number: int) -> bool:
    return page.labels[number].meaning.listing


def take_folded(run: Run, last: Role, page: Page, end: int) -> int:
    """Give the last field the lines that fold it, and nothing of the text that follows."""
    parts = run.values[-1][1]
    if run.pending and not any(parts) and all(not values[0] for _, values in run.values):
        parts.append(run.pending.pop(0))  # each value stands below its label
        end += 1
    previous = page.texts[end - 1]
    for text in run.pending:
        if last in LISTS:
            belongs = _goes_on_listing(page, end, previous, text)
        else:
            belongs = last is Role.SUBJECT and _goes_on(page, end, previous, text)
        if not belongs:
            break
        parts.append(text)
        previous = text
        end += 1
    return end


def _goes_on_listing(page: Page, number: int, previous: str, text: str) -> bool:
    """Tell whether line `number` goes on with the list of people above it."""
    following = page.texts[number + 1] if number + 1 < len(page.texts) else ""
    if previous.endswith(_UNFINISHED) or text.startswith(_OPENED) or following.startswith(_OPENED):
        return True
    if any(previous.rfind(opened) > previous.rfind(closed) for opened, closed in _BRACKETS):
        return True
    if not _is_wrapped(previous, text, _SHORT_WRAP):
        # It may be wrapped inside a name, whose address is on the next line.
        return len(previous) > _SHORT_LIST and "<" in text and "@" in text and not previous.endswith(">")
    if any(mark in text for mark in "@<>;"):
        return True
    # The last word or two of a name: below the header stands an empty line.
    return not following and len(text) < _SHORT_NAME and text[-1] not in ",.!?:;"


def _is_wrapped(previous: str, text: str, width: int) -> bool:
    return len(previous) + 1 + len(text.partition(" ")[0]) > width


def _goes_on(page: Page, number: int, previous: str, text: str) -> bool:
    """Tell whether line `number`, with an empty line below it, goes on with the subject above it."""
    after = page.texts[number + 1] if number + 1 < len(page.texts) else ""
    if after or len(previous) > _LONGEST_WRAP or marker_of(text):
        return False
    if _is_wrapped(previous, text, _WRAP):
        return True
    if text[-1] in ",.!?:;" or len(text) >= _WRAP:
        return False
    # format=flowed leaves a space where it wraps.
    flowed = page.raw[number - 1].endswith(" ") and len(previous) > _LONG_SUBJECT
    return flowed or _is_wrapped(previous, text, _SHORT_WRAP)


def joined(parts: Sequence[str]) -> str:
    """Join the lines of a value; what was wrapped behind a hyphen had no space there."""
    out: list[str] = []
    for part in parts:
        if part:
            wrapped = bool(out) and part[0].isalnum() and _HYPHEN.search(out[-1][-2:])
            out += [part] if wrapped or not out else [" ", part]
    return "".join(out)
