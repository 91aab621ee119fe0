"""The page of `bccd explain --html`, and what the terminal shows of the same."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from bccd.cli import main
from bccd.cli.reading.facts import octets
from bccd.cli.reading.style import STYLE
from bccd.cli.reading.webpage import text_of, webpage
from bccd.mail.anatomy import anatomy
from bccd.mail.anatomy.layout import HEADER, NOTE, ORIGINAL
from bccd.mail.reply import Kind

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)><a href=javascript:alert(3)>x</a>\x1b[31m"
MAIL = f"""From: {EVIL} <eve@x.example>
To: {EVIL} <a@x.example>
Subject: {EVIL}
Message-ID: <{EVIL}>
List-ID: {EVIL}
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset="{EVIL}"

note {EVIL}

---------- Forwarded message ---------
From: {EVIL} <eve@x.example>
Date: Mon, Mar 2, 2026 at 10:00 AM
Subject: {EVIL}
To: {EVIL} <a@x.example>

{EVIL}
--b
Content-Type: application/x; name="{EVIL}"
Content-Disposition: attachment; filename="{EVIL}"

{EVIL}
--b
Content-Type: text/html

{EVIL}
--b--
"""
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "div", "span", "bdi"),
    *("h1", "h2", "p", "pre", "ul", "li", "table", "tr", "th", "td"),
}
VOID = {"meta"}


class Reader(HTMLParser):
    """Collects elements, attributes and text, and holds that every element is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page_of(text: str) -> str:
    would = {
        "state": EVIL,
        "reason": EVIL,
        "steps": [dict.fromkeys(("rule", "about", "verdict", "reason"), EVIL)],
    }
    return webpage(anatomy(text.replace("\n", "\r\n").encode()), would, EVIL)


def test_nothing_of_a_mail_becomes_markup() -> None:
    """Whatever a mail, a rule or an error says is text: no element, no attribute, no control character."""
    page = page_of(MAIL)
    read = Reader(page)
    assert set(read.names) <= ALLOWED
    assert {name for name, _ in read.attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "dir", "class", "scope", "role", "aria-label"
    }  # fmt: skip
    assert not any("alert" in value for _, value in read.attributes)
    assert "".join(read.text).count("<script>alert(1)</script>") >= 8
    assert "\x1b" not in page and "\u241b" in page


def test_the_page_needs_nothing_else() -> None:
    """No address to fetch from, and a policy that would forbid it; the style is allowed by its digest."""
    read = Reader(page_of(MAIL))
    policy = dict(zip(*[iter(v for _, v in read.attributes)] * 2, strict=False))["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert "url(" not in STYLE and "@import" not in STYLE


def test_a_text_that_turns_its_direction_is_told() -> None:
    """Controls that hide what a reader should see are shown; accents and Hebrew stay."""
    assert (
        text_of("fdp\u202eexe \x00 \x9b \udc80 שלום é\t\n") == "fdp\\u202eexe \u2400 \ufffd \ufffd שלום é\t\n"
    )


def test_every_part_of_the_text_has_name_and_colour() -> None:
    """The legend names the parts that are there, in words; each kind has a style of its own."""
    page = page_of(MAIL)
    assert 'class="part note"' in page and 'aria-label="forwarded header"' in page
    for kind in (*map(str, Kind), NOTE, HEADER, ORIGINAL):
        assert f".{kind} " in STYLE or f".{kind}," in STYLE
    assert "There is none." in webpage(anatomy(b""), None, "why")


def test_colours_can_be_read() -> None:
    """Ink and soft ink have a contrast of 4.5 on every ground, in light and dark (WCAG 2.2, 1.4.3)."""
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL):
        colours = dict(re.findall(r"--(\w+): #(\w+)", block))
        grounds = [name for name in colours if name not in ("ink", "soft", "line")]
        assert len(grounds) == 7
        assert all(contrast(colours[ink], colours[g]) >= 4.5 for ink in ("ink", "soft") for g in grounds)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    wide = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    parts = [int(wide[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("size", "shown"), [(5, "5 octets"), (2048, "2 KiB"), (3 * 2**20, "3.0 MiB")])
def test_a_size_is_told_in_its_unit(size: int, shown: str) -> None:
    """Octets, KiB, MiB."""
    assert octets(size) == shown


def test_the_command_writes_the_page_and_shows_the_same(tmp_path: Path) -> None:
    """To a file or to standard output; the terminal has the same sections in 80 columns."""
    mail = tmp_path / "m.eml"
    mail.write_bytes(MAIL.replace("\n", "\r\n").encode())
    run = CliRunner(env={"BCCD_CONFIG": "", "COLUMNS": "80"}).invoke
    done = run(main, ["explain", "--html", str(tmp_path / "out.html"), str(mail)])
    assert (done.exit_code, done.stdout) == (0, "")
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert run(main, ["explain", "--html", "-", str(mail)]).stdout == page
    shown = run(main, ["explain", str(mail)]).stdout
    assert "\x1b" not in shown and max(map(len, shown.splitlines())) <= 80
    titles = [
        title
        for title in re.findall(r"<h2>(.*?)</h2>", page)
        if title not in ("Text", "What the rules would do")
    ]
    at = [shown.index(f"-- {title} -") for title in titles]
    assert len(at) >= 4 and all(above < below for above, below in pairwise(at))
    assert run(main, ["explain", "--html", "-", "0" * 13]).exit_code == 2
    assert run(main, ["explain", "--json", "--html", "-", str(mail)]).exit_code == 2
    (tmp_path / "same").symlink_to(mail)
    before = mail.read_bytes()
    assert run(main, ["explain", "--html", str(tmp_path / "same"), str(mail)]).exit_code == 2
    assert mail.read_bytes() == before
    narrow = run(main, ["explain", str(mail)], env={"COLUMNS": "30"}).stdout
    assert max(map(len, narrow.splitlines())) <= 30
    assert "-- Mail ----------------------\n" in narrow


def test_a_long_line_is_cut_in_a_terminal(tmp_path: Path) -> None:
    """A mail of one line, as machines write, does not fill the screen; how much is missing is told."""
    mail = tmp_path / "m.eml"
    mail.write_bytes(b"Subject: x\r\n\r\n" + b"x" * 500_000)
    shown = CliRunner(env={"BCCD_CONFIG": "", "COLUMNS": "80"}).invoke(main, ["explain", str(mail)]).stdout
    assert len(shown) < 3000
    assert "| ... and 499000 more characters of this line; --json has all" in shown
