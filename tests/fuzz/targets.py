"""Every reader of octets that strangers send, each with what must hold whatever they are.

A target raises for what must not happen. To add one: a function of octets, seeds, and a line in TARGETS.
"""

import ipaddress
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bccd.cage.words import encode
from bccd.cli.samples import FOLDER
from bccd.config import Config, check, load
from bccd.config.load import settings
from bccd.mail.addresses import normalise
from bccd.mail.anatomy import anatomy
from bccd.mail.anatomy.build import anatomy_json
from bccd.mail.authres import read as read_results
from bccd.mail.authres_write import write as write_results
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import FIELDS_CAP, fields, has_bare_line_ends, header_section, scan
from bccd.mail.mime import split as split_mime
from bccd.mail.parse import parse
from bccd.mail.part import Part
from bccd.model.errors import ConfigError
from bccd.model.message import Message
from bccd.model.reply import BARE_LINE_ENDS, Reply
from bccd.sources.commands import split
from bccd.sources.data import Body
from bccd.sources.paths import read_mail, read_rcpt
from bccd.sources.proxy import LONGEST_V2, ProxyError, ProxyHeader
from bccd.sources.replies import render
from bccd.sources.stream import ClosingError
from bccd.sources.xforward import read_xforward
from bccd.verify.wire import Name, WireError
from bccd.verify.wire import read as read_answer
from tests.fuzz.driver import Target
from tests.fuzz.driver import seeds as _seeds
from tests.fuzz.session import session
from tests.unit.sources.dialogue import ROOM

_END = b"\r\n.\r\n"
_LONE = re.compile(rb"[\r\n]\.[\r\n]")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f]")
_WORD = "[a-z](?:[a-z0-9_-]*[a-z0-9])?"
_KEYWORD = re.compile(f"{_WORD} {_WORD}")
_HOST: Name = (b"a", b"example")


# ---- the listener ----------------------------------------------------------------------------------------


def commands(octets: bytes) -> None:
    """A line is taken apart or refused; what a reply says stays on one line."""
    for line in octets.split(b"\n"):
        verb, argument = split(line + b"\n")
        assert verb.isascii() and "\r" not in argument and "\0" not in argument
        for extended in (False, True):
            mail = read_mail(argument, extended=extended, max_size=1000)
            rcpt = read_rcpt(argument, extended=extended, utf8=extended)
            address = mail if isinstance(mail, Reply) else mail.address
            for found in (address, rcpt):
                assert isinstance(found, Reply) or not _UNWANTED.search(found), found
                assert isinstance(found, Reply) or extended or found.isascii(), found
        told = read_xforward(argument)
        if not isinstance(told, Reply):
            assert not _UNWANTED.search(f"{told.ip}{told.helo}")
        said = render(Reply(550, "5.7.1", argument))
        assert said.endswith(b"\r\n") and len(said) <= 512 and not set(said[:-2]) & {10, 13, 0}


def data(octets: bytes) -> None:
    """However the octets are cut, there is one mail with one end, or a refusal."""
    cuts, wire = octets[:8], octets[8:] + b"z" + _END + b"rest"
    whole = _received(wire, [len(wire)])
    parted = _received(wire, [cut + 1 for cut in cuts] * (len(wire) // 8 + 1))
    assert whole == parted
    text = b"\r\n" + wire
    end = text.find(_END)
    smuggled = _LONE.search(text[: end + 2]) is not None
    assert (whole is None) is smuggled
    if whole is not None:
        lines = text[2 : end + 2].split(b"\r\n")
        assert whole == (b"\r\n".join(line.removeprefix(b".") for line in lines), wire[end + 3 :])


def _received(wire: bytes, cuts: Sequence[int]) -> tuple[bytes, bytes] | None:
    fed: list[bytes] = []
    body = Body(10**6, Path(tempfile.gettempdir()), fed.append, ROOM)
    try:
        for cut in (*cuts, len(wire)):
            rest = body.feed(wire[:cut])
            wire = wire[cut:]
            if rest is not None:
                assert b"".join(fed) == body.raw().data
                return body.raw().data, rest + wire
    except ClosingError as closing:
        if closing.reply != BARE_LINE_ENDS:
            raise
        return None
    raise AssertionError("the end was not seen")


def proxy(octets: bytes) -> None:
    """A header tells the same and ends in the same place however it is cut; it names a host or nobody."""
    whole = _told(octets, len(octets) or 1)
    assert whole == _told(octets, 1) == _told(octets, 5)
    if whole is not None:
        ip, rest = whole
        assert octets.endswith(rest) and len(octets) - len(rest) <= 16 + LONGEST_V2
        assert not ip or str(ipaddress.ip_address(ip)) == ip


def _told(octets: bytes, size: int) -> tuple[str, bytes] | None:
    header = ProxyHeader()
    for start in range(0, len(octets), size):
        try:
            rest = header.feed(octets[start : start + size])
        except ProxyError:
            return None
        if rest is not None:
            return header.ip, rest + octets[start + size :]
        assert header.wants > 0
    return None


# ---- the header section ----------------------------------------------------------------------------------


def from_field(octets: bytes) -> None:
    """There is an address in its one form, or a defect and never both; all of it stands in the mail."""
    found = strict_from(octets)
    assert bool(found.address) is not bool(found.defect), found
    if not found.address:
        return
    local, at, domain = found.address.rpartition("@")
    assert at and local and normalise(found.address) == found.address, found
    assert re.fullmatch(r"[a-z0-9.-]+", domain) and not _UNWANTED.search(found.address)
    assert len(re.findall(rb"(?im)^from[ \t]*:", octets)) == 1, found
    if local.isascii() and b"xn--" not in domain.encode():
        assert local.encode() in octets.lower(), found


def headers(octets: bytes) -> None:
    """What is counted at admission is what a reader by lines counts; a section ends in one place."""
    section = header_section(octets)
    assert octets.startswith(section)
    found = scan(section)
    lengths: list[int] = []
    received = 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+", section):
        if line[:1] not in (b" ", b"\t", b"\r", b"\n"):
            lengths.append(0)
            received += bool(re.match(rb"received[ \t]*:", line, re.IGNORECASE))
        if lengths:
            lengths[-1] += len(line)
    assert (found.fields, found.received, found.longest_field) == (
        len(lengths),
        received,
        max(lengths, default=0),
    )
    assert found.bare_line_ends is has_bare_line_ends(section) and found.nul is (b"\0" in section)
    listed = fields(section)
    assert len(listed) <= FIELDS_CAP
    for name, value in listed:
        assert name == name.lower() and b"\n" not in value and name in section.lower()


def results(octets: bytes) -> None:
    """Results are read, or nothing is; what we write of them reads the same."""
    found = read_results(octets)
    assert found.authserv_id == found.authserv_id.lower()
    for one in found.results:
        assert re.fullmatch(r"[a-z0-9_-]+", one.method) and re.fullmatch(r"[a-z0-9_-]+", one.result), one
    again = read_results(write_results("mx.example", found.results).encode())
    assert again.authserv_id == "mx.example"
    # What is no Keyword of RFC 8601 2.2 is read as others write it, and not written.
    kept = [
        (one.method, one.result) for one in found.results if _KEYWORD.fullmatch(f"{one.method} {one.result}")
    ]
    assert [(one.method, one.result) for one in again.results] == kept


# ---- the mail --------------------------------------------------------------------------------------------


def mime(octets: bytes) -> None:
    """A mail of any octets is split within the caps, and its parts lie within it."""
    parts = 0
    waiting: list[Part] = [split_mime(octets).root]
    while waiting:
        part = waiting.pop()
        parts += 1
        waiting += part.children
    assert parts <= 1_100
    message = parse(octets)
    decoded = msgspec.msgpack.decode(encode(("", message)), type=tuple[str, Message])
    assert decoded[1] == message
    json.loads(anatomy_json(octets))


def forward(octets: bytes) -> None:
    """A text that may hold a forward, plain and in HTML, gives whole addresses and one original, or none."""
    for kind in (b"plain", b"html"):
        raw = (
            b"From: anna@seller.example\r\nTo: crm@drop.example\r\nSubject: Fwd: Offer\r\n"
            b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nContent-Type: text/"
            + kind
            + b"; charset=utf-8\r\n\r\n"
            + octets
        )
        found = anatomy(raw)
        if found.forward is not None:
            author = found.forward.sender
            told = [*found.forward.to, *found.forward.cc, *found.forward.reply_to]
            addresses = [person.address for person in told] + ([author.address] if author else [])
            assert all(not each or normalise(each) == each for each in addresses), addresses


# ---- the rest --------------------------------------------------------------------------------------------


def configuration(octets: bytes) -> None:
    """A file is a configuration, or each of its mistakes is told on a line of its own; no secret is shown."""
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(octets)
        file.flush()
        mistakes: list[str] | None = None
        shown = ""
        try:
            config = load(Path(file.name), {})
            check(config)
            shown = _without_open(config)
        except ConfigError as error:
            mistakes = error.mistakes
            # What stands under an option of another name is no secret.
            shown = "".join(line for line in mistakes if "password" in line.partition(": ")[2])
    assert mistakes is None or (mistakes and all(line and "\n" not in line for line in mistakes)), mistakes
    assert "hunter2" not in shown, shown


def _without_open(config: Config) -> str:
    """Return what a configuration shows of itself, but for options that are no secret."""
    shown = repr(config)
    for section, name, _item, option in settings():
        if not option.secret:
            shown = shown.replace(repr(getattr(getattr(config, section) if section else config, name)), "")
    return shown


def dns(octets: bytes) -> None:
    """An answer holds what was asked for, or is none."""
    kinds = ("A", "AAAA", "MX", "TXT", "PTR")
    kind = kinds[octets[0] % len(kinds)] if octets else "A"
    try:
        found = read_answer(octets[1:], 0x4243, _HOST, kind)
    except WireError:
        return
    assert found.ttl >= 0
    for record in found.records:
        assert isinstance(record, tuple if kind == "MX" else bytes if kind == "TXT" else str), record


# ---- the list --------------------------------------------------------------------------------------------


def _samples() -> list[bytes]:
    """The demo's mails: forwards of several programs and languages."""
    mails = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.eml"))]
    return [mail.replace("\n", "\r\n").encode() for mail in mails]


_SMTP = rb"MAIL FROM: RCPT TO: DATA BDAT LAST RSET EHLO QUIT <drop@acme.example> PROXY SIZE= SMTPUTF8".split()
_MIME = (
    rb"--x --x-- Content-Type: multipart/mixed;boundary=x message/rfc822 text/html base64 quoted-printable"
    rb" =?utf-8?b? charset= name*0*= <div> </div> <table> <style> &nbsp; X-"
).split()
_FORWARD = (
    (
        rb"From: Sent: Date: To: Subject: Cc: > <b> </b> <br> <blockquote> wrote: mailto: &lt; &gt;"
        rb" -----Original_Message-----"
    )
    .replace(b"_", b" ")
    .split(b" ")
)
_RESULT = rb"=pass dkim spf dmarc header.d= smtp.mailfrom= ( ) none".split()
_CONFIG = rb"[limits] [trust] password = [[ { }".split()

TARGETS = {
    target.name: target
    for target in (
        Target("commands", commands, words=_SMTP),
        Target("session", session, words=_SMTP),
        Target(
            "proxy",
            proxy,
            words=(b"PROXY TCP4 ", b"PROXY UNKNOWN", b"\r\n\r\n\0\r\nQUIT\n", b"192.0.2.1 ", b"::1 "),
        ),
        Target("data", data, _seeds("mime"), (b"\r\n.", b".\r")),
        Target("from", from_field, words=(b"From:", b"\r\n ", b"<a@b.example>")),
        Target("headers", headers, _seeds("from") + _seeds("mime"), (b"Received: ", b"\n ", b"\r\n\r\n")),
        Target("results", results, words=_RESULT),
        Target("mime", mime, _samples(), _MIME),
        Target("forward", forward, words=_FORWARD),
        Target("configuration", configuration, words=_CONFIG),
        Target("dns", dns, words=(b"\xc0\x0c", b"\xc0\x00", b"\x3f", b"\0\1\0\1")),
    )
}
