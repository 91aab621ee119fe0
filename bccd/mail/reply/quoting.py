"""Which lines are quoted, by the sign they begin with."""

import re
from collections.abc import Sequence

from bccd.mail.forward.lines import visible

_BLANKS = " \t\xa0"
_INDENT = 3  # more blanks before the sign, and it is code or a table
# Of Python and of SMTP: quoting three deep looks alike, but for the code.
_PROMPT = re.compile(
    r">>> (?:(?i:(?:MAIL FROM|RCPT TO):|DATA$|HELO |EHLO |QUIT$)"
    r"|import \S+|from \S+ import |(?:def|class) \S+[(:]|(?:for|while|if|with) .*:$|print\b|[#@'\"({\[]"
    r"|[\w.\[\]'\"]+ ?[=(\[+*/-]|\w+[._]\w+$)"
)
_SESSION = 0.6  # of the lines of a run that must look so
_WRAPPED_FROM = 66  # characters of a quoted line that a client may have broken
_STRAY = 44  # characters of what it then left on the next line without a sign
_ENDS_SENTENCE = frozenset(".?!:;。？！：…)")
# Initials or a name before the sign: "JD> text", "Richard> text".
_NAMED = re.compile(r"[ \t]{0,8}([^\W\d_][\w.-]{0,15}) ?>(?= |$|>)")
_OTHER_SIGNS = re.compile(r"[ \t]{0,8}([|}>]|:(?= ))(?= |$|\1|[^\W_])")
# What shells and databases print before a command.
_PROMPT_WORDS = """
    ps sql mysql sqlite psql postgres ftp sftp hive irb pry gdb lldb mariadb telnet node iex ghci scala spark
    cqlsh redis mongo octave maxima prolog dsh csh bash zsh sh root bin usr
"""
_PROMPTS = frozenset(_PROMPT_WORDS.split())
_INITIALS = 3
_COLONS = ":："
_FIRST = "|}: \t"


def quoted_lines(lines: Sequence[str]) -> list[bool]:
    """Tell for each line whether it begins with ">" as quoted lines do."""
    found = [
        line != "" and (line[0] == ">" or (not line[0].isalnum() and _is_quoted(line))) for line in lines
    ]
    if True not in found:
        return found
    for number in [number for number, line in enumerate(lines) if _is_doubtful(line, found, number)]:
        line = lines[number]
        if found[number]:
            found[number] = not (_is_alone(line, found, number) or _closes_address(lines, number))
        else:
            found[number] = found[number - 1] and _is_stray(lines[number - 1], line)
    if any(line[:3] == ">>>" for line in lines):
        _spare_sessions(lines, found)
    return found


def _is_doubtful(line: str, found: Sequence[bool], number: int) -> bool:
    """Tell a line whose sign, or want of one, may say nothing."""
    if found[number]:
        return line[0] == ">" and (line[:6] == ">From " or line.rstrip()[-1] in _COLONS)
    return line != "" and 0 < number < len(found) - 1 and found[number - 1] and found[number + 1]


def _spare_sessions(lines: Sequence[str], found: list[bool]) -> None:
    """Call sessions of an interpreter not quoted."""
    number = 0
    while number < len(lines):
        start = number
        while number < len(lines) and found[number]:
            number += 1
        if number > start and lines[start].startswith(">>>") and _is_session(lines[start:number]):
            found[start:number] = [False] * (number - start)
        number += 1


def _is_quoted(line: str) -> bool:
    first = line[:1]
    if first == ">":
        return True
    if not first or first.isalnum():
        return False
    if first in "&＞":
        return first == "＞" or line.startswith("&gt;")
    if first not in _BLANKS:
        if first.isascii():
            return False
        line = visible(line)
    start = 0
    while start < _INDENT and line[start : start + 1] in ("\xa0", " "):
        start += 1
    return line[start : start + 1] == ">"


def _is_alone(line: str, found: Sequence[bool], number: int) -> bool:
    """Tell a ">From " that a mail store wrote (mbox) from quoting."""
    if not line.startswith(">From "):
        return False
    before = number > 0 and found[number - 1]
    after = number + 1 < len(found) and found[number + 1]
    return not before and not after


def _closes_address(lines: Sequence[str], number: int) -> bool:
    """Tell a ">" that closes an address broken over lines, as in "<anna@acme.example" and "> wrote:"."""
    if lines[number].rstrip()[-1] not in _COLONS or len(lines[number]) > _STRAY:
        return False
    above = " ".join(lines[max(number - 2, 0) : number])
    return not lines[number - 1].startswith(">") and above.count("<") > above.count(">")


def _is_session(run: Sequence[str]) -> bool:
    """Tell a session from quoting three deep, which has one or two deep around it, or prose in it."""
    if any(line.rstrip() != ">>>" and not line.startswith(">>> ") for line in run):
        return False
    said = [line.rstrip() for line in run if line.rstrip() != ">>>"]
    if any(line.endswith(">>>") or (line[4:5] in "\"'" and "@" in line) for line in said):
        return False
    return sum(1 for line in said if _PROMPT.match(line)) >= _SESSION * max(len(said), 1) and bool(said)


def _is_stray(above: str, line: str) -> bool:
    """Tell the end of a quoted line that a client broke without a sign on the next."""
    if len(above) < _WRAPPED_FROM or len(line) > _STRAY or above.rstrip()[-1:] in _ENDS_SENTENCE:
        return False
    return not line[0].isupper()


def may_be_quoted(line: str) -> bool:
    """Tell a line that begins with another sign of quoting: "| text", "} text", "Richard> text"."""
    if line[0] in _FIRST:
        return _OTHER_SIGNS.match(line) is not None or _NAMED.match(line) is not None
    return ">" in line[:20] and _NAMED.match(line) is not None


def other_quoted(lines: Sequence[str], start: int) -> int:
    """Return the end of a run under an attribution that begins with such a sign."""
    match = _OTHER_SIGNS.match(lines[start]) or _NAMED.match(lines[start])
    if match is None:
        return start
    sign = match[1]
    return _run_of(lines, start, sign if len(sign) == 1 and not sign.isalpha() else f"{sign}>")


def named_runs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Find runs of two lines or more that begin with the same initials and ">"."""
    found: list[tuple[int, int]] = []
    behind = 0
    for number, line in enumerate(lines):
        if ">" not in line[:12] or line[0] == ">" or number < behind:
            continue
        match = _NAMED.match(line)
        if match is None or len(match[1]) > _INITIALS or match[1].casefold() in _PROMPTS:
            continue
        end = _run_of(lines, number, f"{match[1]}>")
        behind = max(end, number + 1)
        if end - number > 1 and sum(1 for at in range(number, end) if lines[at].strip()) > 1:
            found.append((number, end))
    return found


def _run_of(lines: Sequence[str], start: int, sign: str) -> int:
    """Return the end of the run; blank lines inside belong to it."""
    end = number = start
    while number < len(lines):
        text = lines[number].lstrip(_BLANKS)
        if text.startswith(sign):
            end = number + 1
        elif text:
            break
        number += 1
    return end
