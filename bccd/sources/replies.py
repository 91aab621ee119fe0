"""What the protocol itself has to say, and how a reply goes on the wire (RFC 5321 4.2, RFC 3463)."""

from collections.abc import Sequence

from bccd.model.reply import Reply

MAX_LINE = 510  # RFC 5321 4.5.3.1.5: 512 octets with CRLF

OK = Reply(250, "2.0.0", "ok")
SENDER_OK = Reply(250, "2.1.0", "sender ok")
BYE = Reply(221, "2.0.0", "bye")
SEND_DATA = Reply(354, "", "end data with <CR><LF>.<CR><LF>")
HELP = Reply(214, "2.0.0", "this host takes mail for company addresses, see RFC 5321")
CANNOT_VERIFY = Reply(252, "2.0.0", "send the mail and see")

BAD_LINE = Reply(500, "5.5.2", "command lines are text and end with CRLF")
LINE_TOO_LONG = Reply(500, "5.5.2", "command line too long")
UNKNOWN_COMMAND = Reply(500, "5.5.1", "command unknown")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "command not implemented")
WRONG_PROTOCOL = Reply(502, "5.7.0", "this is a mail server")
NO_ARGUMENT = Reply(501, "5.5.4", "this command takes no argument")
NEEDS_NAME = Reply(501, "5.5.4", "a host name must follow")
GREET_FIRST = Reply(503, "5.5.1", "greet first")
NESTED_MAIL = Reply(503, "5.5.1", "a transaction is open, send RSET first")
MAIL_FIRST = Reply(503, "5.5.1", "MAIL comes first")
NO_RECIPIENTS = Reply(503, "5.5.1", "no valid recipients")

BAD_CHUNK = Reply(501, "5.5.4", "a size must follow, and LAST or nothing; closing")
DATA_CHUNKED = Reply(503, "5.5.1", "BDAT has begun this mail")

BAD_SENDER = Reply(501, "5.1.7", "the sender's address is malformed")
BAD_RECIPIENT = Reply(501, "5.1.3", "the recipient's address is malformed")
UTF8_SENDER = Reply(550, "5.6.7", "a non-ASCII address needs SMTPUTF8")
UTF8_RECIPIENT = Reply(553, "5.6.7", "a non-ASCII address needs SMTPUTF8")
BAD_PARAMETER = Reply(501, "5.5.4", "a parameter is malformed")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "a parameter is not supported")

START_TLS = Reply(220, "2.0.0", "go ahead")
TLS_ACTIVE = Reply(503, "5.5.1", "TLS is active already")
TLS_FIRST = Reply(530, "5.7.0", "send STARTTLS first")
LOGIN_FIRST = Reply(530, "5.7.0", "log in first, with AUTH")
LOGGED_IN = Reply(235, "2.7.0", "logged in")
LOGGED_IN_ALREADY = Reply(503, "5.5.1", "logged in already")
NOT_NOW = Reply(503, "5.5.1", "not while a transaction is open")
NO_MECHANISM = Reply(501, "5.5.4", "a mechanism must follow")
UNKNOWN_MECHANISM = Reply(504, "5.5.4", "only PLAIN and LOGIN are known here")
BAD_RESPONSE = Reply(501, "5.5.2", "the response is malformed")
RESPONSE_TOO_LONG = Reply(500, "5.5.6", "the response is too long")
LOGIN_CANCELLED = Reply(501, "5.7.0", "the login is cancelled")
BAD_LOGIN = Reply(535, "5.7.8", "name or password is wrong")
LOGIN_LATER = Reply(454, "4.7.0", "logins cannot be checked now, try again later")
TOO_MANY_LOGINS = Reply(421, "4.7.0", "too many failed logins, closing")

NO_ROOM_NOW = Reply(452, "4.3.1", "too much mail is coming in, try again later")
FAR_TOO_BIG = Reply(421, "4.7.0", "message far too big, closing")
TOO_SLOW = Reply(421, "4.4.2", "data comes too slowly, closing")
SESSION_TOO_LONG = Reply(421, "4.4.2", "session too long, closing")

_UNSAFE = dict.fromkeys(range(32), " ") | {0x7F: " "}


def render(reply: Reply) -> bytes:
    """Write a reply as one line of printable ASCII, so that no text can pose as a second reply."""
    text = str(reply)
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_UNSAFE)
    return text.encode("ascii", "replace")[:MAX_LINE] + b"\r\n"


def render_lines(code: int, lines: tuple[str, ...]) -> bytes:
    """Write a reply of several lines as one piece of octets."""
    last = len(lines) - 1
    text = "".join(f"{code}{' ' if n == last else '-'}{line}\r\n" for n, line in enumerate(lines))
    return text.encode("ascii", "replace")


def worst(replies: Sequence[Reply]) -> Reply:
    """Fold the replies of several targets into SMTP's single one.

    A temporary failure wins: the peer comes again, what is kept is recognised, and the rest gets its answer.
    """
    first = replies[0]
    if all(reply == first for reply in replies[1:]):
        return first
    return min(replies, key=lambda reply: (not reply.temporary, reply.accepted))
