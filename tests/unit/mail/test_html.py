"""HTML to text: what a reader would see, and nothing else."""

import gc

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
        ("<table><tr><th>Item<th>Price<tr><td>Pump<td>€ 40</table>", "Item\tPrice\nPump\t€ 40"),
        (f"<table><tr>{'<td><p class=MsoNormal>a<o:p></o:p></p></td>' * 2}</tr></table>b", "a\ta\nb"),
        ("<table><tr><td>a</td><td></td><td>&nbsp;</td><td>b</td></tr></table>", "a\tb"),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\nb\n\nc"),
        ("<table><tr><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc"),
        (f"<table><tr><td>{'a ' * 40}</td><td>{'b ' * 40}", f"{'a ' * 39}a\n{'b ' * 39}b"),
        (
            "<table><tr><td><table><tr><td>Logo<td>Menu</table><tr><td><p>Dear Anna,<p>yes</table>",
            "Logo\tMenu\nDear Anna,\nyes",
        ),
        ("<table><caption>a<thead><tr><th>b<tbody><tr><td>c<td>d</table>", "a\nb\nc\td"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li><p>a</p></li><li></li><li>b<br>c</li></ul>", "- a\n\n- b\nc"),
        ("<dl><dt>a<dd>b</dl>", "a\nb"),
        ("<h1>a</h1><p>b</p><h2>c</h2>d", "a\n\nb\n\nc\n\nd"),
        ("<p style='margin:0'>a</p><p style='margin-top:0cm'>b</p><p style='margin-left:0'>c", "a\nb\n\nc"),
        ("<pre>\na &lt;b&gt;\n  c</pre>d\ne", "a <b>\n  c\nd e"),
        ("<div style='white-space: pre-wrap'>a\n b</div>c\nd", "a\n b\nc d"),
        ("<body style='line-break: after-white-space'>a\nb", "a b"),
        ("<div style='max-height:0px;overflow:hidden'>x</div>a", "a"),
        ("<div style='max-height:none;opacity:0.9'>a</div>", "a"),
        ("<div style='opacity:0'>x</div><div style='VISIBILITY: hidden'>x</div>a", "a"),
        ("<div style='display:none!important;mso-hide:all'>x<!-- </div> -->x</div>a", "a"),
        ("<div style='display:none'><p title='a>b'>x</div>b</div>a", "b\na"),
        ("<div style='display:none'><div title='a>b'>x</div>x</div>a", "a"),
        ("<span style='font-size:0'>x</span><div style='font-size: 1px; color:#fff'>x</div>a", "a"),
        ("<td style='font-size:0px'><div style='font-size:14px'>a</div></td>", "a"),
        ("<div>&zwnj;&nbsp;&zwnj;&#847; &#8199;&shy;</div>a", "a"),
        ("<table><tr hidden><td>x</td></tr><tr><td>a</table>", "a"),
        ("<div><span style='display:none'>x</div>a<p hidden>x<p>b", "a\n\nb"),
        ("<a hidden href=https://acme.example>x</a>a<ul hidden><li>x</ul>", "a"),
        ("<!--[if !mso]><!-->a<!--<![endif]--><![if x]>b<![endif]>", "ab"),
        ("<!-->a<!-- x --!>b<!-- open", "ab"),
        (
            "<a.b@c.example>, <mailto:a@b.example> <www.acme.example>",
            "<a.b@c.example>, <mailto:a@b.example> <www.acme.example>",
        ),
        ("<Anna Nowak anna@acme.example> <x>a</x>", "<Anna Nowak anna@acme.example> a"),
        ("<a@b.example <b>a</b>", "<a@b.example a"),
        ("&amp;lt; &copy;&#x20ac; &bogus; a&NewLine;b", "&lt; ©€ &bogus; a b"),
        ("<a href='https://acme.example/?a=1&amp;copy=2'>a</a>", "a <https://acme.example/?a=1&copy=2>"),
        ("<a href='http://www.acme.example/'>www.acme.example</a>", "www.acme.example"),
        ("<a href='https://acme.example'><div>a</div></a>b", "a\n<https://acme.example>b"),
        ("<a href='mailto:a%2Bb@acme.example'>Anna</a>", "Anna <a+b@acme.example>"),
        ("<a href=\"https://acme.example/'x\" title='a > b'>a</a>", "a <https://acme.example/'x>"),
        ("<blockquote style='border-left:1px solid'>a<br><br>b</blockquote>c", "> a\n>\n> b\nc"),
        ("yes <img alt=\N{THUMBS UP SIGN} src=x><img alt=Logo>", "yes \N{THUMBS UP SIGN}"),
        ("<svg><title>x</title><text>a</text></svg><xml><x>x</x></xml><noscript>b", "ab"),
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
    text, whole = html_text("<pre>" + "a\n" * 60_000)
    assert (text.count("a"), whole) == (50_000, False)


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


def test_what_was_read_leaves_nothing_to_the_garbage_collector() -> None:
    """A page that was read is freed at once: nothing of the walk over it refers to itself."""
    page = (
        "<table hidden><tr><td>x</table><blockquote type=cite><ol><li>a<br>b</ol><a href='http://a.example'>c"
    )
    html_text(page)
    gc.collect()
    assert "c <http://a.example>" in html_text(f"{page}</a>d")[0]
    assert gc.collect() == 0
