"""The smarthost: one connection, kept while there is mail, and what its answers mean for a mail."""

import asyncio
import ipaddress
import ssl
from base64 import b64encode
from dataclasses import dataclass

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bccd.config import Outbound
from bccd.model.errors import BccdError

_SECONDS = 60.0  # how long each answer is waited for
_PERMANENT = 500
_LONGEST_ERROR = 300  # characters kept of what a server says


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of one attempt."""

    outcome: str  # "sent", "failed", "later", "away", "unknown": as store.postroom.Result says
    error: str = ""


class AwayError(BccdError):
    """The smarthost cannot be reached, or will not have us."""


class Relay:
    """Hands mails to the smarthost, one after the other."""

    def __init__(self, settings: Outbound, hostname: str, *, cafile: str | None = None) -> None:
        host, _, port = settings.smarthost.rpartition(":")
        self._host = host.removeprefix("[").removesuffix("]")
        self._port = int(port)
        self._settings = settings
        self._hostname = hostname
        self._cafile = cafile
        self._client: SMTP | None = None

    async def send(self, to: str, octets: bytes) -> Sending:
        """Send one mail with the null return path; never raises for what a server or a network does."""
        try:
            client = await self._connected()
        except AwayError as error:
            return Sending("away", str(error))
        try:
            return await self._transaction(client, to, octets)
        except (SMTPException, OSError, TimeoutError, UnicodeError) as error:
            await self.close()
            return Sending("away", self._said(error))

    async def reach(self) -> None:
        """Connect, log in where a name is configured, and part; raises AwayError."""
        await self._connected()
        await self.close()

    async def close(self) -> None:
        """Part from the server, which may be gone already."""
        client, self._client = self._client, None
        if client is None:
            return
        wire = client.transport
        try:
            async with asyncio.timeout(2):
                await client.quit()
        except (SMTPException, OSError, TimeoutError):
            pass
        finally:
            client.close()
            _cut(wire)

    async def _connected(self) -> SMTP:
        """Return the connection; one that has gone stale is replaced. Raises AwayError."""
        if self._client is not None:
            try:
                await self._client.rset()
            except (SMTPException, OSError, TimeoutError):
                wire = self._client.transport
                self._client.close()
                _cut(wire)
                self._client = None
            else:
                return self._client
        client = self._new()
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            await self._log_in(client)
        except (AwayError, SMTPException, OSError, TimeoutError, ValueError) as error:
            wire = client.transport
            client.close()
            _cut(wire)
            raise AwayError(self._said(error)) from error
        self._client = client
        return client

    def _new(self) -> SMTP:
        tls = self._settings.tls
        return SMTP(
            hostname=self._host,
            port=self._port,
            local_hostname=self._hostname,
            timeout=_SECONDS,
            use_tls=tls == "implicit",
            start_tls={"starttls": True, "auto": None}.get(tls, False),
            tls_context=self._context(),
        )

    def _context(self) -> ssl.SSLContext:
        """Return how servers are verified: always, but for one on this machine that offers what it has."""
        context = ssl.create_default_context(cafile=self._cafile)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._settings.tls == "auto" and _is_here(self._host):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def _log_in(self, client: SMTP) -> None:
        """Log in where a name is configured; a password is sent over a network within TLS only."""
        settings = self._settings
        if not settings.username:
            return
        within = client.get_transport_info("sslcontext") is not None
        if not within and settings.tls != "none" and not _is_here(self._host):
            raise AwayError("it offers no TLS, and the password is not sent without")
        await client.login(settings.username, settings.password)

    async def _transaction(self, client: SMTP, to: str, octets: bytes) -> Sending:
        utf8 = not to.isascii()
        if utf8 and not client.supports_extension("smtputf8"):
            return Sending("failed", "the smarthost takes no address outside ASCII (RFC 6531)")
        encoding = "utf-8" if utf8 else "ascii"
        try:
            await client.mail("", options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
        except SMTPSenderRefused as error:
            if not utf8:  # of no sender, so it is the server that will not have us
                raise
            return self._refused(error)
        try:
            await client.rcpt(to, encoding=encoding)
        except SMTPRecipientRefused as error:
            return self._refused(error)
        try:
            await client.data(octets)
        except SMTPDataError as error:
            return self._refused(error)
        except (SMTPException, OSError, TimeoutError) as error:
            await self.close()
            return Sending("unknown", self._said(error))  # it may have been taken, and the answer lost
        return Sending("sent")

    def _refused(self, error: SMTPResponseException) -> Sending:
        return Sending("failed" if error.code >= _PERMANENT else "later", self._said(error))

    def _said(self, error: BaseException) -> str:
        """Say what went wrong, without our password if the server repeats it, plain or as AUTH has it."""
        said, settings = _said(error), self._settings
        if settings.password:
            plain = f"\0{settings.username}\0{settings.password}"
            forms = (
                *(b64encode(form.encode()).decode() for form in (plain, settings.password)),
                settings.password,
            )
            for form in forms:
                said = said.replace(form, "***")
        return said[:_LONGEST_ERROR]


def _cut(wire: asyncio.BaseTransport | None) -> None:
    """Wait for no farewell: a server that says none within TLS would keep the connection half a minute."""
    if isinstance(wire, asyncio.WriteTransport):
        wire.abort()


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _said(error: BaseException) -> str:
    """Say what went wrong, without anything that we sent: what a server says stands in its reply."""
    if isinstance(error, SMTPResponseException):
        text = f"{error.code} {error.message}"
    elif isinstance(error, AwayError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}"
    return " ".join(text.split())
