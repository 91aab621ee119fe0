"""Forwards in HTML of many clients: found by their mark-up, whatever language the labels are in."""
# ruff: noqa: E501  mark-up stands here as clients write it

from collections.abc import Callable, Mapping

import pytest

from bccd.mail.forward import find_inline
from bccd.mail.parse import parse
from bccd.model.message import Mailbox

ANNA = Mailbox("Anna Zielińska", "anna@klient.example")
PIOTR = Mailbox("Piotr Lis", "piotr@sprzedaz.example")
EWA = Mailbox("Ewa Kot", "ewa@sprzedaz.example")
BODY = "<div>Proszę o <b>ofertę</b>.</div>"
NOTE = "<div>Please file.</div>"

Words = Mapping[str, str]
ENGLISH: Words = {
    "from": "From", "date": "Sent", "to": "To", "cc": "Cc", "subject": "Subject",
    "forwarded": "Forwarded message", "when": "Tuesday, March 5, 2024 2:07 PM", "colon": ":",
}  # fmt: skip
POLISH: Words = {
    "from": "Od", "date": "Wysłano", "to": "Do", "cc": "DW", "subject": "Temat",
    "forwarded": "Wiadomość przekazana", "when": "wtorek, 5 marca 2024 14:07", "colon": ":",
}  # fmt: skip
CHINESE: Words = {
    "from": "发件人", "date": "发送时间", "to": "收件人", "cc": "抄送", "subject": "主题",
    "forwarded": "转发的邮件", "when": "2024年3月5日 14:07", "colon": "：",
}  # fmt: skip
ARABIC: Words = {
    "from": "من", "date": "تم الإرسال", "to": "إلى", "cc": "نسخة", "subject": "الموضوع",
    "forwarded": "رسالة محولة", "when": "5 مارس 2024 14:07", "colon": ":",
}  # fmt: skip
UNKNOWN: Words = {
    "from": "Xqor", "date": "Vbelt nam", "to": "Zunt", "cc": "Pliq", "subject": "Wrom",
    "forwarded": "Grolp mextan", "when": "2024-03-05 14:07", "colon": ":",
}  # fmt: skip
NUMBERED: Words = {
    "from": "L1", "date": "L2", "to": "L3", "cc": "L4", "subject": "L5",
    "forwarded": "Mun tal", "when": "5 Mar 2024 14:07:00 +0000", "colon": ":",
}  # fmt: skip
TONGUES = {"numbered": NUMBERED, "en": ENGLISH, "pl": POLISH, "zh": CHINESE, "ar": ARABIC, "unknown": UNKNOWN}

OUTLOOK_ORDER = ("from", "date", "to", "cc", "subject")
GMAIL_ORDER = ("from", "date", "subject", "to", "cc")
MOZILLA_ORDER = ("subject", "date", "from", "to", "cc")
APPLE_ORDER = ("from", "subject", "date", "to", "cc")
DATE_ORDER = ("date", "from", "to", "cc", "subject")


def _angled(box: Mailbox, *, link: bool) -> str:
    address = f'<a href="mailto:{box.address}">{box.address}</a>' if link else box.address
    return f"{box.name} &lt;{address}&gt;"


def fields(words: Words, order: tuple[str, ...], form: str, *, link: bool = False, end: str = "") -> str:
    """Write the fields as HTML, each in the client's form."""
    values = {
        "from": _angled(ANNA, link=link), "to": _angled(PIOTR, link=link), "cc": _angled(EWA, link=link),
        "date": words["when"], "subject": "Oferta: pompy",
    }  # fmt: skip
    return end.join(form.format(label=words[name] + words["colon"], value=values[name]) for name in order)


BOLD = "<b>{label}</b> {value}"
BR = "<br>\n"


def lines(words: Words, order: tuple[str, ...] = OUTLOOK_ORDER, *, link: bool = False) -> str:
    """Write the fields with bold labels, each on its line."""
    return fields(words, order, BOLD, link=link, end=BR)


def mso(style: str) -> Callable[[Words], str]:
    """Outlook for Windows: a ruled box, then what it quotes."""
    return lambda words: (
        f'<body lang="PL"><div class="WordSection1"><p class="MsoNormal">Please file.<o:p></o:p></p><div>'
        f'<div style="{style}"><p class="MsoNormal"><b><span lang="EN-US">'
        f"{lines(words)}<o:p></o:p></span></b></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        f'<p class="MsoNormal">Proszę o <b>ofertę</b>.<o:p></o:p></p></div></body>'
    )


def framed(
    opened: str, closed: str, order: tuple[str, ...] = OUTLOOK_ORDER, *, link: bool = False
) -> Callable[[Words], str]:
    """Any client that puts an element around a line with its marker, the fields and the mail."""
    return lambda words: (
        f"{NOTE}{opened}<div>----- {words['forwarded']} -----</div>"
        f"{lines(words, order, link=link)}<br><br>{BODY}{closed}"
    )


def headed(opened: str, closed: str, order: tuple[str, ...] = OUTLOOK_ORDER) -> Callable[[Words], str]:
    """Any client that puts an element around the fields alone."""
    return lambda words: f"{NOTE}{opened}{lines(words, order)}{closed}<br>{BODY}"


def gmail(words: Words) -> str:
    """Gmail on the web."""
    rows = fields(words, GMAIL_ORDER, "{label} {value}", link=True, end="<br>")
    return (
        f'<div dir="ltr">Please file.<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- '
        f"{words['forwarded']} ---------<br>{rows}<br></div><br><br>{BODY}</div></div>"
    )


def apple(words: Words) -> str:
    """Apple Mail."""
    rows = fields(
        words, APPLE_ORDER,
        '<div style="margin: 0px;"><span style="font-family: -webkit-system-font;"><b>{label} </b></span><span>{value}<br></span></div>',
        link=True,
    )  # fmt: skip
    return (
        f'Please file.<br><div><br><blockquote type="cite"><div>{words["forwarded"]}:</div><br '
        f'class="Apple-interchange-newline">{rows}<br><div>{BODY}</div></blockquote></div>'
    )


def mozilla(words: Words) -> str:
    """Thunderbird."""
    rows = fields(
        words, MOZILLA_ORDER,
        '<tr><th valign="BASELINE" nowrap="nowrap" align="RIGHT">{label} </th><td>{value}</td></tr>', link=True,
    )  # fmt: skip
    return (
        f'<p>Please file.</p><div class="moz-forward-container"><br><br>-------- {words["forwarded"]} --------'
        f'<table class="moz-email-headers-table" cellspacing="0"><tbody>{rows}</tbody></table><br><br>{BODY}</div>'
    )


def roundcube(words: Words) -> str:
    """Roundcube: the element around the mail begins behind the header."""
    rows = fields(
        words, MOZILLA_ORDER, '<tr><th align="right" nowrap="nowrap">{label}</th><td>{value}</td></tr>'
    )
    return (
        f'<p>Please file.</p><p>-------- {words["forwarded"]} --------</p><table border="0"><tbody>{rows}</tbody>'
        f'</table><p><br /></p><div id="forwardbody1">{BODY}</div>'
    )


def zimbra(words: Words) -> str:
    """Zimbra."""
    return (
        f'{NOTE}<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><blockquote '
        f'style="border-left:2px solid #1010FF;">{lines(words)}<br></blockquote></div><div data-marker="__QUOTED_TEXT__">'
        f'<blockquote style="border-left:2px solid #1010FF;">{BODY}</blockquote></div>'
    )


def qq(words: Words) -> str:
    """QQ Mail: a shaded box of lines."""
    rows = fields(words, OUTLOOK_ORDER, "<div><b>{label}</b>&nbsp;{value}</div>")
    return (
        f'{NOTE}<div id="oriMsgHtmlSeperator"><br></div><div style="font-size:12px"><div>------------------&nbsp;'
        f'{words["forwarded"]}&nbsp;------------------</div><div style="background:#efefef;padding:8px;">{rows}</div>'
        f"<div></div>{BODY}</div>"
    )


TEMPLATES: dict[str, Callable[[Words], str]] = {
    "outlook 2013": mso("border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"),
    "outlook 2007": mso("border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in"),
    "outlook windowtext": mso("border:none;border-top:solid windowtext 1.0pt;padding:3.0pt 0cm 0cm 0cm"),
    "outlook spaced": mso("border: none; border-top: solid #E1E1E1 1.0pt; padding: 3.0pt 0cm 0cm 0cm"),
    "outlook copied": mso("border-right:none; border-bottom:none; border-left:none; border-top:1pt solid rgb(225,225,225); padding:3pt 0cm 0cm"),
    "outlook 2003": headed("<DIV class=OutlookMessageHeader dir=ltr align=left><HR tabIndex=-1>", "</DIV>"),
    "outlook web": headed('<div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><font>', "</font><div>&nbsp;</div></div>"),
    "outlook web copied": headed('<hr><div id="x_divRplyFwdMsg" dir="ltr"><font>', "</font></div>"),
    "outlook web copied twice": headed('<hr><div id="x_x_divRplyFwdMsg"><font>', "</font></div>"),
    "outlook new": framed('<div id="mail-editor-reference-message-container"><div class="ms-outlook-mobile-reference-message skipProofing">', "</div></div>"),
    "outlook mobile": headed('<div class="ms-outlook-mobile-reference-message skipProofing"></div><div>', "</div>"),
    "outlook mac": lambda words: f'{NOTE}<span id="OLK_SRC_BODY_SECTION"><div style="border-top: #b5c4df 1pt solid; padding-top: 3pt">{lines(words)}</div><br>{BODY}</span>',
    "outlook original": lambda words: f'<p class=MsoNormal><a name="_MailOriginal">Please file.</a></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal><a name="_____replyseparator"></a>{lines(words)}</p></div></div>{BODY}',
    "appendonsend alone": headed('<div id="appendonsend"></div><div>', "</div>"),
    "gmail": gmail,
    "gmail app": lambda words: gmail(words).replace('class="gmail_quote"', 'class="gmail_quote gmail_quote_container"'),
    "gmail copied": lambda words: gmail(words).replace('"gmail_', '"x_gmail_'),
    "apple": apple,
    "ios": lambda words: apple(words).replace('<blockquote type="cite">', '<blockquote type="cite">\ufeff'),
    "thunderbird": mozilla,
    "thunderbird copied": lambda words: mozilla(words).replace('"moz-', '"x_moz-'),
    "yahoo": framed('<div id="yahoo_quoted_4711" class="yahoo_quoted"><div>', "</div></div>"),
    "yahoo new": framed('<div id="ydp1a2b3cyahoo_quoted_99" class="ydp1a2b3cyahoo_quoted">', "</div>", GMAIL_ORDER),
    "proton": framed('<div class="protonmail_quote">', "</div>", GMAIL_ORDER),
    "proton cited": framed('<blockquote class="protonmail_quote" type="cite">', "</blockquote>"),
    "zoho": framed('<div class="zmail_extra" style="">', "</div>", GMAIL_ORDER),
    "zimbra": zimbra,
    "roundcube": roundcube,
    "roundcube copied": lambda words: roundcube(words).replace('"forwardbody1"', '"v1forwardbody1"'),
    "roundcube in gmail": lambda words: roundcube(words).replace('"forwardbody1"', '"m_-1451008425066883092forwardbody1"'),
    "gmx": framed('<div name="quote" style="margin:10px 5px 5px 10px;border-left:2px solid #C3D9E5;">', "</div>", DATE_ORDER),
    "gmx unmarked": headed('<div name="quote" style="margin:10px;border-left:2px solid #C3D9E5;"><div style="margin:0 0 10px 0;">', "</div></div>", DATE_ORDER),
    "yahoo unmarked": headed('<div class="yahoo_quoted"><div>', "</div></div>"),
    "apple unmarked": headed('<blockquote type="cite"><div>', "</div></blockquote>", APPLE_ORDER),
    "netease": framed('<div id="isForwardContent">', "</div>"),
    "netease reply": framed('<div id="isReplyContent">', "</div>"),
    "netease pc": framed('<div id="ntes-pcmail-quote">', "</div>"),
    "139": framed('<div id="reply139content">', "</div>"),
    "139 content": framed('<div id="mailcontent">', "</div>"),
    "foxmail": framed('<div id="origbody">', "</div>"),
    "qq": qq,
    "infomaniak": framed('<div class="ik_mail_quote"><div class="forwardContentMessage">', "</div></div>"),
    "odoo": framed('<div data-o-mail-quote="1">', "</div>"),
    "fastmail": framed('<blockquote type="cite" id="qt" style="">', "</blockquote>"),
    "hubspot": framed('<div class="hs_reply"><blockquote type="cite">', "</blockquote></div>"),
    "front": framed('<blockquote type="cite" class="front-blockquote">', "</blockquote>"),
    "missive": framed('<blockquote class="missive_quote" style="border-left:1px">', "</blockquote>"),
    "samsung": framed('<div id="quoted-html">', "</div>"),
    "notes": headed('<div><hr id="replySplit">', "</div>"),
    "spark": framed('<div name="messageReplySection">', "</div>"),
    "tutanota": framed('<blockquote class="tutanota_quote">', "</blockquote>"),
    "mailbird": framed('<blockquote class="mb_quote">', "</blockquote>"),
}  # fmt: skip


def wrong_in(name: str, words: Words) -> list[str]:
    """List what was not read of one client's forward."""
    found = find_inline("", TEMPLATES[name](words))
    if found is None:
        return ["all"]
    original = found.forwards[0].original
    when = original.date and original.date.replace(tzinfo=None).isoformat(" ", "minutes")
    right = {
        "from": original.sender == ANNA,
        "to": original.to == (PIOTR,),
        "cc": original.cc == (EWA,),
        "subject": original.subject == "Oferta: pompy",
        "date": when == "2024-03-05 14:07",
        "text": original.text == "Proszę o ofertę.",
        "note": found.note == "Please file.",
        "sure": found.forwards[0].confidence >= 0.9,
    }
    return [field for field, told in right.items() if not told]


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_client_s_mark_up(tongue: str) -> None:
    """Who wrote, to whom, when, about what and the words: all of it, in languages known and unknown."""
    wrong = {name: missing for name in TEMPLATES if (missing := wrong_in(name, TONGUES[tongue]))}
    assert wrong == {}


FORM = "Xqor: Anna<br>Zunt: anna@klient.example<br>Vbelt: 2024-03-05 14:07<br>Wrom: 12 pumps<br><br>Thanks"
WROTE = "Vun 5.3.2024 14:07 norp Anna Nowak &lt;anna@klient.example&gt;:"
NO_FORWARDS = {
    "an answer of Gmail": f'Yes.<div class="gmail_quote"><div class="gmail_attr">{WROTE}<br></div><blockquote class="gmail_quote">{FORM}</blockquote></div>',
    "an answer of Apple Mail": f'Yes.<div><blockquote type="cite"><div>{WROTE}</div><div>{FORM}</div></blockquote></div>',
    "an answer of iOS": f'Yes.<div>{WROTE}</div><blockquote type="cite"><div>Hello:</div>{FORM}</blockquote>',
    "an answer of Thunderbird": f'<div class="moz-cite-prefix">{WROTE}</div><blockquote type="cite">{FORM}</blockquote>Yes.',
    "an answer of Proton": f'Yes.<div class="protonmail_quote">{WROTE}<blockquote class="protonmail_quote" type="cite">{FORM}</blockquote></div>',
    "an answer of Yahoo": f'Yes.<div id="yahoo_quoted_1" class="yahoo_quoted"><div>{WROTE}</div><div>{FORM}</div></div>',
    "a form in a ruled box": f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">{FORM}</div>',
    "a quoted form": f'Look.<blockquote type="cite">{FORM}</blockquote>',
    "an indented form": f'<blockquote style="margin-left:40px">{FORM}</blockquote>',
    "a form": f"<div>{FORM}</div>",
    "a signature": '<div class="gmail_signature">Xqor: Anna<br>Zunt: anna@klient.example<br>Vbelt: 2024-03-05 14:07</div>',
    "an agenda": '<div id="appendonsend"></div><p>Vbelt: 14:07 start</p><p>Xqor: lunch</p><p>Zunt: end at 16:00</p>',
    "a quoted order": f'<div>{WROTE}</div><blockquote type="cite">Xqor: a@klient.example<br>Zunt: b@klient.example<br>Vbelt: 2024-03-05 14:07<br>Wrom: 12 pumps</blockquote>',
    "links": '<div style="border-top:solid #E1E1E1 1.0pt">See: https://x.example/1<br>Ask: https://x.example/2<br>Read: https://x.example/3</div>',
}  # fmt: skip


@pytest.mark.parametrize("name", NO_FORWARDS)
def test_lines_like_fields_are_no_header(name: str) -> None:
    """What an answer quotes, and boxes with words and colons, name nobody as an author."""
    assert find_inline("", NO_FORWARDS[name]) is None


def test_a_text_part_in_an_unknown_language() -> None:
    """Where the text part says nothing that a table knows, the mark-up beside it does."""
    html = TEMPLATES["outlook web"](UNKNOWN)
    text = "Please file.\n\nXqor: Anna Zielińska\nVbelt nam: 2024-03-05 14:07\nZunt: Piotr Lis\n\nProszę o ofertę."
    found = find_inline(text, html)
    assert found is not None
    assert found.forwards[0].original.sender == ANNA
    assert found.forwards[0].evidence == ("html:outlook-web", "shape:fields", "date:zone-unknown")


def test_the_original_s_html_without_labels() -> None:
    """Its own mark-up is cut out behind the header, wherever the client puts that."""
    for name, template in TEMPLATES.items():
        html = template(UNKNOWN)
        raw = f"From: {PIOTR.address}\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}"
        (found,) = parse(raw.encode()).forwards
        assert "<b>ofertę</b>" in found.original.html, name
        assert "Wrom" not in found.original.html, name
        assert "Please file" not in found.original.html, name


def test_an_address_or_a_date_in_the_subject() -> None:
    """Neither is taken for the sender's or the mail's."""
    for subject in ("Re: ask sales@x.example", "Meeting on 7 April 2024 15:00", ""):
        for name, template in TEMPLATES.items():
            found = find_inline("", template(UNKNOWN).replace("Oferta: pompy", subject))
            assert found is not None, name
            original = found.forwards[0].original
            assert (original.sender, original.to) == (ANNA, (PIOTR,)), name
            assert original.date is not None, name
            assert original.date.day == 5, name
