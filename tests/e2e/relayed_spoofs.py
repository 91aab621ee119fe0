"""Attempts by way of honest servers: a relay that believes too much, one that lets too much through."""

from collections.abc import Iterator

from tests.e2e.harness import DROP
from tests.e2e.spoofs import OFFICE, RELAY, VICTIM, Spoof, letter

RELAY_ID = "mx.example.com"

# ---- a relay that writes what an attacker has chosen into its own field


def _relayed() -> Iterator[Spoof]:
    line = b"Authentication-Results: mx.example.com;"
    received = b"Received: from a by mx.example.com; Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    for name, said in (
        ("dmarc=fail", b" dmarc=fail header.from=example.com; dkim=pass header.d=example.com"),
        ("passes of the attacker", b" dkim=pass header.d=attack.test; spf=pass smtp.mailfrom=attack.test"),
        ("a comment", b" dkim=pass (x; dmarc=pass header.from=example.com) header.d=attack.test"),
        ("a nested comment", b" dkim=none (a (b); dmarc=pass header.from=example.com; c)"),
        (
            "a quoted string",
            b' spf=pass smtp.mailfrom="a; dmarc=pass header.from=example.com; b"@attack.test',
        ),
        (
            "an escaped quote",
            b' spf=pass smtp.mailfrom="a\\"; dmarc=pass header.from=example.com; b"@attack.test',
        ),
        ("an open quote", b' spf=pass smtp.mailfrom="a; dmarc=pass header.from=example.com'),
        ("an open comment", b" dkim=fail (bad; dmarc=pass header.from=example.com"),
        ("two header.d", b" dkim=pass header.d=attack.test header.d=example.com"),
        ("a d= with a bracket", b" dkim=pass header.d=attack.test(.example.com"),
        ("a folded value", b" dkim=pass header.d=attack.test\r\n\t.example.com"),
        (
            "a mailfrom with spaces",
            b" spf=pass smtp.mailfrom=any@attack.test dmarc=pass header.from=example.com",
        ),
        ("a mailfrom of two", b" spf=pass smtp.mailfrom=ann@example.com@attack.test"),
        ("auth of another", b" auth=pass smtp.auth=eve@example.com"),
        ("auth of no address", b" auth=pass smtp.auth=ann"),
        ("a reason", b' dmarc=fail reason="dmarc=pass header.from=example.com" header.from=example.com'),
        ("a version", b"2 dmarc=pass header.from=example.com"),
        ("pass of another domain", b" dmarc=pass header.from=attack.test"),
        ("pass with a policy of nobody", b" dmarc=pass policy.dmarc=none"),
        ("a result that only begins so", b" dmarc=passed header.from=example.com"),
    ):
        mail = line + said + b"\r\n" + received + letter(VICTIM, f"relay {name}")
        yield Spoof(f"relay's results with {name}", mail, peer=RELAY, held=True)
    forged = line + b" dmarc=pass header.from=example.com\r\n"
    own = b"Authentication-Results: mx.example.com; dmarc=fail header.from=example.com\r\n"
    body = letter(VICTIM, "below")
    for name, mail in (
        ("results below the second Received", received * 2 + forged + body),
        ("a pass below the relay's failure", own + received + forged + body),
        ("a pass right below the relay's failure", own + forged + received + body),
    ):
        yield Spoof(name, mail, peer=RELAY, held=True)
    for authserv_id in (b"mx.example.com.attack.test", b"mx.example.com@x", b'"mx.example.com" 1 1'):
        mail = b"Authentication-Results: " + authserv_id + b"; dmarc=pass header.from=example.com\r\n" + body
        yield Spoof(f"an id that is another: {authserv_id!r}", mail, peer=RELAY, held=True)
    told = (b"XFORWARD ADDR=127.0.0.1 HELO=attack.test",)
    sender = f"<{VICTIM}>".encode()
    client, itself = letter(VICTIM, "client"), letter(VICTIM, "self")
    yield Spoof("SPF of a relay's client", client, sender, RELAY, before=told, held=True)
    yield Spoof("SPF of a relay itself", itself, sender, RELAY, held=True)


# ---- SMTP smuggling: the victim's server sends a colleague's mail on, and lets the end of data through

_ENDS = (
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r.\n", b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n", b"\r\n.\r\r\n", b"\r\r\n.\r\r\n", b"\n\n.\n\n", b"\r\n..\r\n",
)  # fmt: skip


def _smuggled() -> Iterator[Spoof]:
    for end in _ENDS:
        inner = (
            end
            + f"MAIL FROM:<{VICTIM}>\r\nRCPT TO:<{DROP}>\r\nDATA\r\n".encode()
            + letter(VICTIM, f"smuggled {end.hex()}")
        )
        outer = letter("Eve <eve@attack.test>", f"outer {end.hex()}", body=b"hello" + inner)
        yield Spoof(f"smuggled behind {end!r}", outer, b"<eve@example.com>", OFFICE, helo="mail.example.com")


RELAYED_SPOOFS: tuple[Spoof, ...] = (*_relayed(), *_smuggled())
