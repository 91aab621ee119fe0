"""Lines that begin with ">" and are no quotes: sessions of an interpreter, differences of files."""

import re
from collections.abc import Sequence

from bccd.mail.reply.parts import Kind

_LEAST = 12  # letters of a line by which it is looked for in the history
_SHARE = 0.6  # of the lines of a run that must look like code
_FIRST_LINES = 200  # of a run that are looked at
_CODE = re.compile(
    r"[\w.$@\[\]\"']{1,80}\s?(?:<-|:=|\+=|=)\s?\S|[\w.:$]{2,80}\(.{0,300}\)?\s?[;{,+]?\s?(?:#.{0,200})?\Z"
    r"|(?:library|require|import|from|def|class|return|select|insert|update|show|set|print|plot|for|if|while|use)\b"
    r"[^.?!]{0,200}\Z|[$#%{}].{0,300}\Z|.{0,300}[;{}]\s?\Z|\?\w{2,40}\Z"
)
_DIFFERENCE = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?")


def spare_code(lines: Sequence[str], kinds: list[Kind], quoted: Sequence[bool]) -> None:
    """Call new what begins with ">" above all attributions and is code, or stands nowhere in the history."""
    first = next((at for at, kind in enumerate(kinds) if kind is Kind.ATTRIBUTION), len(kinds))
    runs = [run for run in _runs(kinds, quoted, first) if _is_bare(lines, run)]
    if not runs:
        return
    below = _letters(lines[runs[-1][1] :]) if first < len(kinds) or _has_plain(kinds, quoted) else ""
    for start, end in runs:
        if _is_code(lines, start, end) or (below and not _is_repeated(lines[start:end], below)):
            kinds[start:end] = [Kind.NEW] * (end - start)


def _runs(kinds: Sequence[Kind], quoted: Sequence[bool], until: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    number = 0
    while number < until:
        start = number
        while number < until and quoted[number] and kinds[number] is Kind.QUOTED:
            number += 1
        if number > start:
            found.append((start, number))
        number += 1
    return found


def _is_bare(lines: Sequence[str], run: tuple[int, int]) -> bool:
    """Tell a run one deep, with no words that name a mail."""
    some = lines[run[0] : min(run[1], run[0] + _FIRST_LINES)]
    return all(line[:1] == ">" and line[1:2] != ">" for line in some) and not any(
        line.rstrip().endswith((":", "：")) or "@" in line for line in some[:2]
    )


def _has_plain(kinds: Sequence[Kind], quoted: Sequence[bool]) -> bool:
    """Tell whether history stands below that no sign marks as quoted."""
    return bool(kinds) and any(
        kind is Kind.QUOTED and not quoted[number] for number, kind in enumerate(kinds)
    )


def _is_code(lines: Sequence[str], start: int, end: int) -> bool:
    words = [line[1:].strip() for line in lines[start : min(end, start + _FIRST_LINES)]]
    words = [line for line in words if line]
    if not words:
        return False
    if start > 1 and lines[start - 1].strip() == "---" and lines[start - 2].startswith("< "):
        return True
    if start and _DIFFERENCE.fullmatch(lines[start - 1].strip()):
        return True
    coded = sum(1 for line in words if _CODE.match(line))
    return coded >= _SHARE * len(words)


def _is_repeated(run: Sequence[str], below: str) -> bool:
    """Tell whether a run, or a line of it, stands in the history, or says too little to tell."""
    found = [letters for line in run[:_FIRST_LINES] if len(letters := _letters([line])) >= _LEAST]
    return not found or any(letters in below for letters in found[:4])


def _letters(lines: Sequence[str]) -> str:
    return "".join(filter(str.isalnum, "".join(lines))).casefold()
