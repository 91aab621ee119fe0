"""Mail servers as they should be: each repeats a mail until it was answered with 250."""

import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

from tests.e2e.harness import DROP, USERS, Daemon, mail, wait_for

LARGE = 50  # each so many-th mail is larger than SQLite's table takes
Writer = Callable[[int], bytes]  # of a number, always the same mail


def plain(number: int) -> bytes:
    """Write a mail of up to 5 KB, or a large one."""
    size = 1_100_000 if number % LARGE == LARGE - 1 else number * 97 % 5000
    return mail(f"fault-{number}", USERS[number % len(USERS)], b"x" * 70 + b"\r\n" * (1 + size // 2))


class Senders:
    """Several at once; each takes the next mail, and sends it until it is taken."""

    def __init__(
        self,
        daemon: Daemon,
        mails: int = 2**31,
        threads: int = 4,
        *,
        write: Writer = plain,
        pause: float = 0.0,
    ) -> None:
        self._daemon = daemon
        self._numbers: Iterator[int] = iter(range(mails)) if mails < 2**31 else count()
        self._write = write
        self._pause = pause
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.acked: list[bytes] = []
        self.tried: list[bytes] = []  # and given up, for the test was over
        self.codes: Counter[int] = Counter()  # of replies other than 250
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def running(self) -> bool:
        """Tell whether somebody still sends."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, mails: int, seconds: float = 60) -> None:
        """Wait until so many were taken, or all."""
        wait_for(
            lambda: len(self.acked) >= mails or not self.running(),
            seconds,
            lambda: f"{len(self.acked)} taken",
        )

    def stop(self, seconds: float = 60) -> None:
        """Let each end the mail that it has in hand; none may have been refused for good."""
        self._stopping.set()
        self.join(seconds)

    def join(self, seconds: float = 60) -> None:
        """Wait until all is sent; none may have been refused for good."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        assert not self.running(), f"{len(self.acked)} taken, {self.codes}; {self._daemon.tail()}"
        assert all(400 <= code < 500 for code in self.codes), self.codes

    def _run(self) -> None:
        session: smtplib.SMTP | None = None
        while not self._stopping.is_set():
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                break
            session = self._send(session, number)
            time.sleep(self._pause * random.random())  # noqa: S311 - chance, not secrecy
        if session is not None:
            session.close()

    def _send(self, session: smtplib.SMTP | None, number: int) -> smtplib.SMTP | None:
        """Send until it is taken, or until the end is near and it was refused once more."""
        raw = self._write(number)
        sender = USERS[number % len(USERS)]
        while True:
            try:
                session = session or smtplib.SMTP("127.0.0.1", self._daemon.smtp, timeout=40)
                session.sendmail(sender, [DROP], raw)
            except (smtplib.SMTPException, OSError) as error:
                self._note(error)
                if session is not None:
                    session.close()
                session = None
                if self._stopping.is_set():
                    self.tried.append(raw)
                    return None
                time.sleep(0.05)
            else:
                self.acked.append(raw)
                return session

    def _note(self, error: Exception) -> None:
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            self.codes.update(code for code, _ in error.recipients.values())
        elif isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
            self.codes[error.smtp_code] += 1


def offer(daemon: Daemon, raw: bytes, to: str = DROP) -> int:
    """Send a mail once and return the code of the decisive reply; 0 where the connection broke."""
    try:
        daemon.send(raw, to=(to,))
    except smtplib.SMTPRecipientsRefused as error:
        return next(code for code, _ in error.recipients.values())
    except smtplib.SMTPServerDisconnected:
        return 0
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    except OSError:
        return 0
    return 250
