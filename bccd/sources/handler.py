"""Between the protocol and the Receiver: the one place where an exception becomes a reply.

No text of an exception reaches a peer, and no error of ours is permanent to him (RFC 5321 4.2.1).
"""

import asyncio
import errno
import time
from collections.abc import Callable, Sequence

import structlog

from bccd.journal import Journal
from bccd.mail.addresses import normalise
from bccd.meters.families import ACCEPTED, ACCEPTED_OCTETS, LOGINS, RECEIVE, TLS_FAILED, UNPROVEN
from bccd.meters.room import ran_out
from bccd.model.auth import Login
from bccd.model.envelope import Envelope, Peer, Target
from bccd.model.errors import StorageFullError
from bccd.model.reply import DISK_FULL, LOCAL_ERROR, Reply
from bccd.observe import log_receive, shown
from bccd.ports import Examination, Receiver
from bccd.sources.limits import host_key
from bccd.sources.rates import HOUR, Window
from bccd.sources.replies import BAD_LOGIN, LOGIN_LATER, TOO_MANY_LOGINS

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Handler:
    """Calls the Receiver for every session of a process, and answers whatever happens there."""

    def __init__(
        self,
        receiver: Receiver,
        failures_per_hour: int = 0,
        exempt: Callable[[str], bool] = bool,
        journal: Journal | None = None,
    ) -> None:
        self._receiver = receiver
        self._journal = journal
        self._guesses = Window(failures_per_hour, HOUR)
        self._exempt = exempt
        # The event loop alone would not keep a commit alive whose session is gone.
        self.commits: set[asyncio.Task[None]] = set()

    def failed(self, error: BaseException, session_id: str) -> Reply:
        """Log an exception and return the reply for it."""
        full = isinstance(error, StorageFullError) or getattr(error, "errno", None) in _NO_ROOM
        if full:
            ran_out()
        structlog.get_logger().error("receive_failed", session=session_id, exc_info=error)
        return DISK_FULL if full else LOCAL_ERROR

    def no_tls(self, error: OSError, peer: Peer, session_id: str) -> None:
        """Log a handshake that came to nothing."""
        why = getattr(error, "reason", None) or type(error).__name__
        TLS_FAILED.add()
        structlog.get_logger().info("tls_failed", session=session_id, peer=peer.ip, why=why)

    async def login(self, peer: Peer, name: str, password: str, session_id: str) -> Login | Reply:
        """Check a name and its password; a host that has guessed too often is not listened to."""
        log = structlog.get_logger().bind(
            session=session_id, peer=peer.ip, name=shown(normalise(name) or name)
        )
        host = "" if self._exempt(peer.ip) else host_key(peer.ip)
        # Counted before it is known, or many sessions could guess at once.
        if host and not self._guesses.take(host):
            log.warning("login_refused", why="too many failures of this host")
            return self._no_login(peer, name, TOO_MANY_LOGINS, session_id)
        try:
            login = await self._receiver.login(name, password)
        except Exception as error:  # noqa: BLE001  whatever it is, the peer may try again
            self._guesses.give_back(host)
            self.failed(error, session_id)
            self.noted("login", peer, normalise(name) or name, LOGIN_LATER, session_id)
            return LOGIN_LATER
        if login is None:
            log.warning("login_failed")
            return self._no_login(peer, name, BAD_LOGIN, session_id)
        self._guesses.give_back(host)
        LOGINS.add("accepted")
        log.info("login", company=login.company_id, user=login.user_id)
        return login

    async def recipient(
        self, peer: Peer, mail_from: str, address: str, so_far: Sequence[Target], session_id: str
    ) -> Target | Reply:
        """Check one RCPT TO."""
        try:
            found = await self._receiver.recipient(peer, mail_from, address, so_far)
        except Exception as error:  # noqa: BLE001  whatever it is, the peer may try again
            found = self.failed(error, session_id)
        if isinstance(found, Reply):
            self.noted("rcpt", peer, mail_from, found, session_id, [address])
        return found

    def _no_login(self, peer: Peer, name: str, reply: Reply, session_id: str) -> Reply:
        LOGINS.add("failed" if reply is BAD_LOGIN else "refused")
        self.noted("login", peer, normalise(name) or name, reply, session_id)
        return reply

    def noted(  # noqa: PLR0917
        self,
        step: str,
        peer: Peer,
        sender: str,
        reply: Reply,
        session_id: str,
        recipients: Sequence[str] = (),
    ) -> None:
        """Have `bccd trace` know of a refusal before a mail is whole: "from", "rcpt", "mail", "login"."""
        if self._journal is not None:
            self._journal.refused(step, session_id, peer, reply, sender=sender, recipients=recipients)

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        """Begin to gather evidence about a mail."""
        return self._receiver.examine(peer, mail_from)

    async def message(self, envelope: Envelope, examination: Examination) -> list[Reply]:
        """Have a mail taken; one reply for each target.

        The commit runs on if the caller is cancelled: half a commit would be worse than a mail that the peer,
        who got no reply, sends twice, since the second one is recognised.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Reply]] = loop.create_future()
        self.commits.add(loop.create_task(self._answer(answer, envelope, examination)))
        return await answer

    async def _answer(
        self, answer: asyncio.Future[list[Reply]], envelope: Envelope, examination: Examination
    ) -> None:
        """Do so in a task of its own; a future less than asyncio.shield takes, and two turns of the loop."""
        try:
            replies = await self._commit(envelope, examination)
            if not answer.done():  # nor has its session been cancelled
                answer.set_result(replies)
        except Exception as error:  # of what follows a commit, such as a log that is full
            if answer.done():
                raise
            answer.set_exception(error)
        except BaseException:
            answer.cancel()
            raise
        finally:
            self.commits.discard(asyncio.current_task())

    async def _commit(self, envelope: Envelope, examination: Examination) -> list[Reply]:
        started = time.monotonic()
        try:
            replies = await self._receiver.message(envelope, examination)
            if len(replies) != len(envelope.targets):
                raise ValueError(f"{len(replies)} replies for {len(envelope.targets)} targets")  # noqa: TRY301
        # Cancelled by the Receiver's own doing, or because the process ends and this took too long.
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  as above
            replies = [self.failed(error, envelope.session_id)] * len(envelope.targets)
        finally:
            examination.abandon()
            if envelope.raw.path is not None:  # unless the spool has taken it over by renaming
                envelope.raw.path.unlink(missing_ok=True)
        self._told(envelope, replies, time.monotonic() - started)
        return replies

    def refuse(self, envelope: Envelope, reply: Reply) -> list[Reply]:
        """Answer every target of a mail that the Receiver is not asked about."""
        replies = [reply] * len(envelope.targets)
        self._told(envelope, replies, 0.0)
        return replies

    def _told(self, envelope: Envelope, replies: Sequence[Reply], seconds: float) -> None:
        """Log, count and note how a mail was answered."""
        log_receive(envelope, replies, seconds)
        if any(reply.accepted for reply in replies):
            ACCEPTED.add()
            ACCEPTED_OCTETS.add(amount=envelope.raw.size)
            RECEIVE.observe(seconds)
        for reply in replies:
            if reply.reason:
                UNPROVEN.add(reply.reason)
        if self._journal is not None:
            self._journal.mail(envelope, replies)
