"""New text and quoted history told apart, line by line, by shape first and by a few languages second."""

import re

_MARKER = re.compile(
    r"""
    \s*[-_*=–—]{2,}\s*
    (?: original[ ]message | original[ ]appointment | reply[ ]message | reply[ ]separator
      | wiadomość[ ]oryginalna | oryginalna[ ]wiadomość | wiadomość[ ]pierwotna
      | ursprüngliche[ ]nachricht | ursprüngliche[ ]mail | message[ ]d'origine | mensaje[ ]original
      | messaggio[ ]originale | oorspronkelijk[ ]bericht | 邮件原件 | 原始邮件 | 原始郵件 )
    \s*[-_*=–—]{2,}\s*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_RULE = re.compile(r"\s*[_-]{20,}\s*")
# As in: On Mon, 16 Nov 2026, Anna wrote / W dniu 16.11.2026 o 10:00, Anna pisze / 16 lis, Anna napisał(a)
_WROTE = re.compile(
    r"(?:\bwrote|\bschrieb|\ba écrit|\bescribió|\bha scritto|\bpisze|\bnapisał(?:\(a\)|a|/a)?"
    r"|写道|寫道|napsala?|skrev|escreveu)[^\n]{0,60}[:：]\s*\Z",
    re.IGNORECASE,
)
_WROTE_START = re.compile(
    r"(?:\bon\b|\bam\b|\ble\b|\bel\b|\bil\b|\bw dniu\b|\bdnia\b|[a-zśź]{2,4}\.?, |\d)", re.IGNORECASE
)
_DATE = re.compile(r"\d{1,2}[:.]\d{2}|\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d年")
_WHO = re.compile(r"@|[^\W\d_]{2,}")
_LABEL = re.compile(r"[\s>*]{0,4}([^\W\d][^:：\n]{0,30}?)\*?\s?[:：]\*?(?:[ \t\xa0]+(\S.*))?\Z")
_SENDER_WORDS = "from od von de da van fra från lähettäjä feladó от отправитель 发件人 寄件者 差出人"
_SENDER_LABELS = frozenset(_SENDER_WORDS.split())
_LINE_CAP = 400  # characters; no attribution or label is longer
_LABELS_OF_BLOCK = 3
_BLOCK_LINES = 6
_FOLDS = 2  # lines after the first that an attribution may take


def new_text(text: str, *, reply: bool) -> str:
    """Return the sender's own words; `reply` says that a block of header lines is history, too."""
    lines = text.split("\n")
    end = _history_start(lines, reply=reply)
    kept: list[str] = []
    for index, line in enumerate(lines[:end]):
        if not line.startswith(">"):
            kept.append(line)
        elif kept and (index == 0 or not lines[index - 1].startswith(">")):
            # An answer between quoted lines: only the attribution above the quote goes with it.
            _drop_attribution(kept)
    return "\n".join(kept).strip()


def _history_start(lines: list[str], *, reply: bool) -> int:
    """Return the index of the first line that is history to the end of the mail."""
    for index, line in enumerate(lines):
        if not line or len(line) > _LINE_CAP:
            continue
        if line[-1] in ":： " and _is_attribution(lines, index):
            return _attribution_start(lines, index)
        if line.lstrip()[:1] in "-_*=–—" and _is_marker(lines, index):
            return index
        if reply and (":" in line or "：" in line) and _is_block(lines, index):
            return index
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    return end


def _attribution(lines: list[str], last: int) -> tuple[int, str]:
    """Return where an attribution that ends in line `last` begins, and its words in one line."""
    first = last
    words = lines[last].strip()
    while last - first < _FOLDS and first and not _WROTE_START.match(words):
        above = lines[first - 1].strip()
        if not above or len(above) > _LINE_CAP or above.startswith(">") or above[-1] in ".:!?：":
            break
        first -= 1
        words = f"{above} {words}"
    return first, words


def _attribution_start(lines: list[str], last: int) -> int:
    return _attribution(lines, last)[0]


def _is_attribution(lines: list[str], last: int) -> bool:
    """Tell a line that says who wrote what follows: by its verb, or by its shape above a quote."""
    line = lines[last].rstrip()
    if not line.endswith((":", "：")):
        return False
    words = _attribution(lines, last)[1]
    dated = bool(_DATE.search(words)) and bool(_WHO.search(words))
    if dated and _WROTE.search(words):
        return not _answers_follow(lines, last)
    below = next((text for text in lines[last + 1 : last + 3] if text.strip()), "")
    return dated and below.startswith(">") and not _answers_follow(lines, last)


def _answers_follow(lines: list[str], last: int) -> bool:
    """Tell whether text stands between or below the quoted lines that follow: then only those are history."""
    quoted = False
    for line in lines[last + 1 :]:
        if line.startswith(">"):
            quoted = True
        elif line.strip():
            # Without any ">" the history is plain text, down to the end.
            return quoted
    return False


def _drop_attribution(kept: list[str]) -> None:
    last = len(kept) - 1
    while last >= 0 and not kept[last].strip():
        last -= 1
    if last < 0 or not kept[last].rstrip().endswith((":", "：")):
        return
    first, words = _attribution(kept, last)
    if _DATE.search(words) or _WROTE.search(words):
        del kept[first:]


def _is_marker(lines: list[str], index: int) -> bool:
    """Tell a line that parts the history off: by its words, or a rule with header lines below it."""
    line = lines[index]
    if _MARKER.fullmatch(line):
        return True
    if not _RULE.fullmatch(line):
        return False
    below = next((at for at in range(index + 1, min(index + 3, len(lines))) if lines[at].strip()), -1)
    return below >= 0 and _is_block(lines, below)


def _is_block(lines: list[str], index: int) -> bool:
    """Tell whether From, Sent, To and Subject lines begin here: three labels, one address, one date."""
    below = lines[index + 1 : index + _BLOCK_LINES]
    if sum(":" in line or "：" in line for line in below) < _LABELS_OF_BLOCK - 1:
        return False
    first = _LABEL.match(lines[index])
    if first is None or not first[2]:
        return False
    sender = first[1].strip(" *\xa0").casefold().replace(" ", "") in _SENDER_LABELS
    if not sender and "@" not in lines[index]:
        return False
    labelled = [line for line in (lines[index], *below) if _is_label(line)]
    return len(labelled) >= _LABELS_OF_BLOCK and bool(_DATE.search(" ".join(labelled)))


def _is_label(line: str) -> bool:
    return len(line) <= _LINE_CAP and _LABEL.match(line) is not None
