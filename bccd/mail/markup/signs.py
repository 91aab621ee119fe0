"""What clients call the elements around quoted mail and signatures: ids, classes, names and data attributes.

Read from the mark-up that the clients send.
"""

import re
from enum import Enum, unique
from typing import NamedTuple


@unique
class Role(Enum):
    """What an element with a client's sign stands for."""

    AROUND = "around"  # holds the quoted mail, and its header or attribution where it has one
    HEAD = "head"  # holds the header of the mail that follows
    BEFORE = "before"  # empty, or the first element of what follows: a quoted mail begins here
    BODY = "body"  # holds a forwarded mail whose header stands right above
    SIGNATURE = "signature"


class Sign(NamedTuple):
    """What a sign tells: the client's name for evidence, the role, and whether it says "forwarded"."""

    client: str
    role: Role
    forward: bool = False


_AROUND, _HEAD, _BEFORE, _SIGNATURE = Role.AROUND, Role.HEAD, Role.BEFORE, Role.SIGNATURE

# By the whole word in id, class or name, lower case, without the "x_" that Outlook on the web adds to copies.
_WORDS: dict[str, Sign] = {
    "divrplyfwdmsg": Sign("outlook-web", _HEAD),
    "outlookmessageheader": Sign("outlook", _HEAD),
    "appendonsend": Sign("outlook-web", _BEFORE),
    "stopspelling": Sign("outlook", _BEFORE),
    "_mailoriginal": Sign("outlook", _BEFORE),
    "mail-editor-reference-message-container": Sign("outlook-web", _AROUND),
    "mail-editor-reference-message": Sign("outlook-web", _AROUND),
    "ms-outlook-mobile-reference-message": Sign("outlook-mobile", _BEFORE),
    "olk_src_body_section": Sign("outlook-mac", _AROUND),
    "olk_src_body_sectionblockquote": Sign("outlook-mac", _AROUND),
    "mac_outlook_attribution_blockquote": Sign("outlook-mac", _AROUND),
    "gmail_quote": Sign("gmail", _AROUND),
    "gmail_quote_container": Sign("gmail", _AROUND),
    "gmail_attr": Sign("gmail", _HEAD),
    "moz-forward-container": Sign("mozilla", _AROUND, forward=True),
    "moz-email-headers-table": Sign("mozilla", _HEAD, forward=True),
    "moz-cite-prefix": Sign("mozilla", _HEAD),
    "yahoo_quoted": Sign("yahoo", _AROUND),
    "protonmail_quote": Sign("proton", _AROUND),
    "zmail_extra": Sign("zoho", _AROUND),
    "replybody1": Sign("roundcube", _AROUND),
    "forwardbody1": Sign("roundcube", Role.BODY, forward=True),
    "blockquote_zmail": Sign("zoho", _AROUND),
    "freshdesk_quote": Sign("freshdesk", _AROUND),
    "notion-mail-quote": Sign("notion", _AROUND),
    "skiff_quote": Sign("skiff", _AROUND),
    "isforwardcontent": Sign("netease", _AROUND, forward=True),
    "isreplycontent": Sign("netease", _AROUND),
    "ntes-pcmail-quote": Sign("netease", _AROUND),
    "reply139content": Sign("139", _AROUND),
    "mailcontent": Sign("139", _AROUND),
    "origbody": Sign("foxmail", _AROUND),
    "orimsghtmlseperator": Sign("qq", _BEFORE),
    "ik_mail_quote": Sign("infomaniak", _AROUND),
    "ik_mail_forward": Sign("infomaniak", _AROUND, forward=True),
    "forwardcontentmessage": Sign("infomaniak", _AROUND, forward=True),
    "hs_reply": Sign("hubspot", _AROUND),
    "hubspot-quote": Sign("hubspot", _AROUND),
    "front-blockquote": Sign("front", _AROUND),
    "missive_quote": Sign("missive", _AROUND),
    "quoted-email": Sign("quoted", _AROUND),
    "quoted_email": Sign("quoted", _AROUND),
    "quoted-html": Sign("samsung", _AROUND),
    "composer_signature": Sign("samsung", _SIGNATURE),
    "tutanota_quote": Sign("tutanota", _AROUND),
    "mcntmcontainer": Sign("mail.com", _AROUND),
    "replysplit": Sign("notes", _BEFORE),
    "spark_quote": Sign("spark", _AROUND),
    "messagereplysection": Sign("spark", _AROUND),
    "airmail_on": Sign("airmail", _HEAD),
    "bloop_original_html": Sign("airmail", _AROUND),
    "mb_quote": Sign("mailbird", _AROUND),
    "qt": Sign("fastmail", _AROUND),
    "mail-forward-quote": Sign("quoted", _AROUND, forward=True),
    "quote": Sign("quote", _AROUND),  # name=quote of GMX, web.de and mail.com
    "gmail_signature": Sign("gmail", _SIGNATURE),
    "gmail_signature_prefix": Sign("gmail", _SIGNATURE),
    "signature": Sign("outlook", _SIGNATURE),
    "ms-outlook-mobile-signature": Sign("outlook-mobile", _SIGNATURE),
    "applemailsignature": Sign("apple", _SIGNATURE),
    "moz-signature": Sign("mozilla", _SIGNATURE),
    "protonmail_signature_block": Sign("proton", _SIGNATURE),
    "_rc_sig": Sign("roundcube", _SIGNATURE),
    "messagesignaturesection": Sign("spark", _SIGNATURE),
    "bloop_sign": Sign("airmail", _SIGNATURE),
    "mb_sig": Sign("mailbird", _SIGNATURE),
    "editorusersignature": Sign("infomaniak", _SIGNATURE),
    "tutanota_signature": Sign("tutanota", _SIGNATURE),
    "front-signature": Sign("front", _SIGNATURE),
    "hs_signature": Sign("hubspot", _SIGNATURE),
    "signature_editor": Sign("signature", _SIGNATURE),
    "email-signature": Sign("signature", _SIGNATURE),
    "zmail_signature": Sign("zoho", _SIGNATURE),
    "x-zmail-signature": Sign("zoho", _SIGNATURE),
}
# By a piece of the word: clients put counters or random letters around it.
_PIECES: tuple[tuple[str, Sign], ...] = (
    ("yahoo_quoted", _WORDS["yahoo_quoted"]),
    ("divrplyfwdmsg", _WORDS["divrplyfwdmsg"]),
    ("mail-editor-reference-message", _WORDS["mail-editor-reference-message"]),
    ("zwchr", Sign("zimbra", _BEFORE)),
    ("applemailsignature", _WORDS["applemailsignature"]),
    ("bloop_sign", _WORDS["bloop_sign"]),
    ("yahoo_signature", Sign("yahoo", _SIGNATURE)),
    ("ydpsignature", Sign("yahoo", _SIGNATURE)),
    ("protonmail_signature", _WORDS["protonmail_signature_block"]),
)
_DATA: tuple[tuple[str, Sign], ...] = (
    ("data-o-mail-quote", Sign("odoo", _AROUND)),
    ("__hr_shadow__", Sign("zimbra", _BEFORE)),
    ('data-marker="__quoted_text__', Sign("zimbra", _AROUND)),
    ('data-marker="__headers__', Sign("zimbra", _HEAD)),
    ('data-marker="__sig_', Sign("zimbra", _SIGNATURE)),
    ('data-smartmail="gmail_signature', _WORDS["gmail_signature"]),
)

CITE = Sign("cite", _AROUND)
OUTLOOK = Sign("outlook", _HEAD)

_NAMED = re.compile(r"""\b(?:id|class|name)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]++))""")
# What Outlook, Roundcube and Gmail put before the names in mail that they quote.
_COPIED = re.compile(r"\A(?:x_|v\d(?=[a-z_])|m_-?\d++_?|gmail-|(?!))++")
_LONGEST = 400  # characters of one id, class or name
# Outlook's line above the header of what it quotes. The colour depends on its version.
_RULED = re.compile(
    r"border(?:-top)?:\s*none;\s*border-top:\s*solid\s|"
    r"border-top:\s*solid\s+(?:#(?:e1e1e1|b5c4df|[0-9a-f]{6})|windowtext)\s+1\.0pt|"
    r"border-top:\s*(?:#?\w+\s+)?1(?:\.0)?p[tx]\s+solid[^;]*;\s*padding[^;]*3(?:\.0)?pt"
)


# Every sign of quoted mail holds one of these; most HTML holds none, and need not be walked for signs then.
_STEMS = (
    *(
        "quote",
        "border-top",
        "fwd",
        "forward",
        "reply",
        "message",
        "original",
        "append",
        "stopsp",
        "olk_",
        "_attr",
    ),
    *("moz-", "zmail_", "mailc", "origb", "orims", "mcnt", "airmail", "zwchr", "shadow", "__head", "qt"),
)


# Signs stand in these attributes and elements alone; a page laid out by styles has none of them.
_CARRIERS = ("class", "blockquote", "border-top", "id=", "id =", "data-", "name=", "name =")


def may_hold_quoted(html: str) -> bool:
    """Tell cheaply whether HTML may hold a sign of quoted mail."""
    lower = html.lower()
    return any(carrier in lower for carrier in _CARRIERS) and any(stem in lower for stem in _STEMS)


def sign_of(name: str, rest: str) -> Sign | None:
    """Return what the attributes of a tag say, `rest` in lower case; None for most."""
    if "=" not in rest:
        return None
    found = _named(rest) if "id" in rest or "class" in rest or "name" in rest else None
    if found is None and "data-" in rest:
        found = next((sign for needle, sign in _DATA if needle in rest), None)
    if found is not None and not (found.client == "quote" and name not in {"div", "blockquote"}):
        return found
    if name == "blockquote" and is_cited(rest):
        return CITE
    if name in {"div", "p", "td"} and "border-top" in rest and _RULED.search(rest):
        return OUTLOOK
    return None


def is_cited(rest: str) -> bool:
    """Tell a blockquote that holds others' words from one that a writer uses to indent."""
    return "cite" in rest or "quote" in rest or "border-left" in rest or "iosymail" in rest


def _named(rest: str) -> Sign | None:
    for match in _NAMED.finditer(rest):
        value = (match[1] or match[2] or match[3] or "")[:_LONGEST]
        for word in value.split():
            sign = _WORDS.get(_COPIED.sub("", word))
            if sign:
                return sign
        for piece, sign in _PIECES:
            if piece in value:
                return sign
    return None
