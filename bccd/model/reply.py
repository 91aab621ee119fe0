"""What the listener says to its peer: one table, RFC 5321 codes with RFC 3463 enhanced codes."""

from dataclasses import dataclass, field

_POSITIVE, _TRANSIENT = 2, 4  # first digits, RFC 5321 4.2.1


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP or LMTP answer; its text never quotes an error or the peer's own words."""

    code: int
    enhanced: str
    text: str
    reason: str = field(default="", compare=False)  # for the log alone; the peer never reads it

    @property
    def accepted(self) -> bool:
        """Tell whether this is a 2xx answer."""
        return self.code // 100 == _POSITIVE

    @property
    def temporary(self) -> bool:
        """Tell whether the peer should try again (RFC 5321 4.2.1)."""
        return self.code // 100 == _TRANSIENT

    def because(self, text: str) -> "Reply":
        """Return the same codes with another sentence."""
        return Reply(self.code, self.enhanced, text, self.reason)

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"


ACCEPTED = Reply(250, "2.0.0", "accepted")
SWALLOWED = Reply(250, "2.0.0", "accepted, nothing is to be done")
RECIPIENT_OK = Reply(250, "2.1.5", "recipient ok")
NO_SUCH_ADDRESS = Reply(550, "5.1.1", "no such company address here")
TAG_NOT_SUPPORTED = Reply(550, "5.1.1", "this form of the company address is not supported")
NO_SUCH_DEAL = Reply(550, "5.1.1", "no such deal at this company")
OTHER_COMPANY = Reply(452, "4.5.3", "one company a transaction, send this recipient again on its own")
SEND_ALONE = Reply(452, "4.5.3", "this recipient takes a mail of its own, send it again alone")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "too many recipients")
NULL_SENDER = Reply(550, "5.7.1", "bounces are not accepted for this address")
NOT_ACCEPTED = Reply(550, "5.7.1", "not accepted for this address")
SPF_LATER = Reply(451, "4.7.24", "the DNS could not tell who may send for this domain, try again later")
DNS_LATER = Reply(451, "4.4.3", "the DNS could not tell whose mail this is, try again later")
NO_SINGLE_FROM = Reply(554, "5.6.0", "the message has no single valid From field")
BAD_HEADER = Reply(554, "5.6.0", "the header section is malformed or too large")
MAIL_LOOP = Reply(554, "5.4.6", "too many hops, this looks like a mail loop")
BARE_LINE_ENDS = Reply(550, "5.5.2", "a lone dot must stand between CRLF line ends")
TOO_BIG = Reply(552, "5.3.4", "message too big")
LOCAL_ERROR = Reply(451, "4.3.0", "local error, try again later")
DISK_FULL = Reply(452, "4.3.1", "not enough storage, try again later")
TOO_MANY_STRANGERS = Reply(450, "4.7.1", "too much mail of unknown senders, try again later")
TOO_MUCH_MAIL = Reply(450, "4.7.1", "too much mail, try again later")
SHUTTING_DOWN = Reply(421, "4.3.2", "closing for a restart, try again soon")
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", "too many connections, try again later")
IDLE_TOO_LONG = Reply(421, "4.4.2", "idle for too long, closing")
