"""HTML to text: what a reader would see, and nothing else."""

import pytest

from bccd.mail.flowed import unflowed
from bccd.mail.html import HTML_CAP, html_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p class=MsoNormal>a</p><p class='MsoNormal'>b</p>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div>a<br></div><div>b</div>", "a\nb"),
        ("a<br>b<br/>c<BR />d", "a\nb\nc\nd"),
        ("a\n  b\tc", "a b c"),
        ("a&nbsp;b &amp; c &lt;d&gt; &#322; &euro;", "a b & c <d> ł €"),
        ("<b>a</b><i>b</i>", "ab"),
        (
            "<table><tr><td>From:</td><td>Anna</td></tr><tr><td>To:</td><td>Bob</td></tr></table>",
            "From: Anna\nTo: Bob",
        ),
        ("<ul><li>a<li>b</ul>c", "- a\n- b\nc"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol><ul><li>d</ul>", "1. a\n  - b\n2. c\n- d"),
        ("</ol><li>a", "- a"),
        ("<pre>a\n  b\n\nc</pre>d\ne", "a\n  b\n\nc\nd e"),
        ('see <a href="https://acme.example/x">this</a> now', "see this <https://acme.example/x> now"),
        (
            "<a class=b href=https://acme.example/?a=1&amp;b=2>this</a>",
            "this <https://acme.example/?a=1&b=2>",
        ),
        ('<a href="https://acme.example/"><b>https://acme.example</b></a>', "https://acme.example"),
        ('<a href="mailto:a@acme.example?subject=x">a@acme.example</a>', "a@acme.example"),
        ('<a href="MAILTO:a@acme.example?subject=x">Anna</a>', "Anna <a@acme.example>"),
        ('<a href="mailto:b@acme.example">a@acme.example</a>', "a@acme.example"),
        ('<a href="https://acme.example/x"><img src=y></a>', "<https://acme.example/x>"),
        ('<a href="javascript:x()">a</a><a name=b>c</a><a href="#d">e</a></a>', "ace"),
        (
            '<a href="https://acme.example/1">a<a href="https://acme.example/2">b',
            "a <https://acme.example/1>b <https://acme.example/2>",
        ),
        ('<div style="display:none"><a href="https://acme.example/1">a</a></div>b', "b"),
        ("a<hr>b", "a\n" + "_" * 32 + "\nb"),
        ("<style>p {x}</style><script>if (a<b) {}</script><title>t</title>a", "a"),
        ("<style>never closed", ""),
        ("<!-- a > b -->c<!--[if mso]>x<![endif]-->", "c"),
        ("<!doctype html><?xml x?>a", "a"),
        ("anna <anna@acme.example> wrote", "anna <anna@acme.example> wrote"),
        ("see <https://acme.example/x>", "see <https://acme.example/x>"),
        ("a < b > c <3 d", "a < b > c <3 d"),
        ('<div style="display:none">teaser</div>shown', "shown"),
        ('<div style="display : none"><div>x</div>y</div>shown', "shown"),
        ("<span hidden>x</span>shown", "shown"),
        ('<div style="display:none">never closed', "never closed"),
        ('<img style="display:none">shown', "shown"),
        ("a<o:p></o:p>b", "ab"),
        ("<a title='x > y' href=\"z\">l</a>", "l"),
        ("<a title=it's>x</a> it's", "x it's"),
        ('<blockquote type="cite">q<br>r</blockquote>n', "> q\n> r\nn"),
        ('<blockquote class="gmail_quote">q<blockquote type=cite>r</blockquote></blockquote>', "> q\n> > r"),
        ('<blockquote style="margin:0">indented</blockquote>n', "indented\nn"),
        ("<a", ""),
        ("a</", "a</"),
        ("&#0;&#27;&#xd800;a&#13;b", "\ufffd\ufffda b"),
    ],
)
def test_text_of_html(html: str, text: str) -> None:
    """Blocks and breaks end lines, marks go, hidden text stays hidden, cited text is marked."""
    assert html_text(html) == (text, True)


def test_html_is_capped() -> None:
    """What stands beyond the cap is not read, and that is told."""
    assert html_text("x" * (HTML_CAP + 1))[1] is False
    assert html_text("<p>" * 60_000)[1] is False


@pytest.mark.parametrize(
    ("text", "delete_space", "expected"),
    [
        ("a \nb \nc\nd", False, "a b c\nd"),
        ("a \nb", True, "ab"),
        ("> a \n> b\nc", False, "> a b\nc"),
        ("> a \n>> b", False, "> a \n>> b"),
        ("a\n-- \nAnna", False, "a\n-- \nAnna"),
        (" > not quoted", False, "> not quoted"),
        ("a ", False, "a "),
        ("", False, ""),
    ],
)
def test_flowed(text: str, delete_space: bool, expected: str) -> None:
    """Lines that end in a space go on, within one quote depth."""
    assert unflowed(text, delete_space=delete_space) == expected


@pytest.mark.parametrize(
    "between",
    ["<div>&nbsp;</div>", "<p class=MsoNormal><o:p>\xa0</o:p></p>", "<br>&#160;", "<div><br></div>"],
)
def test_a_block_of_one_space_is_an_empty_line(between: str) -> None:
    """Outlook writes one so, and a subject above it ends there."""
    assert html_text(f"<p class=MsoNormal>a</p>{between}<p class=MsoNormal>b</p>") == ("a\n\nb", True)
