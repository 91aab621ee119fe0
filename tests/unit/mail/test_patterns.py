"""What every regular expression of the package keeps to."""

import re
from pathlib import Path

import bccd
from bccd.mail.fromfield import strict_from
from bccd.mail.words import unstructured

# A group that is repeated possessively and cannot end by failing at its start.
_LOOSE = re.compile(r"(?<!\(\?!\))(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+")


def test_no_possessive_group_forgets_where_it_stood() -> None:
    """Each ends with `|(?!)`: before 3.11.5 Python keeps half a round of it that failed (gh-106052).

    Debian 12 has such a Python. The empty alternative puts the position back, and holds no memory a round.
    """
    assert _LOOSE.search(r"(?:\.[a-z]++)*+") and not _LOOSE.search(r"(?:\.[a-z]++|(?!))*+")
    package = Path(bccd.__file__).parent
    lines = [
        f"{path.name}:{number}: {line.strip()}"
        for path in package.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _LOOSE.search(line)
    ]
    assert lines == []


def test_half_a_round_is_given_back() -> None:
    """On every Python: an address with a dot at its end is refused, and an encoded word has an end."""
    assert strict_from(b"From: ann.@acme.example\r\n").address == ""
    assert unstructured(b"=?utf-8?Q?Gr=C3=B6?= x") == "Grö x"
