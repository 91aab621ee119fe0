"""SMTP as far as a receiver of mail needs it (RFC 5321): the verbs around a mail; transfer.py takes it."""
# ruff: noqa: N802  aiosmtpd finds verbs by these names

from dataclasses import replace

from bccd.mail.addresses import normalise
from bccd.model.reply import RECIPIENT_OK, TOO_MANY_RECIPIENTS, TOO_MANY_STRANGERS, Reply
from bccd.sources.kept import MEMORY
from bccd.sources.paths import MailFrom, read_mail, read_rcpt, sender_named
from bccd.sources.replies import (
    BYE,
    CANNOT_VERIFY,
    DATA_CHUNKED,
    GREET_FIRST,
    HELP,
    MAIL_FIRST,
    NEEDS_NAME,
    NESTED_MAIL,
    NO_ARGUMENT,
    NO_ROOM_NOW,
    NOT_IMPLEMENTED,
    NOT_NOW,
    OK,
    SENDER_OK,
    START_TLS,
    TLS_ACTIVE,
    render_lines,
)
from bccd.sources.stream import ClosingError
from bccd.sources.transfer import Transfer
from bccd.sources.xforward import EXTENSION, NO_XFORWARD, read_xforward

_MAX_HELO = 255
# DSN is not among them, though its parameters are taken (A11): RFC 3461 asks whoever offers it for notices of
# success to any sender, and bccd writes to its users alone. A server that hears of no DSN sends them itself.
_EXTENSIONS = (
    "PIPELINING",
    "SIZE {size}",
    "8BITMIME",
    "ENHANCEDSTATUSCODES",
    "SMTPUTF8",
    "CHUNKING",
    "LIMITS RCPTMAX={recipients}",
)


class SmtpConnection(Transfer):
    """An SMTP session."""

    _extended = False

    # Greeting

    async def smtp_HELO(self, hostname: str) -> None:
        """Answer HELO."""
        if self._greet(hostname, extended=False):
            self._replies += f"250 {self.hostname}\r\n".encode("ascii", "replace")

    async def smtp_EHLO(self, hostname: str) -> None:
        """Answer EHLO with what is supported, in one write (A10)."""
        if self._greet(hostname, extended=True):
            self._replies += render_lines(250, (self.hostname, *self.extensions()))

    def extensions(self) -> tuple[str, ...]:
        """List what EHLO tells of."""
        size, recipients = self.settings.message_size, self.settings.recipients
        words = [word.format(size=size, recipients=recipients) for word in _EXTENSIONS]
        if self._certificates is not None and not self.peer.tls:
            words.append("STARTTLS")
        if self.connections.exempt(self.peer.ip):
            words.append(EXTENSION)
        return tuple(words)

    def _greet(self, hostname: str, *, extended: bool) -> bool:
        self.budget.junk()
        if not hostname:
            self.say(NEEDS_NAME)
            return False
        self.reset()
        self._extended = extended
        helo = "".join(letter if letter.isprintable() else "?" for letter in hostname[:_MAX_HELO])
        self.peer = replace(self.peer, helo=helo)
        return True

    async def smtp_XFORWARD(self, arg: str | None) -> None:
        """Note whom a listed relay has the next mail from; it may be said in several commands."""
        if not self.connections.exempt(self.peer.ip):
            self.say(NO_XFORWARD)
            return
        if self._mail is not None:
            self.say(NESTED_MAIL)
            return
        told = read_xforward(arg or "")
        if isinstance(told, Reply):
            self.say(told)
            return
        ip = self.peer.client_ip if told.ip is None else told.ip
        helo = self.peer.client_helo if told.helo is None else told.helo
        ident = self.peer.relay_id if told.ident is None else told.ident
        self.peer = replace(self.peer, client_ip=ip, client_helo=helo, relay_id=ident)
        self.say(OK)

    # Envelope

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Begin a transaction."""
        if not self.peer.helo:
            self.say(GREET_FIRST)
            return
        if self._mail is not None:
            self.say(NESTED_MAIL)
            return
        mail = self.may_send() or self._sender(arg or "")
        if isinstance(mail, Reply):
            sender = _compared(sender_named(arg or ""))
            self.handler.noted("from", self.peer, sender, mail, self.session_id)
            self.say(mail)
            return
        self._mail = mail
        self._mail_from = _compared(mail.address)
        self._examination = self.handler.examine(self.peer, self._mail_from)
        self.say(SENDER_OK)

    def _sender(self, argument: str) -> MailFrom | Reply:
        mail = read_mail(argument, extended=self._extended, max_size=self.settings.message_size)
        if isinstance(mail, MailFrom) and not self.room.holds(mail.size, filed=mail.size > MEMORY):
            return NO_ROOM_NOW
        return mail

    def may_send(self) -> Reply | None:
        """Return the reply that refuses a MAIL from whoever has not done what must come before it."""
        return None

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Ask the Receiver for one recipient; a stranger who is put off makes room where that is scarce."""
        reply = await self._recipient(arg or "")
        if (
            reply == TOO_MANY_STRANGERS
            and self.connections.busy
            and not self.connections.exempt(self.peer.ip)
        ):
            raise ClosingError(replace(reply, code=421))
        self.say(reply)

    async def _recipient(self, argument: str) -> Reply:
        if self._mail is None:
            return MAIL_FIRST
        address = read_rcpt(argument, extended=self._extended, utf8=self._mail.utf8)
        if isinstance(address, Reply):
            self.handler.noted("rcpt", self.peer, self._mail_from, address, self.session_id)
            return address
        if self._chunked is not None:
            return DATA_CHUNKED
        # A notice of a mail that came to nothing goes to whoever wrote that mail, and he is one.
        if len(self._accepted) >= (self.settings.recipients if self._mail.address else 1):
            refusal = TOO_MANY_RECIPIENTS
            self.handler.noted("rcpt", self.peer, self._mail_from, refusal, self.session_id, [address])
            return refusal
        target = await self.handler.recipient(
            self.peer, self._mail_from, address, tuple(self._accepted), self.session_id
        )
        if isinstance(target, Reply):
            return target
        self._accepted.append(target)
        return RECIPIENT_OK

    # TLS

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """Turn to TLS (RFC 3207)."""
        self.budget.junk()
        if self._certificates is None:
            self.say(NOT_IMPLEMENTED)
        elif self.peer.tls:
            self.say(TLS_ACTIVE)
        elif arg:
            self.say(NO_ARGUMENT)
        elif not self.peer.helo:
            self.say(GREET_FIRST)
        elif self.in_transaction():
            self.say(NOT_NOW)
        else:
            self.say(START_TLS)
            await self.secure()
            self._extended = False

    # The rest

    async def smtp_RSET(self, arg: str | None) -> None:
        """Forget the transaction."""
        self.budget.junk()
        self.reset()
        self.say(NO_ARGUMENT if arg else OK)

    async def smtp_NOOP(self, arg: str | None) -> None:  # noqa: ARG002
        """Do nothing."""
        self.budget.junk()
        self.say(OK)

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: ARG002
        """Part."""
        raise ClosingError(BYE)

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: ARG002
        """Tell nothing about addresses (RFC 5321 7.3)."""
        self.budget.junk()
        self.say(CANNOT_VERIFY)

    async def smtp_HELP(self, arg: str | None) -> None:  # noqa: ARG002
        """Point to the standard."""
        self.budget.junk()
        self.say(HELP)

    async def _not_implemented(self, arg: str | None) -> None:  # noqa: ARG002
        self.budget.junk()
        self.say(NOT_IMPLEMENTED)

    # AUTH is aiosmtpd's own and offered on submission only: no EHLO names it.
    smtp_EXPN = smtp_AUTH = _not_implemented  # noqa: N815


def _compared(sender: str) -> str:
    """Return the form in which an envelope's sender is compared with users' addresses.

    One that cannot be normalised must not turn into the null sender, nor another's mailbox into a user's: ß
    is folded to ss, and the Kelvin sign to k.
    """
    normal = normalise(sender)
    same = normal.rpartition("@")[0].isascii() == sender.rpartition("@")[0].isascii()
    return normal if normal and same else sender
