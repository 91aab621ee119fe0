"""One SMTP session of the load generator: what is sent, what is awaited, and how long each mail took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic

READY, GO_AHEAD, OK = 220, 354, 250
_CODE = 3  # digits of a reply code


@dataclass(frozen=True, slots=True)
class Wire:
    """A mail as octets: its commands, and its text with dots stuffed and the final dot."""

    mail: bytes
    rcpt: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Tally:
    """What all sessions of a run saw."""

    accepted: list[float] = field(default_factory=list)  # seconds from MAIL FROM to the 250, one a mail
    refused: list[str] = field(default_factory=list)  # the replies


def wire(sender: str, recipient: str, raw: bytes) -> Wire:
    """Render a mail for the wire (RFC 5321 4.5.2)."""
    body = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return Wire(f"MAIL FROM:<{sender}>\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), body + b".\r\n")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Octets to send, and how many replies they bring."""

    octets: bytes
    replies: int


class Replies:
    """Cuts what arrives into replies; keeps the code of each and the text of the last line."""

    def __init__(self) -> None:
        self._rest = b""
        self.got: list[tuple[int, bytes]] = []

    def feed(self, octets: bytes) -> None:
        """Take what arrived."""
        *lines, self._rest = (self._rest + octets).split(b"\r\n")
        for line in lines:
            if line[_CODE : _CODE + 1] != b"-":
                self.got.append((int(line[:_CODE]), line))

    def take(self) -> list[tuple[int, bytes]]:
        """Hand out the replies so far."""
        got, self.got = self.got, []
        return got


Script = Iterator[Exchange]


def script(mails: Sequence[Wire], replies: Replies, tally: Tally, *, pipelined: bool) -> Script:
    """Play a session: yield what to send, and go on when its replies are in `replies`.

    Raises ConnectionError on a greeting or an EHLO that is not answered as RFC 5321 wants.
    """
    yield Exchange(b"", 1)
    _expect(replies.take(), READY)
    yield Exchange(b"EHLO load.bench.example\r\n", 1)
    _expect(replies.take(), OK)
    for mail in mails:
        yield from _mail(mail, replies, tally, pipelined=pipelined)
    yield Exchange(b"QUIT\r\n", 1)


def _expect(got: list[tuple[int, bytes]], code: int) -> None:
    if got[0][0] != code:
        raise ConnectionError(got[0][1].decode("ascii", "replace"))


def _mail(mail: Wire, replies: Replies, tally: Tally, *, pipelined: bool) -> Script:
    begun = monotonic()
    if pipelined:
        yield Exchange(mail.mail + mail.rcpt + b"DATA\r\n", 3)
        got = replies.take()
    else:
        got = []
        for command in (mail.mail, mail.rcpt, b"DATA\r\n"):
            yield Exchange(command, 1)
            got += replies.take()
            if got[-1][0] not in (OK, GO_AHEAD):
                break
    if got[-1][0] == GO_AHEAD:
        yield Exchange(mail.body, 1)
        code, line = replies.take()[0]
        if code == OK:
            tally.accepted.append(monotonic() - begun)
            return
    else:
        line = next(line for code, line in got if code not in (OK, GO_AHEAD))
        yield Exchange(b"RSET\r\n", 1)
        replies.take()
    tally.refused.append(line.decode("ascii", "replace"))
