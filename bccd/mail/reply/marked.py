"""What the mark-up of a mail tells about the lines of its text: where quoted mail and signatures stand."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from bccd.mail.attribution import attribution_at
from bccd.mail.html import read_html
from bccd.mail.markup.sheet import Frame, Sheet
from bccd.mail.markup.signs import Role
from bccd.mail.reply.parts import Kind

_NEEDLE = 48  # letters by which a place in the HTML is found in the text
_LEAST = 12  # so few say too little
_SHIFT_CAP = 200  # lines of HTML that may be gone from above a text
_SIGNATURE_LINES = 40
_HEAD_LINES = 4  # above the first cited line of a frame: its attribution
_SIGNS = ("class=", "id=", "name=", "data-", "blockquote", "border")
_HISTORY = (Role.AROUND, Role.HEAD, Role.BEFORE)


def mark_by_markup(lines: Sequence[str], kinds: list[Kind], html: str) -> None:
    """Mark quoted mail and signatures that the clients' elements tell; adds to `kinds`.

    The text may be made from the HTML, or be the plain form of it.
    """
    if not may_tell(html):
        return
    sheet = read_html(html)
    page = _Page(lines, sheet)
    if page.same or all(kind is Kind.NEW for kind in kinds):
        for frame in sheet.frames:
            if frame.sign.role in _HISTORY:
                _mark_quoted(page, kinds, frame)
    for frame in sheet.frames:
        if frame.sign.role is Role.SIGNATURE:
            _mark_signature(page, kinds, frame)


def may_tell(html: str) -> bool:
    """Tell cheaply whether HTML may hold an element that says more than its text."""
    return any(sign in html for sign in _SIGNS)


class _Page:
    """The lines of a text beside the lines of its HTML."""

    def __init__(self, lines: Sequence[str], sheet: Sheet) -> None:
        self.lines = lines
        self.sheet = sheet
        self.shift = _shift(lines, sheet.lines)
        self.same = self.shift is not None
        self.marked = len(lines)  # from this line on all is history
        self._cited = [at for at, line in enumerate(sheet.lines) if line.startswith(">")]
        self._letters: str | None = None
        self._starts: dict[int, int] = {}

    def cited(self, first: int, end: int) -> int | None:
        """Return the first line of the HTML that is quoted, from one line to before another."""
        at = bisect_left(self._cited, first)
        return self._cited[at] if at < len(self._cited) and self._cited[at] < end else None

    def line_of(self, number: int) -> int | None:
        """Return the line of the text where the words begin that stand from a line of the HTML on."""
        if self.shift is not None:
            at = number - self.shift
            return at if 0 <= at <= len(self.lines) else None
        wanted = _letters_from(self.sheet.lines[number:], _NEEDLE)
        return self._starts.get(self._read().find(wanted)) if len(wanted) >= _LEAST else None

    def last_of(self, number: int, words: Sequence[str]) -> int | None:
        """Return the last line of the text where these words of the HTML stand, from its line `number` on."""
        if self.shift is not None:
            return self.line_of(number)
        wanted = _letters_from(words, _NEEDLE)
        return self._starts.get(self._read().rfind(wanted)) if wanted else None

    def above(self, first: int, kinds: Sequence[Kind]) -> int:
        """Return where the attribution above a line begins, or the line."""
        last = first - 1
        while last > 0 and not self.lines[last].strip():
            last -= 1
        if last < 0 or kinds[last] is not Kind.NEW:
            return first
        found = attribution_at(self.lines, last, cited=True)
        return found.first if found else first

    def _read(self) -> str:
        """Read the letters of the text, and where each line begins among them."""
        if self._letters is not None:
            return self._letters
        pieces: list[str] = []
        length = 0
        for number, line in enumerate(self.lines):
            letters = _letters(line)
            if letters:
                self._starts.setdefault(length, number)
                pieces.append(letters)
                length += len(letters)
        self._letters = "".join(pieces)
        return self._letters


def _shift(lines: Sequence[str], page: Sequence[str]) -> int | None:
    """Return how many lines of the HTML were cut off above the text; None where the text is another."""
    if not page:
        return None
    first = next((line for line in lines if line.strip()), "")
    for number, line in enumerate(page[: min(max(len(page) - len(lines) + 1, 0), _SHIFT_CAP)]):
        if line == first:
            at = lines.index(first)
            same = list(page[number - at : number - at + len(lines)]) == list(lines)
            return number - at if same else None
    return None


def _letters(line: str) -> str:
    return "".join(filter(str.isalnum, line)).casefold()


def _letters_from(lines: Iterable[str], enough: int) -> str:
    found = ""
    for line in lines:
        found += _letters(line)
        if len(found) >= enough:
            break
    return found[:enough]


def _mark_quoted(page: _Page, kinds: list[Kind], frame: Frame) -> None:
    """Mark what stands in a frame of quoted mail, or below the sign that begins one."""
    sheet = page.sheet
    end = frame.last
    if frame.sign.role is Role.AROUND:
        cited = page.cited(frame.first, end)
        if cited is not None and (page.same or _is_answered(sheet, cited, end)):
            # Its lines tell more, for answers may stand between them; but not what stands above the first.
            end = cited if cited - frame.first <= _HEAD_LINES else frame.first
    first = page.line_of(frame.first)
    if first is None or end == frame.first or not _is_new(page.lines, kinds, 0, first):
        return
    first = page.above(first, kinds)
    last = len(kinds)
    if frame.sign.role is Role.AROUND and end < len(sheet.lines):
        last = page.line_of(end) or last
    if last == len(kinds):  # what an earlier frame has marked down to the end needs no second look
        last, page.marked = page.marked, min(first, page.marked)
    for number in range(first, last):
        if kinds[number] is Kind.NEW:
            kinds[number] = Kind.QUOTED


def _is_answered(sheet: Sheet, first: int, end: int) -> bool:
    """Tell whether lines that are not cited stand between or below those that are."""
    return any(line and not line.startswith(">") for line in sheet.lines[first:end])


def _mark_signature(page: _Page, kinds: list[Kind], frame: Frame) -> None:
    """Mark a signature that the client set apart, unless there would be nothing new left."""
    words = [line for line in page.sheet.lines[frame.first : frame.last] if line.strip()]
    if not 0 < len(words) <= _SIGNATURE_LINES:
        return
    first = page.last_of(frame.first, words)
    if first is None:
        return
    last = first
    left = len("".join(map(_letters, words)))
    while last < len(kinds) and left > 0 and kinds[last] is Kind.NEW:
        left -= len(_letters(page.lines[last]))
        last += 1
    if left or not (_is_new(page.lines, kinds, 0, first) or _is_new(page.lines, kinds, last, len(kinds))):
        return
    kinds[first:last] = [Kind.SIGNATURE] * (last - first)


def _is_new(lines: Sequence[str], kinds: Sequence[Kind], first: int, last: int) -> bool:
    """Tell whether words of the sender stand among the lines."""
    return any(kinds[number] is Kind.NEW and lines[number].strip() for number in range(first, last))
