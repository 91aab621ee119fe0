"""Inline forwards as many clients, gateways and lists leave them: one case for each shape."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from bccd.mail.forward import find_inline
from bccd.model.message import Mailbox

CARL = "Carl Berg|carl@klient.example"
ANNA = "Anna Nowak|anna@seller.example"
EWA = "Ewa Maj|ewa@partner.example"
BODY = "Dear Anna,\n\nplease send the offer.\n\nCarl"
WHEN = datetime(2024, 3, 25, 14, 7, tzinfo=UTC)


class Case(NamedTuple):
    """What stands above the body, and what it says; the date is always the same minute or not told."""

    head: str
    sender: str = CARL
    to: tuple[str, ...] = (ANNA,)
    cc: tuple[str, ...] = ()
    subject: str = "Offer"
    note: str = "Please file."
    agent: str = ""
    dated: bool = True
    quote: str = ""
    body: str = BODY
    tail: str = ""


SENT = "Sent: Monday, March 25, 2024 2:07 PM"
REST = f"{SENT}\nTo: Anna Nowak <anna@seller.example>\nSubject: Offer"
CARL_FROM = "From: Carl Berg <carl@klient.example>"


def _behalf(phrase: str, label: str = "From", rest: str = REST) -> Case:
    agent = "Office Desk <desk@agency.example>"
    return Case(
        f"{label}: {agent} {phrase} Carl Berg <carl@klient.example>\n{rest}",
        agent="Office Desk|desk@agency.example",
    )


CASES = {
    # On behalf of, in the words of Outlook, Zimbra and Exchange.
    "on behalf of": _behalf("On Behalf Of"),
    "on behalf of, de": _behalf("im Auftrag von"),
    "on behalf of, de 2": _behalf("Im Namen von"),
    "on behalf of, fr": _behalf("de la part de"),
    "on behalf of, fr 2": _behalf("au nom de"),
    "on behalf of, es": _behalf("en nombre de"),
    "on behalf of, it": _behalf("per conto di"),
    "on behalf of, nl": _behalf("namens"),
    "on behalf of, pl": _behalf("w imieniu"),
    "on behalf of, pl 2": _behalf("w imieniu użytkownika"),
    "on behalf of, pt": _behalf("em nome de"),
    "on behalf of, sv": _behalf("för"),
    "on behalf of, da": _behalf("på vegne af"),
    "on behalf of, fi": _behalf("puolesta"),
    "on behalf of, cs": _behalf("jménem"),
    "on behalf of, ru": _behalf("от имени"),
    "on behalf of, tr": _behalf("adına"),
    "on behalf of, ja": _behalf("が次の人の代理で送信しました:"),
    "on behalf of, zh": _behalf("代表"),
    "on behalf of, ko": _behalf("다음을 대신하여 보냄"),
    "on behalf of, hu": _behalf("meghatalmazásából"),
    "on behalf of, a list's bounces": Case(
        "From: team-bounces@lists.example [mailto:team-bounces@lists.example] On Behalf Of Carl Berg\n"
        + REST,
        sender="Carl Berg|",
        agent="|team-bounces@lists.example",
    ),
    "on behalf of, wrapped": Case(
        "From: team-bounces+anna=seller.example@lists.example\n"
        "[mailto:team-bounces+anna=seller.example@lists.example] On Behalf Of Carl Berg\n"
        f"via Team\n{REST}",
        sender="Carl Berg via Team|",
        agent="|team-bounces+anna=seller.example@lists.example",
    ),
    "on behalf of, both addresses": Case(
        "From: team-bounces at lists.example <team-bounces@lists.example> on behalf of Carl Berg "
        f"<carl@klient.example>\n{REST}",
        agent="team-bounces at lists.example|team-bounces@lists.example",
    ),
    # How addresses are printed.
    "mailto in brackets": Case(f"From: Carl Berg [mailto:carl@klient.example]\n{REST}"),
    "mailto in brackets, broken over lines": Case(
        f"From: Carl Berg of the purchasing department of Klient Aktiengesellschaft\n"
        f"[mailto:carl@klient.example]\n{REST}",
        sender="Carl Berg of the purchasing department of Klient Aktiengesellschaft|carl@klient.example",
    ),
    "mailto in brackets, broken inside": Case(
        f"From: Carl Berg [mailto:\ncarl@klient.example]\n{REST}",
    ),
    "address and mailto": Case(
        "From: Carl Berg <carl@klient.example<mailto:carl@klient.example>>\n"
        f"{SENT}\nTo: Anna Nowak <anna@seller.example<mailto:anna@seller.example>>\nSubject: Offer",
    ),
    "bare address and mailto": Case(
        f"From: carl@klient.example<mailto:carl@klient.example>\n{REST}", sender="|carl@klient.example"
    ),
    "address and mailto, folded between": Case(
        "From: Carl Berg <carl@klient.example\n<mailto:carl@klient.example>>\n" + REST,
    ),
    "address folded inside its angles": Case(f"From: Carl Berg <\ncarl@klient.example>\n{REST}"),
    "name only": Case(
        f"From: Carl Berg\n{SENT}\nTo: Anna Nowak\nCc: Ewa Maj; Office\nSubject: Offer",
        sender="Carl Berg|",
        to=("Anna Nowak|",),
        cc=("Ewa Maj|", "Office|"),
    ),
    "address eaten by HTML": Case(
        f"From: Carl Berg <>\n{SENT}\nTo: Anna Nowak < >\nSubject: Offer",
        sender="Carl Berg|",
        to=("Anna Nowak|",),
    ),
    "last, first": Case(
        f"From: Berg, Carl <carl@klient.example>\n{SENT}\n"
        "To: Nowak, Anna <anna@seller.example>; Maj, Ewa <ewa@partner.example>\nSubject: Offer",
        sender="Berg, Carl|carl@klient.example",
        to=("Nowak, Anna|anna@seller.example", "Maj, Ewa|ewa@partner.example"),
    ),
    "last, first with commas": Case(
        f'From: "Berg, Carl" <carl@klient.example>\n{SENT}\n'
        'To: "Nowak, Anna" <anna@seller.example>, "Maj, Ewa" <ewa@partner.example>\nSubject: Offer',
        sender="Berg, Carl|carl@klient.example",
        to=("Nowak, Anna|anna@seller.example", "Maj, Ewa|ewa@partner.example"),
    ),
    "last, first without addresses": Case(
        f"From: Berg, Carl\n{SENT}\nTo: Nowak, Anna; Maj, Ewa\nSubject: Offer",
        sender="Berg, Carl|",
        to=("Nowak, Anna|", "Maj, Ewa|"),
    ),
    "single quotes": Case(
        f"From: 'Carl Berg' <carl@klient.example>\n{SENT}\nTo: 'Anna Nowak' <anna@seller.example>;\n"
        "'ewa@partner.example'\nSubject: Offer",
        to=(ANNA, "|ewa@partner.example"),
    ),
    "no separators": Case(
        f"{CARL_FROM}\n{SENT}\nTo: Anna Nowak <anna@seller.example> Ewa Maj <ewa@partner.example>\n"
        "Subject: Offer",
        to=(ANNA, EWA),
    ),
    "no separators, bare addresses": Case(
        f"{CARL_FROM}\n{SENT}\nTo: anna@seller.example ewa@partner.example\nSubject: Offer",
        to=("|anna@seller.example", "|ewa@partner.example"),
    ),
    "exchange legacy address": Case(
        f"From: Carl Berg </O=KLIENT/OU=EXCHANGE/CN=RECIPIENTS/CN=CBERG>\n{REST}", sender="Carl Berg|"
    ),
    "legacy address in brackets": Case(
        f"From: Carl Berg [/O=KLIENT/OU=FIRST/CN=CBERG]\n{REST}", sender="Carl Berg|"
    ),
    "group": Case(
        f"{CARL_FROM}\n{SENT}\nTo: Sales: Anna Nowak <anna@seller.example>, ewa@partner.example;\n"
        "Subject: Offer",
        to=(ANNA, "|ewa@partner.example"),
    ),
    "undisclosed recipients": Case(
        f"{CARL_FROM}\n{SENT}\nTo: undisclosed-recipients:;\nSubject: Offer", to=()
    ),
    "via a list": Case(
        f"From: Carl Berg via Team <team@lists.example>\n{REST}",
        sender="Carl Berg via Team|team@lists.example",
    ),
    # Clients.
    "qq": Case(
        "------------------ Original ------------------\n"
        'From:  "Carl Berg"<carl@klient.example>;\nDate:  Mon, Mar 25, 2024 02:07 PM\n'
        'To:  "Anna Nowak"<anna@seller.example>;\nCc:  "Ewa Maj"<ewa@partner.example>;\nSubject:  Offer',
        cc=(EWA,),
    ),
    "qq, zh": Case(
        "------------------ 原始邮件 ------------------\n"
        '发件人: "Carl Berg"<carl@klient.example>;\n发送时间: 2024年3月25日(星期一) 下午2:07\n'
        '收件人: "Anna Nowak"<anna@seller.example>;\n主题: Offer',
    ),
    "163": Case(
        "-------- 转发邮件信息 --------\n发件人：Carl Berg <carl@klient.example>\n"
        "发送日期：2024-03-25 14:07:21\n收件人：Anna Nowak <anna@seller.example>\n"
        "抄送人：Ewa Maj <ewa@partner.example>\n主题：Offer",
        cc=(EWA,),
    ),
    "outlook, zh, with the marker of Foxmail": Case(
        "-----邮件原件-----\n发件人: Carl Berg [mailto:carl@klient.example] \n发送时间: 2024年3月25日 14:07\n"
        "收件人: Anna Nowak <anna@seller.example>\n主题: Offer",
    ),
    "foxmail": Case(
        f"{CARL_FROM}\nDate: 2024-03-25 14:07\nTo: Anna Nowak\nSubject: Offer", to=("Anna Nowak|",)
    ),
    "naver": Case(
        '-----Original Message-----\nFrom: "Carl Berg"&lt;carl@klient.example&gt;\n'
        'To: "Anna Nowak"&lt;anna@seller.example&gt;;\nCc:\nSent: 2024-03-25 (월) 14:07:21 (GMT+00:00)\n'
        "Subject: Offer",
    ),
    "naver, ko": Case(
        "---------- 원본 메일 ----------\n보낸사람: Carl Berg <carl@klient.example>\n"
        "받는사람: Anna Nowak <anna@seller.example>\n날짜: 2024-03-25 14:07\n제목: Offer",
    ),
    "mail.ru": Case(
        "-------- Пересылаемое сообщение --------\nОт: Carl Berg <carl@klient.example>\n"
        "Кому: Anna Nowak <anna@seller.example>\nДата: Понедельник, 25 марта 2024, 14:07 +00:00\nТема: Offer",
    ),
    "yandex": Case(
        "-------- Пересылаемое сообщение--------\n25.03.2024, 14:07, Carl Berg (carl@klient.example):\n",
        to=(),
        subject="",
    ),
    "yandex, marker around": Case(
        '-------- Пересылаемое сообщение --------\n25.03.2024, 14:07, "Carl Berg" <carl@klient.example>:\n',
        to=(),
        subject="",
        tail="-------- Конец пересылаемого сообщения --------",
    ),
    "yandex, its other closing line": Case(
        '-------- Пересылаемое сообщение --------\n25.03.2024, 14:07, "Carl Berg" <carl@klient.example>:\n',
        to=(),
        subject="",
        tail="-------- Завершение пересылаемого сообщения --------",
    ),
    "gmx": Case(
        'Gesendet: Montag, 25. März 2024 um 14:07 Uhr\nVon: "Carl Berg" <carl@klient.example>\n'
        'An: "Anna Nowak" <anna@seller.example>\nCc: "Ewa Maj" <ewa@partner.example>\nBetreff: Offer',
        cc=(EWA,),
    ),
    "1und1": Case(
        "---------- Ursprüngliche Nachricht ----------\nVon: Carl Berg <carl@klient.example>\n"
        "An: Anna Nowak <anna@seller.example>\nDatum: 25. März 2024 um 14:07\nBetreff: Offer",
    ),
    "t-online": Case(
        "-----Original-Nachricht-----\nBetreff: Offer\nDatum: 2024-03-25T14:07:21+0000\n"
        'Von: "Carl Berg" <carl@klient.example>\nAn: "Anna Nowak" <anna@seller.example>',
    ),
    "notes": Case(
        "----- Forwarded by Anna Nowak/Seller on 03/26/2024 08:00 AM -----\n\n"
        "From:   Carl Berg/Klient\nTo:     Anna Nowak/Seller@SELLER\nCc:     \nDate:   03/25/2024 02:07 PM\n"
        "Subject:        Offer\n",
        sender="Carl Berg/Klient|",
        to=("Anna Nowak/Seller@SELLER|",),
    ),
    "notes, sent by": Case(
        "From:   Carl Berg <carl@klient.example>\nTo:     Anna Nowak <anna@seller.example>\n"
        "Date:   03/25/2024 02:07 PM\nSubject:        Offer\nSent by:        list@klient.example\n",
    ),
    "notes, who and when on one line": Case(
        "---------------------- Forwarded by Anna Nowak/Seller on 03/26/2024 08:00 AM\n"
        "---------------------------\n\n\nCarl Berg <carl@klient.example> on 03/25/2024 02:07:11 PM\n\n"
        "Please respond to carl@klient.example\n\nTo:   Anna Nowak/SELLER@SELLER\ncc:\n\n"
        "Subject:  Offer\n\n\n",
        to=("Anna Nowak/SELLER@SELLER|",),
    ),
    "notes, who and when on two lines": Case(
        "----- Forwarded by Anna Nowak/Seller on 03/26/2024 08:00 AM -----\n\n"
        '\t"Berg, Carl" <carl@klient.example>\n\t03/25/2024 02:07 PM\n\t\t \n'
        '\t\t To: "Nowak, Anna" <anna@seller.example>\n\t\t cc: "Maj, Ewa" <ewa@partner.example>, '
        '"Office, The" \n<office@seller.example>\n\t\t Subject: Offer\n\n\n',
        sender="Berg, Carl|carl@klient.example",
        to=("Nowak, Anna|anna@seller.example",),
        cc=("Maj, Ewa|ewa@partner.example", "Office, The|office@seller.example"),
    ),
    "notes, who and when behind From": Case(
        "----- Forwarded by Anna Nowak/Seller on 03/26/2024 08:00 AM -----\n\n"
        "From:\tCarl Berg/Klient on 03/25/2024 02:07 PM\nTo:\tAnna Nowak <anna@seller.example>\ncc:\t\n"
        "Subject:\tOffer",
        sender="Carl Berg/Klient|",
    ),
    "fields one behind the other": Case(
        "-----Original Message-----\n"
        "From: Carl Berg [mailto:carl@klient.example] Sent: Monday, March 25,\n2024 2:07 PM To: Anna Nowak "
        "<anna@seller.example>; Ewa Maj\n<ewa@partner.example> Subject: Offer",
        to=(ANNA, EWA),
    ),
    "fields one behind the other, quoted": Case(
        "> From: Carl Berg <carl@klient.example> Sent: Monday, March 25,\n> 2024 2:07 PM\n"
        "> To: Anna Nowak <anna@seller.example>\n> Subject: Offer\n>",
        quote="> ",
    ),
    "mutt": Case(
        "----- Forwarded message from Carl Berg <carl@klient.example> -----\n\n"
        "Date: Mon, 25 Mar 2024 15:07:21 +0100\nFrom: Carl Berg <carl@klient.example>\n"
        "To: Anna Nowak <anna@seller.example>\nSubject: Offer\nUser-Agent: Mutt/2.2.12 (2023-09-09)\n",
        tail="----- End forwarded message -----",
    ),
    "proton": Case(
        "------- Forwarded Message -------\nFrom: Carl Berg <carl@klient.example>\n"
        "Date: On Monday, March 25th, 2024 at 2:07 PM\nSubject: Offer\n"
        "To: Anna Nowak <anna@seller.example>\nCC: Ewa Maj <ewa@partner.example>\n",
        cc=(EWA,),
    ),
    "proton, quoted": Case(
        "------- Forwarded Message -------\nFrom: Carl Berg <carl@klient.example>\n"
        "Date: On Monday, March 25th, 2024 at 2:07 PM\nSubject: Offer\n"
        "To: Anna Nowak <anna@seller.example>\n",
        quote="> ",
    ),
    "zoho": Case(
        "============ Forwarded message ============\nFrom: Carl Berg <carl@klient.example>\n"
        'To: "Anna Nowak"<anna@seller.example>\nDate: Mon, 25 Mar 2024 14:07:21 +0000\nSubject: Offer\n'
        "============ Forwarded message ============\n",
    ),
    "samsung": Case(
        "-------- Original message --------\nFrom: Carl Berg <carl@klient.example>\n"
        "Date: 25/03/2024 14:07 (GMT+00:00)\nTo: Anna Nowak <anna@seller.example>\nSubject: Offer ",
    ),
    "ios": Case(
        "Begin forwarded message:\n\n> From: Carl Berg <carl@klient.example>\n"
        "> Date: March 25, 2024 at 2:07:21\u202fPM GMT\n> To: Anna Nowak <anna@seller.example>\n"
        "> Subject: Offer\n> ",
        quote="> ",
    ),
    "ios, bold": Case(
        "Begin forwarded message:\n\n> *From:* Carl Berg <carl@klient.example>\n"
        "> *Date:* March 25, 2024 at 2:07:21\u202fPM GMT\n> *To:* Anna Nowak <anna@seller.example>\n"
        "> *Subject:* *Offer*\n> ",
        quote="> ",
    ),
    "fastmail": Case(
        "----- Original message -----\nFrom: Carl Berg <carl@klient.example>\n"
        "To: Anna Nowak <anna@seller.example>\nSubject: Offer\nDate: Monday, March 25, 2024 2:07 PM\n",
    ),
    "evolution": Case(
        "-------- Forwarded Message --------\n> From: Carl Berg <carl@klient.example>\n"
        "> To: Anna Nowak <anna@seller.example>\n> Subject: Offer\n"
        "> Date: Mon, 25 Mar 2024 15:07:21 +0100\n> ",
        quote="> ",
    ),
    "kmail": Case(
        "----------  Forwarded Message  ----------\n\nSubject: Offer\n"
        "Date: Monday, 25 March 2024, 14:07:21 GMT\nFrom: Carl Berg <carl@klient.example>\n"
        "To: Anna Nowak <anna@seller.example>\n",
        tail="-----------------------------------------",
    ),
    "gnus": Case(
        "-------------------- Start of forwarded message --------------------\n"
        "From: Carl Berg <carl@klient.example>\nTo: Anna Nowak <anna@seller.example>\nSubject: Offer\n"
        "Date: Mon, 25 Mar 2024 15:07:21 +0100\nMessage-ID: <1@klient.example>\n",
        tail="-------------------- End of forwarded message --------------------",
    ),
    "horde": Case(
        "----- Message from Carl Berg <carl@klient.example> ---------\n"
        "     Date: Mon, 25 Mar 2024 15:07:21 +0100\n     From: Carl Berg <carl@klient.example>\n"
        "  Subject: Offer\n       To: Anna Nowak <anna@seller.example>\n",
        tail="----- End message from Carl Berg <carl@klient.example> -----",
    ),
    "squirrelmail": Case(
        "---------------------------- Original Message ----------------------------\nSubject: Offer\n"
        'From:    "Carl Berg" <carl@klient.example>\nDate:    Mon, March 25, 2024 2:07 pm\n'
        'To:      "Anna Nowak" <anna@seller.example>\n'
        "--------------------------------------------------------------------------\n",
    ),
    "outlook express": Case(
        '----- Original Message ----- \nFrom: "Carl Berg" <carl@klient.example>\n'
        'To: "Anna Nowak" <anna@seller.example>\nSent: Monday, March 25, 2024 2:07 PM\nSubject: Offer\n\n',
    ),
    # Letters and white space.
    "right to left": Case(
        "\u200f-------- \u202bהודעה שהועברה\u202c --------\n"
        "\u202bמאת\u202c: \u200eCarl Berg <carl@klient.example>\u200e\n\u202bתאריך\u202c: 25.03.2024 14:07\n"
        "\u202bנושא\u202c: Offer\n\u202bאל\u202c: \u2068Anna Nowak\u2069 <anna@seller.example>",
    ),
    "right to left, date only marked": Case(
        "---------- Forwarded message ---------\n"
        "מאת: \u202bCarl Berg\u202c\u200e <carl@klient.example>\u200e\n"
        "\u202aDate: Mon, Mar 25, 2024 at 2:07 PM\u202c\u200f\nSubject: Offer\n"
        "To: Anna Nowak <anna@seller.example>\n",
    ),
    "english labels above a local one": Case(
        "---------- Forwarded message ---------\nDate: 25.03.2024 14:07\nSubject: Offer\n"
        "Von: Carl Berg <carl@klient.example>\nTo: Anna Nowak <anna@seller.example>\n",
    ),
    "no-break and ideographic spaces": Case(
        "发\u3000件\u3000人\u00a0：\u3000Carl Berg <carl@klient.example>\n"
        "发送\u3000时间：\u00a02024-03-25 14:07\n"
        "收 件 人：Anna Nowak <anna@seller.example>\n抄\u3000\u3000送： Ewa Maj <ewa@partner.example>\n"
        "主\u3000\u3000题：\u3000Offer",
        cc=(EWA,),
    ),
    "tabs": Case(
        "From:\tCarl Berg <carl@klient.example>\nSent:\tMonday, March 25, 2024 2:07 PM\n"
        "To:\tAnna Nowak <anna@seller.example>\nSubject:\tOffer",
    ),
    "bold values, too": Case(
        "*From:* *Carl Berg* <carl@klient.example>\n*Sent:* Monday, March 25, 2024 2:07 PM\n"
        "*To:* Anna Nowak <anna@seller.example>\n*Subject:* *Offer*",
    ),
    "whole lines bold": Case(
        "*From: Carl Berg <carl@klient.example>*\n*Sent: Monday, March 25, 2024 2:07 PM*\n"
        "*To: Anna Nowak <anna@seller.example>*\n*Subject: Offer*",
    ),
    # Fields that nobody reads, and values on lines of their own.
    "more fields": Case(
        f"{CARL_FROM}\n{SENT}\nTo: Anna Nowak <anna@seller.example>\nCc:\nBcc: \nSubject: Offer\n"
        "Importance: High\nSensitivity: Confidential\nAttachments: offer.pdf; prices.xlsx",
    ),
    "reply-to": Case(
        f"{CARL_FROM}\nReply-To: sales@klient.example\n{REST}",
    ),
    "values below their labels": Case(
        "From:\nCarl Berg <carl@klient.example>\nSent:\nMonday, March 25, 2024 2:07 PM\nTo:\n"
        "Anna Nowak <anna@seller.example>\nSubject:\nOffer",
    ),
    "header lines apart": Case(
        f"{CARL_FROM}\n\n{SENT}\n\nTo: Anna Nowak <anna@seller.example>\n\nSubject: Offer",
    ),
    "some header lines apart": Case(
        f"{CARL_FROM}\n{SENT}\n\nTo: Anna Nowak <anna@seller.example>\nSubject: Offer\n",
        body="Cc: this is no field\n\nCarl",
    ),
    "long lists, wrapped": Case(
        f"{CARL_FROM}\n{SENT}\nTo: Anna Nowak <anna@seller.example>; Ewa Maj\n<ewa@partner.example>; Office\n"
        "<office@seller.example>; Dora\nDuck <dora@partner.example>\nSubject: Offer",
        to=(ANNA, EWA, "Office|office@seller.example", "Dora Duck|dora@partner.example"),
    ),
    "names only, wrapped": Case(
        f"{CARL_FROM}\n{SENT}\nTo: Nowak, Anna; Maj, Ewa; Some Body; Another Body; Third Person; Fourth\n"
        "Person; Fifth Person\nSubject: Offer",
        to=(
            "Nowak, Anna|",
            "Maj, Ewa|",
            "Some Body|",
            "Another Body|",
            "Third Person|",
            "Fourth Person|",
            "Fifth Person|",
        ),
    ),
    "wrapped at 72 with a subject of two lines": Case(
        f"{CARL_FROM}\n{SENT}\nTo: Anna Nowak <anna@seller.example>\n"
        "Subject: Offer for forty two pallets of roofing tiles and for the delivery to the\nharbour",
        subject="Offer for forty two pallets of roofing tiles and for the delivery to the harbour",
    ),
    # Banners of gateways.
    "banner above": Case(
        f"{CARL_FROM}\n{REST}",
        note="Please file.\n\n[EXTERNAL] This message came from outside your organization.",
    ),
    "banner between marker and header": Case(
        "---------- Forwarded message ---------\n"
        "[EXTERNAL] This message came from outside your organization.\n\n"
        f"{CARL_FROM}\n{REST}",
    ),
    "banner below": Case(
        f"{CARL_FROM}\n{REST}",
        body="CAUTION: This email originated from outside of the organization.\n\n" + BODY,
    ),
    "without a note": Case(f"{CARL_FROM}\n{REST}", note=""),
    "indented": Case(
        f"  {CARL_FROM}\n  {SENT}\n  To: Anna Nowak <anna@seller.example>\n  Subject: Offer",
    ),
}


def _shown(box: Mailbox | None) -> str:
    return f"{box.name}|{box.address}" if box else ""


@pytest.mark.parametrize("name", CASES)
def test_every_shape_is_read_in_every_field(name: str) -> None:
    """Sender, agent, recipients, date, subject, body and note are what the mail shows."""
    case = CASES[name]
    body = "\n".join(f"{case.quote}{line}".rstrip() for line in case.body.split("\n"))
    tail = f"\n\n{case.tail}" if case.tail else ""
    inline = find_inline(f"{case.note}\n\n{case.head}\n\n{body}{tail}\n", "")
    assert inline is not None
    original = inline.forwards[0].original
    assert _shown(original.sender) == case.sender
    assert _shown(original.actual_sender) == case.agent
    assert tuple(map(_shown, original.to)) == case.to
    assert tuple(map(_shown, original.cc)) == case.cc
    assert original.subject == case.subject
    assert original.date is not None
    assert original.date.replace(second=0) == WHEN
    assert original.text.strip() == case.body
    assert inline.note == case.note


@pytest.mark.parametrize("marker", ["-----Original Message-----\n", "________________________________\n", ""])
def test_a_patch_may_be_quoted_like_any_mail(marker: str) -> None:
    """A subject about a patch makes no patch of a client's own block."""
    inline = find_inline(
        f"Fine.\n\n{marker}{CARL_FROM}\n{REST.replace('Offer', '[PATCH] Fix it')}\n\nHi\n", ""
    )
    assert inline is not None
    assert inline.forwards[0].original.subject == "[PATCH] Fix it"


def test_what_was_wrapped_behind_a_hyphen_is_joined() -> None:
    """Outlook wraps its text at 76 columns, within addresses, too, and other programs wrap it once more."""
    inline = find_inline(
        f"{CARL_FROM}\n{SENT}\nTo: Anna Nowak <anna@seller.example>; davinci-linux-open-\n"
        "source@lists.example; Ewa\nMaj <ewa@partner.example>\n"
        "Subject: Re: harbour deliveries of tiles, planks and doors from the north-\n"
        "western mills\n\nHello\n",
        "",
    )
    assert inline is not None
    original = inline.forwards[0].original
    assert tuple(map(_shown, original.to)) == (ANNA, "|davinci-linux-open-source@lists.example", EWA)
    assert original.text == "Hello"
    assert original.subject.endswith("from the north-western mills")


def test_a_line_of_a_list_that_lost_its_quoting_is_no_end_of_the_block() -> None:
    """Some program wrapped the quoted list again, so that its rest stands outside the quote."""
    inline = find_inline(
        f"> {CARL_FROM}\n> {SENT}\n> To: Anna Nowak <anna@seller.example>, Ewa Maj\n<ewa@partner.example>\n"
        "> Subject: Offer\n>\n> Hello\n",
        "",
    )
    assert inline is not None
    assert tuple(map(_shown, inline.forwards[0].original.to)) == (ANNA, EWA)
    assert inline.forwards[0].original.text == "Hello"
