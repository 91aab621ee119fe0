"""LMTP (RFC 2033): SMTP with another greeting and one answer for each recipient."""
# ruff: noqa: N802  aiosmtpd finds verbs by these names

from collections.abc import Sequence

from bccd.model.envelope import Protocol
from bccd.model.reply import Reply
from bccd.sources.replies import UNKNOWN_COMMAND
from bccd.sources.smtp import SmtpConnection


class LmtpConnection(SmtpConnection):
    """An LMTP session."""

    kind = Protocol.LMTP
    greeting = "LMTP"

    async def smtp_LHLO(self, hostname: str) -> None:
        """Answer LHLO as SMTP answers EHLO."""
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: ARG002
        """Refuse SMTP's greeting (RFC 2033 4.1)."""
        self.budget.junk()
        self.say(UNKNOWN_COMMAND)

    smtp_EHLO = smtp_HELO  # noqa: N815

    def answer(self, replies: Sequence[Reply]) -> None:
        """Answer for each RCPT that got 250, in their order, whatever the answer is (RFC 2033 4.2)."""
        for reply in replies:
            self.say(reply)
