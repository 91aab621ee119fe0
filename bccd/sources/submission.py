"""Submission by users who log in (RFC 6409): TLS, then AUTH (RFC 4954), then mail."""
# ruff: noqa: N802  aiosmtpd finds verbs by these names

import binascii
import unicodedata
from base64 import b64decode
from dataclasses import replace

from bccd.mail.addresses import normalise
from bccd.model.reply import Reply
from bccd.sources.replies import (
    BAD_LOGIN,
    BAD_RESPONSE,
    GREET_FIRST,
    LOGGED_IN,
    LOGGED_IN_ALREADY,
    LOGIN_CANCELLED,
    LOGIN_FIRST,
    NO_MECHANISM,
    NOT_NOW,
    RESPONSE_TOO_LONG,
    TLS_FIRST,
    TOO_MANY_LOGINS,
    UNKNOWN_MECHANISM,
)
from bccd.sources.smtp import SmtpConnection
from bccd.sources.stream import ClosingError, LineTooLongError

_MECHANISMS = ("PLAIN", "LOGIN")
_ASK_NAME, _ASK_PASSWORD = "VXNlcm5hbWU6", "UGFzc3dvcmQ6"  # "Username:" and "Password:" in base64
_LONGEST = 512  # octets of a name or a password; RFC 4616 2 asks for 255


class _NoLoginError(Exception):
    """The exchange ends with this reply, before there is anything to check."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class SubmissionConnection(SmtpConnection):
    """A session of a user's own mail program, or of a server that logs in as him."""

    def extensions(self) -> tuple[str, ...]:
        """List what EHLO tells of; AUTH only where nobody can listen (RFC 4954 4)."""
        words = super().extensions()
        return (*words, f"AUTH {' '.join(_MECHANISMS)}") if self.peer.tls else words

    def may_send(self) -> Reply | None:
        """Ask for TLS and a login before MAIL."""
        if not self.peer.tls:
            return TLS_FIRST
        return LOGIN_FIRST if self.peer.login is None else None

    def patience(self) -> float:
        """Wait less long for somebody of whom nothing is known."""
        patience = super().patience()
        return patience if self.peer.login is not None else min(patience, self.settings.login_seconds)

    async def smtp_AUTH(self, arg: str | None) -> None:
        """Log in (RFC 4954 4)."""
        self.budget.junk()
        mechanism, _, initial = (arg or "").partition(" ")
        if refusal := self._not_now(mechanism.upper(), initial):
            self.say(refusal)
            return
        read = self._plain if mechanism.upper() == "PLAIN" else self._login
        try:
            name, password = await read(initial)
        except _NoLoginError as error:
            self.say(error.reply)
            return
        login = await self.handler.login(self.peer, name, password, self.session_id)
        if login == TOO_MANY_LOGINS:
            raise ClosingError(TOO_MANY_LOGINS)
        if isinstance(login, Reply):
            if login == BAD_LOGIN:
                self.budget.login_failed()
            self.say(login)
            return
        self.peer = replace(self.peer, login=login)
        self.say(LOGGED_IN)

    def _not_now(self, mechanism: str, initial: str) -> Reply | None:
        faults = (
            (not self.peer.tls, TLS_FIRST),
            (not self.peer.helo, GREET_FIRST),
            (self.peer.login is not None, LOGGED_IN_ALREADY),
            (self.in_transaction(), NOT_NOW),
            (not mechanism, NO_MECHANISM),
            (mechanism not in _MECHANISMS, UNKNOWN_MECHANISM),
            (" " in initial, BAD_RESPONSE),
        )
        return next((reply for fault, reply in faults if fault), None)

    async def _plain(self, initial: str) -> tuple[str, str]:
        """Read the response of PLAIN (RFC 4616): whom to act as, who it is, the password, NUL between."""
        response = _decoded(initial) if initial else await self._asked("")
        parts = response.split(b"\0")
        if len(parts) != 3:  # noqa: PLR2004 - the three above
            raise _NoLoginError(BAD_RESPONSE)
        act_as, name, password = (_text(part) for part in parts)
        if not name or not password:
            raise _NoLoginError(BAD_RESPONSE)
        # Nobody acts as somebody else; he learns of it as of a wrong password, which is checked all the same.
        return (name, password) if not act_as or normalise(act_as) == normalise(name) else ("", password)

    async def _login(self, initial: str) -> tuple[str, str]:
        """Read name and password as LOGIN has them, which no RFC tells of."""
        name = _decoded(initial) if initial else await self._asked(_ASK_NAME)
        password = await self._asked(_ASK_PASSWORD)
        return _text(name), _text(password)

    async def _asked(self, challenge: str) -> bytes:
        """Send a challenge and return the decoded response."""
        self._replies += f"334 {challenge}\r\n".encode("ascii")
        await self.flush()
        try:
            line = await self.line_within(self.settings.login_seconds)
        except LineTooLongError:
            raise _NoLoginError(RESPONSE_TOO_LONG) from None
        if line == b"*\r\n":
            raise _NoLoginError(LOGIN_CANCELLED)
        if not line.endswith(b"\r\n"):
            raise _NoLoginError(BAD_RESPONSE)
        return _decoded(line[:-2].decode("ascii", "replace"))


def _decoded(text: str) -> bytes:
    """Read base64 strictly; "=" stands for nothing where a response may not be empty (RFC 4954 4)."""
    if text == "=":
        return b""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise _NoLoginError(BAD_RESPONSE) from None


def _text(octets: bytes) -> str:
    """Read a name or a password, both in one form of Unicode (RFC 8265 4.2)."""
    if len(octets) > _LONGEST or b"\0" in octets:
        raise _NoLoginError(BAD_RESPONSE)
    try:
        return unicodedata.normalize("NFC", octets.decode())
    except UnicodeDecodeError:
        raise _NoLoginError(BAD_RESPONSE) from None
