"""Mails that users send: signed and enveloped as their providers do, with the method that must prove each."""

from collections.abc import Iterator

from bccd.testing import Zone
from tests.e2e.spoofs import GMAIL_KEY, OFFICE, OFFICE_KEY, STRANGER, VICTIM, Spoof, letter
from tests.signer import Signer, rsa_key

_APPLE, _TENANT, _WORKSPACE, _MESSAGING = (
    Signer(domain, selector, rsa_key())
    for domain, selector in (
        ("icloud.com", "1a1hai"),
        ("example.onmicrosoft.com", "selector2-example"),
        ("example-com.20230601.gappssmtp.com", "20230601"),
        ("messagingengine.com", "fm3"),
    )
)
HONEST_ZONE: Zone = {
    **_APPLE.zone(),
    **_TENANT.zone(),
    **_WORKSPACE.zone(),
    **_MESSAGING.zone(),
    "icloud.com": {"TXT": ["v=spf1 redirect=_spf.icloud.com"]},
    "_spf.icloud.com": {"TXT": ["v=spf1 ip4:127.0.0.9 ~all"]},
    "_dmarc.icloud.com": {"TXT": ["v=DMARC1; p=quarantine; sp=quarantine;"]},
}
_GOOGLES = "to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to"
_MICROSOFTS = "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck"
_OPENDKIMS = "From:To:Subject:Date:From"
_APPLES = "from:content-type:mime-version:subject:message-id:date:to"
_TEXT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
_PHONE = (
    b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
    b"Mime-Version: 1.0 (1.0)\r\nX-Mailer: iPhone Mail (22A3354)\r\n"
)
_THERE = "127.0.0.8"  # a server that nobody's SPF names: somebody sends the mail on


def honest_mails() -> Iterator[tuple[Spoof, str]]:
    """Yield each with the method that must prove it in mode standard, Bcc to the drop address all of them."""
    ann, uma = f"Ann <{VICTIM}>", "Uma <uma@gmail.com>"
    hers, mine = f"<{VICTIM}>".encode(), b"<uma@gmail.com>"

    def ours(name: str, signer: Signer | None, h: str, head: bytes = _TEXT, author: str = ann) -> bytes:
        plain = letter(author, f"honest {name}", head=head)
        return signer.sign(plain, {"h": h}) if signer else plain

    gmail = b"X-Gm-Message-State: AOJu0Yz\r\n" + ours("gmail", GMAIL_KEY, _GOOGLES, author=uma)
    yield Spoof("Gmail", gmail, mine, STRANGER), "dkim"
    yield Spoof("Gmail, sent on", ours("on", GMAIL_KEY, _GOOGLES, author=uma), mine, _THERE), "dkim"
    phone = ours("phone", GMAIL_KEY, _GOOGLES, _PHONE, "Uma <Uma@Gmail.com>")
    yield Spoof("iPhone, by way of Gmail", phone, mine, STRANGER), "dkim"
    apple = ours("icloud", _APPLE, _APPLES, _PHONE, "Uma <uma@icloud.com>")
    yield Spoof("iCloud", apple, b"<uma@icloud.com>", "127.0.0.9"), "dkim"
    unsigned = ours("icloud, unsigned", None, "", _PHONE, "Uma <uma@icloud.com>")
    yield Spoof("iCloud by SPF", unsigned, b"<uma@icloud.com>", "127.0.0.9"), "spf"
    tenant = b"X-MS-Exchange-CrossTenant-Id: 0\r\n" + ours("m365", OFFICE_KEY, _MICROSOFTS)
    yield Spoof("Microsoft 365", tenant, hers, OFFICE), "dkim"
    default = ours("m365, default key", _TENANT, _MICROSOFTS)
    yield Spoof("Microsoft 365 that signs for its tenant only", default, hers, OFFICE), "spf"
    workspace = ours("workspace", _WORKSPACE, _GOOGLES)
    yield Spoof("Google Workspace without a key of one's own", workspace, hers, OFFICE), "spf"
    both = _MESSAGING.sign(ours("fastmail", OFFICE_KEY, _OPENDKIMS), {"h": _OPENDKIMS})
    yield Spoof("Fastmail, two signatures", both, hers, _THERE), "dkim"
    own = OFFICE_KEY.sign(letter(ann, "honest opendkim"), {"h": _OPENDKIMS, "c": "simple/simple"})
    yield Spoof("Postfix with OpenDKIM", own, hers, OFFICE), "dkim"
    mixed = OFFICE_KEY.sign(letter(ann, "honest mixed"), {"h": _OPENDKIMS, "c": "relaxed/simple"})
    yield Spoof("Postfix with OpenDKIM, another envelope", mixed, b"<root@mail.example.com>", OFFICE), "dkim"
    service = ours("service", OFFICE_KEY, _OPENDKIMS)
    yield Spoof("a bulk service", service, b"<bounces+17-ann=example.com@em.attack.test>", _THERE), "dkim"
    capital = b"<Ann@EXAMPLE.Com> BODY=8BITMIME"
    exchange = letter('"Seller, Ann" <Ann@Example.com>', "honest exchange")
    yield Spoof("Exchange on premises", exchange, capital, OFFICE), "spf"
    host = letter(ann, "honest smarthost")
    yield Spoof("an ISP's smarthost", host, hers, OFFICE, helo="smarthost.isp.test"), "spf"
    for number, sender in enumerate((b"prvs=1234567890=ann", b"ann+sales=drop.example.com")):
        mail = letter(ann, f"honest envelope {number}")
        yield Spoof(f"an envelope made of hers {number}", mail, b"<%s@example.com>" % sender, OFFICE), "spf"
