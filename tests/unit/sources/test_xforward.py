"""XFORWARD: a listed relay tells whom it has the mail from, and nobody else may."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.model.envelope import Protocol
from bccd.model.reply import Reply
from bccd.sources.xforward import Told, read_xforward
from tests.unit.sources.dialogue import MAIL, Start

OFFER = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("NAME=mail.a.example ADDR=192.0.2.7 PROTO=ESMTP HELO=a.example", Told("192.0.2.7", "a.example")),
        ("addr=IPv6:2001:DB8::7 port=[UNAVAILABLE]", Told("2001:db8::7")),
        ("ADDR=IPV6:::ffff:192.0.2.7", Told("192.0.2.7")),
        ("ADDR=[UNAVAILABLE] HELO=[tempunavail]", Told("", "")),
        ("ADDR=+5BUNAVAILABLE+5D", Told("")),
        ("HELO=[192.0.2.7]", Told(None, "[192.0.2.7]")),
        ("HELO=a+20b+0D+0Ac+E9", Told(None, "a?b??c?")),
        ("SOURCE=LOCAL IDENT=4Bxyz", Told(None, None, "4Bxyz")),
    ],
)
def test_attributes_are_read(argument: str, told: Told) -> None:
    """xtext is decoded, what is not available is empty, an address has its usual form."""
    assert read_xforward(argument) == told


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "ADDR",
        "ADDR=",
        "HELO=",
        "ADDR=2001:db8::7",
        "ADDR=IPV6:192.0.2.7",
        "ADDR=192.0.2.7/32",
        "ADDR=mail.a.example",
        "ADDR=192.0.2.7 ADDR=192.0.2.8",
        "LOGIN=ann",
        "HELO=a+2",
        "HELO=a=b",
        "=x",
        "HELO=ż",
    ],
)
def test_what_is_wrong_is_refused(argument: str) -> None:
    """An address that cannot be one must not turn into none; so it is refused, as the rest is."""
    found = read_xforward(argument)
    assert isinstance(found, Reply)
    assert found.code == 501


def test_it_holds_for_one_mail(start: Start) -> None:
    """It is told in one command or several, before MAIL, and forgotten with the mail, by RSET and EHLO."""
    desk = start(relays=("127.0.0.0/8",))
    for protocol, hello in ((Protocol.SMTP, "EHLO"), (Protocol.LMTP, "LHLO")):
        client = desk.connect(protocol)
        assert client.ask(f"{hello} relay.example").endswith(f"|250 {OFFER}")
        assert client.ask("XFORWARD ADDR=192.0.2.7")[:3] == "250"
        assert client.ask("XFORWARD HELO=a.example NAME=[UNAVAILABLE] IDENT=4Bxyz")[:3] == "250"
        client.ask("MAIL FROM:<u@example.org>")
        assert client.ask("XFORWARD ADDR=192.0.2.9")[:3] == "503"
        for command in ("RCPT TO:<drop@acme.example>", "DATA"):
            client.ask(command)
        client.send(MAIL + b".\r\n")
        assert client.reply()[:3] == "250"
        for forget in (
            "RSET",
            f"{hello} relay.example",
            "XFORWARD ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE] IDENT=[UNAVAILABLE]",
            None,
        ):
            if forget:
                assert client.ask("XFORWARD ADDR=192.0.2.7 HELO=x IDENT=4B")[:3] == "250"
                assert client.ask(forget)[:3] == "250"
            client.ask("MAIL FROM:<u@example.org>")
            client.ask("RCPT TO:<drop@acme.example>")
            client.ask("RSET")
    told = [(peer.ip, peer.client_ip, peer.client_helo, peer.relay_id) for peer in desk.recorder.peers]
    known = ("127.0.0.1", "192.0.2.7", "a.example", "4Bxyz")
    assert told == [known, *[("127.0.0.1", "", "", "")] * 4] * 2
    assert [e.peer.client_ip for e in desk.recorder.envelopes] == ["192.0.2.7"] * 2


def test_it_is_for_listed_relays(start: Start) -> None:
    """Nobody else is offered it, and who says it all the same is refused and believed nothing."""
    desk = start()
    client = desk.connect()
    assert "XFORWARD" not in client.ask("EHLO relay.example")
    assert client.ask("XFORWARD ADDR=192.0.2.7")[:9] == "550 5.7.0"
    assert client.deliver(MAIL)[:3] == "250"
    assert desk.recorder.envelopes[0].peer.client_ip == ""


@given(st.text(st.sampled_from(" =+[]:.ADRHELOIPV6addr0123456789éż\x00"), max_size=40))
def test_reading_never_raises(argument: str) -> None:
    """Whatever follows the verb, it is told or refused, and what is told is an address and printable."""
    found = read_xforward(argument)
    assert isinstance(found, Told | Reply)
    if isinstance(found, Told):
        assert not found.ip or ip_address(found.ip).version in (4, 6)
        assert (found.helo or "").isprintable() and (found.ident or "").isprintable()
